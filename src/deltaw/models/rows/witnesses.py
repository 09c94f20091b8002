"""Rows that a sample has to have: of each column one with its lowest value, its highest, and none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from deltaw.tables.cells import DATE_FORMATS, as_words, as_written, date_format, no_numbers, read_dates
from deltaw.tables.units import unit_of, without_unit

DRAW = "\0draw"  # the column of numbers of chance: none that anybody has
LOOK = 1_000  # cells that tell how text writes days and numbers


def extremes(frame: pl.DataFrame, known: pl.DataFrame, spelt: Mapping[str, str | None]) -> pl.Series:
    """The numbers of chance of rows with a lower or as low a value in a column as any that is known, with one as high,
    or with none: each time the lowest.
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
    """The lowest and the highest value."""
    return None if column.null_count() == len(column) else (column.min(), column.max())


def spelling(column: pl.Series) -> str | None:
    """How text writes days, or the unit of its numbers; None where it does neither."""
    words = column.drop_nulls().head(LOOK)
    if found := date_format(words)[0]:
        return found
    unit = unit_of(words)
    return unit if unit or not (no_numbers(words) or as_written(words).null_count()) else None


def _values(column: pl.Series, spelt: str | None) -> pl.Series:
    """What cells say, in whose order the lowest and the highest are: 9 kg is less than 10 kg."""
    if spelt is None or column.dtype != pl.String:
        return column
    if spelt in DATE_FORMATS:
        return read_dates(column, spelt)
    return as_written(without_unit(column, spelt))


def witnesses(frame: pl.DataFrame, few: Iterable[str], spelt: Mapping[str, str | None]) -> pl.DataFrame:
    """Of each column a row with the lowest value, one with the highest and one in which it is missing, and of a column
    of `few` words one with each: of several that one whose number of chance is lowest.
    """
    draws, found = frame.get_column(DRAW), set[Any]()
    for column in frame.iter_columns():
        if column.name == DRAW:
            continue
        values, here = _values(column, spelt.get(column.name)), [column.is_null()]
        here += [values == end for end in _span(values) or ()]
        found |= {draws.filter(rows).min() for rows in here}
    for name in few:
        words = as_words(frame.get_column(name)).alias("word")  # a name of no letters Polars would replace
        found |= set(pl.DataFrame([words, draws]).group_by("word").agg(pl.col(DRAW).min())[DRAW])
    kept = np.array([each for each in found if each is not None], np.uint64)
    return frame.filter(np.isin(draws.to_numpy(), kept))
