"""What must agree to the last bit: any number of threads, and training cut in two and taken up again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from deltaw import Network, engines, train
from deltaw.engines import native
from deltaw.engines.protocol import Engine, Pace, Plan
from deltaw.engines.rows import Rows
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import OPTIMIZERS, optimizer

ROWS = 131  # of which the gradient of a small layer is summed by halves
ENGINES = ["reference", "native"]


def data(sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.uniform(0, 1, (ROWS, sizes[0])), rng.dirichlet(np.ones(sizes[-1]), ROWS)


def bits(network: Network) -> list[bytes]:
    return [a.tobytes() for a in (*network.weights, *network.biases)]


@pytest.fixture
def _always_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps too small to be worth it are shared by the threads too."""
    monkeypatch.setattr(native, "WORTH_TWO_THREADS", 0)
    monkeypatch.setattr(native, "WORTH_TWO_THREADS_ONE_ROW", 0)


THREADED: dict[str, dict[str, Any]] = {
    "plain": {},
    "adam": {"optimizer": "adam"},
    "the notes' rule": {"backward": "notes"},
    "dropout and l2": {"dropout": 0.3, "l2": 0.1},
    "clipping": {"max_grad_norm": 0.05, "optimizer": "momentum"},
    "weighted rows": {"sample_weight": np.random.default_rng(1).uniform(0, 2, ROWS)},
    "fused": {"loss": "cross_entropy", "output": "softmax"},
    "softmax, not fused": {"output": "softmax"},
}


@pytest.mark.usefixtures("_always_shared")
@pytest.mark.parametrize("what", THREADED)
@pytest.mark.parametrize(
    "sizes", [[5, 6, 3], [3, 17, 1], [90, 200, 10], [160, 120, 1], [200, 200, 200, 3], [4, 2]], ids=str
)
def test_threads_do_not_change_a_bit(sizes: list[int], what: str) -> None:
    settings = {"epochs": 1, "learning_rate": 0.01, **THREADED[what]}
    start = Network(sizes, ["tanh"] * (len(sizes) - 2) + [settings.pop("output", "identity")])
    X, T = data(sizes)
    for batch_size in (1, 7, 33, ROWS):
        results = set()
        for threads in (1, 2, 3):
            network = start.copy()
            history = train(network, X, T, batch_size=batch_size, threads=threads, validation=(X, T), **settings)
            results.add((*bits(network), *history.loss, *history.validation_loss))
        assert len(results) == 1, f"batch {batch_size}"


KINDS = {
    "bytes": lambda x: np.uint8(x * 255),
    "float32": lambda x: np.float32(x),
    "sparse": lambda x: sp.csr_array(np.where(x < 0.7, 0, x)),
}


@pytest.mark.usefixtures("_always_shared")
@pytest.mark.parametrize("kind", KINDS)
def test_threads_do_not_change_a_bit_of_any_kind_of_input(kind: str) -> None:
    X, T = data([90, 200, 10])
    for batch_size in (1, 33):
        results = set()
        for threads in (1, 2):
            network = Network([90, 200, 10], "tanh")
            settings: dict[str, Any] = {"input_scale": (0.5, 0.01), "batch_size": batch_size, "epochs": 2}
            train(network, KINDS[kind](X), T, threads=threads, **settings)
            results.add(tuple(bits(network)))
        assert len(results) == 1, f"batch {batch_size}"


def test_threads_do_not_change_a_bit_where_steps_are_worth_sharing() -> None:
    rng = np.random.default_rng(0)
    X, labels = rng.uniform(0, 1, (1100, 300)), rng.integers(0, 10, 1100)
    for batch_size, epochs in ((1, 1), (128, 2), (1100, 3)):
        results = set()
        for threads in (1, 2, 2):
            network = Network([300, 300, 10], ["relu", "softmax"])
            train(network, X, labels, loss="cross_entropy", optimizer="adam", learning_rate=1e-3, batch_size=batch_size,
                  epochs=epochs, threads=threads)  # fmt: skip
            results.add(tuple(bits(network)))
        assert len(results) == 1, f"batch {batch_size}"


