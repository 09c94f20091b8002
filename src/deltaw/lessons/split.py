"""Lesson 7: the error sent back over the links, by the notes' Wᵀe and by the chain rule's Wᵀδ."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.equations.activations import activation
from deltaw.equations.backprop import Rule
from deltaw.lessons import checks
from deltaw.lessons.digits import CLEAR, SOME, digits
from deltaw.lessons.lesson import Lesson, compose
from deltaw.lessons.rules import SATURATED, Step, Trials
from deltaw.lessons.signals import EXAMPLE
from deltaw.lessons.words import Words
from deltaw.numbers import number
from deltaw.pages import Figure, Section, Table, Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

Array = NDArray[np.float64]
ByRule = dict[Rule, Array]

# The input of lesson `signals`, with a target.
X = np.array([0.9, 0.1, 0.8])
TARGET = np.array([0.01, 0.01, 0.99])

RATES = (0.03, 0.1, 0.3, 1.0, 2.0, 3.0, 5.0, 8.0)  # of the sweep
CLOSE = 15.0  # degrees within which two steps are said to have one direction
LOOK: dict[Rule, dict[str, Any]] = {
    "notes": {"color": plots.BLUE, "linestyle": "-", "marker": "o", "markersize": 4},
    "gradient": {"color": plots.VERMILION, "linestyle": "--", "marker": "s", "markersize": 4},
}


def split(
    *,
    learning_rate: float = 0.1,
    high_rate: float = 3.0,
    hidden: int = 32,
    epochs: int = 10,
    runs: int = 3,
    seed: int = 0,
    data: str = "digits",
    lang: str | None = None,
) -> Lesson:
    """The error sent back over the links, and what it does to put Wᵀe where the gradient has Wᵀδ.

    Args:
        learning_rate: α of the first comparison.
        high_rate: α of the second, where the steps are long.
        hidden: hidden units.
        epochs: passes over the images.
        runs: trainings at each rate, each with weights and an order of its own.
        seed: of the first run.
        data: "digits", or a file of images with labels, of which 1,800 are taken.
        lang: "en" or "zh"; the one that is spoken (`deltaw.language`) if not given.

    Raises:
        InputError: a parameter that cannot be, or data that are not images with labels.
    """
    words = Words("split", lang)
    gentle = checks.number(learning_rate, "learning_rate", 1e-6, 100)
    high = checks.number(high_rate, "high_rate", 1e-6, 100)
    seeds = checks.seeds(seed, runs)
    images = digits(data, seed, SOME)
    trials = Trials(
        images, images.inputs(), images.targets(), checks.whole(hidden, "hidden", 1, 1000),
        checks.whole(epochs, "epochs", 1, 100), seeds,
    )  # fmt: skip

    back = sent_back(X, TARGET, EXAMPLE)
    rates = sorted({*RATES, gentle, high})
    accuracy = {rule: np.array([trials.accuracy(rule, rate) for rate in rates]) for rule in LOOK}
    course = {rule: trials.course(rule, high) for rule in LOOK}
    ends = {rule: accuracy[rule][rates.index(high), :, -1] for rule in LOOK}
    mixed: dict[tuple[Rule, Rule], Array] = {
        ("notes", "notes"): ends["notes"],
        ("notes", "gradient"): trials.mixed("notes", "gradient", high),
        ("gradient", "notes"): trials.mixed("gradient", "notes", high),
        ("gradient", "gradient"): ends["gradient"],
    }
    return compose(
        words,
        (_links(words, back), _both(words, trials, rates, accuracy, (gentle, high)), _why(words, course, mixed, high)),
        shows=_shows(words, rates, accuracy, course, mixed, (gentle, high)),
        tries={
            "--learning-rate 1 --high-rate 2": "try_rates",
            "--hidden 100": "try_hidden",
            "--seed 10 --runs 5": "try_seed",
        },
        data={
            **{f"example_{name}": value for name, value in asdict(back).items()},
            "rates": np.array(rates),
            **{f"accuracy_{rule}": accuracy[rule] for rule in LOOK},
            **{
                f"{what}_{rule}": np.array([getattr(step, what) for step in course[rule]])
                for rule in LOOK
                for what in ("ratio", "angle", "saturated")
            },
            "accuracy_notes_direction_gradient_length": mixed["notes", "gradient"],
            "accuracy_gradient_direction_notes_length": mixed["gradient", "notes"],
        },
    )


@dataclass(frozen=True)
class SentBack:
    """The error of one example on its way back to the hidden units.

    Attributes:
        W: weights of the output layer, (n_out, n_hidden).
        o, e: outputs and errors t − o, (n_out,).
        share: w_kj / Σ_j w_kj, the part of unit k's error that link j → k carries, (n_out, n_hidden).
        notes: Wᵀe, (n_hidden,).
        gradient: Wᵀ(e ∘ o(1 − o)) = −∂E/∂o_hidden, (n_hidden,).
    """

    W: Array
    o: Array
    e: Array
    share: Array
    notes: Array
    gradient: Array


def sent_back(x: Array, t: Array, weights: tuple[Array, Array]) -> SentBack:
    """Send x (n_in,) through two layers of sigmoids without bias, and the error of its target t (n_out,) back."""
    sigmoid, W = activation("sigmoid").f, weights[1]
    o = sigmoid(W @ sigmoid(weights[0] @ x))
    e = t - o
    return SentBack(W, o, e, W / W.sum(axis=1, keepdims=True), W.T @ e, W.T @ (e * o * (1 - o)))


# --- the page -------------------------------------------------------------------------------------------------------


def _links(words: Words, back: SentBack) -> Section:
    n_out, n_hidden = back.W.shape
    links = tuple(
        (f"{j + 1} → {k + 1}", back.W[k, j], back.e[k], back.share[k, j], back.share[k, j] * back.e[k],
         back.W[k, j] * back.e[k])
        for j in range(n_hidden) for k in range(n_out)
    )  # fmt: skip
    sums = zip(back.share.T @ back.e, back.notes, back.gradient, strict=True)
    return Section(
        words("links"),
        (
            Text(words("links_text", o=_row(back.o), t=_row(TARGET), e=_row(back.e))),
            Table(
                (words("link"), "w", "e", words("share"), words("by_share"), "w · e"),
                links,
                caption=words("links_caption"),
            ),
            Text(words("sums_text")),
            Table(
                (words("unit"), words("by_share"), "Wᵀe", "Wᵀ(e · o(1 − o))", words("ratio")),
                tuple((str(j + 1), whole, notes, true, notes / true) for j, (whole, notes, true) in enumerate(sums)),
                caption=words("sums_caption"),
            ),
        ),
    )


def _both(words: Words, trials: Trials, rates: list[float], accuracy: ByRule, pair: tuple[float, float]) -> Section:
    images, epochs = trials.images, trials.epochs
    headings = (words("after", rule=words(rule), epochs=n) for n in dict.fromkeys((1, epochs)) for rule in LOOK)
    columns = [accuracy[rule][:, :, n - 1].mean(axis=1) for n in dict.fromkeys((1, epochs)) for rule in LOOK]
    curves = {rate: {rule: accuracy[rule][rates.index(rate)] for rule in LOOK} for rate in dict.fromkeys(pair)}
    counts = {"training": len(images.training), "test": len(images.test), "classes": len(images.classes)}
    return Section(
        words("both"),
        (
            Text(words("both_text", hidden=trials.hidden, inputs=trials.X.shape[1], runs=len(trials.seeds), **counts)),
            Table(
                ("α", *headings),
                tuple((rate, *(float(column[i]) for column in columns)) for i, rate in enumerate(rates)),
                caption=words("both_caption"),
                digits=4,
            ),
            Figure(partial(draw_epochs, curves, words), words("epochs_alt"), words("epochs_caption")),
            Figure(partial(draw_rates, rates, accuracy, words), words("rates_alt"), words("rates_caption")),
        ),
    )


def _why(words: Words, course: dict[Rule, list[Step]], mixed: dict[tuple[Rule, Rule], Array], rate: float) -> Section:
    epochs = len(course["notes"]) - 1
    shown = sorted({0, 1, 2, epochs // 2, epochs} & set(range(epochs + 1)))
    headings = ("trained_by", "epoch", "length_ratio", "angle", "saturated")
    return Section(
        words("why"),
        (
            Text(words("why_text", rate=rate, low=SATURATED, high=1 - SATURATED)),
            Table(
                tuple(map(words, headings)),
                tuple(
                    (words(rule), n, steps[n].ratio, steps[n].angle, steps[n].saturated)
                    for rule, steps in course.items()
                    for n in shown
                ),
                caption=words("why_caption"),
                digits=3,
            ),
            Figure(partial(draw_course, course, words), words("course_alt"), words("course_caption", rate=rate)),
            Text(words("mixed_text", rate=rate)),
            Table(
                (words("direction_of"), words("length_of"), words("accuracy")),
                tuple((words(one), words(other), float(ends.mean())) for (one, other), ends in mixed.items()),
                caption=words("mixed_caption"),
                digits=4,
            ),
        ),
    )


def _shows(
    words: Words,
    rates: list[float],
    accuracy: ByRule,
    course: dict[Rule, list[Step]],
    mixed: dict[tuple[Rule, Rule], Array],
    pair: tuple[float, float],
) -> list[str]:
    """What the numbers say, each sentence chosen by them."""
    first = {rule: float(accuracy[rule][rates.index(pair[0]), :, 0].mean()) for rule in LOOK}
    ends = {rule: accuracy[rule][:, :, -1].mean(axis=1) for rule in LOOK}
    last = {rule: float(ends[rule][rates.index(pair[1])]) for rule in LOOK}
    best = {rule: float(ends[rule].max()) for rule in LOOK}
    below = {rule: last[rule] < best[rule] - CLEAR for rule in LOOK}
    lower = last["notes"] < last["gradient"] - CLEAR
    if all(below.values()):
        high = "too_high"
    elif lower and below["notes"]:
        high = "collapses"
    else:
        high = "lower" if lower else "stands"
    short, long = float(mixed["notes", "gradient"].mean()), float(mixed["gradient", "notes"].mean())
    before = course["notes"][0]
    decides = "length" if short > long + CLEAR else "direction" if long > short + CLEAR else "neither"
    return [
        words("quicker" if first["notes"] > first["gradient"] + CLEAR else "not_quicker", rate=pair[0], **first),
        words(high, rate=pair[1], best=best["notes"], **last),
        words("longer" if before.angle < CLOSE else "turned", ratio=before.ratio, angle=before.angle),
        words("saturation", **{rule: course[rule][-1].saturated for rule in LOOK}),
        words(decides, short=short, long=long),
    ]


def _row(values: Array) -> str:
    return "(" + ", ".join(f"{value:.3f}" for value in values).replace("-", "−") + ")"


# --- figures --------------------------------------------------------------------------------------------------------


@plots.styled
def draw_epochs(curves: dict[float, ByRule], words: Words) -> Picture:
    """Accuracy against epochs for each rate: the runs' mean, and the span between the worst and the best."""
    figure, axes = plots.figure((4.8 * len(curves), 3.3), 1, len(curves))
    for axis, (rate, found) in zip(axes, curves.items(), strict=True):
        for rule, runs in found.items():
            _spanned(axis, np.arange(1, runs.shape[1] + 1), runs, words(rule), rule)
        axis.set_title(f"α = {number(rate)}")
        axis.set(xlabel=words("epoch"), ylabel=words("test_accuracy"), ylim=(0, 1.02))
        axis.legend(loc="lower right", fontsize=9)
    return figure


