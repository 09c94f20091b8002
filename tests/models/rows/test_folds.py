"""Every row is learnt from, and none is scored by a network that has seen it."""

from __future__ import annotations

import os
import signal
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import QUICK, frame
from test_fit import weights

import deltaw
from deltaw import models
from deltaw.cli.output.text import describe_rows
from deltaw.exceptions import ColumnError, InputError, SettingError
from deltaw.models.rows.division import Constraints, folds, group_folds, later_folds, split_groups, split_later
from deltaw.progress import Silent
from deltaw.report import html

# --- divisions ------------------------------------------------------------------------------------------------------

NUMBERS = st.lists(st.integers(0, 9), min_size=4, max_size=120)


def partition(parts: Any, n: int) -> bool:
    return np.array_equal(np.sort(np.concatenate(parts)), np.arange(n))


@given(NUMBERS, st.integers(2, 6), st.integers(0, 3))
def test_folds_take_every_row_once_and_every_class_evenly(values: list[int], k: int, seed: int) -> None:
    labels = np.unique(values, return_inverse=True)[1]
    parts = folds(len(labels), k, seed, labels)
    assert partition(parts, len(labels))
    counts = np.array([np.bincount(labels[part], minlength=labels.max() + 1) for part in parts])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert np.ptp([len(part) for part in parts]) <= 1


@given(NUMBERS, st.integers(2, 6), st.floats(0, 0.9), st.integers(0, 3))
def test_no_group_is_on_both_sides(values: list[int], k: int, share: float, seed: int) -> None:
    groups = np.array(values)
    kept, apart = split_groups(groups, share, seed)
    assert partition((kept, apart), len(groups))
    assert not set(groups[kept]) & set(groups[apart])
    assert len(kept)
    assert (len(apart) > 0) == (share > 0 and len(set(values)) > 1)
    k = min(k, len(set(values)))
    parts = group_folds(groups, k, seed)
    assert partition(parts, len(groups))
    assert all(len(part) for part in parts)
    assert sum(len(set(groups[part])) for part in parts) == len(set(values))


@given(NUMBERS, st.integers(1, 6), st.floats(0, 0.9))
def test_what_is_held_out_is_later(values: list[int], k: int, share: float) -> None:
    times = np.array(values, float)
    kept, apart = split_later(times, share)
    assert partition((kept, apart), len(times))
    assert not len(apart) or times[kept].max() < times[apart].min()
    if len(set(values)) > 1:
        pairs = later_folds(times, k)
        for before, part in pairs:
            assert len(before)
            assert len(part)
            assert times[before].max() < times[part].min()
        scored = np.concatenate([part for _, part in pairs])
        assert len(np.unique(scored)) == len(scored)
        assert np.array_equal(np.sort(scored), np.flatnonzero(times >= times[pairs[0][1]].min()))


@given(st.integers(20, 200), st.sampled_from([0, 1, 2, 5]), st.integers(0, 3), st.sampled_from([None, "group", "time"]))
@settings(max_examples=40, deadline=None)
def test_no_row_serves_two_purposes(n: int, count: int, seed: int, by: str | None) -> None:
    from deltaw.models.rows.dividing import Choices, divided

    numbers = np.random.default_rng(seed).integers(0, 9, n)
    constraints = Constraints(
        n, None, numbers if by == "group" else None, numbers.astype(float) if by == "time" else None
    )
    layout = divided(
        constraints, Choices(folds=min(count, constraints.most_folds)), 0.2, seed, test=False, validation=False
    )
    for each in (layout.kept, *layout.folds):
        rows = np.concatenate([each.training, each.validation, each.test])
        assert len(np.unique(rows)) == len(rows)
    if layout.folds:
        assert np.array_equal(layout.kept.training, np.arange(n))
    for fold in layout.folds:
        sides = [numbers[part] for part in (fold.training, fold.validation, fold.test) if len(part)]
        if by == "group":
            assert sum(len(set(side)) for side in sides) == len({each for side in sides for each in side})
        if by == "time":
            assert max(sides[0]) < min(sides[-1])


# --- models ---------------------------------------------------------------------------------------------------------