def epochs_of(machine: Engine, rows: Rows, which: range) -> list[float]:
    """Train the epochs of these numbers, each in an order and at a pace of its own."""
    steps = -(-len(rows) // 7)
    pace = [
        Pace(np.full(steps, 0.01 / (1 + epoch)), np.full(steps, 0.1), np.full(steps, 0.9**epoch)) for epoch in which
    ]
    order = [np.random.default_rng(epoch).permutation(len(rows)) for epoch in which]
    return [
        machine.train(rows, o[None], epoch * steps, p)[0][0] for epoch, o, p in zip(which, order, pace, strict=True)
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_taken_up_again_is_one_that_never_stopped(engine: str, name: str) -> None:
    sizes = [5, 6, 17, 3]
    plan = Plan(loss("squared"), optimizer(name), 7, l2=0.01, dropout=(0.2, 0.3), dropout_key=123)
    network = Network(sizes, "tanh", bias=[True, False, True])
    rows = Rows.of(network, *data(sizes), plan.loss)

    whole, whole_loss = network.copy(), []
    machine = engines.make(engine, network, plan)
    whole_loss = epochs_of(machine, rows, range(4))
    machine.store(whole)

    first = engines.make(engine, network, plan)
    loss_before = epochs_of(first, rows, range(2))
    half = network.copy()
    first.store(half)
    state = {key: array.copy() for key, array in first.state().items()}
    epochs_of(first, rows, range(2, 3))  # going on must not reach into what was handed out
    second = engines.make(engine, half, plan)
    second.restore(state)
    loss_after = epochs_of(second, rows, range(2, 4))
    second.store(half)

    assert loss_before + loss_after == whole_loss
    assert bits(half) == bits(whole)
    assert len(state) == 2 * 3 * optimizer(name).slots


@pytest.mark.parametrize("engine", ENGINES)
def test_state_is_a_copy(engine: str) -> None:
    network = Network([5, 3])
    plan = Plan(loss("squared"), optimizer("adam"), 7)
    rows = Rows.of(network, *data([5, 3]), plan.loss)
    machine = engines.make(engine, network, plan)
    epochs_of(machine, rows, range(1))
    state = machine.state()
    before = {key: array.copy() for key, array in state.items()}
    machine.store(network)
    weights = network.weights[0].copy()
    epochs_of(machine, rows, range(1, 2))
    assert all((state[key] == before[key]).all() for key in before)
    assert (network.weights[0] == weights).all()
    other = machine.state()
    assert set(other) == set(before) == {"W.0.0", "W.0.1", "b.0.0", "b.0.1"}
    assert not np.array_equal(other["W.0.0"], before["W.0.0"])


def test_both_engines_name_their_state_alike() -> None:
    network, plan = Network([5, 4, 3]), Plan(loss("squared"), optimizer("adam"), 7)
    states = [engines.make(engine, network, plan).state() for engine in ENGINES]
    assert {key: a.shape for key, a in states[0].items()} == {key: a.shape for key, a in states[1].items()}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_rows_may_be_trained_on_and_evaluated(engine: str) -> None:
    """Smoothing belongs to training; E of the very same rows is told without it."""
    network = Network([5, 3], "softmax")
    plan = Plan(loss("cross_entropy"), optimizer("sgd"), 7, label_smoothing=0.4)
    rows = Rows.of(network, *data([5, 3]), plan.loss)
    machine = engines.make(engine, network, plan)
    epochs_of(machine, rows, range(1))
    machine.store(network)
    fresh = Rows(rows.X, rows.T)
    assert machine.evaluate(rows)[0] == pytest.approx(machine.evaluate(fresh)[0], rel=1e-6)
    exact = engines.make("reference", network, plan).evaluate(fresh)[0]
    assert machine.evaluate(rows)[0] == pytest.approx(exact, rel=1e-5)
