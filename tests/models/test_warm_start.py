"""`deltaw.fit(…, start=model)`: on from a model's weights, with its own preparation, on other rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from small import QUICK, frame

from deltaw import InputError, Model, fit, load
from deltaw.models import plan
from deltaw.preparation.columns.category import Category

TABLE, LATER = frame(), frame(120, seed=1)
FOLLOWED: dict[str, Any] = {"test_size": 0, "validation": 0, "verbose": False, "engine": "native"}


@pytest.fixture(scope="module")
def model() -> Model:
    return fit(TABLE.drop("price"), "grade", verbose=False, **QUICK)


@pytest.mark.parametrize("given", [{"recipe": "default"}, {"recipe": "accurate", "networks": 3}])
def test_without_a_step_it_is_the_model(given: dict[str, Any], tmp_path: Path) -> None:
    began = fit(TABLE.drop("price"), "grade", verbose=False, **QUICK, **given)
    began.save(tmp_path / "m.deltaw")
    for start in (began, tmp_path / "m.deltaw", str(tmp_path / "m.deltaw")):
        found = fit(LATER.drop("price"), start=start, learning_rate=0.0, epochs=1, **FOLLOWED)
        assert found.preparation == began.preparation
        assert found.target == began.target
        np.testing.assert_array_equal(found.predict_proba(LATER), began.predict_proba(LATER))
        assert found.origin.training_rows == len(LATER)


def test_it_learns_on(model: Model) -> None:
    """The first epoch is as good as the model, which no network from the beginning is; and the last is better."""
    table = LATER.drop("price")
    on = fit(table, start=model, epochs=8, **FOLLOWED)
    anew = fit(table, "grade", **QUICK | {"epochs": 8} | FOLLOWED)
    assert on.history.loss[0] < anew.history.loss[0]
    assert on.history.loss[-1] < on.history.loss[0]


def test_folds_begin_with_it_too(model: Model) -> None:
    found = fit(
        LATER.drop("price"), start=model, folds=3, learning_rate=0.0, epochs=1, verbose=False, engine="reference"
    )
    assert found.scores is not None
    assert found.scores["accuracy"] == pytest.approx(model.evaluate(LATER)["accuracy"])


def test_its_own_share_of_validation_rows_is_none_that_was_asked_for(model: Model) -> None:
    began = replace(model, recipe=replace(model.recipe, validation=0.35))
    assert len(plan(LATER.drop("price"), start=began, folds=3).folds) == 3
    with pytest.raises(InputError, match="validation: expected no share, since 3 parts"):
        plan(LATER.drop("price"), start=began, folds=3, validation=0.3)


def test_words_and_numbers_that_it_does_not_know(model: Model, tmp_path: Path) -> None:
    """They go where they go when it predicts: to the slot of others, and beyond the scale."""
    other = LATER.drop("price").with_columns(
        pl.Series("colour", ["violet", None] * 60), pl.col("size") * 100, pl.Series("more", range(120))
    )
    found = fit(other, start=model, epochs=2, **FOLLOWED)
    assert found.preparation == model.preparation
    found.save(tmp_path / "on.deltaw")
    assert load(tmp_path / "on.deltaw").predict(other).tolist() == found.predict(other).tolist()


def test_words_that_it_cannot_learn_are_told(model: Model) -> None:
    """A slot for a new word has no weights to go on from."""
    table = LATER.drop("price")
    assert not any("does not know" in note for note in plan(table, start=model).table.notes)
    word = next(step.column for step in model.preparation.steps if isinstance(step, Category))
    new = pl.when(pl.int_range(pl.len()) % 8 == 0).then(pl.lit("new")).otherwise(word).alias(word)
    said = [note for note in plan(table.with_columns(new), start=model).table.notes if "does not know" in note]
    assert len(said) == 1
    assert said[0].startswith("15 of ")
    assert '("new"); continued training cannot add them' in said[0]


def test_rows_count_by_the_column_by_which_the_models_did() -> None:
    """Rows are let go while inputs are made of them, but not what they count; no row of weight 0 is there."""
    weighted = [each.drop("price").with_columns(w=pl.arange(len(each)) % 3) for each in (TABLE, LATER)]
    began = fit(weighted[0], "grade", weight="w", verbose=False, **QUICK)
    found, told = (fit(weighted[1], start=began, epochs=2, **FOLLOWED, **said) for said in ({}, {"weight": "w"}))
    assert found.origin.training_rows == told.origin.training_rows == 80
    np.testing.assert_array_equal(found.network.weights[0], told.network.weights[0])
    with pytest.raises(InputError, match='expected a column "w"'):
        fit(LATER, start=began, epochs=2, **FOLLOWED)


@pytest.mark.parametrize(
    ("rows", "asked", "line"),
    [
        (LATER.drop("size"), {}, 'expected a column "size"'),
        (LATER.drop("grade"), {}, 'expected a column "grade"'),
        (
            LATER.with_columns(grade=pl.lit("odd")),
            {},
            "expected a class seen in training .* in row 1",
        ),
        (LATER.with_columns(size=pl.lit("odd")), {}, r'expected a number in row 1 of column "size", found "odd"'),
        (LATER, {"hidden": 3}, "hidden: expected none together with the model, which has its own, found "),
        (LATER, {"scaling": "unit"}, "scaling: expected none together with the model, which has its own, found 'unit'"),
        (LATER, {"recipe": "quick"}, "recipe: expected none together with the model"),
        (LATER, {"target": "price"}, "target: expected none together with the model"),
        (LATER, {"drop": "size"}, "drop: expected none together with the model"),
        (LATER, {"task": "regression"}, "task: expected none together with the model"),
        (LATER, {"start": 7}, "start: expected a model or the path of its file, found 7"),
        (LATER, {"start": "none.deltaw"}, "none.deltaw: expected a model file, found no such file"),
    ],
)
def test_what_cannot_be(model: Model, rows: pl.DataFrame, asked: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError, match=line) as caught:
        fit(rows, **{"start": model} | FOLLOWED | asked)
    assert "\n" not in str(caught.value)


def test_the_same_said_again_is_no_other(model: Model) -> None:
    said: dict[str, Any] = {"recipe": "default", "target": "grade", "task": "classification", "hidden": 12, "seed": 4}
    fit(LATER, start=model, epochs=1, **said, **FOLLOWED)


def test_a_checkpoint_knows_where_a_run_began(model: Model, tmp_path: Path) -> None:
    keep: dict[str, Any] = {"checkpoint": tmp_path / "run", "resume": True, "epochs": 2, **FOLLOWED}
    one, two = (fit(LATER.drop("price"), start=model, **keep) for _ in range(2))
    for a, b in zip(one.network.weights, two.network.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(InputError, match=r"resume: expected the model to begin with as in .*, found another"):
        fit(LATER.drop("price"), "grade", **QUICK | keep)
