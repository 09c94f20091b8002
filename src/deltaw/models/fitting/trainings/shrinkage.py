"""Shrinkage of a regression network to the linear model that it started from, by held-out rows.

A network fits noise where the truth is linear, or mostly noise itself. Of y(x) = line(x) + c (network(x) − line(x)),
held-out rows choose the c with the least squared error, as stacked regressions (Wolpert 1992, Breiman 1996) weigh two
models: 1 keeps the network, 0 the linear model. The result is one network: two more units in each hidden layer carry
the line.
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
from deltaw.models.fitting.trainings.linear_start import linear_scale, mixed
from deltaw.models.fitting.trainings.one_training import Trained
from deltaw.models.rows.parts import Part

Array = NDArray[Any]

MOST_NETWORKS = 2  # the mean of more fits less noise than each of them, which c is estimated from


class Residuals(NamedTuple):
    """Targets minus the line for held-out rows, the network's outputs minus the line, and row weights, each (n,)."""

    targets: Array
    outputs: Array
    weight: Array


def residuals(plan: Plan, run: Trained, part: Part, epoch: int | None) -> list[Residuals]:
    """The residuals of a training's held-out rows; [] if it did not start from a line, or is not to be shrunk.

    Args:
        plan: of all trainings.
        run: one of them.
        part: its held-out rows.
        epoch: see `Trained.after`.
    """
    wanted = plan.learnt >= FEW_ROWS and plan.recipe.ensemble_size <= MOST_NETWORKS and plan.recipe.loss == "squared"
    if not wanted or not run.lines or linear_scale(run.network) is None:
        return []
    network, line = (
        np.asarray(outputs(each, part.X, plan.engine, plan.threads), np.float64)[:, 0]
        for each in (run.after(epoch), run.lines[0])
    )
    return [Residuals(np.asarray(part.T, np.float64)[:, 0] - line, network - line, run.plan.row_weights(part))]


def shrinkage_factor(found: Iterable[Residuals]) -> float:
    """c, from 0 to 1, by least squares; 1 if the network is nowhere away from the line."""
    t, o, weight = (np.concatenate(parts) for parts in zip(*found, strict=True))
    squares = float(weight @ o**2)
    return float(np.clip(weight @ (t * o) / squares, 0.0, 1.0)) if squares else 1.0


def shrunk(done: Trained, c: float) -> Trained:
    """The result with its networks mixed with their lines: c of the network, 1 − c of the line."""
    if c == 1.0 or not done.lines:
        return done
    members = (done.network, *done.others)
    first, *others = (mixed(network, line, c) for network, line in zip(members, done.lines, strict=True))
    return replace(done, network=first, others=tuple(others), lines=(), learning=replace(done.learning, beyond_line=c))
