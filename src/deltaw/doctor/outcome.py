"""What a finished training shows by itself, without another look."""

from __future__ import annotations

import numpy as np

from deltaw.doctor import judge
from deltaw.models import Model, Outcome, metric_of
from deltaw.speech import say


def outcome(model: Model) -> str:
    """One line on a training that did not go well, or "" for one of which nothing can be said.

    The rows that score decide, where they are still known: of a model that was loaded they are not.

    Args:
        model: right after `deltaw.fit`.
    """
    history, scores = model.history, model.scores
    if history.ended == "diverged":
        return say("fault, diverged: E or a weight was no longer a number after epoch {n}", n=len(history))
    if scores is None or scores.outcome is None:
        return ""
    gains = gained(scores.outcome, model.baseline.statistic)
    if not gains or judge.learnt(gains):
        return ""
    told, against = metric_of("log_loss" if scores.task == "classification" else None, scores.task), say("the mean")
    reached = f"{told.title} {told.show(scores[told.name])}"
    guess = told.show(scores.baseline[told.name])
    if scores.task == "classification":
        against, area = say("the class shares"), judge.auc(gains)
        reached += "" if np.isnan(area) else say(" and AUC {area:.3f}", area=area)
    said = say(
        "{reached} on {rows:,} rows not trained on, {guess} for always giving {against}",
        reached=reached, rows=scores.rows, guess=guess, against=against,
    )  # fmt: skip
    if judge.nothing(gains):
        return say("fault, learnt nothing: {said}", said=said)
    return say("risk, no better than a guess as far as so few rows can tell: {said}", said=said)


def gained(known: Outcome, statistic: tuple[float, ...]) -> tuple[judge.Gain, ...]:
    """What a model's answers gain on the guess, given by the class shares or the mean of the training rows."""
    guess = np.asarray(statistic, np.float64)
    if known.probabilities is None:
        truth, said = (np.asarray(each, np.float64)[:, None] for each in (known.truth, known.predicted))
        return judge.of_numbers(truth, said, guess)
    p = np.asarray(known.probabilities, np.float64)
    return judge.of_classes(known.truth.astype(np.int64), p, guess, p)
