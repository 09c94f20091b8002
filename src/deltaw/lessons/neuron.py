"""Lesson 3: one neuron. Weighted sum, then activation: z = w₁a₁ + w₂a₂ + … + b, o = f(z).

The activations are those of the table `deltaw.equations.activations`; each is shown with its slope f'(z), through which
learning goes. Softmax is left out: it compares units with each other, and a unit alone always has 1.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.equations.activations import ACTIVATIONS, Activation
from deltaw.explain.notation import equations, weighted_terms
from deltaw.lessons import checks
from deltaw.lessons.lesson import Lesson, compose
from deltaw.lessons.words import Words
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.pages import Figure, Formula, Section, Table, Text, latex_number
from deltaw.plots import BLUE, GREEN, GREY, INK, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

Array = NDArray[np.float64]
Data = dict[str, Any]

ALONE = {name: row for name, row in ACTIVATIONS.items() if not row.coupled}
FLAT = 0.01  # a slope below this passes almost nothing of an error back
REACH = 5.0  # the curves are drawn for z and x from −5 to 5
MOST = 5  # curves in one picture
LOOKS = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."), (INK, ":"), (GREY, (0, (6, 1.5))))


def neuron(
    *,
    inputs: str = "0.9,0.1,0.8",
    weights: str = "0.9,0.3,0.4",
    bias: float = 0.0,
    activation: str = "sigmoid",
    sharpen: str = "0.5,1,2,4,8",
    shift: str = "-4,-2,0,2,4",
    lang: str | None = None,
) -> Lesson:
    """Follow a signal through one neuron, and see what weight and bias do to its curve.

    Args:
        inputs: the outputs a of the layer before, up to 8 numbers with commas between them.
        weights: w, as many.
        bias: b.
        activation: any of the table but softmax.
        sharpen: weights w to draw o = f(wx) for, up to 5.
        shift: biases b to draw o = f(wx + b) for, up to 5, with the middle one of those weights.
        lang: "en" or "zh"; the one that is spoken (`deltaw.language`) if not given.

    Raises:
        SettingError: for a value outside of these.
    """
    words = Words("neuron", lang)
    a = np.array(checks.numbers(inputs, "inputs", range(1, 9)))
    w = np.array(checks.numbers(weights, "weights", len(a)))
    b = checks.number(bias, "bias")
    row = ALONE[checks.choice(activation, "activation", ALONE)]
    steeper = checks.numbers(sharpen, "sharpen", range(1, MOST + 1))
    moved = checks.numbers(shift, "shift", range(1, MOST + 1))

    unit = Network([len(a), 1], row.name)
    unit.weights, unit.biases = [w[None, :]], [np.array([b])]
    signals = unit.signals(a)
    z = float(signals.z[0][0, 0])
    middle = sorted(steeper)[len(steeper) // 2]
    pairs = [(one, 0.0) for one in steeper] + [(middle, one) for one in moved]
    data: Data = {
        "inputs": a,
        "weights": w,
        "bias": b,
        "products": w * a,
        "z": z,
        "activation": row.name,
        "o": float(signals.o[0][0, 0]),
        "activations": {name: at(each, z) for name, each in ALONE.items()},
        "curves": [curve(row, one, by) for one, by in pairs],
        "sharpened": len(steeper),
    }
    sections = (_sum(words, data), _activations(words, data), _curves(words, data))
    tries = {
        "--bias -2": "try_bias",
        "--inputs 1,1,1 --weights 9,3,4": "try_large",
        "--activation tanh": "try_tanh",
        "--activation relu --sharpen 1,-1,3": "try_relu",
    }
    return compose(words, sections, shows=_shows(words, data), tries=tries, data=data)


def at(row: Activation, z: float) -> Data:
    """An activation at one z: its output and slope, and the range of all its outputs."""
    here = np.array([z])
    with np.errstate(over="ignore", invalid="ignore"):  # far out, where e^z of a branch that is not taken overflows
        o, slope = row.f(here), row.df(here, row.f(here))
    return {"o": float(o[0]), "slope": float(slope[0]), "low": row.range[0], "high": row.range[1]}


def curve(row: Activation, w: float, b: float) -> Data:
    """o = f(wx + b): where z = 0, how steep in x it is there (do/dx = w f'(0)), and o at x = −1, 0 and 1."""
    x = np.array([-1.0, 0.0, 1.0])
    return {
        "w": w,
        "b": b,
        "centre": -b / w if w else None,
        "slope": w * at(row, 0.0)["slope"],
        "x": x,
        "o": row.f(w * x + b),
    }


# --- what is said and drawn -----------------------------------------------------------------------------------------


def _sum(words: Words, data: Data) -> Section:
    a, w, b, z, o = (data[key] for key in ("inputs", "weights", "bias", "z", "o"))
    rows = [[i, *numbers] for i, numbers in enumerate(zip(a, w, data["products"], strict=True), 1)]
    total = " ".join(weighted_terms(w, a, b))
    return Section(
        words("sum"),
        (
            Table(("i", "aᵢ", "wᵢ", "wᵢ aᵢ"), rows),
            Formula(equations([("z", f"{total} = {latex_number(z)}"), ("o", f"f(z) = {latex_number(o)}")])),
            Text(words("what_f", name=data["activation"])),
            _formulas(ALONE[data["activation"]]),
        ),
    )


def _formulas(row: Activation) -> Formula:
    """f(z) and f'(z) of an activation, as a textbook writes them."""
    import sympy as sp  # type: ignore[import-untyped]  # here, with what is made of it: the other lessons do without

    from deltaw.derive.formulas import CONSTANTS, activation_formula, slope
    from deltaw.derive.notation import latex, plain

    z, o = sp.symbols("z o", real=True)
    f, df = activation_formula(row, z), slope(row, z, o)
    letters = f.free_symbols
    constants = [(str(name), sp.Float(round(value, 4))) for value, name in CONSTANTS.items() if name in letters]
    lines = [("f(z)", f), ("f'(z)", df), *constants]
    return Formula(
        equations((left, latex(right)) for left, right in lines),
        "\n".join(f"{left} = {plain(right)}" for left, right in lines),
    )


def _activations(words: Words, data: Data) -> Section:
    rows = [[name, f["o"], f["slope"], f["low"], f["high"]] for name, f in data["activations"].items()]
    headings = (words("activation"), "o = f(z)", "f'(z)", words("lowest"), words("highest"))
    return Section(
        words("activations", z=data["z"]),
        (
            Table(headings, rows, words("activations_caption"), digits=4),
            Figure(partial(_draw_table, words, data), words("table_alt"), words("table_caption", z=data["z"])),
        ),
    )


def _curves(words: Words, data: Data) -> Section:
    rows = [[c["w"], c["b"], c["centre"], c["slope"], *c["o"]] for c in data["curves"]]
    headings = ("w", "b", words("centre"), words("slope_there"), "o(−1)", "o(0)", "o(1)")
    return Section(
        words("curves"),
        (
            Table(headings, rows, words("curves_caption", name=data["activation"]), digits=4),
            Figure(partial(_draw_curves, words, data), words("curves_alt"), words("curves_figure")),
        ),
    )


def _shows(words: Words, data: Data) -> list[str]:
    flat = [name for name, f in data["activations"].items() if abs(f["slope"]) < FLAT]
    key = "flat" if flat else "none_flat"
    said = [words(key, z=data["z"], names=", ".join(flat), count=len(flat), all=len(data["activations"]), flat=FLAT)]
    sharpened = data["curves"][: data["sharpened"]]
    by_size = sorted(sharpened, key=lambda c: abs(float(c["w"])))
    least, most = by_size[0], by_size[-1]
    key = "steeper" if most["slope"] and least["w"] else "not_steeper"
    said.append(words(key, w0=least["w"], w1=most["w"], s0=least["slope"], s1=most["slope"], name=data["activation"]))
    shifted = data["curves"][data["sharpened"] :]
    if shifted[0]["w"]:
        first, last = shifted[0], shifted[-1]
        said.append(words("shifted", w=first["w"], b0=first["b"], b1=last["b"], x0=first["centre"], x1=last["centre"]))
    return said


@plots.styled
def _draw_table(words: Words, data: Data) -> Drawing:
    """Every activation and its slope, with a dot where this neuron's z is."""
    columns = 5
    lines = -(-len(ALONE) // columns)
    figure, axes = plots.figure((9.6, 1.9 * lines + 0.4), lines, columns)
    z = np.linspace(-REACH, REACH, 401)
    here = data["z"]
    for axis in axes[len(ALONE) :]:
        axis.set_axis_off()
    for axis, (name, row) in zip(axes, ALONE.items(), strict=False):
        o = row.f(z)
        slope = row.df(z, o)
        if name == "step":  # no line through its jump
            o[np.searchsorted(z, 0.0)] = np.nan
        axis.plot(z, o, "-", color=BLUE, label="o = f(z)")
        axis.plot(z, slope, "--", color=VERMILION, linewidth=1.4, label="f'(z)")
        if abs(here) <= REACH:
            axis.plot(here, data["activations"][name]["o"], "o", color=INK, markersize=5, label=words("this_neuron"))
        axis.set_title(name)
        axis.set(xlim=(-REACH, REACH), ylim=(-2.1, 3.1), xticks=(-4, 0, 4), yticks=(-2, 0, 2))
        axis.grid()
    for axis in axes[len(ALONE) - columns : len(ALONE)]:
        axis.set_xlabel("z")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


@plots.styled
def _draw_curves(words: Words, data: Data) -> Drawing:
    """o = f(wx) for several weights, and o = f(wx + b) for several biases."""
    figure, (left, right) = plots.figure((9.6, 3.5), 1, 2)
    count = data["sharpened"]
    row = ALONE[data["activation"]]
    _bundle(left, row, data["curves"][:count], "w")
    _bundle(right, row, data["curves"][count:], "b")
    left.set_title(words("weight_title"))
    right.set_title(words("bias_title", w=data["curves"][count]["w"]))
    for axis in (left, right):
        axis.set(xlabel=words("input"), ylabel=words("output"))
        axis.grid()
        axis.legend(fontsize=8.5)
    return figure


def _bundle(axis: Axes, row: Activation, curves: list[Data], letter: str) -> None:
    x = np.linspace(-REACH, REACH, 401)
    for c, (colour, style) in zip(curves, LOOKS, strict=False):
        axis.plot(x, row.f(c["w"] * x + c["b"]), linestyle=style, color=colour, label=f"{letter} = {number(c[letter])}")
    bounded = np.isfinite(row.range).all()
    axis.set(xlim=(-REACH, REACH), ylim=None if bounded else (max(row.range[0] - 0.3, -5.3), 5.3))
