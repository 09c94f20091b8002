"""The two rules for what a hidden layer receives, Wᵀe and Wᵀδ, measured side by side on digits. See lesson `split`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.activations import activation
from deltaw.equations.backprop import Rule
from deltaw.lessons.digits import Digits
from deltaw.network import Network, generator
from deltaw.training import Epoch

Array = NDArray[np.float64]

SATURATED = 0.05  # a sigmoid closer than this to 0 or 1 has less than a fifth of its steepest slope
sigmoid = activation("sigmoid").f


@dataclass(frozen=True)
class Step:
    """What both rules would do to the hidden weights of one network, over many images.

    Attributes:
        ratio: mean length of an image's hidden ΔW by the notes' rule, divided by that by the gradient.
        angle: median angle between the two, degrees.
        saturated: share of hidden outputs within SATURATED of 0 or 1.
    """

    ratio: float
    angle: float
    saturated: float


@dataclass(frozen=True)
class Trials:
    """Trainings that differ in rule, rate and seed alone: sigmoids without bias, one image a step.

    Attributes:
        images: which rows are learnt from and which score.
        X, T: inputs (n, n_in) and targets (n, classes) of all rows.
        hidden: hidden units.
        epochs: passes over the training rows.
        seeds: of weights and orders, one a run.
    """

    images: Digits
    X: NDArray[Any]
    T: Array
    hidden: int
    epochs: int
    seeds: Sequence[int]

    def network(self, seed: int) -> Network:
        """The network that a run starts from."""
        return self.images.network(self.hidden, seed)

    def accuracy(self, rule: Rule, rate: float) -> Array:
        """Accuracy on the test images after each epoch, (runs, epochs)."""
        return np.array([self._learn(self.network(seed), seed, rule, rate) for seed in self.seeds])

    def course(self, rule: Rule, rate: float) -> list[Step]:
        """Both rules' steps at the weights of the first run, before training by `rule` and after each epoch."""
        rows = self.images.training
        x, t = np.asarray(self.X[rows], np.float64), self.T[rows]
        network = self.network(self.seeds[0])
        steps = [compare(network, x, t)]

        def look(epoch: Epoch) -> None:
            steps.append(compare(epoch.network, x, t))

        self._learn(network, self.seeds[0], rule, rate, look)
        return steps + steps[-1:] * (self.epochs + 1 - len(steps))

    def mixed(self, direction: Rule, length: Rule, rate: float) -> Array:
        """Accuracy at the end, (runs,), of hidden steps that take their direction by one rule and length by another."""
        networks = [self.network(seed) for seed in self.seeds]
        W = [np.stack([network.weights[layer] for network in networks]) for layer in range(2)]
        # In the rows' new order each epoch, as the engine would: one row a step, the runs beside each other.
        for rows in zip(*(_orders(self.images.training, self.epochs, seed) for seed in self.seeds), strict=True):
            mixed_step(W, self.X[[*rows]], self.T[[*rows]], direction, length, rate)
        for run, network in enumerate(networks):
            network.weights = [layer[run] for layer in W]
        return np.array([self.images.accuracy(network, self.X) for network in networks])

    def _learn(
        self, network: Network, seed: int, rule: Rule, rate: float, look: Callable[[Epoch], object] | None = None
    ) -> Array:
        return self.images.learn(
            network, self.X, self.T, look, seed=seed, learning_rate=rate, epochs=self.epochs, backward=rule
        )


def saturated(o: Array) -> float:
    """The share of sigmoid outputs that are within SATURATED of 0 or 1."""
    return float(np.mean(np.minimum(o, 1 - o) < SATURATED))


def compare(network: Network, x: Array, t: Array) -> Step:
    """Both rules' hidden steps for rows x (n, n_in) with targets t (n, n_out)."""
    signals = network.signals(x)
    hidden, o = signals.o
    W, e, slope = np.asarray(network.weights[1], np.float64), t - o, hidden * (1 - hidden)
    notes, gradient = (e @ W) * slope, ((e * o * (1 - o)) @ W) * slope
    # One image's ΔW is δ xᵀ: its length is |δ| |x|, and x is the same for both rules, so the angle is that of the δ.
    size = np.linalg.norm(signals.a[0], axis=1)
    lengths = [np.linalg.norm(delta, axis=1) for delta in (notes, gradient)]
    cosine = np.sum(notes * gradient, axis=1) / np.maximum(lengths[0] * lengths[1], 1e-300)
    return Step(
        ratio=float(np.mean(lengths[0] * size) / np.mean(lengths[1] * size)),
        angle=float(np.degrees(np.arccos(np.clip(np.median(cosine), -1, 1)))),
        saturated=saturated(hidden),
    )


def mixed_step(W: list[NDArray[Any]], x: Array, t: Array, direction: Rule, length: Rule, alpha: float) -> None:
    """One step on x (…, n_in) with target t (…, n_out): the hidden δ has one rule's direction and another's length.

    The output layer's step is the same by both. W, two layers of (…, n_out, n_in), is changed in place: networks that
    know nothing of each other, side by side.
    """
    hidden = sigmoid(_times(W[0], x))
    o = sigmoid(_times(W[1], hidden))
    e = t - o
    delta = e * o * (1 - o)
    slope, back = hidden * (1 - hidden), W[1].swapaxes(-1, -2)
    by = {"notes": _times(back, e) * slope, "gradient": _times(back, delta) * slope}
    step = by[direction]
    if length != direction:
        step = step * (_norm(by[length]) / np.maximum(_norm(step), 1e-300))
    W[1] += alpha * (delta[..., None] * hidden[..., None, :])
    W[0] += alpha * (step[..., None] * x[..., None, :])


def _times(W: NDArray[Any], v: Array) -> Array:
    """Each matrix of W times its vector."""
    return np.asarray((W @ v[..., None])[..., 0])


def _norm(v: Array) -> Array:
    return np.sqrt(v[..., None, :] @ v[..., None])[..., 0]


def _orders(rows: NDArray[np.int64], epochs: int, seed: int) -> Iterator[int]:
    randomness = generator(seed)
    for _ in range(epochs):
        yield from randomness.permutation(rows)
