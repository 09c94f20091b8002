"""A trained network as it was saved: what the doctor says is about those weights, not about a training of its own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import models
from deltaw.doctor import diagnose, examine_model, examine_table
from deltaw.doctor.tables import planned
from deltaw.models import Model

SECONDS = 2.0


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    x = np.random.default_rng(3).normal(size=(600, 3))
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "kind": np.where(x[:, 0] * x[:, 1] > 0, "p", "m")})


@pytest.fixture(scope="module")
def model(frame: pl.DataFrame) -> Model:
    return deltaw.fit(frame, "kind", epochs=60, hidden=[24, 16], activation="relu", validation=0.0, folds=0, seed=5)


def broken(model: Model, tmp_path: Path) -> Model:
    """The same model with dead units in its second layer, by way of a file."""
    model.save(tmp_path / "m.deltaw")
    other = models.load(tmp_path / "m.deltaw")
    other.network.biases[1][:] = -100.0
    return other


def test_the_plan_of_a_model_is_found_again(frame: pl.DataFrame, model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "m.deltaw")
    for each in (model, models.load(tmp_path / "m.deltaw")):
        again = models.replan(each, frame)
        assert again is not None
        assert again.recipe == model.recipe
        assert model.held_out is not None
        assert again.test is not None
        assert again.test.frame.equals(model.held_out)
        twin = models.run(again)
        for a, b in zip(twin.network.weights, model.network.weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_other_rows_have_no_plan(frame: pl.DataFrame, model: Model) -> None:
    assert models.replan(model, frame[:300]) is None
    assert models.replan(model, frame.with_columns(a=pl.col("a") * 2)) is None
    with pytest.raises(deltaw.InputError, match="kind"):
        models.replan(model, frame.drop("kind"))


def test_other_rows_count_as_the_models_own_did(frame: pl.DataFrame) -> None:
    rows = frame.with_columns(w=pl.Series(np.arange(len(frame)) % 3))
    counted = {"weight": "w", "class_weight": "balanced"}
    model = deltaw.fit(rows, "kind", hidden=4, epochs=2, **counted)
    other = rows[:300]
    assert models.replan(model, other) is None
    setup = examine_model(model, other, seconds=0).setup
    counting = other.filter(pl.col("w") > 0)
    share = counting.group_by("kind").agg(n=pl.col("w").sum())
    classes = dict(zip(share["kind"], share["n"].sum() / (len(share) * share["n"]), strict=True))
    wanted = {round(w * factor, 9) for w in (1, 2) for factor in classes.values()}
    assert setup.sample_weight is not None
    assert set(np.round(setup.sample_weight, 9)) == wanted
    assert len(setup.sample_weight) == len(setup.X) == len(counting) - len(setup.test[0])
    assert (
        examine_model(deltaw.fit(frame, "kind", hidden=4, epochs=2), frame[:300], seconds=0).setup.sample_weight is None
    )


def test_the_score_is_the_models_own(frame: pl.DataFrame, model: Model) -> None:
    diagnosis = examine_model(model, frame, seconds=SECONDS)
    seen = diagnosis.evidence.watched
    assert seen.saved
    assert diagnosis.healthy
    assert model.scores is not None
    assert seen.trainings[0].score == pytest.approx(model.scores["accuracy"])
    np.testing.assert_array_equal(seen.loss, model.history.loss)
    assert "as it was saved" in diagnosis.page.text()


def every_row(epochs: int, rate: float) -> tuple[pl.DataFrame, Model]:
    """A model of 300 rows that it has all met, of which a plain network learns the noise by heart."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 8))
    rows = pl.DataFrame({f"x{i}": x[:, i] for i in range(8)} | {"y": x[:, 0] + x[:, 1] + rng.normal(size=300)})
    return rows, deltaw.fit(rows, "y", epochs=epochs, learning_rate=rate, from_line=False)


