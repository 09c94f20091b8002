"""Searches: what is drawn, what chooses, what scores, and that each member's line is what made it."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deltaw
from deltaw import models
from deltaw.equations.optimizers import optimizer
from deltaw.exceptions import SettingError
from deltaw.models.contents import recipe_of
from deltaw.models.fitting.trainings.listeners import Listeners
from deltaw.models.fitting.trainings.one_training import trained
from deltaw.models.fitting.trainings.packed import candidate_plan
from deltaw.models.recipes import choose, sized
from deltaw.models.search import budget, growing
from deltaw.models.search.pool import held_out_rows
from deltaw.models.search.ranges import RANGES, drawable, drawn, values

N = 260
FAST: dict[str, Any] = {"epochs": 8, "hidden": 8, "verbose": False}


def frame(seed: int = 0, n: int = N) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, n))
    number = x * y + 0.3 * rng.normal(size=n)
    word = np.where(number > 0.3, "high", np.where(number < -0.3, "low", "mid"))
    return pl.DataFrame({"x": x, "y": y, "number": number, "word": word})


ONE, OTHER = frame().drop("word"), frame().drop("number")


@pytest.fixture(scope="module")
def tuned() -> deltaw.Model:
    return deltaw.tune(ONE, "number", rounds=1, **FAST | {"hidden": None})


@pytest.fixture(scope="module")
def grown() -> deltaw.Model:
    """`accurate` by a budget of rounds in the place of seconds."""
    plan = models.plan(OTHER, "word", "accurate", seconds=1e6, epochs=8)
    return growing.searched_ensemble(plan, Listeners(()), rounds=6)


# --- what is drawn --------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**40), st.integers(0, 500), st.sampled_from(["classification", "regression"]))
def test_what_is_drawn_lies_within_its_law(seed: int, number: int, task: str) -> None:
    own = sized(choose("default", task, {}), 1000, 10, False, 2)
    found = drawn(own, drawable(own, ()), seed, number)
    assert found == (own if not number else drawn(own, drawable(own, ()), seed, number))
    before, after = values(own), values(found)
    assert before.keys() == after.keys()
    assert after["scaling"] == before["scaling"]
    for name, factor in (("learning_rate", 3.0), ("weight_decay", 10.0)):
        assert 0.9 / factor <= after[name] / before[name] <= 1.1 * factor
    assert after["layers"] in (1, 2, 3)
    assert after["width"] in (32, 64, 128)
    assert 0 <= after["dropout"] <= 0.3
    assert optimizer(str(found.optimizer)).weight_decay == after["weight_decay"]
    assert type(found).from_document(found.document()) == found  # a recipe that a file can keep


def test_what_is_given_is_not_drawn() -> None:
    own = sized(choose("default", "classification", {}), 1000, 10, False, 2)
    names = drawable(own, ("hidden", "learning_rate", "optimizer"))
    assert not {"layers", "width", "learning_rate", "weight_decay"} & set(names)
    for number in range(1, 30):
        found = drawn(own, names, 0, number)
        assert (found.hidden, found.learning_rate, found.optimizer) == (own.hidden, own.learning_rate, own.optimizer)
    assert "label_smoothing" not in drawable(sized(choose("default", "regression", {}), 1000, 10, False, 2), ())


def test_every_setting_is_drawn_and_kept_about_as_often() -> None:
    own = sized(choose("default", "classification", {}), 1000, 10, False, 2)
    found = [values(drawn(own, drawable(own, ()), 3, number)) for number in range(1, 150)]
    for name in set(RANGES) - {"scaling"}:
        kept = np.mean([each[name] == values(own)[name] for each in found])
        assert 0.35 < kept < 0.85, name


# --- what chooses, and what scores ----------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", ["loss", "score", "mae", "log_loss"])
def test_what_is_chosen_by_is_the_loss_or_the_score(keep: str) -> None:
    rng, classes = np.random.default_rng(0), keep == "log_loss"
    data, target = (OTHER, "word") if keep != "mae" else (ONE, "number")
    plan = models.plan(data, target, "accurate", keep=keep)
    held_out = held_out_rows(plan)
    k = 3 if target == "word" else 1
    outputs = rng.dirichlet(np.ones(3), N) if k == 3 else rng.normal(size=(N, 1))
    scored = held_out.outcome(outputs)
    names = {"loss": "log_loss", "score": "accuracy"}
    metric = models.metric_of(names.get(keep, keep), plan.target.task)
    sign = 1 if keep in ("loss", "log_loss", "mae") else -1
    assert held_out.badness(outputs) == pytest.approx(sign * metric.score(scored), rel=1e-6)
    assert classes or len(held_out.parts) == 4
    np.testing.assert_allclose(held_out.shares.sum(), 1)


def test_never_worse_than_the_recipe_where_it_chooses(tuned: deltaw.Model) -> None:
    found = tuned.tuning
    assert found is not None
    assert found.tuned <= found.untuned
    assert found.gained == (found.tuned < found.untuned)
    assert found.rows == N - len(tuned.held_out)
    assert [each.number for each in found.trials] == list(range(11))  # the recipe by three scalings, then eight
    assert found.networks == len(tuned.members) <= 16
    assert {"chosen", "first"} <= set(found.document()["trials"][0])
    assert found.trials[0].epochs == 8


def test_rows_that_score_have_chosen_nothing(tuned: deltaw.Model) -> None:
    """Whatever they answer, the networks are the same to the bit."""
    held = tuned.held_out
    other = ONE.with_columns(
        pl.when(pl.col("x").is_in(held["x"].implode())).then(1000.0 * pl.col("y")).otherwise("number").alias("number")
    )
    again = deltaw.tune(other, "number", rounds=1, **FAST | {"hidden": None})
    assert again.held_out["x"].equals(held["x"])
    for mine, its in zip(tuned.members, again.members, strict=True):
        for w, v in zip(mine.weights, its.weights, strict=True):
            np.testing.assert_array_equal(w, v)
    assert again.scores["r2"] != tuned.scores["r2"]
    assert tuned.evaluate(held)["r2"] == pytest.approx(tuned.scores["r2"])


def test_the_same_bits_for_any_number_of_threads(tuned: deltaw.Model, tmp_path: Path) -> None:
    again = deltaw.tune(ONE, "number", rounds=1, threads=1, **FAST | {"hidden": None})
    for name, model in (("two", tuned), ("one", again)):
        model.save(tmp_path / f"{name}.deltaw")
    assert (tmp_path / "one.deltaw").read_bytes() == (tmp_path / "two.deltaw").read_bytes()
    assert again.tuning is not None
    assert again.tuning.lines == tuned.tuning.lines


def test_noise_scores_like_a_guess() -> None:
    """Twenty-odd candidates for a target that nothing tells: the best of them look good where they were chosen."""
    rng = np.random.default_rng(5)
    noise = pl.DataFrame({"x": rng.normal(size=400), "y": rng.normal(size=400), "t": rng.normal(size=400)})
    plan = models.plan(noise, "t", "accurate", seconds=1e6, epochs=4, hidden=4, batch_size=64)
    model = growing.searched_ensemble(plan, Listeners(()), rounds=11)
    assert model.scores is not None
    assert model.scores.rows == 400
    assert model.scores["r2"] < 0.01


def test_out_of_fold_answers_score_what_the_clock_has_grown(grown: deltaw.Model) -> None:
    assert grown.scores is not None
    assert grown.scores.rows == N
    assert 4 <= len(grown.members) <= 16
    assert len({str(way.settings) for way in grown.ways}) == len(grown.members) // 4 > 1
    assert len({len(network.sizes) for network in grown.members}) > 1  # layers of their own, too
    assert sorted({way.part for way in grown.ways}) == [1, 2, 3, 4]
    assert grown.scores["accuracy"] > grown.scores.baseline["accuracy"]
    assert grown.witness is not None
    grown.witness.predict(grown.witness.held_out)


@pytest.mark.parametrize("more", [{"threshold": "best:f1"}, {"time": "y"}, {"test_size": 0.2}, {"metric": "auc"}])
def test_every_way_to_divide_and_to_choose(more: dict[str, Any]) -> None:
    two = frame(n=400).with_columns(pl.col("number") > 0).drop("word")
    plan = models.plan(two, "number", "accurate", seconds=1e6, epochs=4, hidden=4, **more)
    model = growing.searched_ensemble(plan, Listeners(()), rounds=2)
    assert model.scores is not None
    model.predict(two)
    if "threshold" in more:
        assert 0 < model.target.threshold < 1


# --- how long -------------------------------------------------------------------------------------------------------


def test_the_clock_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that a look at it moves on: fewer epochs than looks, and the recipe as it is has made one."""
    ticks = count()
    monkeypatch.setattr(budget, "monotonic", lambda: 0.01 * next(ticks))
    model = deltaw.tune(ONE, "number", seconds=1, **FAST | {"epochs": 100_000})
    assert model.tuning is not None
    assert model.tuning.end == "seconds"
    assert 0 < sum(each.epochs for each in model.tuning.trials) < 100
    assert next(ticks) < 400
    assert model.history.ended == "finished"


