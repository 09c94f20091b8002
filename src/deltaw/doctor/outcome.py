"""One line about a finished training that did not go well, from its scores alone."""

from __future__ import annotations

import numpy as np

from deltaw.doctor import judge
from deltaw.engines.predictor import outputs
from deltaw.engines.rows import spread
from deltaw.models import Model, Outcome, Plan, answers, metric_of
from deltaw.speech import say

MOST_ROWS = 5_000  # training rows that are predicted


def outcome(model: Model, plan: Plan | None = None) -> str:
    """One line about a training that did not go well; "" if there is nothing to say.

    The rows of the model's scores decide; a loaded model does not have them. "Learnt nothing" means that predictions
    for training rows are no better than the guess either; if they are, the model overfitted.

    Args:
        model: right after `deltaw.fit`.
        plan: that it was trained by, with the training rows; None: they are taken from the folds, if there are any.
    """
    history, scores = model.history, model.scores
    if history.ended == "diverged":
        return say("fault, diverged: E or a weight was NaN or infinite after epoch {n}", n=len(history))
    if scores is None or scores.outcome is None:
        return ""
    gains = gains_over_guess(scores.outcome, model.baseline.statistic)
    if not gains or judge.learnt(gains):
        return ""
    metric, against = metric_of("log_loss" if scores.task == "classification" else None, scores.task), say("the mean")
    reached = f"{metric.title} {metric.show(scores[metric.name])}"
    guess = metric.show(scores.baseline[metric.name])
    if scores.task == "classification":
        against, area = say("the class shares"), judge.auc(gains)
        reached += "" if np.isnan(area) else say(" and AUC {area:.3f}", area=area)
    said = say(
        "{reached} on {rows:,} held-out rows, {guess} for always answering {against}",
        reached=reached, rows=scores.rows, guess=guess, against=against,
    )  # fmt: skip
    if not judge.nothing(gains):
        return say("risk, not distinguishable from the baseline on so few rows: {said}", said=said)
    training = _of_training_rows(model, plan)
    if training is not None and judge.learnt(gains_over_guess(training, model.baseline.statistic)):
        return say("risk, what it learnt does not generalise: {said}", said=said)
    return say("fault, learnt nothing: {said}", said=said)


def gains_over_guess(known: Outcome, statistic: tuple[float, ...]) -> tuple[judge.Gain, ...]:
    """Gains of predictions over the guess: `statistic` has the class shares, or the mean, of the training rows."""
    guess = np.asarray(statistic, np.float64)
    if known.probabilities is None:
        truth, predicted = (np.asarray(each, np.float64)[:, None] for each in (known.truth, known.predicted))
        return judge.of_numbers(truth, predicted, guess)
    p = np.asarray(known.probabilities, np.float64)
    return judge.of_classes(known.truth.astype(np.int64), p, guess, p)


def _of_training_rows(model: Model, plan: Plan | None) -> Outcome | None:
    """Predictions for training rows; None if they are not known."""
    if plan is None:
        scored_by_folds = model.witness is not None and model.held_out is not None  # then all rows are learnt from
        return model.evaluate(model.held_out).outcome if scored_by_folds else None
    rows = plan.training.some(spread(len(plan.training), MOST_ROWS))
    if plan.folds:  # which may have chosen other inputs than the plan's
        return model.evaluate(rows.frame).outcome
    if plan.preparation.feature_names != model.preparation.feature_names:
        return None
    mean = answers.mean_of((outputs(each, rows.X) for each in model.members), model.task)
    return answers.outcome(model.target, mean, rows.truth)
