"""The caller's memory: written to while the core reads it, at odd addresses, and sparse matrices that point outside."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from deltaw import InputError, Network, Predictor, train
from deltaw.engines.native import core
from deltaw.exceptions import SettingError

ROWS, WIDTH = 40, 50


def trainer(loss: str = "cross_entropy", output: str = "softmax") -> Any:
    plan = core().Plan()
    plan.loss, plan.optimizer, plan.batch_size = loss, "sgd", 8
    made = core().Trainer([(WIDTH, 20, "tanh", True), (20, 3, output, True)], plan)
    rng = np.random.default_rng(1)
    for l, shape in enumerate([(20, WIDTH), (3, 20)]):
        made.write(l, -1, rng.normal(0, 0.3, shape).astype(np.float32), np.zeros(shape[0], np.float32))
    return made


def weights_after(X: Any, T: Any) -> bytes:
    made, steps = trainer(), np.ones(2 * ROWS // 8)
    made.train(X, T, np.stack([np.arange(ROWS)] * 2), 0, 0.1 * steps, 0 * steps, steps, 1)
    W, b = np.empty((20, WIDTH), np.float32), np.empty(20, np.float32)
    made.read(0, -1, W, b)
    return W.tobytes()


def test_what_indexes_memory_is_the_cores_own() -> None:
    """Labels, columns and row starts overwritten after they were checked: the training is that of what was checked."""
    rng = np.random.default_rng(0)
    matrix = sp.random_array((ROWS, WIDTH), density=0.2, random_state=0, dtype=np.float32).tocsr()
    values, columns, starts = matrix.data, matrix.indices.astype(np.int32), matrix.indptr.astype(np.int64)
    labels = rng.integers(0, 3, ROWS).astype(np.int32)

    def handed_over() -> tuple[Any, Any]:
        given = columns.copy(), starts.copy(), labels.copy()
        X = core().Inputs.sparse(values, given[0], given[1], WIDTH, 1.0, 0.0)
        T = core().targets(given[2], None, 3, 0.0, False)
        handed_over.given = given  # type: ignore[attr-defined]
        return X, T

    wanted = weights_after(*handed_over())
    X, T = handed_over()
    for array in handed_over.given:  # type: ignore[attr-defined]
        array[:] = 10**9
    assert weights_after(X, T) == wanted


RACE = """
import threading, time
import numpy as np
import scipy.sparse as sp
import deltaw
from deltaw.equations.encoded import Encoded, Field

rng = np.random.default_rng(0)
{data}
done = False

def keep_writing():
    while not done:
        write()

writers = [threading.Thread(target=keep_writing) for _ in range(2)]
for writer in writers:
    writer.start()
until = time.monotonic() + {seconds}
while time.monotonic() < until:
    network = deltaw.Network([X.shape[1], 5, 2], seed=0)
    for run in runs:
        try:
            run(network)
        except deltaw.DeltaWError:
            pass  # a number was found where there should be none: said in one line
done = True
print("alive")
"""
DENSE_AND_SPARSE = """
X = np.zeros((30000, 60), np.float32)
T = rng.uniform(0.1, 0.9, (30000, 2)).astype(np.float32)
noise, bare = rng.normal(size=X.shape).astype(np.float32), np.zeros_like(X)
matrix = sp.random_array((30000, 60), density=0.1, random_state=0, dtype=np.float32).tocsr()
columns = matrix.indices.copy()
runs = [
    lambda network, rows=rows, size=size: deltaw.train(network, rows, T, batch_size=size, epochs=1, threads=1)
    for rows, size in ((X, 1), (X, 1), (X, 1), (X, 32), (matrix, 8))
]

def write():
    X[...] = noise
    X[...] = bare
    T[...] = T[::-1]
    matrix.indices[...] = 2**31 - 1
    matrix.indices[...] = columns
"""
ENCODED = """
fields = [Field("bins", 5), Field(), Field("slots", 7)] * 5
X = Encoded(np.zeros((20000, 15), np.float32), fields)
noise = rng.choice(np.float32([0, 1, 3e38, -3e38, np.nan, np.inf, 1e9, -1e9]), X.stored.shape)
T = rng.uniform(0.1, 0.9, (20000, 2)).astype(np.float32)
runs = [
    lambda network: deltaw.train(network, X, T, batch_size=32, epochs=1),
    lambda network: deltaw.Predictor(network)(X),
    lambda network: deltaw.train(network, X, T, batch_size=1, epochs=1),
]

