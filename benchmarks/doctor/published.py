"""The published programs of `../shared/cases/training_faults.json`, made again in DeltaW's words.

The file holds facts: layers, loss, optimiser, how the data were made. They are Keras programs, and two scales differ:
Keras averages E over the outputs where DeltaW sums, so that for SGD α is divided by their number; and its squared error
has no ½, so that α is doubled. Adam, RMSprop and Adagrad do not see a factor on E.

Keras divides outputs by their sum before the categorical cross-entropy, which makes "sigmoid with cross-entropy"
trainable there; DeltaW's −Σ t ln o does not. Such programs get Keras's error, KERAS below, which the reference engine
takes; `as_written` gives them DeltaW's. Data that the file describes only in words (weights drawn from a normal
distribution, a noise) are drawn anew from the program's seed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import deltaw
from deltaw.equations.dropout import Dropout
from deltaw.equations.initializers import Initializer
from deltaw.equations.losses import EPSILON, Loss

Array = NDArray[Any]
SHARED = Path(__file__).parents[3] / "shared"
CASES, MNIST = SHARED / "cases" / "training_faults.json", SHARED / "data" / "mnist.npz"

# Epochs where the file has "-": as many as its repaired program needs.
UNSAID_EPOCHS = 200

VANISHING = {"vanishing_gradient_at_start", "vanishing_gradient"}
OUTPUT = {"improper_loss", "outputs_outside_loss_domain"}
# The rules that name what the file calls the program's faults; any of them is right.
CAUSES: dict[str, set[str]] = {
    "SO48385830": {"learning_rate_too_high", "no_hidden_activation", "squared_error_for_classes"},
    "SO31556268_XOR": {"regression_loss_for_classes", "learning_rate_too_low", "too_few_epochs"},
    "SO50306988": {"learning_rate_too_low", "too_few_epochs"},
    "SO38648195": {"softmax_for_multilabel", "squared_error_for_classes"},
    "SO55328966": {"unscaled_inputs", "no_hidden_activation", *OUTPUT},
    "SO31880720": {"softmax_on_one_output"},
    "SO59278771_iris": {"unscaled_inputs", "weights_too_small", "network_too_small", "dead_units", *OUTPUT},
    "SO48221692": {"targets_outside_range"},
    "TDC_IPS_5": {"learning_rate_too_high"},
    "TDC_IPS_15": {"learning_rate_too_high", "unscaled_inputs"},
    "TFE_333": {"weights_too_large", "learning_rate_too_low"},
    "AT_demo_gradient_vanish": VANISHING,
    "AT_demo_oscillating_loss": {"noisy_gradient", "learning_rate_too_high"},
    "AT_circle_0ae2cd88": {"exploding_signals_at_start"},
    "AT_circle_5ab0aeda": VANISHING,
    "AT_circle_8de47bdc": {"weights_too_small", "dead_units", "dead_layer", *VANISHING},
    "AT_blob_0b6f114d": {"exploding_signals_at_start", *OUTPUT},
    "AT_blob_2569b90f": {*VANISHING, *OUTPUT},
}


@dataclass(frozen=True)
class Data:
    """X (n, n_in) and T (n, n_out) to train on, and the rows that score: the same, or ones kept apart."""

    X: Array
    T: Array
    held_out: tuple[Array, Array] | None = None


@dataclass(frozen=True)
class Program:
    """One published program.

    Attributes:
        role: "fault", "healthy-control" or "near-healthy"; "silent-fault" where it does not show in the score.
        effect: "clear" or "mostly" where the faulty program scores worse for all or most seeds; "" if not measured.
        task: "regression", "classification", "binary" or "multilabel".
        given: seed -> the words of `deltaw.train` with "network", "X", "T", "validation", as the program was.
        fixed: the same after the published fix; None where there is none.
        published: the published scores of the fixed program over three seeds, or ().
        causes: the rules that name what is wrong with it; any of them is right.
    """

    name: str
    role: str
    effect: str
    task: str
    faults: tuple[str, ...]
    given: Callable[[int], dict[str, Any]]
    fixed: Callable[[int], dict[str, Any]] | None
    published: tuple[float, ...]
    causes: frozenset[str] = frozenset()

    @property
    def faulty(self) -> bool:
        return self.role == "fault"

    @property
    def silent(self) -> bool:
        """Whether its fault does not show in its score."""
        return self.role == "silent-fault"


def programs(as_written: bool = False) -> list[Program]:
    """All of them, with Keras's error where it differs, unless as they are written; SystemExit without the file."""
    if not CASES.exists():
        raise SystemExit(f"expected the published programs in {CASES}, found no file; put it there")
    return [_program(case, as_written) for case in json.loads(CASES.read_text(encoding="utf-8"))["cases"]]


