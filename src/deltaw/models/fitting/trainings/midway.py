"""Backward elimination in the course of a single training.

After the second of the learning rate's cycles, a fifth of the epochs, the network has learnt enough to tell by its
held-out rows which columns it is better off without (`ablation.py`). From then on their inputs are 0, and in the end
their weights; what they added on average goes into the biases. The model that is made of it does not have them
(`assembling.without_weightless`).

This takes neither a training of its own, as for folds and ensembles (`elimination.py`), nor a second preparation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines import ranks
from deltaw.equations.encoded import Encoded, Field
from deltaw.equations.schedules import schedule
from deltaw.models.by_data import ALONE, LARGE_ROWS
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.ablation import Ablation, Asked, columns_of
from deltaw.models.rows.parts import Part
from deltaw.network import Network
from deltaw.schema import check
from deltaw.speech import say
from deltaw.training import Epoch
from deltaw.training.epochs import Training
from deltaw.training.state import State, refuse

Array = NDArray[Any]

# Measured: benchmarks/notes/recipe.md.
FEWEST = 3  # epochs, before which a network cannot tell
SKILL = 0.2  # of a network that is asked: where nearly all is noise, so is what it says of columns
MISSED = 0.0  # standard errors of importance, from which a column stays: the held-out rows are few


class Midway:
    """A callback of one training that eliminates columns after the epoch `at`; see above.

    Args:
        plan: of the training, with validation rows.
        at: number of the epoch, from 1.

    Attributes:
        training: set before the first epoch.
        left_out: indices of the eliminated columns, among `columns_of` the plan.
    """

    def __init__(self, plan: Plan, at: int) -> None:
        assert plan.validation is not None
        self.plan, self.at, self.columns = plan, at, columns_of(plan)
        self.held_out: Part = plan.validation
        self.training: Training | None = None
        self.left_out: list[int] = []

    @classmethod
    def of(cls, plan: Plan) -> Midway | None:
        """That of a plan's only training; None if no column is to be eliminated, as with few rows, which tell too
        little, or many, where noise does little harm.
        """
        recipe, known = plan.recipe, plan.uninformative is not None or plan.start is not None
        assert recipe.schedule is not None
        assert recipe.epochs is not None
        ends = schedule(recipe.schedule).ends(recipe.epochs)
        rows = ALONE <= plan.learnt < LARGE_ROWS and plan.validation is not None and plan.streamed is None
        asks = recipe.screening and not known and rows and columns_of(plan)
        return cls(plan, ends[0]) if asks and ends and ends[0] >= FEWEST else None

    def __call__(self, epoch: Epoch) -> None:
        if epoch.number != self.at or self.left_out or self.training is None:
            return
        places, every = [place for _, place in self.columns], ranks.here()
        with ranks.alone():
            ablation = Ablation(self.plan, [Asked(epoch.network, self.held_out)], places)
            found = ablation.eliminated(MISSED) if ablation.skill > SKILL else []
        self.left_out = every.gathered(found)[0]
        if self.left_out:
            self._eliminate(self.training, epoch.number - 1)

    def _eliminate(self, training: Training, epoch: int) -> None:
        """The network without the columns takes the place of the best one: those before it have them."""
        network, machine, best = training.network, training.machine, training.best
        assert best is not None
        self.without(network)
        machine.load(network)
        self._silence(training)
        assert training.held_out is not None
        assert training.held_out.T is not None
        error, found = machine.evaluate(training.held_out)
        best.score, best.epoch = best.rule.judge(error, training.held_out.T, found), epoch
        best.network = network.copy()

    def _silence(self, training: Training) -> None:
        assert training.held_out is not None
        training.rows, training.held_out = (
            replace(rows, X=silenced(rows.X, self._inputs)) for rows in (training.rows, training.held_out)
        )
        training.machine.prepare(training.rows)

    def state(self) -> State:
        """What a checkpoint keeps; see `deltaw.training.state`."""
        return State({"left_out": self.left_out}, {})

    def go_on(self, state: State, training: Training, where: str) -> None:
        """Restore the `state` after the training's epochs. Raises ModelFileError for one that cannot be."""
        check(state.document, {"left_out": [int]}, where)
        left_out = state.document["left_out"]
        if left_out != sorted({*left_out} & {*range(len(self.columns))}) or state.arrays:
            refuse(where, say("the columns of the table"))
        self.left_out = left_out
        if left_out:
            self._silence(training)

    @property
    def _inputs(self) -> Array:
        """Whether each input is one of an eliminated column, (n_in,)."""
        gone = np.zeros(self.plan.network.sizes[0], bool)
        for k in self.left_out:
            gone[self.columns[k][1]] = True
        return gone

    def without(self, network: Network) -> Network:
        """A network that knows the eliminated columns, changed to answer as if all cells of them were the mean."""
        gone = self._inputs
        network.biases[0] += network.weights[0][:, gone] @ np.asarray(self.held_out.X, np.float64).mean(axis=0)[gone]
        return self._without_weights(network)

    def _without_weights(self, network: Network) -> Network:
        network.weights[0][:, self._inputs] = 0.0
        return network

    def trained(self, network: Network, line: Network | None) -> tuple[Plan, Network, Network | None]:
        """(the training's plan with the inputs of eliminated columns at 0, its network and line without their weights).

        Momentum has moved the network's since, which told nothing of inputs at 0; the line has them still.
        """
        if not self.left_out:
            return self.plan, network, line
        assert self.training is not None
        assert self.training.held_out is not None
        learnt = replace(self.plan.training, X=self.training.rows.X)
        rest = replace(self.plan, training=learnt, validation=replace(self.held_out, X=self.training.held_out.X))
        return rest, self._without_weights(network), line and self.without(line)


def silenced(X: Any, gone: Array) -> Any:
    """The inputs (n, n_in), dense or encoded, with some of them at 0.

    Args:
        gone: whether each is, (n_in,); of a field, all or none.
    """
    if not isinstance(X, Encoded):
        return np.where(gone, np.zeros((), X.dtype), X)
    silent = gone[np.cumsum([field.inputs for field in X.fields]) - 1]
    fields = [  # of slots that are 0 whichever is taken
        Field("slots", field.inputs, taken=0.0, others=0.0) if none else field
        for field, none in zip(X.fields, silent, strict=True)
    ]
    return Encoded(np.where(silent, np.float32(0.0), X.stored), fields)
