"""Predictions: the same bits however the rows come, whoever asks and in whatever company; nothing is kept of them."""

from __future__ import annotations

import copy
import gc
import pickle
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import deltaw
from deltaw import engines
from deltaw.engines import predictor
from deltaw.engines.native import NativeEngine, instruction_sets
from deltaw.engines.predictor import CHUNK, Predictor
from deltaw.engines.protocol import Plan
from deltaw.engines.rows import Rows
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import SGD

SIZES = ([3, 2], [20, 33, 3], [40, 17, 64, 5], [130, 100, 1])
NETWORKS = {
    tuple(sizes): deltaw.Network(sizes, ["gelu"] * (len(sizes) - 2) + ["softmax" if sizes[-1] > 1 else "identity"])
    for sizes in SIZES
}


def inputs(n: int, n_in: int, zeros: float, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, n_in)) * (rng.random((n, n_in)) >= zeros)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.sampled_from(sorted(NETWORKS)),
    n=st.integers(1, 300),
    zeros=st.sampled_from([0.0, 0.3, 0.95]),
    instruction_set=st.sampled_from(instruction_sets()),
    data=st.data(),
)
def test_a_row_has_the_same_bits_alone_and_among_others(
    sizes: tuple[int, ...], n: int, zeros: float, instruction_set: str, data: st.DataObject
) -> None:
    X = inputs(n, sizes[0], zeros, n)
    engine = NativeEngine(NETWORKS[sizes], Plan(loss("squared"), SGD(), 1), instruction_set)
    whole = engine.trainer.predict(X, 1)
    for threads in (2, 3):
        assert engine.trainer.predict(X, threads).tobytes() == whole.tobytes()
    some = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=100), label="rows")
    assert engine.trainer.predict(X[some], 2).tobytes() == whole[some].tobytes()
    assert engine.trainer.predict(X[some[:1]], 1).tobytes() == whole[some[:1]].tobytes()
    for given_ in (X, scipy.sparse.csr_array(X)):
        out = np.empty_like(whole)
        engine.outputs(Rows.of(NETWORKS[sizes], given_, None), out, 3)
        assert out.tobytes() == whole.tobytes()


@pytest.mark.parametrize("n", [1, 65, CHUNK - 1, CHUNK + 3])
def test_however_the_rows_come(n: int) -> None:
    network = NETWORKS[20, 33, 3]
    predict = Predictor(network)
    assert repr(predict) == f"Predictor({network.summary()})"
    X = inputs(n, 20, 0.5, 1)
    wanted = predict(X).tobytes()
    wide = np.zeros((n, 40), np.float32)
    wide[:, ::2] = X
    for given_ in (X.astype(float), np.asfortranarray(X), wide[:, ::2], scipy.sparse.coo_array(X), [*X]):
        assert predict(given_, threads=2).tobytes() == wanted
    bytes_ = (100 * X).astype(np.uint8)
    assert predict(bytes_).tobytes() == predict(bytes_.astype(np.float32)).tobytes()


def test_mostly_one_number_changes_no_bit() -> None:
    """Training by batches of one row looks for such a number; predictions must not."""
    network = NETWORKS[40, 17, 64, 5]
    X = np.full((200, 40), 0.1)
    X[:, 3] = np.arange(200) / 200
    predict = Predictor(network)
    assert predict(X).tobytes() == predict(X.astype(np.float32)).tobytes()
    assert predict(X[7]).tobytes() == predict(X)[7:8].tobytes()


def test_no_rows() -> None:
    for given_ in (np.empty((0, 20), np.float32), np.empty((0, 20)), scipy.sparse.csr_array((0, 20))):
        assert Predictor(NETWORKS[20, 33, 3])(given_).shape == (0, 3)
        for engine in engines.ENGINES:
            assert predictor.outputs(NETWORKS[20, 33, 3], given_, engine).shape == (0, 3)


@pytest.mark.parametrize(
    "given_",
    [np.zeros((2, 19), np.float32), np.zeros((2, 19)), [["a"] * 20], [[1.0], [1.0, 2.0]], np.zeros((1, 2, 20))],
)
@pytest.mark.parametrize("engine", engines.ENGINES)
def test_what_are_no_rows_is_refused(given_: Any, engine: str) -> None:
    with pytest.raises(deltaw.InputError, match=r"^X: expected"):
        predictor.outputs(NETWORKS[20, 33, 3], given_, engine)


def test_a_number_beyond_float32_is_refused() -> None:
    X = np.zeros((3, 20))
    X[1, 2] = 1e39
    with pytest.raises(deltaw.InputError, match=r"float32 can hold.*1e\+39 at \(1, 2\); .*engine='reference'"):
        Predictor(NETWORKS[20, 33, 3])(X)
    assert np.isfinite(predictor.outputs(NETWORKS[20, 33, 3], X, "reference")).all()


def test_what_is_no_number_harms_no_other_row() -> None:
    predict = Predictor(NETWORKS[20, 33, 3])
    X = inputs(70, 20, 0.5, 1)
    wanted = predict(X)
    X[11] = np.nan
    X[12, 3] = np.inf
    for given_ in (X, X.astype(float), scipy.sparse.csr_array(X)):
        found = predict(given_)
        assert np.delete(found, [11, 12], axis=0).tobytes() == np.delete(wanted, [11, 12], axis=0).tobytes()


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))], ids=["copy", "deep", "pickle"]
)
def test_copies_and_pickles(twin: Any) -> None:
    predict = Predictor(NETWORKS[20, 33, 3], threads=1)
    again = twin(predict)
    X = inputs(100, 20, 0.0, 1)
    assert again(X).tobytes() == predict(X).tobytes()
    assert again.threads == 1


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2", 1025])
def test_a_number_of_threads_that_cannot_be(threads: Any) -> None:
    with pytest.raises(deltaw.InputError, match=r"threads: expected a whole number from 1 to 1024"):
        Predictor(NETWORKS[3, 2], threads)