def told_by_heart(n: int = 120) -> pl.DataFrame:
    """Answers that nothing tells but a word that four rows share."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(n // 4), 4)
    y = np.repeat(rng.integers(0, 2, n // 4), 4)
    order = rng.permutation(n)
    return pl.DataFrame({"who": [f"w{i}" for i in who[order]], "x": rng.normal(size=n), "y": y[order]}).with_columns(
        code=pl.col("who")
    )


def test_rows_are_scored_by_networks_that_have_not_seen_them() -> None:
    """Learnt by heart, a row would be answered rightly; so would one of a group whose other rows are learnt from."""
    by_heart = QUICK | {"hidden": 64, "epochs": 40, "validation": 0.0}
    leaks, honest = (deltaw.fit(told_by_heart(), "y", group=by, **by_heart) for by in (None, "who"))
    assert leaks.scores is not None
    assert honest.scores is not None
    assert honest.evaluate(told_by_heart())["accuracy"] > 0.9  # all rows are learnt from
    assert leaks.scores["accuracy"] > 0.8 > 0.75 > honest.scores["accuracy"]


@pytest.mark.parametrize("target", ["grade", "price"])
def test_the_scores_are_the_folds_answers(target: str) -> None:
    """As if each fold's training rows had been the table, and its others a file of test rows."""
    as_learnt = QUICK | {"calibrate": False}
    plan = models.plan(frame(), target, validation=0.0, **as_learnt)
    model = models.run(plan)
    assert model.scores is not None
    assert model.scores.outcome is not None
    answers = []
    for fold in plan.folds:
        rows = plan.table.frame
        alone = deltaw.fit(rows[fold.training], target, test_size=0.0, validation=0.0, task=model.task,
                           **as_learnt | {"optimizer": plan.recipe.optimizer})  # fmt: skip
        answers.append(alone.predict(rows[fold.test]))
    found = model.scores.outcome.predicted
    if model.task == "classification":
        found = np.array(model.classes)[found]
        assert (found == np.concatenate(answers)).all()
    else:
        np.testing.assert_allclose(found, np.concatenate(answers), rtol=1e-6)
    assert model.held_out is not None
    assert sorted(model.held_out["id"]) == sorted(frame()["id"])
    assert weights(model) == weights(deltaw.fit(frame(), target, test_size=0.0, validation=0.0, **as_learnt))


def test_the_epoch_is_the_folds_and_the_schedule_stays() -> None:
    plan = models.plan(frame(), "price", **QUICK)
    told: list[models.ScoredEpoch] = []
    model = models.run(plan, (told.append,))
    folds_told = [each for each in told if each.fold]
    assert [(each.fold, each.folds) for each in folds_told] == [(k, 5) for k in range(1, 6) for _ in range(16)]
    losses = np.array([each.validation_loss for each in folds_told], float).reshape(5, 16)
    np.testing.assert_allclose(losses.mean(axis=0), model.history.validation_loss)
    assert model.history.best_epoch is not None
    best = model.history.best_epoch - 1  # people count from 1
    assert best == int(losses.mean(axis=0).argmin())
    assert len(model.history) == best + 1
    assert [each.number for each in told if not each.fold] == list(range(1, best + 2))
    # The same training without a choice passes through these weights.
    through: list[bytes] = []

    def look(epoch: models.ScoredEpoch) -> None:
        through.append(b"".join(w.tobytes() for w in [*epoch.network.weights, *epoch.network.biases]))

    deltaw.fit(frame(), "price", test_size=0.0, validation=0.0, callbacks=[look], **QUICK)
    assert through[best] == weights(model)


def test_the_same_seed_gives_the_same_scores(tmp_path: Any) -> None:
    one, other = (deltaw.fit(frame(), "grade", seed=3, **QUICK) for _ in range(2))
    assert models.document(one) == models.document(other)
    one.save(tmp_path / "m.deltaw")
    again = deltaw.load(tmp_path / "m.deltaw")
    assert models.document(again) == models.document(one)
    assert (
        again.origin.scored(240)
        == "5-fold cross-validation: each of 240 rows predicted by a network that had not seen it"
    )


def test_other_rows_score_and_choose() -> None:
    rows, others = frame()[:180], frame()[180:]
    model = deltaw.fit(rows, "grade", test=others, **QUICK)
    assert model.origin.training_rows == 180
    assert model.scores == model.evaluate(others)
    chosen = deltaw.fit(rows, "grade", validation=others, folds=0, test_size=0.0, **QUICK)
    assert chosen.history.held_out == "validation"
    assert (chosen.origin.training_rows, chosen.origin.validation_rows) == (180, 60)
    crossed = deltaw.fit(rows, "grade", validation=others, **QUICK)
    assert crossed.scores is not None
    assert crossed.scores.rows == 180
    assert weights(crossed) == weights(chosen)


