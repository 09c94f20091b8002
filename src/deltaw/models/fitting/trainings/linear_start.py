"""The linear start of a regression network: some of its initial weights are the best linear model of its inputs.

Sums, differences and totals are linear: least squares finds them at once and exactly, gradient descent slowly and only
nearly. So an eighth of the units of each layer, in pairs, carry the prediction y of ridge regression
(`equations.ridge`), and the last layer starts with it alone. A pair computes f(s y) − f(−s y), which is nearly linear
in y for any activation f and a small s. All other weights are random: training adds what is not linear. "The line" is
this linear model, a network without hidden layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.rows import spread
from deltaw.equations.activations import Activation
from deltaw.equations.ridge import ridge
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.rows.parts import Part
from deltaw.network import Network

Array = NDArray[Any]

SHARE, FEWEST = 8, 2  # units of a layer for each pair; fewest pairs
MOST_ROWS, MOST_INPUTS = 8_192, 1_024  # for ridge regression: evenly spaced rows; more inputs, of more rows, take long
DIGITS = 6  # decimals that are kept: further ones depend on how many threads added them up
SMALL = 0.5  # s at the start
# `linear_scale`: s such that f(s y) − f(−s y) is linear up to FAR standard deviations of the target, within NEARLY.
FAR, NEARLY = 8.0, 0.01
STEPS = tuple(2.0**-k for k in range(1, 11))  # values of s to try


def with_linear_start(plan: Plan, network: Network, rows: Part) -> tuple[Network, Network | None]:
    """(the network, started from the line of these rows, and the line); None for the line if there is to be none.

    If training starts from a model whose network is a mixture (`mixed`), network and line are separated again: at the
    learning rate of the other weights, the units that carry the line would diverge.
    """
    if plan.start is not None:
        c = plan.start.model.history.beyond_line
        return (network, None) if c == 1.0 else unmixed(network, c)
    if not starts_linear(plan):
        return network, None
    return network, start_from_line(network, rows.X, rows.T, plan.counts(rows), means=plan.preparation.means)


def starts_linear(plan: Plan) -> bool:
    """Whether networks start from a line: not if the recipe names initial weights, or training starts from a model."""
    recipe = plan.recipe
    return recipe.from_line and recipe.init is None and plan.start is None and plan.streamed is None


def start_from_line(
    network: Network, X: Any, T: Array, weight: Array | None = None, seen: Callable[[Any], Array] = np.asarray,
    means: Sequence[int] = (),
) -> Network | None:  # fmt: skip
    """Make the network start from the line of these rows; returns the line, or None if it cannot.

    It can if it has a single linear output, and enough units for FEWEST pairs in each layer.

    Args:
        X, T: (n, n_in) or encoded, (n, 1).
        weight: row weights, (n,).
        seen: makes dense inputs of some rows of X.
        means: see `line`.
    """
    pairs = min(network.sizes[1:-1], default=0) // SHARE
    room = pairs >= FEWEST and min(network.sizes[0], len(T)) <= MOST_INPUTS
    if not room or network.sizes[-1] != 1 or network.activations[-1] != "identity":
        return None
    some = spread(len(T), MOST_ROWS)
    x, t = seen(X if len(some) == len(T) else X[some]), np.asarray(T[some], np.float64)[:, 0]
    w, b = line(x, t, np.ones(len(t)) if weight is None else weight[some], means)
    made = as_network(np.round(w, DIGITS), round(b, DIGITS))
    carry_line(network, made, pairs)
    return made


def as_network(w: Array, b: float) -> Network:
    """w·x + b."""
    made = Network([len(w), 1], ["identity"], init="zeros")
    made.weights[0][0], made.biases[0][0] = w, b
    return made


def line(X: Array, t: Array, weight: Array, means: Sequence[int] = ()) -> tuple[Array, float]:
    """w and b of w·x + b, by ridge regression; X (n, k), t (n,).

    Args:
        means: columns of X that are target means, each row's without its own target. Beside inputs that identify the
            word, the lower of two such means belongs to the row with the higher target, so that a negative weight
            tells training rows their own targets, and misleads for all other rows. So no mean has one.
    """
    w, used = np.zeros(X.shape[1]), np.ones(X.shape[1], bool)
    while True:
        W, b = ridge(X if used.all() else X[:, used], t[:, None], weight)
        w[used] = W[0]
        misleading = [mean for mean in means if np.round(w[mean], DIGITS) < 0]
        if not misleading:
            return w, float(b[0])
        w[misleading], used[misleading] = 0.0, False


def odd_part(row: Activation, y: float) -> float:
    """f(y) − f(−y)."""
    return float(np.diff(row.f(np.array([-y, y])))[0])


def carry_line(network: Network, line: Network, pairs: int, small: float = SMALL) -> None:
    """Let the first pairs of units of each layer carry the line, and the last layer nothing else.

    Args:
        pairs: their number.
        small: s: the smaller, the more nearly linear they are.
    """
    signs, w, b = np.tile([1.0, -1.0], pairs), line.weights[0][0], line.biases[0][0]
    for k, (weights, biases) in enumerate(zip(network.weights, network.biases, strict=True)):
        last = k == len(network.weights) - 1
        if k == 0:
            carried, bias = small * w, small * b
        else:
            slope = odd_part(network.rows[k - 1], small)  # for y = 1
            carried, bias = np.zeros(weights.shape[1]), 0.0
            carried[: 2 * pairs] = signs * (1.0 if last else small) / (pairs * slope)
        units = slice(None) if last else slice(2 * pairs)
        weights[units] = carried if last else signs[:, None] * carried
        biases[units] = bias * (1.0 if last else signs) * network.bias[k]


def linear_scale(network: Network) -> float | None:
    """The largest s of STEPS for which f(s y) − f(−s y) is nearly linear in all hidden layers; None: there is none."""

    def is_line(row: Activation, s: float) -> bool:
        along = odd_part(row, s)
        return not row.coupled and along != 0 and bool(np.isclose(odd_part(row, FAR * s), FAR * along, rtol=NEARLY))

    return next((s for s in STEPS if all(is_line(row, s) for row in network.rows[:-1])), None)


def mixed(network: Network, line: Network, c: float) -> Network:
    """c · network + (1 − c) · line as one network, whose first two units in each hidden layer carry the line.

    `linear_scale` of the network must not be None.
    """
    made, small = _with_units(network, 2)
    carry_line(made, line, 1, small)
    for k, (weights, biases) in enumerate(zip(made.weights, made.biases, strict=True)):
        own, last = _own(made, k), k == len(made.weights) - 1
        if last:
            weights *= 1.0 - c
        weights[own] += (c if last else 1.0) * network.weights[k]
        biases[own[0]] += (c if last else 1.0) * network.biases[k]
    return made


def unmixed(network: Network, c: float) -> tuple[Network, Network]:
    """The inverse of `mixed`: (network, line). For c = 0 nothing is left of the network's last layer: it is 0."""
    made, small = _with_units(network, -2)
    whole = 1.0 / c if c else 0.0
    for k, (weights, biases) in enumerate(zip(network.weights, network.biases, strict=True)):
        own, times = _own(network, k), whole if k == len(network.weights) - 1 else 1.0
        made.weights[k], made.biases[k] = times * weights[own], times * biases[own[0]]
    return made, as_network(network.weights[0][0] / small, float(network.biases[0][0]) / small)


def _with_units(network: Network, more: int) -> tuple[Network, float]:
    """(a network like this one with `more` units in each hidden layer and all weights 0, the s of `linear_scale`)."""
    small = linear_scale(network)
    assert small is not None
    sizes = [network.sizes[0], *(units + more for units in network.sizes[1:-1]), 1]
    made = Network(sizes, network.activations, network.bias, "zeros", network.seed)
    made.init = network.init
    return made, small


def _own(mixed: Network, k: int) -> tuple[slice, slice]:
    """Units and inputs of the k-th layer that do not carry the line."""
    return slice(2 if k < len(mixed.weights) - 1 else None, None), slice(2 if k else None, None)
