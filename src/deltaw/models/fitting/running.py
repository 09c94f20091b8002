"""From a plan to a model: one training, or the folds' and then one on all rows."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain

from deltaw.exceptions import TrainingInterrupted
from deltaw.models.fitting.assembling import model_of, scored
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.beside import of_folds
from deltaw.models.fitting.trainings.calibrating import by_the_others, said, strength, stretched
from deltaw.models.fitting.trainings.crossing import (
    answers_of,
    by_part,
    chosen_epochs,
    common_line,
    joined,
    learnt,
    line,
    own_epochs,
    own_line,
    pooled,
    rows_of_folds,
)
from deltaw.models.fitting.trainings.finishing import finished
from deltaw.models.fitting.trainings.following import Trained, trained
from deltaw.models.fitting.trainings.packed import packed
from deltaw.models.fitting.trainings.watching import Callback, Heard, Watchers
from deltaw.models.model import Model
from deltaw.models.scoring.scores import score
from deltaw.models.search.growing import grown
from deltaw.training.checkpoints import Checkpoints
from deltaw.training.history import Ending


def run(plan: Plan, callbacks: Iterable[Callback] = (), checkpoints: Checkpoints | None = None) -> Model:
    """Train as planned; see `fit`. With `checkpoints` (`resuming.checkpoints`) these trainings are its run.

    Of a training that is broken off among folds, or on all rows after them, what is kept is the network of the first
    fold as far as it went: rows that it has not seen score it.
    """
    told = Watchers(callbacks)
    told.started(plan)
    try:
        with checkpoints or nullcontext():
            model = _run(plan, told, checkpoints)
    except BaseException as error:
        told.failed(error)
        if checkpoints is not None and isinstance(error, KeyboardInterrupt):  # between two trainings, or at the scores
            raise TrainingInterrupted(by=checkpoints.signal) from error
        raise
    told.ended(model)
    if model.history.ended == "interrupted":
        raise TrainingInterrupted(model.history, model, None if checkpoints is None else checkpoints.signal)
    return model


def _run(plan: Plan, told: Watchers, checkpoints: Checkpoints | None) -> Model:
    if plan.seconds is not None:
        return grown(plan, told)
    watch = told.heard
    if plan.recipe.ensemble_size > 1:
        return _mean_of(plan, packed(plan, watch, checkpoints), watch, checkpoints)
    if not plan.folds:
        best = trained(plan, watch, checkpoints=checkpoints)
        factor = strength(plan, said(plan, best))  # rows that it has learnt from say nothing, and draw no line
        return scored(stretched(finished(best, watch, checkpoints), factor), line(stretched(best, factor)))
    runs: list[Trained] = []
    try:
        for run in of_folds(plan, told, checkpoints):
            runs.append(run)
            if run.broken_off:
                return _first(plan, runs[0], run.learning.ended)
        own, common = chosen_epochs(plan, runs)
        until = None if common is None else common + 1
        last = trained(replace(plan, test=None), watch, until=until, checkpoints=checkpoints, number=len(runs))
    except KeyboardInterrupt:  # between two trainings
        if not runs:
            raise
        return _first(plan, runs[0], "interrupted")
    if last.broken_off:
        return _first(plan, runs[0], last.learning.ended)
    kept = replace(last, plan=plan, learning=learnt(plan, runs, last, common))
    heard = [said(plan, run, epoch) for run, epoch in zip(runs, own, strict=True)]
    factor = strength(plan, said(plan, last) or chain(*heard))  # rows that were given, or all folds'
    return _judged(plan, stretched(kept, factor), by_the_others(runs, own, heard))


def _mean_of(plan: Plan, runs: list[Trained], told: Heard, checkpoints: Checkpoints | None) -> Model:
    """The model of several networks, each after the epoch that was its best; one that was broken off, as they are.

    What a network answers for the rows held out from it, it answers after an epoch that the others chose.
    """
    kept = joined(plan, runs)
    epochs: list[int | None] = [None] * len(runs)
    if not kept.broken_off:
        epochs = chosen_epochs(plan, runs)[0] if plan.folds else own_epochs(plan, runs)
    heard = [said(plan, run, epoch) for run, epoch in zip(runs, epochs, strict=True)]
    factor, runs = strength(plan, chain(*heard)), by_the_others(runs, epochs, heard)
    at = own_line(plan, runs, stretched(kept, factor))  # rows that they have learnt from draw no line
    kept = stretched(finished(kept, told, checkpoints), factor)
    return _judged(plan, kept, by_part(runs) if plan.folds else runs, at)


def _judged(plan: Plan, kept: Trained, runs: list[Trained], at: float | None = None) -> Model:
    """The model of what is kept, with the threshold and the scores that the folds say."""
    answers = answers_of(plan, runs, [None] * len(runs)) if plan.folds else []
    model = scored(kept, at if plan.validation is not None else common_line(plan, runs, answers))
    if not plan.scored_by_folds:
        return model
    scores = score(pooled(answers), model.baseline, model.classes, plan.recipe.weight)
    witness = replace(model_of(replace(runs[0], others=())), held_out=rows_of_folds(runs[:1]))
    return replace(model, scores=scores, held_out=rows_of_folds(runs), witness=witness)


def _first(plan: Plan, first: Trained, ended: Ending) -> Model:
    """What is kept of a training that was broken off: the network of the first fold."""
    model = scored(replace(first, learning=replace(first.learning, ended=ended)))
    return replace(model, origin=replace(model.origin, folds=len(plan.folds)))
