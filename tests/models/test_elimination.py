"""Backward elimination of columns: which are found, by what, and that all who plan later find the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import models
from deltaw.engines.predictor import outputs
from deltaw.models.fitting.deciding import planning
from deltaw.models.fitting.trainings import elimination
from deltaw.models.fitting.trainings.ablation import Ablation, Asked
from deltaw.models.fitting.trainings.packed import trained_pack

ROWS = 2_000
HOW: dict[str, Any] = {"recipe": "accurate"}


def signs(rows: int = ROWS, told: bool = True) -> pl.DataFrame:
    """The class is the sign of a product, by which neither factor tells anything alone, beside noise and a copy."""
    drawn = np.random.default_rng(3)
    a, b, *noise = drawn.normal(size=(6, rows))
    y = a * b > 0 if told else drawn.normal(size=rows) > 0
    words = drawn.choice(["u", "v", "w"], rows)
    columns = {f"noise{k}": x for k, x in enumerate(noise)}
    return pl.DataFrame({"a": a, "b": b, "copy": a, "word": words, **columns, "y": np.where(y, "yes", "no")})


@pytest.fixture(scope="module")
def decided() -> models.Plan:
    return models.plan(signs(), "y", **HOW)


def test_what_tells_by_a_product_stays_and_noise_goes(decided: models.Plan) -> None:
    assert decided.uninformative is not None
    assert {f"noise{k}" for k in range(4)} | {"word"} <= set(decided.uninformative)
    assert set(decided.uninformative.values()) == {"held-out rows are predicted better without it"}
    used = {step.title for step in decided.preparation.steps}
    assert "b" in used
    assert used & {"a", "copy"}  # of which either says what both do


def test_of_noise_alone_of_few_rows_and_where_all_tell_nothing_is_left_out() -> None:
    assert models.plan(signs(told=False), "y", **HOW).uninformative is None
    assert models.plan(signs(ROWS - 1), "y", **HOW).uninformative is None
    drawn = np.random.default_rng(0).normal(size=(3, ROWS))
    assert models.plan(pl.DataFrame([*drawn, drawn.sum(axis=0)], list("abcy")), "y", **HOW).uninformative is None


def test_who_knows_which_columns_say_nothing_does_not_ask(
    decided: models.Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A plan of the folds, and the plan of a model that is read from a file, have the columns of the first."""
    model = models.run(replace(decided, recipe=replace(decided.recipe, epochs=1)))
    model.save(tmp_path / "signs.deltaw")

    def forbidden(plan: models.Plan) -> tuple[str, ...]:
        raise AssertionError("asked again")

    monkeypatch.setattr(planning, "eliminated", forbidden)
    again = models.replan(deltaw.load(tmp_path / "signs.deltaw"), signs())
    assert again is not None
    assert again.preparation == decided.preparation
    assert again.of(again.folds[0]).preparation.uninformative == decided.preparation.uninformative


def test_rows_are_answered_with_columns_at_their_means(decided: models.Plan) -> None:
    """By the first layer's sums, from which what a column adds is taken, as by the inputs themselves."""
    short = replace(decided, recipe=replace(decided.recipe, epochs=1))
    runs = trained_pack(short, None)
    places = [place for _, place in decided.preparation.places]
    asked = [Asked(run.after(None), run.plan.test) for run in runs if run.plan.test is not None]
    ablation = Ablation(short, asked, places)
    expected = []
    for network, part in asked:
        X = np.array(part.X)
        for place in places[:2]:
            X[:, place] = X[:, place].mean(axis=0)
        shares = np.asarray(outputs(network, X), np.float64)
        expected.append(-np.log(shares[np.arange(len(X)), part.T]))
    np.testing.assert_allclose(
        ablation.losses(ablation.without(1, ablation.without(0))), np.concatenate(expected), rtol=1e-4, atol=1e-5
    )


def test_ctrl_c_ends_the_planning(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_off(plan: models.Plan, told: None) -> list[Any]:
        runs = trained_pack(plan, told)
        runs[0].learning.ended = "interrupted"
        return runs

    monkeypatch.setattr(elimination, "trained_pack", broken_off)
    with pytest.raises(KeyboardInterrupt):
        models.plan(signs(), "y", **HOW, epochs=12)
