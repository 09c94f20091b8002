"""How far a network of numbers leaves the line that it began with, by rows that it has not learnt from.

A network has weights to follow more than there is: where the truth is a line, or mostly noise, what it answers beside
its line is partly chance. Of y(x) = line(x) + c (network(x) − line(x)) these rows say the c that leaves least, as
stacked regressions (Wolpert 1992, Breiman 1996) weigh two models: 1 keeps the network, 0 the line. The line belongs to
the weights, too: each hidden layer has two units more, which carry it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.predictor import outputs
from deltaw.models.by_data import FEW_ROWS
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.beginning import carrying, mixed
from deltaw.models.fitting.trainings.following import Trained
from deltaw.models.rows.parts import Part

Array = NDArray[Any]

MOST_TOGETHER = 2  # networks: the mean of more has less chance in it than what each says of its rows


class Beside(NamedTuple):
    """What is left of rows' targets by the line, and how far the network is from the line, (n,); what they count."""

    left: Array
    away: Array
    weight: Array


def beside(plan: Plan, run: Trained, part: Part, epoch: int | None) -> list[Beside]:
    """What a training says of rows that it has not learnt from; nothing where it began with no line.

    Args:
        plan: of all trainings.
    """
    asked = plan.learnt >= FEW_ROWS and plan.recipe.ensemble_size <= MOST_TOGETHER and plan.recipe.loss == "squared"
    if not asked or not run.lines or carrying(run.network) is None:
        return []
    network, line = (
        np.asarray(outputs(each, part.X, plan.engine, plan.threads), np.float64)[:, 0]
        for each in (run.after(epoch), run.lines[0])
    )
    counts = run.plan.counts(part)
    weight = np.ones(len(part)) if counts is None else counts
    return [Beside(np.asarray(part.T, np.float64)[:, 0] - line, network - line, weight)]


def share(found: Iterable[Beside]) -> float:
    """c, within 0 and 1, by least squares."""
    left, away, weight = (np.concatenate(parts) for parts in zip(*found, strict=True))
    squares = float(weight @ away**2)
    return float(np.clip(weight @ (left * away) / squares, 0.0, 1.0)) if squares else 1.0


def leant(done: Trained, c: float) -> Trained:
    """The same with answers that are so far from the lines."""
    if c == 1.0 or not done.lines:
        return done
    members = (done.network, *done.others)
    first, *others = (mixed(network, line, c) for network, line in zip(members, done.lines, strict=True))
    return replace(done, network=first, others=tuple(others), lines=(), learning=replace(done.learning, beyond_line=c))
