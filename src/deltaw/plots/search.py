"""The candidates of a search: the error of each against the value of each setting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deltaw.numbers import number
from deltaw.plots.look import BLUE, GREY, VERMILION
from deltaw.plots.style import figure, styled
from deltaw.speech import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

PANELS = 9
ACROSS = 3
SIZE = (3.0, 2.5)  # inches of a panel
FEW = 3  # values, each of which has a tick
MANY = 10.0  # times as large: from here on an axis is logarithmic


@styled
def tried(
    panels: Sequence[tuple[str, Sequence[Any]]], badness: Sequence[float], chosen: Sequence[bool], what: str
) -> Figure:
    """A panel a setting.

    Args:
        panels: name of each setting and its value in each candidate: numbers or words.
        badness: error of each candidate, lower is better.
        chosen: whether it is part of the model.
        what: name of the error.
    """
    shown = list(panels)[:PANELS]
    rows = max(1, -(-len(shown) // ACROSS))
    across = min(ACROSS, max(1, len(shown)))
    drawing, axes = figure((SIZE[0] * across, SIZE[1] * rows), rows, across)
    for axis in axes[len(shown) :]:
        axis.axis("off")
    y, kept = np.array(badness, float), np.array(chosen, bool)
    top = float(np.quantile(y, 0.9)) if len(y) else 1.0  # outliers would flatten all others
    low = float(y.min(initial=top))
    pad = 0.08 * (top - low) or 1.0
    for k, (axis, (name, values)) in enumerate(zip(axes, shown, strict=False)):
        words = sorted(set(values)) if isinstance(values[0], str) else None
        x = np.array([words.index(v) for v in values] if words else values, float)
        inside = y <= top
        axis.plot(x[inside & ~kept], y[inside & ~kept], "o", color=GREY, markersize=4.5, alpha=0.7)
        edge = np.full(int((~inside).sum()), top + pad / 2)
        axis.plot(x[~inside], edge, "^", color=VERMILION, markersize=4.5, alpha=0.7)
        axis.plot(x[kept], np.minimum(y[kept], top), "o", color=BLUE, markersize=6.5)
        axis.set_ylim(low - pad, top + pad)
        _ticks(axis, x, words)
        axis.grid(axis="y")
        axis.set_title(name)
        if k % across == 0:
            axis.set_ylabel(what)
    if shown:
        axis = axes[0]
        axis.plot([], [], "o", color=BLUE, markersize=6.5, label=say("chosen"))
        axis.plot([], [], "^", color=VERMILION, markersize=4.5, label=say("off the axis"))
        axis.legend()
    return drawing


def _ticks(axis: Axes, x: NDArray[np.float64], words: list[str] | None) -> None:
    """A tick for each word, or each of a few values; values of different magnitudes on a logarithmic axis."""
    few = sorted(set(x.tolist()))
    if words:
        axis.set_xticks(range(len(words)), words)
        axis.set_xlim(-0.5, len(words) - 0.5)
    elif len(few) <= FEW:
        axis.set_xticks(few, [number(each) for each in few])
    elif few[0] > 0 and few[-1] >= MANY * few[0]:
        axis.set_xscale("log")
