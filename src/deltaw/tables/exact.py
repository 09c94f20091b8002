"""Integers beyond 2^53, such as identifiers, which lose digits in a column with fractions, stored as float64."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from deltaw.speech import say

EXACT = 2**53  # float64 represents all integers up to here


class LargeIntegers:
    """Columns with large integers in some parts of a table, and fractions in others."""

    def __init__(self, parts: Iterable[pl.DataFrame] = ()) -> None:
        self._large, self._fractions = set[str](), set[str]()
        for part in parts:
            self.see(part)

    def see(self, frame: pl.DataFrame) -> None:
        """Add the next part."""
        columns = [column for column in frame.iter_columns() if column.null_count() < len(column)]
        self._fractions |= {column.name for column in columns if column.dtype.is_float()}
        self._large |= {column.name for column in columns if column.dtype.is_integer() and _largest(column) > EXACT}

    @property
    def rounded(self) -> list[str]:
        """Names of the columns in which they are rounded."""
        return sorted(self._large & self._fractions)


def rounded_of_text(frame: pl.DataFrame, written: Callable[[list[str]], pl.DataFrame]) -> list[str]:
    """Names of the float columns in which integers of the text are rounded.

    Args:
        frame: typed columns.
        written: from names of columns to their cells as text.
    """
    large = [each.name for each in frame.iter_columns() if each.dtype.is_float() and _largest(each) >= EXACT]
    columns = written(large).iter_columns() if large else ()
    return [each.name for each in columns if each.str.contains(r"^\s*[+-]?[1-9]\d{15,}\s*$").any()]


def notes(names: Iterable[str]) -> tuple[str, ...]:
    """A note on each column."""
    line = 'column "{name}" has whole numbers above 2^53 beside fractions: they are rounded, and two may become one'
    return tuple(say(line, name=name) for name in names)


def _largest(column: pl.Series) -> Any:
    """The largest absolute value; 0 without values."""
    ends: tuple[Any, Any] = (column.min(), column.max())
    return max(abs(end or 0) for end in ends)
