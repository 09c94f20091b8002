"""Optimisers against step-by-step transcriptions of their papers, and what `update` and `clip` add to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from deltaw.equations import backprop
from deltaw.equations.optimizers import OPTIMIZERS, Adam, AdamW, Momentum, Optimizer, RMSProp, optimizer
from deltaw.exceptions import SettingError

GRADIENTS = [0.5, -1.25, 0.0, 3e-3, -40.0, 0.7, 0.7, -1e-6]
ALPHAS = [0.1, 0.1, 0.05, 0.2, 0.01, 0.1, 0.3, 0.1]


# Each takes one weight w through its steps, in Python's floats, and yields it after every one.
def sgd(w: float) -> Iterator[float]:
    for g, alpha in zip(GRADIENTS, ALPHAS, strict=True):
        w = w - alpha * g
        yield w


def momentum(w: float, mu: float = 0.9) -> Iterator[float]:
    v = 0.0
    for g, alpha in zip(GRADIENTS, ALPHAS, strict=True):
        v = mu * v - alpha * g
        w = w + v
        yield w


def nesterov(w: float, mu: float = 0.9) -> Iterator[float]:
    # Sutskever's θ is here the point before the look ahead, w = θ + μ v the one the gradient is taken at.
    v, theta = 0.0, w
    for g, alpha in zip(GRADIENTS, ALPHAS, strict=True):
        v = mu * v - alpha * g
        theta = theta + v
        yield theta + mu * v


def adam(
    w: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, decay: float = 0.0
) -> Iterator[float]:
    m = v = 0.0
    for t, (g, alpha) in enumerate(zip(GRADIENTS, ALPHAS, strict=True), start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        w = w - alpha * (m_hat / (math.sqrt(v_hat) + epsilon) + decay * w)
        yield w


def rmsprop(w: float, rho: float = 0.9, epsilon: float = 1e-8) -> Iterator[float]:
    s = 0.0
    for g, alpha in zip(GRADIENTS, ALPHAS, strict=True):
        s = rho * s + (1 - rho) * g**2
        w = w - alpha * g / (math.sqrt(s) + epsilon)
        yield w


def adagrad(w: float, epsilon: float = 1e-8) -> Iterator[float]:
    s = 0.0
    for g, alpha in zip(GRADIENTS, ALPHAS, strict=True):
        s += g**2
        w = w - alpha * g / (math.sqrt(s) + epsilon)
        yield w


PAPERS: dict[str, Callable[[float], Iterator[float]]] = {
    "sgd": sgd,
    "momentum": momentum,
    "momentum(0.5)": lambda w: momentum(w, 0.5),
    "nesterov": nesterov,
    "adam": adam,
    "adam(0.8, 0.99, epsilon=0.001)": lambda w: adam(w, 0.8, 0.99, 1e-3),
    "adamw": lambda w: adam(w, decay=0.01),
    "adamw(weight_decay=0.2)": lambda w: adam(w, decay=0.2),
    "rmsprop": rmsprop,
    "rmsprop(rho=0.5)": lambda w: rmsprop(w, 0.5),
    "adagrad": adagrad,
}


def walk(method: Optimizer, start: float, biased: bool = True) -> tuple[list[float], list[float]]:
    """The weight and bias of one link after every step, through `update`."""
    p = backprop.Parameters.begin([np.array([[start]])], [np.array([start if biased else 0.0])], [biased], method)
    W, b = [], []
    for t, (g, alpha) in enumerate(zip(GRADIENTS, ALPHAS, strict=True), start=1):
        gradients = backprop.Gradients([np.array([[g]])], [np.array([g])], [], [])
        backprop.update(p, gradients, method, alpha, t, method.weight_decay)
        W.append(float(p.W[0][0, 0]))
        b.append(float(p.b[0][0]))
    return W, b


@pytest.mark.parametrize("spec", PAPERS)
def test_against_the_papers(spec: str) -> None:
    weights, biases = walk(optimizer(spec), start=1.5)
    assert weights == pytest.approx(list(PAPERS[spec](1.5)), rel=1e-13)
    without_decay = PAPERS["adam" if spec.startswith("adamw") else spec]
    assert biases == pytest.approx(list(without_decay(1.5)), rel=1e-13)  # biases never decay


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_layer_without_bias_keeps_its_zeros(name: str) -> None:
    assert walk(optimizer(name), start=1.5, biased=False)[1] == [0.0] * len(GRADIENTS)


def test_against_torch() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    theirs = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        "adam": lambda p: torch.optim.Adam(p, lr=0.1),
        "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.01),
        "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9, eps=1e-8),
        "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1, eps=1e-8),
    }
    for name, make in theirs.items():
        w = torch.tensor([[1.5]], dtype=torch.float64, requires_grad=True)
        their, ours = make([w]), optimizer(name)
        p = backprop.Parameters.begin([np.array([[1.5]])], [np.zeros(1)], [False], ours)
        for t, g in enumerate(GRADIENTS, start=1):
            w.grad = torch.tensor([[g]], dtype=torch.float64)
            their.step()
            backprop.update(
                p, backprop.Gradients([np.array([[g]])], [np.zeros(1)], [], []), ours, 0.1, t, ours.weight_decay
            )
            assert p.W[0][0, 0] == pytest.approx(w.item(), rel=1e-10), name


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_nothing_is_changed_in_place(name: str) -> None:
    method, g = optimizer(name), np.array([0.5, -2.0])
    state = tuple(s + 0.25 for s in method.zeros(g))
    before = [s.copy() for s in state]
    method.delta(g, state, 0.1, 3)
    assert (g == [0.5, -2.0]).all()
    assert all((s == old).all() for s, old in zip(state, before, strict=True))
    assert len(state) == method.slots


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_finds_the_bottom_of_a_bowl(name: str) -> None:
    method, w = optimizer(name), np.array([2.0, -1.0])
    state = method.zeros(w)
    for t in range(1, 3001):
        step, state = method.delta(w * [1.0, 10.0], state, 0.05 / (1 + 0.01 * t), t)
        w = w + step
    assert np.abs(w).max() < 0.02 if name != "adagrad" else np.abs(w).max() < 2.0


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_spec_reads_back(name: str) -> None:
    method = optimizer(name)
    assert method.name == name
    assert optimizer(method.spec) == method
    assert optimizer(method) is method


def test_settings_read_back() -> None:
    for method in (
        Momentum(0.3),
        Adam(beta1=0.5, epsilon=1e-4),
        AdamW(weight_decay=0.3, decay_schedule="flat_cosine(0.3)"),
        RMSProp(rho=0.1),
    ):
        assert optimizer(method.spec) == method


@pytest.mark.parametrize(
    "spec",
    ["momentum(1)", "momentum(-0.1)", "adam(beta2=1.0)", "adam(epsilon=0)", "adamw(weight_decay=-1)", "sgd(1)",
     "adamw(decay_schedule='zigzag')", "rmsprop(rho=None)", "adagrad(epsilon=True)", "adam(learning_rate=1)", "sdg", 7],
)  # fmt: skip
def test_bad_settings(spec: object) -> None:
    with pytest.raises(SettingError) as caught:
        optimizer(spec)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_clip_shortens_all_layers_together() -> None:
    rng = np.random.default_rng(0)
    long = backprop.Gradients(
        [rng.normal(size=(3, 2)), rng.normal(size=(1, 3))], [rng.normal(size=3), np.full(1, 9.0)], [], []
    )
    biased = [True, False]  # the last layer's bias is not trained, and must not count
    length = math.sqrt(sum(float((g * g).sum()) for g in (*long.dW, long.db[0])))
    assert np.array_equal(backprop.clip(long, length * 1.0001, biased).dW[0], long.dW[0])  # to the bit
    assert not np.array_equal(backprop.clip(long, length * 0.9999, biased).dW[0], long.dW[0])
    short = backprop.clip(long, 0.5, biased)
    assert math.sqrt(sum(float((g * g).sum()) for g in (*short.dW, short.db[0]))) == pytest.approx(0.5)
    for before, after in zip([*long.dW, *long.db], [*short.dW, *short.db], strict=True):
        np.testing.assert_allclose(after, before * 0.5 / length, rtol=1e-13)


def test_l2_pulls_weights_but_not_biases() -> None:
    from deltaw.equations.activations import activation
    from deltaw.equations.losses import loss

    W, b = [np.array([[1.0, -2.0]])], [np.array([0.5])]
    f, x, t = [activation("identity")], np.ones((3, 2)), np.zeros((3, 1))
    signals = backprop.forward(x, W, b, f)
    without, with_l2 = (backprop.backward(signals, t, W, f, loss("squared"), l2=l2) for l2 in (0.0, 0.3))
    np.testing.assert_allclose(with_l2.dW[0] - without.dW[0], 0.3 * W[0])
    np.testing.assert_array_equal(with_l2.db[0], without.db[0])
