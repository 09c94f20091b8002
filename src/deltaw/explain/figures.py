"""Figures of explanations, in the style of `deltaw.plots`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import plots
from deltaw.speech import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@plots.styled
def pushes(shares: Mapping[str, float], label: str) -> Figure:
    """A bar chart of contributions: positive ones to the right in blue, negative ones to the left, hatched, in
    vermilion.

    Args:
        shares: name -> contribution.
        label: of the axis, with the unit.
    """
    order = sorted(shares, key=lambda name: abs(shares[name]))
    values = np.array([shares[name] for name in order])
    up = values >= 0
    figure, (axis,) = plots.figure((6.4, 0.9 + 0.26 * max(len(order), 2)), 1, 1)
    places = np.arange(len(order))
    axis.barh(places[up], values[up], height=0.7, color=plots.BLUE)
    axis.barh(places[~up], values[~up], height=0.7, color="white", edgecolor=plots.VERMILION, hatch="////")
    axis.axvline(0, color=plots.INK, linewidth=0.8)
    axis.set_yticks(places, [plots.short(name) for name in order])
    axis.set(xlabel=label)
    axis.margins(y=0.02)
    axis.grid(axis="x")
    return figure


@plots.styled
def picture(image: NDArray[Any], shares: NDArray[Any]) -> Figure:
    """An image beside the contributions of its pixels.

    Args:
        image: (height, width); 0, or the lowest value, is white.
        shares: (height, width).
    """
    figure, axes = plots.figure((7.8, 2.9), 1, 3)
    largest = float(np.abs(shares).max()) or 1.0
    panels = (
        (say("The picture"), image, float(image.max()) or 1.0),
        (say("Raised it"), np.maximum(shares, 0), largest),
        (say("Lowered it"), np.maximum(-shares, 0), largest),
    )
    for axis, (title, values, top) in zip(axes, panels, strict=True):
        axis.imshow(values, cmap="gray_r", vmin=min(0.0, float(values.min())), vmax=top, interpolation="nearest")
        axis.set_title(title)
        axis.set_xticks([])
        axis.set_yticks([])
        for spine in axis.spines.values():
            spine.set_visible(True)
    return figure
