"""Lesson 1 against the rule as it is written, in float64: Δk = α e / x, and with b Δ(k, b) = α e (x, 1) / (x² + 1)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deltaw import lessons
from deltaw.lessons.line import Flowers, Rule, felt, iris

CLOSE = {"rtol": 2e-5, "atol": 2e-5}  # the native engine is float32


def written(x: NDArray, t: NDArray, alpha: float, k: float, bias: bool) -> NDArray:
    """The line (k, b) before the first example and after each."""
    line, path = np.array([k, 0.0]), [np.array([k, 0.0])]
    for one, target in zip(x, t, strict=True):
        a = np.array([one, 1.0 if bias else 0.0])
        line = line + alpha * (target - line @ a) * a / (a @ a)
        path.append(line)
    return np.array(path)


def some(n: int, seed: int = 0) -> Flowers:
    return iris().take(np.random.default_rng(seed).permutation(100)[:n])


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("alpha", [0.05, 0.2, 1.0, 1.5])
def test_the_numbers_of_the_lesson(alpha: float, bias: bool) -> None:
    data = lessons.line(learning_rate=alpha, bias=bias, slope=0.5, margin=0.2, seed=2).data
    for way, rate in (("full", 1.0), ("moderated", alpha)):
        expected = written(data["x"], data["target"], rate, 0.5, bias)
        run = data[way]
        np.testing.assert_allclose(run["slope"], expected[:, 0], **CLOSE)
        np.testing.assert_allclose(run["intercept"], expected[:, 1], **CLOSE)
        error = data["target"] - expected[:-1, 0] * data["x"] - expected[:-1, 1]
        np.testing.assert_allclose(run["error"], error, **CLOSE)


def test_targets_lie_beyond_the_flower_on_its_side() -> None:
    data = lessons.line(margin=0.3, wrong=2).data
    side = np.where(np.array(data["said_to_be"]) == "setosa", 0.3, -0.3)
    np.testing.assert_allclose(data["target"], data["y"] + side)
    np.testing.assert_array_equal(data["wrongly_labelled"], [False] * 10 + [True] * 2)


def test_the_flowers_are_fishers() -> None:
    from sklearn.datasets import load_iris

    X, t = load_iris(return_X_y=True)
    flowers = iris()
    np.testing.assert_allclose(np.column_stack([flowers.x, flowers.y]), X[t < 2][:, [1, 0]])
    np.testing.assert_array_equal(flowers.setosa, t[t < 2] == 0)


@given(st.integers(2, 12), st.floats(-3, 3), st.booleans(), st.integers(0, 99))
@settings(max_examples=20)
def test_full_correction_meets_each_target(n: int, slope: float, bias: bool, seed: int) -> None:
    flowers, rule = some(n, seed), Rule(1.0, slope, bias, 0.1)
    path = rule.path(flowers)
    met = path[1:, 0] * flowers.x + path[1:, 1]
    np.testing.assert_allclose(met, flowers.targets(0.1), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(rule.end(flowers), path[-1], **CLOSE)


def test_full_correction_forgets_all_but_the_last() -> None:
    flowers = some(8)
    expected = np.zeros(8)
    expected[-1] = 1 / flowers.x[-1]
    np.testing.assert_allclose(felt(Rule(1.0, 1.0, False, 0.1), flowers), expected, atol=2e-5)
    np.testing.assert_allclose(
        Rule(1.0, -2.0, False, 0.1).end(flowers), Rule(1.0, 2.0, False, 0.1).end(flowers), atol=1e-5
    )


@pytest.mark.parametrize("alpha", [0.1, 0.5])
def test_moderated_correction_keeps_a_share_of_each(alpha: float) -> None:
    """kₙ = (1−α)ⁿ k₀ + Σ α (1−α)ⁿ⁻ⁱ tᵢ/xᵢ, so that ∂kₙ/∂tᵢ = α (1−α)ⁿ⁻ⁱ / xᵢ."""
    flowers = some(8)
    expected = alpha * (1 - alpha) ** np.arange(7, -1, -1) / flowers.x
    np.testing.assert_allclose(felt(Rule(alpha, 1.0, False, 0.1), flowers), expected, atol=2e-5)


def test_a_wrong_label_at_the_end_costs_a_moderated_line_its_share() -> None:
    """Label and target differ by twice the margin: the slope by 2 · margin / x, times α where it is moderated."""
    data = lessons.line(learning_rate=0.2, margin=0.4, wrong=1).data
    for way, alpha in (("full", 1.0), ("moderated", 0.2)):
        moved = data[way]["slope"][-1] - data[way]["line_if_labels_were_right"][0]
        assert abs(moved) == pytest.approx(alpha * 0.8 / data["x"][-1], rel=1e-3)


def test_shares_of_right_answers() -> None:
    data = lessons.line(seed=4).data
    flowers = iris()
    for way in ("full", "moderated"):
        k = data[way]["slope"][-1]
        assert data[way]["right"] == np.mean((flowers.y < k * flowers.x) == flowers.setosa)
        assert data[way]["orders_right"].shape == (100,)


def test_sentences_follow_the_numbers() -> None:
    """At α = 1 both ways are one: no sentence claims a gain. Without a wrong label none speaks of damage."""
    same = lessons.line(learning_rate=1.0)
    np.testing.assert_array_equal(same.data["full"]["slope"], same.data["moderated"]["slope"])
    shown = [block.text for block in same.page.sections[-2].blocks]
    assert "gains nothing" in shown[1]
    assert "does not help" in shown[2]
    assert len(lessons.line(wrong=0).page.sections[-2].blocks) == 2
