"""Early stopping: the best weights are kept, and patience is counted in epochs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw import EarlyStopping, Network, train
from deltaw.exceptions import SettingError
from deltaw.training.stopping import Best

NETWORK = Network([2, 1])
X = np.random.default_rng(0).normal(size=(12, 3))
T = np.random.default_rng(1).normal(size=(12, 2))


def see(scores: list[float], **settings: Any) -> tuple[int | None, int]:
    """(best epoch, epochs seen) for these scores."""
    best = Best(EarlyStopping(**settings))
    for epoch, score in enumerate(scores):
        if best.see(epoch, score, NETWORK):
            return best.epoch, epoch + 1
    return best.epoch, len(scores)


@pytest.mark.parametrize(
    ("scores", "settings", "expected"),
    [
        ([5, 4, 3, 2, 1], {"patience": 1}, (4, 5)),
        ([5, 4, 6, 3, 1], {"patience": 1}, (1, 3)),
        ([5, 4, 6, 3, 1], {"patience": 2}, (4, 5)),
        ([5, 4, 6, 6, 6, 1], {"patience": 3}, (1, 5)),
        ([5, 4, 4, 4], {"patience": 2}, (1, 4)),
        ([5, 4.9, 4.8, 4.7], {"patience": 2, "min_delta": 0.15}, (2, 4)),
        ([5, 4.9, 4.8, 4.7], {"patience": 2, "min_delta": 1}, (0, 3)),
        ([5, 9, 9, 9, 9, 1, 2], {"patience": None}, (5, 7)),
        ([float("nan")] * 3, {"patience": 2}, (None, 2)),
        ([float("nan"), 3, 2], {"patience": 2}, (2, 3)),
        ([float("inf"), 3], {"patience": 3}, (1, 2)),
        ([5, 4, 4, 4, 3, 2], {"patience": None, "looks": (2, 4)}, (1, 4)),  # nothing better between two looks
        ([5, 4, 4, 3, 3, 2], {"patience": None, "looks": (2, 4)}, (5, 6)),
        ([5, 4, 4, 3.995, 3, 2], {"patience": None, "looks": (2, 4)}, (3, 4)),  # better, but by less than WORTH
        ([-5, -4, -4, -5.02, -5, -6], {"patience": None, "looks": (2, 4)}, (5, 6)),
        ([5, 4, 4, 4, 3, 2], {"patience": None, "looks": (4,)}, (5, 6)),  # the first look only sees
        ([float("nan")] * 6, {"patience": None, "looks": (2, 4)}, (None, 6)),
    ],
)
def test_patience(scores: list[float], settings: dict[str, Any], expected: tuple[int | None, int]) -> None:
    assert see(scores, **settings) == expected


def test_it_goes_on_where_a_few_rows_make_the_loss() -> None:
    best = Best(EarlyStopping(None, looks=(1, 2, 3)))
    asked = [best.see(epoch, 1.0, NETWORK, lambda epoch=epoch: 0.3 - 0.1 * epoch) for epoch in range(3)]
    assert asked == [False, True, True]
    assert not best.see(1, 1.0, NETWORK, lambda: 0.21)
    history = [
        train(Network([3, 2], seed=0), X, T, learning_rate=0.0, epochs=9, engine=engine, validation=(X, given),
              early_stopping=EarlyStopping(None, looks=(2, 4)))
        for engine in ("reference", "native")
        for given in (T + 9, np.where(np.arange(12)[:, None] == 3, 99.0, T + 9))
    ]  # fmt: skip
    assert [len(each) for each in history] == [4, 9, 4, 9]


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30), st.integers(1, 10))
def test_the_best_is_the_least_of_those_seen(scores: list[float], patience: int) -> None:
    epoch, seen = see(scores, patience=patience)
    assert epoch == int(np.argmin(scores[:seen]))
    assert seen == len(scores) or seen - 1 - epoch == patience


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_training_keeps_the_best_weights(engine: str) -> None:
    network, by_epoch = Network([3, 8, 2], "tanh", seed=0), []
    history = train(
        network, X[:6], T[:6], optimizer="adam", learning_rate=0.05, epochs=200, batch_size=2, engine=engine,
        validation=(X[6:], T[6:]), early_stopping=7, callbacks=[lambda e: by_epoch.append(e.network.copy())],
    )  # fmt: skip
    assert history.ended == "early stopping"
    assert history.best_epoch == int(np.argmin(history.validation_loss)) + 1
    assert len(history) == history.best_epoch + 7
    assert f"weights of epoch {history.best_epoch} kept" in repr(history)
    for ours, theirs in zip(network.weights, by_epoch[history.best_epoch - 1].weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    E = 0.5 * ((network.forward(X[6:]) - T[6:]) ** 2).sum(axis=1).mean()
    assert pytest.approx(min(history.validation_loss), rel=1e-5) == E


def test_without_patience_all_epochs_run_and_the_best_is_kept() -> None:
    network = Network([3, 8, 2], "tanh", seed=0)
    history = train(network, X[:6], T[:6], learning_rate=0.3, epochs=60, engine="reference", validation=(X[6:], T[6:]),
                    early_stopping=EarlyStopping(patience=None))  # fmt: skip
    assert len(history) == 60
    assert history.ended == "finished"
    assert history.best_epoch == int(np.argmin(history.validation_loss)) + 1


def test_a_score_of_ones_own() -> None:
    given: list[tuple[np.ndarray, np.ndarray]] = []

    def score(t: np.ndarray, outputs: np.ndarray) -> float:
        given.append((t, outputs))
        return -len(given) if len(given) < 4 else 0.0

    labels = np.array([0, 1, 1, 0, 1, 0])
    network = Network([3, 2], "softmax", seed=0)
    history = train(network, X[:6], labels, loss="cross_entropy", epochs=50, engine="reference",
                    validation=(X[6:], labels), early_stopping=EarlyStopping(2, score=score))  # fmt: skip
    assert history.best_epoch == 3
    assert len(history) == 5
    np.testing.assert_array_equal(given[0][0], labels)
    assert given[0][1].shape == (6, 2)


@pytest.mark.parametrize("patience", [0, -1, 2.5, "3", True, False])
def test_bad_patience(patience: object) -> None:
    with pytest.raises(SettingError, match=r"^early_stopping: expected a patience of 1 or more epochs, found "):
        EarlyStopping(patience)  # type: ignore[arg-type]


@pytest.mark.parametrize("min_delta", [-1, float("nan"), "a", None])
def test_bad_min_delta(min_delta: object) -> None:
    with pytest.raises(SettingError, match=r"^early_stopping's min_delta: expected "):
        EarlyStopping(3, min_delta=min_delta)  # type: ignore[arg-type]


def test_of() -> None:
    assert EarlyStopping.of(None) is None
    assert EarlyStopping.of(3) == EarlyStopping.of(np.int64(3)) == EarlyStopping(3)
    ready = EarlyStopping(4)
    assert EarlyStopping.of(ready) is ready
