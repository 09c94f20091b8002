"""The notes' own method, transcribed link by link in plain loops, and their worked values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from deltaw.equations import backprop
from deltaw.equations.activations import activation
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import optimizer
from deltaw.network import Network

SIGMOID, SQUARED, SGD = activation("sigmoid"), loss("squared"), optimizer("sgd")


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def learn_by_the_notes(w: list[list[list[float]]], x: list[float], t: list[float], alpha: float) -> None:
    """One example by the notes, every link by itself. w[l][k][j] leads from node j to node k; changed in place."""
    o = [x]
    for layer in w:
        o.append([sigmoid(sum(link * o_j for link, o_j in zip(links, o[-1], strict=True))) for links in layer])

    e = [[t_k - o_k for t_k, o_k in zip(t, o[-1], strict=True)]]
    for layer in reversed(w[1:]):  # each node before gets from every error the part that its link carries: Wᵀe
        e.insert(0, [sum(layer[k][j] * e[0][k] for k in range(len(layer))) for j in range(len(layer[0]))])

    for layer, errors, before, after in zip(w, e, o[:-1], o[1:], strict=True):
        for k, links in enumerate(layer):
            for j in range(len(links)):
                links[j] += alpha * errors[k] * after[k] * (1 - after[k]) * before[j]  # ΔW = α E O (1 − O) · Oᵀ


def backward(W: list[np.ndarray], x: np.ndarray, t: np.ndarray, rule: backprop.Rule) -> backprop.Gradients:
    b, f = [np.zeros(len(w)) for w in W], [SIGMOID] * len(W)
    return backprop.backward(backprop.forward(x, W, b, f), t, W, f, SQUARED, rule)


@pytest.mark.parametrize("sizes", [[3, 2], [4, 3, 2], [3, 5, 4, 2], [2, 3, 4, 3, 2]])
def test_the_notes_rule_is_the_notes_formulas(sizes: list[int]) -> None:
    rng = np.random.default_rng(len(sizes))
    network = Network(sizes, "sigmoid", bias=False, init="notes", seed=1)
    by_hand = [w.tolist() for w in network.weights]
    p = backprop.Parameters.begin(network.weights, network.biases, network.bias, SGD)
    for step in range(1, 21):
        x, t = rng.uniform(0.01, 0.99, (1, sizes[0])), rng.uniform(0.01, 0.99, (1, sizes[-1]))
        learn_by_the_notes(by_hand, x[0].tolist(), t[0].tolist(), alpha=0.3)
        backprop.update(p, backward(p.W, x, t, "notes"), SGD, 0.3, step)
    for ours, theirs in zip(p.W, by_hand, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert all((b == 0).all() for b in p.b)


def test_signals_of_the_worked_example() -> None:
    W = [
        np.array([[0.9, 0.3, 0.4], [0.2, 0.8, 0.2], [0.1, 0.5, 0.6]]),
        np.array([[0.3, 0.7, 0.5], [0.6, 0.5, 0.2], [0.8, 0.1, 0.9]]),
    ]
    signals = backprop.forward(np.array([[0.9, 0.1, 0.8]]), W, [np.zeros(3)] * 2, [SIGMOID] * 2)
    # The example gives three digits, some of them cut off rather than rounded.
    np.testing.assert_allclose(signals.o[0], [[0.761, 0.603, 0.650]], atol=1e-3)
    np.testing.assert_allclose(signals.o[1], [[0.726, 0.708, 0.778]], atol=1e-3)


def test_update_of_the_worked_example() -> None:
    # o_j = (0.4, 0.5), w = (2, 3), e = 0.8, α = 0.1.
    W, x = [np.array([[2.0, 3.0]])], np.array([[0.4, 0.5]])
    t = np.array([[sigmoid(2.3) + 0.8]])
    p = backprop.Parameters.begin(W, [np.zeros(1)], [False], SGD)
    backprop.update(p, backward(W, x, t, "notes"), SGD, 0.1, 1)
    assert p.W[0][0, 0] - 2 == pytest.approx(0.00265, abs=5e-6)
    assert p.W[0][0, 0] == pytest.approx(2.00265, abs=5e-6)


def test_both_rules_agree_on_the_last_layer_and_where_every_slope_is_1() -> None:
    rng = np.random.default_rng(0)
    W = [rng.normal(size=(4, 3)), rng.normal(size=(3, 4)), rng.normal(size=(2, 3))]
    x, t = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    by_notes, by_chain = backward(W, x, t, "notes"), backward(W, x, t, "gradient")
    np.testing.assert_array_equal(by_notes.dW[-1], by_chain.dW[-1])
    assert not np.allclose(by_notes.dW[0], by_chain.dW[0])

    b, straight = [np.zeros(len(w)) for w in W], [activation("identity")] * 3
    signals = backprop.forward(x, W, b, straight)
    one, other = (backprop.backward(signals, t, W, straight, SQUARED, rule) for rule in backprop.RULES)
    for ours, theirs in zip(one.dW, other.dW, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_what_reaches_a_hidden_layer_is_the_split_error() -> None:
    rng = np.random.default_rng(5)
    W = [rng.normal(size=(4, 3)), rng.normal(size=(2, 4))]
    x, t = rng.uniform(size=(1, 3)), rng.uniform(size=(1, 2))
    signals = backprop.forward(x, W, [np.zeros(4), np.zeros(2)], [SIGMOID] * 2)
    e = t - signals.o[-1]
    np.testing.assert_allclose(backward(W, x, t, "notes").sent[0], -(e @ W[1]), rtol=1e-13)
    delta = -e * signals.o[-1] * (1 - signals.o[-1])
    np.testing.assert_allclose(backward(W, x, t, "gradient").sent[0], delta @ W[1], rtol=1e-13)


@pytest.mark.parametrize("rule", backprop.RULES)
def test_a_batch_is_the_mean_of_its_rows(rule: backprop.Rule) -> None:
    rng = np.random.default_rng(6)
    W = [rng.normal(size=(4, 3)), rng.normal(size=(2, 4))]
    x, t = rng.uniform(size=(6, 3)), rng.uniform(size=(6, 2))
    whole = backward(W, x, t, rule)
    rows = [backward(W, x[i : i + 1], t[i : i + 1], rule) for i in range(6)]
    for l in range(2):
        np.testing.assert_allclose(whole.dW[l], np.mean([row.dW[l] for row in rows], axis=0), rtol=1e-12)
        np.testing.assert_allclose(whole.db[l], np.mean([row.db[l] for row in rows], axis=0), rtol=1e-12)


def test_the_notes_rule_on_a_fused_pair_sends_back_t_minus_o() -> None:
    rng = np.random.default_rng(7)
    W = [rng.normal(size=(4, 3)), rng.normal(size=(2, 4))]
    x, t = rng.uniform(size=(1, 3)), np.array([[0.0, 1.0]])
    for name, kind in (("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy")):
        f = [SIGMOID, activation(name)]
        signals = backprop.forward(x, W, [np.zeros(4), np.zeros(2)], f)
        got = backprop.backward(signals, t, W, f, loss(kind), "notes")
        np.testing.assert_allclose(got.sent[0], -((t - signals.o[-1]) @ W[1]), rtol=1e-13)