def _program(case: dict[str, Any], as_written: bool) -> Program:
    measured, overrides = case.get("measured", {}), case.get("fixed_overrides", {})
    return Program(
        name=case["id"],
        role=case["role"].split(" (")[0],
        effect=measured.get("fault_effect", "").split(":")[0],
        task=case["problem"],
        faults=tuple(case["faults"]),
        given=lambda seed: _settings(case["id"], case["buggy"], seed, as_written),
        fixed=(lambda seed: _settings(case["id"], case["buggy"] | overrides, seed, as_written)) if overrides else None,
        published=tuple(float(score) for score in measured.get("fixed") or ()),
        causes=frozenset(CAUSES.get(case["id"], ())),
    )


def _settings(name: str, facts: dict[str, Any], seed: int, as_written: bool) -> dict[str, Any]:
    """The words of `deltaw.train`, the network and the data among them."""
    data = DATA[name](np.random.default_rng(100 + seed))
    scale = facts.get("scale_inputs")
    X, held_out = (SCALES[scale](data.X), data.held_out) if scale else (data.X, data.held_out)
    outputs = np.atleast_2d(data.T.T).T.shape[1]
    units = [layer for layer in facts["layers"] if "units" in layer]
    loss, factor = LOSSES[facts["loss"]](outputs)
    divided = loss == "cross_entropy" and units[-1]["activation"] != "softmax" and not as_written
    optimizer, rate, schedule = _optimizer(facts["optimizer"])
    epochs = facts["epochs"]
    return {
        "network": _network(X.shape[1], units, seed),
        "X": X, "T": data.T, "loss": KERAS if divided else loss, "engine": "reference" if divided else "native",
        "optimizer": optimizer,
        "learning_rate": rate * (factor if facts["optimizer"]["name"] == "sgd" else 1.0),
        "batch_size": facts["batch_size"], "epochs": epochs if isinstance(epochs, int) else UNSAID_EPOCHS,
        "schedule": schedule, "dropout": _dropout(facts["layers"]), "seed": seed,
        "validation": held_out and (SCALES[scale](held_out[0]) if scale else held_out[0], held_out[1]),
    }  # fmt: skip


def _network(inputs: int, layers: list[dict[str, Any]], seed: int) -> deltaw.Network:
    rules = [initializer(layer["kernel_init"]) for layer in layers]
    network = deltaw.Network(
        [inputs, *(layer["units"] for layer in layers)], [ACTIVATIONS.get(f, f) for f in _each(layers, "activation")],
        bias=[start != "none" for start in _each(layers, "bias_init")], init=rules, seed=seed,
    )  # fmt: skip
    rng = np.random.default_rng(1000 + seed)
    for l, start in enumerate(_each(layers, "bias_init")):
        if start not in ("zeros", "none"):
            network.biases[l] = initializer(start).draw(rng, 1, layers[l]["units"])[0]
    return network


def _each(layers: list[dict[str, Any]], what: str) -> list[str]:
    return [layer[what] for layer in layers]


def initializer(name: str) -> Initializer:
    """One of the file's initial weights: glorot_uniform, normal_std1, uniform0.05, …"""
    from deltaw.equations.initializers import initializer as row

    for prefix, template in (("normal_std", "normal({})"), ("normal", "normal({})"), ("uniform", "uniform({})")):
        number = name.removeprefix(prefix)
        if name.startswith(prefix) and number:
            return row(template.format(number))
    return row(name.replace("glorot", "xavier"))


