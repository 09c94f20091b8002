"""The native engine follows the reference: activations × losses × optimisers, both biases, depths 1–4.

From the same start, after 10 steps (after 20 in the whole product, which is slow), weights may differ by float32
rounding and no more. How much that is depends on the network, so it is measured: a reference that rounds every array
to float32 is run beside (`witnesses.Rounded`), and the native engine may be a few times as far from the reference as
that one is. Starts whose trajectory comes near a kink are passed over: there the smallest rounding decides between two
slopes, in any engine.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from witnesses import INSTRUCTION_SETS, Watched

from deltaw import train
from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.dropout import Dropout
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import OPTIMIZERS
from deltaw.equations.schedules import SCHEDULES
from deltaw.network import Network
from deltaw.training import Epoch
from starts import TRAINABLE, smooth_start, start

EPS = float(np.finfo(np.float32).eps)
TIMES_ROUNDED = 8  # how many times as far from the reference as `Rounded` the native engine may be
ULPS = 32  # and how many float32 steps of the layer's largest weight besides: `Rounded` may be right by luck
LUCK = 4  # of how many more starts, half a float32 step beside, `Rounded` is asked where it may have been
KINK_MARGIN = 3e-5

CASES = list(itertools.product((1, 2, 3, 4), (True, False)))  # depth, bias
# Small enough that outputs stay where logarithms are defined.
RATES = {
    "sgd": 0.02, "momentum": 0.01, "nesterov": 0.01, "adam": 2e-3, "adamw": 2e-3, "rmsprop": 1e-3, "adagrad": 5e-3,
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("witnesses")


def run(engine: str, network: Network, X: Any, T: Any, settings: dict[str, Any]) -> tuple[Network, list[float]]:
    trained = network.copy()
    history = train(trained, X, T, engine=engine, **settings)
    return trained, history.loss


def excess(network: Network, X: Any, T: Any, settings: dict[str, Any], engine: str = "native") -> float | None:
    """How far `engine` is from the reference, in units of what rounding allows: up to 1 is right.

    None where the reference came too near a kink, or overflowed, so that nothing can be said.
    """
    reference, reference_loss = run("watched", network, X, T, settings)
    if Watched.nearest < KINK_MARGIN or not np.isfinite(reference_loss).all():
        return None
    exact = [*parameters_by_layer(reference), np.array(reference_loss)]

    def distances(engine: str, start: Network) -> list[float]:
        trained, losses = run(engine, start, X, T, settings)
        pairs = zip(exact, [*parameters_by_layer(trained), np.array(losses)], strict=True)
        return [np.abs(each - right).max() for right, each in pairs]

    ours, rounded = distances(engine, network), distances("rounded", network)
    share = share_of_rounding(exact, rounded, ours)
    # Where a step doubles what the last one rounded, one run says little of how far others come: more are asked.
    for seed in range(LUCK if share > 1 else 0):
        rounded = np.maximum(rounded, distances("rounded", nudged(network, seed)))
    return share_of_rounding(exact, rounded, ours)


def nudged(network: Network, seed: int) -> Network:
    """The same network, to half a float32 step of each weight."""
    rng, other = np.random.default_rng(seed), network.copy()
    for w in other.weights:
        w *= 1 + EPS / 2 * rng.uniform(-1, 1, w.shape)
    return other


def parameters_by_layer(network: Network) -> list[np.ndarray]:
    return [np.concatenate([w.ravel(), b]) for w, b in zip(network.weights, network.biases, strict=True)]


def share_of_rounding(exact: list[np.ndarray], rounded: Any, ours: list[float]) -> float:
    """The largest share, of layers and of E, of what each may be away."""
    sizes = [np.abs(right).max() for right in exact]
    gaps = zip(ours, [TIMES_ROUNDED * r + ULPS * EPS * s for r, s in zip(rounded, sizes, strict=True)], strict=True)
    return max((gap / allowed if np.isfinite(gap) else np.inf) if gap else 0.0 for gap, allowed in gaps)


def judged(make: Any, settings: dict[str, Any], engine: str = "native") -> float:
    """`excess` for the first seed, counted from 0, whose trajectory stays away from kinks."""
    for seed in range(60):
        network, X, T = make(seed)
        share = excess(network, X, T, settings, engine)
        if share is not None:
            return share
    raise AssertionError("no trajectory that stays away from kinks")


def cell(
    activation: str, loss_name: str, optimizer: str, depth: int, bias: bool, engine: str = "native", epochs: int = 2,
    outputs: int = 3,
) -> float:  # fmt: skip
    sizes = [*[5, 6, 5, 4][:depth], outputs]

    def make(seed: int) -> tuple[Network, Any, Any]:
        s = smooth_start(sizes, activation, loss(loss_name), bias, 33, seed, margin=1e-3)
        return s.network, s.X, s.T

    # −t log eᶻ = −t z falls without end, and soon takes every network to infinity.
    alpha = RATES[optimizer] * (0.1 if (activation, loss_name) == ("exponential", "cross_entropy") else 1)
    settings = {"loss": loss_name, "optimizer": optimizer, "learning_rate": alpha, "batch_size": 7, "epochs": epochs}
    return judged(make, settings, engine)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss_name", TRAINABLE)
def test_every_pair_with_every_optimizer(activation: str, loss_name: str) -> None:
    """Four optimisers a pair, in turn. Depth and bias go round: each meets every depth, with and without bias."""
    turn = 4 * (list(ACTIVATIONS).index(activation) + len(ACTIVATIONS) * TRAINABLE.index(loss_name))
    shares = {}
    for i in range(turn, turn + 4):
        optimizer, (depth, bias) = list(OPTIMIZERS)[i % len(OPTIMIZERS)], CASES[i % len(CASES)]
        shares[optimizer, depth, bias] = cell(activation, loss_name, optimizer, depth, bias)
    assert {case: share for case, share in shares.items() if share > 1} == {}


@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_instruction_set(activation: str, instruction_set: str) -> None:
    optimizers = itertools.cycle(OPTIMIZERS)
    shares = {
        name: cell(activation, name, next(optimizers), 3, True, f"native {instruction_set}") for name in TRAINABLE
    }
    assert {name: share for name, share in shares.items() if share > 1} == {}


@pytest.mark.parametrize("loss_name", TRAINABLE)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_few_outputs(activation: str, loss_name: str) -> None:
    """Then a vector takes one output of several rows."""
    for outputs, engine in ((1, "native"), (2, "native baseline"), (4, "native")):
        if outputs > 1 or activation != "softmax":  # of one output it is always 1
            assert cell(activation, loss_name, "sgd", 1 + outputs % 3, True, engine, outputs=outputs) <= 1, outputs


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_whole_product(activation: str, optimizer: str) -> None:
    shares = {(name, *case): cell(activation, name, optimizer, *case, epochs=4) for name in TRAINABLE for case in CASES}
    assert {case: share for case, share in shares.items() if share > 1} == {}


ROWS = 33
LABELS = np.random.default_rng(0).integers(0, 3, ROWS)
WEIGHTS = np.random.default_rng(1).uniform(0, 3, ROWS)

TO_SHARES = {"loss": "cross_entropy", "activations": ["relu", "tanh", "softmax"]}
TO_YES_OR_NO = {"loss": "binary_cross_entropy", "activations": ["tanh", "tanh", "sigmoid"]}
SLOWER = {"learning_rate": 2e-3}

# What else `train` can be told, each on its own and on a net of two hidden layers.
SETTINGS: dict[str, dict[str, Any]] = {
    "the notes' rule": {"backward": "notes"},
    "the notes' rule, batch 1": {"backward": "notes", "batch_size": 1, "epochs": 1},
    "the notes' rule on a fused pair": {"backward": "notes", **TO_SHARES},
    "the notes' rule through softmax": {"backward": "notes", "activations": ["softmax", "softmax", "softmax"]},
    "dropout": {"dropout": 0.3},
    "dropout, batch 1": {"dropout": 0.3, "batch_size": 1, "epochs": 1},
    "dropout for each layer": {"dropout": (0.0, 0.5), "optimizer": "adam", "learning_rate": 2e-3},
    "dropout that fades": {"dropout": Dropout(0.4, "cosine")},
    "dropout by the notes' rule": {"dropout": 0.3, "backward": "notes"},
    "dropout of nearly all": {"dropout": 0.99999},
    "l2": {"l2": 0.3},
    "l2, batch 1": {"l2": 0.3, "batch_size": 1, "epochs": 1},
    "l2 with adamw": {"l2": 0.1, "optimizer": "adamw(weight_decay=0.5)", "learning_rate": 2e-3},
    "adamw's decay along a schedule": {"optimizer": "adamw(weight_decay=0.5, decay_schedule='flat_cosine')", **SLOWER},
    "adamw, batch 1": {"optimizer": "adamw(weight_decay=0.5)", "learning_rate": 2e-3, "batch_size": 1, "epochs": 1},
    "clipping that bites": {"max_grad_norm": 0.05},
    "clipping that bites, batch 1": {"max_grad_norm": 0.05, "batch_size": 1, "epochs": 1},
    "clipping that never bites": {"max_grad_norm": 1e6},
    "clipping with l2 and dropout": {"max_grad_norm": 0.05, "l2": 0.1, "dropout": 0.3, "optimizer": "momentum"},
    "weighted rows": {"sample_weight": WEIGHTS},
    "weighted rows, batch 1": {"sample_weight": WEIGHTS, "batch_size": 1, "epochs": 1},
    "rows of weight 0": {"sample_weight": np.arange(ROWS) % 3 == 0},
    "labels": {"T": LABELS, **TO_SHARES},
    "labels, not fused": {"T": LABELS, **TO_YES_OR_NO, "loss": "cross_entropy"},
    "smoothed labels": {"T": LABELS, "label_smoothing": 0.2, **TO_SHARES},
    "smoothed shares": {"label_smoothing": 0.2, **TO_SHARES},
    "smoothed yes and no": {"label_smoothing": 0.1, **TO_YES_OR_NO},
    "weighted smoothed labels": {"T": LABELS, "label_smoothing": 0.1, "sample_weight": WEIGHTS, **TO_SHARES},
    "in the order given": {"shuffle": False},
    "settings of optimisers": {"optimizer": "adam(beta1=0.5, beta2=0.9, epsilon=0.001)", "learning_rate": 2e-3},
    "rmsprop's settings": {"optimizer": "rmsprop(rho=0.5, epsilon=0.01)", "learning_rate": 2e-3},
    "momentum's setting": {"optimizer": "nesterov(0.5)"},
    "adagrad's setting": {"optimizer": "adagrad(0.1)"},
    "huber's setting": {"loss": "huber(0.1)"},
    "pinball's setting": {"loss": "pinball(0.9)"},
    "pinball's setting of each output": {"loss": "pinball(0.1, 0.5, 0.9)"},
    "a bias here and none there": {"bias": [True, False, True], "optimizer": "adam", "learning_rate": 2e-3},
    "another activation in each layer": {"activations": ["gelu", "softmax", "mish"], "optimizer": "momentum"},
    "a rate of 0": {"learning_rate": 0.0},
    **{f"schedule {name}": {"schedule": name, "optimizer": "momentum"} for name in SCHEDULES},
}  # fmt: skip


def small(seed: int, settings: dict[str, Any]) -> tuple[Network, Any, Any, dict[str, Any]]:
    """A net of 5-6-4-3 units with ROWS rows, and what of the settings is for `train`."""
    rest = {"learning_rate": 0.03, "batch_size": 7, "epochs": 4, "loss": "squared", **settings}
    activations, bias = rest.pop("activations", ["tanh", "leaky_relu", "identity"]), rest.pop("bias", True)
    rng = np.random.default_rng(seed)
    network = Network([5, 6, 4, 3], activations, bias=bias, seed=seed)
    network.biases = [
        rng.normal(0, 0.2, b.shape) if has else b for b, has in zip(network.biases, network.bias, strict=True)
    ]
    X = rng.uniform(-1, 1, (ROWS, 5))
    T = rest.pop("T", rng.dirichlet(np.ones(3), ROWS))
    return network, X, T, rest


@pytest.mark.parametrize("what", SETTINGS)
def test_settings(what: str) -> None:
    rest = small(0, SETTINGS[what])[3]
    assert judged(lambda seed: small(seed, SETTINGS[what])[:3], rest) <= 1


INPUTS: dict[str, tuple[Any, Any]] = {
    "float32": (lambda x: x.astype(np.float32), None),
    "float64": (lambda x: x, None),
    "floats with a scale": (lambda x: x, (0.5, 0.25)),
    "bytes": (lambda x: np.uint8(abs(x) * 255), (0.99 / 255, 0.01)),
    "bytes as they are": (lambda x: np.uint8(abs(x) * 2.5), None),
    "whole numbers": (lambda x: np.int64(x * 3), None),
    "sparse": (lambda x: sp.csr_array(np.where(abs(x) < 0.7, 0, x)), None),
    "sparse with a scale": (lambda x: sp.csr_array(np.where(abs(x) < 0.7, 0, x)), (0.5, 0.01)),
    "sparse float32": (lambda x: sp.csr_array(np.where(abs(x) < 0.7, 0, x).astype(np.float32)), (1.0, 0.01)),
    "an empty row and an empty column": (
        lambda x: sp.csr_array(np.where(np.arange(5) == 2, 0, x) * (np.arange(len(x)) > 3)[:, None]),
        None,
    ),
}


@pytest.mark.parametrize("what", INPUTS)
def test_kinds_of_inputs(what: str) -> None:
    kind, scale = INPUTS[what]

    def make(seed: int) -> tuple[Network, Any, Any]:
        network, X, T, _ = small(seed, {})
        return network, kind(X), T

    for batch_size, epochs in ((1, 1), (7, 4)):
        for optimizer in OPTIMIZERS:
            settings = {"batch_size": batch_size, "epochs": epochs, "input_scale": scale, "optimizer": optimizer,
                        "learning_rate": RATES[optimizer], "l2": 0.01}  # fmt: skip
            assert judged(make, settings) <= 1, (batch_size, optimizer)


@pytest.mark.parametrize("sizes", [[7, 1], [30, 64, 64, 1], [5, 17, 3], [3, 200, 200, 2]], ids=str)
def test_gradients_summed_by_halves(sizes: list[int]) -> None:
    """Of many rows a small layer's gradient is, here the last batch's is not, nor that of the layer of 200 × 200."""
    for i, optimizer in enumerate(("sgd", "adam")):
        s = start(sizes, "tanh", loss("squared"), True, 390, np.random.default_rng(i), [None] * len(sizes))
        settings = {"batch_size": 133, "epochs": 2, "optimizer": optimizer, "learning_rate": RATES[optimizer],
                    "sample_weight": np.random.default_rng(i).uniform(0, 2, 390), "l2": 0.01, "threads": 2}  # fmt: skip
        share = excess(s.network, s.X, s.T, settings)
        assert share is not None
        assert share <= 1, optimizer


# Widths below, at and past a vector, a panel, and what one thread keeps to itself.
WIDTHS = [[1, 1], [3, 1, 2], [1, 17, 1], [17, 65, 3], [65, 200, 1], [200, 200, 17], [784, 33, 10], [2, 3, 200, 65, 1]]


@pytest.mark.parametrize("sizes", WIDTHS, ids=str)
@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 32, 33, 70])
def test_widths_and_batch_sizes(sizes: list[int], batch_size: int) -> None:
    def make(seed: int) -> tuple[Network, Any, Any]:
        s = start(sizes, "tanh", loss("squared"), True, 70, np.random.default_rng(seed), [None] * len(sizes))
        return s.network, s.X, s.T

    for i, (rule, optimizer) in enumerate([("gradient", "sgd"), ("notes", "sgd"), ("gradient", "adam")]):
        rows = slice(0, 20 if batch_size == 1 else 70)
        settings = {"batch_size": batch_size, "epochs": 1 if batch_size == 1 else 2, "optimizer": optimizer,
                    "learning_rate": RATES[optimizer], "backward": rule, "dropout": 0.2 * (i == 0)}  # fmt: skip
        network, X, T = make(i)
        share = excess(network, X[rows], T[rows], settings)
        assert share is not None
        assert share <= 1, (rule, optimizer)


@pytest.mark.parametrize(
    "settings", [{}, {"max_grad_norm": 0.1}, {"dropout": 0.3, "l2": 0.1}, {"backward": "notes"}], ids=str
)
def test_batches_of_more_rows_than_the_engine_holds_at_once(settings: dict[str, Any]) -> None:
    s = start([7, 20, 3], "tanh", loss("squared"), True, 1500, np.random.default_rng(0), [None] * 2)
    for batch_size in (600, 1500):
        all_settings = {"batch_size": batch_size, "epochs": 3, "optimizer": "adam", "learning_rate": 0.01, **settings}
        share = excess(s.network, s.X, s.T, all_settings)
        assert share is not None
        assert share <= 1, batch_size


@pytest.mark.parametrize("loss_name", TRAINABLE)
def test_evaluation(loss_name: str) -> None:
    """E and outputs of held-out rows, weighted, after training with all that must not be at work then."""
    s = smooth_start([5, 6, 3], "sigmoid", loss(loss_name), True, 3 * ROWS, 0, margin=1e-3)
    held_out = (s.X, s.T, np.random.default_rng(2).uniform(0, 2, 3 * ROWS))
    settings = {"loss": loss_name, "learning_rate": 0.01, "dropout": 0.3, "l2": 0.1, "label_smoothing": 0.1}
    told: dict[str, list[Epoch]] = {"reference": [], "native": []}
    for engine, epochs in told.items():
        train(s.network.copy(), s.X, s.T, validation=held_out, callbacks=[epochs.append], engine=engine, **settings)
    for exact, ours in zip(*told.values(), strict=True):
        assert ours.validation_loss == pytest.approx(exact.validation_loss, rel=1e-5)
        np.testing.assert_allclose(ours.outputs, exact.outputs, rtol=1e-5, atol=1e-6)
