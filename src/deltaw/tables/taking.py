"""Taking rows of a frame by index: with a mask if they are dense, in a third of the time or less."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.tables.reading.places import NUMBERS, in_pages

MANY, DENSE = 1_000, 1 / 4  # rows, and their share of the range between the first and the last
MAPPED_ROWS, AT_ONCE = 2**18, 2**16  # rows from which on results are memory-mapped (`places`), and rows at a time


def taking(rows: NDArray[np.int64]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """A function that returns `frame[rows]`, for frames with one or a few of the table's columns at a time."""
    if len(rows) >= MANY and len(rows) >= DENSE * (rows[-1] + 1 - rows[0]) and (rows[1:] > rows[:-1]).all():
        first, end = int(rows[0]), int(rows[-1]) + 1
        mask = np.zeros(end - first, bool)
        mask[rows - first] = True
        kept, count = pl.Series(mask), len(rows)

        def those(frame: pl.DataFrame) -> pl.DataFrame:
            return pl.DataFrame({column.name: these(column) for column in frame[first:end].iter_columns()})

        def these(column: pl.Series) -> pl.Series:  # column by column, faster than `DataFrame.filter`
            apart = count >= MAPPED_ROWS and column.dtype in NUMBERS and not column.null_count()
            return _apart(column, mask, count) if apart else column.filter(kept)

        return those
    chosen = pl.Series(rows).cast(pl.get_index_type())  # once, not for each column
    return lambda frame: frame[chosen]


def taken(frame: pl.DataFrame, rows: NDArray[np.int64] | None) -> pl.DataFrame:
    """The rows of a frame with these indices; None: all."""
    return frame if rows is None else taking(rows)(frame)


def _apart(numbers: pl.Series, mask: NDArray[np.bool_], count: int) -> pl.Series:
    """The selected numbers in memory-mapped pages, since allocators of several threads would keep freed columns."""
    starts, kind = range(0, len(mask), AT_ONCE), numbers.head(1).to_numpy().dtype
    pieces = (numbers.slice(i, AT_ONCE).to_numpy()[mask[i : i + AT_ONCE]] for i in starts)
    return pl.Series(numbers.name, in_pages(pieces, kind, count))