def _optimizer(facts: Mapping[str, Any]) -> tuple[str, float, str]:
    """Its name with settings, α, and the schedule that `decay` is."""
    momentum, betas = facts.get("momentum"), [facts.get("beta_1", 0.9), facts.get("beta_2", 0.999)]
    name = facts["name"]
    if name == "sgd" and momentum:
        name = f"{'nesterov' if facts.get('nesterov') else 'momentum'}({momentum})"
    elif name == "adam":
        name = f"adam({betas[0]}, {betas[1]}, 1e-07)"
    decay = facts.get("decay")  # Keras counts steps; the one program that has it makes one step an epoch
    return name, facts["lr"], f"inverse_time({decay})" if decay else "constant"


# −Σ t ln(o / Σ o): Keras's categorical cross-entropy of outputs that do not sum to 1.
KERAS = Loss(
    "keras_cross_entropy",
    lambda o, t: -np.sum(t * np.log(np.maximum(o / _whole(o), EPSILON)), axis=-1),
    lambda o, t: -t / np.maximum(o, EPSILON) + np.sum(t, axis=-1, keepdims=True) / _whole(o),
    "-t*log(o/Sum(o))", low=0.0, high=1.0,
)  # fmt: skip


def _whole(o: Array) -> Array:
    return np.asarray(np.maximum(np.sum(o, axis=-1, keepdims=True), EPSILON))


def _dropout(layers: list[dict[str, Any]]) -> float | Dropout:
    rates = [later.get("dropout", 0.0) for layer, later in pairwise(layers) if "units" in layer]
    return Dropout(rates) if any(rates) else 0.0


ACTIVATIONS = {"linear": "identity"}
# Loss -> DeltaW's, and what α is multiplied by (see above), for this many outputs.
LOSSES: dict[str, Callable[[int], tuple[str, float]]] = {
    "mse": lambda outputs: ("squared", 2.0 / outputs),
    "half_mse": lambda outputs: ("squared", 1.0 / outputs),
    "mae": lambda outputs: ("absolute", 1.0 / outputs),
    "binary_crossentropy": lambda outputs: ("binary_cross_entropy", 1.0 / outputs),
    "categorical_crossentropy": lambda outputs: ("cross_entropy", 1.0),
    "categorical_crossentropy_unclipped": lambda outputs: ("cross_entropy", 1.0),
}
SCALES: dict[str, Callable[[Array], Array]] = {
    "/255": lambda X: X / 255.0,
    "minmax": lambda X: (X - X.min(axis=0)) / np.ptp(X, axis=0),
}


def _digits(rows: slice, scaled: bool) -> Data:
    """MNIST's training rows, its test rows to score by; scikit-learn's 8 × 8 digits, made 28 × 28, without it."""
    X, labels, Xt, lt = mnist_rows() if MNIST.exists() else _small_digits()
    divisor = 255.0 if scaled else 1.0
    return Data(X[rows] / divisor, np.eye(10)[labels[rows]], (Xt[:2000] / divisor, np.eye(10)[lt[:2000]]))


def mnist_rows() -> tuple[Array, Array, Array, Array]:
    with np.load(MNIST) as f:
        names = ("x_train", "y_train", "x_test", "y_test")
        X, labels, Xt, lt = (f[name] for name in names)
    return X.reshape(len(X), -1).astype(np.float32), labels, Xt.reshape(len(Xt), -1).astype(np.float32), lt


def _small_digits() -> tuple[Array, Array, Array, Array]:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    wide = np.repeat(np.repeat(images.reshape(-1, 8, 8), 3, axis=1), 3, axis=2)
    X = np.pad(wide, ((0, 0), (2, 2), (2, 2))).reshape(len(wide), -1).astype(np.float32) * (255.0 / 16.0)
    return X[:1500], labels[:1500], X[1500:], labels[1500:]


