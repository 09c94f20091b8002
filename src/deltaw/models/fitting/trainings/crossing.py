"""What the trainings of the folds say together: the epoch to end at, answers for all rows, where the line is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw.models.contents import Learning
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.following import BROKEN_OFF, Trained
from deltaw.models.rows.dividing import FEWEST_CHOOSING
from deltaw.models.rows.parts import Part
from deltaw.models.scoring.metrics import Outcome
from deltaw.models.scoring.threshold import best, metric_to_be_best_in

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]


@np.errstate(invalid="ignore")  # a score that is infinite
def chosen_epochs(plan: Plan, runs: Sequence[Trained]) -> tuple[list[int | None], int | None]:
    """After which epoch each fold's network answers for its rows, and which ends the training on all; None: the last.

    The sum over the folds, of how good each network is on the rows held out from it, chooses. What answers for a fold's
    rows was chosen by the other folds: its own rows have no part in it.
    """
    if runs[0].plan.validation is not None:
        numbers = [each.learning.best_epoch for each in runs]
        best = [None if number is None else number - 1 for number in numbers]
        return best, best[0] if plan.validation is None else None
    if not plan.ended_by_folds:
        return [None] * len(runs), None
    length = min(len(each.badness) for each in runs)
    curves = np.array([each.badness[:length] for each in runs]) * _weights(runs)[:, None]
    curves = np.where(np.isnan(curves).all(axis=1, keepdims=True), 0.0, curves)  # a score that these rows do not define
    total = curves.sum(axis=0)
    return [lowest(total - curves[_beside(runs, run)].sum(axis=0)) for run in runs], lowest(total)


def own_epochs(plan: Plan, runs: Sequence[Trained]) -> list[int | None]:
    """After which epoch each network was best on the rows that were held out from it; None: as it is.

    Parts of few rows say that together, for all networks.
    """
    if not plan.ended_by_folds:
        return [None] * len(runs)
    if min(_rows(each) for each in runs) < FEWEST_CHOOSING:
        return [chosen_epochs(plan, runs)[1]] * len(runs)
    return [None if np.isnan(each.badness).all() else lowest(np.array(each.badness)) for each in runs]


def joined(plan: Plan, runs: Sequence[Trained]) -> Trained:
    """Networks that were trained together as one whose mean answers: each after its best epoch, or as it was left."""
    whole = course(plan, runs)
    best = [None] * len(runs) if whole.ended in BROKEN_OFF else own_epochs(plan, runs)
    networks = [each.after(epoch) for each, epoch in zip(runs, best, strict=True)]
    lines = tuple(line for each in runs for line in each.lines)
    first = replace(runs[0], plan=plan, network=networks[0], others=tuple(networks[1:]), lines=lines)
    return replace(first, learning=whole, earlier={})


def _beside(runs: Sequence[Trained], run: Trained) -> list[int]:
    """Which have the same rows held out as this one: itself, and of many networks one more."""
    return [k for k, each in enumerate(runs) if each.plan is run.plan]


def by_part(runs: Sequence[Trained]) -> list[Trained]:
    """Networks from which the same rows are held out as one whose mean answers. They are as they are to answer."""
    parts = {id(run.plan): [each.network for each in runs if each.plan is run.plan] for run in runs}
    firsts = {id(run.plan): run for run in reversed(runs)}
    return [replace(firsts[part], others=tuple(networks[1:])) for part, networks in parts.items()]


def lowest(badness: Array) -> int:
    """The epoch of the lowest; a draw goes to the later one, which has seen more."""
    return len(badness) - 1 - int(np.argmin(np.nan_to_num(badness[::-1], nan=np.inf)))


def _rows(run: Trained) -> int:
    """How many are held out."""
    part = run.plan.held_out[1]
    return 0 if part is None else len(part)


def _weights(runs: Sequence[Trained]) -> Array:
    """The share of each fold in the rows held out."""
    parts = [(each.plan, each.plan.held_out[1]) for each in runs]
    rows = np.array([0.0 if part is None else _count(plan.counts(part), part) for plan, part in parts])
    return np.asarray(rows / rows.sum())


def _count(counts: Array | None, part: Part) -> float:
    """How much the rows of a part count, all together."""
    return float(len(part) if counts is None else counts.sum())


def answers_of(plan: Plan, runs: Sequence[Trained], epochs: Sequence[int | None]) -> list[Outcome]:
    """What each fold's network answers for its test rows; see `chosen_epochs`.

    Where a threshold is to be best in a score, each fold's is chosen by the others' answers, or by validation rows.
    """
    parts = [each.plan.test for each in runs]
    found = [
        each.answers(part, epoch) for each, part, epoch in zip(runs, parts, epochs, strict=True) if part is not None
    ]
    if metric_to_be_best_in(plan.recipe.threshold) is None or not found:
        return found
    lines = [line(each) for each in runs]
    if lines[0] is None:
        lines = [_best(plan, [*found[:k], *found[k + 1 :]]) for k in range(len(found))]
    targets = [each.plan.target.with_threshold(at) for each, at in zip(runs, lines, strict=True)]
    return [replace(each, predicted=t.labels(each.shares)) for each, t in zip(found, targets, strict=True)]


def line(done: Trained) -> float | None:
    """The threshold that is best on a training's validation rows; None where there are none, or none is asked for."""
    metric, rows = metric_to_be_best_in(done.plan.recipe.threshold), done.plan.validation
    return None if metric is None or rows is None else best(metric, done.answers(rows))


