"""Networks and targets for every activation and loss."""

from __future__ import annotations

import numpy as np

import deltaw
from deltaw.equations import losses
from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.losses import LOSSES

SLOPED = sorted(set(ACTIVATIONS) - {"step"})
WITH_MINIMUM = [name for name in LOSSES if losses.loss(name).minimum]


def target(loss: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """Targets that the loss takes."""
    if loss == "hinge":
        return rng.choice([-1.0, 1.0], n)
    if loss == "cross_entropy":
        return np.eye(n)[rng.integers(n)]
    return rng.uniform(0.1, 0.9, n)


def network(sizes: list[int], names: list[str], bias: bool, seed: int) -> deltaw.Network:
    net = deltaw.Network(sizes, names, bias=bias, seed=seed)
    rng = np.random.default_rng(seed)
    net.biases = [rng.normal(0, 0.3, b.shape) * bias for b in net.biases]
    return net
