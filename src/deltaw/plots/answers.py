"""Figures of predictions and true values: confusion, precision and recall, calibration, residuals, and images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw.plots.look import BLUE, GREY, INK, VERMILION
from deltaw.plots.style import figure, percent, short, styled
from deltaw.speech import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_COUNTED_CLASSES = 20  # confusion matrices write the counts into the cells up to here


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
    axis.imshow(np.dstack([colours, counts > 0]), aspect="equal")  # cells without rows are transparent
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
    axis.plot(p[order], y, "o", color=BLUE, markersize=5.5, label=say("precision"))
    axis.plot(r[order], y, "D", color=VERMILION, markersize=5, label=say("recall"))
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
    """Accuracy against the predicted probability of the answer, in bins.

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
        label=say("perfectly calibrated"),
    )
    axis.plot(mean_sure, mean_right, "o-", color=BLUE, markersize=5, label=say("this network"))
    axis.set_title(say("Calibration"))
    axis.set(xlabel=say("predicted probability of the answer"), ylabel=say("share of right answers"))
    axis.set_ylim(min(0.98, float(mean_right.min()), edges[0]) - 0.03, 1.03)
    axis.legend(loc="best", fontsize=9)
    axis.grid()
    axes[1].bar(edges[:-1], rows, width=np.diff(edges), align="edge", color=BLUE, edgecolor="white")
    axes[1].set_title(say("Distribution of predicted probabilities"))
    axes[1].set(xlabel=say("predicted probability of the answer"), ylabel=say("rows"))
    axes[1].yaxis.set_major_locator(MaxNLocator(integer=True))
    axes[1].grid(axis="y")
    for each in axes:
        each.xaxis.set_major_formatter(percent)
    axis.yaxis.set_major_formatter(percent)
    return drawing


@styled
def predicted_against_true(truth: ArrayLike, predicted: ArrayLike, name: str | None = None) -> Figure:
    """Predictions against true values with the diagonal, and a histogram of the errors.

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
    axes[0].set_title(say("Answers and true values"))
    axes[0].grid()
    axes[1].hist(o - t, bins=min(40, max(8, int(np.sqrt(len(t))))), color=BLUE, edgecolor="white")
    axes[1].axvline(0, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
    axes[1].set(xlabel=say("answer − truth ({name})", name=name), ylabel=say("rows"))
    axes[1].set_title(say("Distribution of errors"))
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


def _shade(colour: str, share: NDArray[Any]) -> NDArray[Any]:
    """Paper at 0 to `colour` at 1, a tenth of it at least: (…,) -> (…, 3)."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    strength = (0.1 + 0.9 * np.clip(share, 0, 1))[..., None]
    shaded: NDArray[Any] = 1 - strength * (1 - rgb)
    return shaded
