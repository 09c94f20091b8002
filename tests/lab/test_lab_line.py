"""The line that a network of numbers begins with, and how strong answers are in the end, are Python's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine import ask
from setups import data, network, settings

from deltaw.models.fitting.trainings.calibration import Probabilities, inverse_temperature
from deltaw.models.fitting.trainings.linear_start import linear_scale, mixed, start_from_line
from deltaw.network import Network

RNG = np.random.default_rng(5)
ACTIVATIONS = ("mish", "tanh", "step", "relu", "selu", "sigmoid", "gelu", "softplus")


def rows(n: int, n_in: int, noise: float) -> tuple[Any, Any, Any]:
    """Inputs of which some are others again, or always the same; targets and weights."""
    X = np.maximum(RNG.normal(size=(n, n_in)), -0.2).astype(np.float32)
    X[:, n_in // 2] = 1.0
    X[:, -1] = X[:, 0]
    T = X @ RNG.normal(size=n_in) + noise * RNG.normal(size=n)
    return X, (T / T.std())[:, None].astype(np.float32), RNG.uniform(0.1, 3.0, n)


CASES = [
    (rows(n, n_in, noise), settings([*((16 + 8 * k, ACTIVATIONS[(i + j) % 8]) for k in range(j + 1)), (1, "identity")],
                                    loss="squared", seed=i) | {"fromLine": True})
    for j, noise in enumerate((0.0, 0.3, 3.0))
    for i, (n, n_in) in enumerate(((20, 40), (300, 3), (300, 70), (9000, 8), (5, 1)))
]  # fmt: skip


def begun(case: tuple[Any, Any], given: dict[str, Any]) -> tuple[Network, Network]:
    X, T, weight = case
    net = network(X.shape[1], given)
    line = start_from_line(net, X, T, weight / weight.mean())
    assert line is not None
    return net, line


def close(found: dict[str, Any], net: Network) -> None:
    pairs = [*zip(found["weights"], net.weights, strict=True), *zip(found["biases"], net.biases, strict=True)]
    for ours, python in pairs:
        np.testing.assert_allclose(ours, np.ravel(python), rtol=3e-6, atol=2e-6)


def test_networks_begin_with_pythons_line() -> None:
    jobs = [{"do": "initial", "data": data(*case), "settings": given} for case, given in CASES]
    for (case, given), found in zip(CASES, ask(jobs), strict=True):
        close(found, begun(case, given)[0])


def test_a_network_and_its_line_are_mixed_as_in_python() -> None:
    share = 0.37
    jobs = [{"do": "mixed", "data": data(*case), "settings": given, "share": share} for case, given in CASES]
    none = 0
    for (case, given), found in zip(CASES, ask(jobs), strict=True):
        net, line = begun(case, given)
        none += found is None
        assert (found is None) == (linear_scale(net) is None)
        if found is not None:
            close(found, mixed(net, line, share))
    assert 0 < none < len(CASES)


def test_where_there_is_no_room_all_weights_are_drawn() -> None:
    """Of too few units, of several outputs, of an output that is no number, or where nobody asked for one."""
    X, T, _ = rows(200, 5, 0.1)
    layers = [(32, "mish"), (1, "identity")]
    changes: list[dict[str, Any]] = [
        {"layers": [(32, "mish"), (15, "mish"), (1, "identity")]}, {"layers": [(32, "mish"), (2, "identity")]},
        {"layers": [(32, "mish"), (1, "sigmoid")]}, {"layers": [(1, "identity")]}, {"init": "he_normal"},
        {"fromLine": False},
    ]  # fmt: skip
    given = [settings(each.pop("layers", layers), loss="squared") | {"fromLine": True} | each for each in changes]
    targets = [np.tile(T, (1, each["layers"][-1]["units"])) for each in given]
    jobs = [{"do": "initial", "data": data(X, t), "settings": each} for t, each in zip(targets, given, strict=True)]
    for each, found in zip(given, ask(jobs), strict=True):
        net = network(5, each)
        for ours, drawn in zip(found["weights"], net.weights, strict=True):
            assert np.array_equal(ours, np.asarray(drawn, np.float32).ravel())


def test_classes_are_made_as_sure_as_in_python() -> None:
    jobs: list[dict[str, Any]] = []
    expected = []
    for n, k, spread, truth in (
        (30, 2, 4.0, 1.0),
        (400, 3, 1.0, 3.0),
        (400, 10, 3.0, 0.5),
        (50, 2, 0.1, 1.0),
        (90, 2, 9.0, 9.0),
    ):
        z = spread * RNG.normal(size=(n, k))
        true = np.exp(truth * z) / np.exp(truth * z).sum(axis=1, keepdims=True)
        labels = np.array([RNG.choice(k, p=each) for each in true])
        shares, weight = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)).astype(np.float32), RNG.uniform(0.5, 2.0, n)
        jobs.append({"do": "sharpness", "shares": shares, "labels": labels.astype(np.int32), "weight": weight})
        expected.append(inverse_temperature([Probabilities(shares.astype(np.float64), labels, weight)]))
    assert ask(jobs) == pytest.approx(expected, rel=1e-9)