def test_a_model_of_every_row_is_judged_by_rows_held_out_of_a_training_like_it() -> None:
    """On rows that it was trained on a plain network that learns by heart is always better, and that tells nothing."""
    rows, model = every_row(epochs=20, rate=0.03)
    diagnosis = examine_model(model, rows, seconds=SECONDS)
    seen = diagnosis.evidence.watched
    assert seen.saved
    assert seen.contaminated
    assert model.scores is not None
    assert seen.trainings[0].score == pytest.approx(model.scores["r2"], abs=0.15)
    assert seen.trainings[0].score < seen.retrained.fitted
    np.testing.assert_array_equal(seen.loss, model.history.loss)  # what is drawn is the model's own
    assert not {"worse_than_simple_model", "too_few_epochs", "over_regularised"} & {f.rule for f in diagnosis.findings}
    assert "did not use" in diagnosis.page.text()


def test_a_model_of_every_row_that_learnt_too_little_is_found_and_mended() -> None:
    rows, slow = every_row(epochs=3, rate=1e-6)
    diagnosis = examine_model(slow, rows, seconds=SECONDS)
    assert diagnosis.findings[0].rule == "learning_rate_too_low"
    repaired = diagnosis.repair(seconds=2 * SECONDS)
    assert repaired.helped
    assert len(repaired.before) == 3


def test_weights_of_every_row_that_are_worse_than_their_settings(tmp_path: Path) -> None:
    rows, model = every_row(epochs=20, rate=0.03)
    diagnosis = examine_model(broken(model, tmp_path), rows, seconds=SECONDS)
    assert diagnosis.findings[0].rule == "damaged_weights"
    assert "of the training rows" in diagnosis.page.text()
    assert diagnosis.repair(seconds=SECONDS).kept[0].rule == "damaged_weights"


def test_what_is_wrong_with_the_saved_weights_is_said(frame: pl.DataFrame, model: Model, tmp_path: Path) -> None:
    """Its recipe is sound: only the weights can tell, and training anew is the repair."""
    diagnosis = examine_model(broken(model, tmp_path), frame, seconds=SECONDS)
    found = {f.rule: f for f in diagnosis.findings}
    assert diagnosis.findings[0].rule == "damaged_weights"
    assert diagnosis.findings[0].severity == "fault"
    assert found["dead_units"].evidence["dead"] == 16
    assert found["dead_units"].where is not None
    assert found["dead_units"].where.layer == 1
    assert found["dead_units"].because_of == ("damaged_weights",)
    repaired = diagnosis.repair(seconds=SECONDS)
    assert repaired.kept[0].rule == "damaged_weights"
    assert len(repaired.before) == 1
    assert len(repaired.after) == 3
    assert np.mean(repaired.after) > repaired.before[0] + 0.2
    assert "over 3 seeds" in str(repaired)


def test_settings_at_fault_are_not_blamed_on_the_weights(frame: pl.DataFrame) -> None:
    slow = deltaw.fit(frame, "kind", epochs=20, hidden=[24], validation=0.0, folds=0, learning_rate=1e-6)
    diagnosis = examine_model(slow, frame, seconds=SECONDS)
    assert diagnosis.findings[0].rule == "learning_rate_too_low"
    assert "damaged_weights" not in {f.rule for f in diagnosis.findings}
    repaired = diagnosis.repair(seconds=2 * SECONDS)
    assert repaired.helped
    assert len(repaired.before) == 1


def test_rows_that_it_never_saw(frame: pl.DataFrame, model: Model, tmp_path: Path) -> None:
    few = frame[:400]
    sound = examine_model(model, few, seconds=SECONDS)
    assert sound.evidence.watched.saved
    assert sound.healthy
    assert examine_model(broken(model, tmp_path), few, seconds=SECONDS).findings[0].rule == "damaged_weights"


def test_bins_are_called_by_their_column() -> None:
    rng = np.random.default_rng(0)
    size = rng.normal(size=400)
    table = pl.DataFrame({"size": size, "twice": 2 * size, "other": rng.normal(size=400), "price": size**2})
    setup = planned(models.plan(table, "price", scaling="piecewise"))
    columns = dict.fromkeys(setup.columns or ())
    assert list(columns) == ["size", "twice", "other"]
    assert len(setup.columns or ()) == setup.X.shape[1] > 3
    diagnosis = diagnose(setup, seconds=0)
    twins = next(each for each in diagnosis.findings if each.rule == "duplicate_columns")
    assert twins.cause.startswith("1 of 3 columns repeat another: twice.")


