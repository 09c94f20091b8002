"""Trials: trainings on some of the rows, within a budget, scored on rows kept apart. What helps is what scores better.

E cannot be compared between set-ups: another loss, another scale of targets, another E. So a trial is scored in the
task's own terms: the share of right answers, or R². `Ground` cuts a set-up down to the rows that trials use; repairs
are tried on that, and every trial of a ground makes as many steps as the set-up asked for, if the budget allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.targets import Targets, targets
from deltaw.doctor.findings import Repair
from deltaw.doctor.setup import Setup, matrix
from deltaw.doctor.trials.changes import applied
from deltaw.doctor.trials.stepping import LOOKED_AT, Watched, machine, watched
from deltaw.engines.rows import Rows
from deltaw.equations import losses
from deltaw.exceptions import InputError, SettingError
from deltaw.network import Network
from deltaw.training import History, train

Array = NDArray[Any]
Trained = tuple[Network, History]  # a network as its training ended, and how it went

HELD_OUT = 0.25  # share of the rows kept apart where the set-up keeps none itself
FEWEST_HELD_OUT = 10  # fewer rows than this tell nothing: then the training rows score
MOST_HELD_OUT = 2000
FEWEST_ROWS = 500  # trained on, however large the network
# What a trial costs, in seconds, on the native engine: a step; and of one row each input, each layer, each weight
# forward and back. Measured over networks from 2-50-3 to 784-784-50-10 on one core; it only sets how many steps fit.
STEP_COST, INPUT_COST, LAYER_COST, WEIGHT_COST = 2e-6, 1.2e-9, 4e-8, 2.5e-11
REFERENCE_SLOWER = 30  # times that the reference engine takes as long
DEALS = 999  # of a permutation test
WORST = -1.0  # R² of outputs that are no numbers, or that are worse than this


@dataclass(frozen=True)
class Budget:
    """How much a trial may take.

    Attributes:
        rows: trained on, at most.
        seconds: of one training, about; set-ups that ask for more are cut after so many steps.
    """

    rows: int = 5000
    seconds: float = 2.0


@dataclass(frozen=True)
class Ground:
    """Where trials of one set-up take place.

    Attributes:
        setup: cut down to the budget; its `validation` are the rows that score, or None where the training rows do.
        index: which training rows of the whole set-up it trains on, ascending.
        share: how many of the steps asked for it makes.
        stretch: epochs of the cut-down set-up for one of the whole: as many steps, of fewer rows.
        whole: whether it trains on (nearly) all rows, so that what it shows of fitting is true of all.
        guess: the score of always giving the same answer: the commonest class, or the mean.
    """

    setup: Setup
    index: NDArray[np.int64]
    share: float
    stretch: float
    whole: bool
    guess: float

    def repaired(self, repairs: Sequence[Repair]) -> Setup:
        """The cut-down set-up after these repairs. Raises InputError for one that cannot be applied."""
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
        """The score on a scale where 0 is the guess and 1 is all right."""
        return (score - self.guess) / (1.0 - self.guess) if self.guess < 1.0 else 0.0


@dataclass(frozen=True)
class Trial:
    """How one training went.

    Attributes:
        score: on the rows kept apart: share of right answers, or R² (WORST at least); the worst where it was refused.
        fitted: the same on the training rows.
        history: of the training; empty where it was refused.
        network: as it ended; as it began where the training was refused.
        seconds: that it took.
        looked: after which epochs the history's looks were taken, from 0.
        refused: what `deltaw.train` said, or "".
    """

    score: float
    fitted: float
    history: History
    network: Network
    seconds: float
    looked: tuple[int, ...] = ()
    refused: str = ""


def ground(setup: Setup, budget: Budget, seed: int = 0) -> Ground:
    """Cut a set-up down to a budget. Raises InputError for what has no rows, or no number of steps."""
    X, T = matrix(setup.X, "X"), matrix(setup.T, "T")
    n = X.shape[0]
    for name in ("epochs", "batch_size"):
        value = getattr(setup, name)
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
            raise SettingError(f"{name}: expected a whole number, 1 or more", repr(value), "choose another")
    if setup.validation is not None and not (isinstance(setup.validation, (tuple, list)) and len(setup.validation) > 1):
        raise SettingError("validation: expected (X, T) or (X, T, sample_weight)", "something else", "give these")
    if setup.sample_weight is not None and np.shape(setup.sample_weight) != (n,):
        raise InputError(f"sample_weight: expected {n} numbers", f"{np.shape(setup.sample_weight)}", "give one a row")
    if n != T.shape[0] or n == 0:
        raise InputError(
            "X and T: expected rows, as many of each", f"{n} and {T.shape[0]}", "give a row of T for each of X"
        )
    T = T[:, 0] if np.ndim(setup.T) == 1 else T  # labels stay labels
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    validation = setup.validation
    kept = int(HELD_OUT * n) if validation is None and HELD_OUT * n >= FEWEST_HELD_OUT else 0
    if kept:
        held = np.sort(order[: min(kept, MOST_HELD_OUT)])
        validation = (X[held], T[held])
    elif validation is not None and len(validation[1]) > MOST_HELD_OUT:
        some = np.sort(rng.permutation(len(validation[1]))[:MOST_HELD_OUT])
        validation = (matrix(validation[0], "X")[some], np.asarray(validation[1])[some])
    rows = min(budget.rows, max(FEWEST_ROWS, int(budget.seconds / _row_cost(setup))))  # at least one pass over them
    index = np.sort(order[kept : kept + rows])  # in the order they came: it may be what is wrong
    weight = None if setup.sample_weight is None else np.asarray(setup.sample_weight)[index]
    cut = replace(
        setup, X=X[index], T=T[index], sample_weight=weight, validation=validation,
        batch_size=min(setup.batch_size, len(index)),
    )  # fmt: skip
    steps = setup.epochs * -(-n // max(1, setup.batch_size))
    asked = steps / _steps(cut)
    epochs = max(1, min(round(asked), affordable(cut, budget.seconds)))
    cut = replace(cut, epochs=epochs)
    return Ground(
        cut,
        index,
        min(1.0, epochs / max(1, round(asked))),
        asked / setup.epochs,
        len(index) + kept >= 0.9 * n,
        guess(cut),
    )


def affordable(setup: Setup, seconds: float) -> int:
    """How many epochs of it fit into so many seconds, about; at least one."""
    steps = _steps(setup) * STEP_COST * (1 if setup.engine == "native" else REFERENCE_SLOWER)
    return max(1, int(seconds / (steps + setup.X.shape[0] * _row_cost(setup))))


def _row_cost(setup: Setup) -> float:
    """What training on one row once costs, in seconds, about; its step apart."""
    net = setup.network
    row = INPUT_COST * net.sizes[0] + LAYER_COST * len(net.weights) + WEIGHT_COST * net.parameter_count
    return row * (1 if setup.engine == "native" else REFERENCE_SLOWER)


def trial(setup: Setup, seed: int | None = None, seconds: float = np.inf) -> Trial:
    """Train a copy and score it.

    Args:
        setup: as `Ground.repaired` or `Ground.setup` gives it.
        seed: other initial weights and orders than its own.
        seconds: after which the training is cut off, whatever is left.
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


