"""One training: its settings from a plan, a record of its epochs, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.predictor import outputs
from deltaw.equations.dropout import Dropout
from deltaw.exceptions import SettingError
from deltaw.models.answers import mean_of, outcome
from deltaw.models.by_data import WAVES
from deltaw.models.contents import Learning
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.epoch_scores import EpochScorer
from deltaw.models.fitting.trainings.linear_start import with_linear_start
from deltaw.models.fitting.trainings.listeners import Listener
from deltaw.models.fitting.trainings.midway import Midway
from deltaw.models.fitting.trainings.prepared import prepared, sample_rows, windows_of
from deltaw.models.rows.parts import Part
from deltaw.models.scoring.metrics import Outcome
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.schema import check
from deltaw.speech import say
from deltaw.training import Epoch, History
from deltaw.training.checkpoints import Checkpoints
from deltaw.training.epochs import Training
from deltaw.training.loop import begin, complete
from deltaw.training.pack import SETTINGS
from deltaw.training.state import State, refuse, take_weights, weights_of
from deltaw.training.windowed import begin_windowed

Array = NDArray[Any]

MOST_KEPT = 256 * 2**20  # bytes of networks as they were after earlier epochs, of all folds together
FEWEST_KEPT = 8
BROKEN_OFF = ("interrupted", "callback")


@dataclass(frozen=True)
class Trained:
    """The result of a training.

    Attributes:
        plan: of this training.
        network: its weights at the end, or the best where validation rows chose.
        learning: the course of it.
        badness: on held-out rows, after each epoch: lower is better.
        earlier: epoch, counted from 0 -> the network after it; of long trainings every second epoch, or fourth, …
        others: the other networks of an ensemble, whose mean answers.
        lines: the linear model that each of the networks started from, if one did.
    """

    plan: Plan
    network: Network
    learning: Learning
    badness: list[float]
    earlier: dict[int, Network] = field(default_factory=dict)
    others: tuple[Network, ...] = ()
    lines: tuple[Network, ...] = ()

    @property
    def broken_off(self) -> bool:
        """Whether Ctrl-C or a callback ended it early."""
        return self.learning.ended in BROKEN_OFF

    @property
    def diverged(self) -> bool:
        """Whether weights are not finite."""
        weights = [*self.network.weights, *self.network.biases]
        return self.learning.ended != "interrupted" and not all(np.isfinite(w).all() for w in weights)

    def after(self, epoch: int | None) -> Network:
        """The network after an epoch, or the last one before it that was kept; None: as it is."""
        known = [each for each in self.earlier if epoch is not None and each <= epoch]
        return self.earlier[max(known)] if known else self.network

    def answers(self, part: Part, epoch: int | None = None) -> Outcome:
        """What the network predicts after an epoch (of an ensemble, the mean), beside the truth."""
        plan = self.plan
        found = (outputs(each, part.X, plan.engine, plan.threads) for each in (self.after(epoch), *self.others))
        mean = mean_of(found, plan.target.task)
        return outcome(plan.target, mean, part.truth, part.weight, part.group)


def trained(
    plan: Plan, listener: Listener, fold: tuple[int, int] = (0, 0), until: int | None = None,
    keeps_epochs: bool = False, checkpoints: Checkpoints | None = None, number: int = 0, midway: Midway | None = None,
) -> Trained:  # fmt: skip
    """One training.

    Args:
        plan: without its folds.
        listener: gets each epoch.
        fold, until, keeps_epochs: see `Recorder`.
        checkpoints: of the run, whose training of that `number` it is.
        midway: eliminates columns, of rows that are in memory.

    Raises:
        SettingError: it diverges.
    """
    recorder = Recorder(plan, listener, fold, until, keeps_epochs, midway=midway)
    if plan.streamed is None:
        recorder, training = started(recorder, plan.threads)
        complete(training, checkpoints, number)
    else:
        with prepared(plan) as blocks:
            network, rows = recorder.first_network(), windows_of(plan, blocks)
            training = begin_windowed(network, rows, sample_rows(plan), **recorder.all_settings(plan.threads))
            complete(training, checkpoints, number)
    return ended(recorder, training)


def started(recorder: Recorder, threads: int | None) -> tuple[Recorder, Training]:
    """A recorder and its training, of rows that are in memory, before the first epoch."""
    rows = recorder.plan.training
    training = begin(recorder.first_network(), rows.X, rows.T, **recorder.all_settings(threads))
    if recorder.midway is not None:
        recorder.midway.training = training
    return recorder, training


def ended(recorder: Recorder, training: Training) -> Trained:
    """The result of a training. Raises SettingError if it diverged."""
    done = recorder.trained(training.network, training.history)
    if done.diverged:
        raise diverged(done)
    return done


def plan_settings(plan: Plan, held_out: Part | None) -> dict[str, Any]:
    """Arguments of `deltaw.train` and `train_pack` that are the plan's; those of the recipe: `Recorder.settings`."""
    return {
        "loss": plan.recipe.loss,
        "seed": plan.seed,
        "sample_weight": plan.counts(plan.training),
        "validation": None if held_out is None else (held_out.X, held_out.T, plan.counts(held_out)),
        "engine": plan.engine,
    }


