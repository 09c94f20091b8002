"""The figure of a training: loss and score by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from deltaw.plots.look import BLUE, GREY, VERMILION
from deltaw.plots.style import figure, percent, styled
from deltaw.speech import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHARES = {"accuracy", "balanced accuracy", "MAPE"}  # scores that read best as percentages


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
    """Loss against epochs, and next to it the score on held-out rows.

    Args:
        loss: (epochs,) on the training rows.
        validation_loss: (epochs,) on the rows held out, or None.
        loss_name: for the axis; None: "loss".
        held_out: what the legend calls the rows held out; None: that.
        score: (epochs,) on the rows held out, or None.
        score_name: for the axis; None: "score".
        best: the epoch, from 1, whose weights were kept.
    """
    loss_name, held_out = loss_name or say("loss"), held_out or say("held-out rows")
    score_name = score_name or say("score")
    has_score = score is not None and len(np.asarray(score)) > 0
    drawing, axes = figure((9.6, 3.3) if has_score else (6.4, 3.3), 1, 2 if has_score else 1)
    curves = {say("training rows"): (loss, BLUE), held_out: (validation_loss, VERMILION)}
    _curves(axes[0], curves, say("Loss"), loss_name, best)
    if has_score:
        _curves(axes[1], {held_out: (score, VERMILION)}, score_name[0].upper() + score_name[1:], score_name, best)
    return drawing


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
