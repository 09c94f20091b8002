"""Lesson 4 against the worked example of three layers and against products by NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from deltaw import lessons
from deltaw.equations.activations import ACTIVATIONS


def test_the_worked_example() -> None:
    """Hidden outputs .761 .603 .650; outputs .726 .708 .778, worked by hand with three decimals."""
    data = lessons.signals().data
    np.testing.assert_allclose(data["o"][0], [0.761, 0.603, 0.650], atol=5e-4)
    np.testing.assert_array_equal(data["by_hand"][0], [0.761, 0.603, 0.650])
    np.testing.assert_array_equal(data["by_hand"][1], [0.726, 0.708, 0.778])
    np.testing.assert_allclose(data["o"][1], [0.726, 0.708, 0.778], atol=1e-3)
    assert "0.726, 0.708, 0.778" in str(lessons.signals()).replace("\n", " ")


@pytest.mark.parametrize("layers", [2, 3, 5, 8])
@pytest.mark.parametrize("weights", ["example", "random"])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_n_layers_take_n_minus_one_products(layers: int, weights: str, name: str) -> None:
    lesson = lessons.signals(inputs="0.5,-1,2", layers=layers, weights=weights, activation=name, seed=3)
    data = lesson.data
    assert data["products"] == len(data["weights"]) == len(lesson.page.sections) - 3 == layers - 1
    a = np.array([0.5, -1.0, 2.0])
    for W, sums, z, o in zip(data["weights"], data["sums"], data["z"], data["o"], strict=True):
        np.testing.assert_allclose(z, W @ a)
        np.testing.assert_allclose(sums, W @ a)
        a = ACTIVATIONS[name].f(W @ a)
        np.testing.assert_allclose(o, a)
    assert data["largest_difference"] < 1e-12


def test_the_examples_weights_come_first() -> None:
    W = lessons.signals(layers=4).data["weights"]
    np.testing.assert_array_equal(W[0], [[0.9, 0.3, 0.4], [0.2, 0.8, 0.2], [0.1, 0.5, 0.6]])
    np.testing.assert_array_equal(W[1], [[0.3, 0.7, 0.5], [0.6, 0.5, 0.2], [0.8, 0.1, 0.9]])
    other = lessons.signals(layers=4, seed=1).data["weights"]
    np.testing.assert_array_equal(W[0], other[0])
    assert not np.array_equal(W[2], other[2])


def test_a_lesson_leaves_the_example_as_it_is() -> None:
    before = str(lessons.signals())
    lessons.signals(weights="random")
    lessons.signals(layers=2).data["weights"][0][:] = 0
    assert str(lessons.signals()) == before


def test_sums_and_product_are_written_with_the_same_numbers() -> None:
    text = str(lessons.signals(inputs="0.9,-0.1,0.8"))
    assert "z₁ = 0.9·0.9 + 0.3·(−0.1) + 0.4·0.8 = 1.1" in text
    assert "⎛0.9  0.3  0.4⎞⎛ 0.9⎞   ⎛ 1.1⎞" in text
