"""Trials: trainings on some of the rows, within a budget, scored on held-out rows.

E cannot be compared between set-ups with other losses or scales, so trials are scored by accuracy, AUC or R²
(`scores`). `hold_out` cuts a set-up down to the rows of trials; every trial of that `Holdout` makes as many steps as
the set-up asks for, if the budget allows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.outliers import scaling
from deltaw.doctor.evidence.targets import targets_of
from deltaw.doctor.findings import Repair
from deltaw.doctor.setup import Setup, matrix
from deltaw.doctor.trials.changes import applied
from deltaw.doctor.trials.clock import Clock
from deltaw.doctor.trials.scores import WORST, guess, quantile, score, scoring_rows
from deltaw.doctor.trials.stepping import Watched, begun, watched
from deltaw.exceptions import InputError, SettingError
from deltaw.given import described
from deltaw.network import Network
from deltaw.speech import say
from deltaw.training import History, train
from deltaw.training.epochs import LOOKED_AT

Array = NDArray[Any]
Trained = tuple[Network, History]  # a trained network, and its history

HELD_OUT = 0.25  # share of the rows held out if the set-up has no validation or test rows
FEWEST_HELD_OUT = 10  # with fewer rows the training rows score
MOST_HELD_OUT = 2000
FEWEST_ROWS = 500  # for training, however large the network
# Cost model in seconds on the native engine: a step; and for each row an input, a layer, a weight forward and back.
# Measured for networks from 2-50-3 to 784-784-50-10 on one core; it only decides how many steps fit.
STEP_COST, INPUT_COST, LAYER_COST, WEIGHT_COST = 2e-6, 1.2e-9, 4e-8, 2.5e-11
REFERENCE_COST = 30  # times that of the native engine


@dataclass(frozen=True)
class Budget:
    """The budget of a trial.

    Attributes:
        rows: the most training rows.
        seconds: of one training, approximately; it decides the number of steps.
    """

    rows: int = 5000
    seconds: float = 2.0


@dataclass(frozen=True)
class Holdout:
    """A set-up cut down to a budget, with scoring rows held out.

    Attributes:
        setup: cut down to the budget; its scoring rows are `held_out`, or the training rows if there are none.
        index: indices of its training rows in the whole set-up, ascending.
        held: indices of its scoring rows there, ascending; empty if it scores on validation or test rows.
        completed: share of the planned steps that it makes.
        stretch: its epochs for one epoch of the whole set-up: as many steps, on fewer rows.
        whole: whether it trains on (nearly) all rows, so that overfitting can be judged.
        guess: the score of the constant guess: the commonest class, or the mean.
    """

    setup: Setup
    index: NDArray[np.int64]
    held: NDArray[np.int64]
    completed: float
    stretch: float
    whole: bool
    guess: float

    def repaired(self, repairs: Sequence[Repair]) -> Setup:
        """The set-up after these repairs. Raises InputError for one that cannot be applied."""
        setup = self.setup
        for repair in repairs:
            changes = dict(repair.changes)
            if "drop_rows" in changes:
                changes["drop_rows"] = np.flatnonzero(np.isin(self.index, changes["drop_rows"]))
            if "epochs" in changes:
                changes["epochs"] = max(1, round(changes["epochs"] * self.stretch))
            setup = applied(setup, changes)
        return setup

    def skill(self, score: float) -> float:
        """The score on a scale where 0 is the guess and 1 is perfect."""
        return (score - self.guess) / (1.0 - self.guess) if self.guess < 1.0 else 0.0


@dataclass(frozen=True)
class Trial:
    """The result of one training.

    Attributes:
        score: on the scoring rows, see `scores`; the worst if `deltaw.train` refused it.
        fitted: the score on the training rows.
        history: of the training; empty if it was refused.
        network: the trained network; the initial one if it was refused.
        seconds: duration.
        looked: the epochs of the history's looks, from 0.
        refused: the error of `deltaw.train`, or "".
    """

    score: float
    fitted: float
    history: History
    network: Network
    seconds: float
    looked: tuple[int, ...] = ()
    refused: str = ""

    @property
    def diverged(self) -> bool:
        """Whether it diverged."""
        return bool(self.history.loss) and not np.isfinite(self.history.loss[-1])


def whole_number(value: Any, name: str) -> int:
    """`value` as an integer. Raises SettingError, with `name`, unless it is a whole number from 1 on."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise SettingError("{name}: expected a whole number, 1 or more", repr(value), "choose another", name=name)
    return int(value)


