"""What a network that learns numbers begins with: the best line through its inputs, drawn among random weights.

Sums, differences and totals are lines, which least squares finds at once and to the last digit, and a network with
steps of a fixed length only nearly. So an eighth of the units of each layer, in pairs, carries the answer of ridge
regression (Hoerl & Kennard 1970), whose strength generalised cross-validation chooses (Golub, Heath & Wahba 1979), and
the last layer begins with it alone. Of f(s y) − f(−s y) little is left but a line, whatever f. All else is as drawn:
training bends the line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.rows import spread
from deltaw.equations.activations import Activation
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.rows.parts import Part
from deltaw.network import Network

Array = NDArray[Any]

SHARE = 8  # units of a layer for a pair, and FEWEST pairs are worth it
FEWEST = 2
MOST_ROWS, MOST_INPUTS = 8_192, 1_024  # that draw the line: spread over all rows; of more inputs it takes too long
STRENGTHS = np.logspace(-3, 4, 15)
DIGITS = 6  # behind the point: what comes after them hangs on how many threads added it up
LEAST, SMALLEST = 1e-9, 1e-12  # share of the rows that is not used up; root of the largest
SMALL = 0.5  # s: where f(s y) − f(−s y) bends little
FAR, NEARLY = 8.0, 0.01  # deviations of the target, up to which it is so nearly a line in the end, for an s of these
STEPS = tuple(2.0**-k for k in range(1, 11))


def with_line(plan: Plan, network: Network, rows: Part) -> tuple[Network, Network | None]:
    """The network with the line of these rows, and the line, where the plan wants it and there is room; else as it is.
    One that was mixed with its line is taken apart again: steps as long as other weights want would tear its units.

    A line is a network without hidden layers.
    """
    if plan.start is not None:
        c = plan.start.model.history.beyond_line
        return (network, None) if c == 1.0 else unmixed(network, c)
    return network, line_into(network, rows.X, rows.T, plan.counts(rows)) if wanted(plan) else None


def wanted(plan: Plan) -> bool:
    """Whether networks begin with a line: not where others were given, or initial weights asked for."""
    recipe = plan.recipe
    return recipe.from_line and recipe.init is None and plan.start is None and plan.streamed is None


def on_line(
    network: Network, X: Any, T: Array, weight: Array | None = None, seen: Callable[[Any], Array] = np.asarray
) -> Network:
    """The network, changed, with the line of these rows, where there is room and its output is one; else as it is.

    Args:
        X, T: (n, n_in) or encoded, (n, 1).
        weight: what each row counts, (n,).
        seen: what the network takes of some rows of X, dense.
    """
    line_into(network, X, T, weight, seen)
    return network


def line_into(
    network: Network, X: Any, T: Array, weight: Array | None = None, seen: Callable[[Any], Array] = np.asarray
) -> Network | None:
    """The line of these rows, with which the network begins now; None where it stays as it is: see `on_line`."""
    pairs = min(network.sizes[1:-1], default=0) // SHARE
    room = pairs >= FEWEST and network.sizes[0] <= MOST_INPUTS
    if not room or network.sizes[-1] != 1 or network.activations[-1] != "identity":
        return None
    some = spread(len(T), MOST_ROWS)
    x, t = seen(X if len(some) == len(T) else X[some]), np.asarray(T[some], np.float64)[:, 0]
    w, b = line(x, t, np.ones(len(t)) if weight is None else weight[some])
    made = as_network(np.round(w, DIGITS), round(b, DIGITS))
    drawn_into(network, made, pairs)
    return made


def as_network(w: Array, b: float) -> Network:
    """w·x + b."""
    made = Network([len(w), 1], ["identity"], init="zeros")
    made.weights[0][0], made.biases[0][0] = w, b
    return made


def line(X: Array, t: Array, weight: Array) -> tuple[Array, float]:
    """w and b of w·x + b, by ridge regression; X (n, k), t (n,)."""
    share = weight / weight.sum()
    A = np.array(X, np.float64, order="C")  # one, and not another to take means of: it may be as large as all else
    centre, mean = share @ A, float(share @ t)
    root = np.sqrt(share * len(t))
    A -= centre
    A *= root[:, None]
    y = (t - mean) * root
    wide = A.shape[1] > A.shape[0]
    values, vectors = np.linalg.eigh(A @ A.T if wide else A.T @ A)
    values = np.maximum(values, 0.0)
    along = vectors.T @ (y if wide else A.T @ y)
    there = values > SMALLEST * values.max(initial=0.0)  # of bins that others already are nothing is left but rounding
    told = along if wide else np.where(there, along / np.sqrt(np.where(there, values, 1.0)), 0.0)
    beyond = 0.0 if wide else max(0.0, float(y @ y - told @ told))  # what no line tells

    def left(strength: float) -> float:
        """Generalised cross-validation: what is left, over the square of the share of rows that is not used up. By what
        is small, not by what is left of 1: else a line through all rows of a wide table would win by rounding.
        """
        spared = strength / (values + strength)
        free = len(y) - 1 - len(values) + float(spared.sum())
        return float(beyond + spared**2 @ told**2) / max(free / len(y), LEAST) ** 2

    strength = min(STRENGTHS, key=left)
    w = vectors @ (along / (values + strength))
    w = A.T @ w if wide else w
    return w, mean - float(w @ centre)


def swing(row: Activation, y: float) -> float:
    """f(y) − f(−y)."""
    return float(np.diff(row.f(np.array([-y, y])))[0])


def drawn_into(network: Network, line: Network, pairs: int, small: float = SMALL) -> None:
    """Let the first `pairs` pairs of units of each layer carry the line, and the last layer nothing else.

    Args:
        small: s, by which what they carry is multiplied: the smaller, the less it is bent.
    """
    signs, w, b = np.tile([1.0, -1.0], pairs), line.weights[0][0], line.biases[0][0]
    for k, (weights, biases) in enumerate(zip(network.weights, network.biases, strict=True)):
        last = k == len(network.weights) - 1
        if k == 0:
            carried, bias = small * w, small * b
        else:
            slope = swing(network.rows[k - 1], small)  # for y = 1
            carried, bias = np.zeros(weights.shape[1]), 0.0
            carried[: 2 * pairs] = signs * (1.0 if last else small) / (pairs * slope)
        units = slice(None) if last else slice(2 * pairs)
        weights[units] = carried if last else signs[:, None] * carried
        biases[units] = bias * (1.0 if last else signs) * network.bias[k]


def carrying(network: Network) -> float | None:
    """The largest s of STEPS with which f(s y) − f(−s y) of its hidden units is nearly a line; None where none is."""

    def is_line(row: Activation, s: float) -> bool:
        along = swing(row, s)
        return not row.coupled and along != 0 and bool(np.isclose(swing(row, FAR * s), FAR * along, rtol=NEARLY))

    return next((s for s in STEPS if all(is_line(row, s) for row in network.rows[:-1])), None)


def mixed(network: Network, line: Network, c: float) -> Network:
    """c times the network and 1 − c times the line as one network, of two units more in each hidden layer, the first.

    The network is one that is `carrying`.
    """
    made, small = _with_units(network, 2)
    drawn_into(made, line, 1, small)
    for k, (weights, biases) in enumerate(zip(made.weights, made.biases, strict=True)):
        own, last = _own(made, k), k == len(made.weights) - 1
        if last:
            weights *= 1.0 - c
        weights[own] += (c if last else 1.0) * network.weights[k]
        biases[own[0]] += (c if last else 1.0) * network.biases[k]
    return made


def unmixed(network: Network, c: float) -> tuple[Network, Network]:
    """The network and the line that were `mixed`; with nothing of the network left, c = 0, its last layer is 0."""
    made, small = _with_units(network, -2)
    whole = 1.0 / c if c else 0.0
    for k, (weights, biases) in enumerate(zip(network.weights, network.biases, strict=True)):
        own, times = _own(network, k), whole if k == len(network.weights) - 1 else 1.0
        made.weights[k], made.biases[k] = times * weights[own], times * biases[own[0]]
    return made, as_network(network.weights[0][0] / small, float(network.biases[0][0]) / small)


def _with_units(network: Network, more: int) -> tuple[Network, float]:
    """One like it with so many units more in each hidden layer, all weights 0, and the s of `carrying`."""
    small = carrying(network)
    assert small is not None
    sizes = [network.sizes[0], *(units + more for units in network.sizes[1:-1]), 1]
    made = Network(sizes, network.activations, network.bias, "zeros", network.seed)
    made.init = network.init
    return made, small


def _own(mixed: Network, k: int) -> tuple[slice, slice]:
    """Which units and inputs of its k-th layer are not those that carry the line."""
    return slice(2 if k < len(mixed.weights) - 1 else None, None), slice(2 if k else None, None)
