"""Lesson `data` against the equations, and what it says against its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import deltaw
from deltaw.equations import backprop
from deltaw.equations.losses import loss
from deltaw.lessons.data import AFTER, BEFORE, data, hidden_gradients
from deltaw.lessons.digits import digits
from deltaw.lessons.lesson import Lesson
from deltaw.lessons.rules import saturated

QUICK: dict[str, Any] = {"hidden": 6, "epochs": 1, "runs": 1}


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return data()


def test_digits_are_the_bundled_ones_in_the_notes_range() -> None:
    images = digits()
    raw = deltaw.read("digits").frame.drop("label").to_numpy()
    X, T = images.inputs(), images.targets()
    np.testing.assert_allclose(X, 0.01 + 0.98 * raw / 16, atol=1e-6)
    np.testing.assert_allclose(T.max(axis=1), 0.99)
    np.testing.assert_allclose(np.sort(T, axis=1)[:, :-1], 0.01)
    assert (T.argmax(axis=1) == deltaw.read("digits").frame["label"].to_numpy()).all()
    assert set(images.training) | set(images.test) == set(range(len(raw)))
    assert not set(images.training) & set(images.test)
    assert len(images.test) == pytest.approx(0.2 * len(raw), abs=1)
    np.testing.assert_allclose(images.inputs(-1, 1), raw / 8 - 1, atol=1e-6)


def test_a_limit_takes_so_many_rows_by_the_seed() -> None:
    few, again, other = digits(limit=200), digits(limit=200), digits(seed=1, limit=200)
    assert len(few.pixels) == len(few.labels) == len(few.training) + len(few.test) == 200
    np.testing.assert_array_equal(few.pixels, again.pixels)
    assert not np.array_equal(few.pixels, other.pixels)


def test_hidden_gradients_are_the_equations_row_by_row() -> None:
    rng = np.random.default_rng(0)
    network = deltaw.Network([5, 4, 3], "sigmoid", bias=False, init="normal(1.0)", seed=0)
    x, t = rng.uniform(0, 1, (20, 5)) * (rng.uniform(size=(20, 5)) > 0.4), rng.uniform(0, 1, (20, 3))
    each = []
    for row in range(len(x)):
        signals = network.signals(x[row])
        each.append(backprop.backward(signals, t[row : row + 1], network.weights, network.rows, loss("squared")).dW[0])
    size, frozen = hidden_gradients(network, x, t)
    assert size == pytest.approx(float(np.sqrt(np.mean(np.square(each)))), rel=1e-9)
    assert frozen == pytest.approx(float(np.mean(np.array(each) == 0)), rel=1e-9)
    assert frozen > 0.2


def test_saturated_counts_both_ends() -> None:
    assert saturated(np.array([0.01, 0.049, 0.051, 0.5, 0.949, 0.951])) == pytest.approx(0.5)


def test_every_measure_is_a_share_or_a_size(lesson: Lesson) -> None:
    for found in lesson.data.values():
        for name in ("saturated", "saturated_after", "frozen", "accuracy"):
            assert 0 <= found[name] <= 1
        assert 0 <= found["slope"] <= 0.25
        assert {*BEFORE, *AFTER} <= set(found)
        assert found["accuracy_by_epoch"].shape == (3, 10)
        assert found["accuracy"] == pytest.approx(found["accuracy_by_epoch"][:, -1].mean())


def test_broken_rules_do_what_the_notes_say(lesson: Lesson) -> None:
    found = lesson.data
    kept = found["kept"]
    assert kept["accuracy"] > 0.95
    assert kept["saturated"] < 0.01
    for name in ("wide", "large"):  # saturation: no slope, little learning
        assert found[name]["saturated"] > 0.5
        assert found[name]["slope"] < kept["slope"] / 3
        assert found[name]["accuracy"] < kept["accuracy"] - 0.05
    assert found["zeros"]["frozen"] > 0.4 > kept["frozen"] == 0
    for name in ("nothing", "alike"):  # hidden units that start alike stay alike
        assert found[name]["different"] == 1
        assert kept["different"] == 32
        assert found[name]["accuracy"] < 0.3
    assert found["nothing"]["frozen"] == 1
    assert found["beyond"]["output_slope"] < kept["output_slope"] / 50
    assert found["tiny"]["gradient"] == pytest.approx(kept["gradient"] / 1000, rel=0.1)


def test_harm_is_claimed_only_where_it_was_measured(lesson: Lesson) -> None:
    text = " ".join(lesson.page.markdown().split())
    base = lesson.data["kept"]["accuracy"]
    harmless = sum(found["accuracy"] >= base - 0.05 for found in lesson.data.values()) - 1  # but for the rules kept
    assert text.count("no clear harm") == harmless == 3


def test_nothing_is_said_of_harm_where_nothing_was_learnt(few_digits: str) -> None:
    text = data(learning_rate=1e-6, **QUICK, data=few_digits).page.markdown()
    assert "no baseline to compare with" in text
    assert "no clear harm" not in text
