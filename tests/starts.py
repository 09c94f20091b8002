"""Where comparisons start: networks, inputs and targets away from kinks and from the edges of logarithms.

A derivative can be held against differences, and float32 against float64, only where the function is smooth: no z of
a relu near 0, no output near the target of |t − o|, no logarithm at the edge where it is cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.activations import Activation
from deltaw.equations.backprop import Signals, forward
from deltaw.equations.losses import EPSILON, LOSSES, Loss, fused
from deltaw.network import Network

Array = NDArray[np.float64]

# Not differentiable at z = 0, or only once.
KINKED = {"step", "relu", "leaky_relu", "elu", "selu", "softsign"}

# Distance of every output from the nearest kink or edge of the loss, (n, n_out).
LOSS_EDGES: dict[str, Callable[[Array, Array, float], Array]] = {
    "absolute": lambda o, t, p: np.abs(t - o),
    "pinball": lambda o, t, p: np.abs(t - o),
    "huber": lambda o, t, p: np.abs(np.abs(t - o) - p),
    "hinge": lambda o, t, p: np.where(t == 0, np.inf, np.abs(1 - t * o)),
    "binary_cross_entropy": lambda o, t, p: np.minimum(o, 1 - o) - EPSILON,
    "cross_entropy": lambda o, t, p: o - EPSILON,
    "poisson": lambda o, t, p: o - EPSILON,
}
LOGARITHMIC = {"binary_cross_entropy", "cross_entropy", "poisson"}

TARGETS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Array]] = {
    "binary_cross_entropy": lambda rng, shape: rng.uniform(0, 1, shape),
    "cross_entropy": lambda rng, shape: rng.dirichlet(np.ones(shape[1]), shape[0]),
    "poisson": lambda rng, shape: rng.poisson(1.5, shape).astype(np.float64),
    "hinge": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
}

# With z near this, the output is well inside (0, 1): where every logarithm is defined.
CENTRE = {"exponential": -0.5, "softplus": -0.5}

TRAINABLE = [name for name in LOSSES if name != "difference"]


@dataclass(frozen=True)
class Start:
    """A network with its data, (n, n_in) and (n, n_out)."""

    network: Network
    X: Array
    T: Array


def start(
    sizes: Sequence[int],
    activation: str,
    loss: Loss,
    bias: bool,
    rows: int,
    rng: np.random.Generator,
    masks: Sequence[Array | None],
) -> Start:
    """Random weights and data for which all signals are of ordinary size; kinks are not looked at."""
    network = Network(sizes, activation, bias=bias)
    X = rng.uniform(-1, 1, (rows, sizes[0]))
    inside = loss.kind in LOGARITHMIC and activation != "softmax"
    if inside and not bias:  # nothing but the weights can move the outputs: all signals above 0
        X = np.abs(X)
    a, last = X, len(network.weights) - 1
    for l, f in enumerate(network.rows):
        w = rng.normal(0, 1, network.weights[l].shape)
        w = np.abs(w) if inside and not bias else w
        w *= 1.5 / max(1e-3, np.abs(a @ w.T).max())  # so that even exponentials of exponentials stay small
        b = rng.normal(0, 0.3, len(w)) if bias else np.zeros(len(w))
        if inside and l == last:
            centre = CENTRE.get(activation, 0.5)
            if bias:
                w, b = 0.3 * w, np.full(len(w), centre)
            else:
                w *= (centre / (a @ w.T).mean(axis=0))[:, None]
        network.weights[l], network.biases[l] = w, b
        o = f.f(a @ w.T + b)
        a = o if masks[l] is None else o * masks[l]
    T = TARGETS.get(loss.kind, lambda rng, shape: rng.normal(0, 1, shape))(rng, (rows, sizes[-1]))
    return Start(network, X, T)


def distance(signals: Signals, t: Array, activations: Sequence[Activation], loss: Loss) -> float:
    """How far the nearest kink or edge is. A z that is 0 because all before it is 0 stays there, and does not count."""
    gaps = [np.abs(z[z != 0]) for z, f in zip(signals.z, activations, strict=True) if f.name in KINKED]
    last = activations[-1]
    if last.name != "step" and loss.kind in LOSS_EDGES and not fused(last.name, loss):
        gaps.append(LOSS_EDGES[loss.kind](signals.o[-1], t, loss.parameter))
    return min((float(gap.min()) for gap in gaps if gap.size), default=np.inf)


def smooth_start(
    sizes: Sequence[int],
    activation: str,
    loss: Loss,
    bias: bool,
    rows: int,
    seed: int,
    margin: float,
    masks: Sequence[Array | None] | None = None,
) -> Start:
    """The first of a row of random starts that is `margin` away from every kink and edge, with these dropout masks."""
    rng = np.random.default_rng(seed)
    masks = masks or [None] * (len(sizes) - 1)
    for _ in range(500):
        s = start(sizes, activation, loss, bias, rows, rng, masks)
        signals = forward(s.X, s.network.weights, s.network.biases, s.network.rows, masks)
        if distance(signals, s.T, s.network.rows, loss) > margin:
            return s
    raise AssertionError(f"no smooth start for {activation}, {loss.name}, {sizes}, bias {bias}")
