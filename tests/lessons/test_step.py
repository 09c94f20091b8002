"""Lesson `step` against the notes' update written out in plain loops, and the engine's long run against it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import deltaw
from deltaw.lessons.step import MOST, known_step, repeat, step


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def one(w: list[list[list[float]]], x: list[float], t: float, alpha: float, notes: bool) -> float:
    """One step of a network with one hidden layer and one output, in place; returns the output before it."""
    hidden = [sigmoid(sum(a * b for a, b in zip(row, x, strict=True))) for row in w[0]]
    o = sigmoid(sum(a * b for a, b in zip(w[1][0], hidden, strict=True)))
    e = t - o
    sent = e if notes else e * o * (1 - o)
    back = [sent * link for link in w[1][0]]
    for j, h in enumerate(hidden):
        w[1][0][j] += alpha * e * o * (1 - o) * h
        for i, signal in enumerate(x):
            w[0][j][i] += alpha * back[j] * h * (1 - h) * signal
    return o


def test_the_known_worked_value() -> None:
    known = known_step()
    assert known.e[0] == pytest.approx(0.8, rel=1e-12)
    assert known.change_W[0][0, 0] == pytest.approx(0.00265, abs=5e-6)
    assert known.after.W[0][0, 0] == pytest.approx(2.00265, abs=5e-6)
    o = sigmoid(2.3)
    assert known.change_W[0][0, 1] == pytest.approx(0.1 * 0.8 * o * (1 - o) * 0.5, rel=1e-12)
    page = step().page.text()
    assert "0.00265" in page
    assert "2.0027" in page


@pytest.mark.parametrize("rule", ["gradient", "notes"])
def test_one_step_is_the_notes_formula(rule: str) -> None:
    data = step(backward=rule, seed=3, learning_rate=0.7).data
    w = [matrix.tolist() for matrix in data["weights"]]
    o = one(w, [0.9, 0.1], 0.9, 0.7, rule == "notes")
    assert data["o"][0] == pytest.approx(o, rel=1e-12)
    assert data["E_before"] == pytest.approx(0.5 * (0.9 - o) ** 2, rel=1e-12)
    for found, old, change, expected in zip(data["weights_after_one"], data["weights"], data["change"], w, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        np.testing.assert_allclose(found, old + change, rtol=1e-12)


@pytest.mark.parametrize("rule", ["gradient", "notes"])
def test_the_long_run_is_the_same_step_again_and_again(rule: str) -> None:
    data = step(backward=rule).data
    w = [matrix.tolist() for matrix in data["weights"]]
    outputs = [one(w, [0.9, 0.1], 0.9, 0.5, rule == "notes") for _ in range(data["steps"])]
    np.testing.assert_allclose(data["o"][:-1], outputs, atol=2e-5)  # the engine's float32
    for found, expected in zip(data["weights_at_the_end"], w, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-3)


def test_it_stops_at_the_target_and_not_before() -> None:
    data = step(tolerance=0.02).data
    off = np.abs(0.9 - data["o"])
    assert data["reached"]
    assert off[-1] <= 0.02 < off[:-1].min()
    np.testing.assert_allclose(data["E"], 0.5 * off**2, rtol=1e-9)
    assert len(data["largest_change"]) == data["steps"] == len(data["o"]) - 1


def text(**changed: Any) -> str:
    return " ".join(step(**changed).page.markdown().split())


def test_what_a_sigmoid_never_reaches() -> None:
    lesson = step(target=1.2)
    assert lesson.data["steps"] == MOST
    assert not lesson.data["reached"]
    said = " ".join(lesson.page.markdown().split())
    assert "and not at the target 1.2" in said
    assert "shrink by themselves" not in said


def test_sentences_follow_the_numbers() -> None:
    assert "shrink by themselves" in text()
    assert "before the first step" in text(target=0.49)
    up = step(learning_rate=100, target=0.6)
    assert ("goes past the valley" in " ".join(up.page.markdown().split())) == (
        up.data["E_after"] > up.data["E_before"]
    )
    assert up.data["E_after"] > up.data["E_before"]


def test_the_network_that_is_given_stays() -> None:
    network = deltaw.Network([2, 2, 1], "sigmoid", bias=False, seed=0)
    before = [w.copy() for w in network.weights]
    repeat(network, np.array([0.9, 0.1]), np.array([0.9]), 0.5, "gradient", 0.1)
    for old, now in zip(before, network.weights, strict=True):
        np.testing.assert_array_equal(old, now)
