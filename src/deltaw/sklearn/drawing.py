"""A network drawn for notebooks: SVG that loads nothing and follows the page's own colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

from sklearn.utils import estimator_html_repr

MOST_UNITS = 8  # circles a layer; of more, the first and the last are drawn, with dots between
WIDTH, STEP, RADIUS = 130, 25, 6  # of a layer, between units, of a unit, in pixels


def network(sizes: Sequence[int], labels: Sequence[str]) -> str:
    """A network as an SVG element.

    Args:
        sizes: units of every layer, the input first.
        labels: what stands under each layer: "input", "relu", …
    """
    width, height = WIDTH * len(sizes), STEP * min(max(sizes), MOST_UNITS)
    columns = [_places(WIDTH * (i + 0.5), height / 2, size) for i, size in enumerate(sizes)]
    links = "".join(
        f"M{x1:g} {y1:g}L{x2:g} {y2:g}" for left, right in pairwise(columns) for x1, y1 in left for x2, y2 in right
    )
    units = "".join(f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}"/>' for places in columns for x, y in places)
    words = "".join(
        _words(WIDTH * (i + 0.5), height, size, label)
        for i, (size, label) in enumerate(zip(sizes, labels, strict=True))
    )
    title = escape(f"network of {' – '.join(map(str, sizes))} units")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}" viewBox="0 0 {width} {height + 45}" '
        f'width="{width}" style="max-width:100%;height:auto;color:inherit"><title>{title}</title>'
        f'<path d="{links}" stroke="currentColor" stroke-opacity="0.18" fill="none"/>'
        f'<g fill="#0072B2" stroke="none">{units}</g>'
        f'<g fill="currentColor" font-family="sans-serif" font-size="12" text-anchor="middle">{words}</g></svg>'
    )


def _places(x: float, middle: float, size: int) -> list[tuple[float, float]]:
    """The places of a layer's circles, around the middle; of many units the last but one is left free for the dots."""
    shown = min(size, MOST_UNITS)
    places = [(x, middle + (i - (shown - 1) / 2) * STEP) for i in range(shown)]
    return places if size <= MOST_UNITS else [*places[:-2], places[-1]]


def _words(x: float, height: float, size: int, label: str) -> str:
    dots = f'<text x="{x:g}" y="{height - 1.5 * STEP + 4:g}">⋮</text>' if size > MOST_UNITS else ""
    return (
        f'{dots}<text x="{x:g}" y="{height + 18:g}">{size:,}</text>'
        f'<text x="{x:g}" y="{height + 35:g}" fill-opacity="0.7">{escape(label)}</text>'
    )


class Drawn:
    """An estimator whose notebook view shows, once it is fitted, its network below scikit-learn's diagram."""

    def _html_repr(self) -> str:
        diagram: str = estimator_html_repr(self)
        layers = self._layers()
        if layers is None:
            return diagram
        sizes, names = layers
        return f"{diagram}<div style='margin-top:0.8em'>{network(sizes, ['input', *names])}</div>"

    def _layers(self) -> tuple[list[int], list[Any]] | None:
        """Units of every layer, and the activation of each but the first; None before fitting."""
        raise NotImplementedError
