"""What several trainings give together: the best epoch, predictions for all rows, the threshold, one learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltaw.models.by_data import CLEARLY
from deltaw.models.contents import Learning
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.one_training import BROKEN_OFF, Trained
from deltaw.models.rows.dividing import FEWEST_CHOOSING
from deltaw.models.scoring.metrics import Outcome
from deltaw.models.scoring.threshold import best, metric_to_be_best_in

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]


@np.errstate(invalid="ignore")  # a score that is infinite
def chosen_epochs(plan: Plan, runs: Sequence[Trained]) -> tuple[list[int | None], int | None]:
    """(the epoch after which each fold's network predicts its held-out rows, the epoch to end the training on all rows
    with), counted from 0; None: the last.

    An epoch is chosen by the sum of the networks' badness on their held-out rows. For the predictions of a fold, its
    own rows are left out of that sum: otherwise its score would be too good.
    """
    if runs[0].plan.validation is not None:
        numbers = [each.learning.best_epoch for each in runs]
        best = [None if number is None else number - 1 for number in numbers]
        return best, best[0] if plan.validation is None else None
    if not plan.ended_by_folds:
        return [None] * len(runs), None
    curves = _curves(runs)
    return [lowest_epoch(_total(curves, _beside(runs, run))) for run in runs], lowest_epoch(_total(curves))


class Chosen(NamedTuple):
    """What the held-out rows of all folds choose together.

    Attributes:
        plan: whose recipe is chosen.
        runs: the trainings by it.
        epoch: to end a training on all rows with, counted from 0; None: the last.
        answering: for each fold, or network, the training that predicts its held-out rows: by the recipe that the
            others choose.
        epochs: after which they do.
    """

    plan: Plan
    runs: list[Trained]
    epoch: int | None
    answering: list[Trained]
    epochs: list[int | None]


def chosen(plans: Sequence[Plan], tried: Sequence[Sequence[Trained]]) -> Chosen:
    """The choice between plans with the same folds.

    Args:
        plans: those of `Plan.tried`.
        tried: the trainings of the folds, or of the networks of an ensemble, by each of them.
    """
    first, alike = tried[0], len({len(runs) for runs in tried}) == 1  # of an ensemble some may have diverged
    of_each, of_all = _chosen_recipes(tried) if len(tried) > 1 and alike else ([0] * len(first), 0)
    epochs = [chosen_epochs(plan, runs) for plan, runs in zip(plans, tried, strict=True)]
    answering = [tried[way][k] for k, way in enumerate(of_each)]
    after = [epochs[way][0][k] for k, way in enumerate(of_each)]
    return Chosen(plans[of_all], list(tried[of_all]), epochs[of_all][1], answering, after)


def _chosen_recipes(tried: Sequence[Sequence[Trained]]) -> tuple[list[int], int]:
    """(for each training the recipe that predicts its held-out rows, the recipe for all), as indices.

    Like an epoch, by the sum of the networks' badness, but for its own rows. The first is kept unless another is
    CLEARLY better.
    """
    curves = [_curves(runs) for runs in tried]
    clearly = CLEARLY if tried[0][0].plan.target.classes else 2 * CLEARLY

    def lowest(without: Sequence[int] = ()) -> int:
        bad = [float(np.nanmin(_total(each, without))) for each in curves]
        best = int(np.argmin(bad))
        return best if bad[best] < bad[0] - clearly * abs(bad[0]) else 0

    return [lowest(_beside(tried[0], run)) for run in tried[0]], lowest()


def _curves(runs: Sequence[Trained]) -> Array:
    """Each training's share of the badness after each epoch, (trainings, epochs)."""
    length = min(len(each.badness) for each in runs)
    curves = np.array([each.badness[:length] for each in runs]) * _weights(runs)[:, None]
    undefined = np.isnan(curves).all(axis=1, keepdims=True)  # the score, for the rows that a network holds out
    return np.where(undefined, 0.0, curves)


def _total(curves: Array, without: Sequence[int] = ()) -> Array:
    """The badness after each epoch, of all trainings but some."""
    return np.asarray(np.delete(curves, list(without), axis=0).sum(axis=0))  # not by a difference: some are infinite


def own_epochs(plan: Plan, runs: Sequence[Trained]) -> list[int | None]:
    """The epoch after which each network was best on its held-out rows, counted from 0; None: the last.

    If a part has too few rows to choose by, all parts together choose one epoch for all networks.
    """
    if runs[0].plan.validation is not None:
        return chosen_epochs(plan, runs)[0]
    if not plan.ended_by_folds:
        return [None] * len(runs)
    if min(_rows(each) for each in runs) < FEWEST_CHOOSING:
        return [chosen_epochs(plan, runs)[1]] * len(runs)
    return [None if np.isnan(each.badness).all() else lowest_epoch(np.array(each.badness)) for each in runs]


