"""Tick labels: numbers as `deltaw.numbers` writes them, all different, without overlap."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from deltaw.numbers import DIGITS, in_powers, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.ticker import Formatter

MOST, FEWEST = 8, 2  # steps between ticks
LETTER, GAP, MARGIN = 0.085, 0.12, 0.5  # inches: of a letter, between two numbers, at the sides


def plain_numbers(axes: Axes) -> None:
    """Ticks as `tick` writes them, on logarithmic axes too, which get 1, 2, 5, 10 where they are short."""
    from matplotlib.ticker import LogFormatter, LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        if isinstance(axis.get_major_formatter(), LogFormatter):
            decades = abs(np.log10(high / low))
            if decades < 2:
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)) if decades > 0.7 else MaxNLocator(4))
            axis.set_minor_formatter(NullFormatter())
        elif not isinstance(axis.get_major_formatter(), ScalarFormatter):
            continue
        axis.set_major_formatter(_plain())


def _plain() -> Formatter:
    """Numbers as `tick` writes them, with enough digits to tell those of an axis apart."""
    from matplotlib.ticker import Formatter

    class Plain(Formatter):
        def __call__(self, value: float, _: int | None = None) -> str:
            return tick(value)

        def format_ticks(self, values: Iterable[float]) -> list[str]:
            return list(_names(tuple(values)))

    return Plain()


@lru_cache(64)  # matplotlib asks for the same ticks again and again while it lays a figure out
def _names(places: tuple[float, ...]) -> tuple[str, ...]:
    for digits in range(DIGITS, 17):
        names = tuple(tick(place, digits) for place in places)
        if len(set(names)) == len(set(places)):
            break
    return names


def tick(value: float, digits: int = DIGITS) -> str:
    """A number at an axis, in short form: "0.05", "70,000", "2e6"."""
    return number(value, digits) if 1e-3 <= abs(value) < 1e6 or not value else in_powers(value, digits)


def ticks_apart(figure: Figure) -> None:
    """Reduce the x-axis ticks of each panel until their labels do not overlap."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    for axes in figure.axes:
        axis, grid = axes.xaxis, axes.get_subplotspec()
        locator: Any = axis.get_major_locator()
        if not isinstance(locator, MaxNLocator | LogLocator) or grid is None:
            continue
        word, more = ("nbins", 0) if isinstance(locator, MaxNLocator) else ("numticks", 1)
        width = figure.get_size_inches()[0] / grid.get_gridspec().ncols
        room = width - MARGIN - LETTER * max(map(len, _seen(axes.yaxis)), default=0)
        for steps in range(MOST, FEWEST - 1, -1):
            settings: dict[str, Any] = {word: steps + more}
            locator.set_params(**settings)
            shown = _seen(axis)
            if (LETTER * max(map(len, shown), default=0) + GAP) * (len(shown) - 1) <= room:
                break


def _seen(axis: Axis) -> list[str]:
    """The labels of the visible ticks."""
    low, high = sorted(axis.get_view_interval())
    places = axis.get_majorticklocs()
    names = axis.get_major_formatter().format_ticks(list(places))
    return [name for name, place in zip(names, places, strict=True) if low <= place <= high]
