"""What to show of many numbers: all of a few, the largest of many, and what the rest comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALL = 12  # so many are shown in their own order
SHOWN = 8  # of more, the so many largest


@dataclass(frozen=True)
class Pick:
    """Places in an array of values, and what was left out.

    Attributes:
        places: of what is shown: in order, or by size where some are left out.
        more: how many are left out.
        rest: their sum.
    """

    places: list[tuple[int, ...]]
    more: int
    rest: float


def pick(values: NDArray[Any]) -> Pick:
    """All places of an array of any shape, or those of its largest absolute values."""
    flat = np.asarray(values, np.float64).ravel()
    order = np.arange(flat.size)
    if flat.size > ALL:
        order = np.argsort(-np.abs(flat), kind="stable")[:SHOWN]
    places = [tuple(int(i) for i in np.unravel_index(place, np.shape(values))) for place in order]
    left = np.delete(flat, order)
    return Pick(places, left.size, float(left.sum()))
