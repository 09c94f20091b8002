"""Lesson 5: three error functions, and why the squared one is used.

t − o cancels: on a network that is right about nothing its sum can be zero, and it falls without end as o grows.
|t − o| is a V: its slope is as large beside the minimum as far away, so that steps of a fixed rate bounce around it.
(t − o)² has a slope that shrinks with the error, so that the steps shrink too. (The engine's squared error is
½ (t − o)²: the slope is then −(t − o), without the factor 2.)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.equations.lookup import positive
from deltaw.equations.losses import loss
from deltaw.exceptions import SettingError
from deltaw.explain.notation import equations
from deltaw.lessons import checks
from deltaw.lessons.lesson import Lesson, compose
from deltaw.lessons.words import Words
from deltaw.network import Network
from deltaw.pages import Figure, Formula, Section, Table, Text
from deltaw.plots import BLUE, GREEN, GREY, INK, VERMILION
from deltaw.training import train

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Array = NDArray[np.float64]
Data = dict[str, Any]

KINDS = ("difference", "absolute", "squared")
LOOKS = {"difference": (GREY, ":", "^"), "absolute": (VERMILION, "--", "s"), "squared": (BLUE, "-", "o")}
SHARE_LEFT = 0.01  # an error this much smaller than the first has settled

# The first part: one link, o = sigmoid(wx), asked for 0.99 where x is positive and for 0.01 where it is negative.
X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
T = np.where(X > 0, 0.99, 0.01)
TRAINED = {"learning_rate": 2.0, "batch_size": 4, "epochs": 500}


def errors(
    *,
    learning_rate: float = 0.6,
    start: float = 0.5,
    target: float = 5.0,
    steps: int = 15,
    bad_weight: float = -2.0,
    lang: str | None = None,
) -> Lesson:
    """Measure one network by three error functions, then learn one number by each of them.

    Args:
        learning_rate: α of every run, up to 3.
        start: the output before the first step, from −100 to 100.
        target: t, from −100 to 100.
        steps: of every run, 2 to 60.
        bad_weight: the weight of the bad network that is measured, from −5 to 5.
        lang: "en" or "zh"; the one that is spoken (`deltaw.language`) if not given.

    Raises:
        SettingError: for a value outside of these.
    """
    words = Words("errors", lang)
    alpha = checks.number(positive(learning_rate, "learning_rate"), "learning_rate", 0, 3)
    begin = checks.number(start, "start", -100, 100)
    t = checks.number(target, "target", -100, 100)
    count = checks.whole(steps, "steps", 2, 60)
    bad = checks.number(bad_weight, "bad_weight", -5, 5)

    weights = {"bad": bad, "half": 0.0} | {f"trained_{kind}": _trained(kind, bad) for kind in KINDS[1:]}
    data: Data = {
        "learning_rate": alpha,
        "target": t,
        "networks": {name: {"weight": w} | measured(w) for name, w in weights.items()},
        "runs": {kind: run(kind, begin, t, alpha, count) for kind in KINDS},
        "refusal": _refusal(),
    }
    tries = {
        "--learning-rate 0.05 --steps 60": "try_small",
        "--learning-rate 1.9": "try_large",
        "--learning-rate 2.1": "try_beyond",
        "--bad-weight -5": "try_bad",
    }
    sections = (_cancelling(words, data), _steps(words, data))
    return compose(words, sections, shows=_shows(words, data), tries=tries, data=data)


def measured(w: float) -> Data:
    """o of the four examples through one link of weight w; the sums of the three errors; how many are right."""
    o = _link("sigmoid", w).forward(X)
    return {
        "outputs": o[:, 0],
        "difference": float(loss("difference").E(o, T).sum()),
        "absolute": float(loss("absolute").E(o, T).sum()),
        "squared": 2.0 * float(loss("squared").E(o, T).sum()),  # without the ½, as in Σ(t − o)²
        "right": int(np.sum((o - 0.5) * (T - 0.5) > 0)),
    }


def run(kind: str, start: float, target: float, alpha: float, steps: int) -> Data:
    """Learn o = w (one link, its input 1) by one error function, a step after the other.

    Returns o, E and dE/do before the first step and after each, (steps + 1,). The difference has no minimum and is not
    trained by the engine: its steps are made here, by the same rule o ← o − α dE/do.
    """
    row, t = loss(kind), np.array([[target]])
    network = _link("identity", start)
    outputs = []
    for _ in range(steps + 1):
        outputs.append(network.weights[0].item())
        if row.minimum:
            train(network, [[1.0]], t, loss=row, learning_rate=alpha, epochs=1)
        else:
            network.weights = [network.weights[0] - alpha * row.dE(network.weights[0], t)]
    o = np.array(outputs)[:, None]
    return {"o": o[:, 0], "E": row.E(o, t), "slope": row.dE(o, t)[:, 0]}


def _link(activation: str, w: float) -> Network:
    network = Network([1, 1], activation, bias=False)
    network.weights = [np.array([[w]])]
    return network


def _trained(kind: str, w: float) -> float:
    network = _link("sigmoid", w)
    train(network, X, T, loss=kind, **TRAINED)  # type: ignore[arg-type]
    return float(network.weights[0].item())


def _refusal() -> str:
    """What the engine answers to training by the difference."""
    try:
        train(_link("identity", 0.0), [[1.0]], [[1.0]], loss="difference")
    except SettingError as error:
        return str(error)
    raise AssertionError("the difference has no minimum: training by it has to be refused")


# --- what is said and drawn -----------------------------------------------------------------------------------------


def _cancelling(words: Words, data: Data) -> Section:
    rows = [
        [words(f"network.{name}"), *(net[key] for key in ("weight", *KINDS)), net["right"]]
        for name, net in data["networks"].items()
    ]
    for row in rows:
        row[2] = 0.0 if abs(row[2]) < 1e-12 else row[2]  # what rounding leaves of a sum that is zero
    headings = (words("which"), "w", "Σ(t − o)", "Σ|t − o|", "Σ(t − o)²", words("right"))
    return Section(
        words("cancelling"),
        (
            Text(words("four_examples")),
            Table(headings, rows, digits=4),
            Figure(partial(_draw_sums, words, data), words("sums_alt"), words("sums_caption")),
        ),
    )


def _steps(words: Words, data: Data) -> Section:
    runs = data["runs"]
    columns = [range(len(runs["squared"]["o"]))]
    columns += [runs[kind][key] for kind in KINDS for key in ("o", "slope")]
    headings = (words("step"), "o", words("slope"), "o", words("slope"), "o", words("slope"))
    return Section(
        words("steps"),
        (
            Text(words("one_number", target=data["target"], alpha=data["learning_rate"])),
            Formula(r"o \leftarrow o - \alpha\,\frac{dE}{do}"),
            Formula(
                equations(
                    [
                        ("E", r"t - o, \quad \frac{dE}{do} = {-1}"),
                        ("E", r"|t - o|, \quad \frac{dE}{do} = \operatorname{sign}(o - t)"),
                        ("E", r"\tfrac{1}{2} (t - o)^2, \quad \frac{dE}{do} = {-(t - o)}"),
                    ]
                )
            ),
            Table(headings, list(zip(*columns, strict=True)), words("steps_caption"), digits=4),
            Figure(partial(_draw_steps, words, data), words("steps_alt"), words("steps_figure")),
            Figure(partial(_draw_outputs, words, data), words("outputs_alt"), words("outputs_caption")),
        ),
    )


def _shows(words: Words, data: Data) -> list[str]:
    networks, runs, t = data["networks"], data["runs"], data["target"]
    largest = max(abs(net["difference"]) for net in networks.values())
    rights = [net["right"] for net in networks.values()]
    worst = max(networks.values(), key=lambda net: float(net["squared"]))
    key = "cancels" if largest < 1e-9 else "does_not_cancel"
    said = [words(key, low=min(rights), high=max(rights), all=len(X), squared=worst["squared"], largest=largest)]
    difference = runs["difference"]
    said.append(words("endless", steps=len(difference["o"]) - 1, E=difference["E"][-1], refusal=data["refusal"]))
    return said + [words(f"ended.{kind}.{ending(runs[kind], t)}", **_ends(runs[kind], t)) for kind in KINDS[1:]]


def ending(one: Data, target: float) -> str:
    """How a run ended: settled, swinging, diverging, or still on its way."""
    e = target - one["o"]
    crossed = np.count_nonzero(e[1:] * e[:-1] < 0)
    if abs(e[-1]) <= SHARE_LEFT * abs(e[0]):
        return "settled"
    if abs(e[-1]) > abs(e[0]):
        return "diverging" if crossed else "away"
    return "swinging" if crossed > 1 else "on_its_way"


def _ends(one: Data, target: float) -> Data:
    e = target - one["o"]
    return {
        "steps": len(e) - 1,
        "first": abs(e[0]),
        "last": abs(e[-1]),
        "crossed": np.count_nonzero(e[1:] * e[:-1] < 0),
        "low": one["o"][-2:].min(),
        "high": one["o"][-2:].max(),
        "slope": abs(one["slope"][-1]),
    }


@plots.styled
def _draw_sums(words: Words, data: Data) -> Drawing:
    """The three sums against the weight of the link, with the networks of the table."""
    figure, (axis,) = plots.figure((6.8, 3.4))
    w = np.linspace(-5.2, max(5.2, *(net["weight"] + 0.3 for net in data["networks"].values())), 160)
    sums = [measured(one) for one in w]
    signs = {"difference": "Σ(t − o)", "absolute": "Σ|t − o|", "squared": "Σ(t − o)²"}
    for kind in KINDS:
        colour, style, marker = LOOKS[kind]
        axis.plot(w, [one[kind] for one in sums], linestyle=style, color=colour, label=signs[kind])
        axis.plot(
            [net["weight"] for net in data["networks"].values()], [net[kind] for net in data["networks"].values()],
            marker, color=colour, markersize=5,
        )  # fmt: skip
    axis.set(xlabel=words("weight_axis"), ylabel=words("sum_axis"))
    axis.grid()
    axis.legend()
    return figure


@plots.styled
def _draw_steps(words: Words, data: Data) -> Drawing:
    """Each error against o, with the steps on it and the slope at the last of them."""
    figure, axes = plots.figure((9.6, 3.5), 1, 3)
    t = data["target"]
    for axis, kind in zip(axes, KINDS, strict=True):
        row, one = loss(kind), data["runs"][kind]
        colour, _, marker = LOOKS[kind]
        reach = max(float(np.abs(one["o"] - t).max()), 1e-3) * 1.15
        o = np.linspace(t - reach, t + reach, 301)
        axis.plot(o, row.E(o[:, None], np.array([[t]])), color=INK, linewidth=1.1)
        axis.plot(one["o"], one["E"], "-", color=colour, linewidth=0.8, alpha=0.6)
        axis.plot(one["o"], one["E"], marker, color=colour, markersize=4.5, label=words("steps_label"))
        axis.plot(one["o"][0], one["E"][0], marker, markersize=9, markerfacecolor="none", markeredgecolor=INK,
                  label=words("first_label"))  # fmt: skip
        for step, name in ((0, words("slope_label")), (1, ""), (2, ""), (-1, "")):
            here, E, slope = (one[key][step] for key in ("o", "E", "slope"))
            along = np.array([-0.18, 0.18]) * reach / np.hypot(1.0, slope * reach / max(one["E"][0], 1e-9))
            axis.plot(here + along, E + slope * along, "-", color=GREEN, linewidth=2.6, alpha=0.75, label=name)
        axis.set_title(words(f"kind.{kind}"))
        axis.set(xlabel=words("output_axis"), ylabel="E")
        axis.locator_params(nbins=6)
        axis.grid()
    axes[1].legend(fontsize=8.5, loc="upper center")
    return figure


@plots.styled
def _draw_outputs(words: Words, data: Data) -> Drawing:
    """o from step to step by each of the three errors, with the target."""
    figure, (axis,) = plots.figure((6.8, 3.2))
    t = data["target"]
    for kind in KINDS:
        colour, style, marker = LOOKS[kind]
        axis.plot(
            data["runs"][kind]["o"], linestyle=style, marker=marker, color=colour, markersize=4,
            label=words(f"kind.{kind}"),
        )  # fmt: skip
    axis.axhline(t, color=INK, linewidth=0.9, label=words("target_label"))
    axis.locator_params(axis="x", integer=True)
    axis.set(xlabel=words("step"), ylabel=words("output_axis"))
    axis.grid()
    axis.legend(fontsize=8.5)
    return figure
