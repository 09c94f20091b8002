"""Rows that lie in the order of their days are told, where nobody said how to divide them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from deltaw import models
from deltaw.models.rows.time_order import likeness

N = 60
DAYS = [date(2024, 1, 1) + timedelta(days=2 * i) for i in range(N)]
FRAME = pl.DataFrame({"when": DAYS, "x": np.random.default_rng(0).normal(size=N), "y": np.arange(N) / 7})
LINE = "rows are sorted by \"when\": with time='when', networks trained on earlier rows are scored on later ones"


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


SORTED = (
    "the order of \"nr\", which is left out as an identifier, tells the target: if it is that of time, say time='nr'; "
)
RANDOM = np.random.default_rng(3)
TARGETS = {
    "numbers that rise": np.arange(N) ** 3.0,
    "numbers that drift": np.cumsum(RANDOM.normal(size=N)),
    "sorted classes": np.repeat(["a", "b", "c"], N // 3),
    "a rare class at the end": np.where(np.arange(N) >= 0.9 * N, "yes", "no"),
}


@pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)
def test_an_identifier_whose_order_tells_the_target_is_told(y: np.ndarray) -> None:
    order = RANDOM.permutation(N)  # whichever way the rows lie
    rows = pl.DataFrame({"nr": order, "x": RANDOM.normal(size=N), "y": y[order]})
    assert [note for note in models.plan(rows, "y").table.notes if note.startswith(SORTED)]
    for other in (rows.with_columns(pl.col("y").shuffle(seed=1)), rows.drop("nr")):
        assert not models.plan(other, "y").table.notes
    assert not any(note.startswith(SORTED) for note in models.plan(rows, "y", time="nr").table.notes)


def test_likeness_is_the_serial_correlation() -> None:
    walk = np.cumsum(RANDOM.normal(size=3_000))
    assert likeness(walk) == pytest.approx(stats.spearmanr(walk[1:], walk[:-1]).statistic, abs=0.01)
    yes = (RANDOM.random(5_000) < 0.3).astype(int)
    assert likeness(yes) == pytest.approx(np.corrcoef(yes[1:], yes[:-1])[0, 1], abs=1e-3)
    assert likeness(np.zeros(9)) == 0.0
