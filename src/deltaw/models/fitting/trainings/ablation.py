"""The importance of columns: by how much held-out rows are predicted worse without them.

The importance of a column is the rise of the held-out loss with its inputs at their means, over the standard error.
Columns are removed one after another, the least important first; those without which the loss is lowest are eliminated,
if it is lower by SURE standard errors. Of two columns with the same information neither is important alone, but the
second is as soon as the first is removed. A network that has learnt nothing yet tells nothing: without the eliminated
columns it has to be better than a constant prediction, by as many standard errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.predictor import outputs
from deltaw.engines.rows import spread
from deltaw.equations.losses import loss, one_hot
from deltaw.equations.statistics import standard_error
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.rows.parts import Part
from deltaw.network import Network
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.documents import FITTED

Array = NDArray[Any]

# Measured: benchmarks/notes/recipe.md.
SURE = 2.5  # standard errors
IMPORTANT = 1.0  # standard errors, from which a column is never removed, if all training rows tell
MOST_CELLS = 2**18  # rows times columns, each with a sum for each unit; of more, a subset of the rows


class Asked(NamedTuple):
    """A network, and rows that it has not learnt from."""

    network: Network
    part: Part


def columns_of(plan: Plan) -> list[tuple[str, slice]]:
    """The columns that may be eliminated, and their inputs; [] if there are blocks, or a single column."""
    steps = plan.preparation.places
    columns = [(step.title, place) for step, place in steps if step.kind in FITTED]
    blocks = any(isinstance(step, BlockOfNumbers) for step, _ in steps)
    return [] if blocks or len(columns) < 2 else columns


class Ablation:
    """Held-out losses of trained networks without some of the columns.

    Args:
        plan: the plan of all trainings.
        asked: the networks, each with its held-out rows.
        places: for each column, its inputs.
    """

    def __init__(self, plan: Plan, asked: Sequence[Asked], places: list[slice]) -> None:
        self.plan, self.loss, self.columns = plan, loss(plan.recipe.loss), range(len(places))
        self.parts, self.whole = list[tuple[Network, Array, Array]](), list[Array]()
        self.added: list[list[Array]] = []
        most = max(1, MOST_CELLS // (len(places) * len(asked)))
        for network, held_out in asked:
            part = held_out.some(spread(len(held_out), most))
            X, W = np.asarray(part.X, np.float32), np.asarray(network.weights[0], np.float32)
            T = one_hot(part.T, network.sizes[-1]) if plan.recipe.targets == "labels" else np.asarray(part.T)
            self.parts.append((_after(network), T, plan.row_weights(part)))
            self.whole.append(X @ W.T)
            self.added.append([(X[:, place] - X[:, place].mean(axis=0)) @ W[:, place].T for place in places])

    def without(self, column: int, before: list[Array] | None = None) -> list[Array]:
        """W a of the first layer with the inputs of a column at their means: a matrix (n, units) for each run.

        Args:
            column: index of the column.
            before: the same without other columns.
        """
        return [z - added[column] for z, added in zip(before or self.whole, self.added, strict=True)]

    def losses(self, sums: list[Array]) -> Array:
        """The loss of each row, (n,), by W a of the first layer."""
        found = []
        for (network, T, counts), z in zip(self.parts, sums, strict=True):
            o = np.asarray(outputs(network, z, self.plan.engine, self.plan.threads), np.float64)
            found.append(counts * self.loss.E(o, T))
        return np.concatenate(found)

    @property
    def skill(self) -> float:
        """1 − the mean loss over that of the best constant prediction."""
        constant = [
            counts * self.loss.E(np.broadcast_to(np.average(T, axis=0, weights=counts), T.shape), T)
            for _, T, counts in self.parts
        ]
        return 1.0 - float(self.losses(self.whole).mean() / np.concatenate(constant).mean())

    def eliminated(self, important: float = IMPORTANT) -> list[int]:
        """Indices of the columns to eliminate.

        Args:
            important: from so many standard errors of importance on, a column is never removed.
        """
        whole = self.losses(self.whole)
        importance = np.array([_sure(self.losses(self.without(column)) - whole) for column in self.columns])
        order = np.argsort(importance, kind="stable").tolist()
        sums, course = self.whole, [whole]
        for column in order:
            sums = self.without(column, sums)
            if importance[column] < important:
                course.append(self.losses(sums))
        best, constant = int(np.argmin([each.mean() for each in course])), self.losses(sums)
        sure = min(_sure(whole - course[best]), _sure(constant - course[best]))
        return sorted(order[:best]) if sure >= SURE else []


def _sure(rise: Array) -> float:
    """The mean over its standard error."""
    error = standard_error(rise)
    return float(rise.mean()) / error if error > 0 else 0.0


def _after(network: Network) -> Network:
    """The network from W a of its first layer on: an identity takes the place of W."""
    units = network.sizes[1]
    rest = Network([units, *network.sizes[1:]], network.activations)
    rest.weights, rest.biases = [np.eye(units), *network.weights[1:]], list(network.biases)
    return rest
