"""Of few rows the folds also choose how strongly the network is regularised, and how fine its bins are."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.models.fitting.deciding.planning import planned, replan
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.deciding.request import Request
from deltaw.models.fitting.trainings.across_folds import chosen
from deltaw.models.fitting.trainings.fold_trainings import fold_trainings
from deltaw.models.fitting.trainings.listeners import Listeners

HOW: dict[str, Any] = {"seed": 0, "verbose": False}
SETTINGS = ("dropout", "optimizer", "bin_rows")


def ring(rows: int) -> pl.DataFrame:
    """The distance from the middle, of which no column alone tells anything."""
    drawn = np.random.default_rng(0)
    x, y = drawn.uniform(-1, 1, (2, rows))
    return pl.DataFrame({"a": x, "b": y, "y": 5 * np.hypot(x, y) + 0.3 * drawn.normal(size=rows)})


def noise(rows: int) -> pl.DataFrame:
    return ring(rows).with_columns(y=pl.Series(np.random.default_rng(1).normal(size=rows)))


def plan_of(table: pl.DataFrame, **settings: Any) -> Plan:
    return planned(Request.of(table, "y", "default", seed=0, **settings))


@cache
def ring_model() -> deltaw.Model:
    return deltaw.fit(ring(50), "y", **HOW)


def test_a_ring_is_found_and_noise_is_not() -> None:
    model, strict = ring_model(), plan_of(ring(50)).recipe
    assert (model.recipe.bin_rows, strict.bin_rows) == (8, 60)
    fresh = ring(2_000)
    assert model.evaluate(fresh).values["r2"] > 0.8
    same = {name: getattr(strict, name) for name in SETTINGS}
    assert deltaw.fit(ring(50), "y", **HOW, **same).evaluate(fresh).values["r2"] < 0.5
    assert deltaw.fit(noise(50), "y", **HOW).recipe == plan_of(noise(50)).recipe


def test_the_chosen_settings_given_make_the_same_network() -> None:
    model = ring_model()
    again = deltaw.fit(ring(50), "y", **HOW, **{name: getattr(model.recipe, name) for name in SETTINGS})
    assert again.recipe == model.recipe
    assert again.preparation == model.preparation
    for ours, theirs in zip(again.network.weights, model.network.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_plan_of_a_model_is_found_again() -> None:
    plan = replan(ring_model(), ring(50))
    assert plan is not None
    assert plan.recipes == [plan.recipe]
    assert plan.preparation == ring_model().preparation


def test_a_fold_has_no_part_in_the_choice_for_its_own_rows() -> None:
    plans = plan_of(ring(50)).tried
    strict, freer = ([*fold_trainings([each], Listeners([]))] for each in plans)
    found, count = chosen(plans, [strict, freer]), len(plans[0].folds)
    assert found.plan is not plans[0]
    for fold in range(count):
        worse = [replace(run, badness=[1e6] * len(run.badness)) if k == fold else run for k, run in enumerate(freer)]
        other = chosen(plans, [strict, worse])
        assert other.plan is plans[0]
        assert other.answering[fold].plan is found.answering[fold].plan
        assert other.epochs[fold] == found.epochs[fold]


def test_it_has_to_be_clearly_better() -> None:
    plans = plan_of(ring(50)).tried
    strict = list(fold_trainings(plans[:1], Listeners([])))
    for factor, expected in ((0.85, 0), (0.75, 1)):  # of squares
        freer = [replace(run, badness=[factor * each for each in run.badness]) for run in strict]
        found = chosen(plans, [strict, freer])
        assert found.plan is plans[expected]
        assert all((run in strict) == (expected == 0) for run in found.answering)


def test_several_networks_choose_too() -> None:
    model, fresh = deltaw.fit(ring(50), "y", "accurate", **HOW), ring(2_000)
    assert model.recipe.bin_rows == 8
    assert model.recipe.dropout == 0.0
    assert model.scores is not None
    assert model.evaluate(fresh).values["r2"] > 0.8
    assert model.scores["r2"] > 0.6
    found = deltaw.crossval(ring(50), "y", "accurate", seed=0, folds=2)
    assert found.mean("r2") > 0.3


@pytest.mark.parametrize(
    ("rows", "settings", "several"),
    [
        (50, {}, True),
        (149, {}, True),
        (150, {}, False),
        (19, {}, False),  # too few held-out rows to choose by
        (50, {"folds": 0}, False),
        (50, {"dropout": 0.3}, True),
        (50, {"dropout": 0.3, "optimizer": "sgd", "bin_rows": 60}, False),
    ],
)
def test_when_another_recipe_is_tried(rows: int, settings: dict[str, Any], several: bool) -> None:
    plan = plan_of(ring(rows), **settings)
    assert len(plan.recipes) == 1 + several
    assert plan.trainings == len(plan.folds) * len(plan.recipes) + 1
    given = {name: settings[name] for name in SETTINGS if name in settings}
    assert all(getattr(each, name) == value for each in plan.recipes for name, value in given.items())
