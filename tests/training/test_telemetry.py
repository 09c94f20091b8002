"""Telemetry: what it says is what the equations say, and watching changes no bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from deltaw import Network, train
from deltaw.equations import backprop
from deltaw.equations.activations import activation
from deltaw.equations.losses import loss

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 6))
T = RNG.uniform(0.1, 0.9, size=(90, 2))
PIXELS = np.where(RNG.random((90, 6)) < 0.8, 0, RNG.integers(1, 255, (90, 6))).astype(np.uint8)

SETTINGS: dict[str, dict[str, Any]] = {
    "batches": {"batch_size": 16},
    "adam": {"batch_size": 16, "optimizer": "adam", "learning_rate": 0.01},
    "momentum": {"batch_size": 90, "optimizer": "momentum"},
    "one by one": {"batch_size": 1},
    "clipped": {"batch_size": 16, "max_grad_norm": 0.01},
    "dropout": {"batch_size": 16, "dropout": 0.3},
    "notes' rule": {"batch_size": 1, "backward": "notes"},
}


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("name", SETTINGS)
def test_watching_changes_no_bit(name: str, engine: str) -> None:
    settings = SETTINGS[name] | {"engine": engine, "epochs": 3}
    plain, watched = Network([6, 5, 2], "sigmoid"), Network([6, 5, 2], "sigmoid")
    first, second = train(plain, X, T, **settings), train(watched, X, T, telemetry=True, **settings)
    for a, b in zip([*plain.weights, *plain.biases], [*watched.weights, *watched.biases], strict=True):
        np.testing.assert_array_equal(a, b)
    assert first.loss == second.loss
    assert first.looks == []
    assert len(second.looks) == 3


def test_watching_changes_no_bit_of_exact_sparse_training() -> None:
    """Inputs that are mostly 0.01 are trained as V + q 1ᵀ, which must not be closed and opened on the way."""
    settings: dict[str, Any] = {"batch_size": 1, "epochs": 3, "input_scale": (0.99 / 255, 0.01)}
    plain, watched = Network([6, 5, 2], "sigmoid"), Network([6, 5, 2], "sigmoid")
    train(plain, PIXELS, T, **settings)
    history = train(watched, PIXELS, T, telemetry=True, **settings)
    for a, b in zip(plain.weights, watched.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    reference = Network([6, 5, 2], "sigmoid")
    exact = train(reference, PIXELS, T, telemetry=True, engine="reference", **settings)
    for look, truth in zip(history.looks, exact.looks, strict=True):
        np.testing.assert_allclose(look.update, truth.update, rtol=2e-3, atol=2e-7)  # a difference of float32s
        np.testing.assert_allclose(look.gradient, truth.gradient, rtol=2e-3)


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_lengths_by_hand(engine: str) -> None:
    """One batch an epoch, plain descent: ΔW = −α ∂E/∂W at the weights that the last epoch left."""
    network, before, seen = Network([6, 5, 2], ["tanh", "sigmoid"]), [], []

    def note(epoch: Any) -> None:
        before.append(epoch.network.copy())
        seen.append(epoch.look)

    train(network, X, T, batch_size=90, epochs=4, learning_rate=0.5, engine=engine, telemetry=True, callbacks=[note])
    for then, look, after in zip(before, seen, seen[1:], strict=False):
        signals = then.signals(X)
        W = [np.asarray(w, np.float64) for w in then.weights]
        gradients = backprop.backward(signals, T, W, then.rows, loss("squared"))
        lengths = [np.linalg.norm(g) for g in gradients.dW]
        assert look.rows == 90
        np.testing.assert_allclose(look.gradient, lengths, rtol=1e-4)
        np.testing.assert_allclose(after.update, 0.5 * np.array(lengths), rtol=1e-3)
        np.testing.assert_allclose(after.weight, [np.linalg.norm(w) for w in W], rtol=1e-5)


def test_dead_and_saturated_units() -> None:
    """A ReLU unit that is never positive, one that always is, and a sigmoid pushed to its end."""
    network = Network([2, 2, 1], ["relu", "sigmoid"])
    network.weights = [np.array([[-1.0, -1.0], [1.0, 1.0]]), np.array([[1.0, 100.0]])]
    network.biases = [np.zeros(2), np.zeros(1)]
    x = RNG.uniform(0.5, 1.0, size=(50, 2))
    history = train(network, x, np.full((50, 1), 0.5), epochs=1, batch_size=50, learning_rate=0.0, telemetry=True)
    look = history.looks[0]
    np.testing.assert_array_equal(look.dead, [1, 1])
    np.testing.assert_allclose(look.saturated, [0.5, 1.0])


@pytest.mark.parametrize(
    ("name", "z", "flat"),
    [
        ("sigmoid", 4.3, False), ("sigmoid", 4.5, True), ("tanh", -2.1, False), ("tanh", -2.3, True),
        ("relu", 0.1, False), ("relu", -0.1, True), ("leaky_relu", -5.0, False), ("identity", 50.0, False),
        ("elu", -2.9, False), ("elu", -3.1, True), ("step", 1.0, True),
    ],
)  # fmt: skip
def test_where_an_activation_is_flat(name: str, z: float, flat: bool) -> None:
    network = Network([1, 1], name, bias=False)
    network.weights = [np.array([[1.0]])]
    look = train(network, [[z]], [[0.5]], epochs=1, learning_rate=0.0, telemetry=True).looks[0]
    assert look.saturated[0] == float(flat)
    assert activation(name).coupled is False


def test_softmax_has_no_saturation_and_labels_work() -> None:
    network = Network([6, 5, 3], ["relu", "softmax"])
    labels = RNG.integers(0, 3, 90)
    look = train(network, X, labels, loss="cross_entropy", epochs=1, batch_size=8, telemetry=True).looks[0]
    assert np.isnan(look.saturated[1])
    assert look.dead[1] == 0
    assert np.isfinite([look.gradient, look.update, look.weight]).all()


def test_a_divergence_is_seen() -> None:
    network = Network([6, 5, 2], ["relu", "identity"])
    history = train(network, X, T, epochs=50, learning_rate=1e6, telemetry=True)
    assert history.ended == "diverged"
    assert not np.isfinite(history.looks[-1].update).all()


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize(("output", "error"), [("exponential", "binary_cross_entropy"), ("identity", "poisson")])
def test_weights_that_are_no_numbers_end_the_training(output: str, error: str, engine: str) -> None:
    """These losses keep o within their logarithm's reach, so that E alone may stay finite."""
    network = Network([6, 5, 2], ["exponential", output])
    history = train(network, 50 * X, T, loss=error, learning_rate=1e4, epochs=50, batch_size=8, engine=engine)
    finite = all(np.isfinite(w).all() for w in network.weights)
    assert finite == bool(np.isfinite(history.loss[-1]))
    assert (history.ended == "diverged") == (not finite)