def test_a_callback_hears_of_the_rounds_and_ends_it() -> None:
    told: list[Any] = []
    model = deltaw.tune(
        ONE, "number", rounds=1000, callbacks=[lambda epoch: told.append(epoch) or len(told) > 1], **FAST
    )
    assert model.history.ended == model.tuning.end == "callback"
    assert {(each.unit, each.epochs) for each in told} == {("round", 1000)}


@pytest.mark.parametrize("way", ["tune", "fit"])
def test_ctrl_c_gives_the_best_so_far(way: str) -> None:
    told = []

    def press(epoch: Any) -> None:
        told.append(epoch)
        if len(told) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    asked = FAST | {"epochs": 100_000, "callbacks": [press], "seconds": 1000.0}
    with pytest.raises(deltaw.TrainingInterrupted) as caught:
        deltaw.tune(ONE, "number", **asked) if way == "tune" else deltaw.fit(ONE, "number", "accurate", **asked)
    model = caught.value.model
    assert model.history.ended == "interrupted"
    assert model.scores is not None
    assert np.isfinite(model.predict(ONE)).all()


# --- what it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["tuned", "grown"])
def test_each_members_line_is_what_made_it(which: str, request: pytest.FixtureRequest) -> None:
    """A network that is trained alone by what its line says is the member, to the bit."""
    model = request.getfixturevalue(which)
    plan = models.replan(model, ONE if which == "tuned" else OTHER)
    assert plan is not None
    for number in {1, len(model.members)}:
        way, recipe = model.ways[number - 1], recipe_of(model, number)
        own = replace(candidate_plan(plan, way, recipe), test=None, validation=None)
        alone = trained(own, Listeners(()), until=way.epoch).network
        assert alone.sizes == model.members[number - 1].sizes
        for w, v in zip(alone.weights, model.members[number - 1].weights, strict=True):
            np.testing.assert_array_equal(w, v)


