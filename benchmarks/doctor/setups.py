"""Random set-ups for the doctor: healthy ones, and ones broken on purpose in one of 25 ways.

A healthy set-up is drawn from what textbooks advise: ten data sets, inputs scaled, one to four hidden layers of 8 to 64
units, weights drawn to suit the activation, the output and error that belong to the task, an optimiser at a usual rate,
800 to 3,000 steps. A broken one is a healthy one with one thing changed, and the rules that name it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw import Network
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.changes import applied
from deltaw.doctor.trials.trial import Budget, hold_out, trial

Array = NDArray[Any]
Random = np.random.Generator
MOST_ROWS = 1200
LEARNT = 0.7


@dataclass(frozen=True)
class Data:
    """X (n, n_in) scaled to mean 0 and deviation 1; T (n, n_out); the task; whether a straight line is not enough."""

    X: Array
    T: Array
    task: str
    curved: bool = False


@cache
def data(name: str) -> Data:
    """One of DATA, its rows in a random order."""
    X, t, task, curved = DATA[name]()
    order = np.random.default_rng(0).permutation(len(X))[:MOST_ROWS]
    X, t = np.asarray(X, np.float64)[order], np.asarray(t)[order]
    spread = X.std(axis=0)
    X = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    if task == "regression":
        t = t.astype(np.float64).reshape(len(t), -1)
        return Data(X, (t - t.mean(axis=0)) / t.std(axis=0), task, curved)
    if task == "labels":
        return Data(X, t.astype(np.float64), task, curved)
    classes = int(t.max()) + 1
    return Data(X, t[:, None].astype(np.float64) if classes == 2 else np.eye(classes)[t], task, curved)


def _bundled(name: str) -> tuple[Array, Array]:
    from sklearn import datasets

    X, t = getattr(datasets, f"load_{name}")(return_X_y=True)
    return X, t


def _made(name: str, *args: Any, **words: Any) -> tuple[Array, Array]:
    from sklearn import datasets

    made: tuple[Array, Array] = getattr(datasets, f"make_{name}")(*args, random_state=0, **words)
    return made


def _waves() -> tuple[Array, Array]:
    X = np.random.default_rng(0).uniform(-2, 2, (1000, 2))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + np.random.default_rng(1).normal(0, 0.1, 1000)


DATA: dict[str, Callable[[], tuple[Array, Array, str, bool]]] = {
    "iris": lambda: (*_bundled("iris"), "classification", False),
    "wine": lambda: (*_bundled("wine"), "classification", False),
    "digits": lambda: (*_bundled("digits"), "classification", False),
    "breast_cancer": lambda: (*_bundled("breast_cancer"), "classification", False),
    "moons": lambda: (*_made("moons", 1000, noise=0.15), "classification", True),
    "circles": lambda: (*_made("circles", 1000, noise=0.08, factor=0.5), "classification", True),
    "blobs": lambda: (*_made("blobs", 1000, centers=4, n_features=5, cluster_std=2.0), "classification", False),
    "friedman": lambda: (*_made("friedman1", 1000, noise=0.5), "regression", True),
    "waves": lambda: (*_waves(), "regression", True),
    "labels": lambda: (*_made("multilabel_classification", 1000, n_features=12, n_classes=4), "labels", False),
}
NATURAL = {
    "one_hot": ("softmax", "cross_entropy"), "binary": ("sigmoid", "binary_cross_entropy"),
    "labels": ("sigmoid", "binary_cross_entropy"), "regression": ("identity", "squared"),
}  # fmt: skip
HIDDEN = ("relu", "tanh", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softsign")
# Optimiser -> the ends of its usual rates, drawn evenly in the logarithm.
RATES = {
    "sgd": (0.05, 0.2), "momentum": (0.005, 0.03), "nesterov": (0.005, 0.03), "adam": (0.001, 0.01),
    "adamw": (0.001, 0.01), "rmsprop": (0.0005, 0.003), "adagrad": (0.01, 0.1),
}  # fmt: skip


def healthy(seed: int, names: tuple[str, ...] = tuple(DATA)) -> tuple[str, Setup, int]:
    """The data set's name, the set-up of this seed, and how many were drawn before that did not learn.

    Usual settings do not always suit each other: what learns less than LEARNT of what a support vector machine does
    (by scikit-learn, as it comes), from any of three seeds, is no healthy set-up, and drawn again.
    """
    rng = np.random.default_rng(seed)
    for refused in range(20):
        name, setup = _drawn(rng, names)
        if min(learnt(setup)) >= LEARNT * yardstick(name):
            return name, setup, refused
    raise AssertionError(f"twenty set-ups that do not learn, of {names}")


def learnt(setup: Setup) -> list[float]:
    """What it learns from each of three seeds, trained in full; 0 is the guess, 1 is all right."""
    holdout = hold_out(setup, Budget(len(setup.T), 10.0), seed=3)
    return [holdout.skill(trial(holdout.setup, setup.seed + i).score) for i in range(3)]


@cache
def yardstick(name: str) -> float:
    """What scikit-learn's support vector machine learns of a data set: 0 is the guess, 1 is all right."""
    from sklearn.svm import SVC, SVR

    known = data(name)
    t = known.T.argmax(axis=1)[:, None] if known.task == "classification" and known.T.shape[1] > 1 else known.T
    cut = len(t) * 3 // 4
    machine = SVR() if known.task == "regression" else SVC()
    said = np.column_stack([machine.fit(known.X[:cut], y[:cut]).predict(known.X[cut:]) for y in t.T])
    if known.task == "regression":
        return float(1 - np.sum((said - t[cut:]) ** 2) / np.sum((t[cut:] - t[:cut].mean(axis=0)) ** 2))
    guess = float(np.mean([np.unique(y[:cut], return_counts=True)[1].max() / cut for y in t.T]))
    return (float(np.mean(said == t[cut:])) - guess) / (1 - guess)


