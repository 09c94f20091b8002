"""Lesson 3 against sums written out and against finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from deltaw import lessons
from deltaw.equations.activations import ACTIVATIONS


def test_the_known_neuron() -> None:
    """Input (0.9, 0.1, 0.8), weights (0.9, 0.3, 0.4): z = 1.16, o = 0.761 to three decimals."""
    data = lessons.neuron().data
    assert data["z"] == pytest.approx(0.9 * 0.9 + 0.3 * 0.1 + 0.4 * 0.8)
    assert round(data["o"], 3) == 0.761


@pytest.mark.parametrize("name", [name for name, row in ACTIVATIONS.items() if not row.coupled])
def test_sum_and_activation(name: str) -> None:
    data = lessons.neuron(inputs="1,-2", weights="0.5,0.75", bias=0.3, activation=name).data
    z = 0.5 - 1.5 + 0.3
    np.testing.assert_allclose(data["products"], [0.5, -1.5])
    assert data["z"] == pytest.approx(z)
    assert data["o"] == pytest.approx(float(ACTIVATIONS[name].f(np.array([z]))[0]))
    for other, shown in data["activations"].items():
        f = ACTIVATIONS[other].f
        o = f(np.array([z - 1e-6, z, z + 1e-6]))
        assert shown["o"] == pytest.approx(o[1])
        assert shown["slope"] == pytest.approx((o[2] - o[0]) / 2e-6, abs=1e-6)


def test_every_uncoupled_activation_is_shown() -> None:
    lesson = lessons.neuron()
    assert set(lesson.data["activations"]) == set(ACTIVATIONS) - {"softmax"}
    titles = {axis.get_title(loc="left") for axis in lesson.figures[0].axes}
    assert set(lesson.data["activations"]) <= titles


def test_weight_sharpens_and_bias_moves() -> None:
    curves = lessons.neuron(sharpen="1,4,-2", shift="-3,1").data["curves"]
    assert [(c["w"], c["b"]) for c in curves] == [(1, 0), (4, 0), (-2, 0), (1, -3), (1, 1)]
    for c in curves:
        o = 1 / (1 + np.exp(-(c["w"] * np.array([-1, 0, 1]) + c["b"])))
        np.testing.assert_allclose(c["o"], o)
        assert c["centre"] == -c["b"] / c["w"]
        x, d = c["centre"], 1e-5
        rise = [1 / (1 + math.exp(-(c["w"] * (x + s) + c["b"]))) for s in (-d, d)]
        assert c["slope"] == pytest.approx((rise[1] - rise[0]) / (2 * d), rel=1e-6)


def test_a_weight_of_zero_has_no_centre() -> None:
    lesson = lessons.neuron(sharpen="0", shift="1,2")
    assert [c["centre"] for c in lesson.data["curves"]] == [None, None, None]
    assert len(lesson.page.sections[-2].blocks) == 2


def test_which_slopes_are_flat() -> None:
    said = lessons.neuron(inputs="1", weights="-20").page.sections[-2].blocks[0].text
    flat = {
        name for name, f in lessons.neuron(inputs="1", weights="-20").data["activations"].items() if f["slope"] < 0.01
    }
    assert {"step", "sigmoid", "tanh", "relu"} <= flat
    assert all(name in said for name in flat)
    assert "softsign" in said
    assert "leaky_relu" not in said