def own_line(plan: Plan, runs: Sequence[Trained], kept: Trained) -> float | None:
    """The threshold of several networks without folds: what each says of the rows held out from it draws it.

    Where these are the same rows for all, what they say together does.
    """
    parts = [each.plan.validation for each in runs]
    if metric_to_be_best_in(plan.recipe.threshold) is None or None in parts or parts[0] is plan.validation:
        return line(kept)
    return _best(plan, [each.answers(part) for each, part in zip(runs, parts, strict=True) if part is not None])


def common_line(plan: Plan, runs: Sequence[Trained], answers: Sequence[Outcome]) -> float | None:
    """The threshold of the network that is kept, by all folds; None where none is asked for, or no fold answers."""
    if metric_to_be_best_in(plan.recipe.threshold) is None:
        return None
    if runs[0].plan.validation is not None:
        return line(runs[0])
    return _best(plan, answers) if answers else None


def _best(plan: Plan, answers: Sequence[Outcome]) -> float:
    metric = metric_to_be_best_in(plan.recipe.threshold)
    assert metric is not None
    return best(metric, pooled(answers))


def pooled(answers: Sequence[Outcome]) -> Outcome:
    """The answers of the folds as those of one network, one fold after the other."""
    shares = [each.probabilities for each in answers if each.probabilities is not None]
    counts = [each.weight for each in answers if each.weight is not None]
    groups = [each.group for each in answers if each.group is not None]
    return Outcome(
        np.concatenate([each.truth for each in answers]),
        np.concatenate([each.predicted for each in answers]),
        np.concatenate(shares) if shares else None,
        np.concatenate(counts) if counts else None,
        np.concatenate(groups) if groups else None,
    )


def rows_of_folds(runs: Sequence[Trained]) -> pl.DataFrame:
    """The test rows of the folds, in the order of `pooled`."""
    import polars as pl

    return pl.concat([each.plan.test.frame for each in runs if each.plan.test is not None])


def course(plan: Plan, runs: Sequence[Trained]) -> Learning:
    """The course of networks that were trained together: the means over them, and all their seconds and steps."""
    first, of_folds = runs[0].learning, bool(plan.folds) and plan.validation is None
    every = [vars(each.learning) for each in runs]
    lengths = {name: min(len(each[name]) for each in every) for name in ("loss", "validation_loss", "score", "seconds")}
    curves = {name: np.array([each[name][:length] for each in every]) for name, length in lengths.items()}
    means = {name: [float(each) for each in curve.mean(axis=0)] for name, curve in curves.items()}
    return Learning(
        loss=means["loss"],
        validation_loss=means["validation_loss"],
        seconds=[float(each) for each in curves["seconds"].sum(axis=0)],
        ended=next((each.learning.ended for each in runs if each.broken_off), first.ended),
        batch_steps=sum(each.learning.batch_steps for each in runs),
        score=means["score"],
        held_out="folds" if of_folds else first.held_out,
    )


def learnt(plan: Plan, runs: Sequence[Trained], last: Trained, epoch: int | None) -> Learning:
    """The course of the training on all rows, beside the mean of what the folds' networks were on the rows held out."""
    if plan.validation is not None:
        return last.learning
    length, weights = min(len(each.badness) for each in runs), _weights(runs)

    def mean(name: str) -> list[float]:
        curves = np.array([getattr(each.learning, name)[:length] for each in runs])
        known = ~np.isnan(curves)
        with np.errstate(invalid="ignore"):
            total = (np.where(known, curves, 0.0) * weights[:, None]).sum(axis=0)
            return [float(each) for each in total / (known * weights[:, None]).sum(axis=0)]

    number = None if epoch is None else epoch + 1
    return replace(
        last.learning, best_epoch=number, held_out="folds", validation_loss=mean("validation_loss"), score=mean("score")
    )