def test_later_rows_score() -> None:
    days = pl.Series("day", [date(2020, 1, 1) + timedelta(int(i)) for i in np.random.default_rng(1).permutation(240)])
    rows = frame().with_columns(days)
    model = deltaw.fit(rows, "price", time="day", **QUICK)
    assert model.held_out is not None
    assert model.held_out["day"].min() >= rows["day"].sort()[118]
    assert model.scores is not None
    assert "of 120 later rows" in model.origin.scored(model.scores.rows)
    plan = models.plan(rows, "price", time="day", test_size=0.25, **QUICK)
    assert plan.test is not None
    assert plan.test.frame["day"].min() > plan.training.frame["day"].max()
    written = rows.with_columns(pl.col("day").cast(pl.String))
    assert len(models.plan(written, "price", time="day", **QUICK).folds) == 5


def test_broken_off_among_folds_leaves_the_first() -> None:
    for fold in (1, 3, 0):

        def stop(epoch: models.ScoredEpoch, at: int = fold) -> None:
            if (epoch.fold, epoch.number) == (at, 2):
                raise KeyboardInterrupt

        with pytest.raises(deltaw.TrainingInterrupted) as stopped:
            deltaw.fit(frame(), "grade", callbacks=[stop], **QUICK)
        model = stopped.value.model
        assert model is not None
        assert len(model.history) == (2 if fold == 1 else 16)
        assert model.scores is not None
        assert model.scores == model.evaluate(model.held_out)  # this network has not seen them
        assert models.replan(model, frame()) is not None


