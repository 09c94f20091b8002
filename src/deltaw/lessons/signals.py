"""Lesson 4: signals, layer by layer: first as sums w₁a + w₂b + …, then as y = Wx. The same numbers twice.

A network of N layers, the input counted as one, makes N − 1 products. The example's weights are those of a network of
three layers with three units each, worked by hand with three decimals: 0.761, 0.603, 0.650, then 0.726, 0.708, 0.778.
With all digits the second output is 0.7086, which is 0.709: rounding on the way shows in the last place.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.equations.backprop import Signals
from deltaw.explain.notation import equations, matrix, weighted_terms
from deltaw.lessons import checks
from deltaw.lessons.lesson import Lesson, compose
from deltaw.lessons.neuron import ALONE
from deltaw.lessons.words import Words
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.pages import Figure, Formula, Section, Table, Text, latex_number
from deltaw.plots import BLUE, INK, VERMILION

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Array = NDArray[np.float64]
Data = dict[str, Any]

UNITS = 3  # of every layer
HAND = 3  # decimals on paper
EXAMPLE = (
    np.array([[0.9, 0.3, 0.4], [0.2, 0.8, 0.2], [0.1, 0.5, 0.6]]),
    np.array([[0.3, 0.7, 0.5], [0.6, 0.5, 0.2], [0.8, 0.1, 0.9]]),
)
WEIGHTS = ("example", "random")


def signals(
    *,
    inputs: str = "0.9,0.1,0.8",
    layers: int = 3,
    activation: str = "sigmoid",
    weights: str = "example",
    seed: int = 0,
    lang: str | None = None,
) -> Lesson:
    """Send three signals through a network of three units a layer.

    Args:
        inputs: three numbers with commas between them.
        layers: N, the input and the output counted, 2 to 8.
        activation: of every layer but the input; any of the table but softmax.
        weights: "example", the known ones in the first two matrices and random ones after them; or "random".
        seed: of the random weights.
        lang: "en" or "zh"; the one that is spoken (`deltaw.language`) if not given.

    Raises:
        SettingError: for a value outside of these.
    """
    words = Words("signals", lang)
    x = np.array(checks.numbers(inputs, "inputs", UNITS))
    count = checks.whole(layers, "layers", 2, 8)
    checks.choice(activation, "activation", ALONE)
    network = Network([UNITS] * count, activation, bias=False, init="notes", seed=seed)
    if checks.choice(weights, "weights", WEIGHTS) == "example":
        network.weights[: len(EXAMPLE)] = [w.copy() for w in EXAMPLE[: count - 1]]
    passed = network.signals(x)
    sums = as_sums(network, x)
    data: Data = {
        "activation": activation,
        "input": x,
        "weights": network.weights,
        "sums": sums,
        "z": [z[0] for z in passed.z],
        "o": [o[0] for o in passed.o],
        "by_hand": by_hand(network, x),
        "products": count - 1,
        "largest_difference": max(
            float(np.abs(one - other[0]).max()) for one, other in zip(sums, passed.z, strict=True)
        ),
    }
    sections = (
        *(_layer(words, network, passed, l) for l in range(count - 1)),
        Section(
            words("picture"),
            (
                Table(
                    (words("layer"), *(words("unit", i=i) for i in range(1, UNITS + 1))),
                    [[i + 1, *a[0]] for i, a in enumerate(passed.a)],
                    words("all_caption"),
                ),
                Figure(partial(_draw, words, network, passed), words("alt"), words("caption")),
            ),
        ),
    )
    tries = {
        "--layers 6": "try_deep",
        "--inputs 9,1,8": "try_large",
        "--activation relu": "try_relu",
        "--weights random --seed 4": "try_random",
    }
    return compose(words, sections, shows=_shows(words, data, count), tries=tries, data=data)


def as_sums(network: Network, x: Array) -> list[Array]:
    """z of every layer, each unit for itself: w₁a + w₂b + w₃c, one product after the other."""
    found, a = [], [float(one) for one in x]
    for W, row in zip(network.weights, network.rows, strict=True):
        z = []
        for w in W:
            total = 0.0
            for weight, signal in zip(w, a, strict=True):
                total += weight * signal
            z.append(total)
        found.append(np.array(z))
        a = row.f(np.array(z)).tolist()
    return found


def by_hand(network: Network, x: Array) -> list[Array]:
    """o of every layer as one would work it on paper: rounded to three decimals after every layer."""
    found, a = [], x
    for W, row in zip(network.weights, network.rows, strict=True):
        a = np.round(row.f(np.round(W @ a, HAND)), HAND)
        found.append(a)
    return found


# --- what is said and drawn -----------------------------------------------------------------------------------------


def _layer(words: Words, network: Network, passed: Signals, l: int) -> Section:
    """One product: as sums, as a matrix, and through the activation."""
    W, a, z, o = network.weights[l], passed.a[l][0], passed.z[l][0], passed.o[l][0]
    sums = [
        (f"z_{{{i}}}", f"{' '.join(weighted_terms(w, a))} = {latex_number(float(one))}")
        for i, (w, one) in enumerate(zip(W, z, strict=True), 1)
    ]
    column = tuple(matrix(vector[:, None]) for vector in (a, z, o))
    return Section(
        words("product", number=l + 1, of=len(network.weights)),
        (
            Text(words("sums")),
            Formula(equations(sums)),
            Text(words("matrix")),
            Formula(rf"{matrix(W)} {column[0]} = {column[1]}, \quad f(z) = {column[2]}"),
            Table(
                (words("unit_heading"), "z", f"o = {network.activations[l]}(z)"),
                [[i + 1, z[i], o[i]] for i in range(UNITS)],
            ),
        ),
    )


def _shows(words: Words, data: Data, count: int) -> list[str]:
    exact, hand = (", ".join(f"{o:.{HAND}f}" for o in outputs[-1]) for outputs in (data["o"], data["by_hand"]))
    spread = [float(np.ptp(a)) for a in (data["input"], data["o"][-1])]
    key = "closer" if spread[1] < spread[0] else "wider"
    return [
        words("same", difference=data["largest_difference"]),
        words("count", layers=count, products=data["products"], exact=exact, hand=hand),
        words(key, before=spread[0], after=spread[1]),
    ]


@plots.styled
def _draw(words: Words, network: Network, passed: Signals) -> Drawing:
    """The network from left to right: a circle a unit with its output in it, a line a link, as thick as its weight."""
    count = len(passed.a)
    figure, (axis,) = plots.figure((max(6.4, 1.75 * count), 3.9))
    largest = max(float(np.abs(w).max()) for w in network.weights)
    for l, W in enumerate(network.weights):
        for (to, of), w in np.ndenumerate(W):
            axis.plot(
                (l, l + 1), (-of, -to), "-" if w >= 0 else "--", color=BLUE if w >= 0 else VERMILION,
                linewidth=0.4 + 3.6 * abs(w) / largest, alpha=0.75, zorder=1,
            )  # fmt: skip
    for l, a in enumerate(passed.a):
        for i, o in enumerate(a[0]):
            axis.plot(l, -i, "o", markersize=34, color="white", markeredgecolor=INK, markeredgewidth=1.2, zorder=2)
            axis.text(l, -i, number(o, 3), ha="center", va="center", fontsize=8.5, zorder=3)
        title = words("input_layer") if not l else words("output_layer") if l == count - 1 else words("hidden_layer")
        axis.text(l, 0.48, title, ha="center", va="bottom", fontsize=9)
    for l in range(count - 1):
        axis.text(l + 0.5, -UNITS + 0.42, words("product_label", number=l + 1), ha="center", va="top", fontsize=9)
    axis.plot([], [], "-", color=BLUE, label=words("positive"))
    axis.plot([], [], "--", color=VERMILION, label=words("negative"))
    axis.set(xlim=(-0.4, count - 0.6), ylim=(-UNITS + 0.2, 0.75))
    axis.set_axis_off()
    figure.legend(loc="outside lower center", ncols=2)
    return figure
