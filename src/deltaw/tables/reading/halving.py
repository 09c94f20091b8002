"""Numbers of a large table in four bytes instead of eight, where no network could tell: it takes float32 itself.

Whole numbers are the same in either. A fraction is rounded, by 6 parts in 100 million of itself at most. What that is
to a network depends on how far its column's numbers lie apart: 288.15 among temperatures is moved by nothing that
matters, 1,700,000,000.25 among times of a day by a minute. So a column is rounded where that moves no number by more
than FAINT of the bin that it lies in, when its rows are cut into BINS by their quantiles; others stay what they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs
from numpy.typing import NDArray

from deltaw.tables.table import Table

Values = NDArray[np.float64]

CELLS = 2**25  # of a table, 256 MiB: of fewer nothing is rounded
BINS, FAINT = 16, 1e-4  # as many as a column has at most (`deltaw.preparation.scales.bins`)
LOOKED_AT = 2**13  # rows, by chance: those that are spread evenly may all be alike
HALVES: dict[Any, Any] = {pl.Float64: pl.Float32, pl.Int64: pl.Int32, pl.UInt64: pl.UInt32}


def halved(table: Table, apart: Collection[str] | None) -> Table:
    """The same rows, the numbers of a large table in half of their room where that does; `rounded` says of which.

    Args:
        apart: columns that stay as they are, by names and patterns; None: all.
    """
    if apart is None or not is_large(*table.frame.shape):
        return table
    halves = Halves(apart, len(table.frame))
    return replace(table, frame=halves.of(table.frame), rounded=(*table.rounded, *sorted(halves.rounded)))


def is_large(rows: int, width: int) -> bool:
    """Whether a table of so many rows and columns is."""
    return rows * width >= CELLS


class Halves:
    """Columns in half of their room, whole or a part after the other.

    Args:
        apart: columns that stay as they are, by names and patterns.
        rows: how many the table has.

    Attributes:
        wide: columns that were found to need what they have.
        rounded: those that hold rounded numbers now.
    """

    def __init__(self, apart: Iterable[str], rows: int) -> None:
        self.apart, self.wide, self.rounded = tuple(apart), set[str](), set[str]()
        self.rows, self._places, self._looked = rows, places(rows), defaultdict[str, list[Values]](list)

    @classmethod
    def of_table(cls, apart: Iterable[str] | None, rows: int, width: int) -> Halves:
        """Of a table of so many rows and columns: where that is not large, or `apart` None, all stay as they are."""
        return cls(["*"] if apart is None or not is_large(rows, width) else apart, rows)

    def of(self, frame: pl.DataFrame, first: int = 0) -> pl.DataFrame:
        """A table, or its rows from `first` on: the first ones that have to be rounded say whether that is done."""
        names = [column.name for column in frame.iter_columns() if self._may_change(column)]
        if not names:
            return frame
        wanted = frame.select(names)
        small = wanted.cast(HALVES, strict=False)  # all columns at once: parts are many, and calls are slow
        fits = _all_fit(wanted, small)
        does = [small[name] for name in names if self._does(wanted[name], small[name], fits[name])]
        floats = wanted.select(cs.float())
        if floats.width and len(frame) < self.rows:
            begin, end = np.searchsorted(self._places, [first, first + len(frame)])
            for column in floats[self._places[begin:end] - first].iter_columns():
                self._looked[column.name].append(column.to_numpy())
        return frame.with_columns(does)

    @property
    def wrongly(self) -> list[str]:
        """After the last of several parts, columns that all rows say are to stay as they are: those were rounded."""
        seen = {name: np.concatenate(parts) for name, parts in self._looked.items() if name in self.rounded}
        return sorted(self.rounded & self.wide | {name for name, x in seen.items() if not suffices(x)})

    def _may_change(self, column: pl.Series) -> bool:
        return column.dtype in HALVES and column.name not in self.wide and not is_among(column.name, self.apart)

    def _does(self, column: pl.Series, small: pl.Series, all_fit: bool) -> bool:
        """Whether a column may be the small one; `all_fit`: whether none of its numbers is too large for it."""
        if not small.dtype.is_float():
            return all_fit
        if all_fit and (small.name in self.rounded or (small.cast(column.dtype) == column).all()):
            return True
        does = all_fit and suffices(column.gather(places(len(column))).to_numpy())
        (self.rounded if does else self.wide).add(small.name)
        return does


def _all_fit(wanted: pl.DataFrame, small: pl.DataFrame) -> dict[str, bool]:
    """Of each column whether none of its numbers is too large: it would be null now, or infinite."""
    fits = {name: n == small[name].null_count() for name, n in wanted.null_count().row(0, named=True).items()}
    for column in small.select(cs.float().is_infinite().any()).iter_columns():
        fits[column.name] = not column[0] or bool(
            (small[column.name].is_infinite() <= wanted[column.name].is_infinite()).all()
        )
    return fits


def is_among(name: str, patterns: Iterable[str]) -> bool:
    """Whether a column is one of those that names and patterns mean."""
    return any(name == each or fnmatchcase(name, each) for each in patterns)


def places(rows: int) -> NDArray[np.int64]:
    """Which of so many rows are looked at, in order."""
    return np.unique(np.random.default_rng(0).integers(0, rows, min(rows, LOOKED_AT)))


def suffices(x: Values) -> bool:
    """Whether numbers (n,), NaN where missing, that are rounded to float32 lie where they did; see above."""
    x = np.sort(x[np.isfinite(x)])
    edges = np.unique(x[np.linspace(0, len(x) - 1, BINS + 1).astype(np.intp)]) if len(x) else x
    with np.errstate(over="ignore"):  # between infinities nothing lies
        largest = np.maximum(np.abs(edges[:-1]), np.abs(edges[1:])).astype(np.float32)
    return len(edges) > 1 and bool((np.spacing(largest) <= 2 * FAINT * np.diff(edges)).all())
