"""How figures are drawn: empty axes, names, and the finishing of every figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from deltaw.numbers import number
from deltaw.plots.layout import labels_within, legends_below
from deltaw.plots.look import in_style
from deltaw.plots.ticks import plain_numbers, ticks_apart
from deltaw.signs import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

P = ParamSpec("P")

MAX_NAME = 20  # characters of a class name at an axis

# Tried in this order for the letters that matplotlib's own font lacks. An SVG is shown in the reader's fonts anyway.
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "SimHei",
)  # fmt: skip


percent: Callable[[float, Any], str] = lambda value, _: f"{number(100 * value, 4)}%"  # noqa: E731


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in `STYLE` and leave matplotlib's settings as they were.

    Chinese letters come in a font that the machine has. Logarithmic axes get plain numbers: matplotlib's own are
    formulas, which the style does not set.
    """

    @wraps(draw)
    def drawn(*args: P.args, **settings: P.kwargs) -> Figure:
        from matplotlib import font_manager

        known = set(font_manager.get_font_names())
        fonts: dict[Any, Any] = {"font.family": ["sans-serif", *(name for name in CHINESE_FONTS if name in known)]}
        with in_style(fonts):
            drawing = draw(*args, **settings)
            for axes in drawing.axes:
                plain_numbers(axes)
            labels_within(drawing)
            legends_below(drawing)
            ticks_apart(drawing)
            _visible(drawing)
            return drawing

    return drawn


def figure(size: tuple[float, float], rows: int = 1, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of that size in inches, and its axes row by row; nothing drawn, no background."""
    from deltaw.plots.drawing import Drawing

    empty = Drawing(figsize=size, layout="constrained", facecolor="none")
    axes = list(np.atleast_1d(np.asarray(empty.subplots(rows, columns))).ravel())
    for axis in axes:
        axis.set_facecolor("none")
    return empty, axes


def short(name: Any, most: int = MAX_NAME) -> str:
    """A name shortened to `most` characters."""
    text = str(name)
    # The middle is left out: names that start alike ("cell type 1 …") often differ at their end.
    return text if len(text) <= most else f"{text[: (most - 1) // 2]}…{text[-(most // 2) :]}"


def _visible(drawing: Figure) -> None:
    """Make every character of every text visible: matplotlib cannot draw some, and some reverse a line."""
    from matplotlib.ticker import FuncFormatter

    for text in _texts(drawing):
        text.set_text(visible(text.get_text()))
    for axis in (axis for axes in drawing.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(names := axis.get_major_formatter(), FuncFormatter):
            names.func = _then_visible(names.func)


def _texts(drawing: Figure) -> Iterator[Text]:
    """All texts but tick labels, which are made by their axis's formatter when they are drawn."""
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.text import Text

    for artist in drawing.get_children():
        for part in artist.get_children() if isinstance(artist, Axes) else [artist]:
            yield from [part.label] if isinstance(part, Axis) else part.findobj(Text)


def _then_visible(name: Callable[..., str]) -> Callable[..., str]:
    return lambda *place: visible(name(*place))
