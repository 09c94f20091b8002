"""Attributions: how much each input contributes to an output, compared with a baseline.

For a linear network a contribution is the gradient times (x − baseline), exactly. Otherwise it is the integral of that
along the straight path from the baseline: integrated gradients (Sundararajan, Taly & Yan 2017, "Axiomatic attribution
for deep networks", section 3). Contributions sum to f(x) − f(baseline), and on every piece of the path to the increase
of f there: pieces that miss it, as those with a kink of ReLU do, are halved until the sum is within the tolerance.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import count
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw.equations import backprop
from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.lookup import positive
from deltaw.equations.losses import Loss
from deltaw.exceptions import SettingError
from deltaw.explain import figures
from deltaw.explain.largest import pick
from deltaw.explain.step import one_row, signals
from deltaw.given import among
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.pages import Block, Figure, Page, Paged, Section, Table
from deltaw.preparation.scales.logarithm import LogScale
from deltaw.preparation.scales.scaling import Scale
from deltaw.speech import reads, say

Array = NDArray[np.float64]

NODES = 8  # of Gauss–Legendre quadrature on each piece of the path
FIRST_PIECES, MOST_PIECES = 4, 1000
TOLERANCE = 1e-4

# E = Σ t·o has ∂E/∂o = t: with one-hot t, the backward pass gives the gradient of that output.
PICKED = Loss("one output", lambda o, t: np.asarray((t * o).sum(axis=-1)), lambda o, t: t, "t*o")


@dataclass(frozen=True, eq=False, repr=False)
class Attributions(Paged):
    """The contribution of each input to one output; `str` and notebooks show them.

    Attributes:
        shares: (n_in,) contributions; they sum to `value` − `value_at_baseline`, up to `gap`.
        x, baseline: (n_in,) the two ends of the path.
        value, value_at_baseline: the output at them.
        output, of: index of the output; "z", before the last activation, or "o", after it.
        method: "exact" or "integrated gradients".
        points: number of evaluations of the gradient.
        gap: error of the sum of the contributions.
        inputs, outputs: names, or ().
    """

    shares: Array
    x: Array
    baseline: Array
    value: float
    value_at_baseline: float
    output: int
    of: Literal["z", "o"]
    method: str
    points: int
    gap: float
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def grouped(self, groups: Sequence[str]) -> dict[str, float]:
        """Contributions summed over the inputs of each group.

        Args:
            groups: (n_in,), the group of each input: its raw column.

        Raises:
            SettingError: another number of names than of inputs.
        """
        if len(groups) != len(self.shares):
            expected = say("groups: expected {n} names, one for each input", n=len(self.shares))
            raise SettingError(expected, f"{len(groups)}", "give as many")
        sums = dict.fromkeys(groups, 0.0)
        for group, share in zip(groups, self.shares, strict=True):
            sums[group] += float(share)
        return sums

    def input(self, index: int) -> str:
        """Name of the input `index`, from 0."""
        return reads(self.inputs[index]) if self.inputs else say("input {i}", i=index)

    @property
    def name(self) -> str:
        """Name of the output: "z of versicolor"."""
        output = reads(self.outputs[self.output]) if self.outputs else say("output {k}", k=self.output)
        return say("{value} of {output}", value=say(self.of), output=output)

    @property
    def how(self) -> str:
        """The method in a sentence."""
        if self.method == "exact":
            return say("The network is linear in its inputs: the attributions are exact.")
        said = "Integrated gradients, {n:,} points on the path; error of the sum: {gap}."
        return say(said, n=self.points, gap=number(self.gap, 2))

    @cached_property
    def page(self) -> Page:
        """The contributions as a document."""
        chosen = pick(self.shares)
        rows = [(self.input(i), self.x[i], self.baseline[i], self.shares[i]) for (i,) in chosen.places]
        more = chosen.left_out("… and {n:,} more inputs, together {rest}. ")
        table = Table((say("input"), "x", say("baseline"), say("attribution")), rows, more + self.how)
        lead = say(
            "{name} is {value}, and {there} at the baseline. The attributions of the inputs add up to the "
            "difference, {gap}.",
            name=self.name, value=number(self.value), there=number(self.value_at_baseline),
            gap=number(self.value - self.value_at_baseline),
        )  # fmt: skip
        shares = {self.input(i): float(self.shares[i]) for (i,) in chosen.places}
        blocks: list[Block] = [table, self.figure(shares)]
        return Page(
            say("What contributed to {name}", name=self.name), lead, [Section(say("Attributions"), blocks)], self.data()
        )

    def figure(self, shares: Mapping[str, float], unit: str = "") -> Figure:
        """A bar chart of `shares` by input or group; `unit`: label of the axis."""
        return Figure(
            partial(figures.pushes, shares, unit or say("attribution of {what}", what=self.name)),
            say("Bars to the right raised it, hatched bars to the left lowered it."),
        )

    def data(self) -> dict[str, Any]:
        """All numbers, for JSON."""
        return {
            "output": self.output, "of": self.of, "value": self.value, "value_at_baseline": self.value_at_baseline,
            "inputs": self.inputs, "x": self.x, "baseline": self.baseline, "shares": self.shares,
            "method": self.method, "points": self.points, "gap": self.gap,
        }  # fmt: skip


def attributions(
    net: Network,
    x: ArrayLike,
    output: int | None = None,
    of: Literal["z", "o"] = "z",
    baseline: ArrayLike | None = None,
    tolerance: float = TOLERANCE,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    scale: Scale | LogScale | None = None,
) -> Attributions:
    """The contribution of each input to one output of a network.

    Source: integrated gradients, Sundararajan, Taly & Yan 2017, "Axiomatic attribution for deep networks".

    Args:
        net: the network.
        x: the input, (n_in,).
        output: index of the output; None: the one with the largest z.
        of: "z", before the last activation, which does not depend on other outputs; or "o", after it, which hardly
            changes where the activation saturates.
        baseline: (n_in,) input to compare with; None: zeros, the mean of standardised inputs.
        tolerance: largest error of the sum of the contributions.
        inputs, outputs: names for pages.
        scale: of a target: contributions and tolerance are then in the target's own units.

    Returns:
        The `Attributions`.

    Raises:
        InputError: x or baseline does not fit the network.
        SettingError: another invalid setting; a network with the step activation, which has no slope.

    Examples:
        >>> import deltaw
        >>> net = deltaw.Network([2, 3, 1], ["tanh", "identity"], seed=0)
        >>> found = deltaw.explain.attributions(net, [0.5, 0.2])
        >>> bool(abs(found.shares.sum() - (found.value - found.value_at_baseline)) < 1e-6)
        True
    """
    seen = signals(net, x, inputs, outputs)
    start = np.zeros(net.sizes[0]) if baseline is None else one_row(net, baseline, "baseline ")[0]
    tolerance = positive(tolerance, "tolerance")
    if not among(of, ("z", "o")):
        raise SettingError("of: expected z or o", repr(of), "choose one of these")
    n_out = net.sizes[-1]
    if output is None:
        output = int(np.argmax(seen.z[-1]))
    if isinstance(output, bool) or not isinstance(output, (int, np.integer)) or not 0 <= output < n_out:
        raise SettingError("output: expected one from 0 to {n_out}", repr(output), "choose another", n_out=n_out - 1)
    passed = net.activations if of == "o" else net.activations[:-1]
    if "step" in passed:
        expected = say("attributions: expected activations with a slope")
        raise SettingError(
            expected, say("the step activation, whose slope is 0"), "train with another, such as sigmoid"
        )

    f, gradient = _output(net, int(output), of)
    if scale is not None:
        f, gradient = _in_units(f, gradient, scale)
    change = seen.x - start
    value, value_at_baseline = (float(v) for v in f(np.stack([seen.x, start])))
    if all(name == "identity" for name in passed) and (scale is None or scale.linear):
        shares, points, method = gradient(seen.x[None])[0] * change, 1, "exact"
    else:
        (shares, points), method = _along_the_path(f, gradient, start, change, tolerance), "integrated gradients"
    gap = float(shares.sum() - (value - value_at_baseline))
    return Attributions(
        shares, seen.x, start, value, value_at_baseline, int(output), of, method, points, gap, seen.inputs, seen.outputs
    )


Values = Callable[[Array], Array]


def _output(net: Network, output: int, of: str) -> tuple[Values, Values]:
    """f, (n, n_in) -> (n,), and its gradient, (n, n_in) -> (n, n_in)."""
    W = [np.asarray(w, np.float64) for w in net.weights]
    b = [np.asarray(v, np.float64) for v in net.biases]
    rows = net.rows if of == "o" else [*net.rows[:-1], ACTIVATIONS["identity"]]

    def f(X: Array) -> Array:
        return np.asarray(backprop.forward(X, W, b, rows).o[-1][:, output])

    def gradient(X: Array) -> Array:
        passed = backprop.forward(X, W, b, rows)
        t = np.zeros_like(passed.o[-1])
        t[:, output] = 1.0
        return np.asarray(backprop.backward(passed, t, W, rows, PICKED, row_weight=np.ones(len(X))).delta[0] @ W[0])

    return f, gradient


def _in_units(f: Values, gradient: Values, scale: Scale | LogScale) -> tuple[Values, Values]:
    """f and its gradient in the units of a scale, by the chain rule."""

    def slopes(X: Array) -> Array:
        return np.asarray(scale.slope(f(X))[:, None] * gradient(X))

    return lambda X: scale.undo(f(X)), slopes


def _along_the_path(f: Values, gradient: Values, start: Array, change: Array, tolerance: float) -> tuple[Array, int]:
    """∫₀¹ ∂f/∂x(start + s·change) ds ⊙ change, by pieces, and the number of points."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    serial = count()

    def piece(
        low: float, high: float, f_low: float, f_high: float
    ) -> tuple[float, int, float, float, float, float, Array]:
        """(minus the error of the piece, for the heap; its number; its ends; its contributions)."""
        s = low + (high - low) * (nodes + 1) / 2
        shares = (weights * (high - low) / 2) @ gradient(start + s[:, None] * change) * change
        return -abs(float(shares.sum()) - (f_high - f_low)), next(serial), low, high, f_low, f_high, shares

    at = np.linspace(0.0, 1.0, FIRST_PIECES + 1)
    ends = f(start + at[:, None] * change)
    pieces = [piece(*map(float, four)) for four in zip(at[:-1], at[1:], ends[:-1], ends[1:], strict=True)]
    heapq.heapify(pieces)
    points = NODES * FIRST_PIECES
    while -sum(each[0] for each in pieces) > tolerance and len(pieces) < MOST_PIECES:
        _, _, low, high, f_low, f_high, _ = heapq.heappop(pieces)
        middle = (low + high) / 2
        f_middle = float(f((start + middle * change)[None])[0])
        heapq.heappush(pieces, piece(low, middle, f_low, f_middle))
        heapq.heappush(pieces, piece(middle, high, f_middle, f_high))
        points += 2 * NODES
    return np.sum([each[-1] for each in pieces], axis=0), points