def _check_rows(setup: Setup, n: int, targets: int) -> None:
    """Raise InputError if there are no rows, if T or weights do not have n rows, or for an invalid number of steps."""
    for name in ("epochs", "batch_size"):
        whole_number(getattr(setup, name), name)
    for name, rows in (("validation", setup.validation), ("test", setup.test)):
        if rows is not None and not (isinstance(rows, (tuple, list)) and len(rows) > 1):
            expected = "{name}: expected (X, T) or (X, T, sample_weight)"
            raise SettingError(expected, described(rows), "give these", name=name)
    if setup.sample_weight is not None and (shape := np.shape(setup.sample_weight)) != (n,):
        raise InputError("sample_weight: expected {n} numbers", f"{shape}", "give one a row", n=n)
    if n != targets or n == 0:
        found = say("{n} and {shape}", n=n, shape=targets)
        raise InputError("X and T: expected rows, as many of each", found, "give a row of T for each of X")


def hold_out(
    setup: Setup, budget: Budget, seed: int = 0, *, hold: bool = True, excluded: NDArray[np.int64] | None = None
) -> Holdout:
    """Cut a set-up down to a budget. Raises InputError without rows, or for an invalid number of steps.

    Args:
        setup, budget: see `Setup`, `Budget`.
        seed: of the division of the rows.
        hold: whether to hold out scoring rows if the set-up has none.
        excluded: training rows that a choice was made by; others are held out, if there are enough.
    """
    X, T = matrix(setup.X, "X"), matrix(setup.T, "T")
    n = X.shape[0]
    _check_rows(setup, n, T.shape[0])
    T = T[:, 0] if np.ndim(setup.T) == 1 else T  # labels stay labels
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    available = order if excluded is None else order[~np.isin(order, excluded)]
    own = hold and (setup.held_out is None or excluded is not None)
    withheld = split_rows(n, available)[0] if own else order[:0]
    held, test = withheld, setup.test
    most = len(setup.some(MOST_HELD_OUT))
    if len(held) > most:
        held = np.sort(rng.permutation(held)[:most])
    if len(held):
        test = (X[held], T[held])
    elif setup.held_out is not None and len(setup.held_out[1]) > most:
        some = np.sort(rng.permutation(len(setup.held_out[1]))[:most])
        test = (matrix(setup.held_out[0], "X")[some], np.asarray(setup.held_out[1])[some])
    rest = order[~np.isin(order, withheld)]
    rows = min(budget.rows, max(FEWEST_ROWS, int(budget.seconds / _row_cost(setup))))  # at least one epoch
    rows, batch = matching_batches(n, setup.batch_size, min(rows, len(rest)))
    index = np.sort(rest[:rows])  # in their original order, which may be the fault
    weight = None if setup.sample_weight is None else np.asarray(setup.sample_weight)[index]
    cut = replace(setup, X=X[index], T=T[index], sample_weight=weight, test=test, batch_size=batch).initialised
    wanted = setup.epochs * -(-n // setup.batch_size) / steps_per_epoch(cut)  # as many steps
    epochs = max(1, min(round(wanted), affordable_epochs(cut, budget.seconds)))
    return Holdout(
        replace(cut, epochs=epochs), index, held, min(1.0, epochs / max(1, round(wanted))), wanted / setup.epochs,
        len(index) + len(withheld) >= 0.9 * n, guess(cut),
    )  # fmt: skip


def split_rows(n: int, order: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(held-out rows, the others) of n rows, ascending: the first quarter of `order`; none if they are too few."""
    count = int(HELD_OUT * n)
    count = count if FEWEST_HELD_OUT <= count <= len(order) else 0
    return np.sort(order[:count]), np.sort(order[count:])


def matching_batches(n: int, batch: int, rows: int) -> tuple[int, int]:
    """(rows, batch size): about so many of n rows, so that the last batch of an epoch is as full as in the training.

    A small last batch makes a full step along a noisy gradient, which a trial must not do unless the training does.
    """
    if rows == n or batch >= n:
        return rows, min(batch, rows)
    same = rows - (rows - n) % batch  # the same remainder as n
    if same >= 0.9 * rows:
        return same, batch
    smaller, full, left = max(1, rows * batch // n), (n - 1) // batch, (n - 1) % batch + 1
    return min(rows, full * smaller + max(1, round(left * smaller / batch))), smaller


def affordable_epochs(setup: Setup, seconds: float) -> int:
    """Number of epochs that fit into `seconds`, approximately; at least one."""
    steps = steps_per_epoch(setup) * STEP_COST * (1 if setup.engine == "native" else REFERENCE_COST)
    return max(1, int(seconds / (steps + setup.X.shape[0] * _row_cost(setup))))


def _row_cost(setup: Setup) -> float:
    """Seconds for training on one row once, without its step."""
    net = setup.network
    row = INPUT_COST * net.sizes[0] + LAYER_COST * len(net.weights) + WEIGHT_COST * net.parameter_count
    return row * (1 if setup.engine == "native" else REFERENCE_COST)


def trial(setup: Setup, seed: int | None = None, seconds: float = np.inf) -> Trial:
    """Train a copy and score it.

    Args:
        setup: from `Holdout.repaired` or `Holdout.setup`.
        seed: in place of its own.
        seconds: time limit; see `Clock`.
    """
    started = perf_counter()
    try:
        setup = setup if seed is None else setup.seeded(seed)
        seen = watched(setup, seconds) if setup.early_stopping is None else _stopped_early(setup, seconds)
        held, fitted = _scores(setup, seen.network)
    except (InputError, TypeError, ValueError, IndexError) as error:
        worst = WORST if guess(setup) == 0.0 else 0.0
        return Trial(worst, worst, History(), setup.network, perf_counter() - started, refused=str(error))
    return Trial(held, fitted, seen.history, seen.network, perf_counter() - started, seen.epochs)


def trial_within(setup: Setup, seed: int | None, seconds: float) -> Trial:
    """A trial of as many of its epochs as fit into `seconds`, approximately."""
    return trial(replace(setup, epochs=min(setup.epochs, affordable_epochs(setup, seconds))), seed, 2 * seconds)


def trial_of(setup: Setup, network: Network, history: History) -> Trial:
    """An earlier training, scored and examined like a trial; ΔW of its last step is not known.

    Raises InputError if the network does not fit the set-up.
    """
    m = begun(replace(setup, network=network), telemetry=True)
    look = m.machine.look(m.rows.some(LOOKED_AT))
    look = replace(look, update=np.full_like(look.update, np.nan))
    last = max(0, len(history.loss) - 1)
    held, fitted = _scores(setup, network)
    return Trial(held, fitted, replace(history, looks=[look]), network, sum(history.seconds), (last,))


def _scores(setup: Setup, network: Network) -> tuple[float, float]:
    """(score on the scoring rows, on the training rows)."""
    few = setup.some(len(setup.T))
    fitted = score(setup, network, matrix(setup.X, "X")[few], np.asarray(setup.T)[few])
    return fitted if setup.held_out is None else score(setup, network, *scoring_rows(setup)), fitted


def _stopped_early(setup: Setup, seconds: float) -> Watched:
    """A training by `deltaw.train` with validation after each epoch, and one look at the end."""
    network, clock = setup.network.copy(), Clock()
    late = [lambda epoch: clock.over(seconds)]
    history = train(network, setup.X, setup.T, **setup.arguments, telemetry=True, callbacks=late)
    return Watched(network, history, tuple(range(len(history.looks))))


# Task -> output activation and loss of a baseline network.
OF_TASK: dict[str, tuple[str, Any]] = {
    "classification": ("softmax", "cross_entropy"),
    "labels": ("sigmoid", "binary_cross_entropy"),
    "regression": ("identity", "squared"),
}
PLAIN_STEPS, PLAIN_BATCH, PLAIN_UNITS = 2000, 32, 32


@dataclass(frozen=True)
class Baseline:
    """A network with settings that rarely fail: ReLU, Adam at 0.01 with a cosine schedule, 2,000 steps of 32 rows.

    Attributes:
        hidden: units of the hidden layer; () for a linear model.
        l2: penalty.
        inputs: their scaling, see `changes`; "": standardised, robustly if there are outliers.
        codes: inputs that are replaced by one for each of their values; see `changes`.
    """

    hidden: tuple[int, ...]
    l2: float = 0.0
    inputs: str = ""
    codes: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """What it is, as part of a sentence."""
        if self.codes:
            return say("a linear model with an input for each code (a small L2 penalty)")
        if not self.hidden:
            return say("a linear model (inputs scaled, a small L2 penalty)")
        network = "a plain network (inputs scaled, one hidden layer of {plain_units} relu, Adam)"
        if self.inputs:
            network = "a plain network (an input for each interval, one hidden layer of {plain_units} relu, Adam)"
        return say(network, plain_units=self.hidden[0])


LINE, PLAIN, BINNED = Baseline((), l2=0.01), Baseline((PLAIN_UNITS,)), Baseline((PLAIN_UNITS,), inputs="piecewise")


def plain(setup: Setup, seconds: float, baseline: Baseline = PLAIN) -> Setup:
    """A baseline on the same rows."""
    setup = applied(setup, {"codes": baseline.codes}) if baseline.codes else setup
    known = targets_of(setup)
    activation, loss = OF_TASK[known.task]
    changes: dict[str, Any] = {"inputs": baseline.inputs or scaling(setup), "sample_weight": None}
    columns = len(known.classes) if known.task == "classification" else known.low.size
    if known.form == "labels":  # validation rows may have classes without an output
        largest = [np.max(rows[1], initial=0) for rows in (setup.validation, setup.test) if rows is not None]
        columns = max([columns, *(1 + int(label) for label in largest)])
    if known.task == "regression":
        changes["targets"] = "standard"
        loss = setup.loss if quantile(setup) else loss
    elif known.form in ("labels", "binary") and known.task == "classification":
        changes |= {"labels": (0.0, 1.0)} if known.form == "binary" else {}
        changes["one_hot"] = columns
    else:
        changes["labels"] = (0.0, 1.0)
    setup = applied(setup, changes)
    batch = min(PLAIN_BATCH, setup.X.shape[0])
    sizes = [setup.X.shape[1], *baseline.hidden, columns]
    network = Network(sizes, ["relu"] * len(baseline.hidden) + [activation], seed=setup.seed)
    made = Setup(
        network, setup.X, setup.T, loss=loss, optimizer="adam", learning_rate=0.01, batch_size=batch,
        schedule="cosine", l2=baseline.l2, validation=setup.validation, test=setup.test, seed=setup.seed,
        task=known.task,
    )  # fmt: skip
    return replace(made, epochs=min(max(1, PLAIN_STEPS // steps_per_epoch(made)), affordable_epochs(made, seconds)))


def steps_per_epoch(setup: Setup) -> int:
    """Steps per epoch."""
    rows = int(setup.X.shape[0])
    return -(-rows // max(1, min(setup.batch_size, rows)))
