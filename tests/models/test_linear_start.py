"""A network that learns numbers begins with the best line through its inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import RidgeCV

import deltaw
from deltaw import Network, models
from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.ridge import STRENGTHS, ridge
from deltaw.models.fitting.deciding.plans import LARGER
from deltaw.models.fitting.trainings.linear_start import (
    as_network,
    carry_line,
    line,
    start_from_line,
    with_linear_start,
)
from deltaw.models.fitting.trainings.packed import member_plan
from deltaw.preparation.scales.bins import fit_edges

rng = np.random.default_rng(0)


def sums(rows: int = 300) -> pl.DataFrame:
    """A difference that is small beside what it is one of."""
    drawn = np.random.default_rng(0)
    a, b = drawn.normal(size=rows).cumsum(), drawn.normal(size=rows) * 0.1
    return pl.DataFrame({"a": a, "total": a + b, "noise": drawn.normal(size=rows), "b": b})


@pytest.mark.parametrize("shape", [(80, 6), (20, 40)], ids=["tall", "wide"])
def test_the_line_is_that_of_ridge_regression(shape: tuple[int, int]) -> None:
    X = rng.normal(size=shape)
    t = X[:, 0] - 2 * X[:, 1] + rng.normal(size=len(X)) + 3
    known = RidgeCV(STRENGTHS).fit(X, t)
    w, b = line(X, t, np.ones(len(t)))
    other = RidgeCV([known.alpha_]).fit(X, t)
    if X.shape[0] > X.shape[1]:
        np.testing.assert_allclose(w, other.coef_, atol=0.02)  # leave-one-out says nearly what GCV says
    assert b == pytest.approx(float(t.mean() - w @ X.mean(axis=0)))
    twice, _ = line(np.concatenate([X, X]), np.concatenate([t, t]), np.ones(2 * len(t)))
    weighed, _ = line(X, t, np.full(len(t), 2.0))
    assert twice.shape == w.shape
    np.testing.assert_allclose(weighed, w)  # only what rows count beside each other matters
    W, both = ridge(X, np.column_stack([t, 1 - 2 * t]))  # one penalty for all outputs
    np.testing.assert_allclose(W, np.outer([1, -2], w))
    np.testing.assert_allclose(both, [b, 1 - 2 * b])


def test_no_row_is_told_its_own_target_by_the_mean_of_the_others() -> None:
    """Beside slots of the words, the lower of two means of a word belongs to the row with the higher target."""
    drawn = np.random.default_rng(2)
    word, part, x = np.repeat(np.arange(40), 10), np.arange(400) % 5, drawn.normal(size=400)
    t = drawn.normal(size=40)[word] + x + drawn.normal(size=400)
    mean = [t[(word == word[i]) & (part != part[i])].mean() for i in range(400)]
    X = np.column_stack([x, mean, np.eye(40)[word]])
    w, _ = line(X, t, np.ones(400), means=[1])
    np.testing.assert_array_equal(np.delete(w, 1), line(np.delete(X, 1, axis=1), t, np.ones(400))[0])
    assert w[1] == 0
    assert line(X, t, np.ones(400))[0][1] < -1
    assert line(X[:, :2], t, np.ones(400), means=[1])[0][1] > 0.5  # which tells nothing but the word


def test_a_line_through_all_rows_does_not_win() -> None:
    """Of more inputs than rows one goes through all of them: it leaves nothing, and says nothing of others."""
    drawn = np.random.default_rng(1)
    X, t = drawn.normal(size=(120, 400)), drawn.normal(size=120)
    w, b = line(X, t, np.ones(len(t)))
    assert np.abs(X @ w + b - t.mean()).max() < 0.5 * np.abs(t - t.mean()).max()
    others = drawn.normal(size=(1_000, 400))
    assert np.std(others @ w) < 0.3 * t.std()


def test_an_output_that_is_no_line_gets_none() -> None:
    drawn = Network([3, 32, 24, 1], activations=["relu", "relu", "sigmoid"], seed=0)
    made = drawn.copy()
    assert start_from_line(made, rng.normal(size=(50, 3)), rng.uniform(size=(50, 1))) is None
    assert all(np.array_equal(a, b) for a, b in zip(made.weights, drawn.weights, strict=True))


@pytest.mark.parametrize("name", [name for name, row in ACTIVATIONS.items() if not row.coupled and name != "step"])
def test_any_network_can_carry_a_line(name: str) -> None:
    network = Network([3, 32, 24, 1], activations=[name, name, "identity"], seed=0)
    X, w = np.random.default_rng(0).normal(size=(50, 3)) / 4, np.array([0.5, -1.0, 0.25])
    slope = float(np.diff(ACTIVATIONS[name].f(np.array([-0.5, 0.5])))[0])
    if abs(slope) < 1e-9:
        pytest.skip("even: nothing of f(y) − f(−y) is left")
    carry_line(network, as_network(w, 0.1), 3)
    y = X @ w + 0.1
    out = deltaw.Predictor(network)(X.astype(np.float32))[:, 0]
    assert np.corrcoef(out, y)[0, 1] > 0.98


def test_what_a_sum_leaves_is_found() -> None:
    rows = sums()
    how: dict[str, Any] = {"folds": 0, "seed": 0, "verbose": False}
    found, before = (deltaw.fit(rows, "b", **how, from_line=asked).scores for asked in (True, False))
    assert found is not None
    assert before is not None
    assert found["r2"] > 0.97 > before["r2"] + 0.05


def test_where_there_is_no_room_or_no_wish_it_begins_as_drawn() -> None:
    rows = sums(200)
    for how in ({"hidden": (8, 8)}, {"hidden": ()}, {"from_line": False}, {"init": "zeros"}, {"recipe": "notes"}):
        plan = models.plan(rows, "b", folds=0, **how)  # type: ignore[arg-type]
        network, _ = with_linear_start(plan, plan.network.copy(), plan.training)
        for a, b in zip(network.weights, plan.network.weights, strict=True):
            np.testing.assert_array_equal(a, b)
    plan = models.plan(rows, "b", folds=0)
    network, _ = with_linear_start(replace(plan), plan.network.copy(), plan.training)
    assert (network.weights[0][16:] == plan.network.weights[0][16:]).all()  # an eighth of 64, in pairs
    assert (network.weights[0][0] == -network.weights[0][1]).all()


def test_with_many_classes_numbers_beside_bins_begin_with_larger_weights() -> None:
    """The others begin as drawn, and so do all with few classes or initial weights that are named."""
    rows = sums(400).with_columns(pl.Series("class", [f"c{k % 4}" for k in range(400)]))
    few = rows.with_columns(pl.col("class").replace("c3", "c2"))
    for table, how, times in ((rows, {}, LARGER), (few, {}, 1.0), (rows, {"init": "he_normal"}, 1.0)):
        plan = models.plan(table, "class", folds=0, **how)  # type: ignore[arg-type]
        numbers = [place.start for _, place in plan.preparation.places]
        assert plan.preparation.n_features > len(numbers) == 4  # with bins
        for k, made in enumerate((plan.network, member_plan(plan, 1).network)):
            drawn = Network(made.sizes, made.activations, made.bias, made.init, plan.seed + k)
            drawn.weights[0][:, numbers] *= times
            assert all(np.array_equal(a, b) for a, b in zip(made.weights, drawn.weights, strict=True))


def test_few_different_numbers_are_all_edges() -> None:
    ascending = np.repeat([1.0, 2.0, 5.0, 7.0], [10, 2, 12, 16])
    assert fit_edges(ascending, 0, 4) == (1.0, 2.0, 5.0, 7.0)
    assert fit_edges(ascending, 0, 2) == ()  # more bins than there are to be
    assert fit_edges(ascending[::2], 0, 4) == ()  # five rows to a number are chance
    assert fit_edges(np.repeat([0.0, 1.0], 50), 0, 4) == ()  # two lie on a line
    many = np.arange(100.0)
    assert fit_edges(many, 4, 16) == fit_edges(many, 4)