def _drawn(rng: Random, names: tuple[str, ...]) -> tuple[str, Setup]:
    name = str(rng.choice(names))
    known = data(name)
    kind = known.task if known.task != "classification" else "binary" if known.T.shape[1] == 1 else "one_hot"
    output, loss = NATURAL[kind]
    layers = int(rng.integers(1, 5))
    hidden = [int(rng.integers(8, 65)) for _ in range(layers)]
    activation = str(rng.choice(HIDDEN if layers > 1 else (*HIDDEN, "sigmoid")))
    optimizer = str(rng.choice(list(RATES)))
    low, high = RATES[optimizer]
    batch = int(rng.choice([8, 16, 32, 64]))
    steps = int(rng.integers(800, 3001))
    net = Network(
        [known.X.shape[1], *hidden, known.T.shape[1]], [activation] * layers + [output], seed=int(rng.integers(1 << 30))
    )
    return name, Setup(
        net, known.X, known.T, loss=loss, optimizer=optimizer, batch_size=batch,
        learning_rate=float(np.exp(rng.uniform(np.log(low), np.log(high)))),
        epochs=max(1, round(steps * batch / len(known.X))), seed=int(rng.integers(1 << 30)),
    )  # fmt: skip


@dataclass(frozen=True)
class Way:
    """One way to break a set-up.

    Attributes:
        breaks: (set-up, rng) -> the broken one.
        causes: rules that name it.
        where: which data sets it can break.
    """

    breaks: Callable[[Setup, Random], Setup]
    causes: frozenset[str]
    where: tuple[str, ...]


ONE_HOT = ("iris", "wine", "digits", "blobs")
BINARY = ("breast_cancer", "moons", "circles")
CURVED = ("moons", "circles", "friedman", "waves")
NUMBERS = ("friedman", "waves")
CLASSES = (*ONE_HOT, *BINARY)
ALL = tuple(DATA)


def _change(**changes: Any) -> Callable[[Setup, Random], Setup]:
    return lambda setup, rng: applied(setup, changes)


def _rebuilt(setup: Setup, hidden: list[int], activation: str, init: Any = None) -> Setup:
    net = setup.network
    sizes = [net.sizes[0], *hidden, net.sizes[-1]]
    return replace(
        setup, network=Network(sizes, [activation] * len(hidden) + net.activations[-1:], init=init, seed=net.seed)
    )


def _holes(setup: Setup, rng: Random) -> Setup:
    X = setup.X.copy()
    X[rng.random(X.shape) < 0.02] = np.nan
    return replace(setup, X=X)


def _negative_biases(setup: Setup, rng: Random) -> Setup:
    setup = _rebuilt(setup, setup.network.sizes[1:-1], "relu")
    for b in setup.network.biases[:-1]:
        b -= 30.0
    return setup


def _sorted_rows(setup: Setup, rng: Random) -> Setup:
    order = np.argsort(setup.T.argmax(axis=1) if setup.T.shape[1] > 1 else setup.T[:, 0], kind="stable")
    return replace(setup, X=setup.X[order], T=setup.T[order], shuffle=False, batch_size=8)


def _rate(low: float, high: float) -> Callable[[Setup, Random], Setup]:
    return lambda setup, rng: replace(
        setup, learning_rate=setup.learning_rate * float(np.exp(rng.uniform(np.log(low), np.log(high))))
    )


