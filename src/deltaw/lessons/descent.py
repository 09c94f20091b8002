"""Lesson 6: gradient descent, on a curve of one weight and on a surface of two.

The curve is the error of a network of one link, o = silu(wx), that is asked for 2.5 at x = 1 and for 1.5 at x = −1. For
a positive w the unit can serve the first, for a negative one the second: the curve has two valleys, and where descent
ends depends on where it starts.

The surface is the error of a line o = wx + b over all irises: petal length from petal width, in cm. It is a bowl of
constant curvature, so that what a rate does is known beforehand: along the direction of curvature λ each step
multiplies what is left by 1 − αλ. Above 1/λ it overshoots, above 2/λ it diverges (LeCun et al. 1998, Efficient
BackProp, section 5).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.equations.lookup import positive
from deltaw.equations.losses import loss
from deltaw.lessons import checks
from deltaw.lessons.lesson import Lesson, compose
from deltaw.lessons.words import Words
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.pages import Figure, Formula, Section, Table, Text
from deltaw.plots import BLUE, GREEN, GREY, INK, VERMILION
from deltaw.tables import bundled
from deltaw.training import train

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Array = NDArray[np.float64]
Data = dict[str, Any]

CURVE = "silu"
CURVE_X = np.array([[1.0], [-1.0]])
CURVE_T = np.array([[2.5], [1.5]])
REACH = 6.0  # the curve is searched for its valleys and drawn for weights from −6 to 6
FINE = np.linspace(-REACH, REACH, 2401)
ARRIVED = 0.01  # this share of the first error left, or less, has arrived
MOST = 4  # starts, and rates
LOOKS = ((BLUE, "-", "o"), (VERMILION, "--", "s"), (GREEN, "-.", "^"), (INK, ":", "D"))


def descent(
    *,
    learning_rate: float = 0.5,
    starts: str = "-4.5,-0.6,0.2,5.5",
    rates: str = "0.01,0.3,0.67,0.73",
    begin: str = "5,0",
    steps: int = 40,
    lang: str | None = None,
) -> Lesson:
    """Go down a curve from several starts, and down a bowl at several rates.

    Args:
        learning_rate: α on the curve, up to 10.
        starts: weights to start from on the curve, up to 4 numbers from −6 to 6 with commas between them.
        rates: α on the bowl, up to 4 numbers, each more than 0 and up to 1.
        begin: w and b to start from on the bowl, from −20 to 20.
        steps: of every run, 2 to 200.
        lang: "en" or "zh"; the one that is spoken (`deltaw.language`) if not given.

    Raises:
        SettingError: for a value outside of these.
    """
    words = Words("descent", lang)
    alpha = checks.number(positive(learning_rate, "learning_rate"), "learning_rate", 0, 10)
    count = checks.whole(steps, "steps", 2, 200)
    first = [
        checks.number(one, "starts", -REACH, REACH) for one in checks.numbers(starts, "starts", range(1, MOST + 1))
    ]
    paces = [
        checks.number(positive(one, "rates"), "rates", 0, 1)
        for one in checks.numbers(rates, "rates", range(1, MOST + 1))
    ]
    corner = [checks.number(one, "begin", -20, 20) for one in checks.numbers(begin, "begin", 2)]

    link = _network([[0.0]], None, CURVE)
    E = errors(link, CURVE_X, CURVE_T, FINE[:, None])
    flower = bundled("iris").frame
    X, T = (flower[name].to_numpy()[:, None] for name in ("petal_width", "petal_length"))
    bowl = curvature(X)
    lowest = least_squares(X, T)
    line = _network([[0.0]], [0.0], "identity")
    data: Data = {
        "learning_rate": alpha,
        "curve": {
            "w": FINE,
            "E": E,
            "minima": FINE[turns(E)],
            "maxima": FINE[turns(-E)],
            "runs": [descend(_network([[w]], None, CURVE), CURVE_X, CURVE_T, alpha, count) for w in first],
        },
        "bowl": {
            "curvatures": bowl,
            "limit": 2.0 / bowl[-1],
            "lowest": lowest,
            "lowest_E": error(line, X, T, lowest),
            "rates": np.array(paces),
            "runs": [descend(_network([[corner[0]]], [corner[1]], "identity"), X, T, pace, count) for pace in paces],
        },
    }
    surface = partial(_draw_bowl, words, data, X, T)
    sections = (_curve(words, data), _bowl(words, data, surface))
    tries = {
        "--starts=-0.36,-0.34": "try_ridge",
        "--learning-rate 4.5": "try_leap",
        "--rates 0.05,0.2,0.4,0.6": "try_rates",
        "--begin 0,5": "try_begin",
    }
    return compose(words, sections, shows=_shows(words, data), tries=tries, data=data)


def descend(network: Network, X: Array, T: Array, alpha: float, steps: int) -> Data:
    """Train by the squared error over all rows, a step at a time; the weights and E before the first and after each.

    Returns `weights` (steps + 1, 1 or 2), with b last where there is one, and `E` (steps + 1,).
    """
    weights = []
    for _ in range(steps + 1):
        weights.append([network.weights[0].item(), *(network.biases[0] if network.bias[0] else ())])
        train(network, X, T, learning_rate=alpha, batch_size=len(X), epochs=1)
    return {"weights": np.array(weights), "E": errors(network, X, T, weights)}


def errors(network: Network, X: Array, T: Array, weights: Any) -> Array:
    """E, averaged over the rows, of a network of one link with each of these weights, w or (w, b)."""
    there, squared, found = network.copy(), loss("squared"), []
    for w, *b in weights:
        there.weights, there.biases = [np.array([[w]])], [np.array(b or [0.0])]
        found.append(float(squared.E(there.forward(X), T).mean()))
    return np.array(found)


def error(network: Network, X: Array, T: Array, weights: Any) -> float:
    """The same of one."""
    return float(errors(network, X, T, [weights])[0])


def turns(E: Array) -> NDArray[np.int64]:
    """Where a curve turns from falling to rising: the indices of its minima."""
    rising = np.diff(E) > 0
    return np.flatnonzero(~rising[:-1] & rising[1:]) + 1


def curvature(X: Array) -> Array:
    """The eigenvalues of ∂²E/∂(w, b)² for o = wx + b, least first, (2,): those of the mean of (x, 1)(x, 1)ᵀ."""
    A = np.column_stack([X, np.ones(len(X))])
    return np.asarray(np.linalg.eigvalsh(A.T @ A / len(X)))


def least_squares(X: Array, T: Array) -> Array:
    """The (w, b) of the least error, solved rather than learnt."""
    A = np.column_stack([X, np.ones(len(X))])
    return np.asarray(np.linalg.lstsq(A, T[:, 0], rcond=None)[0])


def verdict(run: Data, rate: float, data: Data) -> str:
    """What a rate did on the bowl: too small, good, overshooting or diverging."""
    left = share_left(run, data)
    if left > 1 or not np.isfinite(left):
        return "diverging"
    if rate * data["curvatures"][-1] > 1:
        return "overshooting"
    return "good" if left <= ARRIVED else "too_small"


def share_left(run: Data, data: Data) -> float:
    """How much of the first error above the least is left at the end of a run."""
    return float((run["E"][-1] - data["lowest_E"]) / (run["E"][0] - data["lowest_E"]))


def _network(weights: list[list[float]], bias: list[float] | None, activation: str) -> Network:
    network = Network([1, 1], activation, bias=bias is not None)
    network.weights = [np.array(weights, dtype=np.float64)]
    network.biases = [np.array(bias or [0.0], dtype=np.float64)]
    return network


# --- what is said and drawn -----------------------------------------------------------------------------------------


def _curve(words: Words, data: Data) -> Section:
    runs, alpha = data["curve"]["runs"], data["learning_rate"]
    shown = range(min(len(runs[0]["E"]), 11))
    headings = [words("step")]
    columns: list[Any] = [shown]
    for i, run in enumerate(runs, 1):
        headings += [words("start", i=i), "E"]
        columns += [run["weights"][: len(shown), 0], run["E"][: len(shown)]]
    ends = [
        [words("start", i=i), run["weights"][0, 0], run["weights"][-1, 0], run["E"][-1]]
        for i, run in enumerate(runs, 1)
    ]
    return Section(
        words("curve"),
        (
            Text(words("curve_task", alpha=alpha)),
            Formula(r"w \leftarrow w - \alpha\,\frac{dE}{dw}"),
            Table(headings, list(zip(*columns, strict=True)), words("curve_caption"), digits=4),
            Table(
                (words("run"), words("from"), words("to"), "E"),
                ends,
                words("ends_caption", steps=len(runs[0]["E"]) - 1),
            ),
            Figure(partial(_draw_curve, words, data), words("curve_alt"), words("curve_figure")),
        ),
    )


def _bowl(words: Words, data: Data, surface: Any) -> Section:
    bowl = data["bowl"]
    rows = []
    for rate, run in zip(bowl["rates"], bowl["runs"], strict=True):
        w, b = run["weights"][-1]
        left = 100 * share_left(run, bowl)
        rows.append(
            [rate, rate * bowl["curvatures"][-1], w, b, run["E"][-1], left, words(f"is.{verdict(run, rate, bowl)}")]
        )
    headings = ("α", "αλ", "w", "b", "E", words("left"), words("verdict"))
    w, b = bowl["lowest"]
    caption = words("bowl_caption", w=w, b=b, E=bowl["lowest_E"], steps=len(bowl["runs"][0]["E"]) - 1)
    return Section(
        words("bowl"),
        (
            Text(words("bowl_task", small=bowl["curvatures"][0], large=bowl["curvatures"][1], limit=bowl["limit"])),
            Table(headings, rows, caption, digits=4),
            Figure(surface, words("bowl_alt"), words("bowl_figure")),
            Figure(partial(_draw_rates, words, data), words("rates_alt"), words("rates_figure")),
        ),
    )  # fmt: skip


def _shows(words: Words, data: Data) -> list[str]:
    curve, bowl = data["curve"], data["bowl"]
    best, *others = sorted(curve["minima"], key=lambda w: float(np.interp(w, curve["w"], curve["E"])))
    ends = np.array([run["weights"][-1, 0] for run in curve["runs"]])
    caught = sum(bool(np.abs(others - end).min() < 0.1) for end in ends)
    found = np.count_nonzero(np.abs(ends - best) < 0.1)
    heights = {name: float(np.interp(w, curve["w"], curve["E"])) for name, w in (("low", best), ("local", others[0]))}
    said = [
        words(
            "valleys" if caught else "no_trap", best=best, other=others[0], ridge=curve["maxima"][0], found=found,
            caught=caught, all=len(ends), **heights,
        )
    ]  # fmt: skip
    said += [
        words(
            f"did.{verdict(run, rate, bowl)}", rate=rate, left=100 * share_left(run, bowl), steps=len(run["E"]) - 1,
            factor=1 - rate * bowl["curvatures"][-1], limit=bowl["limit"],
        )
        for rate, run in zip(bowl["rates"], bowl["runs"], strict=True)
    ]  # fmt: skip
    return said


@plots.styled
def _draw_curve(words: Words, data: Data) -> Drawing:
    """E against the weight, with the steps of each run on it."""
    figure, (axis,) = plots.figure((8.0, 3.7))
    curve = data["curve"]
    axis.plot(curve["w"], curve["E"], color=GREY, linewidth=1.4)
    for i, (run, (colour, style, marker)) in enumerate(zip(curve["runs"], LOOKS, strict=False), 1):
        w = run["weights"][:, 0]
        axis.plot(w, run["E"], linestyle=style, marker=marker, color=colour, markersize=4.5, linewidth=1.0,
                  label=words("from_start", i=i, w=float(w[0])))  # fmt: skip
        axis.plot(w[0], run["E"][0], marker, markersize=10, markerfacecolor="none", markeredgecolor=colour)
    axis.set(xlim=(-REACH, REACH), ylim=(0, 1.05 * float(curve["E"].max())), xlabel=words("weight"), ylabel="E")
    axis.grid()
    axis.legend(loc="upper center", ncols=2, fontsize=8.5)
    return figure


@plots.styled
def _draw_bowl(words: Words, data: Data, X: Array, T: Array) -> Drawing:
    """Lines of equal E over w and b, and the path at each rate."""
    bowl = data["bowl"]
    runs = bowl["runs"]
    figure, axes = plots.figure((2.4 * max(len(runs), 2), 3.1), 1, len(runs))
    start = runs[0]["weights"][0]
    low, high = _window(bowl)
    w, b = np.linspace(low[0], high[0], 60), np.linspace(low[1], high[1], 60)
    line = _network([[0.0]], [0.0], "identity")
    E = np.array([errors(line, X, T, [(one, other) for one in w]) for other in b])
    levels = bowl["lowest_E"] + (E.max() - bowl["lowest_E"]) * np.linspace(0.05, 1, 9) ** 2
    for i, (axis, rate, run) in enumerate(zip(axes, bowl["rates"], runs, strict=True)):
        axis.contour(w, b, E, levels=levels, colors=GREY, linewidths=0.7)
        axis.plot(*run["weights"].T, "-", color=BLUE, linewidth=1.1)
        axis.plot(*run["weights"].T, "o", color=BLUE, markersize=3.2)
        axis.plot(*start, "s", color=INK, markersize=6)
        axis.plot(*bowl["lowest"], "*", color=VERMILION, markersize=11, markeredgecolor="white")
        axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel=words("weight"))
        axis.set_title(f"α = {number(float(rate))}\n{words(f'is.{verdict(run, rate, bowl)}')}")
        axis.tick_params(labelleft=not i)
    axes[0].set_ylabel(words("bias"))
    return figure


def _window(bowl: Data) -> tuple[Array, Array]:
    """The corners of the part of the plane to draw: all that the runs pass through that stay, and a margin."""
    stay = [
        run["weights"]
        for run, rate in zip(bowl["runs"], bowl["rates"], strict=True)
        if verdict(run, rate, bowl) != "diverging"
    ]
    seen = np.vstack([bowl["runs"][0]["weights"][:1], bowl["lowest"][None], *stay])
    low, high = seen.min(axis=0), seen.max(axis=0)
    margin = 0.25 * np.maximum(high - low, 2.0)
    return low - margin, high + margin


@plots.styled
def _draw_rates(words: Words, data: Data) -> Drawing:
    """What is left of the error above its least, step by step, for each rate."""
    figure, (axis,) = plots.figure((6.8, 3.4))
    bowl = data["bowl"]
    for rate, run, (colour, style, marker) in zip(bowl["rates"], bowl["runs"], LOOKS, strict=False):
        above = np.maximum(run["E"] - bowl["lowest_E"], 1e-12)
        axis.plot(above, linestyle=style, marker=marker, markersize=3.5, markevery=max(1, len(above) // 20),
                  color=colour, label=f"α = {number(float(rate))}")  # fmt: skip
    axis.set_yscale("log")
    axis.set(xlabel=words("step"), ylabel=words("above"))
    axis.locator_params(axis="x", integer=True)
    axis.grid()
    axis.legend(fontsize=8.5)
    return figure
