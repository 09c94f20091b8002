"""A column's numbers on their way into a network: scaled, perhaps bent, and their places in bins.

z = (x - centre) / width + shift, then, where it bends, z / √(1 + (z/3)²); and with the edges b₀ < b₁ < … how many bins
x has come through (`deltaw.preparation.scales.bins`). All in float64, on a matrix with a column of numbers in each of
its rows: one call of NumPy for all of them. The core does the same, step for step, on rows that are kept raw
(native/scales.hpp).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

# Scaled values are kept within ±LIMIT, far beyond any that training sees, so that float32 sums of them stay finite.
LIMIT = 1e30
BEND = 3.0  # where the smooth clip x / √(1 + (x/3)²) flattens


class Scaled(NamedTuple):
    """How a column's numbers are scaled.

    Attributes:
        centre, width, shift, bend: as above.
        fill: imputed for a missing number.
        edges: of its bins, ascending; () for none.
        indicator: values of one more input, of a number that is present and of a missing one; () for none.
    """

    centre: float = 0.0
    width: float = 1.0
    shift: float = 0.0
    bend: bool = False
    fill: float = 0.0
    edges: tuple[float, ...] = ()
    indicator: tuple[float, ...] = ()

    @property
    def bins(self) -> int:
        """How many there are."""
        return max(len(self.edges) - 1, 0)

    @property
    def inputs(self) -> int:
        """Number of inputs: the number, its bins, and the indicator."""
        return 1 + self.bins + bool(self.indicator)


class Scales:
    """Of c columns, as arrays: all of them bend, or none."""

    def __init__(self, columns: Sequence[Scaled]) -> None:
        self.bend = columns[0].bend
        self.fill = _column([each.fill for each in columns])
        self.half_centre = _column([each.centre for each in columns]) / 2
        self.half_width = _column([each.width for each in columns]) / 2
        self.shift = _column([each.shift for each in columns])

    def filled(self, x: Values, missing: NDArray[np.bool_]) -> None:
        """Impute the missing numbers of x, (c, n), in place."""
        np.copyto(x, self.fill, where=missing)

    def apply(self, x: Values) -> NDArray[np.float32]:
        """z of finite numbers, (c, n)."""
        with np.errstate(over="ignore"):  # halves: the difference of two huge numbers would overflow
            z = x / 2
            z -= self.half_centre
            z /= self.half_width
        np.clip(z, -LIMIT, LIMIT, out=z)
        z += self.shift
        if self.bend:
            square = z / BEND
            np.square(square, out=square)
            square += 1.0
            z /= np.sqrt(square, out=square)
        return z.astype(np.float32)


class Bins:
    """The edges of c columns, padded with edges that no number passes."""

    def __init__(self, edges: Sequence[tuple[float, ...]]) -> None:
        most = max(map(len, edges))
        self.first, self.last = _column([each[0] for each in edges]), _column([each[-1] for each in edges])
        ends = np.array([[*each, *[np.inf] * (most - len(each))] for each in edges])
        self.ends = [ends[:, k : k + 1] for k in range(1, most)]
        halves, of_one = np.zeros(ends.shape), np.zeros(ends.shape)
        for i, each in enumerate(edges):
            half = np.array(each) / 2
            halves[i, : len(each)], of_one[i, : len(each) - 1] = half, 1 / (half[1:] - half[:-1])
        self.halves, self.of_one = halves.ravel(), of_one.ravel()
        self.begins = most * np.arange(len(edges))[:, None]

    def positions(self, x: Values) -> Values:
        """How many bins each of the numbers x, (c, n), has come through: `preparation.bins.position` of each column."""
        passed, bin = np.empty(x.shape, np.bool_), np.zeros(x.shape, np.uint8)
        for end in self.ends:
            bin += np.greater_equal(x, end, out=passed).view(np.uint8)
        place = bin + self.begins
        within = np.minimum(np.maximum(x, self.first), self.last)
        within /= 2
        within -= self.halves.take(place)
        within *= self.of_one.take(place)
        within += bin
        return within


def unfolded(x: NDArray[np.float32], scaled: Scaled) -> list[NDArray[np.float32]]:
    """z of a column's raw numbers (n,), NaN where missing; the position in its bins, and the indicator, if any."""
    scales, bins = _of(scaled)
    values, missing = np.array(x, np.float64)[None], np.isnan(x)
    scales.filled(values, missing)
    places = [] if bins is None else [bins.positions(values)[0].astype(np.float32)]
    present, absent = scaled.indicator or (0.0, 0.0)
    indicator = [np.where(missing, absent, present).astype(np.float32)] if scaled.indicator else []
    return [scales.apply(values)[0], *places, *indicator]


@lru_cache(maxsize=1024)
def _of(scaled: Scaled) -> tuple[Scales, Bins | None]:
    return Scales([scaled]), Bins([scaled.edges]) if scaled.bins else None


def _column(values: Sequence[float]) -> Values:
    return np.array(values, np.float64)[:, None]