def _few_steps(setup: Setup, rng: Random) -> Setup:
    return replace(setup, epochs=1, batch_size=len(setup.T) // int(rng.integers(4, 12)))


def _weights(rule: str) -> Callable[[Setup, Random], Setup]:
    return lambda setup, rng: applied(setup, {"init": rule})


def _deep(activation: str, low: int, high: int) -> Callable[[Setup, Random], Setup]:
    return lambda setup, rng: _rebuilt(setup, [int(rng.integers(5, 20))] * int(rng.integers(low, high)), activation)


PACE = frozenset({"learning_rate_too_low", "too_few_epochs"})
OUTPUT = frozenset({"outputs_outside_loss_domain", "improper_loss"})
FADING = frozenset({"vanishing_gradient_at_start", "vanishing_gradient", "weights_too_small"})
GROWING = frozenset({"weights_too_large", "saturated_at_start", "saturated_in_training", "exploding_signals_at_start"})
WAYS: dict[str, Way] = {
    "inputs_unscaled": Way(
        lambda s, rng: replace(s, X=(s.X + rng.uniform(-3, 3)) * float(10 ** rng.uniform(2.5, 4))),
        frozenset({"unscaled_inputs"}), ALL,
    ),
    "inputs_scaled_twice": Way(
        lambda s, rng: replace(s, X=s.X * float(10 ** rng.uniform(-6, -4))),
        frozenset({"double_scaling", "unscaled_inputs"}), ALL,
    ),
    "holes": Way(_holes, frozenset({"non_finite_values"}), ALL),
    "targets_out_of_reach": Way(
        lambda s, rng: replace(applied(s, {"output_activation": "sigmoid"}), T=s.T * 20 + 100),
        frozenset({"targets_outside_range"}), NUMBERS,
    ),
    "softmax_on_one_output": Way(_change(output_activation="softmax"), frozenset({"softmax_on_one_output"}), BINARY),
    "softmax_for_labels": Way(
        _change(output_activation="softmax", loss="cross_entropy"), frozenset({"softmax_for_multilabel"}), ("labels",)
    ),
    "sigmoid_cross_entropy": Way(_change(output_activation="sigmoid"), OUTPUT, ONE_HOT),
    "outputs_outside_loss_domain": Way(
        lambda s, rng: applied(s, {"output_activation": str(rng.choice(["relu", "identity"]))}), OUTPUT, CLASSES
    ),
    "hinge_on_softmax": Way(_change(loss="hinge"), frozenset({"unreachable_hinge_margin", "improper_loss"}), CLASSES),
    "no_activation": Way(_change(hidden_activation="identity", init=None), frozenset({"no_hidden_activation"}), CURVED),
    "step": Way(_change(hidden_activation="step", init=None), frozenset({"step_activation"}), CURVED),
    "zero_weights": Way(_weights("zeros"), frozenset({"equal_weights", "dead_layer"}), ALL),
    "equal_weights": Way(_weights("constant(0.3)"), frozenset({"equal_weights"}), (*CURVED, "digits")),
    "large_weights": Way(_weights("normal(8.0)"), GROWING, ALL),
    "small_weights": Way(
        lambda s, rng: _rebuilt(s, [16] * int(rng.integers(3, 6)), "tanh", "normal(0.001)"), FADING, ALL
    ),
    "negative_biases": Way(_negative_biases, frozenset({"dead_layer", "dead_units"}), ALL),
    "deep_sigmoid": Way(_deep("sigmoid", 7, 12), FADING, ALL),
    "exponential_layers": Way(_deep("exponential", 4, 8), frozenset({"exploding_signals_at_start"}), ALL),
    "sorted_rows": Way(_sorted_rows, frozenset({"ordered_rows"}), CLASSES),
    "learning_rate_too_high": Way(_rate(300, 3000), frozenset({"learning_rate_too_high", "diverged"}), ALL),
    "learning_rate_too_low": Way(_rate(1e-5, 1e-4), PACE, ALL),
    "few_steps": Way(_few_steps, PACE, ALL),
    "penalty": Way(_change(l2=1.0), frozenset({"over_regularised"}), ALL),
    "dropout": Way(_change(dropout=0.95), frozenset({"over_regularised", "excessive_dropout"}), ALL),
    "shuffled_targets": Way(
        lambda s, rng: replace(s, T=s.T[rng.permutation(len(s.T))]), frozenset({"uninformative_inputs"}),
        ("digits", *BINARY, *NUMBERS),
    ),
}  # fmt: skip


def broken(seed: int) -> tuple[str, str, Setup, Setup]:
    """The way, the data set, the broken set-up and the healthy one that it was; ways take turns.

    What still learns LEARNT of what it did is not broken: then another healthy one is.
    """
    name = list(WAYS)[seed % len(WAYS)]
    way = WAYS[name]
    for again in range(20):
        table, sound, _ = healthy(100_000 + 1000 * again + seed, way.where)
        worse = way.breaks(sound, np.random.default_rng(seed))
        if np.mean(learnt(worse)) < LEARNT * np.mean(learnt(sound)):
            return name, table, worse, sound
    raise AssertionError(f"twenty set-ups that {name} does not break")
