"""A figure that a notebook shows: matplotlib's own are shown only by pyplot, which none of ours belongs to."""

from __future__ import annotations

from matplotlib.figure import Figure

from deltaw.plots.look import svg


class Drawing(Figure):
    """A matplotlib figure that notebooks show as SVG."""

    def _repr_svg_(self) -> str:
        return svg(self)
