"""Rows of consecutive times are drawn together, so that intervals hold where the errors of neighbours are alike."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deltaw
from deltaw.models.rows.division import Constraints, Division
from deltaw.models.scoring.intervals import FEWEST_ROWS, Resamples, interval
from deltaw.models.scoring.metrics import Outcome, metric_of
from deltaw.models.sharded import outcomes, scored
from deltaw.tables import read


@given(st.lists(st.integers(0, 400), min_size=2, max_size=300), st.integers(0, 99))
def test_blocks_are_of_neighbours(times: list[int], seed: int) -> None:
    """Each time is in one block, blocks do not overlap in time, and folds have parts of the same ones."""
    n, when = len(times), np.array(times, float)
    halves = np.array_split(np.random.default_rng(seed).permutation(n), 2)
    folds = [Division(np.arange(0), np.arange(0), half) for half in halves]
    constraints = Constraints(n, times=when)
    groups, distinct = constraints.groups_of(np.arange(n), folds), len(np.unique(when))
    if distinct < FEWEST_ROWS:
        assert groups is None
        return
    assert groups is not None
    assert all(np.array_equal(np.asarray(constraints.groups_of(half, folds)), groups[half]) for half in halves)
    blocks = len(np.unique(groups))
    assert blocks == 1 + np.count_nonzero(np.diff(groups[np.argsort(when, kind="stable")]))
    assert all(len({*groups[when == time]}) == 1 for time in np.unique(when))
    assert max(FEWEST_ROWS, distinct**0.5 / 1.3) <= blocks <= max(2 * FEWEST_ROWS, distinct**0.5 + 2)


def autoregressive(n: int, phi: float, random: np.random.Generator) -> np.ndarray:
    """n numbers of variance 1, each phi times the one before and noise."""
    found = random.normal(size=n)
    for i in range(1, n):
        found[i] = phi * found[i - 1] + (1 - phi**2) ** 0.5 * found[i]
    return found


@pytest.mark.parametrize(
    ("phi", "alone", "together"), [(0.0, (0.88, 1.0), (0.85, 1.0)), (0.8, (0.4, 0.75), (0.8, 1.0))]
)
def test_intervals_hold_where_neighbours_are_alike(
    phi: float, alone: tuple[float, float], together: tuple[float, float]
) -> None:
    n, random, rmse = 400, np.random.default_rng(1), metric_of("rmse", "regression")
    blocks = Constraints(2 * n, times=np.arange(2.0 * n)).groups_of(np.arange(n, 2 * n))
    assert blocks is not None
    held = {False: 0, True: 0}
    for _ in range(100):
        errors = autoregressive(n, phi, random)
        for way in held:
            outcome = Outcome(np.zeros(n), errors, group=blocks if way else None)
            found = interval(rmse, outcome, Resamples.of(outcome))
            assert found is not None
            held[way] += found[0] <= 1 <= found[1]
    assert alone[0] <= held[False] / 100 <= alone[1]
    assert together[0] <= held[True] / 100 <= together[1]


@pytest.mark.parametrize("how", [{}, {"folds": 5}, {"test_size": 0.3}])
def test_of_a_fit_by_time(how: dict[str, float]) -> None:
    """The same errors, with wider intervals than rows by themselves would have."""
    random = np.random.default_rng(0)
    x = random.normal(size=(600, 2))
    rows = pl.DataFrame({"t": np.arange(600), "a": x[:, 0], "b": x[:, 1]})
    rows = rows.with_columns(y=pl.Series(x[:, 0] + 2 * autoregressive(600, 0.9, random)))
    scores = deltaw.fit(rows, "y", time="t", epochs=3, hidden=(4,), **how).scores  # type: ignore[arg-type]
    assert scores is not None
    assert scores.outcome is not None
    known = scores.outcome
    assert known.group is not None
    by_row = interval(
        metric_of("rmse", "regression"), Outcome(known.truth, known.predicted), Resamples(len(known.truth))
    )
    assert by_row is not None
    low, high = scores.intervals["rmse"]
    assert high - low > 1.3 * (by_row[1] - by_row[0])


def test_of_later_rows() -> None:
    """`evaluate` draws blocks of the times that later rows have, alone or in pieces; rows if one has no time."""
    random = np.random.default_rng(0)
    x = random.normal(size=900)
    rows = pl.DataFrame({"t": np.arange(900), "a": x, "y": x + 2 * autoregressive(900, 0.9, random)})
    model = deltaw.fit(rows[:300], "y", time="t", epochs=3, hidden=(4,), folds=0)
    later = rows[300:]
    whole, alone = model.evaluate(later), model.evaluate(later.with_columns(t=pl.when(pl.col("t") != 400).then("t")))
    pieces = scored(model, outcomes(model, [read(later[:300]), read(later[300:])]))
    width = {
        who: np.ptp(of.intervals["rmse"]) for who, of in {"whole": whole, "pieces": pieces, "alone": alone}.items()
    }
    assert whole.outcome is not None
    assert whole.outcome.group is not None
    assert len(np.unique(whole.outcome.group)) == 25
    assert min(width["whole"], width["pieces"]) > 1.3 * width["alone"]
