"""Layout of figures: legends below their panel, where they cover no curve; axis labels wrapped to the figure's width;
and a narrow form of wide figures."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from deltaw.plots.ticks import ticks_apart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NARROW = 3.6  # inches that a telephone of 400 points shows at full size
WIDER = 4.6  # up to here a figure is only shrunk, and its letters stay legible
LETTER, SIGN, LINE = 0.07, 0.65, 0.17  # inches of a legend: a letter, a line's sample with its gaps, a line of text
TITLE = 0.1  # inches of a letter of a title
MARGIN = 0.7  # inches at the side of a panel for its tick labels


def legends_below(figure: Figure) -> None:
    """Move every panel's legend below its axis, and make the figure higher by the longest one."""
    lines = [_below(axes) for axes in figure.axes if axes.get_legend() is not None]
    if lines:
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + LINE * max(lines))


def labels_within(figure: Figure) -> None:
    """Wrap x-axis labels that are longer than their panel, whose ends would be cut."""
    for axes in figure.axes:
        label, width = axes.get_xlabel(), figure.get_size_inches()[0] / _columns(axes)
        if LETTER * letters(label) > width / 2:  # shorter ones have room whatever stands at the ticks
            names = max((letters(tick.get_text()) for tick in axes.get_yticklabels()), default=0)
            axes.set_xlabel(_wrapped(label, width - max(MARGIN, LETTER * names), LETTER))


def _columns(axes: Axes) -> int:
    """Number of panels in the row of these axes."""
    grid = axes.get_subplotspec()
    return grid.get_gridspec().ncols if grid is not None else 1


def _wrapped(text: str, room: float, letter: float) -> str:
    """The text wrapped to `room` inches, with `letter` inches a letter; longer words are divided."""
    text = " ".join(text.split())  # as it was before it was wrapped
    most = int(room / letter) * len(text) // max(letters(text), 1)
    return fill(text, max(most, 1))


def _below(axes: Axes) -> int:
    """The number of lines that the legend now has."""
    legend: Any = axes.get_legend()
    figure: Any = axes.figure
    names = [text.get_text() for text in legend.get_texts()]
    beside = _beside(names, figure.get_size_inches()[0] / _columns(axes) - MARGIN)
    axes.legend(
        legend.legend_handles, names, loc="upper left", bbox_to_anchor=(0, 0), ncols=beside, fontsize=8.5,
        borderaxespad=3.4 if axes.get_xlabel() else 2.0, handlelength=2.2, columnspacing=1.2, frameon=False,
    )  # fmt: skip
    return -(-len(names) // beside)


def _beside(names: Sequence[str], room: float) -> int:
    """Number of legend entries that fit into a line of `room` inches."""
    return max(1, min(len(names), int(room / (LETTER * max(map(letters, names), default=1) + SIGN))))


def narrow(figure: Figure) -> bool:
    """Lay out a wide figure for a narrow page, its panels below each other; False if it is narrow already."""
    from matplotlib.gridspec import GridSpec

    width, height = figure.get_size_inches()
    for axes in [each for each in figure.axes if not (each.axison or each.has_data())]:
        axes.remove()  # a place that the last row leaves empty would be a gap
    panels = [axes for axes in figure.axes if axes.get_subplotspec() is not None]
    if width <= WIDER or not panels:
        return False
    grid: Any = panels[0].get_subplotspec()
    rows, columns = grid.get_gridspec().get_geometry()
    beside = max(1, min(columns, int(NARROW / (width / columns))))
    places = list(map(_place, panels))
    lines = -(-columns // beside)  # of panels that a row becomes
    taken = sorted({row * lines + column // beside for row, column in places})
    new = GridSpec(len(taken), beside, figure=figure)
    for axes in panels:
        row, column = _place(axes)
        axes.set_subplotspec(new[taken.index(row * lines + column // beside), column % beside])
        if axes.yaxis.label.get_rotation() == 0:  # left of a row, where there is no room now
            axes.set_ylabel(axes.get_ylabel(), rotation=90, ha="center", va="bottom")
    figure.set_size_inches(NARROW, height / rows * new.nrows)
    for axes in figure.axes:
        if axes.get_legend() is not None:
            _below(axes)
        if title := axes.get_title("left"):
            wrapped = _wrapped(title, NARROW / beside - MARGIN, TITLE)
            axes.set_title(wrapped, loc="left", fontsize=10.5, fontweight="bold")
    for legend in list(figure.legends):  # of all panels
        names, handles = [text.get_text() for text in legend.get_texts()], legend.legend_handles
        legend.remove()
        where: dict[str, Any] = {"loc": "outside lower left", "ncols": _beside(names, NARROW)}
        figure.legend(handles, names, fontsize=8.5, frameon=False, **where)  # type: ignore[arg-type]
    labels_within(figure)
    ticks_apart(figure)
    return True


def letters(text: str) -> int:
    """The width of a text in letters: a Chinese one has that of two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _place(axes: Axes) -> list[int]:
    """Row and column; twins, which share a panel, have the same."""
    grid: Any = axes.get_subplotspec()
    return [grid.rowspan.start, grid.colspan.start]
