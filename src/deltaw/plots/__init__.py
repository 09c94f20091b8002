"""Figures that reports, lessons and notebooks share.

Every function takes plain arrays and returns a `matplotlib.figure.Figure` that belongs to nobody: no pyplot, no global
state, no window. A notebook shows the figure as it is; `svg` turns it into text for a page.

Colours are Okabe and Ito's (https://jfly.uni-koeln.de/color/), which people with any kind of colour vision can tell
apart; what is right is blue, what is wrong is vermilion, and the baseline is grey. A dark page inverts a figure: what
is said of it holds for ink and paper, not for dark and light.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw.numbers import number
from deltaw.plots.room import legends_below
from deltaw.plots.ticks import plain_numbers, ticks_apart
from deltaw.signs import visible
from deltaw.speech import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")

BLUE, VERMILION, GREEN, GREY, INK = "#0072B2", "#D55E00", "#009E73", "#8a8f98", "#22262b"

# Text stays text in the SVG (it can be searched and read aloud), in the reader's nearest font.
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "deltaw",
    "text.parse_math": False,  # a class may be called "$5"
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#c6cad0",
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlepad": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#e6e8eb",
    "grid.linewidth": 0.8,
    "xtick.color": "#555b64",
    "ytick.color": "#555b64",
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}

MAX_COUNTED_CLASSES = 20  # confusion matrices write the counts into the cells up to here
SHARES = {"accuracy", "balanced accuracy", "MAPE"}  # scores that read best as percentages
MAX_NAME = 20  # characters of a class name that fit beside an axis


# Tried in this order for the letters that matplotlib's own font lacks. An SVG is shown in the reader's fonts anyway.
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "SimHei",
)  # fmt: skip


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in `STYLE` and leave matplotlib's settings as they were.

    Chinese letters come in a font that the machine has. Logarithmic axes get plain numbers: matplotlib's own are
    formulas, which the style does not set.
    """

    @wraps(draw)
    def drawn(*args: P.args, **settings: P.kwargs) -> Figure:
        import matplotlib
        from matplotlib import font_manager

        known = set(font_manager.get_font_names())
        fonts: dict[Any, Any] = {"font.family": ["sans-serif", *(name for name in CHINESE_FONTS if name in known)]}
        with matplotlib.rc_context(STYLE | fonts):
            drawing = draw(*args, **settings)
            for axes in drawing.axes:
                plain_numbers(axes)
            legends_below(drawing)
            ticks_apart(drawing)
            _visible(drawing)
            return drawing

    return drawn


@styled
def learning_curves(
    loss: ArrayLike,
    validation_loss: ArrayLike | None = None,
    *,
    loss_name: str | None = None,
    held_out: str | None = None,
    score: ArrayLike | None = None,
    score_name: str | None = None,
    best: int | None = None,
) -> Figure:
    """Loss against epochs, and beside it the score on rows held out.

    Args:
        loss: (epochs,) on the training rows.
        validation_loss: (epochs,) on the rows held out, or None.
        loss_name: for the axis; None: "loss".
        held_out: what the legend calls the rows held out; None: that.
        score: (epochs,) on the rows held out, or None.
        score_name: for the axis; None: "score".
        best: the epoch, from 1, whose weights were kept.
    """
    loss_name, held_out = loss_name or say("loss"), held_out or say("rows held out")
    score_name = score_name or say("score")
    has_score = score is not None and len(np.asarray(score)) > 0
    drawing, axes = figure((9.6, 3.3) if has_score else (6.4, 3.3), 1, 2 if has_score else 1)
    curves = {say("training rows"): (loss, BLUE), held_out: (validation_loss, VERMILION)}
    _curves(axes[0], curves, say("Loss"), loss_name, best)
    if has_score:
        _curves(axes[1], {held_out: (score, VERMILION)}, score_name[0].upper() + score_name[1:], score_name, best)
    return drawing


