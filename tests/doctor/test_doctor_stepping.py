"""A training taken apart: the same bits as `deltaw.train`, the step at which numbers are lost, and E's curvature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import deltaw
from deltaw import Network
from deltaw.doctor import learning_rate
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials import stepping
from deltaw.doctor.trials.stepping import LARGEST, MOST_LOOKS, begun, first_divergence, top_curvature, watched
from deltaw.equations import backprop, losses
from deltaw.exceptions import InputError

rng = np.random.default_rng(5)
X = rng.normal(size=(120, 3))
T = np.sin(X[:, :1]) + 0.1 * rng.normal(size=(120, 1))
LINE = {"loss": "squared", "batch_size": 120}


def line(**words: Any) -> Setup:
    """A straight line with bias, learnt from all rows at once: E is a quadratic whose Hessian is known."""
    return Setup(**({"network": Network([3, 1], ["identity"], init="zeros"), "X": X, "T": T} | LINE | words))


def hessian() -> np.ndarray:
    """∂²E/∂w² of `line`, E = mean ½(t − wx − b)²: the mean of (x, 1)(x, 1)ᵀ."""
    one = np.column_stack([X, np.ones(len(X))])
    return one.T @ one / len(X)


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"optimizer": "adam", "dropout": 0.2, "schedule": "cosine", "batch_size": 7, "threads": 1},
        {"optimizer": "adamw", "shuffle": False, "batch_size": 50, "sample_weight": rng.random(120)},
        {"optimizer": "momentum", "l2": 0.01, "max_grad_norm": 0.5, "engine": "reference", "batch_size": 40},
        {"backward": "notes", "input_scale": (0.5, 0.1), "batch_size": 32},
    ],
)
def test_a_watched_training_is_the_training_itself(words: dict[str, Any]) -> None:
    net = Network([3, 8, 6, 1], "tanh")
    settings = {"epochs": 45, "seed": 3, "learning_rate": 0.01, "batch_size": 16} | words
    seen = watched(Setup.of(net, X, T, settings), 60.0)
    alone = net.copy()
    history = deltaw.train(alone, X, T, **settings)
    assert seen.history.loss == history.loss
    assert seen.history.batch_steps == history.batch_steps
    for mine, theirs in zip(seen.network.weights + seen.network.biases, alone.weights + alone.biases, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_epochs_in_pieces_make_the_same_steps(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few rows at a time: only E, a sum of sums, may differ in its last place."""
    net = Network([3, 8, 1], "tanh")
    words = {"epochs": 5, "optimizer": "adam", "dropout": 0.2, "batch_size": 16, "schedule": "cosine", "engine": engine}
    setup = Setup.of(net, X, T, words | {"sample_weight": rng.random(120)})
    whole = watched(setup, 60.0)
    monkeypatch.setattr(stepping, "left", lambda: 1e-9)  # no room for more than a batch
    pieces = watched(setup, 60.0)
    assert len(whole.history) == len(pieces.history) == 5
    np.testing.assert_allclose(pieces.history.loss, whole.history.loss, rtol=1e-12)
    assert pieces.history.batch_steps == whole.history.batch_steps == 40
    for mine, theirs in zip(pieces.network.weights, whole.network.weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_an_epoch_ends_in_its_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that would last far longer than it may: what it came to is an epoch of the history."""
    monkeypatch.setattr(stepping, "FIRST_STEPS", 3)
    setup = Setup(Network([3, 8, 1], "tanh"), X, T, epochs=2, batch_size=1, engine="reference")
    seen = watched(setup, 0.0)
    assert seen.history.ended == "callback"
    assert (len(seen.history), seen.history.batch_steps, seen.epochs) == (1, 3, (0,))
    assert np.isfinite(seen.history.loss[0])


def test_looks_come_now_and_then_and_at_the_end() -> None:
    seen = watched(Setup(Network([3, 4, 1]), X, T, epochs=3000, batch_size=120, learning_rate=0.01), 60.0)
    assert len(seen.epochs) == len(seen.history.looks) <= MOST_LOOKS
    assert seen.epochs[-1] == 2999
    assert list(seen.epochs) == sorted(set(seen.epochs))
    # In 200 rows of training for one looked at, no more than SPENT of the time can go into looks.
    assert sum(look.rows for look in seen.history.looks) <= 0.05 * 3000 * 120


def test_curvature_of_a_line_is_the_largest_eigenvalue() -> None:
    found = top_curvature(line(), tolerance=1e-9, rounds=500)
    assert found == pytest.approx(np.linalg.eigvalsh(hessian())[-1], rel=1e-5)


def test_curvature_without_bias_leaves_the_bias_out() -> None:
    found = top_curvature(line(network=Network([3, 1], ["identity"], bias=False)), tolerance=1e-9, rounds=500)
    assert found == pytest.approx(np.linalg.eigvalsh(hessian()[:3, :3])[-1], rel=1e-5)


def test_curvature_of_a_network_is_that_of_its_full_hessian() -> None:
    setup = Setup(Network([3, 4, 1], ["tanh", "identity"], seed=2), X, T, l2=0.01)
    net = setup.network
    shapes = [a.shape for a in [*net.weights, *net.biases]]
    start = np.concatenate([np.ravel(a) for a in [*net.weights, *net.biases]])

    def gradient(w: np.ndarray) -> np.ndarray:
        ends = np.cumsum([int(np.prod(s)) for s in shapes])
        W0, W1, b0, b1 = (part.reshape(s) for part, s in zip(np.split(w, ends[:-1]), shapes, strict=True))
        signals = backprop.forward(X, [W0, W1], [b0, b1], net.rows)
        g = backprop.backward(signals, T, [W0, W1], net.rows, losses.loss("squared"), l2=0.01)
        return np.concatenate([np.ravel(a) for a in [*g.dW, *g.db]])

    h = 1e-5
    full = np.stack([(gradient(start + h * e) - gradient(start - h * e)) / (2 * h) for e in np.eye(start.size)])
    eigenvalues = np.linalg.eigvalsh((full + full.T) / 2)
    largest = max(eigenvalues, key=abs)
    assert top_curvature(setup, tolerance=1e-8, rounds=1000) == pytest.approx(largest, rel=1e-3)


@pytest.mark.parametrize(("share", "stable"), [(0.98, True), (1.02, False)])
@pytest.mark.parametrize(("optimizer", "momentum"), [("sgd", 0.0), ("momentum(0.8)", 0.8)])
def test_steps_are_stable_up_to_the_bound(optimizer: str, momentum: float, share: float, stable: bool) -> None:
    bound = 2 * (1 + momentum) / np.linalg.eigvalsh(hessian())[-1]
    net = Network([3, 1], ["identity"], init="zeros")
    words = {"optimizer": optimizer, "learning_rate": share * bound, "epochs": 2000, "engine": "reference"}
    history = deltaw.train(net, X, T, **LINE, **words)
    assert (history.loss[-1] < history.loss[0]) == stable
    sweep = learning_rate(Network([3, 1], ["identity"], init="zeros"), X, T, seconds=1.0, rows=10_000, **LINE, **words)
    # The sweep keeps a quarter of the rows for scoring, so its curvature is that of the others.
    assert sweep.bound == pytest.approx(bound, rel=0.2)


def test_the_step_that_breaks_is_the_one_that_arithmetic_says() -> None:
    x, t, alpha = np.full((4, 1), 3.0), np.ones((4, 1)), 1.0
    net = Network([1, 1], ["identity"], bias=False, init="zeros")
    setup = Setup(net, x, t, learning_rate=alpha, batch_size=4, epochs=100)
    w, step = 0.0, 0
    while abs(0.5 * (1.0 - 3.0 * w) ** 2) <= LARGEST:  # E is the first to overflow: it is the square
        w, step = w + alpha * (1.0 - 3.0 * w) * 3.0, step + 1
    found = first_divergence(setup, 100)
    assert found is not None
    assert found.tensor == "E"
    assert found.where.step == step
    assert found.where.epoch == step
    assert found.largest == pytest.approx(abs(3.0 * w), rel=1e-4)


def test_the_layer_that_overflows_is_named() -> None:
    net = Network([1, 2, 2, 2, 1], ["exponential"] * 3 + ["identity"], init="ones")
    setup = Setup(net, np.full((4, 1), 3.0), np.ones((4, 1)), batch_size=4, epochs=2, learning_rate=1e-3)
    found = first_divergence(setup, 2)  # e³ = 20, e^(2·20) = 2e17, e^(4e17) = ∞
    assert found is not None
    assert (found.tensor, found.where.layer, found.where.step) == ("o", 2, 0)


def test_a_training_that_keeps_its_numbers_has_no_break() -> None:
    assert first_divergence(line(learning_rate=0.1, epochs=20), 20) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"loss": "difference"}, {"backward": "sideways"}, {"learning_rate": -1.0}, {"l2": -1.0}, {"loss": "sqared"},
        {"X": np.full((120, 3), np.nan)}, {"max_grad_norm": 0.0}, {"label_smoothing": 1.0},
    ],
)  # fmt: skip
def test_what_training_refuses_is_refused_here_too(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        begun(line(**wrong))


def test_the_sweep_finds_the_rates_that_learn() -> None:
    net = Network([3, 16, 1], ["tanh", "identity"])
    sweep = learning_rate(net, X, T, learning_rate=0.1, batch_size=16, epochs=30, seconds=3.0)
    assert sweep.rates[0] == pytest.approx(1e-5)
    assert sweep.rates[-1] == pytest.approx(1e3)
    assert sweep.stable is not None
    assert sweep.stable[0] <= sweep.best <= sweep.stable[1] < 1e3
    assert np.isinf(sweep.errors[-1]) or sweep.errors[-1] > sweep.start
    assert sweep.at(0.1) == 8
    np.testing.assert_array_equal(net.weights[0], Network([3, 16, 1], ["tanh", "identity"]).weights[0])


def test_no_bound_where_the_optimiser_scales_the_gradient_itself() -> None:
    sweep = learning_rate(Network([3, 4, 1]), X, T, optimizer="adam", epochs=2, seconds=1.0)
    assert sweep.curvature is not None
    assert sweep.bound is None


def test_a_sweep_is_shown() -> None:
    sweep = learning_rate(Network([3, 4, 1]), X, T, epochs=2, seconds=1.0)
    assert "stable below" in str(sweep)
    assert len(sweep.page.json()["rates"]) == len(sweep.rates)
    assert "<svg" in sweep.page.html()


@pytest.mark.parametrize("wrong", [{"seconds": "no"}, {"rows": 0}, {"epochs": 0}, {"batch_size": 1.5}, {"foo": 1}])
def test_a_wrong_word_for_a_sweep(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        learning_rate(Network([3, 4, 1]), X, T, **wrong)
