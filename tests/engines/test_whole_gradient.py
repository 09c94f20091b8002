"""`Engine.gradient`: E and its gradient over all rows, for optimisers that need the function itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from deltaw import engines
from deltaw.engines.protocol import Plan
from deltaw.engines.rows import Rows
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import optimizer
from deltaw.network import Network

CASES = {
    # activation of the output, loss, l2, label smoothing
    "regression": ("identity", "squared", 0.1, 0.0),
    "classes": ("softmax", "cross_entropy", 0.0, 0.1),
    "classes with l2": ("softmax", "cross_entropy", 0.01, 0.0),
    "not fused": ("tanh", "squared", 0.0, 0.0),
}


def problem(case: str, rows: int, sizes: tuple[int, ...], weighted: bool) -> tuple[Network, Rows, Plan]:
    output, error, l2, smoothing = CASES[case]
    rng = np.random.default_rng(0)
    hidden = ["tanh"] * (len(sizes) - 2)
    network = Network(list(sizes), [*hidden, output], seed=3)
    X = rng.normal(size=(rows, sizes[0])).astype(np.float32)
    T: Any = rng.integers(0, sizes[-1], rows) if error == "cross_entropy" else rng.normal(size=(rows, sizes[-1]))
    weight = rng.uniform(0.1, 3.0, rows) if weighted else None
    plan = Plan(loss(error), optimizer("sgd"), batch_size=rows, l2=l2, label_smoothing=smoothing)
    return network, Rows.of(network, X, T, plan.loss, weight), plan


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("sizes", [(5, 3), (17, 1, 3), (3, 17, 20, 3)], ids=str)
@pytest.mark.parametrize("rows", [1, 7, 1300])  # one; fewer than a tile; more than the workspace holds
@pytest.mark.parametrize("weighted", [False, True])
def test_native_against_reference(case: str, sizes: tuple[int, ...], rows: int, weighted: bool) -> None:
    network, data, plan = problem(case, rows, sizes, weighted)
    E, dW, db = engines.make("reference", network, plan).gradient(data)
    E32, dW32, db32 = engines.make("native", network, plan).gradient(data)
    np.testing.assert_allclose(E32, E, rtol=1e-5)
    for exact, single in zip([*dW, *db], [*dW32, *db32], strict=True):
        np.testing.assert_allclose(single, exact, rtol=1e-4, atol=3e-6 * max(1.0, np.abs(exact).max()))


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_slope_of_e(case: str) -> None:
    """Central differences of the reference's own E, along random directions of all parameters together."""
    network, data, plan = problem(case, 5000, (4, 6, 3), weighted=True)  # more rows than one chunk
    machine = engines.make("reference", network, plan)
    _, dW, db = machine.gradient(data)
    rng = np.random.default_rng(1)
    for _ in range(3):
        along = [rng.normal(size=g.shape) for g in (*dW, *db)]
        slope = sum(float((g * d).sum()) for g, d in zip([*dW, *db], along, strict=True))
        errors = []
        for h in (1e-5, -1e-5):
            moved = network.copy()
            moved.weights = [w + h * d for w, d in zip(network.weights, along, strict=False)]
            moved.biases = [b + h * d for b, d in zip(network.biases, along[len(dW) :], strict=True)]
            machine.load(moved)
            errors.append(machine.gradient(data)[0])
        machine.load(network)
        assert (errors[0] - errors[1]) / 2e-5 == pytest.approx(slope, rel=1e-6)


def test_nothing_is_changed_and_load_undoes_store() -> None:
    network, data, plan = problem("classes", 40, (6, 5, 3), weighted=False)
    machine, changed = engines.make("native", network, plan), network.copy()
    machine.gradient(data)
    machine.store(changed)
    for a, b in zip(changed.weights, network.weights, strict=True):
        np.testing.assert_array_equal(a, b.astype(np.float32))
    other = Network([6, 5, 3], ["tanh", "softmax"], seed=9)
    machine.load(other)
    machine.store(changed)
    for a, b in zip(changed.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b.astype(np.float32))


def test_same_bits_for_any_number_of_threads() -> None:
    network, data, plan = problem("classes", 1300, (200, 64, 3), weighted=False)
    results = []
    for threads in (1, 2, 3):
        machine = engines.make("native", network, Plan(plan.loss, plan.optimizer, 1300, threads=threads))
        results.append(machine.gradient(data))
    for E, dW, db in results[1:]:
        assert results[0][0] == E
        for a, b in zip([*results[0][1], *results[0][2]], [*dW, *db], strict=True):
            np.testing.assert_array_equal(a, b)
