"""Columns that go with the time: found, and learnt as a straight line where rows that come later say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import models
from deltaw.models.rows.trends import monotonic_columns
from deltaw.preparation.columns.numbers import Day, Number
from deltaw.tables import kinds, read

N = 400
RNG = np.random.default_rng(3)
HOURS = [datetime(2024, 3, 1) + timedelta(hours=6 * i) for i in range(N)]
PLACE, X = np.linspace(0, 1, N), RNG.normal(size=N)
STRAIGHT = "the linear part may extrapolate"


def log(y: np.ndarray) -> pl.DataFrame:
    """Rows of these answers beside x, which says some of them, in an order of its own."""
    rows = pl.DataFrame({"when": HOURS, "x": X, "y": y + 0.5 * X + 0.1 * RNG.normal(size=N)})
    return rows[RNG.permutation(N)]


TREND, LEVELS = log(3 * PLACE), log(np.cumsum(RNG.normal(size=N)) * 0.2)


def step(plan: models.Plan) -> Number | Day:
    (found,) = (each for each in plan.preparation.steps if each.title == "when")
    assert isinstance(found, Number | Day)
    return found


def test_what_goes_with_the_time_is_found() -> None:
    rows = pl.DataFrame(
        {
            "when": HOURS, "year": [2020 + i // 100 for i in range(N)], "left": -(PLACE**3), "x": X,
            "nearly": [*PLACE[:-1], 0.0], "gaps": [None if i % 3 else i / 7 for i in range(N)],
            "word": ["a" if i < 200 else "b" for i in range(N)],
        }
    )  # fmt: skip
    mixed = read(rows[RNG.permutation(N)])
    times = mixed.frame["when"].dt.timestamp("us").to_numpy() / 8.64e10
    columns = kinds(mixed, None)
    assert monotonic_columns(mixed, columns, times, None) == ("when", "year", "left", "gaps")
    some = np.flatnonzero(times < times.max() - 1)
    assert monotonic_columns(mixed, columns, times[some], some) == ("when", "year", "left", "nearly", "gaps")
    years = mixed.frame["year"].to_numpy().astype(float)  # rows of one time are in any order
    assert "when" in monotonic_columns(mixed, columns, years, None)


def test_a_trend_is_a_straight_line_that_goes_on() -> None:
    earlier, later = TREND.sort("when")[:300], TREND.sort("when")[300:]
    plan = models.plan(earlier, "y", time="when")
    assert step(plan).edges == ()
    assert any(note.endswith(STRAIGHT) for note in plan.table.notes)
    low, high = earlier["y"].to_numpy().min(), earlier["y"].to_numpy().max()
    assert (plan.target.low, plan.target.high) == pytest.approx((low - (high - low) / 2, high + (high - low) / 2))
    above = models.plan(earlier.with_columns(pl.col("y") - low), "y", time="when")
    assert above.target.low == 0.0  # no answer was below it
    straight, binned = (deltaw.fit(earlier, "y", folds=0, test_size=0, time=time) for time in ("when", None))
    assert straight.evaluate(later)["rmse"] < binned.evaluate(later)["rmse"]
    assert max(straight.predict(later)) > high
    assert max(binned.predict(later)) <= high


def test_levels_that_no_line_tells_stay_in_bins() -> None:
    plan = models.plan(LEVELS, "y", time="when")
    assert len(step(plan).edges) > 2
    assert any("encoded in bins" in note for note in plan.table.notes)
    assert (plan.target.low, plan.target.high) == (LEVELS["y"].min(), LEVELS["y"].max())
    assert step(models.plan(TREND, "y")).edges  # nobody said that it is a time


def test_a_fold_knows_nothing_of_later_rows() -> None:
    plan = models.plan(TREND, "y", time="when")
    first = plan.folds[0]
    unlike = plan.table.frame.with_row_index().with_columns(
        pl.when(pl.col("index").is_in(first.training)).then("y").otherwise(pl.col("y") * -9)
    )
    other = replace(plan, table=replace(plan.table, frame=unlike.drop("index")))
    assert other.of(first).preparation == plan.of(first).preparation
    assert other.of(first).target == plan.of(first).target


@pytest.mark.parametrize("many", [30, 99])
def test_few_rows_are_not_asked(many: int) -> None:
    rows = TREND[:many]
    assert models.plan(rows, "y", time="when").target.high == rows["y"].max()


def test_rows_of_one_time_are_not_asked() -> None:
    """None of them is later than others: of two years the first is learnt from, and the second scores."""
    years = TREND.with_columns(when=2020 + (pl.col("when").rank("ordinal") > 250))
    assert models.plan(years, "y", time="when").target.high == years.filter(pl.col("when") == 2020)["y"].max()


def test_classes_are_asked_too() -> None:
    rows = TREND.with_columns(pl.when(pl.col("y") > 1.5).then(pl.lit("high")).otherwise(pl.lit("low")).alias("y"))
    plan = models.plan(rows, "y", time="when")
    assert any("outside the training range" in note for note in plan.table.notes)
    assert plan.target.classes == ("high", "low")
