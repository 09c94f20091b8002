"""A curve between the edges of bins is told from noise by what neighbours know."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

import deltaw
from deltaw.preparation import Target
from deltaw.preparation.columns.curves import DEVIATIONS, _known_by_neighbours, finer
from deltaw.preparation.columns.lines import ByNumber, Sample
from deltaw.preparation.columns.means import PARTS, TrainingTargets
from deltaw.preparation.scales.bins import count, fit_edges


def told(x: Any, y: Any, weight: Any = None) -> ByNumber:
    target = pl.Series("y", y)
    names, values = Target.fit(target, "y").averaged(target)
    return ByNumber(
        np.asarray(x, float), Sample.of(TrainingTargets.of(names, values, np.arange(len(x)) % PARTS, weight))
    )


def share(x: Any, y: Any, edges: Any, weight: Any = None) -> float:
    found = told(x, y, weight)
    return _known_by_neighbours(found, found.means - found.line(edges)[0], len(edges))


def waves(x: Any, n: int, noise: float, rng: Any) -> Any:
    return np.sin(2 * np.pi * n * x) + rng.normal(0, noise, len(x))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(40, 200), st.integers(0, 2))
def test_the_share_is_that_of_the_formula(seed: int, n: int, digits: int) -> None:
    """With scikit-learn's line, number by number; by few digits numbers recur."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 9, n).round(digits)
    y = waves(x, 1, 0.5, rng)
    edges = tuple(np.quantile(np.unique(x), [0, 0.3, 0.6, 1]))
    hinges = np.stack([np.clip((x - a) / (b - a), 0, 1) for a, b in pairwise(edges)], axis=1)
    left = y - LinearRegression().fit(hinges, y).predict(hinges)
    groups = [left[x == each] for each in np.unique(x)]
    steps = [(b.mean() - a.mean()) ** 2 / (1 / len(a) + 1 / len(b)) for a, b in pairwise(groups)]
    whole = sum(len(each) * each.mean() ** 2 for each in groups) / (len(groups) - len(edges))
    assert share(x, y, edges) == pytest.approx(1 - np.mean(steps) / whole, rel=1e-4, abs=1e-5)


def test_noise_alone_is_about_normal() -> None:
    rng, n = np.random.default_rng(0), 400
    x = rng.uniform(size=n)
    edges = fit_edges(np.sort(x), 8)
    found = np.array([share(x, rng.normal(size=n), edges) for _ in range(400)]) * n**0.5
    assert abs(found.mean()) < 0.2
    assert 0.85 < found.std() < 1.15
    assert found.max() < DEVIATIONS


def test_a_row_of_weight_2_is_two_rows() -> None:
    rng = np.random.default_rng(1)
    x, weight = rng.permutation(60) / 60, rng.integers(1, 3, 60)
    y = waves(x, 3, 0.2, rng)
    twice = np.repeat(x, weight), np.repeat(y, weight)
    units = told(*twice).sample.targets.scales  # those of all rows, which weights do not move
    names, values = ("y",), y[:, None]
    answers = TrainingTargets(names, values, np.zeros(60, np.uint8), weight / weight.mean(), units)
    one, other = ByNumber(x, Sample.of(answers)), told(*twice)
    edges = (0.0, 0.5, 1.0)
    found = [_known_by_neighbours(each, each.means - each.line(edges)[0], 3) for each in (one, other)]
    assert found[0] == pytest.approx(found[1])


def test_a_curve_has_finer_bins_and_noise_and_classes_have_not() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(size=300)
    coarse = fit_edges(np.sort(x), 5)
    y = waves(x, 6, 0.3, rng)
    assert count(finer(told(x, y), coarse, 30)) == 30
    assert finer(told(x, y), coarse, 9) == coarse  # less than twice as many
    assert finer(told(x, rng.permutation(y)), coarse, 30) == coarse
    assert finer(told(x, np.where(y > 0, "a", "b")), coarse, 30) == coarse
    assert finer(told(x[:20], y[:20]), (), 30) == ()
    names = np.repeat(rng.uniform(size=50), 6)  # alike among themselves, unlike their neighbours
    assert finer(told(names, np.repeat(rng.normal(size=50), 6)), coarse, 30) == coarse


def test_three_waves_of_two_hundred_rows_are_learnt() -> None:
    rng = np.random.default_rng(0)
    x, later = rng.uniform(size=200), rng.uniform(size=500)
    model = deltaw.fit(pl.DataFrame({"x": x, "y": waves(x, 3, 0.1, rng)}), "y", folds=0, test_size=0.0)
    assert r2_score(np.sin(6 * np.pi * later), model.predict(pl.DataFrame({"x": later}))) > 0.9
