"""Lesson 2: what one line cannot separate, and how two lines and a unit that combines them do it.

A gate answers two inputs of 0 or 1: the four corners of a square. One unit is one line, o > ½ on one of its sides.
Lines make 14 of the 16 ways to answer four corners; exclusive or (xor) and its opposite are the two that are left
(Minsky & Papert 1969). A network with hidden units has a line for each, and an output unit that combines their sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.equations.lookup import positive
from deltaw.lessons import checks
from deltaw.lessons.lesson import Lesson, compose
from deltaw.lessons.words import Words
from deltaw.network import Network
from deltaw.pages import Figure, Formula, Section, Table, Text
from deltaw.plots import BLUE, GREY, INK, VERMILION
from deltaw.training import train

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

Array = NDArray[np.float64]

CORNERS = np.array(list(product((0.0, 1.0), repeat=2)))  # (4, 2)
# Answers to the corners 00, 01, 10, 11.
GATES = {
    "xor": (0, 1, 1, 0),
    "xnor": (1, 0, 0, 1),
    "and": (0, 0, 0, 1),
    "nand": (1, 1, 1, 0),
    "or": (0, 1, 1, 1),
    "nor": (1, 0, 0, 0),
}
UNDECIDED = 0.01  # an output this close to ½ is no answer
STYLES = ("-", "--", "-.", ":")  # of the hidden units' lines, in turn


@dataclass(frozen=True)
class Run:
    """One training: its seed, E after it, o at the four corners, and how many of them it answers rightly."""

    network: Network
    seed: int
    error: float
    outputs: Array
    right: int


def lines(
    *,
    gate: str = "xor",
    hidden: int = 2,
    learning_rate: float = 2.0,
    epochs: int = 3000,
    runs: int = 20,
    seed: int = 0,
    lang: str | None = None,
) -> Lesson:
    """Try to answer a gate with one line, then with the lines of a few hidden units.

    Args:
        gate: xor, xnor, and, nand, or, nor.
        hidden: hidden units, 1 to 6.
        learning_rate: α.
        epochs: passes over the four corners, a step each, up to 20,000.
        runs: how many networks are trained of each kind, from seeds one after the other, 1 to 100.
        seed: the first run's.
        lang: "en" or "zh"; the one that is spoken (`deltaw.language`) if not given.

    Raises:
        SettingError: for a value outside of these.
    """
    words = Words("lines", lang)
    t = np.array(GATES[checks.choice(gate, "gate", GATES)], dtype=np.float64)
    hidden = checks.whole(hidden, "hidden", 1, 6)
    alpha = positive(learning_rate, "learning_rate")
    epochs = checks.whole(epochs, "epochs", 1, 20_000)
    seeds = checks.seeds(seed, runs, most=100)

    single = [_train([2, 1], t, alpha, epochs, one) for one in seeds]
    double = [_train([2, hidden, 1], t, alpha, epochs, one) for one in seeds]
    unit, network = _first_best(single), _first_best(double)
    signals = network.network.signals(CORNERS)
    by_lines = separable_answers()
    best = max(by_lines, key=lambda way: np.count_nonzero(np.equal(way, t)))
    data: Data = {
        "gate": gate,
        "corners": CORNERS,
        "target": t,
        "answers_that_lines_make": np.array(sorted(by_lines)),
        "best_by_a_line": np.count_nonzero(np.equal(best, t)),
        "best_line": by_lines[best],
        "one_unit": _numbers(single, unit),
        "network": _numbers(double, network)
        | {
            "hidden_weights": network.network.weights[0],
            "hidden_biases": network.network.biases[0],
            "hidden_outputs": signals.o[0],
            "output_weights": network.network.weights[1][0],
            "output_bias": float(network.network.biases[1][0]),
        },
    }
    sections = (
        _one(words, data),
        _several(words, data),
        Section(
            words("figure"), (Figure(partial(_draw, words, data, network.network), words("alt"), words("caption")),)
        ),
    )
    tries = {
        "--gate and": "try_and",
        "--hidden 1": "try_one",
        "--hidden 4": "try_four",
        "--learning-rate 0.1": "try_slow",
        "--seed 7": "try_seed",
    }
    return compose(words, sections, shows=_shows(words, data), tries=tries, data=data)


def separable_answers() -> dict[tuple[int, ...], Array]:
    """All ways to answer the four corners that a line can make, with such a line: w₁, w₂, b, yes where w·x + b > 0.

    What a line answers depends on the order in which it meets the corners. That order only changes where two of them
    are met together, at multiples of 45°: a direction in between each, and a line between each two corners, are all.
    """
    ways: dict[tuple[int, ...], Array] = {}
    for angle in np.pi / 8 + np.arange(8) * np.pi / 4:
        w = np.array([np.cos(angle), np.sin(angle)])
        met = np.sort(CORNERS @ w)
        for threshold in [met[0] - 0.2, *(met[:-1] + met[1:]) / 2, met[-1] + 0.2]:
            ways.setdefault(tuple((CORNERS @ w > threshold).astype(int).tolist()), np.append(w, -threshold))
    return ways


def _train(sizes: list[int], t: Array, alpha: float, epochs: int, seed: int) -> Run:
    network = Network(sizes, "sigmoid", seed=seed)
    history = train(network, CORNERS, t[:, None], learning_rate=alpha, batch_size=4, epochs=epochs, seed=seed)
    o = network.forward(CORNERS)[:, 0]
    right = sum(answer(one) == wanted for one, wanted in zip(o, t, strict=True))
    return Run(network, seed, history.loss[-1], o, right)


def answer(o: float) -> int | None:
    """1 or 0, whichever o is nearer to; None where it is undecided."""
    return None if abs(o - 0.5) < UNDECIDED else int(o > 0.5)


def _first_best(found: list[Run]) -> Run:
    """The first of those that answer most corners rightly."""
    return max(found, key=lambda run: run.right)


def _numbers(found: list[Run], shown: Run) -> Data:
    return {
        "seeds": np.array([run.seed for run in found]),
        "right": np.array([run.right for run in found]),
        "error": np.array([run.error for run in found]),
        "shown_seed": shown.seed,
        "weights": shown.network.weights[0],
        "biases": shown.network.biases[0],
        "outputs": shown.outputs,
    }


# --- what is said and drawn -----------------------------------------------------------------------------------------

Data = dict[str, Any]


def _one(words: Words, data: Data) -> Section:
    """One unit: its answers, and why they cannot all be right for xor."""
    unit = data["one_unit"]
    rows = [
        [x1, x2, int(t), o, answer(o), answer(o) == t]
        for (x1, x2), t, o in zip(CORNERS.astype(int), data["target"], unit["outputs"], strict=True)
    ]
    headings = ("x₁", "x₂", "t", words("output"), words("answer"), words("right"))
    blocks: list[Any] = [Table(headings, rows, words("one_caption", **_shown(unit)), digits=4)]
    if data["gate"] == "xor":
        blocks += [
            Text(words("contradiction")),
            Formula(
                r"\begin{aligned} w_1 + b > 0, \quad w_2 + b > 0 &\Rightarrow w_1 + w_2 + 2b > 0 \\"
                r" b \le 0, \quad w_1 + w_2 + b \le 0 &\Rightarrow w_1 + w_2 + 2b \le 0 \end{aligned}"
            ),
        ]
    return Section(words("one"), blocks)


def _several(words: Words, data: Data) -> Section:
    """The network that was drawn: its lines, and its signals at the four corners."""
    network = data["network"]
    units = range(1, len(network["hidden_biases"]) + 1)
    lines_of = [
        [f"h{unit}", *w, b, v]
        for unit, w, b, v in zip(
            units, network["hidden_weights"], network["hidden_biases"], network["output_weights"], strict=True
        )
    ]
    rows = [
        [x1, x2, int(t), *h, o, answer(o)]
        for (x1, x2), t, h, o in zip(
            CORNERS.astype(int), data["target"], network["hidden_outputs"], network["outputs"], strict=True
        )
    ]
    headings = ("x₁", "x₂", "t", *(f"h{unit}" for unit in units), words("output"), words("answer"))
    return Section(
        words("several", hidden=len(units)),
        (
            Table(
                (words("unit"), "w₁", "w₂", "b", words("into_output")),
                lines_of,
                words("lines_caption", bias=network["output_bias"]),
                digits=4,
            ),
            Table(headings, rows, words("network_caption", **_shown(network)), digits=3),
        ),
    )


def _shown(kind: Data) -> Data:
    return {"seed": kind["shown_seed"], "right": int(kind["right"].max()), "runs": len(kind["seeds"])}


def _shows(words: Words, data: Data) -> list[str]:
    unit, network = data["one_unit"], data["network"]
    best = data["best_by_a_line"]
    solved = [int((kind["right"] == 4).sum()) for kind in (unit, network)]
    counts = {
        "runs": len(unit["seeds"]),
        "most": int(unit["right"].max()),
        "ways": len(data["answers_that_lines_make"]),
    }
    said = [words("no_line" if best < 4 else "a_line", gate=data["gate"], best=best, solved=solved[0], **counts)]
    if best < 4 and all(answer(o) is None for o in unit["outputs"]):
        said.append(words("undecided", o=unit["outputs"][0], error=unit["error"].min()))
    hidden = len(network["hidden_biases"])
    key = "never" if solved[1] == 0 else "always" if solved[1] == counts["runs"] else "sometimes"
    said.append(words(key, hidden=hidden, solved=solved[1], runs=counts["runs"]))
    return said


@plots.styled
def _draw(words: Words, data: Data, network: Network) -> Drawing:
    """The unit's line; the network's lines with its output between them; the corners as the hidden units see them."""
    kind = data["network"]
    hidden = len(kind["hidden_biases"])
    figure, axes = plots.figure((9.6, 3.9), 1, 3 if hidden == 2 else 2)
    side = np.linspace(-0.35, 1.35, 120)
    plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    axes[1].contourf(
        side, side, network.forward(plane).reshape(len(side), -1), levels=[0.0, 0.25, 0.5, 0.75, 1.0],
        colors=["#ffffff", "#eef0f2", "#dadee3", "#c3c9d1"],
    )  # fmt: skip
    *w, b = data["best_line"]
    _line(axes[0], np.array(w), b, side, "-", BLUE, words("best_line", best=data["best_by_a_line"]))
    unit = data["one_unit"]
    if any(answer(o) is not None for o in unit["outputs"]):
        _line(axes[0], unit["weights"][0], unit["biases"][0], side, "--", VERMILION, words("its_line"))
    for i, (w, b) in enumerate(zip(kind["hidden_weights"], kind["hidden_biases"], strict=True)):
        colour = (BLUE, VERMILION)[i % 2]
        _line(axes[1], w, b, side, STYLES[i % len(STYLES)], colour, words("line_of", unit=i + 1))
    for axis, title in zip(axes, ("one_title", "several_title"), strict=False):
        _corners(axis, CORNERS, data["target"])
        axis.set(xlim=(-0.35, 1.35), ylim=(-0.35, 1.35), xlabel=words("input", i="₁"), ylabel=words("input", i="₂"))
        axis.set(xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
        axis.set_title(words(title, seed=kind["shown_seed"]))
    if hidden == 2:
        inner = np.linspace(-0.15, 1.15, 2)
        _line(axes[2], kind["output_weights"], kind["output_bias"], inner, "-", INK, words("output_line"))
        _corners(axes[2], kind["hidden_outputs"], data["target"])
        axes[2].set(xlim=(-0.15, 1.15), ylim=(-0.15, 1.15), xlabel=words("hidden", i=1), ylabel=words("hidden", i=2))
        axes[2].set_title(words("inside_title"))
    for axis in axes:
        axis.set_aspect("equal")
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), fontsize=8.5, ncols=1 if hidden < 3 else 2)
    return figure


def _line(axis: Axes, w: Array, b: float, span: Array, style: str, colour: str, label: str) -> None:
    """w₁x₁ + w₂x₂ + b = 0."""
    w1, w2 = (float(one) for one in w)
    if abs(w2) >= abs(w1):
        axis.plot(span, -(w1 * span + b) / (w2 or 1.0), style, color=colour, label=label)
    else:
        axis.plot(-(w2 * span + b) / w1, span, style, color=colour, label=label)


def _corners(axis: Axes, places: Array, t: Array) -> None:
    """The corners: full dots where the answer is 1, empty ones where it is 0."""
    for x, y, one in zip(*places.T, t, strict=True):
        axis.plot(x, y, "o", markersize=10, color=INK, markerfacecolor=INK if one else "white", markeredgewidth=1.4)
    axis.grid(color=GREY, alpha=0.25)
