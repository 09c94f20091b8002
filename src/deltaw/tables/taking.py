"""Some of the rows of a frame, by number: nearly all of many by a mask, which takes a third of the time or less."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

MANY, DENSE = 1_000, 1 / 4  # rows, and their share of those that lie between the first and the last of them


def taking(rows: NDArray[np.int64]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """What gives `frame[rows]` of any frame that has them: it is asked for one column after the other."""
    if len(rows) >= MANY and len(rows) >= DENSE * (rows[-1] + 1 - rows[0]) and (rows[1:] > rows[:-1]).all():
        first, end = int(rows[0]), int(rows[-1]) + 1
        mask = np.zeros(end - first, bool)
        mask[rows - first] = True
        kept = pl.Series(mask)
        return lambda frame: frame[first:end].filter(kept)
    chosen = pl.Series(rows).cast(pl.get_index_type())  # Polars' own kind of numbers once, and not for each column
    return lambda frame: frame[chosen]


def taken(frame: pl.DataFrame, rows: NDArray[np.int64]) -> pl.DataFrame:
    """These rows of a frame."""
    return taking(rows)(frame)
