"""Whole numbers that float64 does not hold, which identifiers may be: beside fractions a column is of float64."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import polars as pl

from deltaw.speech import say

EXACT = 2**53  # up to here every whole number is one of float64


def rounded(frames: Sequence[pl.DataFrame]) -> list[str]:
    """The columns in which such numbers of one frame come to stand beside fractions of another."""
    schemas = [frame.schema for frame in frames]  # each once: it is made anew whenever it is asked for
    kinds = {name: {schema[name] for schema in schemas} for name in schemas[0]}
    mixed = [name for name, found in kinds.items() if len(found) > 1 and any(kind.is_float() for kind in found)]
    return [name for name in mixed if any(_beyond(frame.get_column(name)) for frame in frames)]


class Beyond:
    """`rounded` of the slices of a table, one after the other."""

    def __init__(self) -> None:
        self._whole, self._fractions = set[str](), set[str]()

    def see(self, frame: pl.DataFrame) -> None:
        """Take note of the next one."""
        columns = [column for column in frame.iter_columns() if column.null_count() < len(column)]
        self._fractions |= {column.name for column in columns if column.dtype.is_float()}
        self._whole |= {column.name for column in columns if _beyond(column)}

    @property
    def rounded(self) -> list[str]:
        """The columns in which such numbers of one slice come to stand beside fractions of another."""
        return sorted(self._whole & self._fractions)


def rounded_of_text(frame: pl.DataFrame, written: Callable[[list[str]], pl.DataFrame]) -> list[str]:
    """The columns of float64 of which cells of text are such numbers.

    Args:
        frame: typed columns.
        written: some columns, by their names, as they are written.
    """
    floats = [column for column in frame.iter_columns() if column.dtype.is_float()]
    large = [each.name for each in floats if max(_size(each.min()), _size(each.max())) >= EXACT]
    columns = written(large).iter_columns() if large else ()
    return [each.name for each in columns if each.str.contains(r"^\s*[+-]?[1-9]\d{15,}\s*$").any()]


def notes(names: Iterable[str]) -> tuple[str, ...]:
    """A note on each of these columns."""
    line = 'column "{name}" has whole numbers above 2^53 beside fractions: they are rounded, and two may become one'
    return tuple(say(line, name=name) for name in names)


def _size(end: Any) -> float:
    """Of the lowest or highest number of a column, which may have none."""
    return abs(float(end or 0.0))


def _beyond(column: pl.Series) -> bool:
    if not column.dtype.is_integer() or column.null_count() == len(column):
        return False
    return bool(max(abs(int(column.min())), abs(int(column.max()))) > EXACT)  # type: ignore[arg-type]
