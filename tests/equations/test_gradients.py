"""`backward` against central differences: every activation × every loss × both biases × depths 1–4, in every
coordinate of W and b."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from deltaw.equations import backprop
from deltaw.equations.activations import ACTIVATIONS, Activation
from deltaw.equations.losses import LOSSES, Loss, loss
from deltaw.network import Network
from starts import smooth_start

Array = NDArray[np.float64]

H = 1e-4  # step of the differences: their error is H⁴ E⁽⁵⁾/30 from the formula, and about 1e-16 E / H from rounding
STENCIL = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}  # f'(x) ≈ Σ c_k f(x + k H) / H
ROWS, MARGIN = 3, 0.01


def stacked_error(
    x: Array, t: Array, W: list[Array], b: list[Array], f: list[Activation], row: Loss, share: Array,
    masks: list[Array | None], l2: float,
) -> Array:  # fmt: skip
    """E of many networks at once: W[l] is (networks, n_out, n_in), b[l] (networks, n_out); returns (networks,).

    Written anew for the test, with the loss by its definition and never by a fused pair.
    """
    a = x[None]
    for w, v, layer, mask in zip(W, b, f, masks, strict=True):
        a = layer.f(np.einsum("soi,sni->sno", w, np.broadcast_to(a, (len(w), *a.shape[1:]))) + v[:, None, :])
        a = a if mask is None else a * mask
    return row.E(a, t) @ share + 0.5 * l2 * sum(np.sum(w * w, axis=(1, 2)) for w in W)


def differences(x: Array, t: Array, network: Network, row: Loss, share: Array, masks: list[Array | None], l2: float):
    """∂E/∂ of every weight and bias by the five-point formula: (list of dW, list of db)."""
    arrays = [*network.weights, *network.biases]
    sizes = [a.size for a in arrays]
    stack = np.concatenate([a.ravel() for a in arrays])
    moves = np.concatenate([k * H * np.eye(len(stack)) for k in STENCIL])
    parts = np.split(stack + moves, np.cumsum(sizes)[:-1], axis=1)
    shaped = [part.reshape(-1, *a.shape) for part, a in zip(parts, arrays, strict=True)]
    layers = len(network.weights)
    E = stacked_error(x, t, shaped[:layers], shaped[layers:], network.rows, row, share, masks, l2)
    slope = sum(c * e for c, e in zip(STENCIL.values(), E.reshape(len(STENCIL), -1), strict=True)) / H
    grads = [g.reshape(a.shape) for g, a in zip(np.split(slope, np.cumsum(sizes)[:-1]), arrays, strict=True)]
    return grads[:layers], grads[layers:], float(np.abs(E).max())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss_name", LOSSES)
def test_every_pair_at_every_depth(activation: str, loss_name: str) -> None:
    row = loss(loss_name)
    for case, (depth, bias) in enumerate(itertools.product((1, 2, 3, 4), (True, False))):
        sizes = [3, *[4] * (depth - 1), 2]
        rng = np.random.default_rng(case)
        # Every other case with all that may change a gradient: weighted rows, masked units, l2.
        share, masks, l2 = np.full(ROWS, 1 / ROWS), [None] * depth, 0.0
        if case % 2 == (len(activation) + len(loss_name)) % 2:
            share, l2 = rng.uniform(0.1, 1, ROWS), 0.1
            masks = [*(rng.choice([0.0, 1.5, 1.5], (ROWS, n)) for n in sizes[1:-1]), None]
            for mask in masks[:-1]:
                mask[:, 0] = 1.5  # no row loses everything
        s = smooth_start(sizes, activation, row, bias, ROWS, case, MARGIN, masks)
        signals = backprop.forward(s.X, s.network.weights, s.network.biases, s.network.rows, masks)
        got = backprop.backward(
            signals, s.T, s.network.weights, s.network.rows, row, row_weight=share, masks=masks, l2=l2
        )
        dW, db, size = differences(s.X, s.T, s.network, row, share, masks, l2)
        pairs = [*zip(got.dW, dW, strict=True), *zip(got.db, db, strict=True)][: 2 * depth if bias else depth]
        for analytic, numeric in pairs:
            np.testing.assert_allclose(
                analytic, numeric, rtol=1e-6, atol=2e-11 * max(size, 1), err_msg=f"depth {depth}, bias {bias}"
            )
