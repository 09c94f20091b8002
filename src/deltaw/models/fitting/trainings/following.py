"""One training, followed epoch by epoch: what it left, and what its network was like on the way."""

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
from deltaw.models.fitting.trainings.beginning import with_line
from deltaw.models.fitting.trainings.judge import Judge
from deltaw.models.fitting.trainings.prepared import prepared, some_of, windows_of
from deltaw.models.fitting.trainings.watching import Heard
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
    """What a training left.

    Attributes:
        plan: of this training.
        network: its weights at the end, or the best where validation rows chose.
        learning: the course of it.
        badness: on the rows held out, after each epoch: lower is better.
        earlier: the network as it was after each epoch, counted from 0; of long trainings after some.
        others: networks that were trained with it, where the mean of all answers.
        lines: what each of the networks began with, where that was a line.
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
        """Whether Ctrl-C or a callback ended it."""
        return self.learning.ended in BROKEN_OFF

    @property
    def diverged(self) -> bool:
        """Whether its weights are no longer numbers."""
        weights = [*self.network.weights, *self.network.biases]
        return self.learning.ended != "interrupted" and not all(np.isfinite(w).all() for w in weights)

    def after(self, epoch: int | None) -> Network:
        """The network as it was after an epoch, or the last before it that is known; None: as it is."""
        known = [each for each in self.earlier if epoch is not None and each <= epoch]
        return self.earlier[max(known)] if known else self.network

    def answers(self, part: Part, epoch: int | None = None) -> Outcome:
        """What the network answers for rows, as it was after an epoch, or with others their mean."""
        plan = self.plan
        found = [outputs(each, part.X, plan.engine, plan.threads) for each in (self.after(epoch), *self.others)]
        mean = mean_of([np.asarray(each, np.float64) for each in found], plan.target.task)
        return outcome(plan.target, mean, part.truth, part.weight, part.group)


def trained(
    plan: Plan, told: Heard, place: tuple[int, int] = (0, 0), until: int | None = None,
    follows: bool = False, checkpoints: Checkpoints | None = None, number: int = 0,
) -> Trained:  # fmt: skip
    """One training.

    Args:
        plan: without its folds.
        told: of each epoch.
        place: which fold's it is, of how many; see `ScoredEpoch`.
        until: after how many of its epochs it ends.
        follows: whether the rows that it scores say which epoch is best, for others.
        checkpoints: of the run, whose training of that `number` it is.

    Raises:
        SettingError: it diverges.
    """
    if plan.streamed is None:
        follower, training = begun(plan, told, place, until, follows, plan.threads)
        complete(training, checkpoints, number)
    else:
        follower = Follower(plan, told, place, until, follows)
        with prepared(plan) as blocks:
            training = begin_windowed(
                _first_network(follower), windows_of(plan, blocks), some_of(plan), **_settings(follower, plan.threads)
            )
            complete(training, checkpoints, number)
    return left(follower, training)


def begun(
    plan: Plan, told: Heard, place: tuple[int, int], until: int | None, follows: bool, threads: int | None
) -> tuple[Follower, Training]:
    """The training of rows that are in memory, before its first epoch, and who follows it; see `trained`."""
    follower = Follower(plan, told, place, until, follows)
    rows = plan.training
    return follower, begin(_first_network(follower), rows.X, rows.T, **_settings(follower, threads))


def left(follower: Follower, training: Training) -> Trained:
    """What a training left that is over. Raises SettingError where it diverged."""
    done = follower.trained(training.network, training.history)
    if done.diverged:
        raise diverged(done)
    return done


def _first_network(follower: Follower) -> Network:
    plan = follower.plan
    network, follower.line = with_line(plan, plan.network.copy(), plan.training)
    return network


def _settings(follower: Follower, threads: int | None) -> dict[str, Any]:
    plan = follower.plan
    asked = SETTINGS | of_plan(plan, plan.held_out[1]) | follower.settings
    return asked | {"threads": threads, "until": follower.until}


def of_plan(plan: Plan, held_out: Part | None) -> dict[str, Any]:
    """What `deltaw.train` and `train_pack` are told by the plan, and not by the recipe: see `Follower.settings`."""
    return {
        "loss": plan.recipe.loss,
        "seed": plan.seed,
        "sample_weight": plan.counts(plan.training),
        "validation": None if held_out is None else (held_out.X, held_out.T, plan.counts(held_out)),
        "engine": plan.engine,
    }


def diverged(done: Trained) -> SettingError:
    """What there is to say of a training that came to nothing."""
    rate = done.plan.recipe.learning_rate
    assert rate is not None
    return SettingError(
        "learning_rate: expected one with which the loss stays finite, found {rate}, with which training "
        "diverged in epoch {n}; give one such as {example:g}",
        rate=number(rate),
        n=len(done.learning),
        example=rate / 10,
    )


class Follower:
    """Keeps what is worth keeping of each epoch of a training, and tells of it; see `trained`.

    Args:
        plan: without its folds.
        told: of each epoch; whether it wants to stop.
        place, until, follows: see `trained`.
        at_once: how many networks are trained at once of which each is kept after every epoch; 0: only one that
            `follows` is.
    """

    def __init__(
        self, plan: Plan, told: Heard, place: tuple[int, int], until: int | None = None,
        follows: bool = False, at_once: int = 0,
    ) -> None:  # fmt: skip
        self.plan, self.told, self.place, self.until = plan, told, place, until
        self.held_out, rows = plan.held_out
        self.judge = Judge(plan.target, plan.recipe, *(() if rows is None else (rows.truth, rows.weight)))
        self.follows = follows and plan.validation is None
        self.line: Network | None = None
        each = MOST_KEPT // (max(place[1], at_once, 1) * 8 * plan.network.parameter_count)
        self.earlier = Earlier(each) if self.follows or at_once else None

    @property
    def settings(self) -> dict[str, Any]:
        """The words of the recipe as `deltaw.train` has them, and what makes it follow."""
        recipe, plan = self.plan.recipe, self.plan
        stopping = None
        if plan.validation is not None or (self.follows and recipe.patience not in (None, WAVES)):
            stopping = recipe.stopping(None if recipe.keep == "loss" else self.judge.badness)
        same = ("optimizer", "learning_rate", "batch_size", "epochs", "backward", "schedule", "l2", "label_smoothing",
                "max_grad_norm")  # fmt: skip
        return {name: getattr(recipe, name) for name in same} | {
            "dropout": Dropout(recipe.dropout or 0.0, recipe.dropout_schedule),
            "early_stopping": stopping,
            "callbacks": (self,),
        }

    def __call__(self, epoch: Epoch) -> bool:
        self.judge.hear(epoch)
        if self.earlier is not None:
            self.earlier.keep(epoch.number - 1, epoch.network)
        if self.told is None:
            return False
        scored = self.judge.told(epoch, *self.place)
        return self.told(scored if self.until is None else replace(scored, epochs=self.until))

    def state(self) -> State:
        """What the next epochs add to; see `deltaw.training.state`."""
        kept = self.earlier
        document = {"step": 1 if kept is None else kept.step}
        networks = {} if kept is None else kept.networks
        arrays: dict[str, Any] = {"score": list(self.judge.scores), "earlier": np.array(list(networks), np.int64)}
        each = [weights_of(network) for network in networks.values()]
        return State(document, arrays | {name: [one[name] for one in each] for name in (each[0] if each else ())})

    def go_on(self, state: State, training: Training, where: str) -> None:
        """Take it to where it was after the training's epochs. Raises ModelFileError for what cannot be."""
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
        self.judge.scores = score.tolist()
        if self.earlier is not None:
            self.earlier.step = step
            for i, number in enumerate(kept):
                network = training.network.copy()
                take_weights(network, {name: array[i] for name, array in arrays.items()})
                self.earlier.networks[number] = network

    def trained(self, network: Network, history: History) -> Trained:
        """What the training left, as a `Trained`."""
        learning = Learning(**vars(history), score=self.judge.scores, held_out=self.held_out)
        badness = history.validation_loss if self.plan.recipe.keep == "loss" else self.judge.each_badness
        earlier = {} if self.earlier is None else self.earlier.networks
        return Trained(self.plan, network, learning, badness, earlier, lines=() if self.line is None else (self.line,))


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
