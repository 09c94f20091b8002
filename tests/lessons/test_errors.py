"""Lesson 5 against closed forms: o − α dE/do for each of the three errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltaw import lessons
from deltaw.lessons.errors import T, X, ending, measured, run

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@given(st.floats(-4, 4))
@settings(max_examples=30)
def test_differences_cancel_on_any_weight(w: float) -> None:
    o = 1 / (1 + np.exp(-w * X))
    shown = measured(w)
    assert abs(shown["difference"]) < 1e-12
    assert shown["difference"] == pytest.approx(np.sum(T - o), abs=1e-12)
    assert shown["absolute"] == pytest.approx(np.abs(T - o).sum())
    assert shown["squared"] == pytest.approx(((T - o) ** 2).sum())


def test_the_networks_of_the_table() -> None:
    networks = lessons.errors().data["networks"]
    assert {name: net["right"] for name, net in networks.items()} == {
        "bad": 0, "half": 0, "trained_absolute": 4, "trained_squared": 4,
    }  # fmt: skip
    assert networks["trained_squared"]["squared"] < networks["half"]["squared"] < networks["bad"]["squared"]


@given(st.floats(0.05, 2.5), st.floats(-5, 5), st.floats(-5, 5), st.integers(2, 20))
@settings(max_examples=15)
def test_runs_by_their_closed_forms(alpha: float, start: float, target: float, steps: int) -> None:
    n = np.arange(steps + 1)
    difference = run("difference", start, target, alpha, steps)
    np.testing.assert_allclose(difference["o"], start + alpha * n, **CLOSE)
    np.testing.assert_array_equal(difference["slope"], -1.0)
    squared = run("squared", start, target, alpha, steps)
    np.testing.assert_allclose(target - squared["o"], (target - start) * (1 - alpha) ** n, rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(squared["slope"], squared["o"] - target)
    np.testing.assert_allclose(squared["E"], 0.5 * (target - squared["o"]) ** 2)
    absolute = run("absolute", start, target, alpha, steps)
    away = np.abs(absolute["o"][:-1] - target) > 1e-6  # at the very target its slope is 0
    np.testing.assert_allclose(np.abs(np.diff(absolute["o"]))[away], alpha, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(absolute["slope"], np.sign(absolute["o"] - target))


def test_the_v_is_overshot_and_the_parabola_is_not() -> None:
    data = lessons.errors().data
    t, runs = data["target"], data["runs"]
    e = {kind: t - one["o"] for kind, one in runs.items()}
    assert np.count_nonzero(np.diff(np.sign(e["absolute"]))) >= 5
    assert np.abs(e["absolute"][-4:]).max() <= data["learning_rate"]
    assert (np.diff(np.abs(e["squared"])) < 0).all()
    assert runs["difference"]["E"][-1] < runs["difference"]["E"][0] - 5


@pytest.mark.parametrize(
    ("alpha", "absolute", "squared"),
    [(0.6, "swinging", "settled"), (0.05, "on_its_way", "on_its_way"), (1.9, "swinging", "swinging"),
     (2.1, "swinging", "diverging"), (0.5, "settled", "settled")],
)  # fmt: skip
def test_how_runs_end(alpha: float, absolute: str, squared: str) -> None:
    data = lessons.errors(learning_rate=alpha, start=0.5).data
    assert ending(data["runs"]["absolute"], 5.0) == absolute
    assert ending(data["runs"]["squared"], 5.0) == squared


def test_at_the_target_from_the_start() -> None:
    lesson = lessons.errors(start=5.0, target=5.0)
    assert (lesson.data["runs"]["squared"]["E"] == 0).all()
    assert "NaN" not in str(lesson)
    assert len(lesson.figures) == 3


def test_the_engine_refuses_the_difference() -> None:
    assert "expected one that has a minimum" in lessons.errors().data["refusal"]