def test_the_weights_are_copied() -> None:
    network = NETWORKS[20, 33, 3].copy()
    predict, X = Predictor(network), inputs(5, 20, 0.0, 1)
    before = predict(X)
    network.weights[0][:] = 0.0
    assert predict(X).tobytes() == before.tobytes()


def test_several_threads_at_once() -> None:
    """Short calls, long ones and converted ones, all of one Predictor, each from threads of its own."""
    predict = Predictor(NETWORKS[40, 17, 64, 5])
    X = inputs(700, 40, 0.3, 1)
    wanted = predict(X)
    failed: list[str] = []

    def ask(number: int) -> None:
        rng = np.random.default_rng(number)
        for _ in range(150):
            rows = rng.integers(0, 700, int(rng.choice([1, 30, 64, 65, 500])))
            asked = X[rows] if rng.random() < 0.5 else X[rows].astype(float)
            if predict(asked).tobytes() != wanted[rows].tobytes():
                failed.append(f"{len(rows)} rows in thread {number}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


# --- packed once, and again when the weights have changed ------------------------------------------------------------


def test_weights_are_packed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(predictor, "Predictor", lambda network: made.append(network) or Predictor(network))
    network, X = NETWORKS[20, 33, 3].copy(), inputs(5, 20, 0.0, 1)
    for _ in range(3):
        found = predictor.outputs(network, X)
    assert len(made) == 1
    np.testing.assert_allclose(found, network.forward(X), atol=1e-6)


@pytest.mark.parametrize("how", ["in place", "bias", "another array", "float32", "trained"])
def test_changed_weights_are_seen(how: str) -> None:
    network, X = NETWORKS[20, 33, 3].copy(), inputs(50, 20, 0.0, 1)
    predictor.outputs(network, X)
    if how == "in place":
        network.weights[1][2, 5] += 0.5
    elif how == "bias":
        network.biases[0][0] = 3.0
    elif how == "another array":
        network.weights = [-w for w in network.weights]
    elif how == "float32":
        network.weights = [w.astype(np.float32) for w in network.weights]
    else:
        deltaw.train(network, X, np.ones((50, 3)), epochs=3)
    np.testing.assert_allclose(predictor.outputs(network, X), network.forward(X), atol=1e-6)


def test_nothing_outlives_the_network() -> None:
    network = NETWORKS[20, 33, 3].copy()
    predictor.outputs(network, inputs(5, 20, 0.0, 1))
    known = weakref.ref(network)
    del network
    gc.collect()
    assert known() is None
    assert "_PREDICTORS" not in pickle.dumps(NETWORKS[20, 33, 3]).decode("latin1")


def test_the_reference_is_asked_for_by_its_name() -> None:
    network, X = NETWORKS[20, 33, 3], inputs(CHUNK + 5, 20, 0.0, 1)
    exact = predictor.outputs(network, X, "reference")
    assert exact.dtype == np.float64
    np.testing.assert_allclose(exact, network.forward(X), rtol=1e-12)
    np.testing.assert_allclose(predictor.outputs(network, X), exact, atol=1e-6)
    with pytest.raises(deltaw.InputError, match="engine: expected one of native, reference"):
        predictor.outputs(network, X, "fast")


def test_a_missing_core_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engines.ENGINES, "native", ("deltaw.engines.not_there", "NativeEngine"))
    network, X = NETWORKS[20, 33, 3].copy(), inputs(5, 20, 0.0, 1)
    with pytest.raises(ImportError, match=r"pip install \..*engine='reference'"):
        predictor.outputs(network, X)
    assert len(predictor.outputs(network, X, "reference")) == 5


# --- what is kept ----------------------------------------------------------------------------------------------------

MEMORY = """
import os
import numpy as np
import deltaw

def megabytes():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

network = deltaw.Network([50, 20, 2])
predict, X = deltaw.Predictor(network), np.random.default_rng(0).normal(size=(2000, 50))
T, held_out = np.zeros((200, 2)), (X[200:300], np.zeros((100, 2)))

def train():
    how = dict(epochs=2, batch_size=20, learning_rate=1e-3, threads=1)
    deltaw.train(network.copy(), X[:200], T, validation=held_out, telemetry=True, **how)

for what in (lambda: predict(X), train):
    for _ in range(50):
        what()
    before = megabytes()
    for _ in range(500):
        what()
    print(megabytes() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="the system does not say what memory is taken")
def test_memory_stays_flat_over_500_predictions_and_500_trainings() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert [abs(float(line)) < 5.0 for line in done.stdout.split()] == [True, True], done.stdout


def test_what_is_made_of_rows_is_made_once_and_goes_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    network = deltaw.Network([4, 2])
    engine: Any = engines.make("native", network, Plan(loss("squared"), SGD(), 5))
    rows = Rows.of(network, np.ones((9, 4)), np.ones((9, 2)), loss("squared"))
    prepared: list[Any] = []
    monkeypatch.setattr(
        engine, "_inputs", lambda *given: prepared.append(given) or NativeEngine._inputs(engine, *given)
    )
    for _ in range(3):
        engine.evaluate(rows)
        engine.gradient(rows)
    assert len(prepared) == 1
    prepared.clear()
    known = weakref.ref(rows)
    del rows
    gc.collect()
    assert known() is None
