"""Rows and columns in lists, dicts and structured arrays, such as programs have for a few predictions."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import polars as pl

from deltaw.exceptions import ColumnError, TableError
from deltaw.speech import say
from deltaw.tables.reading.frames import FRAME, series
from deltaw.tables.reading.loading import first_line
from deltaw.tables.table import check_names


def contained(source: Any) -> Any:
    """A frame from rows, [{"age": 31}, …], from columns, {"age": [31, …]}, or from a structured array; other objects
    unchanged. A row may lack names of other rows.

    Raises TableError for rows that are not all mappings, and columns that are not lists of the same length.
    """
    if isinstance(source, np.ndarray) and source.ndim == 1 and source.dtype.names is not None:
        return _frame({name: source[name] for name in source.dtype.names})
    if isinstance(source, dict) and not hasattr(source, "shape"):  # a sparse matrix of SciPy is one, too
        return _frame({name: _cells(cells, name) for name, cells in source.items()})
    if isinstance(source, list | tuple) and source and isinstance(source[0], Mapping):
        if others := [type(row).__name__ for row in source if not isinstance(row, Mapping)]:
            found = say("{kind} among them", kind=others[0])
            raise TableError("expected rows that all have column names", found, "give a dict for each row")
        names = dict.fromkeys(name for row in source for name in row)
        return _frame({name: [row.get(name) for row in source] for name in names})
    return source


def _cells(cells: Any, name: Any) -> Any:
    counted = hasattr(cells, "__array__") and not isinstance(cells, type) and np.ndim(cells) > 0
    if isinstance(cells, list | tuple | range) or counted:
        return list(cells) if isinstance(cells, range) else cells
    found = say('{kind} for "{name}"', kind=type(cells).__name__, name=name)
    raise TableError("expected a list of cells for each column", found, "give [{…}] for one row")


def _frame(columns: dict[Any, Any]) -> pl.DataFrame:
    check_names(map(str, columns), FRAME)
    lengths = {len(cells) for cells in columns.values()}
    if len(lengths) > 1:
        found = say("from {low:,} to {high:,}", low=min(lengths), high=max(lengths))
        raise TableError("expected as many cells in every column", found, "fill them in with None")
    return pl.DataFrame({str(name): _series(str(name), cells) for name, cells in columns.items()})


def _series(name: str, cells: Any) -> pl.Series:
    with suppress(TypeError, ValueError, pl.exceptions.PolarsError):
        return series(name, cells)
    try:  # lists of several lengths, which NumPy has no array of
        return pl.Series(name, [cell.tolist() if isinstance(cell, np.ndarray) else cell for cell in cells])
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        expected = say('{where}expected numbers, text, dates or booleans in column "{name}"', where="", name=name)
        raise ColumnError(expected, first_line(error), "drop or convert the column") from None
