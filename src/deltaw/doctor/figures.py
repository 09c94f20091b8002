"""Figures of a diagnosis: saturation and gradients by layer, z on the curve of f, loss, learning rates.

Each function takes plain arrays and returns a matplotlib Figure in the style of `deltaw.plots`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw import plots
from deltaw.equations.activations import activation
from deltaw.plots import BLUE, GREEN, GREY, INK, VERMILION, styled
from deltaw.speech import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_TICKS = 20  # layers with a tick of their own
LINES = ((BLUE, "-", "o"), (VERMILION, "--", "s"), (GREEN, ":", "^"))  # distinct without colour, too
FLOOR = 1e-12  # of the largest gradient: smaller ones are drawn as 0
TALL = 1e3  # ratio from which the loss is drawn on a logarithmic scale


@styled
def saturation(shares: ArrayLike, names: Sequence[str]) -> Figure:
    """Share of saturated signals by layer and epoch.

    Args:
        shares: (epochs, L), 0 to 1; NaN for activations without a slope of their own (softmax).
        names: of the L activations.
    """
    shown = np.asarray(shares, np.float64).T
    layers, epochs = shown.shape
    figure, (axis,) = plots.figure((6.4, min(0.9 + 0.42 * layers, 6.0)), 1, 1)
    from matplotlib import colormaps

    colours = colormaps["cividis"].with_extremes(bad="#ffffff")
    extent = (0.5, epochs + 0.5, layers + 0.5, 0.5)
    image = axis.imshow(np.ma.masked_invalid(shown), aspect="auto", vmin=0, vmax=1, cmap=colours, extent=extent,
                        interpolation="nearest")  # fmt: skip
    _layers(axis.yaxis, names)
    axis.set(xlabel="epoch", title=say("Saturated: signals where f is flat"))
    _whole(axis)
    bar = figure.colorbar(image, ax=axis, label=say("share of the signals"))
    bar.outline.set_visible(False)
    for l in map(float, np.flatnonzero(np.isnan(shown).all(axis=1))):
        axis.text(
            (epochs + 1) / 2, l + 1, say("no slope of its own"), ha="center", va="center", fontsize=8.5, color="#555b64"
        )
    return figure


@styled
def gradients(curves: Mapping[str, ArrayLike], names: Sequence[str]) -> Figure:
    """‖∂E/∂W‖ by layer, one line per moment; crosses where it is 0 or not finite.

    Args:
        curves: label -> (L,).
        names: of the L activations.
    """
    figure, (axis,) = plots.figure((6.4, 3.3), 1, 1)
    drawn = {name: np.asarray(y, np.float64) for name, y in curves.items()}
    largest = max((float(y[np.isfinite(y)].max()) for y in drawn.values() if np.isfinite(y).any()), default=1.0) or 1.0
    x = np.arange(1, len(names) + 1)
    shown = {name: np.isfinite(y) & (y > FLOOR * largest) for name, y in drawn.items()}
    low = min((float(y[shown[name]].min()) for name, y in drawn.items() if shown[name].any()), default=largest)
    for (name, y), (colour, dash, marker) in zip(drawn.items(), LINES, strict=False):
        seen = shown[name]
        if seen.any():
            axis.plot(x[seen], y[seen], linestyle=dash, marker=marker, color=colour, label=name, markersize=5)
        if not seen.all():
            axis.plot(x[~seen], np.full((~seen).sum(), low), linestyle="", marker="x", color=colour, markersize=8,
                      label=say("{name}: 0 or not finite", name=name))  # fmt: skip
    axis.set_yscale("log")
    _layers(axis.xaxis, names, slanted=len(names) > 6)
    axis.set(ylabel="‖∂E/∂W‖", title=say("Gradient by layer, the input's side first"))
    axis.grid()
    axis.legend(fontsize=9)
    return figure


@styled
def signals(z: NDArray[Any], name: str, layer: int, after: NDArray[Any] | None = None) -> Figure:
    """Histogram of a layer's z, with the curve of its activation.

    Args:
        z: before training, any shape.
        name: the activation.
        layer: from 0.
        after: z at the end of training, or None.
    """
    figure, (axis,) = plots.figure((6.4, 3.3), 1, 1)
    parts = {say("z before training"): z, say("z after training"): after}
    known = {key: part[np.isfinite(part)] for key, part in parts.items() if part is not None}
    known = {key: part for key, part in known.items() if part.size}
    spread = [np.quantile(part, (0.005, 0.995)) for part in known.values()]
    low = min([-4.0, *(float(s[0]) for s in spread)])
    high = max([4.0, *(float(s[1]) for s in spread)])
    bins = np.linspace(low, high, 61)
    for (key, part), colour, filled in zip(known.items(), (BLUE, VERMILION), (True, False), strict=False):
        weights = np.full(part.size, 1 / part.size)
        axis.hist(np.clip(part, low, high), bins=list(bins), weights=weights, color=colour, label=key, linewidth=1.6,
                  alpha=0.45 if filled else 1.0, histtype="stepfilled" if filled else "step")  # fmt: skip
    axis.set(
        xlabel="z",
        ylabel=say("share of the signals"),
        title=say("Layer {layer}: z on the curve of {name}", layer=layer + 1, name=name),
    )
    curve = axis.twinx()
    curve.spines["right"].set_visible(True)
    grid = np.linspace(low, high, 400)
    row = activation(name)
    if not row.coupled:
        curve.plot(grid, row.f(grid), color=INK, linestyle="--", linewidth=1.6, label=f"f = {name}")
        curve.set_ylabel("f(z)")
    handles = [*axis.get_legend_handles_labels()[0], *curve.get_legend_handles_labels()[0]]
    axis.legend(handles, [str(handle.get_label()) for handle in handles], fontsize=9, loc="upper left")
    axis.set_ylim(0, axis.get_ylim()[1] * 1.35)  # room for the legend above the bars
    return figure


@styled
def loss(
    errors: ArrayLike,
    guess: float,
    marks: Mapping[int, str] | None = None,
    held_out: ArrayLike | None = None,
) -> Figure:
    """E by epoch, with E of the constant guess and marked faults.

    Args:
        errors: (epochs,); a cross marks the first that is not finite.
        guess: E of the best constant output; NaN: not drawn.
        marks: epoch (from 0) -> label of a fault.
        held_out: E on held-out rows, or None; the mean over folds may have more epochs than `errors`.
    """
    figure, (axis,) = plots.figure((6.4, 3.3), 1, 1)
    y = np.asarray(errors, np.float64)
    x, fine = np.arange(1, len(y) + 1), np.isfinite(np.asarray(errors, np.float64))
    if fine.any():
        axis.plot(
            x[fine], y[fine], color=BLUE, marker="o" if len(y) <= 12 else None, markersize=4, label=say("training rows")
        )
    values, v = y[fine], np.asarray([] if held_out is None else held_out, np.float64)
    if len(v):
        axis.plot(
            np.arange(1, len(v) + 1),
            np.where(np.isfinite(v), v, np.nan),
            color=VERMILION,
            linestyle="--",
            label=say("held-out rows"),
        )
        values = np.concatenate([values, v[np.isfinite(v)]])
    if np.isfinite(guess):
        axis.axhline(guess, color=GREY, linestyle=(0, (4, 3)), linewidth=1.4, label=say("the same answer for all rows"))
        values = np.append(values, guess)
    if len(values) and values.min() > 0 and values.max() / values.min() > TALL:
        axis.set_yscale("log")
    top = float(values.max()) if len(values) else 1.0
    for epoch in np.flatnonzero(~fine)[:1]:
        axis.plot([x[epoch]], [top], marker="x", markersize=10, markeredgewidth=2.2, color=VERMILION, linestyle="",
                  label=say("E is NaN or infinite"))  # fmt: skip
    for epoch, text in (marks or {}).items():
        axis.axvline(epoch + 1, color=VERMILION, linestyle=":", linewidth=1.4)
        right = epoch + 1 > len(y) / 2
        axis.annotate(text, (epoch + 1, 0.97), xycoords=("data", "axes fraction"), xytext=(-4 if right else 4, 0),
                      textcoords="offset points", ha="right" if right else "left", va="top", fontsize=8.5)  # fmt: skip
    axis.set(xlabel="epoch", ylabel="E", title="Loss")
    axis.set_xlim(0.5 if len(y) < 12 else 1, max(len(y), len(v), 1) + 0.5)
    _whole(axis)
    axis.grid()
    axis.legend(fontsize=9)
    return figure


@styled
def rates(
    tried: ArrayLike,
    errors: ArrayLike,
    used: float,
    best: float | None = None,
    stable: tuple[float, float] | None = None,
    bound: float | None = None,
) -> Figure:
    """E at the end of training by learning rate.

    Args:
        tried: (k,) rates, ascending.
        errors: (k,) E of the last epoch; infinite if training diverged.
        used: the rate in use.
        best: the rate that learns most.
        stable: the range in which E decreases.
        bound: 2/λ_max.
    """
    figure, (axis,) = plots.figure((6.4, 3.3), 1, 1)
    x, y = np.asarray(tried, np.float64), np.asarray(errors, np.float64)
    fine = np.isfinite(y)
    if stable is not None:
        axis.axvspan(*stable, color=GREEN, alpha=0.13, linewidth=0, label=say("E ends lower than it began"))
    axis.plot(x[fine], y[fine], color=BLUE, marker="o", markersize=5, label=say("E at the end"))
    if (~fine).any():
        top = float(y[fine].max()) if fine.any() else 1.0
        axis.plot(x[~fine], np.full((~fine).sum(), top), linestyle="", marker="x", markersize=9, markeredgewidth=2,
                  color=VERMILION, label=say("E is NaN or ∞"))  # fmt: skip
    lines = {
        say("α in use"): (used, INK, "-"),
        say("α that learns most"): (best, GREEN, "--"),
        "2/λ_max": (bound, VERMILION, ":"),
    }
    for name, (rate, colour, dash) in lines.items():
        if rate is not None and rate > 0:
            axis.axvline(rate, color=colour, linestyle=dash, linewidth=1.5, label=name)
    axis.set_xscale("log")
    values = y[fine & (y > 0)]
    if len(values) and values.max() / values.min() > 30:
        axis.set_yscale("log")
    axis.set(xlabel=say("learning rate α"), ylabel="E", title=say("Other learning rates"))
    axis.grid()
    axis.legend(fontsize=8.5)
    return figure


def _layers(axis: Any, names: Sequence[str], slanted: bool = False) -> None:
    """Ticks: layer numbers from 1 with their activations; of many layers every second, third, …"""
    step = -(-len(names) // MOST_TICKS)
    places = range(1, len(names) + 1, step)
    axis.set_ticks(
        places, [f"{l} {names[l - 1]}" for l in places], **({"rotation": 45, "ha": "right"} if slanted else {})
    )


def _whole(axis: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
