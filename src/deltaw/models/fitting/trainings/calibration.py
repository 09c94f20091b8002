"""Calibration on held-out rows: of probabilities by temperature scaling, of numbers by `shrinkage`.

The logits are multiplied by the factor with the least cross-entropy (Guo, Pleiss, Sun & Weinberger 2017, "On
calibration of modern neural networks", arXiv 1706.04599; their temperature is its inverse), which changes no predicted
class. It is multiplied into the weights of the last layer, so whatever reads a network needs to know nothing of it.
An estimate from few rows is partly chance, so it is shrunk towards 1 by its standard error. For numbers, a slope of the
targets on the predictions brought nothing (benchmarks/notes/recipe.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.predictor import outputs
from deltaw.engines.rows import spread
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.one_training import Trained
from deltaw.models.fitting.trainings.shrinkage import Residuals, residuals, shrinkage_factor, shrunk
from deltaw.network import Network

Array = NDArray[Any]

STRONGEST = 4.0  # largest factor; the smallest is 1 over it
STEPS, LONGEST, NEAR = 30, 0.3, 1e-6  # of Newton's method, in ln f
UNIFORM = 0.5  # rows of all classes alike that are added; measured: docs/explanations/recipe.md
SMALLEST = 1e-30  # of a probability, and of a divisor
MOST_SHARES = 1 << 19  # probabilities used of a training: enough for one factor, and many classes take much time


class Probabilities(NamedTuple):
    """A network's probabilities for held-out rows, (n, K), their classes and their weights, (n,)."""

    shares: Array
    labels: Array
    weight: Array


def held_out_answers(plan: Plan, run: Trained, epoch: int | None = None) -> list[Probabilities] | list[Residuals]:
    """What the network of a training, after an epoch, predicts for its held-out rows; [] if nothing is calibrated.

    Args:
        plan: of all trainings.
        run: one of them.
    """
    part = run.plan.validation
    if part is None and any(len(division.test) for division in plan.folds):
        part = run.plan.test
    if part is None or run.broken_off or not plan.recipe.calibrate:
        return []
    most = max(1, MOST_SHARES // run.network.sizes[-1])
    part = part if len(part) <= most else part.some(spread(len(part), most))
    if not _of_shares(plan):
        return residuals(plan, run, part, epoch)
    found = np.asarray(outputs(run.after(epoch), part.X, plan.engine, plan.threads), np.float64)
    return [Probabilities(found, part.T, run.plan.row_weights(part))]


def _of_shares(plan: Plan) -> bool:
    """Whether the network learns probabilities of classes."""
    recipe = plan.recipe
    return (recipe.targets, recipe.output_activation, recipe.loss) == ("labels", "softmax", "cross_entropy")


def factor_of(plan: Plan, found: Iterable[Probabilities | Residuals]) -> float:
    """The factor estimated from these predictions. Without any 1, or that of the model which training started from."""
    if not (answers := list(found)):
        return 1.0 if plan.start is None else plan.start.model.history.beyond_line
    if numbers := [each for each in answers if isinstance(each, Residuals)]:
        return shrinkage_factor(numbers)
    return inverse_temperature([each for each in answers if isinstance(each, Probabilities)])


def inverse_temperature(answers: Sequence[Probabilities]) -> float:
    """The factor f = e^a of the logits, by Newton's method in a.

    Half a row that belongs equally to all classes is added, so that the factor stays finite if all rows are predicted
    correctly. (Platt 1999, "Probabilistic outputs for support vector machines", adds one of each class.)
    """
    o, labels, weight = (np.concatenate(parts) for parts in zip(*answers, strict=True))
    n = len(o)
    z = np.log(np.maximum(o, SMALLEST))
    z -= z.mean(axis=1, keepdims=True)
    truth = z[np.arange(n), labels.astype(int)] * n / (n + UNIFORM)  # Σ t z; for a uniform t it is 0
    below, a = z - z.max(axis=1, keepdims=True), 0.0
    for _ in range(STEPS):
        f = np.exp(a)
        share = np.exp(f * below)
        share /= share.sum(axis=1, keepdims=True)
        mean = (share * z).sum(axis=1)
        variance = (share * z * z).sum(axis=1) - mean**2
        slope, bend = f * (mean - truth), max(float((weight * variance).sum()) * f * f, SMALLEST)
        step = float(np.clip((weight * slope).sum() / bend, -LONGEST, LONGEST))
        a = float(np.clip(a - step, -np.log(STRONGEST), np.log(STRONGEST)))
        if abs(step) < NEAR:
            break
    error = float(np.sqrt(((weight * slope) ** 2).sum())) / bend
    return float(np.exp(_towards_zero(a, error)))


def _towards_zero(found: float, error: float) -> float:
    """An estimate shrunk towards 0 by its standard error (the positive part of James and Stein's estimator)."""
    return found * max(0.0, 1.0 - (error / found) ** 2) if found else 0.0


def calibrated(done: Trained, factor: float) -> Trained:
    """The result with its logits times the factor, or with numbers shrunk to the linear model by it."""
    if factor == 1.0:
        return done
    if done.lines:
        return shrunk(done, factor)
    first, *others = (_scaled(network, factor) for network in (done.network, *done.others))
    learning = replace(done.learning, strength=factor)
    return replace(done, network=first, others=tuple(others), learning=learning)


def _scaled(network: Network, factor: float) -> Network:
    made = network.copy()
    made.weights[-1] = made.weights[-1] * factor
    made.biases[-1] = made.biases[-1] * factor
    return made


def cross_calibrated(
    runs: Sequence[Trained],
    epochs: Sequence[int | None],
    answers: Sequence[Sequence[Probabilities | Residuals]],
) -> list[Trained]:
    """The networks after these epochs, each calibrated by its validation rows or, without any, by the other networks'
    held-out rows: the rows that score a network have no part in its calibration.

    Args:
        answers: `held_out_answers` of each.
    """
    made = []
    for k, (run, epoch) in enumerate(zip(runs, epochs, strict=True)):
        others = (rows for each, rows in zip(runs, answers, strict=True) if each.plan is not run.plan)
        factor = factor_of(run.plan, chain(*others) if run.plan.validation is None else answers[k])
        made.append(calibrated(replace(run, network=run.after(epoch), earlier={}), factor))
    return made
