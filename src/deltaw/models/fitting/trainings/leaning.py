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
from deltaw.models.fitting.trainings.beginning import drawn_into, swing
from deltaw.models.fitting.trainings.following import Trained
from deltaw.models.rows.parts import Part
from deltaw.network import Network

Array = NDArray[Any]

MOST_TOGETHER = 2  # networks: the mean of more has less chance in it than what each says of its rows
SMALL = 2.0**-10  # s, where f(s y) − f(−s y) is a line for any y that there is


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
    asked = plan.learnt >= FEW_ROWS and plan.recipe.together <= MOST_TOGETHER and plan.recipe.loss == "squared"
    if not asked or not run.lines or not carries(run.network):
        return []
    network, line = (
        np.asarray(outputs(each, part.X, plan.engine, plan.threads), np.float64)[:, 0]
        for each in (run.after(epoch), run.lines[0])
    )
    counts = run.plan.counts(part)
    weight = np.ones(len(part)) if counts is None else counts
    return [Beside(np.asarray(part.T, np.float64)[:, 0] - line, network - line, weight)]


def carries(network: Network) -> bool:
    """Whether f(y) − f(−y) of its hidden units is a line where y is small."""
    rows = network.rows[:-1]
    return all(not row.coupled and np.isclose(swing(row, 2 * SMALL), 2 * swing(row, SMALL), rtol=0.01) for row in rows)


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


def mixed(network: Network, line: Network, c: float) -> Network:
    """c times the network and 1 − c times the line as one network, of two units more in each hidden layer."""
    sizes = [network.sizes[0], *(units + 2 for units in network.sizes[1:-1]), 1]
    made = Network(sizes, network.activations, network.bias, "zeros", network.seed)
    drawn_into(made, line, 1, SMALL)
    made.init = network.init
    last = len(sizes) - 2
    for k, (weights, biases) in enumerate(zip(made.weights, made.biases, strict=True)):
        if k == last:
            weights *= 1.0 - c
            biases *= 1.0 - c
        own, inputs = slice(None if k == last else 2, None), slice(2 if k else None, None)
        weights[own, inputs] += (c if k == last else 1.0) * network.weights[k]
        biases[own] += (c if k == last else 1.0) * network.biases[k]
    return made
