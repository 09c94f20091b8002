"""Figures of a model's quality: curves over thresholds, residuals, importance of columns, and partial dependence.

One drawing each, as wide as a phone: pages put them side by side where there is room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw.plots.layout import letters
from deltaw.plots.look import BLUE, GREEN, GREY, VERMILION
from deltaw.plots.style import figure, percent, short, styled
from deltaw.speech import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]

SIZE = (3.1, 3.3)
WIDE = (4.5, 3.5)
SMALL = (3.1, 2.6)
MAX_POINTS = 200  # of a curve: more would make the page heavy, and no difference
MAX_CURVES = 5  # classes that have one
MAX_BARS = 15
BANDS = 12  # of answers, in which residuals are summed up
TWO_COLUMNS = 18  # width in letters of the names of a legend with two columns
LINE = 0.17  # inches of its lines
DASHED = (0, (4, 3))
# Okabe and Ito's, and a pattern each for print.
LINES: tuple[tuple[str, Any], ...] = (
    (BLUE, "-"), (VERMILION, (0, (5, 1.5))), (GREEN, (0, (1.5, 1.2))), ("#CC79A7", (0, (6, 1.5, 1.5, 1.5))),
    ("#E69F00", "-"),
)  # fmt: skip


@styled
def roc(truth: ArrayLike, probabilities: ArrayLike, classes: Sequence[Any], weight: ArrayLike | None = None) -> Figure:
    """True positive rate (recall) against false positive rate of each class, at every threshold.

    Args:
        truth: (n,) class indices.
        probabilities: (n, K).
        classes: K names. Of two, the second has the curve; of many, those whose curves are lowest.
        weight: (n,) how much the rows count; None: all alike.
    """
    drawing, axis = _square(say("false positive rate"), say("recall (true positive rate)"))
    axis.plot([0, 1], [0, 1], color=GREY, linewidth=1.2, linestyle=DASHED)
    curves = []
    for name, found, taken, _ in _curves(truth, probabilities, classes, weight):
        area = float(np.trapezoid(found, taken))
        curves.append((area, say("{name}: area {area:.3f}", name=short(name), area=area), taken, found))
    _draw(axis, curves)
    axis.set_title("ROC")
    return drawing


@styled
def precision_recall(
    truth: ArrayLike, probabilities: ArrayLike, classes: Sequence[Any], weight: ArrayLike | None = None
) -> Figure:
    """Precision against recall of each class, at every threshold.

    See `roc` for the arguments. The dashed lines are what a guess gets: the class's share.
    """
    drawing, axis = _square(say("recall (true positive rate)"), say("precision"))
    curves, shares = [], []
    for name, found, taken, share in _curves(truth, probabilities, classes, weight):
        right, wrong = found * share, taken * (1 - share)
        precision = np.divide(right, right + wrong, out=np.ones(len(right)), where=right + wrong > 0)
        area = float(np.diff(found) @ precision[1:])
        curves.append((area, say("{name}: average {area:.3f}", name=short(name), area=area), found[1:], precision[1:]))
        shares.append(share)
    for share in shares[:MAX_CURVES]:
        axis.axhline(share, color=GREY, linewidth=1.0, linestyle=DASHED)
    _draw(axis, curves)
    axis.set_title(say("Precision and recall"))
    return drawing


@styled
def thresholds(
    truth: ArrayLike, probability: ArrayLike, name: Any, at: float = 0.5, weight: ArrayLike | None = None
) -> Figure:
    """Precision, recall and F1 against the probability from which a row is taken for the class.

    Args:
        truth: (n,) whether the row is of the class.
        probability: (n,) that it was given.
        name: of the class.
        at: the probability from which it is answered.
        weight: (n,) how much the rows count; None: all alike.
    """
    cuts, found, taken, share = _steps(np.asarray(truth, bool), np.asarray(probability, float), weight)
    cuts, found, taken = cuts[1:], found[1:], taken[1:]
    precision = found * share / (found * share + taken * (1 - share))
    f1 = 2 * precision * found / np.maximum(precision + found, 1e-12)
    drawing, axis = _square(say("threshold on the probability of {name}", name=short(name)), "")
    for label, y, (colour, dashes) in zip(
        (say("precision"), say("recall"), "F1"), (precision, found, f1), LINES, strict=False
    ):
        axis.plot(*_thin(cuts, y), color=colour, linestyle=dashes, label=label)
    axis.axvline(at, color=GREY, linewidth=1.2, linestyle=DASHED)
    best = int(f1.argmax())
    axis.plot(
        cuts[best], f1[best], "o", color=GREEN, markersize=6, label=say("F1 is best at {cut:.2f}", cut=cuts[best])
    )
    axis.set_title(say("Thresholds"))
    _legend(axis)
    return drawing


@styled
def residuals(truth: ArrayLike, predicted: ArrayLike, name: str) -> Figure:
    """How far off the answers are, against the answer: the median, and the middle 80%, of bands of equal rows.

    Args:
        truth: (n,) in the target's own units.
        predicted: (n,) the same.
        name: of the target.
    """
    o = np.asarray(predicted, float)
    e = o - np.asarray(truth, float)
    drawing, axis = _plain(WIDE)
    few = len(o) <= 1000
    axis.scatter(
        o, e, s=18 if few else 6, color=BLUE, alpha=0.5 if few else 0.3, linewidths=0, rasterized=len(o) > 3000
    )
    axis.axhline(0, color=GREY, linewidth=1.2, linestyle=DASHED)
    bands = [
        band for band in np.array_split(np.argsort(o, kind="stable"), max(min(BANDS, len(o) // 20), 1)) if len(band)
    ]
    if len(bands) > 1:
        middle = [float(np.median(o[band])) for band in bands]
        low, median, high = np.array([np.quantile(e[band], [0.1, 0.5, 0.9]) for band in bands]).T
        axis.plot(middle, median, color=VERMILION, label=say("median"))
        axis.plot(middle, low, color=VERMILION, linewidth=1.1, linestyle=(0, (1.5, 1.2)), label=say("middle 80%"))
        axis.plot(middle, high, color=VERMILION, linewidth=1.1, linestyle=(0, (1.5, 1.2)))
        _legend(axis)
    axis.set(xlabel=say("answer: {name}", name=short(name)), ylabel=say("answer − truth"))
    axis.set_title(say("Errors by answer"))
    axis.grid()
    _few_ticks(axis)
    return drawing


@styled
def importance(names: Sequence[str], drops: ArrayLike, intervals: Sequence[Any], score: str) -> Figure:
    """The importance of columns, as bars with their intervals, the most important on top.

    Args:
        names: of the columns; the first `MAX_BARS` are shown.
        drops: by how much the score is worse without each.
        intervals: (low, high) or None of each.
        score: what it is called.
    """
    drops, names = np.asarray(drops, float)[:MAX_BARS], [short(name) for name in names[:MAX_BARS]]
    drawing, axis = _plain((WIDE[0], 0.9 + 0.27 * max(len(names), 2)))
    y = np.arange(len(names))
    axis.barh(y, drops, height=0.62, color=BLUE, alpha=0.75)
    for i, ends in enumerate(intervals[: len(names)]):
        if ends is not None:
            axis.plot(ends, [i, i], color=VERMILION, linewidth=1.6, solid_capstyle="butt")
            axis.plot(ends, [i, i], "|", color=VERMILION, markersize=7, markeredgewidth=1.6)
    axis.axvline(0, color=GREY, linewidth=1.0)
    axis.set_yticks(y, names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.set_xlabel(say("{score} worse by", score=score))
    axis.grid(axis="x")
    _few_ticks(axis, y=False)
    return drawing


@styled
def dependence(
    column: str,
    kind: str,
    values: Sequence[Any],
    answers: ArrayLike,
    what: str,
    limits: tuple[float, float] | None = None,
    lines: Sequence[Any] = (),
) -> Figure:
    """The mean answer against the cells of one column.

    Args:
        column: its name.
        kind: "number", "date" (days since 1970-01-01), or else words.
        values: (m,) the cells.
        answers: (m,), or (m, L) for several lines.
        what: the answer is.
        limits: of the axis of answers, where several figures are to be compared.
        lines: L names.
    """
    y = np.asarray(answers, float).reshape(len(values), -1)
    drawing, axis = _plain(SMALL)
    label: Sequence[str | None] = [short(name) for name in lines] or [None] * y.shape[1]
    if kind in {"number", "date"}:
        for i, (colour, dashes) in zip(range(y.shape[1]), LINES, strict=False):
            axis.plot(values, y[:, i], color=colour, linestyle=dashes, label=label[i])
        axis.plot(values, np.zeros(len(values)), "|", color=GREY, markersize=6, transform=axis.get_xaxis_transform())
        axis.set_ylabel(what)
        axis.set_ylim(limits)
        _few_ticks(axis, x=kind == "number")
        if kind == "date":
            _dates(axis)
    else:
        places = np.arange(len(values))
        for i, (colour, _) in zip(range(y.shape[1]), LINES, strict=False):
            axis.plot(y[:, i], places, "osD^v"[i], color=colour, markersize=5, label=label[i])
        axis.set_yticks(places, [short(value) for value in values], fontsize=8.5 if len(values) <= 8 else 7)
        axis.set_ylim(len(values) - 0.4, -0.6)
        axis.set_xlim(limits)
        axis.set_xlabel(what)
        _few_ticks(axis, y=False)
    axis.set_title(short(column))
    axis.grid()
    if lines:
        _legend(axis)
    return drawing


# --- parts ----------------------------------------------------------------------------------------------------------


def _plain(size: tuple[float, float]) -> tuple[Figure, Axes]:
    drawing, axes = figure(size)
    return drawing, axes[0]


def _square(xlabel: str, ylabel: str) -> tuple[Figure, Axes]:
    """From 0 to 100% both ways."""
    drawing, axis = _plain(SIZE)
    axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04), xlabel=xlabel, ylabel=ylabel)
    axis.xaxis.set_major_formatter(percent)
    axis.yaxis.set_major_formatter(percent)
    axis.grid()
    return drawing, axis


def _few_ticks(axis: Axes, x: bool = True, y: bool = True) -> None:
    """So few that they do not touch."""
    from matplotlib.ticker import MaxNLocator

    for each, wanted in ((axis.xaxis, x), (axis.yaxis, y)):
        if wanted:
            each.set_major_locator(MaxNLocator(4 if each is axis.yaxis else 3))


def _dates(axis: Axes) -> None:
    from matplotlib import dates

    typed: Any = dates  # matplotlib's dates have no types
    locator = typed.AutoDateLocator(minticks=2, maxticks=5)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(typed.ConciseDateFormatter(locator))


def _curves(
    truth: ArrayLike, probabilities: ArrayLike, classes: Sequence[Any], weight: ArrayLike | None
) -> list[tuple[Any, Array, Array, float]]:
    """Of each class that has rows: its name, true and false positive rates, and its share of the rows."""
    t, p = np.asarray(truth), np.asarray(probabilities, float)
    curves = []
    for k in range(1, 2) if len(classes) == 2 else range(len(classes)):
        if 0 < (t == k).sum() < len(t):
            _, found, taken, share = _steps(t == k, p[:, k], weight)
            curves.append((classes[k], found, taken, share))
    return curves


def _steps(positive: Array, score: Array, weight: ArrayLike | None) -> tuple[Array, Array, Array, float]:
    """(thresholds in descending order, true positive rates, false positive rates, share of positives)."""
    values, place = np.unique(-score, return_inverse=True)
    counts = np.ones(len(score)) if weight is None else np.asarray(weight, float)
    right = np.bincount(place, positive * counts, len(values)).cumsum()
    wrong = np.bincount(place, ~positive * counts, len(values)).cumsum()
    found, taken = (np.append(0.0, each / (each[-1] or 1.0)) for each in (right, wrong))
    return np.append(np.inf, -values), found, taken, float(right[-1] / counts.sum())


def _thin(*lines: Array) -> list[Array]:
    """Fewer points of the same lines."""
    n = len(lines[0])
    kept = np.linspace(0, n - 1, min(n, MAX_POINTS)).astype(np.int64)
    return [line[kept] for line in lines]


def _draw(axis: Axes, curves: list[tuple[float, str, Array, Array]]) -> None:
    """The lowest curves with their names, all others pale."""
    order = sorted(range(len(curves)), key=lambda i: curves[i][0])
    named = sorted(order[:MAX_CURVES])
    for i in order[MAX_CURVES:]:
        axis.plot(*_thin(*curves[i][2:]), color=GREY, linewidth=0.8, alpha=0.6)
    for i, (colour, dashes) in zip(named, LINES, strict=False):
        name, (x, y) = curves[i][1], _thin(*curves[i][2:])
        axis.plot(x, y, color=colour, linestyle=dashes, label=name, clip_on=False, marker="o" if len(x) == 1 else None)
    if curves:
        _legend(axis)


def _legend(axis: Axes) -> None:
    """Below the drawing, where it covers no curve."""
    drawing: Any = axis.figure
    handles, labels = axis.get_legend_handles_labels()
    columns = 2 if max(map(letters, labels), default=0) <= TWO_COLUMNS else 1
    lines = -(-len(handles) // columns)
    if handles:
        width, height = drawing.get_size_inches()
        drawing.set_size_inches(width, height + LINE * (lines - 1))
        drawing.legend(loc="outside lower center", ncols=columns, fontsize=8.5, handlelength=2.2, columnspacing=1.2)
