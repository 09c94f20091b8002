"""A network of numbers keeps as much of its distance from the best line as rows that it has not learnt from say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import RidgeCV

import deltaw
from deltaw import Network
from deltaw.equations.activations import ACTIVATIONS
from deltaw.models.fitting.trainings.beginning import STRENGTHS, as_network
from deltaw.models.fitting.trainings.leaning import Beside, carries, mixed, share

HOW: dict[str, Any] = {"seed": 0, "verbose": False}


def noisy(rows: int, noise: float = 3.0, seed: int = 1) -> pl.DataFrame:
    """A line beneath much noise."""
    drawn = np.random.default_rng(seed)
    X = drawn.normal(size=(rows, 6))
    columns = {f"x{k}": x for k, x in enumerate(X.T)}
    return pl.DataFrame({**columns, "y": X[:, 0] - 0.5 * X[:, 1] + noise * drawn.normal(size=rows)})


def own(network: Network, c: float) -> Network:
    """The network before the line was mixed in."""
    made = Network([network.sizes[0], *(units - 2 for units in network.sizes[1:-1]), 1], network.activations)
    cut = [weights[2 * (k < 2) :, 2 * (k > 0) :] for k, weights in enumerate(network.weights)]
    made.weights, made.biases = cut, [biases[2 * (k < 2) :] for k, biases in enumerate(network.biases)]
    made.weights[-1], made.biases[-1] = made.weights[-1] / c, made.biases[-1] / c
    return made


def test_the_share_is_that_of_least_squares_within_0_and_1() -> None:
    drawn = np.random.default_rng(0)
    away, weight = drawn.normal(size=200), drawn.integers(0, 3, 200).astype(float)
    left = 0.4 * away + 0.1 * drawn.normal(size=200)
    root = np.sqrt(weight)
    expected = np.linalg.lstsq((root * away)[:, None], root * left, rcond=None)[0][0]
    parts = [Beside(left[:90], away[:90], weight[:90]), Beside(left[90:], away[90:], weight[90:])]
    assert share(parts) == pytest.approx(expected)
    assert share([Beside(-away, away, weight)]) == 0.0
    assert share([Beside(2 * away, away, weight)]) == 1.0
    assert share([Beside(left, 0 * away, weight)]) == 1.0  # it is the line


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", [name for name, row in ACTIVATIONS.items() if not row.coupled])
def test_one_network_answers_as_both_do_together(name: str, bias: bool) -> None:
    drawn = np.random.default_rng(0)
    network = Network([3, 8, 7, 1], [name, name, "identity"], bias=bias, seed=0)
    X, line = drawn.normal(size=(50, 3)).astype(np.float32), as_network(np.array([0.5, -1.0, 2.0]), 0.25 * bias)
    if not carries(network):
        assert name == "step"
        return
    own, straight, made = (deltaw.Predictor(each)(X) for each in (network, line, mixed(network, line, 0.3)))
    np.testing.assert_allclose(made, 0.3 * own + 0.7 * straight, rtol=0.01, atol=0.01)


def test_units_that_hear_each_other_carry_no_line() -> None:
    assert not carries(Network([3, 8, 1], ["softmax", "identity"]))


@pytest.mark.parametrize("how", [{"folds": 0}, {"folds": 3}, {"folds": 0, "networks": 1}], ids=["two", "folds", "one"])
def test_of_noise_little_is_kept_beside_the_line(how: dict[str, Any], tmp_path: Path) -> None:
    rows, others = noisy(600), noisy(2_000, seed=2)
    model = deltaw.fit(rows, "y", **HOW, **how)
    c = model.history.beyond_line
    assert 0 <= c < 1
    assert model.network.sizes[1:-1] == [66, 66]
    answers = [model.predict(others)]
    if c:
        members = [own(network, c) for network in model.members]
        answers.append(replace(model, network=members[0], others=tuple(members[1:])).predict(others))
    else:
        names = [f"x{k}" for k in range(6)]
        line = RidgeCV(STRENGTHS).fit(rows[names].to_numpy(), rows["y"].to_numpy())
        answers.append(line.predict(others[names].to_numpy()))
    ours, without = (float(np.mean((np.asarray(each, float) - others["y"].to_numpy()) ** 2)) for each in answers)
    assert ours < (1.0 if c else 1.05) * without
    model.save(tmp_path / "model.deltaw")
    again = deltaw.load(tmp_path / "model.deltaw")
    assert again.history.beyond_line == c
    assert f"{c:.0%} of the way from the best line" in repr(again.history)
    np.testing.assert_array_equal(again.predict(others), model.predict(others))


@pytest.mark.parametrize(
    "how",
    [{"recipe": "accurate"}, {"from_line": False}, {"calibrate": False}, {"activation": "step"}],
    ids=["several", "no line", "not asked", "steps"],
)
def test_others_stay_as_they_are(how: dict[str, Any]) -> None:
    model = deltaw.fit(noisy(200), "y", **HOW, **how, epochs=5)
    assert model.history.beyond_line == 1.0
    assert model.network.sizes[1:-1] == [64, 64]


def test_few_rows_do_not_say_it() -> None:
    assert deltaw.fit(noisy(120), "y", **HOW).history.beyond_line == 1.0
