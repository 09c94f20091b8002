"""After the best epoch: a few epochs on all rows, those that chose it, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from small import frame

import deltaw
from deltaw import Model, TrainingInterrupted, doctor, models, report
from deltaw.cli import main
from deltaw.cli.output.text import describe_rows
from deltaw.equations.dropout import Dropout
from deltaw.models.contents import Learning
from deltaw.models.fitting.trainings.across_folds import lowest_epoch
from deltaw.models.fitting.trainings.finishing import LONGER, RATE, SCHEDULE, SHORT, share_of
from deltaw.models.fitting.trainings.listeners import Listeners
from deltaw.models.fitting.trainings.one_training import Trained
from deltaw.models.fitting.trainings.packed import member_plan, trained_pack

TABLE = frame(150)
OWN: dict[str, Any] = {
    "folds": 0, "test_size": 0.0, "validation": 0.4, "hidden": 6, "epochs": 8, "batch_size": 32, "dropout": 0.1,
}  # fmt: skip


def fitted(target: str, **more: Any) -> Model:
    table = TABLE.drop("grade" if target == "price" else "price")
    return deltaw.fit(table, target, **OWN | {"finish": 0.5, "verbose": False} | more)


@pytest.mark.parametrize("target", ["price", "grade"])
def test_it_is_a_training_from_the_best_weights_on_all_rows(target: str) -> None:
    best, model = fitted(target, finish=0), fitted(target)
    plan, recipe = models.plan(TABLE.drop("grade" if target == "price" else "price"), target, **OWN), model.recipe
    assert plan.validation is not None
    assert recipe.learning_rate is not None
    network = best.network.copy()
    deltaw.train(
        network,
        np.concatenate([plan.training.X, plan.validation.X]),
        np.concatenate([plan.training.T, plan.validation.T]),
        loss=recipe.loss, optimizer=recipe.optimizer or "", learning_rate=RATE * recipe.learning_rate,
        schedule=SCHEDULE, epochs=4, batch_size=32, dropout=Dropout(0.1, recipe.dropout_schedule),
        label_smoothing=recipe.label_smoothing,
    )  # fmt: skip
    for ours, theirs in zip(model.network.weights, network.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)  # dense rows add up in another order
    assert (best.history.finish, model.history.finish) == (0, 4)
    assert model.history.validation_loss == best.history.validation_loss
    assert model.history.batch_steps == best.history.batch_steps + 4 * 5


def test_several_networks_each_choose_by_a_part_of_their_own_and_learn_from_all_rows_in_the_end() -> None:
    best, model = fitted("price", networks=2, finish=0), fitted("price", networks=2)
    plan, recipe = models.plan(TABLE.drop("grade"), "price", **OWN, networks=2, finish=0.5), model.recipe
    runs = trained_pack(plan, Listeners(()))
    parts = [set(run.plan.validation.frame.rows()) for run in runs if run.plan.validation is not None]
    assert plan.validation is not None
    assert parts[0] == set(plan.validation.frame.rows())
    assert [len(part) for part in parts] == [60, 60]
    assert not parts[0] & parts[1]
    assert recipe.learning_rate is not None
    for k, (run, ended) in enumerate(zip(runs, model.members, strict=True)):
        assert run.plan.validation is not None
        assert not parts[k] & set(run.plan.training.frame.rows())
        network = run.network.copy()
        deltaw.train(
            network,
            np.concatenate([plan.training.X, plan.validation.X]),
            np.concatenate([plan.training.T, plan.validation.T]),
            loss=recipe.loss, optimizer=recipe.optimizer or "", learning_rate=RATE * recipe.learning_rate,
            schedule=SCHEDULE, epochs=4, batch_size=32, dropout=Dropout(0.1, recipe.dropout_schedule), seed=k,
        )  # fmt: skip
        np.testing.assert_allclose(ended.weights[0], network.weights[0], rtol=1e-4, atol=1e-6)
    assert (best.history.finish, model.history.finish) == (0, 4)
    assert model.history.batch_steps == best.history.batch_steps + 2 * 4 * 5
    heard: list[int] = []
    ended_early = fitted("price", networks=2, callbacks=(lambda epoch: heard.append(epoch.number) or len(heard) == 10,))
    assert heard == [*range(1, 11)]
    assert ended_early.history.finish == 0
    for ours, run in zip(ended_early.members, runs, strict=True):
        np.testing.assert_array_equal(ours.weights[0], run.network.weights[0])
    once = [fitted("price", networks=2, threads=threads).members[1].weights[0] for threads in (1, 2)]
    np.testing.assert_array_equal(*once)


def test_several_networks_that_were_best_early_finish_sooner() -> None:
    """Of noise the first epoch or two are the best."""
    noise = TABLE.drop("grade").with_columns(price=np.random.default_rng(1).normal(size=len(TABLE)))
    asked: dict[str, Any] = OWN | {"networks": 2, "hidden": 32, "learning_rate": 0.05, "finish": 0.5}
    best = [run.learning.best_epoch for run in trained_pack(models.plan(noise, "price", **asked), Listeners(()))]
    assert best[0] is not None
    assert best[1] is not None
    assert sum(best) < 8  # of 8 epochs each
    model = deltaw.fit(noise, "price", verbose=False, **asked)
    assert model.history.finish == max(1, round(0.5 * (sum(best) / 2 * 8) ** 0.5)) < 4


@pytest.mark.parametrize("target", ["price", "grade"])
def test_networks_of_folds_learn_from_all_rows_in_the_end_and_are_scored_as_they_were_before(target: str) -> None:
    table = TABLE.drop("grade" if target == "price" else "price")
    asked: dict[str, Any] = {
        "recipe": "accurate", "networks": 3, "hidden": 6, "epochs": 8, "batch_size": 32, "finish": 1.0,
        "calibrate": False,
    }  # fmt: skip
    plan = models.plan(table, target, **asked)
    before, model = (deltaw.fit(table, target, verbose=False, **asked | more) for more in ({"finish": 0}, {}))
    runs = trained_pack(plan, Listeners(()))
    best = [lowest_epoch(np.array(run.badness)) for run in runs]
    assert model.history.finish == round((8 * np.mean([epoch + 1 for epoch in best])) ** 0.5)
    recipe = model.recipe
    assert recipe.learning_rate is not None
    for k, (run, ended) in enumerate(zip(runs, model.members, strict=True)):
        network = run.after(best[k]).copy()
        deltaw.train(
            network, plan.training.X, plan.training.T, loss=recipe.loss, optimizer=recipe.optimizer or "",
            learning_rate=RATE * recipe.learning_rate, schedule=SCHEDULE, epochs=model.history.finish, batch_size=32,
            dropout=Dropout(0.0, recipe.dropout_schedule), label_smoothing=recipe.label_smoothing, seed=k,
        )  # fmt: skip
        np.testing.assert_allclose(ended.weights[0], network.weights[0], rtol=1e-4, atol=1e-6)
    assert not np.array_equal(model.network.weights[0], before.network.weights[0])
    assert model.scores == before.scores
    assert model.witness is not None
    assert before.witness is not None
    np.testing.assert_array_equal(model.witness.network.weights[0], before.witness.network.weights[0])


def test_what_was_held_out_before_it_counts_as_learnt_from() -> None:
    """By the doctor: of a network that is finished on all rows, those of its fold say nothing about other rows."""
    rng = np.random.default_rng(1)
    noise = pl.DataFrame(rng.normal(size=(120, 12))).with_columns(grade=pl.Series(rng.choice(["a", "b"], 120)))
    asked: dict[str, Any] = {"recipe": "accurate", "networks": 2, "learning_rate": 0.05, "batch_size": 8, "epochs": 12}
    model = deltaw.fit(noise, "grade", verbose=False, **asked, finish=10.0, screening=False)
    assert model.member(2).evaluate(noise)["accuracy"] > 0.75
    assert model.scores is not None
    assert model.scores["accuracy"] < 0.65
    plan = models.replan(model, noise)
    assert plan is not None
    assert member_plan(plan, 1).test is not None
    assert member_plan(plan, 1, finished=True).test is None
    seen = doctor.examine_model(model, noise, member=2, seconds=0.5).evidence.during
    assert seen is not None
    assert seen.contaminated
    assert seen.skill < 0.2


@pytest.mark.parametrize(("target", "last", "share"), [
    ("price", 0.97, 0.0), ("price", 0.95, LONGER), ("grade", 0.97, SHORT), ("grade", 0.95, LONGER),
    ("grade", 2.0, SHORT),
])  # fmt: skip
def test_how_long_it_is_depends_on_what_the_last_cycle_brought(target: str, last: float, share: float) -> None:
    table = TABLE.drop("grade" if target == "price" else "price")
    if target == "grade":
        table = table.with_columns(grade=pl.Series(np.resize(["a", "b", "c", "d"], len(TABLE))))
    plan = models.plan(table, target, "accurate", epochs=15)
    assert plan.recipe.finish == "waves"
    assert plan.finishes
    learning = Learning(validation_loss=[2.0, 1.0, 3.0, 2.0, 2.0, 1.5, 1.0, *[3.0] * 7, last])
    assert share_of(Trained(plan, plan.network, learning, [])) == share
    ended_early = Learning(validation_loss=[2.0, 1.0])
    assert share_of(Trained(plan, plan.network, ended_early, [])) == (SHORT if target == "grade" else 0.0)


@pytest.mark.parametrize("without", [
    {"validation": frame(60, seed=9)}, {"validation": 0.0}, {"folds": 3, "test_size": None, "validation": 0.2},
    {"recipe": "notes"}, {"finish": 0},
])  # fmt: skip
def test_rows_that_were_given_to_choose_by_are_not_learnt_from(without: dict[str, Any]) -> None:
    """Nor is there anything to finish where nothing is held out in the end, or the recipe does not."""
    if "recipe" in without:
        without = {"finish": models.RECIPES[without["recipe"]]["regression"].finish} | without
    one, other = fitted("price", **without), fitted("price", **without | {"finish": 0})
    assert one.history.finish == 0
    np.testing.assert_array_equal(one.network.weights[0], other.network.weights[0])


@pytest.mark.parametrize("networks", [1, 2])
def test_rows_that_it_has_learnt_from_do_not_draw_the_line(networks: int) -> None:
    yes = TABLE.with_columns(grade=TABLE["grade"].eq(TABLE["grade"][0]).cast(int)).drop("price")
    told = {**OWN, "verbose": False, "threshold": "best:f1", "networks": networks}
    one, other = (deltaw.fit(yes, "grade", **told, finish=finish) for finish in (2.0, 1e-9))
    assert one.history.finish == 16
    assert one.target.threshold == other.target.threshold


def test_callbacks_hear_of_it_and_may_end_it() -> None:
    heard: list[Any] = []
    model = fitted("price", callbacks=(heard.append,))
    assert [each.number for each in heard] == [*range(1, 13)]
    assert {each.score is None for each in heard[8:]} == {True}
    ended = fitted("price", callbacks=(lambda epoch: epoch.number == 10,))
    assert (ended.history.ended, ended.history.finish) == ("callback", 0)
    best = fitted("price", finish=0)
    np.testing.assert_array_equal(ended.network.weights[0], best.network.weights[0])
    assert not np.array_equal(model.network.weights[0], best.network.weights[0])

    def interrupt(epoch: Any) -> None:
        if epoch.number == 10:
            raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted) as stopped:
        fitted("price", callbacks=(interrupt,))
    np.testing.assert_array_equal(stopped.value.model.network.weights[0], best.network.weights[0])


def test_a_file_keeps_how_long_it_was_and_show_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, path = fitted("price"), tmp_path / "m.deltaw"
    model.save(path)
    assert deltaw.load(path).history.finish == 4
    assert "then 4 epochs on all rows" in repr(model.history)
    assert "which it was trained on at the end" in report.html(model)
    TABLE.drop("grade").write_csv(tmp_path / "t.csv")
    own = [x for name in ("epochs", "validation", "hidden") for x in ("--set", f"{name}={OWN[name]}")]
    assert main(["train", str(tmp_path / "t.csv"), "--target", "price", "--test-size", "0", "--folds", "0", "-o",
                 str(path), *own]) == 0  # fmt: skip
    assert "then 2 epochs on all rows" in capsys.readouterr().out


def test_more_epochs_begin_it_anew(tmp_path: Path) -> None:
    how: dict[str, Any] = {"schedule": "constant", "dropout_schedule": "constant", "dropout": 0.0, "optimizer": "sgd"}
    fitted("price", **how, checkpoint=tmp_path)
    longer = fitted("price", **how, checkpoint=tmp_path, resume=True, epochs=10)
    np.testing.assert_array_equal(longer.network.weights[0], fitted("price", **how, epochs=10).network.weights[0])


def test_what_belongs_together_is_held_out_once_from_all_networks() -> None:
    """Parts of their own would divide a group; the network that is examined is told what it learnt from."""
    grouped = TABLE.drop("grade").with_columns(house=pl.Series(np.arange(150) // 5))
    for own in ({}, {"group": "house"}):
        plan = models.plan(grouped, "price", **OWN, **own, networks=2, finish=0.5)
        runs = trained_pack(plan, Listeners(()))
        parts = [run.plan.validation for run in runs]
        assert plan.chooses_apart == (parts[0] is not parts[1]) == (not own)
        assert ("holds out a different part" in describe_rows(plan)) == (not own)
        second = member_plan(plan, 1)
        assert second.validation is not None
        assert parts[1] is not None
        assert second.validation.frame.rows() == parts[1].frame.rows()
        assert models.replan(models.run(plan), grouped) is not None


def test_a_wave_that_brings_nothing_is_the_last() -> None:
    """As if the training had gone on and its best epoch were among those that were made."""
    noise = TABLE.drop("price", "grade").with_columns(y=np.random.default_rng(1).normal(size=len(TABLE)))
    own = OWN | {"epochs": 15, "schedule": "coslog", "learning_rate": 0.05, "batch_size": 8, "finish": 0.2}
    whole, ended = (deltaw.fit(noise, "y", **own, patience=patience, verbose=False) for patience in (None, "waves"))
    assert (len(whole.history), whole.history.ended) == (15, "finished")
    assert (len(ended.history), ended.history.ended, ended.history.finish) == (7, "early stopping", 3)
    assert ended.history.validation_loss == whole.history.validation_loss[:7]
    assert whole.history.best_epoch == ended.history.best_epoch
    for ours, theirs in zip(ended.network.weights, whole.network.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
