"""Rows of a frame by number are the same rows, however they are taken."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from deltaw.tables import taking
from deltaw.tables.taking import taken

ROWS = 5_000
DRAWN = np.random.default_rng(0).permutation(ROWS)


@pytest.mark.parametrize(
    "rows",
    [
        np.sort(DRAWN[:4_900]),
        np.sort(DRAWN[:1_500]),
        np.sort(DRAWN[:1_100]),
        DRAWN[:4_000],
        np.arange(1_000, 3_000),
        np.repeat(np.arange(2_000), 2),
        np.array([7]),
        np.empty(0, np.int64),
    ],
)
def test_they_are_those_that_polars_gathers(rows: np.ndarray) -> None:
    frame = pl.DataFrame({"x": np.arange(ROWS) / 3, "w": [str(i % 7) if i % 11 else None for i in range(ROWS)]})
    frame = pl.concat([frame[:1_234], frame[1_234:]], rechunk=False)
    assert taken(frame, rows).equals(frame[rows])
    assert taking.taking(rows)(frame[["w"]]).equals(frame[["w"]][rows])
