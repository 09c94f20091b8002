"""How sure a network is of its classes, by rows that it has not learnt from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import frame

import deltaw
from deltaw import Model
from deltaw.models.fitting.trainings.calibration import STRONGEST, Probabilities, inverse_temperature

OWN: dict[str, Any] = {"hidden": 6, "epochs": 8, "batch_size": 32, "verbose": False, "seed": 0}


def held_out_answers(rows: int, sure: float, classes: int = 3, seed: int = 0) -> Probabilities:
    """Shares that are softmax(z), where the classes are drawn by those of softmax(sure z)."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, classes))
    labels = (sure * z + rng.gumbel(size=z.shape)).argmax(axis=1)
    shares = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return Probabilities(shares, labels, np.ones(rows))


@pytest.mark.parametrize("sure", [0.5, 1.0, 2.0])
def test_the_factor_is_that_by_which_the_rows_are_drawn(sure: float) -> None:
    assert inverse_temperature(
        [held_out_answers(20_000, sure), held_out_answers(20_000, sure, seed=1)]
    ) == pytest.approx(sure, rel=0.04)


def test_what_few_rows_say_by_chance_is_taken_back() -> None:
    found = [inverse_temperature([held_out_answers(20, 1.0, seed=seed)]) for seed in range(50)]
    assert found.count(1.0) > 25


def test_answers_that_are_right_of_all_rows_are_not_sure_without_limit() -> None:
    shares, labels = np.full((30, 2), 0.1), np.arange(30) % 2
    shares[np.arange(30), labels] = 0.9
    right = (30 + 1 / 4) / (30 + 1 / 2)  # of rows, half a one of which is of both classes alike
    assert inverse_temperature([Probabilities(shares, labels, np.ones(30))]) == pytest.approx(
        np.log(right / (1 - right)) / np.log(9)
    )
    assert 1 / STRONGEST <= inverse_temperature([Probabilities(shares, 1 - labels, np.ones(30))]) <= 1.0


def test_a_row_counts_as_the_loss_counts_it() -> None:
    shares, labels, weight = held_out_answers(500, 0.3)
    other = held_out_answers(500, 2.0, seed=1)
    alone = inverse_temperature([Probabilities(shares, labels, weight)])
    both = [
        Probabilities(shares, labels, weight),
        Probabilities(other.shares, other.labels, np.zeros(500)),
    ]
    assert inverse_temperature(both) == pytest.approx(alone, rel=1e-3)


@pytest.mark.parametrize(
    "how", [{"folds": 0, "validation": 0.4}, {"folds": 0, "validation": 0.4, "networks": 2}, {"folds": 3},
            {"recipe": "accurate"}],
    ids=["one", "two", "folds", "accurate"],
)  # fmt: skip
def test_the_last_layer_is_multiplied_and_no_class_is_another(how: dict[str, Any], tmp_path: Path) -> None:
    rows = frame(300).drop("price")
    one, other = (deltaw.fit(rows, "grade", **OWN | how, calibrate=calibrate) for calibrate in (True, False))
    assert one.history.strength != 1.0 == other.history.strength
    for ours, theirs in zip(one.members, other.members, strict=True):
        for k, (a, b) in enumerate(zip(ours.weights, theirs.weights, strict=True)):
            np.testing.assert_allclose(a, b * one.history.strength if k == 1 else b, rtol=1e-6)
    if len(one.members) == 1:  # the mean of several may change sides
        np.testing.assert_array_equal(one.predict(rows), other.predict(rows))
    assert one.scores is not None
    assert other.scores is not None
    assert one.scores.values["log_loss"] != other.scores.values["log_loss"]
    one.save(tmp_path / "model.deltaw")
    assert deltaw.load(tmp_path / "model.deltaw").history.strength == one.history.strength
    assert f"logits scaled by {one.history.strength:.3g}" in repr(one.history)


def test_test_rows_say_nothing_nor_do_numbers() -> None:
    rows = frame(300)
    alone: Model = deltaw.fit(rows.drop("price"), "grade", **OWN, folds=0, validation=0.0)
    number: Model = deltaw.fit(rows.drop("grade"), "price", **OWN, folds=0, validation=0.4)
    assert alone.history.strength == number.history.strength == 1.0
