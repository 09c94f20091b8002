"""One training, followed epoch by epoch: what it left, and what its network was like on the way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.predictor import outputs
from deltaw.equations.dropout import Dropout
from deltaw.exceptions import SettingError, TrainingInterrupted
from deltaw.models.contents import Learning
from deltaw.models.judge import Judge
from deltaw.models.metrics import Outcome
from deltaw.models.model import outcome
from deltaw.models.parts import Part
from deltaw.models.planning import Plan
from deltaw.models.watching import Watchers
from deltaw.network import Network
from deltaw.training import EarlyStopping, Epoch, train

Array = NDArray[Any]

MOST_KEPT = 256 * 2**20  # bytes of networks as they were after earlier epochs, of all folds together
FEWEST_KEPT = 8


@dataclass(frozen=True)
class Trained:
    """What a training left.

    Attributes:
        plan: of this training.
        network: its weights at the end, or the best where validation rows chose.
        learning: the course of it.
        badness: on the rows held out, after each epoch: lower is better.
        earlier: the network as it was after each epoch, counted from 0; of long trainings after some.
    """

    plan: Plan
    network: Network
    learning: Learning
    badness: list[float]
    earlier: dict[int, Network] = field(default_factory=dict)

    @property
    def broken_off(self) -> bool:
        """Whether Ctrl-C or a callback ended it."""
        return self.learning.ended in ("interrupted", "callback")

    def after(self, epoch: int | None) -> Network:
        """The network as it was after an epoch, or the last before it that is known; None: as it is."""
        known = [each for each in self.earlier if epoch is not None and each <= epoch]
        return self.earlier[max(known)] if known else self.network

    def answers(self, part: Part, epoch: int | None = None) -> Outcome:
        """What the network answers for rows, as it was after an epoch."""
        plan = self.plan
        found = outputs(self.after(epoch), part.X, plan.engine, plan.threads)
        return outcome(plan.target, np.asarray(found, np.float64), part.truth, part.weight)


def trained(plan: Plan, told: Watchers, place: tuple[int, int] = (0, 0), until: int | None = None) -> Trained:
    """One training.

    Args:
        plan: without its folds.
        told: of each epoch.
        place: which fold's it is, of how many; see `ScoredEpoch`.
        until: after how many of its epochs it ends.

    Raises:
        SettingError: it diverges.
    """
    recipe, network, (held_out, rows) = plan.recipe, plan.network.copy(), plan.held_out
    judge = Judge(plan.target, recipe, *(() if rows is None else (rows.truth, rows.weight)))
    assert recipe.epochs is not None
    assert recipe.batch_size is not None
    assert recipe.optimizer is not None
    assert recipe.learning_rate is not None
    epochs = recipe.epochs
    follows = place[0] > 0 and plan.validation is None and recipe.validation > 0
    earlier = Earlier(MOST_KEPT // (place[1] * 8 * network.parameter_count)) if follows else None
    wanted = [False]  # whether a callback asked for the end

    def after_epoch(epoch: Epoch) -> bool:
        scored = judge.record(epoch, *place)
        scored = scored if until is None else replace(scored, epochs=until)
        if earlier is not None:
            earlier.keep(epoch.number - 1, epoch.network)
        wanted[0] = told(scored)
        return wanted[0] or epoch.number == until

    stopping = None
    if plan.validation is not None or (follows and recipe.patience is not None):
        stopping = EarlyStopping(recipe.patience, score=None if recipe.keep == "loss" else judge.badness)
    try:
        history = train(
            network,
            plan.training.X,
            plan.training.T,
            loss=recipe.loss,
            optimizer=recipe.optimizer,
            learning_rate=recipe.learning_rate,
            batch_size=recipe.batch_size,
            epochs=epochs,
            seed=plan.seed,
            backward=recipe.backward,
            schedule=recipe.schedule,
            l2=recipe.l2,
            dropout=Dropout(recipe.dropout, recipe.dropout_schedule),
            sample_weight=plan.counts(plan.training),
            validation=None if rows is None else (rows.X, rows.T, plan.counts(rows)),
            early_stopping=stopping,
            callbacks=(after_epoch,),
            engine=plan.engine,
            threads=plan.threads,
            label_smoothing=recipe.label_smoothing,
            max_grad_norm=recipe.max_grad_norm,
        )
    except TrainingInterrupted as stopped:
        history = stopped.history
    ended = "finished" if history.ended == "callback" and not wanted[0] else history.ended
    learning = Learning(**vars(history) | {"ended": ended}, score=judge.scores, held_out=held_out)
    if ended != "interrupted" and not all(np.isfinite(w).all() for w in [*network.weights, *network.biases]):
        raise SettingError(
            f"learning_rate: expected one with which the loss stays finite, found {recipe.learning_rate:g}, with which "
            f"training diverged in epoch {len(history)}; give one such as {recipe.learning_rate / 10:g}"
        )
    badness = history.validation_loss if recipe.keep == "loss" else judge.each_badness
    return Trained(plan, network, learning, badness, {} if earlier is None else earlier.networks)


class Earlier:
    """The network after each epoch, until they are too many: then every other one is forgotten, and so on."""

    def __init__(self, most: int) -> None:
        self.most, self.step = max(most, FEWEST_KEPT), 1
        self.networks: dict[int, Network] = {}

    def keep(self, epoch: int, network: Network) -> None:
        """Take note of the network after an epoch, counted from 0."""
        if (epoch + 1) % self.step == 0:
            self.networks[epoch] = network.copy()
        if len(self.networks) > self.most:
            self.step *= 2
            self.networks = {each: kept for each, kept in self.networks.items() if (each + 1) % self.step == 0}
