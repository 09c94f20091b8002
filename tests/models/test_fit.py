"""`deltaw.fit`: it learns, it holds rows back, it is repeatable, and it refuses in one line."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from small import QUICK

import deltaw
from deltaw import models
from deltaw.doctor import planned
from deltaw.equations.losses import LOSSES
from deltaw.equations.optimizers import AdamW, optimizer
from deltaw.equations.schedules import schedule
from deltaw.exceptions import ColumnError, SettingError, TrainingInterrupted
from deltaw.models import RECIPES, Recipe, suggestions
from deltaw.models.fitting.deciding.request import ARGUMENTS, Request
from deltaw.tables import Table
from deltaw.tables.reading.source import WORDS


def weights(model: deltaw.Model) -> bytes:
    return b"".join(w.tobytes() for w in [*model.network.weights, *model.network.biases])


def test_it_learns(classifier: deltaw.Model, regressor: deltaw.Model, notes: deltaw.Model) -> None:
    assert classifier.scores["accuracy"] > classifier.scores.baseline["accuracy"] + 0.2
    assert classifier.scores["log_loss"] < classifier.scores.baseline["log_loss"]
    assert regressor.scores["r2"] > 0.8
    assert notes.scores["accuracy"] > 0.5


@pytest.mark.parametrize("large", [0, 2**60])
def test_rows_that_are_let_go_make_the_same_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, table: pl.DataFrame, large: int
) -> None:
    """While the inputs are made, unless somebody may look at them; kept raw, or scaled before."""
    path = tmp_path / "rows.parquet"
    single = table.with_columns(pl.col(pl.Float64).cast(pl.Float32))
    name = next(name for name, kind in single.schema.items() if kind == pl.Float32)
    single = single.with_columns(pl.when(pl.int_range(pl.len()) % 7 != 0).then(name).alias(name))  # and gaps
    single.write_parquet(path, row_group_size=100)
    monkeypatch.setattr("deltaw.preparation.recipe.LARGE", large)
    how = {"test_size": 0.2, "folds": 0, "validation": 0.3, **QUICK, "scaling": "piecewise"}
    lean = deltaw.fit(path, "grade", **how)
    whole = deltaw.fit(path, "grade", callbacks=[lambda epoch: False], **how)
    for model, name in ((lean, "lean"), (whole, "whole")):
        model.save(tmp_path / name)
    assert (tmp_path / "lean").read_bytes() == (tmp_path / "whole").read_bytes()
    monkeypatch.setattr("deltaw.preparation.recipe.LARGE", 2**60 - large)
    assert weights(deltaw.fit(path, "grade", **how)) == weights(lean)


def test_of_rows_that_are_let_go_some_can_be_looked_at(tmp_path: Path, table: pl.DataFrame) -> None:
    table.write_parquet(tmp_path / "rows.parquet", row_group_size=100)
    how = {"test_size": 0.2, "folds": 0, "validation": 0.3, **QUICK}
    whole = models.plan(tmp_path / "rows.parquet", "grade", **how)
    inputs = len(whole.preparation.feature_names)
    lean = models.plan(tmp_path / "rows.parquet", "grade", lean=7 * inputs, **how)
    assert lean.looked is not None
    assert (len(lean.looked), len(lean.training), len(lean.table.frame)) == (7, len(whole.training), 0)
    some = whole.training.some(np.linspace(0, len(whole.training) - 1, 7).astype(np.int64))
    assert lean.looked.frame.equals(some.frame[lean.preparation.input_names]), "of no other columns: they may be many"
    np.testing.assert_array_equal(np.asarray(lean.looked.X), np.asarray(some.X))
    np.testing.assert_array_equal(lean.looked.T, some.T)
    np.testing.assert_array_equal(planned(lean).X, np.asarray(some.X))
    assert lean.lean.looked is None
    assert models.plan(tmp_path / "rows.parquet", "grade", lean=1000 * inputs, **how).looked is None  # all are there


def test_rows_are_divided(classifier: deltaw.Model, table: pl.DataFrame) -> None:
    assert classifier.origin.training_rows == len(classifier.held_out) == classifier.scores.rows == len(table)
    origin = deltaw.fit(table, "grade", test_size=0.2, folds=0, validation=0.3, **QUICK).origin
    assert (origin.training_rows, origin.validation_rows, origin.test_rows) == (134, 58, 48)


def test_test_rows_have_no_influence(table: pl.DataFrame) -> None:
    train, test = table[:180].drop("grade"), table[180:].drop("grade")
    spoilt = test.with_columns(pl.col("price") * -1e6, pl.col("size") * 1e9)
    plain, other = (deltaw.fit(Table(train, "a table", test=part), "price", **QUICK) for part in (test, spoilt))
    assert weights(plain) == weights(other)
    assert plain.preparation == other.preparation
    assert plain.target == other.target
    assert plain.baseline == other.baseline
    assert plain.scores != other.scores


def test_the_split_hides_rows_too(table: pl.DataFrame) -> None:
    rows = table.drop("grade").with_row_index("row")
    settings = QUICK | {"test_size": 0.2}
    held_out = deltaw.fit(rows, "price", **settings).held_out["row"]
    spoilt = rows.with_columns(
        pl.when(pl.col("row").is_in(held_out.implode())).then(1e9).otherwise(pl.col("price")).alias("price")
    )
    assert weights(deltaw.fit(rows, "price", **settings)) == weights(deltaw.fit(spoilt, "price", **settings))


def test_the_same_seed_gives_the_same_model(table: pl.DataFrame, classifier: deltaw.Model) -> None:
    rows = table.drop("price")
    assert weights(deltaw.fit(rows, "grade", **QUICK)) == weights(classifier)
    assert weights(deltaw.fit(rows, "grade", seed=1, **QUICK)) != weights(classifier)


def test_every_kind_of_frame_gives_the_same_model(table: pl.DataFrame, regressor: deltaw.Model) -> None:
    rows = table.drop("grade")
    for source in (rows.to_pandas(), rows.to_arrow()):
        assert isinstance(source, (pd.DataFrame, pa.Table))
        assert weights(deltaw.fit(source, "price", **QUICK)) == weights(regressor)


def test_no_rows_set_apart(table: pl.DataFrame) -> None:
    model = deltaw.fit(table, "price", test_size=0, **QUICK)
    assert model.scores is None
    assert model.held_out is None
    assert model.origin.test_rows == 0
    assert "R²" not in repr(model)


def test_the_notes_recipe_is_the_notes_method() -> None:
    plan = models.plan("digits", recipe="notes", engine="reference")
    assert plan.network.activations == ["sigmoid", "sigmoid"]
    assert plan.network.bias == [False, False]
    assert plan.network.sizes == [64, 200, 10]
    assert plan.validation is None
    X, T = plan.training.X, plan.training.T
    assert (X.min(), X.max()) == pytest.approx((0.01, 0.99))
    assert sorted(np.unique(T)) == pytest.approx([0.01, 0.99])
    assert (T.argmax(axis=1) == plan.training.truth).all()
    recipe = plan.recipe
    assert (recipe.loss, recipe.optimizer, recipe.batch_size, recipe.epochs) == ("squared", "sgd", 1, 5)
    assert (recipe.learning_rate, recipe.backward, recipe.schedule) == (0.1, "notes", "constant")
    assert np.std(plan.network.weights[0]) == pytest.approx(64**-0.5, rel=0.05)


def test_the_notes_recipe_for_numbers(table: pl.DataFrame) -> None:
    plan = models.plan(table, "price", "notes")
    assert (plan.training.T.min(), plan.training.T.max()) == pytest.approx((0.01, 0.99))
    assert plan.network.sizes[-1] == 1
    assert plan.network.sizes[1:-1] == [100]


def test_tables_and_pictures_have_recipes_of_their_own(table: pl.DataFrame) -> None:
    many = pl.concat([table] * 4)
    for recipe in ("default", "quick"):
        of_table, of_picture = (
            models.plan(source, target, recipe) for source, target in ((many, "grade"), ("digits", None))
        )
        assert of_table.preparation.scaling == "piecewise"
        assert of_table.recipe.hidden == (64, 64)
        assert any(" bin " in name for name in of_table.preparation.feature_names)
        assert of_picture.recipe.hidden == (256, 128)
        robust = models.plan("digits", recipe=recipe, scaling="robust")
        np.testing.assert_array_equal(of_picture.training.X, robust.training.X)


def test_the_quick_recipe_is_the_default_in_fewer_epochs(table: pl.DataFrame) -> None:
    quick, default = (models.plan(table, "price", recipe).recipe for recipe in ("quick", "default"))
    assert quick.epochs is not None
    assert default.epochs is not None
    assert quick.epochs < default.epochs / 3
    same = replace(quick, name="default", epochs=default.epochs, learning_rate=default.learning_rate)
    assert same == default


def test_settings_reach_the_training(table: pl.DataFrame) -> None:
    plan = models.plan(
        table, "grade", hidden=(7, 5), activation="tanh", scaling="symmetric", epochs=3, batch_size=16, validation=0.0
    )
    assert plan.network.sizes[1:-1] == [7, 5]
    assert plan.network.activations == ["tanh", "tanh", "softmax"]
    assert plan.preparation.scaling == "symmetric"
    assert (plan.recipe.epochs, plan.recipe.batch_size, plan.validation) == (3, 16, None)


# Settings without effect: (target, name, value, beside).
FOLDS, APART = {"folds": 5}, {"folds": 0, "test_size": 0}
IDLE: dict[str, tuple[str, str, Any, dict[str, Any]]] = {
    "nothing held out": ("grade", "patience", 1, {**APART, "validation": 0.0}),
    "no score to choose by": ("grade", "keep", "score", {**APART, "validation": 0.0}),
    "all rows learnt from": ("price", "finish", 0.5, FOLDS),
    "class numbers": ("grade", "target_low", 0.2, APART),
    "numbers by their spread": ("price", "target_high", 0.8, APART),
    "classes of a range": ("grade", "clamp", False, APART),
    "classes on a line": ("grade", "from_line", True, APART),
    "weights of its own": ("price", "from_line", False, {**APART, "init": "he_normal"}),
    "one number": ("price", "label_smoothing", 0.5, APART),
    "no layer for it": ("grade", "activation", "tanh", {**APART, "hidden": ()}),
    "no units to drop": ("grade", "dropout", 0.4, {**APART, "hidden": ()}),
    "no share to change": ("grade", "dropout_schedule", "constant", {**APART, "dropout": 0.0}),
    "no bins": ("grade", "bin_rows", 7, {**APART, "scaling": "standard"}),
}


@pytest.mark.parametrize("case", IDLE)
def test_a_setting_without_effect_is_named(table: pl.DataFrame, case: str) -> None:
    target, name, value, beside = IDLE[case]
    usual = QUICK | {"epochs": 2} | beside
    plans = [models.plan(table, target, **given) for given in (usual, usual | {name: value})]
    assert [[note.partition(" ")[0] for note in each.idle] for each in plans] == [[], [name]]
    with_it, without = (weights(models.run(each)) for each in plans)
    assert with_it == without


@pytest.mark.parametrize("target", ["grade", "price"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_decided_settings_given_again_are_not_named(table: pl.DataFrame, target: str, recipe: str) -> None:
    decided = {name: value for name, value in vars(models.plan(table, target, recipe).recipe).items() if name != "name"}
    assert models.plan(table, target, recipe, **decided).idle == []


@pytest.mark.parametrize("loss", [name for name in LOSSES if name not in ("cross_entropy", "difference")])
def test_classes_are_learnt_by_any_loss(table: pl.DataFrame, loss: str) -> None:
    model = deltaw.fit(table, "grade", **QUICK | {"loss": loss, "folds": 0, "epochs": 40})
    assert model.recipe.targets == "one_hot"
    assert model.scores is not None
    assert model.scores["accuracy"] > model.scores.baseline["accuracy"]


@pytest.mark.parametrize("loss", ["poisson", "binary_cross_entropy", "hinge", "cross_entropy"])
def test_a_loss_for_other_numbers_is_refused(table: pl.DataFrame, loss: str) -> None:
    with pytest.raises(SettingError, match=f"loss: expected one for any number.*'{loss}'"):
        deltaw.fit(table, "price", loss=loss)


def test_numbers_of_numpy_and_objects_are_settings_too(table: pl.DataFrame, tmp_path: Path) -> None:
    settings = {
        "learning_rate": np.float64(0.01),
        "epochs": np.int64(2),
        "hidden": np.array([3, 4]),
        "seed": np.int64(1),
        "optimizer": AdamW(weight_decay=0.1),
        "schedule": schedule("cosine"),
    }
    model = deltaw.fit(table, "grade", engine="reference", **settings)
    model.save(tmp_path / "m.deltaw")
    recipe = deltaw.load(tmp_path / "m.deltaw").recipe
    assert (recipe.learning_rate, recipe.epochs, recipe.hidden) == (0.01, 2, (3, 4))
    assert (optimizer(recipe.optimizer), recipe.schedule) == (AdamW(weight_decay=0.1), "cosine")


def test_no_hidden_layer(table: pl.DataFrame) -> None:
    model = deltaw.fit(table, "grade", engine="reference", hidden=(), epochs=2)
    assert model.network.sizes == [len(model.preparation.feature_names), 3]


def test_callbacks_are_told_and_may_stop(table: pl.DataFrame) -> None:
    told: list[models.ScoredEpoch] = []
    model = deltaw.fit(table, "grade", callbacks=(told.append, lambda epoch: epoch.number == 3), **QUICK)
    assert [epoch.number for epoch in told] == [1, 2, 3]
    assert len(model.history) == 3
    assert model.history.score == [epoch.score for epoch in told]
    assert all(0 <= epoch.score <= 1 and epoch.score_name == "accuracy" for epoch in told)


def test_ctrl_c_keeps_what_was_learnt(table: pl.DataFrame) -> None:
    def interrupt(epoch: models.ScoredEpoch) -> None:
        if epoch.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted) as stopped:
        deltaw.fit(table, "grade", callbacks=(interrupt,), **QUICK)
    model = stopped.value.model
    assert model.history.ended == "interrupted"
    assert len(model.history) == 2
    assert len(model.predict(table)) == len(table)
    assert model.scores is not None


def test_the_best_weights_are_kept(table: pl.DataFrame) -> None:
    seen: list[float] = []
    one = QUICK | {"folds": 0, "validation": 0.3, "finish": 0}
    model = deltaw.fit(table, "price", callbacks=(lambda epoch: seen.append(epoch.score),), **one)
    assert model.history.held_out == "validation"
    assert seen[model.history.best_epoch - 1] == max(seen)


REFUSED: dict[str, tuple[dict, str]] = {
    "no such recipe": ({"recipe": "nots"}, "found 'nots'; did you mean 'notes'"),
    "no such setting": ({"learning_rat": 1}, "did you mean 'learning_rate'"),
    "scikit-learn's word": ({"random_state": 1}, "did you mean 'seed'"),
    "another of scikit-learn's": ({"max_iter": 1}, "did you mean 'epochs'"),
    "PyTorch's word": ({"lr": 1}, "did you mean 'learning_rate'"),
    "a slip in what fit takes": ({"fold": 1}, "did you mean 'folds'"),
    "no layer size": ({"hidden": "64"}, "hidden: expected units"),
    "layer of no units": ({"hidden": (0,)}, "hidden: expected units"),
    "fractional layer": ({"hidden": (1.5,)}, "hidden: expected units"),
    "no epochs": ({"epochs": 0}, "epochs: expected a number, from 1 to"),
    "no batch": ({"batch_size": -1}, "batch_size: expected a number, from 1 to"),
    "too many test rows": ({"test_size": 1.0}, "test_size: expected a share"),
    "negative seed": ({"seed": -1}, "seed: expected a whole number"),
    "endless seed": ({"seed": 2**64}, "seed: expected a whole number"),
    "no such engine": ({"engine": "quantum"}, "engine: expected one of"),
    "no such activation": ({"activation": "sigmod"}, "did you mean 'sigmoid'"),
    "no such loss": ({"loss": "squard"}, "did you mean 'squared'"),
    "everybody's loss": ({"loss": "MSE"}, "did you mean 'squared'"),
    "no such scaling": ({"scaling": "units"}, "scaling"),
    "learning rate": ({"learning_rate": -1.0}, "learning_rate"),
    "learning rate that is no number": ({"learning_rate": "fast"}, "learning_rate"),
    "no such keeping": ({"keep": "first"}, "keep: expected 'loss', 'score'"),
    "no such targets": ({"targets": "two_hot"}, "targets: expected 'labels', 'one_hot'"),
    "no such task": ({"task": "ranking"}, "task: expected"),
    "dropout": ({"dropout": 1.0}, "dropout"),
    "validation": ({"validation": -0.1}, "validation: expected a number, from 0 to 0.9"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_settings_are_refused_in_one_line(table: pl.DataFrame, case: str) -> None:
    settings, message = REFUSED[case]
    with pytest.raises(SettingError, match=message) as caught:
        deltaw.fit(table, "grade", **({"engine": "reference"} | settings))
    assert "\n" not in str(caught.value)


def test_what_fit_takes_is_what_a_request_has() -> None:
    """But for what says how it is run, and where its rows are held."""
    taken = inspect.signature(deltaw.fit).parameters
    elsewhere = {"hidden", "epochs", "memory", "cache", "callbacks", "checkpoint", "every", "resume", "verbose"}
    assert [*taken][:3] == ["source", "target", "recipe"]
    assert {*taken} - {"source", "target", "recipe", "settings"} - elsewhere == {*ARGUMENTS}
    for each in fields(Request):
        if each.name in ARGUMENTS and each.name != "start":  # which is read from its file
            assert (taken[each.name].annotation, taken[each.name].default) == (each.type, each.default), each.name


@pytest.mark.parametrize("name", ["lean", "streamed", "unrounded", "uninformative", "free", "reading", "settings"])
def test_what_is_decided_inside_is_no_setting(table: pl.DataFrame, name: str) -> None:
    with pytest.raises(SettingError, match="expected a setting of the recipe"):
        deltaw.fit(table, "grade", **{name: 3})


def test_all_that_a_wrong_name_is_said_to_mean_is_taken() -> None:
    takes = {*inspect.signature(deltaw.fit).parameters} - {"settings"}
    assert {*suggestions.ARGUMENTS} == takes
    assert {*suggestions.ELSEWHERE.values()} <= takes | {field.name for field in fields(Recipe)} | {*WORDS}
    assert not {*suggestions.ELSEWHERE} & (takes | {field.name for field in fields(Recipe)} | {*WORDS})


def test_a_model_may_be_a_key(table: pl.DataFrame) -> None:
    one, other = (deltaw.fit(table[:60], "price", **QUICK | {"epochs": 1}) for _ in range(2))
    assert {one: 1, other: 2}[one] == 1
    assert one != other


@pytest.mark.parametrize("name", [field.name for field in fields(Recipe) if field.name != "name"])
@pytest.mark.parametrize("value", [[], {}, "nonsense", -3, float("nan"), object()])
def test_any_setting_of_any_kind_ends_well(table: pl.DataFrame, name: str, value: object) -> None:
    settings = {"engine": "reference", "hidden": 2, "epochs": 1} | {name: value}
    try:
        deltaw.fit(table[:40], "grade", **settings)
    except deltaw.InputError as error:
        message = str(error)
    else:
        message = ""
    assert "\n" not in message


def test_a_missing_target_lists_the_columns(table: pl.DataFrame) -> None:
    with pytest.raises(
        ColumnError, match="columns are id, size, colour, sunny, price, grade; add a target such as 'grade'"
    ):
        deltaw.fit(table)
    with pytest.raises(ColumnError, match='did you mean "colour"'):
        deltaw.fit(table, "color")


def test_a_diverging_training_is_refused(table: pl.DataFrame) -> None:
    wild = {"learning_rate": 1e6, "optimizer": "sgd", "schedule": "constant", "activation": "relu", "validation": 0.0}
    with pytest.raises(SettingError, match="diverged"), np.errstate(all="ignore"):
        deltaw.fit(table, "price", **QUICK | wild)


def test_recipes_are_plain_data() -> None:
    for tasks in RECIPES.values():
        for recipe in tasks.values():
            assert Recipe.from_document(recipe.document()) == recipe