def afforded(setup: Setup, seed: int | None, seconds: float) -> Trial:
    """A trial of as many of its epochs as fit into so many seconds, about."""
    return trial(replace(setup, epochs=min(setup.epochs, affordable(setup, seconds))), seed, 2 * seconds)


def finished(setup: Setup, network: Network, history: History) -> Trial:
    """A training that took place before, scored and looked into as `trial` does it; ΔW of its last step is not known.

    Raises InputError where the network does not fit the set-up.
    """
    m = machine(replace(setup, network=network), watched=True)
    look = m.engine.look(m.rows.some(LOOKED_AT))
    look = replace(look, update=np.full_like(look.update, np.nan))
    last = max(0, len(history.loss) - 1)
    held, fitted = _scores(setup, network)
    return Trial(held, fitted, replace(history, looks=[look]), network, sum(history.seconds), (last,))


def scoring(setup: Setup) -> tuple[Any, Any]:
    """X and T of the rows that score: those kept apart, or where there are none the training rows."""
    return (setup.X, setup.T) if setup.validation is None else (setup.validation[0], setup.validation[1])


def _scores(setup: Setup, network: Network) -> tuple[float, float]:
    """Of the rows that score, and of those trained on."""
    fitted = score(setup, network, setup.X, setup.T)
    return fitted if setup.validation is None else score(setup, network, *scoring(setup)), fitted


def _stopped_early(setup: Setup, seconds: float) -> Watched:
    """`deltaw.train` itself, validating after each epoch, with a look."""
    network, started = setup.network.copy(), perf_counter()
    late = [lambda epoch: perf_counter() - started > seconds]
    history = train(network, setup.X, setup.T, **setup.arguments, telemetry=True, callbacks=late)
    return Watched(network, history, tuple(range(len(history.looks))))


def score(setup: Setup, network: Network, X: Any, T: Any) -> float:
    """The share of right answers, or R²; WORST where outputs are no numbers.

    A network that is to find a quantile is no worse for not finding the mean: its score is D² = 1 − E/E₀, with E₀ of
    the best constant (Koenker & Machado 1999), which is R² where E is the squared error.
    """
    known = targets(matrix(setup.T, "T"), setup)
    t, o = known.encoded(matrix(T, "T")), outputs(setup, network, X)
    quantile = _quantile(setup)
    if quantile is None or known.task != "regression":
        return scored(known, t, o)
    constant = float(np.mean(quantile.E(np.broadcast_to(np.quantile(t, quantile.parameter, axis=0), t.shape), t)))
    reached = float(np.mean(quantile.E(o, t)))
    return max(WORST, 1.0 - reached / constant) if constant > 0 and np.isfinite(reached) else WORST


def _quantile(setup: Setup) -> losses.Loss | None:
    """The loss, if it is one for quantiles."""
    row = losses.loss(setup.loss)
    return row if row.kind == "pinball" else None