def test_slots_that_have_to_be_empty_are_no_constant_columns() -> None:
    """The slot for words not met yet is 0 in every row of training, the second of two words 1 less the first."""
    rng = np.random.default_rng(0)
    table = pl.DataFrame({"x": rng.normal(size=200), "word": rng.choice(["a", "b"], 200), "yes": rng.random(200) < 0.5})
    diagnosis = diagnose(planned(models.plan(table, "x")), seconds=0)
    assert any(name.endswith("(other)") for name in diagnosis.setup.columns)
    assert not {"constant_columns", "duplicate_columns"} & {each.rule for each in diagnosis.findings}
    again = table.with_columns(again=pl.col("word"))
    found = diagnose(planned(models.plan(again, "x")), seconds=0).findings
    assert "duplicate_columns" in {each.rule for each in found}


def test_classes_are_counted_among_the_rows_that_are_learnt_from() -> None:
    """A part of the table's 305: the sentence says so, and whose rows its counts are of."""
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"x": rng.normal(size=305), "y": ["no"] * 300 + ["yes"] * 5})
    diagnosis = diagnose(planned(models.plan(frame, "y")), seconds=0)
    (found,) = (each for each in diagnosis.findings if each.rule == "class_imbalance")
    said = re.match(r"Of the (\d+) training rows, (\d+) are of the most frequent class, (\d) of", found.cause)
    assert said is not None
    whole, most, least = map(int, said.groups())
    assert whole == most + least == len(diagnosis.setup.X) < 305


def test_values_far_out_are_named_as_the_table_has_them() -> None:
    rng = np.random.default_rng(0)
    age = np.where(np.arange(300) % 8, rng.normal(40, 12, 300).round(1), -999)
    frame = pl.DataFrame({"age": age, "z": rng.normal(size=300), "y": (age > 40).astype(int)})
    for scaling, rules in (("standard", ["input_outliers"]), ("piecewise", [])):
        diagnosis = diagnose(planned(models.plan(frame, "y", scaling=scaling)), seconds=0)
        found = [each for each in diagnosis.findings if each.rule == "input_outliers"]
        assert [each.rule for each in found] == rules
        for each in found:
            assert each.cause.startswith("Some values of column age are outliers (−999), all others lie from ")
            assert each.repair is not None
            assert each.repair.words.startswith("read -999 as missing (na=['-999'])")
    assert models.plan(deltaw.read(frame, na=["-999"]), "y").columns[0].n_missing == 38


def test_targets_far_out_are_no_chance() -> None:
    """Answers of which one in nine is a number for a missing one were said to have nothing to do with the inputs."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=240)
    frame = pl.DataFrame({"x": z, "y": np.where(np.arange(240) % 9, z, -999)})
    first, *others = examine_table(frame, "y", seconds=2).findings
    assert first.rule == "target_outliers"
    assert " of the targets are outliers (−999), all others lie from −2" in first.cause
    assert first.repair is not None
    assert first.repair.words.startswith("read -999 as missing (na=['-999'])")
    assert all("target_outliers" in each.because_of for each in others if each.rule == "uninformative_inputs")


def test_networks_begin_with_the_line_as_fit_has_them() -> None:
    """A small difference of large numbers, which without the line is not found: nor is it said to be nowhere."""
    rng = np.random.default_rng(0)
    a, difference = rng.normal(1000, 300, 400), rng.normal(0, 3, 400)
    table = pl.DataFrame({"a": a, "b": a - difference, "y": difference + 0.1 * rng.normal(size=400)})
    model = deltaw.fit(table, "y", epochs=10, verbose=False)
    for diagnosis in (examine_table(table, "y", seconds=3), examine_model(model, table, seconds=3)):
        assert not [each for each in diagnosis.findings if each.severity == "fault"]
        seen = diagnosis.evidence.watched
        assert seen.skill > 0.9
        assert seen.setup.drawn
        assert not np.array_equal(seen.setup.seeded(1).network.weights[0], seen.setup.network.weights[0])
    # Of the model all rows are learnt from: the line of those held out would know their answers.
    assert not np.array_equal(diagnosis.setup.network.weights[0], seen.setup.network.weights[0])
