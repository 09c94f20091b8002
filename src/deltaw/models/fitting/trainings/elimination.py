"""Backward elimination of columns by short trainings (wrapper feature selection: Kohavi & John 1997, "Wrappers for
feature subset selection", Artificial Intelligence 97).

A tree never splits on an uninformative column; a network fits its noise, and loses most by it where the signal is hard
to find: interactions of thresholds, products. No statistic of one column shows what it adds to all others, so networks
tell: one for each fold, trained for a quarter of the epochs (28 at most). The importance of a column is the rise of the
held-out loss with its inputs at their means, over the standard error. Columns are removed one after another, the least
important first; those without which the loss is lowest are eliminated, if it is lower by SURE standard errors. Of two
columns with the same information neither is important alone, but the second is as soon as the first is removed. A
network that has learnt nothing yet tells nothing: without the eliminated columns it has to be better than a constant
prediction, by as many standard errors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines import ranks
from deltaw.engines.predictor import outputs
from deltaw.engines.rows import spread
from deltaw.equations.losses import loss, one_hot
from deltaw.equations.statistics import standard_error
from deltaw.exceptions import SettingError
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.across_folds import chosen_epochs
from deltaw.models.fitting.trainings.one_training import Trained
from deltaw.models.fitting.trainings.packed import trained_pack
from deltaw.network import Network
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.documents import FITTED

Array = NDArray[Any]

# Measured: benchmarks/notes/recipe.md.
SHARE, FEWEST = 1 / 4, 3  # of the epochs; with an eighth, products of four columns are missed
MOST = 28  # epochs: a quarter of what the recipes train, whatever is asked for
SURE = 2.5  # standard errors
IMPORTANT = 1.0  # standard errors, from which a column is never removed
MOST_CELLS = 2**18  # rows times columns, each with a sum for each unit; of more, a subset of the rows


def eliminated(plan: Plan) -> tuple[str, ...]:
    """Names of the eliminated columns; () if the trainings cannot tell, or if there are blocks.

    Args:
        plan: with folds, each with test rows.

    Raises:
        KeyboardInterrupt: on Ctrl-C.
    """
    steps = plan.preparation.places
    columns = [(step.title, place) for step, place in steps if step.kind in FITTED]
    assert plan.recipe.epochs is not None
    epochs = min(MOST, round(SHARE * plan.recipe.epochs))
    if len(columns) < 2 or epochs < FEWEST or any(isinstance(step, BlockOfNumbers) for step, _ in steps):
        return ()
    short = replace(plan.recipe, epochs=epochs, patience=None, networks=len(plan.folds))
    with ranks.alone():
        try:
            runs = trained_pack(replace(plan, recipe=short), None)
        except SettingError:  # all diverge: the training itself reports that
            return ()
        if any(run.learning.ended == "interrupted" for run in runs):
            raise KeyboardInterrupt
        found = Ablation(plan, runs, [place for _, place in columns]).eliminated()
    return tuple(columns[k][0] for k in found)


class Ablation:
    """Held-out losses of trained networks without some of the columns.

    Args:
        plan: the plan of all trainings.
        runs: the trainings, one for each fold.
        places: for each column, its inputs.
    """

    def __init__(self, plan: Plan, runs: list[Trained], places: list[slice]) -> None:
        self.plan, self.loss, self.columns = plan, loss(plan.recipe.loss), range(len(places))
        self.parts, self.whole = list[tuple[Network, Array, Array]](), list[Array]()
        self.added: list[list[Array]] = []
        most = max(1, MOST_CELLS // (len(places) * len(runs)))
        for run, epoch in zip(runs, chosen_epochs(plan, runs)[0], strict=True):
            assert run.plan.test is not None
            part, network = run.plan.test.some(spread(len(run.plan.test), most)), run.after(epoch)
            X, W = np.asarray(part.X, np.float32), np.asarray(network.weights[0], np.float32)
            T = one_hot(part.T, network.sizes[-1]) if plan.recipe.targets == "labels" else np.asarray(part.T)
            self.parts.append((_after(network), T, run.plan.row_weights(part)))
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

    def eliminated(self) -> list[int]:
        """Indices of the columns to eliminate."""
        whole = self.losses(self.whole)
        importance = np.array([_sure(self.losses(self.without(column)) - whole) for column in self.columns])
        order = np.argsort(importance, kind="stable").tolist()
        sums, course = self.whole, [whole]
        for column in order:
            sums = self.without(column, sums)
            if importance[column] < IMPORTANT:
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
