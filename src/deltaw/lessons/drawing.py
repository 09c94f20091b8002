"""What the lessons' figures share, on top of `deltaw.plots`.

A font for Chinese where the machine has one; and on logarithmic axes numbers as tables show them, since matplotlib
writes its own as formulas, which our style does not set.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from deltaw import plots
from deltaw.pages import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")

# Tried in this order for the letters that matplotlib's own font lacks. An SVG is shown in the reader's fonts anyway.
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "SimHei",
)  # fmt: skip


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in the style of `deltaw.plots`, and leave matplotlib's settings as they were."""

    @wraps(draw)
    def drawn(*args: P.args, **settings: P.kwargs) -> Figure:
        import matplotlib
        from matplotlib import font_manager

        known = set(font_manager.get_font_names())
        fonts: dict[Any, Any] = {"font.family": ["sans-serif", *(name for name in CHINESE_FONTS if name in known)]}
        with matplotlib.rc_context(plots.STYLE), matplotlib.rc_context(fonts):
            figure = draw(*args, **settings)
            for one in figure.axes:
                _plain_decades(one)
            return figure

    return drawn


def axes(size: tuple[float, float], rows: int = 1, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of that size in inches, and its axes row by row."""
    return plots._figure(size, rows, columns)


def _plain_decades(one: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogFormatter, NullFormatter

    for axis in (one.xaxis, one.yaxis):
        if isinstance(axis.get_major_formatter(), LogFormatter):
            axis.set_major_formatter(FuncFormatter(lambda value, _: number(float(value), 3)))
            axis.set_minor_formatter(NullFormatter())