def diverged(done: Trained) -> SettingError:
    """The error to raise for a training that diverged."""
    rate = done.plan.recipe.learning_rate
    assert rate is not None
    return SettingError(
        "learning_rate: expected one with which the loss stays finite, found {rate}, with which training "
        "diverged in epoch {n}; give one such as {example:g}",
        rate=number(rate),
        n=len(done.learning),
        example=rate / 10,
    )


class Recorder:
    """A callback of `deltaw.train`: scores the held-out rows after each epoch, keeps networks, and calls a listener.

    Args:
        plan: without its folds.
        listener: gets each epoch; True from it ends the training.
        fold: number of the fold, from 1, and of all folds; see `ScoredEpoch`.
        until: the epoch to end with; None: the recipe's last.
        keeps_epochs: whether the network after each epoch is kept, since it is decided later which one is used, by
            this training's held-out rows and by others'. Validation rows of its own decide while it goes on.
        at_once: number of networks trained at once, all of which are kept after each epoch; 0: as `keeps_epochs` says.
        midway: eliminates columns.
    """

    def __init__(
        self, plan: Plan, listener: Listener, fold: tuple[int, int], until: int | None = None,
        keeps_epochs: bool = False, at_once: int = 0, midway: Midway | None = None,
    ) -> None:  # fmt: skip
        self.midway = midway
        self.plan, self.listener, self.fold, self.until = plan, listener, fold, until
        self.held_out, rows = plan.held_out
        self.scorer = EpochScorer(plan.target, plan.recipe, *(() if rows is None else (rows.truth, rows.weight)))
        self.keeps_epochs = keeps_epochs and plan.validation is None
        self.line: Network | None = None  # the linear model that the network starts from
        each = MOST_KEPT // (max(fold[1], at_once, 1) * 8 * plan.network.parameter_count)
        self.earlier = EarlierNetworks(each) if self.keeps_epochs or at_once else None

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments of `deltaw.train` that are the recipe's, with the recorder as callback; others: `plan_settings`."""
        recipe, plan = self.plan.recipe, self.plan
        stopping = None
        if plan.validation is not None or (self.keeps_epochs and recipe.patience not in (None, WAVES)):
            stopping = recipe.stopping(None if recipe.keep == "loss" else self.scorer.badness)
        same = ("optimizer", "learning_rate", "batch_size", "epochs", "backward", "schedule", "l2", "label_smoothing",
                "max_grad_norm")  # fmt: skip
        return {name: getattr(recipe, name) for name in same} | {
            "dropout": Dropout(recipe.dropout or 0.0, recipe.dropout_schedule),
            "early_stopping": stopping,
            "callbacks": (self,) if self.midway is None else (self, self.midway),
        }

    def all_settings(self, threads: int | None) -> dict[str, Any]:
        """All arguments of `training.loop.begin` but network and rows."""
        asked = SETTINGS | plan_settings(self.plan, self.plan.held_out[1]) | self.settings
        return asked | {"threads": threads, "until": self.until}

    def first_network(self) -> Network:
        """The network with its initial weights, started from the linear model if the plan says so."""
        network, self.line = with_linear_start(self.plan, self.plan.network.copy(), self.plan.training)
        return network

    def __call__(self, epoch: Epoch) -> bool:
        self.scorer.add(epoch)
        if self.earlier is not None:
            self.earlier.keep(epoch.number - 1, epoch.network)
        if self.listener is None:
            return False
        scored = self.scorer.scored(epoch, *self.fold)
        return self.listener(scored if self.until is None else replace(scored, epochs=self.until))

    def state(self) -> State:
        """What a checkpoint keeps; see `deltaw.training.state`."""
        kept = self.earlier
        document = {"step": 1 if kept is None else kept.step}
        networks = {} if kept is None else kept.networks
        arrays: dict[str, Any] = {"score": list(self.scorer.scores), "earlier": np.array(list(networks), np.int64)}
        each = [weights_of(network) for network in networks.values()]
        return State(document, arrays | {name: [one[name] for one in each] for name in (each[0] if each else ())})

    def go_on(self, state: State, training: Training, where: str) -> None:
        """Restore the `state` after the training's epochs. Raises ModelFileError for one that cannot be."""
        check(state.document, {"step": int}, where)
        arrays, step, epochs = dict(state.arrays), state.document["step"], training.epoch
        score, numbers = (arrays.pop(name, np.empty(0)) for name in ("score", "earlier"))
        kept = range(step - 1, epochs, max(step, 1)) if self.earlier is not None else range(0)
        shapes = {name: (len(kept), *array.shape) for name, array in weights_of(training.network).items() if kept}
        agrees = (
            step >= 1
            and score.shape == (epochs if self.held_out else 0,)
            and score.dtype.kind == "f"
            and not np.isinf(score).any()
        )
        agrees = agrees and numbers.tolist() == list(kept) and {n: array.shape for n, array in arrays.items()} == shapes
        if not agrees or not all(array.dtype.kind == "f" for array in arrays.values()):
            refuse(where, say("the scores and networks of {n} epochs", n=epochs))
        self.scorer.scores = score.tolist()
        if self.earlier is not None:
            self.earlier.step = step
            for i, number in enumerate(kept):
                network = training.network.copy()
                take_weights(network, {name: array[i] for name, array in arrays.items()})
                self.earlier.networks[number] = network

    def trained(self, network: Network, history: History) -> Trained:
        """The result, with this network and history."""
        learning = Learning(**vars(history), score=self.scorer.scores, held_out=self.held_out)
        badness = history.validation_loss if self.plan.recipe.keep == "loss" else self.scorer.each_badness
        earlier = {} if self.earlier is None else self.earlier.networks
        plan, line = self.plan, self.line
        if self.midway is not None:
            plan, network, line = self.midway.trained(network, line)
        return Trained(plan, network, learning, badness, earlier, lines=() if line is None else (line,))


class EarlierNetworks:
    """The network after each epoch; each time that they become too many, every other one is dropped."""

    def __init__(self, most: int) -> None:
        self.most, self.step = max(most, FEWEST_KEPT), 1
        self.networks: dict[int, Network] = {}

    def keep(self, epoch: int, network: Network) -> None:
        """Keep a copy of the network after an epoch, counted from 0."""
        if (epoch + 1) % self.step == 0:
            self.networks[epoch] = network.copy()
        if len(self.networks) > self.most:
            self.step *= 2
            self.networks = {each: kept for each, kept in self.networks.items() if (each + 1) % self.step == 0}
