"""Inputs that are zero in every row of a batch are left out of the products. Nothing that is computed may show it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from witnesses import INSTRUCTION_SETS, WITNESSES

from deltaw import Network, Predictor, engines, train
from deltaw.equations.optimizers import OPTIMIZERS

N_IN, N_OUT = 50, 3  # more inputs than the engine thinks worth a look, and not a multiple of any vector


def rows(n: int, share: float, seed: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Whole numbers 0 … 255 of which so many are not zero, some columns never, and a row of nothing."""
    rng = np.random.default_rng(seed)
    X = rng.integers(1, 256, (n, N_IN)) * (rng.random((n, N_IN)) < share)
    X[:, 5:20] = 0
    X[n // 2] = 0
    return X.astype(np.uint8), rng.integers(0, N_OUT, n)


def trained(X: Any, y: Any, engine: str = "native", **how: Any) -> Network:
    network = Network([N_IN, 17, N_OUT], ["tanh", "softmax"], seed=2)
    train(network, X, y, loss="cross_entropy", input_scale=1 / 255, epochs=3, engine=engine, seed=4, **how)
    return network


def same(a: Network, b: Network) -> None:
    for one, other in zip([*a.weights, *a.biases], [*b.weights, *b.biases], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("batch_size", [1, 4, 7, 40])
def test_as_the_reference(optimizer: str, batch_size: int) -> None:
    X, y = rows(40, 0.1, 0)
    how = {"optimizer": optimizer, "learning_rate": 0.01, "batch_size": batch_size}
    native, exact = trained(X, y, **how), trained(X, y, "reference", **how)
    for one, other in zip([*native.weights, *native.biases], [*exact.weights, *exact.biases], strict=True):
        np.testing.assert_allclose(one, other, atol=3e-5)


@pytest.mark.parametrize("name", INSTRUCTION_SETS)
def test_every_instruction_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for witness, kind in WITNESSES.items():
        monkeypatch.setitem(engines.ENGINES, witness, ("witnesses", kind.__name__))
    X, y = rows(40, 0.1, 0)
    how = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 8}
    for one, other in zip(
        trained(X, y, f"native {name}", **how).weights, trained(X, y, "reference", **how).weights, strict=True
    ):
        np.testing.assert_allclose(one, other, atol=3e-5)


@settings(max_examples=40, deadline=None)
@given(
    share=st.sampled_from([0.0, 0.02, 0.2, 0.9]),
    batch_size=st.sampled_from([2, 5, 8, 33, 600]),
    optimizer=st.sampled_from(["sgd", "adam", "momentum"]),
    more=st.sampled_from([{}, {"l2": 0.01}, {"max_grad_norm": 0.05}, {"dropout": 0.2}]),
    seed=st.integers(0, 5),
)
def test_same_bits_however_the_rows_come(
    share: float, batch_size: int, optimizer: str, more: dict[str, Any], seed: int
) -> None:
    """As bytes, as floats, on more threads; and with the zeros in columns where they are not left out."""
    X, y = rows(90, share, seed)
    how = {"optimizer": optimizer, "learning_rate": 0.02, "batch_size": batch_size, **more}
    first = trained(X, y, threads=1, **how)
    same(first, trained(X, y, threads=3, **how))
    same(first, trained(X.astype(np.float32), y, threads=2, **how))
    if optimizer != "sgd":  # with plain descent CSR is trained in another form
        same(first, trained(sp.csr_array(X.astype(np.float32)), y, threads=2, **how))


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adagrad", "momentum"])
def test_columns_of_zeros_change_nothing(optimizer: str) -> None:
    """50 inputs with 15 of zeros against the 35 others alone: the same sums in the same order."""
    X, y = rows(60, 0.3, 1)
    used = np.r_[0:5, 20:N_IN]
    wide = Network([N_IN, 17, N_OUT], ["tanh", "softmax"], seed=2)
    narrow = Network([len(used), 17, N_OUT], ["tanh", "softmax"], seed=2)
    narrow.weights = [wide.weights[0][:, used].copy(), wide.weights[1].copy()]
    start = wide.weights[0].copy()
    for network, x in ((wide, X), (narrow, X[:, used])):
        train(network, x, y, loss="cross_entropy", input_scale=1 / 255, epochs=2, batch_size=6, optimizer=optimizer)
    np.testing.assert_array_equal(wide.weights[0][:, used], narrow.weights[0])
    np.testing.assert_array_equal(wide.weights[1], narrow.weights[1])
    np.testing.assert_array_equal(wide.weights[0][:, 5:20], start[:, 5:20].astype(np.float32))


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "rmsprop", "sgd"])
def test_more_inputs_than_are_updated_at_a_time(optimizer: str) -> None:
    """Whole strips of zeros, and zeros across their borders; against the other inputs alone, and the reference."""
    rng, zeros = np.random.default_rng(0), np.r_[200:600, 1000:1030, 1200:1210]
    X, y = rng.random((24, 1215)) * (rng.random((24, 1215)) < 0.5), rng.integers(0, N_OUT, 24)
    X[:, zeros] = 0
    used = np.delete(np.arange(1215), zeros)
    start = Network([1215, 37, N_OUT], ["tanh", "softmax"], seed=2)

    def trained(columns: Any, **how: Any) -> Any:
        network = Network([len(columns), 37, N_OUT], ["tanh", "softmax"], seed=2)
        network.weights = [start.weights[0][:, columns].copy(), start.weights[1].copy()]
        how = {"optimizer": optimizer, "l2": 0.01, "learning_rate": 0.01, "batch_size": 9, "epochs": 2} | how
        train(network, X[:, columns], y, loss="cross_entropy", **how)
        return network.weights

    all_of_them = trained(np.arange(1215), threads=1)
    for other in (trained(np.arange(1215), threads=2), trained(np.arange(1215), threads=3)):
        np.testing.assert_array_equal(all_of_them[0], other[0])
    np.testing.assert_array_equal(all_of_them[0][:, used], trained(used)[0])
    np.testing.assert_allclose(all_of_them[0], trained(np.arange(1215), engine="reference")[0], atol=3e-4)


def test_momentum_goes_on_where_a_column_falls_silent() -> None:
    """A zero gradient is not no step: Adam and momentum still move weights that earlier batches pushed."""
    X, y = rows(40, 0.5, 2)
    X[20:, :40] = 0
    for optimizer in ("adam", "momentum", "rmsprop"):
        how = {"optimizer": optimizer, "learning_rate": 0.01, "batch_size": 20, "shuffle": False}
        native, exact = trained(X, y, **how), trained(X, y, "reference", **how)
        np.testing.assert_allclose(native.weights[0], exact.weights[0], atol=3e-5)


@pytest.mark.parametrize("n", [1, 3, 64, 200])
def test_predictions(n: int) -> None:
    X, _ = rows(n, 0.1, 3)
    network = Network([N_IN, 17, N_OUT], ["tanh", "softmax"], seed=2)
    predict = Predictor(network)
    x = X.astype(np.float32)
    np.testing.assert_allclose(predict(x), network.forward(x), atol=1e-5, rtol=1e-4)
    np.testing.assert_array_equal(predict(x), np.concatenate([predict(x[i : i + 1]) for i in range(n)]))