@pytest.mark.parametrize("target", ["grade", "price"])
def test_folds_side_by_side_learn_what_they_do_in_turn(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    plan = models.plan(frame(), target, **QUICK)
    beside = models.run(plan)
    one_thread = models.run(models.plan(frame(), target, threads=1, **QUICK))
    heard = models.run(plan, [lambda epoch: None])
    monkeypatch.setattr("deltaw.models.fitting.trainings.fold_trainings.MOST_HELD", 0)
    for other in (one_thread, heard, models.run(plan)):
        assert models.document(other) == models.document(beside)
        assert weights(other) == weights(beside)


def test_a_bar_hears_of_folds_side_by_side_as_of_one() -> None:
    bar = Bar()
    model = models.run(models.plan(frame(), "price", **QUICK), [bar])
    assert [each.number for each in bar.told] == [*range(1, 17), *range(1, len(model.history) + 1)]
    assert [each.validation_loss for each in bar.told[:16]] == pytest.approx(model.history.validation_loss)


def test_ctrl_c_among_folds_side_by_side_leaves_the_first() -> None:
    with pytest.raises(deltaw.TrainingInterrupted) as stopped:
        models.run(models.plan(frame(), "grade", **QUICK | {"epochs": 100_000}), [Bar(press=2)])
    model = stopped.value.model
    assert model is not None
    assert model.history.ended == "interrupted"
    assert model.scores == model.evaluate(model.held_out)


class Bar(Silent):
    """One that keeps what it hears, and presses Ctrl-C after an epoch."""

    def __init__(self, press: int = 0) -> None:
        self.told: list[Any] = []
        self.press = press

    def __call__(self, epoch: Any) -> None:
        self.told.append(epoch)
        if epoch.number == self.press:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("undrawn")
def test_a_report_asks_a_network_that_has_not_seen_the_rows() -> None:
    model = deltaw.fit(frame(), "grade", **QUICK)
    assert model.witness is not None
    assert model.witness.held_out is not None
    assert model.held_out is not None
    assert len(model.witness.held_out) == 48
    assert "the network of the first fold" in html(model)


def test_fewer_than_twenty_rows_choose_no_epoch() -> None:
    """Nor does an end by patience then give a fold's network the weights that are best on the rows that it scores."""
    asked: dict[str, Any]
    for n, asked, chooses in (
        (19, {}, False), (20, {}, True), (95, {"folds": 1}, False), (130, {"folds": 1}, True),
        (36, {"time": "id"}, False), (40, {"time": "id"}, True),
    ):  # fmt: skip
        plan = models.plan(frame(n), "price", **asked, **QUICK)
        assert plan.ended_by_folds == chooses
        assert ("find the best epoch" in describe_rows(plan)) == chooses
        model = models.run(plan)
        assert (model.history.best_epoch is not None) == chooses
        if not chooses:
            assert len(model.history) == 16
    patient, not_so = (deltaw.fit(frame(19), "price", patience=patience, **QUICK) for patience in (15, None))
    assert patient.scores == not_so.scores
    assert not models.plan(frame(24), "price", time="id", test_size=0.0, **QUICK).folds


REFUSED: dict[str, tuple[dict[str, Any], type[InputError], str]] = {
    "test and folds": (
        {"test": frame(20), "folds": 5},
        SettingError,
        "one way to choose the test rows, found test and",
    ),
    "test and size": ({"test": frame(20), "test_size": 0.2}, SettingError, "found test and test_size"),
    "size and folds": ({"test_size": 0.2, "folds": 3}, SettingError, "found test_size and folds"),
    "time and test": ({"test": frame(20), "time": "size"}, SettingError, "^time: expected"),
    "time and group": ({"group": "colour", "time": "id"}, SettingError, "^time: expected"),
    "no such group": ({"group": "color"}, ColumnError, 'did you mean "colour"'),
    "group is the target": ({"group": "grade"}, SettingError, "^group: expected another column than the target"),
    "words for time": ({"time": "colour"}, ColumnError, "expected numbers or dates"),
    "time with gaps": ({"time": "size"}, ColumnError, "expected a time in every row"),
    "too many folds": ({"folds": 9, "group": "sunny"}, SettingError, "found 9 for 2 groups"),
    "folds that are none": ({"folds": -1}, SettingError, "^folds: expected a whole number"),
    "half a fold": ({"folds": 2.5}, SettingError, "^folds: expected a whole number"),
    "the same rows": ({"test": frame()}, SettingError, "^test: expected rows that are not among the training rows"),
    "rows that choose and score": (
        {"test": frame(20, seed=1), "validation": frame(20, seed=1)},
        SettingError,
        "^validation: expected rows that are not among the test rows, found the same",
    ),
    "no rows": ({"validation": frame()[:0]}, InputError, "rows"),
    "other columns": ({"test": frame().drop("size")}, ColumnError, 'expected a column "size"'),
    "a group in both": ({"test": frame(20), "group": "colour"}, SettingError, "expected groups that have no row"),
    "a list of groups": ({"group": ["colour"]}, SettingError, "^group: expected the name of a column"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be(case: str) -> None:
    choices, kind, words = REFUSED[case]
    with pytest.raises(kind, match=words) as caught:
        models.plan(frame(), "grade", **choices, **QUICK)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("target", [["grade"], 3.5, True])
def test_a_target_that_is_no_name(target: Any) -> None:
    with pytest.raises(SettingError, match=r"^target: expected a column's name"):
        deltaw.fit(frame(), target, **QUICK)


def test_one_group_and_one_time() -> None:
    rows = frame().with_columns(one=pl.lit("a"), now=pl.lit(1))
    for choices in ({"group": "one"}, {"time": "now"}):
        with pytest.raises(SettingError, match="expected several"):
            models.plan(rows, "grade", **choices, **QUICK)


# --- cross-validation -----------------------------------------------------------------------------------------------


def test_crossval_is_what_fit_scores() -> None:
    found = deltaw.crossval(frame(), "grade", folds=4, repeats=2, **QUICK)
    assert [(each.repeat, each.fold) for each in found.folds] == [(r, k) for r in (1, 2) for k in (1, 2, 3, 4)]
    model = deltaw.fit(frame(), "grade", folds=4, **QUICK)
    assert model.scores is not None
    assert np.mean(found.values("accuracy")[:4]) == pytest.approx(model.scores["accuracy"])  # folds of one size
    assert found.mean("accuracy") == pytest.approx(found.values("accuracy").mean())
    assert found.spread("accuracy") == pytest.approx(found.values("accuracy").std(ddof=1))
    assert found.document()["mean"]["accuracy"] == found.mean("accuracy")
    assert repr(found).startswith("CrossValidation(classification of 'grade', 8 folds: accuracy ")
    for wrong in ({"folds": 1}, {"repeats": 0}, {"test_size": 0.2}, {"folds": True}):
        with pytest.raises(SettingError):
            deltaw.crossval(frame(), "grade", **wrong, **QUICK)


@pytest.mark.slow
def test_scores_of_a_small_table_hold_from_seed_to_seed() -> None:
    """Iris: a fifth of the rows, scored once, showed anything from 83 to 97 %."""
    shown = [deltaw.fit("iris", seed=seed, threads=1, verbose=False).scores for seed in range(20)]
    accuracies = [scores.accuracy for scores in shown if scores is not None]
    assert len(accuracies) == 20
    assert np.mean(accuracies) >= 0.95
    assert min(accuracies) >= 0.90