def test_it_is_a_model_as_any_other(grown: deltaw.Model, tmp_path: Path) -> None:
    path = tmp_path / "m.deltaw"
    grown.save(path)
    loaded = deltaw.load(path)
    assert loaded.ways == grown.ways
    np.testing.assert_array_equal(loaded.predict(OTHER), grown.predict(OTHER))
    last = len(loaded.members)
    member = loaded.member(last)
    assert member.recipe == recipe_of(grown, last)
    assert tuple(member.network.sizes[1:-1]) == member.recipe.hidden
    assert f"The answers of all {last} networks" in str(deltaw.explain.prediction(loaded, OTHER, 3, member=last))
    found = deltaw.doctor.examine_model(loaded, OTHER, member=last, seconds=0)
    assert found.setup.seed == loaded.ways[-1].seed
    assert found.setup.learning_rate == member.recipe.learning_rate
    assert str(member.recipe.dropout) in str(found.setup.dropout)
    assert len(found.setup.test[1]) == N // 4
    one, cost = loaded.single(OTHER)
    assert one.ways == ()
    assert cost.networks == last


def test_a_single_network() -> None:
    model = deltaw.tune(ONE, "number", rounds=1, members=1, validation=0.3, **FAST)
    assert len(model.members) == 1
    assert model.history.best_epoch == model.ways[0].epoch
    assert model.origin.validation_rows > 50


