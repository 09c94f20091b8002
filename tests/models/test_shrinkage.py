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
from deltaw.equations.ridge import STRENGTHS
from deltaw.models.fitting.trainings.linear_start import as_network, linear_scale, mixed, unmixed
from deltaw.models.fitting.trainings.shrinkage import Residuals, shrinkage_factor

CARRY_NO_LINE = ("step",)
HOW: dict[str, Any] = {"seed": 0, "verbose": False}


def noisy(rows: int, noise: float = 3.0, seed: int = 1) -> pl.DataFrame:
    """A line beneath much noise."""
    drawn = np.random.default_rng(seed)
    X = drawn.normal(size=(rows, 6))
    columns = {f"x{k}": x for k, x in enumerate(X.T)}
    return pl.DataFrame({**columns, "y": X[:, 0] - 0.5 * X[:, 1] + noise * drawn.normal(size=rows)})


def test_the_share_is_that_of_least_squares_within_0_and_1() -> None:
    drawn = np.random.default_rng(0)
    away, weight = drawn.normal(size=200), drawn.integers(0, 3, 200).astype(float)
    left = 0.4 * away + 0.1 * drawn.normal(size=200)
    root = np.sqrt(weight)
    expected = np.linalg.lstsq((root * away)[:, None], root * left, rcond=None)[0][0]
    parts = [Residuals(left[:90], away[:90], weight[:90]), Residuals(left[90:], away[90:], weight[90:])]
    assert shrinkage_factor(parts) == pytest.approx(expected)
    assert shrinkage_factor([Residuals(-away, away, weight)]) == 0.0
    assert shrinkage_factor([Residuals(2 * away, away, weight)]) == 1.0
    assert shrinkage_factor([Residuals(left, 0 * away, weight)]) == 1.0  # it is the line


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", [name for name, row in ACTIVATIONS.items() if not row.coupled])
def test_one_network_answers_as_both_do_together(name: str, bias: bool) -> None:
    drawn = np.random.default_rng(0)
    network = Network([3, 8, 7, 1], [name, name, "identity"], bias=bias, seed=0)
    X, line = drawn.normal(size=(50, 3)).astype(np.float32), as_network(np.array([0.5, -1.0, 2.0]), 0.25 * bias)
    if linear_scale(network) is None:
        assert name in CARRY_NO_LINE
        return
    both = mixed(network, line, 0.3)
    own, straight, made = (deltaw.Predictor(each)(X) for each in (network, line, both))
    np.testing.assert_allclose(made, 0.3 * own + 0.7 * straight, rtol=0.02, atol=0.02)
    for found, given in zip(unmixed(both, 0.3), (network, line), strict=True):
        for ours, theirs in zip([*found.weights, *found.biases], [*given.weights, *given.biases], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_units_that_hear_each_other_carry_no_line() -> None:
    assert linear_scale(Network([3, 8, 1], ["softmax", "identity"])) is None


@pytest.mark.parametrize("how", [{"folds": 0}, {"folds": 3}, {"folds": 0, "networks": 1}], ids=["two", "folds", "one"])
def test_of_noise_little_is_kept_beside_the_line(how: dict[str, Any], tmp_path: Path) -> None:
    rows, others = noisy(600), noisy(2_000, seed=2)
    model = deltaw.fit(rows, "y", **HOW, **how)
    c = model.history.beyond_line
    assert 0 <= c < 1
    assert model.network.sizes[1:-1] == [66, 66]
    answers = [model.predict(others)]
    if c:
        members = [unmixed(network, c)[0] for network in model.members]
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
    assert f"{c:.0%} of the difference from the linear model kept" in repr(again.history)
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


@pytest.mark.parametrize("rows", [400, 60], ids=["calibrated again", "too few to say it"])
def test_a_training_goes_on_from_the_network_as_it_was_before(rows: int) -> None:
    model = deltaw.fit(noisy(600), "y", **HOW, folds=0)
    assert model.history.beyond_line < 1
    later = deltaw.fit(noisy(rows, seed=3), start=model, **HOW, folds=0)
    assert later.network.sizes[1:-1] == [66, 66]  # not two more each time
    assert max(later.history.loss) < 2.0  # of a target with deviation 1
    assert rows > 150 or later.history.beyond_line == model.history.beyond_line
    others = noisy(2_000, seed=2)
    before, after = (float(np.mean((np.asarray(each.predict(others)) - others["y"].to_numpy()) ** 2))
                     for each in (model, later))  # fmt: skip
    assert after < 1.5 * before