def _xor(rng: np.random.Generator) -> Data:
    return Data(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]]))


def _two_squares(rng: np.random.Generator) -> Data:
    low = np.tile([0.2, 0.5], 100)[:, None]
    return Data(rng.uniform(low, low + 0.2, (200, 2)), np.tile(np.eye(2), (100, 1)))


def _multilabel(rng: np.random.Generator) -> Data:
    from sklearn.datasets import make_multilabel_classification

    X, T = make_multilabel_classification(60000, 20, n_classes=3, random_state=int(rng.integers(1 << 31)))
    return Data(X[:48000], T[:48000].astype(float), (X[48000:], T[48000:].astype(float)))


def _ones_then_zeros(rng: np.random.Generator) -> Data:
    label = np.repeat([1.0, 0.0], 10000)[:, None]
    return Data(np.tile(label, (1, 128)), label)


def _iris(rng: np.random.Generator) -> Data:
    from sklearn.datasets import load_iris

    X, labels = load_iris(return_X_y=True)
    return Data(X, np.eye(3)[labels])


def _parabola(rng: np.random.Generator) -> Data:
    x = np.linspace(-10.0, 10.0, 201)[np.random.default_rng(7).permutation(201)][:, None]
    t = x**2 + 3.0
    return Data(x[:150], t[:150], (x[150:], t[150:]))


def _averages(rng: np.random.Generator) -> Data:
    X = rng.integers(0, 101, (10000, 2)) / 100.0
    return Data(X, X.mean(axis=1, keepdims=True))


def _eight_points(rng: np.random.Generator) -> Data:
    x, (w, b) = rng.uniform(-8.0, 8.0, (8, 1)), rng.uniform(-8.0, 8.0, 2)
    return Data(x, w * x + b + rng.uniform(-1.0, 1.0, (8, 1)))


def _hundred_points(rng: np.random.Generator) -> Data:
    i = np.arange(100.0)[:, None]
    return Data(np.hstack([np.ones((100, 1)), i]), 2.0 * i + 4.0 + 10.0 * rng.random((100, 1)))


def _circles(rng: np.random.Generator) -> Data:
    from sklearn.datasets import make_circles

    X, t = make_circles(n_samples=1000, noise=0.1, random_state=1)
    t = t[:, None].astype(float)
    return Data(X[:700], t[:700], (X[700:], t[700:]))


def _blobs(rng: np.random.Generator) -> Data:
    from sklearn.datasets import make_blobs

    X, labels = make_blobs(n_samples=1000, centers=3, n_features=2, cluster_std=2, random_state=2)
    T = np.eye(3)[labels]
    return Data(X[:700], T[:700], (X[700:], T[700:]))


DATA: dict[str, Callable[[np.random.Generator], Data]] = {
    "SO48385830": lambda rng: _digits(slice(None), True),
    "SO31556268_XOR": _xor,
    "SO50306988": _two_squares,
    "SO38648195": _multilabel,
    "SO55328966": lambda rng: _digits(slice(5000), False),
    "SO31880720": _ones_then_zeros,
    "SO59278771_iris": _iris,
    "SO48221692": _parabola,
    "GH_averaging_nn": _averages,
    "TDC_IPS_5": _eight_points,
    "TDC_IPS_15": _hundred_points,
    "TFE_333": lambda rng: _digits(slice(None), True),
    **dict.fromkeys(
        ["AT_demo_gradient_vanish", "AT_circle_0ae2cd88", "AT_circle_5ab0aeda", "AT_circle_8de47bdc",
         "CTL_circle_b060fc17", "CTL_circle_0db8c740", "CTL_circle_41e9f616"], _circles,
    ),
    **dict.fromkeys(
        ["AT_demo_oscillating_loss", "AT_blob_0b6f114d", "AT_blob_2569b90f", "CTL_blob_a8640f1a",
         "CTL_blob_a4d82733"], _blobs,
    ),
}  # fmt: skip
