"""Lesson 6 against float64 equations: the steps on the curve, and the bowl by its eigenvalues."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_iris

from deltaw import lessons
from deltaw.lessons.descent import curvature, error, share_left, turns, verdict

PETALS = load_iris().data[:, [3, 2]]  # width, length


def silu(z: NDArray) -> NDArray:
    return z / (1 + np.exp(-z))


def curve_error(w: NDArray) -> NDArray:
    return ((2.5 - silu(w)) ** 2 + (1.5 - silu(-w)) ** 2) / 4


def test_the_curve_and_its_valleys() -> None:
    curve = lessons.descent().data["curve"]
    np.testing.assert_allclose(curve["E"], curve_error(curve["w"]))
    assert len(curve["minima"]) == 2
    assert len(curve["maxima"]) == 1
    for w in (*curve["minima"], *curve["maxima"]):
        beside = curve_error(np.array([w - 0.05, w, w + 0.05]))
        assert (beside[1] - beside[[0, 2]] < 0).all() == (w in curve["minima"])


@pytest.mark.parametrize("alpha", [0.1, 0.5, 4.5])
def test_steps_on_the_curve(alpha: float) -> None:
    runs = lessons.descent(learning_rate=alpha, starts="-4,0.3", steps=10).data["curve"]["runs"]
    for start, run in zip((-4.0, 0.3), runs, strict=True):
        w, path = start, [start]
        for _ in range(10):
            slope = (curve_error(np.array(w + 1e-5)) - curve_error(np.array(w - 1e-5))) / 2e-5
            path.append(w := w - alpha * float(slope))
        np.testing.assert_allclose(run["weights"][:, 0], path, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(run["E"], curve_error(run["weights"][:, 0]))


def test_the_start_decides_the_valley() -> None:
    curve = lessons.descent(starts="-0.5,-0.2", steps=100).data["curve"]
    low, high = sorted(curve["minima"])
    assert curve["runs"][0]["weights"][-1, 0] == pytest.approx(low, abs=0.01)
    assert curve["runs"][1]["weights"][-1, 0] == pytest.approx(high, abs=0.01)


def test_the_bowl_is_the_irises() -> None:
    bowl = lessons.descent().data["bowl"]
    slope, intercept = np.polyfit(*PETALS.T, 1)
    np.testing.assert_allclose(bowl["lowest"], [slope, intercept])
    residual = PETALS[:, 1] - slope * PETALS[:, 0] - intercept
    assert bowl["lowest_E"] == pytest.approx(np.mean(residual**2) / 2)
    A = np.column_stack([PETALS[:, 0], np.ones(150)])
    np.testing.assert_allclose(bowl["curvatures"], np.linalg.svd(A)[1][::-1] ** 2 / 150)
    assert bowl["limit"] == pytest.approx(2 / bowl["curvatures"][1])


@pytest.mark.parametrize("rate", [0.01, 0.3, 0.67, 0.73])
def test_descent_on_the_bowl_by_its_eigenvalues(rate: float) -> None:
    """What is left after n steps is (I − αH)ⁿ of what was at first."""
    bowl = lessons.descent(rates=str(rate), begin="3,-1", steps=12).data["bowl"]
    A = np.column_stack([PETALS[:, 0], np.ones(150)])
    shrink = np.linalg.matrix_power(np.eye(2) - rate * A.T @ A / 150, 12)
    expected = bowl["lowest"] + shrink @ (np.array([3.0, -1.0]) - bowl["lowest"])
    np.testing.assert_allclose(bowl["runs"][0]["weights"][-1], expected, rtol=1e-3, atol=1e-3)


def test_verdicts() -> None:
    bowl = lessons.descent(rates="0.01,0.3,0.67,0.73").data["bowl"]
    pairs = list(zip(bowl["runs"], bowl["rates"], strict=True))
    assert [verdict(run, rate, bowl) for run, rate in pairs] == ["too_small", "good", "overshooting", "diverging"]
    left = [share_left(run, bowl) for run, _ in pairs]
    assert left[1] < 0.01 < left[0] < 1 < left[3]


def test_errors_fall_at_every_rate_below_the_limit() -> None:
    bowl = lessons.descent(rates="0.1,0.35,0.5,0.7").data["bowl"]
    assert all((np.diff(run["E"]) <= 1e-6).all() for run in bowl["runs"])


def test_parts() -> None:
    np.testing.assert_array_equal(turns(np.array([3.0, 1.0, 2.0, 0.5, 0.7])), [1, 3])
    X = np.array([[0.0], [2.0]])
    np.testing.assert_allclose(curvature(X), np.linalg.eigvalsh([[2.0, 1.0], [1.0, 1.0]]))
    from deltaw import Network

    assert error(Network([1, 1], "identity"), X, np.array([[1.0], [1.0]]), (2.0, 1.0)) == pytest.approx(4.0)