def combined(plan: Plan, runs: Sequence[Trained]) -> Trained:
    """The ensemble of networks that were trained together, each after its best epoch; if interrupted, as it is."""
    whole = mean_learning(plan, runs)
    best = [None] * len(runs) if whole.ended in BROKEN_OFF else own_epochs(plan, runs)
    networks = [each.after(epoch) for each, epoch in zip(runs, best, strict=True)]
    lines = tuple(line for each in runs for line in each.lines)
    first = replace(runs[0], plan=plan, network=networks[0], others=tuple(networks[1:]), lines=lines)
    return replace(first, learning=whole, earlier={})


def _beside(runs: Sequence[Trained], run: Trained) -> list[int]:
    """Indices of the trainings with the same held-out rows: this one, and from `SHARED_PARTS` networks on another."""
    return [k for k, each in enumerate(runs) if each.plan is run.plan]


def by_part(runs: Sequence[Trained]) -> list[Trained]:
    """One ensemble for each part, of the networks from which it is held out."""
    parts = {id(run.plan): [each.network for each in runs if each.plan is run.plan] for run in runs}
    firsts = {id(run.plan): run for run in reversed(runs)}
    return [replace(firsts[part], others=tuple(networks[1:])) for part, networks in parts.items()]


def lowest_epoch(badness: Array) -> int:
    """The epoch of the lowest badness; of equal ones the last, which was trained longest."""
    return len(badness) - 1 - int(np.argmin(np.nan_to_num(badness[::-1], nan=np.inf)))


def _rows(run: Trained) -> int:
    """Number of held-out rows."""
    part = run.plan.held_out[1]
    return 0 if part is None else len(part)


def _weights(runs: Sequence[Trained]) -> Array:
    """Each fold's share of all held-out rows."""
    parts = [(each.plan, each.plan.held_out[1]) for each in runs]
    rows = np.array([0.0 if part is None else plan.row_weights(part).sum() for plan, part in parts])
    return np.asarray(rows / rows.sum())


def answers_of(plan: Plan, runs: Sequence[Trained], epochs: Sequence[int | None]) -> list[Outcome]:
    """Predictions of each fold's network, after its epoch, for the fold's test rows.

    A threshold that is to be best in a score is chosen by validation rows, or by the predictions of the other folds.
    """
    parts = [each.plan.test for each in runs]
    found = [
        each.answers(part, epoch) for each, part, epoch in zip(runs, parts, epochs, strict=True) if part is not None
    ]
    if metric_to_be_best_in(plan.recipe.threshold) is None or not found:
        return found
    thresholds = [own_threshold(each) for each in runs]
    if thresholds[0] is None:
        thresholds = [_best_threshold(plan, [*found[:k], *found[k + 1 :]]) for k in range(len(found))]
    targets = [each.plan.target.with_threshold(at) for each, at in zip(runs, thresholds, strict=True)]
    return [replace(each, predicted=t.labels(each.shares)) for each, t in zip(found, targets, strict=True)]


def own_threshold(done: Trained) -> float | None:
    """The threshold that is best on a training's validation rows; None without any, or if none is to be chosen."""
    metric, rows = metric_to_be_best_in(done.plan.recipe.threshold), done.plan.validation
    return None if metric is None or rows is None else best(metric, done.answers(rows))


def ensemble_threshold(plan: Plan, runs: Sequence[Trained], kept: Trained) -> float | None:
    """The threshold of an ensemble without folds: best on each network's predictions for its own validation rows, or,
    if all have the same, on those of the ensemble.
    """
    parts = [each.plan.validation for each in runs]
    if metric_to_be_best_in(plan.recipe.threshold) is None or None in parts or parts[0] is plan.validation:
        return own_threshold(kept)
    return _best_threshold(
        plan, [each.answers(part) for each, part in zip(runs, parts, strict=True) if part is not None]
    )


def common_threshold(plan: Plan, runs: Sequence[Trained], answers: Sequence[Outcome]) -> float | None:
    """The threshold of the final network, by the predictions of all folds; None if none is to be chosen."""
    if metric_to_be_best_in(plan.recipe.threshold) is None:
        return None
    if runs[0].plan.validation is not None:
        return own_threshold(runs[0])
    return _best_threshold(plan, answers) if answers else None


def _best_threshold(plan: Plan, answers: Sequence[Outcome]) -> float:
    metric = metric_to_be_best_in(plan.recipe.threshold)
    assert metric is not None
    return best(metric, pooled(answers))


def pooled(answers: Sequence[Outcome]) -> Outcome:
    """The predictions of all folds, one fold after the other, each by another network."""
    sizes = [len(each.truth) for each in answers]
    return replace(Outcome.joined(answers), part=np.repeat(np.arange(len(answers)), sizes))


def rows_of_folds(runs: Sequence[Trained]) -> pl.DataFrame:
    """The test rows of the folds, in the order of `pooled`."""
    import polars as pl

    return pl.concat([each.plan.test.frame for each in runs if each.plan.test is not None])


def mean_learning(plan: Plan, runs: Sequence[Trained]) -> Learning:
    """One learning curve of an ensemble: means over its networks, and the sums of their seconds and steps."""
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


def learning_with_folds(plan: Plan, runs: Sequence[Trained], last: Trained, epoch: int | None) -> Learning:
    """The learning curve of the training on all rows, with the folds' means of validation loss and score."""
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