def write():
    X.stored[...] = noise
    X.stored[...] = 0
"""


@pytest.mark.parametrize("seconds", [0.5, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize("data", [DENSE_AND_SPARSE, ENCODED], ids=["dense and sparse", "encoded"])
def test_a_thread_that_writes_to_the_rows_meanwhile_breaks_nothing(data: str, seconds: float) -> None:
    script = RACE.format(data=data, seconds=seconds)
    run = [sys.executable, "-X", "faulthandler", "-W", "ignore", "-c", script]
    done = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr


def misaligned(array: np.ndarray) -> np.ndarray:
    """The same numbers, one byte past a multiple of their size."""
    memory = bytearray(array.nbytes + 1)
    memory[1:] = array.tobytes()
    odd = np.frombuffer(memory, array.dtype, offset=1).reshape(array.shape)
    assert not odd.flags.aligned
    return odd


@pytest.mark.parametrize("batch_size", [1, 8])
def test_arrays_at_odd_addresses_are_copied(batch_size: int) -> None:
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(ROWS, WIDTH)).astype(np.float32), rng.uniform(size=(ROWS, 3)).astype(np.float32)
    weight, labels = rng.uniform(size=ROWS), rng.integers(0, 3, ROWS).astype(np.int32)
    matrix = sp.csr_array(np.where(abs(X) < 1, 0, X))
    odd_matrix = matrix.copy()
    odd_matrix.data, odd_matrix.indices = misaligned(matrix.data), misaligned(matrix.indices)

    def after(*data: Any, **settings: Any) -> bytes:
        network = Network([WIDTH, 9, 3], ["tanh", "softmax"], seed=0)
        train(network, *data, batch_size=batch_size, epochs=2, loss="cross_entropy", **settings)
        return b"".join(w.tobytes() for w in network.weights)

    wanted = after(X, T, sample_weight=weight)
    assert after(misaligned(X), misaligned(T), sample_weight=misaligned(weight)) == wanted
    assert after(misaligned(X.astype(float)), T, sample_weight=weight) == wanted
    assert after(odd_matrix, misaligned(labels)) == after(matrix, labels)
    predict = Predictor(Network([WIDTH, 9, 3], seed=0))
    for rows in (1, ROWS):
        np.testing.assert_array_equal(predict(misaligned(X[:rows])), predict(X[:rows]))


def test_the_core_takes_no_array_at_an_odd_address() -> None:
    X, T = np.zeros((ROWS, WIDTH), np.float32), np.zeros(ROWS, np.int32)
    with pytest.raises(ValueError, match="a multiple of its numbers' size"):
        core().Inputs.dense(misaligned(X), 1.0, 0.0)
    with pytest.raises(ValueError, match="a multiple of its numbers' size"):
        core().targets(misaligned(T), None, 3, 0.0, False)
    with pytest.raises(ValueError, match="a multiple of its numbers' size"):
        trainer().predict(misaligned(X), 1)


@pytest.mark.parametrize("change", [np.float64, np.asfortranarray, lambda T: T.astype(float)[:, ::-1][:, ::-1]])
def test_targets_that_were_converted_are_kept(change: Any) -> None:
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(ROWS, WIDTH)).astype(np.float32), rng.uniform(size=(ROWS, 3)).astype(np.float32)
    weight = rng.uniform(size=ROWS).astype(np.float32)
    inputs, out = core().Inputs.dense(X, 1.0, 0.0), np.empty((ROWS, 3), np.float32)
    exact = core().targets(T, weight, 3, 0.0, False)
    converted = core().targets(change(T), weight.astype(float), 3, 0.0, False)
    others = [np.full_like(T, np.nan) for _ in range(100)]  # in memory that is free
    assert trainer().evaluate(inputs, converted, out, 1) == trainer().evaluate(inputs, exact, out, 1)
    assert len(others) == 100


def test_outputs_are_written_to_the_callers_array_or_refused() -> None:
    inputs = core().Inputs.dense(np.zeros((ROWS, WIDTH), np.float32), 1.0, 0.0)
    for out in (np.zeros((ROWS, 3)), np.zeros((3, ROWS), np.float32).T):
        with pytest.raises(TypeError):
            trainer().evaluate(inputs, None, out, 1)
    with pytest.raises(TypeError):
        trainer().read(0, -1, np.zeros((20, WIDTH)), np.zeros(20))


def test_two_threads_that_train_one_network_are_told() -> None:
    """Python's own objects have an engine for each training; the core's refuses the second thread."""
    made, X = trainer(), np.random.default_rng(0).normal(size=(1000, WIDTH)).astype(np.float32)
    inputs, targets = core().Inputs.dense(X, 1.0, 0.0), core().targets(np.zeros(1000, np.int32), None, 3, 0.0, False)

    told: list[str] = []

    def work() -> None:
        until = time.monotonic() + 20
        while not told and time.monotonic() < until:
            try:
                made.train(inputs, targets, np.arange(1000)[None], 0, *np.zeros((3, 125)), 1)
            except ValueError as error:
                told.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told
    assert "no other thread" in told[0]
    assert np.isfinite(made.gradient(inputs, targets, 1))  # and it is free again


def forged(indices: Any, indptr: Any, data: Any = (1.0, 2.0, 3.0)) -> sp.csr_array:
    matrix = sp.csr_array((3, 4))
    matrix.data, matrix.indices, matrix.indptr = np.array(data), np.array(indices), np.array(indptr)
    return matrix


FORGED = {
    "a column of 2³³ + 1": forged([0, 2**33 + 1, 2], [0, 1, 2, 3]),
    "a column too far": forged([0, 4, 2], [0, 1, 2, 3]),
    "a negative column": forged([0, -1, 2], [0, 1, 2, 3]),
    "starts that fall": forged([0, 1, 2], [0, 3, 2, 3]),
    "starts beyond the numbers": forged([0, 1, 2], [0, 1, 2, 2**40]),
    "starts from 1": forged([0, 1, 2], [1, 1, 2, 3]),
    "negative starts": forged([0, 1, 2], [0, -5, 2, 3]),
    "too few starts": forged([0, 1, 2], [0, 3]),
    "fewer columns than numbers": forged([0], [0, 1, 2, 3]),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_sparse_matrix_ends_in_one_line(what: str) -> None:
    network, T = Network([4, 2]), np.zeros((3, 2))
    for use in (lambda: train(network, FORGED[what], T), lambda: Predictor(network)(FORGED[what])):
        with pytest.raises(InputError, match=r"^X: expected a well-formed CSR matrix, found ") as caught:
            use()
        assert "\n" not in str(caught.value)


def test_room_behind_the_last_number_of_a_sparse_matrix_is_allowed() -> None:
    roomy, exact = forged([0, 1, 2, 9], [0, 1, 2, 3], [1.0, 2.0, 3.0, 4.0]), forged([0, 1, 2], [0, 1, 2, 3])
    predict = Predictor(Network([4, 2], seed=0))
    np.testing.assert_array_equal(predict(roomy), predict(exact))
    assert len(roomy.data) == 4  # the caller's own matrix stays as it is


def test_numbers_of_threads_and_rows_that_cannot_be() -> None:
    network, X, T = Network([4, 2], seed=0), np.zeros((3, 4)), np.zeros((3, 2))
    for threads in (0, -1, 1025, 2000, 2**40, True, 1.5):
        for use in (lambda n=threads: train(network, X, T, threads=n), lambda n=threads: Predictor(network, n)):
            with pytest.raises(SettingError, match=r"^threads: expected a whole number from 1 to 1024, found"):
                use()
    train(network, X, T, batch_size=2**40)  # more rows than there are: one batch
    plan = core().Plan()
    plan.loss, plan.optimizer = "squared", "sgd"
    for batch_size in (0, -1, -(2**31)):
        plan.batch_size = batch_size
        with pytest.raises(ValueError, match="one row a batch"):
            core().Trainer([(4, 2, "tanh", True)], plan)
    plan.batch_size, plan.dropout = 1, [0.5]
    with pytest.raises(ValueError, match="one rate for each hidden layer"):
        core().Trainer([(4, 2, "tanh", True)], plan)
    made, given = trainer(), np.zeros((ROWS, WIDTH), np.float32)
    inputs, targets = (
        core().Inputs.dense(given, 1.0, 0.0),
        core().targets(np.zeros(ROWS, np.int32), None, 3, 0.0, False),
    )
    steps = np.ones(ROWS // 8)
    for threads in (0, -1, 1025):
        for use in (
            lambda n=threads: made.train(inputs, targets, np.arange(ROWS)[None], 0, steps, steps, steps, n),
            lambda n=threads: made.gradient(inputs, targets, n),
            lambda n=threads: made.evaluate(inputs, targets, np.zeros((ROWS, 3), np.float32), n),
            lambda n=threads: made.predict(given, n),
        ):
            with pytest.raises(ValueError, match="threads: 1 to 1024"):
                use()
