"""Networks: shapes, seeds, forward, copies, and what bad arguments get."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import deltaw
from deltaw.equations.activations import ACTIVATIONS, softmax
from deltaw.exceptions import InputError, SettingError
from deltaw.network import INIT_FOR, Network, generator

layer_sizes = st.lists(st.integers(1, 9), min_size=2, max_size=5)


def test_the_network_of_the_notes() -> None:
    net = deltaw.Network([784, 200, 10], activations=["sigmoid", "sigmoid"], bias=False, init="notes", seed=0)
    assert [w.shape for w in net.weights] == [(200, 784), (10, 200)]
    assert [b.shape for b in net.biases] == [(200,), (10,)]
    assert net.weights[0].std() == pytest.approx(784**-0.5, rel=0.01)
    assert not any(b.any() for b in net.biases)
    assert net.parameter_count == 784 * 200 + 200 * 10
    assert net.forward(np.zeros((3, 784))).shape == (3, 10)
    assert repr(net) == "Network([784, 200, 10], activations=['sigmoid', 'sigmoid'], bias=False)"


@given(layer_sizes, st.sampled_from(list(ACTIVATIONS)), st.booleans(), st.integers(0, 2**64))
def test_shapes(sizes: list[int], activation: str, bias: bool, seed: int) -> None:
    net = Network(sizes, activation, bias=bias, seed=seed)
    net.check()
    assert [w.shape for w in net.weights] == list(zip(sizes[1:], sizes[:-1], strict=True))
    assert net.activations == [activation] * (len(sizes) - 1)
    assert net.bias == [bias] * (len(sizes) - 1)
    assert net.parameter_count == sum(o * i for o, i in zip(sizes[1:], sizes[:-1], strict=True)) + bias * sum(sizes[1:])
    assert net.forward(np.zeros((2, sizes[0]))).shape == (2, sizes[-1])


def test_defaults() -> None:
    net = Network([3, 4, 2])
    assert net.activations == ["relu", "identity"]
    assert net.bias == [True, True]
    assert net.init == ["he_normal", "xavier_uniform"]
    assert set(INIT_FOR) < set(ACTIVATIONS)
    assert Network([3, 4, 2], ["selu", "softmax"]).init == ["lecun_normal", "xavier_uniform"]


def test_settings_for_each_layer() -> None:
    net = Network([3, 4, 2], ["tanh", "softmax"], bias=[False, True], init=["constant(0.5)", "zeros"])
    assert net.bias == [False, True]
    assert net.parameter_count == 12 + 8 + 2
    assert (net.weights[0] == 0.5).all()
    assert not net.weights[1].any()
    assert net.init == ["constant(0.5)", "zeros"]
    assert "bias=[False, True]" in repr(net)


def test_seeds() -> None:
    one, same, other = (Network([5, 4, 3], seed=seed) for seed in (1, 1, 2))
    for l in range(2):
        np.testing.assert_array_equal(one.weights[l], same.weights[l])
        assert (one.weights[l] != other.weights[l]).all()


def test_forward_is_the_loops_of_the_notes() -> None:
    net = Network([3, 4, 2], ["tanh", "softmax"], seed=3)
    net.biases[0] = np.array([0.1, -0.2, 0.3, 0.0])
    x = np.array([0.5, -1.0, 2.0])
    hidden = [
        np.tanh(sum(w * v for w, v in zip(row, x, strict=True)) + b)
        for row, b in zip(net.weights[0], net.biases[0], strict=True)
    ]
    z = np.array([sum(w * v for w, v in zip(row, hidden, strict=True)) for row in net.weights[1]])
    np.testing.assert_allclose(net.forward(x), softmax(z)[None], rtol=1e-13)
    signals = net.signals([x, x])
    np.testing.assert_allclose(signals.o[0], [hidden] * 2, rtol=1e-13)
    np.testing.assert_allclose(signals.z[1], [z] * 2, rtol=1e-13)


def test_forward_takes_every_kind_of_rows() -> None:
    net, X = Network([4, 3, 2], seed=1), np.array([[0, 1, 0, 2], [3, 0, 0, 0]])
    expected = net.forward(X.astype(float))
    for rows in (
        X,
        X.tolist(),
        X.astype(np.uint8),
        X.astype(np.float32),
        sp.csr_array(X),
        sp.csc_matrix(X),
        sp.coo_array(X),
    ):
        got = net.forward(rows)
        assert isinstance(got, np.ndarray)
        assert got.dtype == np.float64
        np.testing.assert_allclose(got, expected, rtol=1e-13)


def test_float32_weights_are_used_in_float64() -> None:
    net = Network([3, 4, 2], seed=1)
    net.weights = [w.astype(np.float32) for w in net.weights]
    assert net.forward(np.ones((1, 3))).dtype == np.float64


def test_a_copy_is_a_network_of_its_own() -> None:
    net = Network([3, 4, 2], "tanh", seed=1)
    twin = net.copy()
    before = net.forward(np.ones(3))
    twin.weights[0] += 1
    twin.biases[1][:] = 5
    np.testing.assert_array_equal(net.forward(np.ones(3)), before)
    assert (twin.sizes, twin.activations, twin.bias, twin.seed) == (net.sizes, net.activations, net.bias, net.seed)


SIZES = [[], [3], [3, 0], [3, -1], [3, 2.5], "32", None, 3, [3, "2"], [[3], [2]], [3, float("inf")], [3, float("nan")]]
BAD = {
    **{f"sizes={sizes!r}": (lambda sizes=sizes: Network(sizes)) for sizes in SIZES},
    "no such activation": lambda: Network([3, 2], "sigmod"),
    "too many activations": lambda: Network([3, 2], ["relu", "relu"]),
    "no activations": lambda: Network([3, 2], []),
    "activations of another kind": lambda: Network([3, 2], 7),
    "too many biases": lambda: Network([3, 2], bias=[True, False]),
    "bias of another kind": lambda: Network([3, 2], bias=None),
    "no such init": lambda: Network([3, 2], init="kaiming"),
    "too many inits": lambda: Network([3, 2], init=["zeros", "zeros"]),
    "init of another kind": lambda: Network([3, 2], init=0.5),
    **{f"seed={seed!r}": (lambda seed=seed: Network([3, 2], seed=seed)) for seed in (-1, 1.5, "1", None, True, [1])},
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments(case: str) -> None:
    with pytest.raises(SettingError) as caught:
        BAD[case]()
    assert "\n" not in str(caught.value)
    assert "expected" in str(caught.value)
    assert "found" in str(caught.value)


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((2, 4)),
        np.zeros(4),
        np.zeros((1, 2, 3)),
        [],
        [[1, 2], [1, 2, 3]],
        [["a", "b", "c"]],
        sp.csr_array((2, 4)),
        None,
        [["1", "2", "3"]],
        [[1, None, 3]],
        np.array([["2024-01-01"] * 3], "datetime64[D]"),
        np.ones((1, 3), complex),
        sp.csr_array(np.ones((1, 3), complex)),
        np.ma.masked_array(np.ones((1, 3)), [[True, False, False]]),
    ],
)
def test_bad_rows(X: Any) -> None:
    """Training refuses the same."""
    for take in (
        Network([3, 2]).forward,
        deltaw.Predictor(Network([3, 2])),
        lambda X: deltaw.train(Network([3, 2]), X, np.eye(2)),
    ):
        with pytest.raises(InputError, match=r"^X: expected ") as caught:
            take(X)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("what", "spoilt"),
    [
        ("weights", [np.zeros((3, 2))]),
        ("weights", [np.full((2, 3), np.nan)]),
        ("weights", [np.full((2, 3), "a")]),
        ("weights", []),
        ("weights", [np.zeros((2, 3))] * 2),
        ("biases", [np.zeros(3)]),
        ("biases", [np.full(2, np.inf)]),
        ("biases", [None]),
    ],
)
def test_check_finds_weights_that_were_spoilt(what: str, spoilt: list[object]) -> None:
    net = Network([3, 2])
    setattr(net, what, spoilt)
    with pytest.raises(SettingError, match=rf"^{what}.*: expected ") as caught:
        net.check()
    assert "\n" not in str(caught.value)


def test_generator_takes_numpy_integers() -> None:
    assert generator(np.int64(3)).random() == generator(3).random() == np.random.default_rng(3).random()


@pytest.mark.parametrize(("units", "found"), [(10**7, "800,000 GB"), (10**10, "800,000,000,160 GB")])
def test_what_no_memory_holds(units: int, found: str) -> None:
    with pytest.raises(
        SettingError, match=f"^sizes: expected a network that the memory holds, found {found}; give layers"
    ):
        Network([units, units, 1])
