"""How sure a network is of its classes, by rows that it has not learnt from.

What it says before its softmax is multiplied by the one factor with the least cross-entropy (Guo, Pleiss, Sun &
Weinberger 2017, "On calibration of modern neural networks", arXiv 1706.04599, whose temperature is its inverse). No
class is answered in another's place by it. The factor belongs to the weights of the last layer: what reads a network
reads it there. What few rows say of it is partly chance: as much as its standard error says is taken back. Of numbers
the factor is that of `leaning`: their slope on what is answered brought nothing (benchmarks/notes/recipe.md).
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
from deltaw.models.fitting.trainings.following import Trained
from deltaw.models.fitting.trainings.leaning import Beside, beside, leant, share
from deltaw.network import Network

Array = NDArray[Any]

STRONGEST = 4.0  # a factor, and one over it the weakest
STEPS, LONGEST, NEAR = 30, 0.3, 1e-6  # of Newton's method, in ln f
ALIKE = 0.5  # a row; measured: docs/explanations/recipe.md
SMALLEST = 1e-30  # a share, and a sum to divide by
MOST_SHARES = 1 << 19  # of a training that are looked at: one factor asks for no more, and many classes for much time


class Said(NamedTuple):
    """What a network says of rows that it has not learnt from, (n, K), their classes, and what they count, (n,)."""

    shares: Array
    labels: Array
    weight: Array


def said(plan: Plan, run: Trained, epoch: int | None = None) -> list[Said] | list[Beside]:
    """Of a training's rows held out, by the network as it was after an epoch; nothing where none are to say it.

    Args:
        plan: of all trainings.
    """
    part = run.plan.validation
    if part is None and any(len(division.test) for division in plan.folds):
        part = run.plan.test
    if part is None or run.broken_off or not plan.recipe.calibrate:
        return []
    most = max(1, MOST_SHARES // run.network.sizes[-1])
    part = part if len(part) <= most else part.some(spread(len(part), most))
    if not _of_shares(plan):
        return beside(plan, run, part, epoch)
    found = np.asarray(outputs(run.after(epoch), part.X, plan.engine, plan.threads), np.float64)
    counts = run.plan.counts(part)
    return [Said(found, part.T, np.ones(len(part)) if counts is None else counts)]


def _of_shares(plan: Plan) -> bool:
    """Whether the recipe learns shares of classes."""
    recipe = plan.recipe
    return (recipe.targets, recipe.output_activation, recipe.loss) == ("labels", "softmax", "cross_entropy")


def strength(plan: Plan, found: Iterable[Said | Beside]) -> float:
    """The factor that these rows want. Where there are none 1, or of numbers that of the model that was begun with."""
    if not (heard := list(found)):
        return 1.0 if plan.start is None else plan.start.model.history.beyond_line
    if numbers := [each for each in heard if isinstance(each, Beside)]:
        return share(numbers)
    return sharpness([each for each in heard if isinstance(each, Said)])


def sharpness(heard: Sequence[Said]) -> float:
    """The factor f = e^a of what is said of classes, by Newton's method in a.

    Beside n rows stands half a one that is of all classes alike: answers which are right of all rows are not sure
    without limit. (Platt 1999, "Probabilistic outputs for support vector machines", has one of each class.)
    """
    o, labels, weight = (np.concatenate(parts) for parts in zip(*heard, strict=True))
    n = len(o)
    z = np.log(np.maximum(o, SMALLEST))
    z -= z.mean(axis=1, keepdims=True)
    truth = z[np.arange(n), labels.astype(int)] * n / (n + ALIKE)  # Σ t z; what is of all classes alike adds up to 0
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
    return float(np.exp(_sure(a, error)))


def _sure(found: float, error: float) -> float:
    """As much of what was found as is more than its standard error (the positive part of James and Stein's)."""
    return found * max(0.0, 1.0 - (error / found) ** 2) if found else 0.0


def stretched(done: Trained, factor: float) -> Trained:
    """The same with answers that are so many times as strong, or of numbers so far from their line."""
    if factor == 1.0:
        return done
    if done.lines:
        return leant(done, factor)
    first, *others = (_stretched(network, factor) for network in (done.network, *done.others))
    learning = replace(done.learning, strength=factor)
    return replace(done, network=first, others=tuple(others), learning=learning)


def _stretched(network: Network, factor: float) -> Network:
    made = network.copy()
    made.weights[-1] = made.weights[-1] * factor
    made.biases[-1] = made.biases[-1] * factor
    return made


def by_the_others(
    runs: Sequence[Trained], epochs: Sequence[int | None], heard: Sequence[Sequence[Said | Beside]]
) -> list[Trained]:
    """The networks as they were after these epochs, each as strong as rows say that chose it, or else the others' rows
    held out: those that score it have no part in it.

    Args:
        heard: what is `said` of each.
    """
    made = []
    for k, (run, epoch) in enumerate(zip(runs, epochs, strict=True)):
        others = (rows for each, rows in zip(runs, heard, strict=True) if each.plan is not run.plan)
        factor = strength(run.plan, chain(*others) if run.plan.validation is None else heard[k])
        made.append(stretched(replace(run, network=run.after(epoch), earlier={}), factor))
    return made