def outputs(setup: Setup, network: Network, X: Any) -> Array:
    """Outputs (n, n_out), float64, of rows as the set-up scales them."""
    rows = Rows.of(setup.network, X, None, scale=setup.input_scale)
    with np.errstate(all="ignore"):
        parts = [network.signals(rows.inputs(slice(i, i + 4096))).o[-1] for i in range(0, len(rows), 4096)]
    return np.concatenate(parts)


def scored(known: Targets, t: Array, o: Array) -> float:
    """The score of outputs o (n, n_out) for targets t (n, n_out) of a task."""
    if not np.isfinite(o).all():
        return WORST if known.task == "regression" else 0.0
    if known.task == "regression":
        spread = float(np.sum((t - t.mean(axis=0)) ** 2))
        with np.errstate(over="ignore"):
            return max(WORST, 1.0 - float(np.sum((t - o) ** 2)) / spread) if spread > 0 else 0.0
    if known.task == "classification" and t.shape[1] > 1:
        return float(np.mean(t.argmax(axis=1) == o.argmax(axis=1)))
    values = np.unique(t)  # the answer is the nearest of the values that targets have: 0 or 1, 0.01 or 0.99, −1 or 1
    nearest = values[np.abs(o[..., None] - values).argmin(axis=-1)]
    return float(np.mean(nearest == t))


def guess(setup: Setup) -> float:
    """The score of the best answer that never changes, on the training rows."""
    known = targets(matrix(setup.T, "T"), setup)
    if known.task == "regression" or not len(known.classes):
        return 0.0
    shares = known.classes / len(setup.T)
    return float(shares.max() if known.task == "classification" else np.maximum(shares, 1.0 - shares).mean())


# What a plain network is made of, for each task: output activation and loss.
PLAIN: dict[str, tuple[str, Any]] = {
    "classification": ("softmax", "cross_entropy"),
    "labels": ("sigmoid", "binary_cross_entropy"),
    "regression": ("identity", "squared"),
}
PLAIN_STEPS, PLAIN_BATCH, PLAIN_UNITS = 2000, 32, 32
LINE_L2 = 0.01  # where there are few rows, many columns or much noise, a line too learns by heart


def plain_shape(units: int) -> tuple[list[int], float]:
    """Hidden layers and penalty of the plain network, or for 0 units of the line."""
    return ([units], 0.0) if units else ([], LINE_L2)


def plain(setup: Setup, seconds: float, units: int = PLAIN_UNITS) -> Setup:
    """The same rows for a plain network with settings that rarely fail: what these rows can teach.

    One hidden layer of `units` ReLU, inputs scaled to mean 0 and deviation 1, Adam at 0.01 falling as a cosine, 2,000
    steps of 32 rows. With 0 units there is no hidden layer: a straight line, with a small penalty on its slopes.
    """
    known = targets(matrix(setup.T, "T"), setup)
    activation, loss = PLAIN[known.task]
    changes: dict[str, Any] = {"inputs": "standard", "sample_weight": None}
    columns = len(known.classes) if known.task == "classification" else known.low.size
    if known.task == "regression":
        changes["targets"] = "standard"
        loss = setup.loss if _quantile(setup) else loss
    elif known.form in ("labels", "binary") and known.task == "classification":
        changes |= {"labels": (0.0, 1.0)} if known.form == "binary" else {}
        changes["one_hot"] = columns
    else:
        changes["labels"] = (0.0, 1.0)
    setup = applied(setup, changes)
    batch = min(PLAIN_BATCH, setup.X.shape[0])
    hidden, l2 = plain_shape(units)
    sizes = [setup.X.shape[1], *hidden, columns]
    network = Network(sizes, ["relu"] * len(hidden) + [activation], seed=setup.seed)
    made = Setup(
        network, setup.X, setup.T, loss=loss, optimizer="adam", learning_rate=0.01, batch_size=batch,
        schedule="cosine", l2=l2, validation=setup.validation, seed=setup.seed, task=known.task,
    )  # fmt: skip
    return replace(made, epochs=min(max(1, PLAIN_STEPS // _steps(made)), affordable(made, seconds)))


def permuted(known: Targets, t: Array, o: Array, rounds: int = DEALS) -> float:
    """p: how often outputs score as well when the targets are dealt out anew to the rows (a permutation test)."""
    rng = np.random.default_rng(0)
    fits: Callable[[Array], float] = partial(scored, known, o=o)
    if known.task == "classification" and t.shape[1] > 1 and np.isfinite(o).all():
        t, said = t.argmax(axis=1), o.argmax(axis=1)  # once, and not in every deal
        fits = lambda t: float(np.mean(t == said))  # noqa: E731
    reached = fits(t)
    as_good = sum(fits(rng.permutation(t)) >= reached for _ in range(rounds))
    return (1 + as_good) / (1 + rounds)


def _steps(setup: Setup) -> int:
    """Steps in an epoch."""
    rows = int(setup.X.shape[0])
    return -(-rows // max(1, min(setup.batch_size, rows)))
