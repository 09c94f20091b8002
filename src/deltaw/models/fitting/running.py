"""From a plan to a model: one training, several networks, or the trainings of the folds and then one on all rows."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain

from deltaw.exceptions import TrainingInterrupted
from deltaw.models.fitting.assembling import model_of, scored, without_weightless
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.across_folds import (
    answers_of,
    by_part,
    chosen,
    combined,
    common_threshold,
    ensemble_threshold,
    learning_with_folds,
    own_epochs,
    own_threshold,
    pooled,
    rows_of_folds,
)
from deltaw.models.fitting.trainings.calibration import calibrated, cross_calibrated, factor_of, held_out_answers
from deltaw.models.fitting.trainings.finishing import finished
from deltaw.models.fitting.trainings.fold_trainings import fold_trainings
from deltaw.models.fitting.trainings.listeners import Callback, Listener, Listeners
from deltaw.models.fitting.trainings.midway import Midway
from deltaw.models.fitting.trainings.one_training import Trained, trained
from deltaw.models.fitting.trainings.packed import chosen_pack
from deltaw.models.model import Model
from deltaw.models.scoring.scores import score
from deltaw.models.search.growing import searched_ensemble
from deltaw.training.checkpoints import Checkpoints
from deltaw.training.history import Ending


def run(plan: Plan, callbacks: Iterable[Callback] = (), checkpoints: Checkpoints | None = None) -> Model:
    """Train as planned; see `fit`. `checkpoints` are those of this run, by `resuming.checkpoints`.

    If training is interrupted among the folds, or on all rows after them, the network of the first fold is kept as far
    as it got: it is scored by rows that it has not seen.
    """
    listeners = Listeners(callbacks)

    def train() -> Model:
        with checkpoints or nullcontext():
            return _run(plan, listeners, checkpoints)

    try:
        model = listeners.followed(plan, train)
    except KeyboardInterrupt as error:  # between two trainings, or at the scores
        if checkpoints is None:
            raise
        raise TrainingInterrupted(by=checkpoints.signal) from error
    if model.history.ended == "interrupted":
        raise TrainingInterrupted(model.history, model, None if checkpoints is None else checkpoints.signal)
    return model


def _run(plan: Plan, listeners: Listeners, checkpoints: Checkpoints | None) -> Model:
    if plan.seconds is not None:
        return searched_ensemble(plan, listeners)
    if plan.recipe.ensemble_size > 1:
        return _ensemble(plan, listeners.of_epochs, checkpoints)
    if plan.folds:
        return _after_folds(plan, listeners, checkpoints)
    best = trained(plan, listeners.of_epochs, checkpoints=checkpoints, midway=Midway.of(plan))
    plan = best.plan
    # Calibration and threshold come before the validation rows are trained on: then they are no longer held out.
    factor = factor_of(plan, held_out_answers(plan, best))
    threshold = own_threshold(calibrated(best, factor))
    return without_weightless(scored(calibrated(finished(best, listeners.of_epochs, checkpoints), factor), threshold))


def _after_folds(plan: Plan, listeners: Listeners, checkpoints: Checkpoints | None) -> Model:
    """Train the networks of the folds, then one on all rows: by the recipe and up to the epoch that the folds chose."""
    plans, runs = plan.tried, list[Trained]()
    try:
        for each in fold_trainings(plans, listeners, checkpoints):
            runs.append(each)
            if each.broken_off:
                return _interrupted(plan, runs[0], each.learning.ended)
        found = chosen(plans, [runs[k : k + len(plan.folds)] for k in range(0, len(runs), len(plan.folds))])
        until, whole = None if found.epoch is None else found.epoch + 1, replace(found.plan, test=None)
        last = trained(whole, listeners.of_epochs, until=until, checkpoints=checkpoints, number=len(runs))
    except KeyboardInterrupt:  # between two trainings
        if not runs:
            raise
        return _interrupted(plan, runs[0], "interrupted")
    if last.broken_off:
        return _interrupted(plan, runs[0], last.learning.ended)
    plan, runs, epochs = found.plan, found.answering, found.epochs
    kept = replace(last, plan=plan, learning=learning_with_folds(plan, found.runs, last, found.epoch))
    answers = [held_out_answers(plan, each, epoch) for each, epoch in zip(runs, epochs, strict=True)]
    factor = factor_of(plan, held_out_answers(plan, last) or chain(*answers))  # by rows that were given, or all folds'
    return _scored_by_folds(plan, calibrated(kept, factor), cross_calibrated(runs, epochs, answers))


def _ensemble(plan: Plan, listener: Listener, checkpoints: Checkpoints | None) -> Model:
    """The model of several networks, each after its best epoch; after an interruption, each as it is.

    Its scores are of each network after an epoch that the others chose.
    """
    found = chosen_pack(plan, listener, checkpoints)
    plan, runs = found.plan, found.answering
    kept = combined(plan, found.runs)
    own = [None] * len(runs) if kept.broken_off else own_epochs(plan, found.runs)
    epochs = found.epochs if plan.folds else own
    answers = [held_out_answers(plan, each, epoch) for each, epoch in zip(runs, epochs, strict=True)]
    factor, runs = factor_of(plan, chain(*answers)), cross_calibrated(runs, epochs, answers)
    # As above: before the held-out rows are trained on.
    threshold = ensemble_threshold(plan, runs, calibrated(kept, factor))
    kept = calibrated(finished(kept, listener, checkpoints, own), factor)
    return _scored_by_folds(plan, kept, by_part(runs) if plan.folds else runs, threshold)


def _scored_by_folds(plan: Plan, kept: Trained, runs: list[Trained], threshold: float | None = None) -> Model:
    """The model of the networks that are kept, with the threshold and the scores of the folds' answers."""
    answers = answers_of(plan, runs, [None] * len(runs)) if plan.folds else []
    model = scored(kept, threshold if plan.validation is not None else common_threshold(plan, runs, answers))
    if not plan.scored_by_folds:
        return model
    scores = score(pooled(answers), model.baseline, model.classes, plan.recipe.weight)
    witness = replace(model_of(replace(runs[0], others=())), held_out=rows_of_folds(runs[:1]))
    return replace(model, scores=scores, held_out=rows_of_folds(runs), witness=witness)


def _interrupted(plan: Plan, first: Trained, ended: Ending) -> Model:
    """What is kept of an interrupted training: the network of the first fold."""
    model = scored(replace(first, learning=replace(first.learning, ended=ended)))
    return replace(model, origin=replace(model.origin, folds=len(plan.folds)))
