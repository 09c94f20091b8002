"""Many networks at once: each becomes what `train` makes of it alone, whoever else is trained beside it."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from deltaw import EarlyStopping, InputError, Network, TrainingInterrupted, train, train_pack
from deltaw.engines.rows import Rows
from deltaw.exceptions import SettingError
from deltaw.training import pack

RNG = np.random.default_rng(0)
X, T = RNG.uniform(-1, 1, (60, 4)).astype(np.float32), RNG.uniform(0.1, 0.9, (60, 2))
LABELS, WEIGHT = RNG.integers(0, 3, 60), RNG.uniform(0, 2, 60)
PARTS = [np.flatnonzero(np.arange(60) % 4 != k) for k in range(4)]
REST = [np.flatnonzero(np.arange(60) % 4 == k) for k in range(4)]
ENGINES = ["reference", "native"]


def nets(n_out: int = 2, count: int = 4, **more: Any) -> list[Network]:
    widths = [[5], [17], [8, 3], [1]]
    return [Network([4, *widths[k % 4], n_out], seed=k, **more) for k in range(count)]


def bits(network: Network) -> np.ndarray:
    return np.concatenate([np.ravel(a) for a in (*network.weights, *network.biases)])


def same(together: list[Network], alone: list[Network]) -> None:
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(bits(one), bits(other))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_each_becomes_what_it_becomes_alone(engine: str, threads: int) -> None:
    own: list[dict[str, Any]] = [
        {"learning_rate": 0.3, "seed": 9},
        {"optimizer": "adam", "epochs": 7, "dropout": 0.2},
        {"batch_size": 1, "schedule": "cosine"},
        {"early_stopping": EarlyStopping(1)},
    ]
    judged = (X[:20], T[:20])
    together, alone = nets(), nets()
    found = train_pack(
        together, X, T, each=own, validation=judged, engine=engine, threads=threads, batch_size=8, epochs=4, seed=3
    )
    for k, (network, one, history) in enumerate(zip(alone, own, found, strict=True)):
        asked = {"batch_size": 8, "epochs": 4, "seed": 3 + k} | one
        assert train(network, X, T, validation=judged, engine=engine, **asked) == history
    same(together, alone)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("kind", ["dense", "float64", "sparse"])
def test_a_part_of_the_rows_is_these_rows(engine: str, weight: Any, kind: str) -> None:
    x: Any = {"dense": X, "float64": X.astype(float), "sparse": sp.csr_array(X)}[kind]
    how: dict[str, Any] = {
        "loss": "cross_entropy", "engine": engine, "epochs": 5, "batch_size": 7, "early_stopping": 2, "dropout": 0.1,
        "label_smoothing": 0.1, "telemetry": True,
    }  # fmt: skip
    together, alone = nets(3, activations="tanh"), nets(3, activations="tanh")
    own = [{"rows": part, "held_out": rest} for part, rest in zip(PARTS, REST, strict=True)]
    found = train_pack(together, x, LABELS, each=own, sample_weight=weight, threads=2, **how)
    for k, (network, part, rest) in enumerate(zip(alone, PARTS, REST, strict=True)):
        weights = None if weight is None else weight[part]
        judged = (x[rest], LABELS[rest]) if weight is None else (x[rest], LABELS[rest], weight[rest])
        history = train(network, x[part], LABELS[part], validation=judged, sample_weight=weights, seed=k, **how)
        assert history.loss == found[k].loss
        assert history.validation_loss == found[k].validation_loss
        assert history.best_epoch == found[k].best_epoch
        assert [str(look) for look in history.looks] == [str(look) for look in found[k].looks]
    same(together, alone)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(1, 8), st.integers(1, 40), st.integers(1, 4), st.booleans(), st.integers(0, 99))
def test_the_number_of_threads_changes_no_bit(
    count: int, threads: int, batch: int, epochs: int, shuffle: bool, seed: int
) -> None:
    how: dict[str, Any] = {"batch_size": batch, "epochs": epochs, "shuffle": shuffle, "seed": seed}
    one, many = nets(count=count), nets(count=count)
    assert train_pack(one, X, T, threads=1, **how) == train_pack(many, X, T, threads=threads, **how)
    same(one, many)


def test_threads_that_come_late_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full machine one that was started may wait long for its turn."""

    class Late(threading.Thread):
        def run(self) -> None:
            time.sleep(0.02)
            super().run()

    monkeypatch.setattr(pack, "Thread", Late)
    histories = train_pack(nets(), X, T, epochs=2, threads=2)
    assert [len(history.loss) for history in histories] == [2] * 4


