"""Of few rows `accurate` trains two networks for each part that is held out: they answer for it together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import models
from deltaw.exceptions import SettingError
from deltaw.models import Model
from deltaw.models.by_data import ALONE
from deltaw.models.fitting.trainings.across_folds import answers_of, by_part, chosen_epochs
from deltaw.models.fitting.trainings.calibration import cross_calibrated, held_out_answers
from deltaw.models.fitting.trainings.listeners import Listeners
from deltaw.models.fitting.trainings.one_training import Trained
from deltaw.models.fitting.trainings.packed import member_plan, trained_pack
from deltaw.models.rows.dividing import held_out_parts

HOW: dict[str, Any] = {"recipe": "accurate", "hidden": 5, "epochs": 5}


def frame(n: int = 160) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, n))
    grade = np.where(x * y + rng.normal(size=n) > 0, "yes", "no")
    return pl.DataFrame({"x": x, "y": y, "group": np.arange(n) % 7, "price": 3 * x + y * y, "grade": grade})


def columns(target: str) -> dict[str, Any]:
    return {"target": target, "columns": ["x", "y"]}


@pytest.fixture(scope="module")
def made() -> Model:
    return deltaw.fit(frame(), **columns("grade"), **HOW)


def runs(rows: pl.DataFrame) -> tuple[models.Plan, list[Trained]]:
    plan = models.plan(rows, **columns("grade"), **HOW)
    return plan, trained_pack(plan, Listeners(()))


def test_each_part_is_held_out_twice(made: Model, tmp_path: Path) -> None:
    assert (len(made.members), made.recipe.networks, made.origin.folds) == (8, 8, 4)
    assert made.scores is not None
    assert made.held_out is not None
    assert made.scores.rows == len(made.held_out) == 160
    assert made.held_out.sort("x").equals(frame()[made.held_out.columns].sort("x"))  # each row once
    made.save(tmp_path / "m.deltaw")
    again = models.replan(deltaw.load(tmp_path / "m.deltaw"), frame())
    assert again is not None
    parts = [member_plan(again, k).test for k in range(8)]
    for k in range(8):
        assert parts[k].frame.equals(parts[k % 4].frame)  # type: ignore[union-attr]
    assert not np.array_equal(made.members[0].weights[0], made.members[4].weights[0])


def test_two_answer_for_their_part_together(made: Model) -> None:
    plan, trained = runs(frame())
    epochs = chosen_epochs(plan, trained)[0]
    done = cross_calibrated(
        trained, epochs, [held_out_answers(plan, run, epoch) for run, epoch in zip(trained, epochs, strict=True)]
    )
    answers = answers_of(plan, by_part(done), [None] * 4)
    assert len(answers) == 4
    first, twin = (done[k].answers(done[k].plan.test).probabilities for k in (0, 4))  # type: ignore[arg-type]
    np.testing.assert_allclose(answers[0].probabilities, (first + twin) / 2, rtol=1e-6)  # type: ignore[operator]
    right = np.concatenate([each.predicted == each.truth for each in answers])
    assert made.scores is not None
    assert made.scores["accuracy"] == pytest.approx(right.mean())


def test_what_a_part_answers_has_no_say_in_who_answers_for_it() -> None:
    """Neither in the epoch, nor in how sure they are: both networks that answer for it leave it to the others."""
    plan, trained = runs(frame())
    twins = [0, 4]
    worse = [replace(run, badness=run.badness[::-1]) if k in twins else run for k, run in enumerate(trained)]
    before, after = (chosen_epochs(plan, each)[0] for each in (trained, worse))
    assert [before[k] for k in twins] == [after[k] for k in twins]
    answers = [held_out_answers(plan, run, epoch) for run, epoch in zip(trained, before, strict=True)]
    answers = [[each._replace(labels=each.shares.argmax(axis=1)) for each in one] for one in answers]  # all are right
    flipped = [[each._replace(labels=1 - each.labels) for each in one] for one in answers]
    other = [flipped[k] if k in twins else answers[k] for k in range(8)]
    one, two = (cross_calibrated(trained, before, each) for each in (answers, other))
    for k in twins:
        np.testing.assert_array_equal(one[k].network.weights[-1], two[k].network.weights[-1])
    assert not np.array_equal(one[1].network.weights[-1], two[1].network.weights[-1])


def test_how_many_there_are() -> None:
    assert [held_out_parts(n) for n in (1, 4, 7, 8, 9, 16)] == [1, 4, 7, 4, 5, 8]

    def planned(rows: int = 160, **asked: Any) -> tuple[int, int]:
        plan = models.plan(frame(rows), **columns("price"), **HOW | asked)
        return plan.recipe.ensemble_size, len(plan.folds)

    assert planned(ALONE - 1) == (8, 4)
    assert planned(ALONE) == (4, 4)
    assert planned(networks=3) == (3, 3)
    assert planned(networks=8) == (8, 4)
    assert planned(networks=8, folds=8) == (8, 8)
    assert planned(seconds=5.0) == (4, 4)
    assert planned(test_size=0.2) == (8, 4)
    assert planned(folds=0) == (4, 0)
    assert planned(recipe="default")[0] == 1
    with pytest.raises(SettingError, match="folds: expected 4, as 8 networks have, found 5"):
        planned(networks=8, folds=5)
    few = frame().with_columns(pl.col("group") % 3)
    assert models.plan(few, **columns("price"), **HOW, group="group").recipe.ensemble_size == 3
