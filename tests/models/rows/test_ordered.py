"""Rows that lie in the order of their days are told, where nobody said how to divide them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from deltaw import models

N = 60
DAYS = [date(2024, 1, 1) + timedelta(days=2 * i) for i in range(N)]
FRAME = pl.DataFrame({"when": DAYS, "x": np.random.default_rng(0).normal(size=N), "y": np.arange(N) / 7})
LINE = 'rows are sorted by "when": with --time, networks trained on earlier rows are scored on later ones'


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME.reverse(),
        FRAME.with_columns(pl.col("when").dt.strftime("%d.%m.%Y")),
        FRAME.with_columns(pl.when(pl.col("x") > -1).then("when")),
    ],
)
def test_rows_in_order_are_told(frame: pl.DataFrame) -> None:
    assert models.plan(frame, "y").table.notes == (LINE,)


@pytest.mark.parametrize(
    ("frame", "settings"),
    [
        (FRAME.sample(N, shuffle=True, seed=0), {}),
        (FRAME.with_columns(when=pl.Series(sorted(DAYS[:9] * 10)[:N])), {}),
        (FRAME, {"time": "when"}),
        (FRAME, {"test_size": 0.2}),
        (FRAME[:20], {}),
        (FRAME, {"drop": "when"}),
    ],
)
def test_other_rows_are_not(frame: pl.DataFrame, settings: dict[str, Any]) -> None:
    assert LINE not in models.plan(frame, "y", **settings).table.notes


def test_times_that_count_the_rows_are_an_input() -> None:
    """Where nobody calls them times they say nothing but the place in the table, and are left out."""
    counted = FRAME.with_columns(when=pl.Series(range(N)))
    for settings, names in (({}, ("x",)), ({"time": "when"}, ("when", "x"))):
        plan = models.plan(counted, "y", **settings)
        assert plan.preparation.input_names == names
    model = models.run(plan)
    again = models.replan(model, counted)
    assert again is not None
    assert again.preparation == model.preparation