@plots.styled
def draw_rates(rates: list[float], accuracy: ByRule, words: Words) -> Picture:
    """Accuracy after the first and after the last epoch against the rate."""
    epochs = accuracy["notes"].shape[2]
    shown = list(dict.fromkeys((1, epochs)))
    figure, axes = plots.figure((4.8 * len(shown), 3.3), 1, len(shown))
    for axis, n in zip(axes, shown, strict=True):
        for rule, found in accuracy.items():
            _spanned(axis, rates, found[:, :, n - 1].T, words(rule), rule)
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(lambda value, _: number(value))
        axis.set_title(words("after_epochs", epochs=n))
        axis.set(xlabel=words("rate_axis"), ylabel=words("test_accuracy"), ylim=(0, 1.02))
        axis.legend(loc="lower center", fontsize=9)
    return figure


@plots.styled
def draw_course(course: dict[Rule, list[Step]], words: Words) -> Picture:
    """Saturated hidden outputs, and how many times longer the notes' step is, against epochs."""
    figure, axes = plots.figure((9.6, 3.3), 1, 2)
    for rule, steps in course.items():
        epochs = range(len(steps))
        axes[0].plot(epochs, [step.saturated for step in steps], label=words("trained", rule=words(rule)), **LOOK[rule])
        axes[1].plot(epochs, [step.ratio for step in steps], label=words("trained", rule=words(rule)), **LOOK[rule])
    axes[0].set(xlabel=words("epoch"), ylabel=words("saturated_axis"), ylim=(0, 1.02))
    axes[0].set_title(words("saturated_title"))
    axes[1].axhline(4, color=plots.GREY, linewidth=1.2, linestyle=(0, (4, 3)), label=words("four"))
    axes[1].set(xlabel=words("epoch"), ylabel=words("ratio_axis"))
    axes[1].set_ylim(bottom=0)
    axes[1].set_title(words("ratio_title"))
    for axis in axes:
        axis.grid()
        axis.legend(fontsize=9)
    return figure


def _spanned(axis: Axes, x: Any, runs: Array, label: str, rule: Rule) -> None:
    """The mean of the runs, (runs, len(x)), and the span between the worst and the best."""
    axis.plot(x, runs.mean(axis=0), label=label, **LOOK[rule])
    axis.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=LOOK[rule]["color"], alpha=0.15, linewidth=0)
    axis.grid(True)