@styled
def confusion(matrix: ArrayLike, classes: Sequence[Any]) -> Figure:
    """The confusion matrix: hits on the diagonal in blue, mistakes in vermilion, each shaded by its row's share.

    Mistakes are shaded by the square root of their share: one in a hundred is to be seen beside ninety-nine.

    Args:
        matrix: (K, K) counts; row the true class, column the answer.
        classes: K names.
    """
    counts = np.asarray(matrix)
    k = len(counts)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    cell = max(0.4, 0.06 * len(f"{counts.max():,}")) if k <= MAX_COUNTED_CLASSES else 0.4
    side = float(np.clip(cell * k, 2.2, 8.2))
    names = [short(name) for name in classes]
    margin = 0.5 + 0.075 * max(map(len, names))
    drawing, axes = figure((side + margin + 0.3, side + margin), 1, 1)
    axis = axes[0]
    hit = np.eye(k, dtype=bool)
    colours = np.where(hit[..., None], _shade(BLUE, share), _shade(VERMILION, np.sqrt(share)))
    axis.imshow(np.dstack([colours, counts > 0]), aspect="equal")  # where there are none, the paper is seen
    step = int(np.ceil(k / 60))
    axis.set_xticks(range(0, k, step), names[::step], rotation=90 if 0.085 * max(map(len, names)) > side / k else 0)
    axis.set_yticks(range(0, k, step), names[::step])
    size = 9.0 if k <= MAX_COUNTED_CLASSES else 6.5
    axis.tick_params(labelsize=size)
    axis.set(xlabel=say("answer"), ylabel=say("true class"))
    axis.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    axis.grid(which="minor", color="#e6e8eb", linewidth=0.8 if k <= MAX_COUNTED_CLASSES else 0.4)
    axis.tick_params(which="minor", length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    if k <= MAX_COUNTED_CLASSES:
        for row, column in np.argwhere(counts > 0):
            dark = share[row, column] > 0.55 or (row != column and np.sqrt(share[row, column]) > 0.6)
            axis.text(
                column,
                row,
                f"{counts[row, column]:,}",
                ha="center",
                va="center",
                color="white" if dark else INK,
                fontsize=8.5 if counts.max() < 10_000 else 7.0,
            )
    return drawing


@styled
def per_class(precision: ArrayLike, recall: ArrayLike, classes: Sequence[Any]) -> Figure:
    """Precision and recall of each class as two dots on a line, the class with the lowest recall on top.

    Args:
        precision: (K,) right among the answers of a class; NaN where there were none.
        recall: (K,) found among the rows of a class; NaN where there were none.
        classes: K names.
    """
    from matplotlib.ticker import MaxNLocator

    p, r = np.asarray(precision, float), np.asarray(recall, float)
    order = np.argsort(np.where(np.isnan(r), np.inf, r), kind="stable")
    height = 0.9 + float(np.clip(0.24 * len(p), 0.6, 9.0))
    drawing, axes = figure((4.0 if len(p) <= MAX_COUNTED_CLASSES else 6.4, height), 1, 1)
    axis, y = axes[0], np.arange(len(p))
    axis.hlines(y, np.fmin(p, r)[order], np.fmax(p, r)[order], color="#c6cad0", linewidth=2)
    axis.plot(p[order], y, "o", color=BLUE, markersize=5.5, label=say("precision (right answers)"))
    axis.plot(r[order], y, "D", color=VERMILION, markersize=5, label=say("recall (rows found)"))
    axis.set_yticks(y, [short(classes[i]) for i in order], fontsize=9 if len(p) <= 30 else 7)
    axis.set_ylim(len(p) - 0.4, -0.6)
    lowest = np.nanmin(np.concatenate([p, r, [1.0]]))
    axis.set_xlim(max(0.0, lowest - 0.06 * (1.02 - lowest) - 0.01), 1.0 + 0.04 * (1.02 - lowest))
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.xaxis.set_major_formatter(percent)
    axis.grid(axis="x")
    drawing.legend(loc="outside upper left", ncols=2, fontsize=9, handletextpad=0.2, columnspacing=1.2)
    return drawing


@styled
def calibration(probabilities: ArrayLike, truth: ArrayLike, weight: ArrayLike | None = None, bins: int = 10) -> Figure:
    """How often the answer was right, against how sure the network was of it.

    Args:
        probabilities: (n, K).
        truth: (n,) class indices.
        weight: (n,) how much the rows count; None: all alike.
        bins: of equal width between 1/K and 1.
    """
    from matplotlib.ticker import MaxNLocator

    given = np.asarray(probabilities)
    sure, right = given.max(axis=1), given.argmax(axis=1) == np.asarray(truth)
    edges = np.linspace(1 / given.shape[1], 1, bins + 1)
    place = np.clip(np.searchsorted(edges, sure, side="right") - 1, 0, bins - 1)
    rows = np.bincount(place, minlength=bins)
    seen = rows >= min(5, rows.max())  # a share of fewer rows says nothing
    counts = np.ones(len(sure)) if weight is None else np.asarray(weight, float)
    total = np.bincount(place, counts, bins)
    seen &= total > 0
    mean_sure, mean_right = (np.bincount(place, each * counts, bins)[seen] / total[seen] for each in (sure, right))
    drawing, axes = figure((9.6, 3.3), 1, 2)
    axis = axes[0]
    axis.plot(
        [edges[0], 1],
        [edges[0], 1],
        color=GREY,
        linewidth=1.2,
        linestyle=(0, (4, 3)),
        label=say("neither too sure nor too shy"),
    )
    axis.plot(mean_sure, mean_right, "o-", color=BLUE, markersize=5, label=say("this network"))
    axis.set_title(say("Right as often as it is sure?"))
    axis.set(xlabel=say("probability that it gave to its answer"), ylabel=say("share that was right"))
    axis.set_ylim(min(0.98, float(mean_right.min()), edges[0]) - 0.03, 1.03)
    axis.legend(loc="best", fontsize=9)
    axis.grid()
    axes[1].bar(edges[:-1], rows, width=np.diff(edges), align="edge", color=BLUE, edgecolor="white")
    axes[1].set_title(say("How sure it was"))
    axes[1].set(xlabel=say("probability that it gave to its answer"), ylabel=say("rows"))
    axes[1].yaxis.set_major_locator(MaxNLocator(integer=True))
    axes[1].grid(axis="y")
    for each in axes:
        each.xaxis.set_major_formatter(percent)
    axis.yaxis.set_major_formatter(percent)
    return drawing


@styled
def predicted_against_true(truth: ArrayLike, predicted: ArrayLike, name: str | None = None) -> Figure:
    """Answers against the truth with the line of perfect answers, and beside it how far off they are.

    Args:
        truth: (n,) in the target's own units.
        predicted: (n,) the same.
        name: of the target, with its unit if it has one; None: "target".
    """
    from matplotlib.ticker import MaxNLocator

    name = name or say("target")
    t, o = np.asarray(truth, float), np.asarray(predicted, float)
    drawing, axes = figure((9.6, 4.2), 1, 2)
    low, high = min(t.min(), o.min()), max(t.max(), o.max())
    pad = 0.04 * (high - low) or 1.0
    size, alpha = (22, 0.65) if len(t) <= 1000 else (7, 0.35)
    axes[0].plot([low - pad, high + pad], [low - pad, high + pad], color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
    # Thousands of dots would make the page heavy: above 3,000 they are drawn as a picture inside the SVG.
    axes[0].scatter(t, o, s=size, color=BLUE, alpha=alpha, linewidths=0, rasterized=len(t) > 3000)
    axes[0].set(xlim=(low - pad, high + pad), ylim=(low - pad, high + pad), aspect="equal")
    axes[0].set(xlabel=say("true {name}", name=name), ylabel=say("answer: {name}", name=name))
    axes[0].set_title(say("Answers against the truth"))
    axes[0].grid()
    axes[1].hist(o - t, bins=min(40, max(8, int(np.sqrt(len(t))))), color=BLUE, edgecolor="white")
    axes[1].axvline(0, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
    axes[1].set(xlabel=say("answer − truth ({name})", name=name), ylabel=say("rows"))
    axes[1].set_title(say("How far off"))
    axes[1].yaxis.set_major_locator(MaxNLocator(integer=True))
    axes[1].grid(axis="y")
    return drawing


@styled
def pictures(images: NDArray[Any], captions: Sequence[str], columns: int = 8) -> Figure:
    """Small grey images in a grid, ink on paper, each with a caption.

    Args:
        images: (n, height, width), any range: 0 (or the lowest) is paper.
        captions: n short texts.
        columns: images a line.
    """
    columns = min(columns, max(len(images), 1))
    lines = int(np.ceil(len(images) / columns))
    drawing, axes = figure((1.2 * columns, 1.5 * lines), lines, columns)
    for axis in axes:
        axis.set_axis_off()
    for axis, image, caption in zip(axes, images, captions, strict=False):
        axis.imshow(image, cmap="gray_r", interpolation="nearest")
        axis.set_title(caption, fontsize=8, fontweight="normal", loc="center", pad=3)
    return drawing


def figure(size: tuple[float, float], rows: int = 1, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of that size in inches, and its axes row by row; nothing drawn, no background."""
    from matplotlib.figure import Figure

    empty = Figure(figsize=size, layout="constrained", facecolor="none")
    axes = list(np.atleast_1d(np.asarray(empty.subplots(rows, columns))).ravel())
    for axis in axes:
        axis.set_facecolor("none")
    return empty, axes


def short(name: Any) -> str:
    """A name that fits beside an axis."""
    text = str(name)
    # The middle is left out: names that start alike ("cell type 1 …") often differ at their end.
    return text if len(text) <= MAX_NAME else f"{text[: MAX_NAME // 2 - 1]}…{text[-MAX_NAME // 2 :]}"


def svg(figure: Figure, salt: str = "deltaw") -> str:
    """A figure as an `<svg>` element to put into a page: no XML prologue, nothing loaded from outside, no dates.

    `salt` keeps the names inside apart from those of the same figure's other forms on the page.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    text = io.StringIO()
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": salt}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the reader's browser has the letters that matplotlib's font lacks
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(text, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    content = text.getvalue()
    return content[content.index("<svg") :]


# --- parts ----------------------------------------------------------------------------------------------------------


def _visible(drawing: Figure) -> None:
    """Every sign of every name visible: some of them matplotlib cannot draw, and others turn a line round."""
    from matplotlib.text import Text
    from matplotlib.ticker import FuncFormatter

    for text in drawing.findobj(Text):
        text.set_text(visible(text.get_text()))
    for axis in (axis for axes in drawing.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(names := axis.get_major_formatter(), FuncFormatter):
            names.func = _then_visible(names.func)


def _then_visible(name: Callable[..., str]) -> Callable[..., str]:
    return lambda *place: visible(name(*place))


def _curves(
    axis: Axes, curves: Mapping[str, tuple[ArrayLike | None, str]], title: str, ylabel: str, best: int | None
) -> None:
    from matplotlib.ticker import MaxNLocator

    drawn = {
        name: (np.asarray(y, float), colour) for name, (y, colour) in curves.items() if y is not None and np.size(y)
    }
    for name, (y, colour) in drawn.items():
        axis.plot(
            np.arange(1, len(y) + 1), y, color=colour, label=name, marker="o" if len(y) <= 12 else None, markersize=4
        )
    if best is not None:
        axis.axvline(
            best, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)), label=say("weights kept: epoch {best}", best=best)
        )
    share = ylabel in set(map(say, SHARES))
    axis.set_title(title)
    axis.set(xlabel=say("epoch"), ylabel=ylabel)
    if share:
        axis.yaxis.set_major_formatter(percent)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid()
    if not drawn:  # ended in its first epoch
        return
    axis.legend(fontsize=9)
    values = np.concatenate([y for y, _ in drawn.values()])
    if not share and values.min() > 0 and values.max() / values.min() > 30:
        axis.set_yscale("log")


def _shade(colour: str, share: NDArray[Any]) -> NDArray[Any]:
    """Paper at 0 to `colour` at 1, a tenth of it at least: (…,) -> (…, 3)."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    strength = (0.1 + 0.9 * np.clip(share, 0, 1))[..., None]
    shaded: NDArray[Any] = 1 - strength * (1 - rgb)
    return shaded


percent: Callable[[float, Any], str] = lambda value, _: f"{number(100 * value, 4)} %"  # noqa: E731
