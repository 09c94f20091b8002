"""The look of figures: colours, matplotlib's settings, and a figure as SVG.

Colours are Okabe and Ito's (https://jfly.uni-koeln.de/color/), which people with any kind of colour vision can tell
apart; what is right is blue, what is wrong is vermilion, and the baseline is grey. A dark page inverts a figure: what
is said of it holds for ink and paper, not for dark and light.
"""

from __future__ import annotations

import io
import warnings
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    "axes.titley": 1.0,  # no ticks stand above a panel; to look for them is a fifth of a drawing's time
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
OF_SCREENS = {"backend", "backend_fallback", "interactive"}  # settings that are of no drawing


def svg(figure: Figure, salt: str = "deltaw") -> str:
    """A figure as an `<svg>` element to put into a page: no XML prologue, nothing loaded from outside, no dates.

    `salt` keeps the names inside apart from those of the same figure's other forms on the page.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    text = io.StringIO()
    with in_style({"svg.hashsalt": salt}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the reader's browser has the letters that matplotlib's font lacks
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(text, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    content = text.getvalue()
    return content[content.index("<svg") :]


def in_style(more: dict[Any, Any]) -> AbstractContextManager[None]:
    """`STYLE` on matplotlib's own settings: not on the user's matplotlibrc, which may set text with TeX."""
    import matplotlib

    plain = {name: value for name, value in matplotlib.rcParamsDefault.items() if name not in OF_SCREENS}
    return matplotlib.rc_context(plain | STYLE | more)
