"""What a finished training shows by itself, without another look."""

from __future__ import annotations

import numpy as np

from deltaw.doctor import judge
from deltaw.models import Model, Outcome, metric_of


def outcome(model: Model) -> str:
    """One line on a training that did not go well, or "" for one of which nothing can be said.

    The rows that score decide, where they are still known: of a model that was loaded they are not.
    """
    history, scores = model.history, model.scores
    if history.ended == "diverged":
        return f"fault, diverged: E or a weight was no longer a number after epoch {len(history)}"
    if scores is None or scores.outcome is None:
        return ""
    gains = gained(scores.outcome, model.baseline.statistic)
    if not gains or judge.learnt(gains):
        return ""
    told, against = metric_of("log_loss" if scores.task == "classification" else None, scores.task), "the mean"
    reached = f"{told.title} {told.show(scores[told.name])}"
    guess = told.show(scores.baseline[told.name])
    if scores.task == "classification":
        against, area = "the class shares", judge.auc(gains)
        reached += "" if np.isnan(area) else f" and AUC {area:.3f}"
    said = f"{reached} on {scores.rows:,} rows not trained on, {guess} for always giving {against}"
    if judge.nothing(gains):
        return f"fault, learnt nothing: {said}"
    return f"risk, no better than a guess as far as so few rows can tell: {said}"


def gained(known: Outcome, statistic: tuple[float, ...]) -> tuple[judge.Gain, ...]:
    """What a model's answers gain on the guess, given by the class shares or the mean of the training rows."""
    guess = np.asarray(statistic, np.float64)
    if known.probabilities is None:
        truth, said = (np.asarray(each, np.float64)[:, None] for each in (known.truth, known.predicted))
        return judge.of_numbers(truth, said, guess)
    p = np.asarray(known.probabilities, np.float64)
    return judge.of_classes(known.truth.astype(np.int64), p, guess, p)
