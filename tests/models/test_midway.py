"""Backward elimination in the course of a single training."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from deltaw import Model, Network, fit, models
from deltaw.cli.output.screen import stdout
from deltaw.cli.output.text import print_training
from deltaw.engines.predictor import outputs
from deltaw.equations.losses import loss
from deltaw.exceptions import ModelFileError
from deltaw.models.fitting import running
from deltaw.models.fitting.assembling import without_weightless
from deltaw.models.fitting.trainings.ablation import Ablation
from deltaw.models.fitting.trainings.midway import Midway, silenced
from deltaw.training.state import State

ROWS = 2_600
ONE: dict[str, Any] = {"folds": 0, "test_size": 0.0}
HOW = ONE | {"epochs": 15, "hidden": 8}


def table(rows: int = ROWS) -> pl.DataFrame:
    """A number told by two columns and a word, beside a word and numbers that say nothing."""
    drawn = np.random.default_rng(5)
    a, b, *noise = drawn.normal(size=(12, rows))
    word, other = drawn.choice(["u", "v", "w"], (2, rows))
    columns = {"a": a, "word": word, "other": other} | {f"noise{k}": x for k, x in enumerate(noise)}
    return pl.DataFrame(columns | {"b": b, "y": np.abs(a + b) + 2.0 * (word == "u") + drawn.normal(size=rows)})


@pytest.fixture(scope="module")
def learnt() -> tuple[Model, Midway, Model]:
    """As the recipe trains, with no setting of its own; and the model while it has all columns."""
    plan, made, wholes = models.plan(table(), "y", **ONE), list[Midway](), list[Model]()

    def spy(plan: models.Plan) -> Midway | None:
        made.extend(found for found in [real(plan)] if found)
        return made[0] if made else None

    real = Midway.of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Midway, "of", staticmethod(spy))
        patch.setattr(running, "without_weightless", lambda model: wholes.append(model) or without_weightless(model))
        return models.run(plan), made[0], wholes[0]


def test_noise_has_no_say_in_the_end_and_what_tells_has(learnt: tuple[Model, Midway, Model]) -> None:
    model, found, whole = learnt
    gone = {found.columns[k][0] for k in found.left_out}
    assert {"noise0", "noise1", "noise2"} < gone
    assert not gone & {"a", "b", "word"}
    rows = table().drop("y")
    np.testing.assert_array_equal(model.predict(rows.drop(gone)), model.predict(rows))
    assert not gone & {*model.preparation.input_names}
    assert gone <= {*whole.preparation.input_names}
    np.testing.assert_allclose(model.predict(rows), whole.predict(rows), rtol=1e-5)
    assert (model.predict(rows.with_columns(pl.col("b").reverse())) != model.predict(rows)).any()


def test_eliminated_columns_are_named(learnt: tuple[Model, Midway, Model], capsys: pytest.CaptureFixture[str]) -> None:
    model, found, _ = learnt
    gone = [found.columns[k][0] for k in found.left_out]
    lines = model.preparation.describe()
    assert [each.column for each in lines if each.treatment.startswith("left out: held-out rows")] == gone
    assert model._repr_html_().count("left out: held-out rows") == len(gone)
    print_training(stdout(), model, Path("m"), None)
    assert f"better without: {', '.join(gone[:8])}" in " ".join(capsys.readouterr().out.split())
    nothing = replace(model, network=Network(model.network.sizes, model.network.activations, init="zeros"))
    assert without_weightless(nothing) is nothing


def test_the_network_in_the_end_is_the_one_that_was_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ablation, "eliminated", lambda self, important: [2, 4])
    monkeypatch.setattr(running, "without_weightless", lambda model: model)
    plan = models.plan(table(), "y", **HOW, finish=0.0, from_line=False)
    model = models.run(plan)
    assert plan.validation is not None
    assert model.history.best_epoch is not None
    E = loss("squared").E(outputs(model.network, plan.validation.X).astype(float), np.asarray(plan.validation.T))
    assert E.mean() == pytest.approx(model.history.validation_loss[model.history.best_epoch - 1], rel=1e-6)


def test_the_network_answers_as_with_the_columns_at_their_means(learnt: tuple[Model, Midway, Model]) -> None:
    plan = models.plan(table(), "y", **HOW)
    found = Midway.of(plan)
    assert found is not None
    found.left_out = [1, 3]
    X = np.array(found.held_out.X)
    for k in found.left_out:
        X[:, found.columns[k][1]] = X[:, found.columns[k][1]].mean(axis=0)
    expected = outputs(plan.network, X)
    network = found.without(plan.network.copy())
    for rows in (found.held_out.X, silenced(found.held_out.X, found._inputs)):
        np.testing.assert_allclose(outputs(network, rows), expected, rtol=1e-4, atol=1e-5)


def test_encoded_inputs_are_silenced_as_dense_ones(learnt: tuple[Model, Midway, Model]) -> None:
    X = learnt[1].held_out.X
    gone = np.zeros(X.shape[1], bool)
    for _, place in learnt[1].columns[::2]:
        gone[place] = True
    assert not isinstance(X, np.ndarray)
    np.testing.assert_array_equal(np.asarray(silenced(X, gone)), np.where(gone, 0.0, np.asarray(X)))
    np.testing.assert_array_equal(silenced(np.asarray(X), gone), np.asarray(silenced(X, gone)))


@pytest.mark.parametrize("more", [{"schedule": "cosine"}, {"screening": False}, {"validation": 0.0}, {"epochs": 12}])
def test_who_is_not_asked(more: dict[str, Any]) -> None:
    assert Midway.of(models.plan(table(), "y", **ONE | more)) is None
    assert Midway.of(models.plan(table(2_400), "y", **ONE)) is None


def test_a_run_goes_on_to_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltaw.training.folder.KEPT", 99)
    monkeypatch.setattr(Ablation, "eliminated", lambda self, important: [2, 4])

    def content(folder: Path | None) -> bytes:
        keep = {} if folder is None else {"checkpoint": folder, "every": "1epochs", "resume": True}
        fit(table(), "y", verbose=False, **HOW, **keep).save(tmp_path / "saved")
        return (tmp_path / "saved").read_bytes()

    expected = content(None)
    assert content(tmp_path / "run") == expected
    for path in sorted((tmp_path / "run").iterdir())[1::7]:  # before the epoch, after it, and in the finish
        (again := tmp_path / path.stem).mkdir()
        shutil.copy(path, again)
        assert content(again) == expected


@pytest.mark.parametrize("left_out", [[99], [-1], [1, 1], ["a"], 1])
def test_a_forged_state_is_refused(left_out: Any) -> None:
    found = Midway.of(models.plan(table(), "y", **HOW))
    assert found is not None
    with pytest.raises(ModelFileError):
        found.go_on(State({"left_out": left_out}, {}), None, "file")  # type: ignore[arg-type]
