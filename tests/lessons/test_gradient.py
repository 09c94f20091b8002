"""Lesson `gradient`: every factor against plain arithmetic, and the product against differences of its own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deltaw
from deltaw.exceptions import SettingError
from deltaw.explain import step
from deltaw.explain.links import central_difference
from deltaw.lessons.gradient import ERRORS, SLOPED, WIDTHS, gradient
from deltaw.lessons.signals import EXAMPLE

X, T = [0.9, 0.1, 0.8], [0.01, 0.01, 0.99]


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def forward() -> tuple[list[float], list[float]]:
    """The worked example's hidden outputs and outputs, link by link."""
    hidden = [sigmoid(sum(w * x for w, x in zip(row, X, strict=True))) for row in EXAMPLE[0].tolist()]
    return hidden, [sigmoid(sum(w * o for w, o in zip(row, hidden, strict=True))) for row in EXAMPLE[1].tolist()]


def test_factors_of_the_output_link() -> None:
    hidden, o = forward()
    found = gradient().data["output"]
    expected = [-(T[0] - o[0]), o[0] * (1 - o[0]), hidden[1]]
    np.testing.assert_allclose(found["factors"], expected, rtol=1e-12)
    assert found["gradient"] == pytest.approx(math.prod(expected), rel=1e-12)
    assert found["central_difference"] == pytest.approx(found["gradient"], rel=1e-6)


def test_factors_of_the_hidden_link() -> None:
    hidden, o = forward()
    delta = [-(t - one) * one * (1 - one) for t, one in zip(T, o, strict=True)]
    sent = sum(d * EXAMPLE[1][k, 0] for k, d in enumerate(delta))
    found = gradient().data["hidden"]
    np.testing.assert_allclose(found["factors"], [sent, hidden[0] * (1 - hidden[0]), X[1]], rtol=1e-12)
    split = sum((T[k] - o[k]) * EXAMPLE[1][k, 0] for k in range(3))
    assert found["by_the_notes"] == pytest.approx(-split * hidden[0] * (1 - hidden[0]) * X[1], rel=1e-12)


def test_every_weight_agrees_with_its_difference() -> None:
    data = gradient().data
    for by_chain, by_difference in zip(data["gradient"], data["central_difference"], strict=True):
        np.testing.assert_allclose(by_chain, by_difference, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    activation=st.sampled_from([name for name in SLOPED if name not in {"relu", "leaky_relu", "selu", "elu"}]),
    loss=st.sampled_from(["squared", "huber"]),
    to=st.integers(0, 2),
    of=st.integers(0, 2),
    seed=st.integers(0, 50),
)
def test_the_product_is_the_slope_for_every_smooth_pairing(
    activation: str, loss: str, to: int, of: int, seed: int
) -> None:
    data = gradient(activation=activation, loss=loss, to=to, of=of, weights="random", seed=seed).data
    for name in ("output", "hidden"):
        assert data[name]["gradient"] == pytest.approx(data[f"difference_{name}"][4], rel=1e-4, abs=1e-7)


def test_the_width_of_a_difference_has_a_best() -> None:
    data = gradient().data
    wrong = np.abs(data["difference_output"] - data["output"]["gradient"])
    assert wrong[0] > 1e3 * wrong.min()
    assert wrong[-1] > 1e3 * wrong.min()
    # While h is wide the error falls as h²: a tenth of the width, a hundredth of the error.
    assert wrong[0] / wrong[1] == pytest.approx(100, rel=0.05)


def test_the_difference_is_of_the_whole_network() -> None:
    network = deltaw.Network([3, 3, 3], "sigmoid", bias=False)
    network.weights = [w.copy() for w in EXAMPLE]
    link = step(network, X, T).link(1, 2, 0)
    ends = []
    for sign in (1, -1):
        moved = network.copy()
        moved.weights[0][2, 0] += sign * 1e-4
        ends.append(0.5 * float(np.sum((np.array(T) - moved.forward(X)[0]) ** 2)))
    assert central_difference(link.error_at, link.weight, 1e-4) == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=1e-8)
    assert list(WIDTHS) == sorted(WIDTHS, reverse=True)


def text(**changed: Any) -> str:
    return " ".join(gradient(**changed).page.markdown().split())


def test_sentences_follow_the_numbers() -> None:
    assert "agree for all 18 weights" in text()
    assert "learns nothing" in text(activation="relu", weights="random", seed=3)
    assert "learns nothing" not in text()
    assert "the same sign" in text()
    turned = gradient(weights="random", seed=39, target="0.5,0.5,0.5")
    hidden = turned.data["hidden"]
    assert hidden["by_the_notes"] * hidden["gradient"] < 0
    assert "the other sign" in turned.page.markdown()


def test_a_corner_is_told() -> None:
    """The outputs stand so near their targets that a difference spans the corner of |t − o|."""
    network = deltaw.Network([3, 3, 3], "identity", bias=False, init="notes", seed=0)
    target = ",".join(repr(float(o) + 1e-7) for o in network.forward(X)[0])
    assert "has a corner there" in text(activation="identity", loss="absolute", weights="random", target=target)


def test_numbers_past_what_a_float_holds_get_one_line() -> None:
    with pytest.raises(
        SettingError, match="inputs: expected numbers that leave E and its slopes finite under exponential"
    ):
        gradient(activation="exponential", inputs="9,9,9")


def test_errors_are_those_that_take_any_target() -> None:
    assert set(ERRORS) == {"absolute", "squared", "huber", "pinball"}
