"""Large tables in 32-bit numbers, if that makes no difference to a network, which computes in float32 itself.

Integers that fit are unchanged; floats are rounded, by at most 6e-8 of their value. That matters if a column's numbers
lie close together: not for temperatures such as 288.15, but for times such as 1,700,000,000.25, which move by a minute.
So a column is rounded if no number moves by more than FAINT of its quantile bin, with BINS bins.
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

CELLS = 2**25  # of a table, 256 MiB; smaller ones are not rounded
BINS, FAINT = 16, 1e-4  # BINS as `deltaw.preparation.scales.bins.MOST`
LOOKED_AT = 2**13  # random rows that are checked; evenly spaced ones may all be alike
HALVES: dict[Any, Any] = {pl.Float64: pl.Float32, pl.Int64: pl.Int32, pl.UInt64: pl.UInt32}


def halved(table: Table, apart: Collection[str] | None) -> Table:
    """The table in 32-bit numbers, if it is large. `apart`: names and patterns of unchanged columns; None: all."""
    if apart is None or not is_large(*table.frame.shape):
        return table
    halves = Halves(apart, len(table.frame))
    return replace(table, frame=halves.of(table.frame), rounded=(*table.rounded, *sorted(halves.rounded)))


def is_large(rows: int, width: int) -> bool:
    """Whether a table of this shape is large."""
    return rows * width >= CELLS


class Halves:
    """Conversion of a table to 32-bit numbers, whole or in parts.

    Args:
        apart: names and patterns of columns that stay unchanged.
        rows: number of rows of the table.

    Attributes:
        wide: names of columns that need 64 bits.
        rounded: names of rounded columns.
    """

    def __init__(self, apart: Iterable[str], rows: int) -> None:
        self.apart, self.wide, self.rounded = tuple(apart), set[str](), set[str]()
        self.rows, self._places, self._looked = rows, places(rows), defaultdict[str, list[Values]](list)

    @classmethod
    def of_table(cls, apart: Iterable[str] | None, rows: int, width: int) -> Halves:
        """For a table of this shape; all columns stay unchanged if it is not large, or `apart` is None."""
        return cls(["*"] if apart is None or not is_large(rows, width) else apart, rows)

    def of(self, frame: pl.DataFrame, first: int = 0) -> pl.DataFrame:
        """Convert a table, or its rows from `first` on; the first part with fractions decides for its column."""
        names = [column.name for column in frame.iter_columns() if self._may_change(column)]
        if not names:
            return frame
        wanted = frame.select(names)
        small = wanted.cast(HALVES, strict=False)  # all columns in one call, for many small parts
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
        """After the last part: rounded columns that, by all rows, should not have been."""
        seen = {name: np.concatenate(parts) for name, parts in self._looked.items() if name in self.rounded}
        return sorted(self.rounded & self.wide | {name for name, x in seen.items() if not float32_suffices(x)})

    def _may_change(self, column: pl.Series) -> bool:
        return column.dtype in HALVES and column.name not in self.wide and not is_among(column.name, self.apart)

    def _does(self, column: pl.Series, small: pl.Series, all_fit: bool) -> bool:
        """Whether the 32-bit column `small` replaces `column`; `all_fit`: no number overflows."""
        if not small.dtype.is_float():
            return all_fit
        if all_fit and (small.name in self.rounded or (small.cast(column.dtype) == column).all()):
            return True
        does = all_fit and float32_suffices(column.gather(places(len(column))).to_numpy())
        (self.rounded if does else self.wide).add(small.name)
        return does


def _all_fit(wanted: pl.DataFrame, small: pl.DataFrame) -> dict[str, bool]:
    """Column -> whether no number overflows, which makes it null or infinite."""
    fits = {name: n == small[name].null_count() for name, n in wanted.null_count().row(0, named=True).items()}
    for column in small.select(cs.float().is_infinite().any()).iter_columns():
        fits[column.name] = not column[0] or bool(
            (small[column.name].is_infinite() <= wanted[column.name].is_infinite()).all()
        )
    return fits


def is_among(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name matches one of the names and patterns."""
    return any(name == each or fnmatchcase(name, each) for each in patterns)


def places(rows: int) -> NDArray[np.int64]:
    """Indices of the rows that are checked, ascending."""
    return np.unique(np.random.default_rng(0).integers(0, rows, min(rows, LOOKED_AT)))


def float32_suffices(x: Values) -> bool:
    """Whether float32 suffices for these numbers (n,), NaN if missing; see above."""
    x = np.sort(x[np.isfinite(x)])
    edges = np.unique(x[np.linspace(0, len(x) - 1, BINS + 1).astype(np.intp)]) if len(x) else x
    with np.errstate(over="ignore"):
        largest = np.maximum(np.abs(edges[:-1]), np.abs(edges[1:])).astype(np.float32)
    return len(edges) > 1 and bool((np.spacing(largest) <= 2 * FAINT * np.diff(edges)).all())