def test_float32_rows_are_copied_for_nobody() -> None:
    rows = np.ones((1000, 4), np.float32)
    seen: list[Any] = []

    def look(_: object) -> None:
        known = (each for each in gc.get_objects() if isinstance(each, Rows))
        seen.extend(each for each in known if each.X is rows and each.prepared)

    train_pack(nets(), rows, np.ones((1000, 2)), epochs=1, callbacks=[look], batch_size=100)
    assert seen
    assert len(set(map(id, seen))) == 1


def test_one_that_diverges_ends_alone() -> None:
    found = train_pack(
        nets(), X * 1e3, T, each=[{}, {"learning_rate": 1e20}, {}, {}], learning_rate=1e-9, epochs=3, threads=2
    )
    assert [history.ended for history in found] == ["finished", "diverged", "finished", "finished"]


def test_what_a_callback_raises_ends_all() -> None:
    def fails(epoch: Any) -> None:
        raise RuntimeError("of the callback")

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="of the callback"):
        train_pack(nets(), X, T, each=[{}, {}, {"callbacks": [fails]}, {}], epochs=100_000, threads=2)
    assert threading.active_count() == before


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_keeps_what_was_learnt(engine: str) -> None:
    networks, before = nets(), nets()

    def press(epoch: Any) -> None:
        if epoch.number == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(TrainingInterrupted) as caught:
        train_pack(
            networks,
            X,
            T,
            each=[{}, {"callbacks": [press]}, {"epochs": 1}, {}],
            epochs=1_000_000,
            batch_size=60,
            engine=engine,
        )
    ended = [history.ended for history in caught.value.history]
    assert ended == ["interrupted", "interrupted", "finished", "interrupted"]
    for network, start in zip(networks, before, strict=True):
        assert not np.array_equal(bits(network), bits(start))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"networks": []}, "networks: expected a list of deltaw.Network, found []"),
    ({"networks": nets()[0]}, "networks: expected a list of deltaw.Network"),
    ({"networks": [nets()[0], 3]}, "network 2: network: expected a deltaw.Network, found 3"),
    ({"networks": [nets()[0], *nets(3)]}, "networks: expected 4 inputs and 2 outputs of each, as of the first"),
    ({"networks": nets()[:1] * 2}, "networks: expected each once"),
    ({"each": [{}]}, "each: expected a mapping for each of 4 networks, found 1"),
    ({"each": [{}, 3, {}, {}]}, "each: expected a mapping"),
    ({"each": [{}, {"loss": "huber"}, {}, {}]}, "network 2: expected a setting ("),
    ({"each": [{}, {}, {"epochs": 0}, {}]}, "network 3: epochs: expected a whole number, 1 or more, found 0"),
    ({"each": [{}, {}, {"rows": [60]}, {}]}, "network 3: rows: expected numbers of rows, from 0 to 59, found 60"),
    ({"each": [{}, {}, {"rows": [-1]}, {}]}, "found -1"),
    ({"each": [{}, {}, {"rows": []}, {}]}, "float64 of shape (0,)"),
    ({"each": [{}, {}, {"held_out": [[1]]}, {}]}, "network 3: held_out: expected numbers of rows"),
    ({"rows": [1]}, "expected a setting ("),
    ({"epochs": 0}, "epochs: expected a whole number, 1 or more, found 0"),
    ({"loss": "squard"}, "'squared'"),
    ({"engine": "cuda"}, "engine: expected one of native, reference"),
    ({"threads": 0}, "threads: expected"),
    ({"seed": -1}, "seed: expected"),
    ({"early_stopping": 3}, "early_stopping: expected validation rows"),
    ({"T": T[:9]}, "T: expected shape (60, 2)"),
]


@pytest.mark.parametrize(("bad", "words"), BAD, ids=[words[:40] for _, words in BAD])
def test_what_cannot_be_is_said_before_anything_is_trained(bad: dict[str, Any], words: str) -> None:
    networks = nets()
    start = [bits(network) for network in networks]
    given_: dict[str, Any] = {"networks": networks, "X": X, "T": T} | bad
    with pytest.raises(InputError) as caught:
        train_pack(**given_)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    for network, before in zip(networks, start, strict=True):
        np.testing.assert_array_equal(bits(network), before)


def test_weights_of_nothing_are_refused() -> None:
    weight = np.zeros(60)
    weight[PARTS[0][0]] = 1
    with pytest.raises(InputError, match=r"network 2: sample_weight: .* all 0"):
        train_pack(nets(count=2), X, T, each=[{}, {"rows": PARTS[0][1:]}], sample_weight=weight)


def test_a_setting_error_stays_one() -> None:
    with pytest.raises(SettingError):
        train_pack(nets(), X, T, each=[{"l2": -1}, {}, {}, {}])
