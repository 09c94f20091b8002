"""Which of many numbers to show: all of a few, or the largest of many and the sum of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.numbers import number
from deltaw.speech import say

ALL = 12  # of as many or fewer, all are shown in their own order
SHOWN = 8  # of more, this many of the largest


@dataclass(frozen=True)
class Pick:
    """Indices of the values to show.

    Attributes:
        places: indices, in order, or by size if some are left out.
        more: number of values left out.
        rest: their sum.
    """

    places: list[tuple[int, ...]]
    more: int
    rest: float

    def left_out(self, sentence: str, **values: object) -> str:
        """A sentence about what is left out, with its number {n} and its sum {rest}; "" if nothing is."""
        return say(sentence, n=self.more, rest=number(self.rest), **values) if self.more else ""


def pick(values: NDArray[Any]) -> Pick:
    """All indices of an array of any shape, or those of its largest absolute values."""
    flat = np.asarray(values, np.float64).ravel()
    order = np.arange(flat.size)
    if flat.size > ALL:
        order = np.argsort(-np.abs(flat), kind="stable")[:SHOWN]
    places = [tuple(int(i) for i in np.unravel_index(place, np.shape(values))) for place in order]
    left = np.delete(flat, order)
    return Pick(places, left.size, float(left.sum()))
