"""Rows that a sample must include: for each column one with the lowest value, the highest, and a missing cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from deltaw.tables.cells import as_words, as_written, no_numbers
from deltaw.tables.dates import DATE_FORMATS, date_format, read_dates
from deltaw.tables.units import unit_of, without_unit

DRAW = "\0draw"  # column of the rows' random numbers; no table has a column of that name
LOOK = 1_000  # cells from which the date format or unit of text is detected


def extremes(frame: pl.DataFrame, known: pl.DataFrame, spelt: Mapping[str, str | None]) -> pl.Series:
    """Random numbers of rows that have a column's lowest or highest value so far, or a missing cell; the lowest number
    of several such rows.
    """
    draws, found = frame.get_column(DRAW), list[Any]()
    for column in frame.iter_columns():
        if column.name == DRAW:
            continue
        here = [column.is_null()] if column.null_count() else []
        before = known.get_column(column.name) if known.width else column.clear()
        column, before = (_values(each, spelt.get(column.name)) for each in (column, before))
        now, so_far = _span(column), _span(before)
        here += [column == now[0]] if now and not (so_far and so_far[0] < now[0]) else []
        here += [column == now[1]] if now and not (so_far and so_far[1] > now[1]) else []
        found += [draws.filter(rows).min() for rows in here]
    return pl.Series(DRAW, found, pl.UInt64)


def _span(column: pl.Series) -> tuple[Any, Any] | None:
    """(lowest, highest) value; None if all are missing."""
    return None if column.null_count() == len(column) else (column.min(), column.max())


def spelling(column: pl.Series) -> str | None:
    """The date format of a column of text, or the unit of its numbers; None if it holds neither."""
    words = column.drop_nulls().head(LOOK)
    if found := date_format(words)[0]:
        return found
    unit = unit_of(words)
    return unit if unit or not (no_numbers(words) or as_written(words).null_count()) else None


def _values(column: pl.Series, spelt: str | None) -> pl.Series:
    """Cells as dates or numbers, so that 9 kg is less than 10 kg."""
    if spelt is None or column.dtype != pl.String:
        return column
    if spelt in DATE_FORMATS:
        return read_dates(column, spelt)
    return as_written(without_unit(column, spelt))


def witnesses(frame: pl.DataFrame, few: Iterable[str], spelt: Mapping[str, str | None]) -> pl.DataFrame:
    """For each column a row with the lowest value, the highest and a missing cell, and for columns of `few` words one
    with each word; of several such rows the one with the lowest random number.
    """
    draws, found = frame.get_column(DRAW), set[Any]()
    for column in frame.iter_columns():
        if column.name == DRAW:
            continue
        values, here = _values(column, spelt.get(column.name)), [column.is_null()]
        here += [values == end for end in _span(values) or ()]
        found |= {draws.filter(rows).min() for rows in here}
    for name in few:
        words = as_words(frame.get_column(name)).alias("word")  # Polars would replace an empty name
        found |= set(pl.DataFrame([words, draws]).group_by("word").agg(pl.col(DRAW).min())[DRAW])
    kept = np.array([each for each in found if each is not None], np.uint64)
    return frame.filter(np.isin(draws.to_numpy(), kept))