def test_a_damaged_line_of_a_member_is_refused(grown: deltaw.Model, tmp_path: Path) -> None:
    from deltaw.exceptions import ModelFileError

    for number, change in enumerate(
        ({"part": 9}, {"epoch": 0}, {"settings": {"dropout": 3.0}}, {"settings": {"x": 1}})
    ):
        path = tmp_path / f"{number}.deltaw"
        replace(grown, ways=(*grown.ways[:-1], replace(grown.ways[-1], **change))).save(path)
        with pytest.raises(ModelFileError):
            deltaw.load(path)
    replace(grown, ways=grown.ways[1:]).save(tmp_path / "fewer.deltaw")
    with pytest.raises(ModelFileError, match="the ways in which"):
        deltaw.load(tmp_path / "fewer.deltaw")


def test_what_mattered_is_told(tuned: deltaw.Model) -> None:
    from deltaw import report

    found = tuned.tuning
    assert found is not None
    shares = [each.share for each in found.effects]
    assert all(0 <= share <= 1 for share in shares if np.isfinite(share))
    assert all(sum(group.count for group in each.groups) == 11 for each in found.effects)
    assert "Tuning" in dict(report._sections(replace(tuned, scores=None, held_out=None, witness=None)))
    assert found.statement in str(found)
    assert "<table" in found._repr_html_()


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "rounds": ({"rounds": 0}, "rounds: expected a whole number from 1 to 10,000, found 0"),
    "seconds": ({"seconds": float("nan")}, "seconds: expected a number, more than 0"),
    "members": ({"members": 17}, "members: expected a whole number from 1 to 16, found 17"),
    "folds": ({"folds": 3}, "folds: expected none, since a search decides it"),
    "start": ({"start": "m.deltaw"}, "start: expected none, since a search decides it"),
    "notes": ({"recipe": "notes"}, "expected 50 or more held-out rows, to choose settings by, found 0% of 260 rows"),
    "few": ({"source": ONE.head(40)}, "held-out rows, to choose settings by, found 32 of 40 rows; give more rows"),
    "word": ({"learnin_rate": 3}, "did you mean 'learning_rate'"),
    "rate": ({"learning_rate": 1e30, "rounds": 1, **FAST}, "learning_rate: expected one with which the loss stays"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be(case: str) -> None:
    asked, said = BAD[case]
    asked = {"source": ONE, "target": "number", "recipe": "default", "verbose": False} | asked
    with pytest.raises(deltaw.InputError) as caught:
        deltaw.tune(**asked)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_seconds_are_for_accurate_alone(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"recipe": "default", "seconds": 3}, "seconds: expected the recipe accurate, of several networks"),
        ({"seconds": 3, "networks": 1}, "seconds: expected the recipe accurate"),
        ({"seconds": -1}, "seconds: expected a number, more than 0"),
        ({"seconds": 3, "validation": frame(1)}, "validation: expected none beside seconds"),
        ({"seconds": 3, "checkpoint": tmp_path / "run"}, "checkpoint: expected none beside seconds"),
    ]
    for asked, said in cases:
        with pytest.raises(SettingError, match=said):
            deltaw.fit(ONE, "number", **{"recipe": "accurate", "verbose": False} | asked)
