"""What single values of a column tell: one that stands for missing cells, and two groups in different units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FEWEST, SHARE, MOST = 3, 0.01, 0.5  # rows with a placeholder: fewest, and least and largest share
OFTEN = 3.0  # times as often as any other value
DISTINCT = 20  # values of all others, or of each group
FACTORS = (10.0, 100.0, 1000.0)  # between units
NEAR = 0.15  # of the ratios of medians and of spreads from that factor, relatively
GAP = 0.5  # between two groups: of the widest group's range; for positive values of its logarithms'
ALIKE = 1.36  # critical value of the Kolmogorov-Smirnov distance at 5%, times √((n + m) / nm)


@dataclass(frozen=True)
class Placeholder:
    """A value that many rows share, apart from all others.

    Attributes:
        value: of these rows.
        rows: number of them among those looked at.
        rest: range of all other values.
    """

    value: float
    rows: int
    rest: tuple[float, float]


@dataclass(frozen=True)
class Units:
    """Two groups of values that differ by a factor and are distributed alike.

    Attributes:
        factor: of the upper group over the lower.
        above: the least value of the upper group.
        share: of the rows in the upper group.
        middles: medians of the lower and the upper group.
    """

    factor: float
    above: float
    share: float
    middles: tuple[float, float]


def placeholder(values: Array) -> Placeholder | None:
    """The smallest or the largest value, if many rows have it, and it lies apart from all others.

    Apart: beyond a gap of their interquartile range, or negative where no other is.
    """
    values = values[np.isfinite(values)]
    ends = (values.min(), values.max()) if len(values) else ()
    if not any(np.count_nonzero(values == end) >= FEWEST for end in ends):
        return None  # as most columns: counting all values costs more
    u, counts = np.unique(values, return_counts=True)
    if len(u) <= DISTINCT:
        return None
    for end, beside in ((0, 1), (-1, -2)):
        others = values[values != u[end]]
        often = max(FEWEST, SHARE * len(values), OFTEN * np.delete(counts, end).max())
        lower, upper = np.quantile(others, (0.25, 0.75))
        apart = abs(u[end] - u[beside]) > upper - lower > 0 or u[end] < 0 <= u[beside]
        if often <= counts[end] <= MOST * len(values) and apart:
            rest = float(others.min()), float(others.max())
            return Placeholder(float(u[end]), int(counts[end]), rest)
    return None


def units(values: Array) -> Units | None:
    """Two groups with a wide gap between them whose spreads (and medians, if positive) differ by 10, 100 or 1000."""
    values = np.sort(values[np.isfinite(values)])
    positive = len(values) > 0 and values[0] > 0
    scaled = np.log(values) if positive else values
    inner = slice(DISTINCT, len(values) - DISTINCT)
    gaps = np.diff(scaled)[inner]
    if not len(gaps):
        return None
    cut = DISTINCT + int(gaps.argmax()) + 1
    low, high = values[:cut], values[cut:]
    ranges = max(np.ptp(scaled[:cut]), np.ptp(scaled[cut:]))
    if min(len(np.unique(low)), len(np.unique(high))) < DISTINCT or gaps.max() < GAP * ranges:
        return None
    middles = float(np.median(low)), float(np.median(high))
    ratio = high.std() / low.std()
    for factor in FACTORS:
        error = NEAR + 2 / np.sqrt(min(len(low), len(high)))  # of a standard deviation: 1/√2n of it
        far = not positive or abs(middles[1] / middles[0] / factor - 1) < NEAR
        wide = abs(np.log(ratio / factor)) < error
        if far and wide and _distance((low - middles[0]) * factor, high - middles[1]) < ALIKE:
            return Units(factor, float(high[0]), len(high) / len(values), middles)
    return None


def _distance(a: Array, b: Array) -> float:
    """The Kolmogorov-Smirnov distance of two samples, over its standard deviation."""
    both = np.sort(np.concatenate([a, b]))
    shares = [np.searchsorted(np.sort(each), both, side="right") / len(each) for each in (a, b)]
    return float(np.abs(shares[0] - shares[1]).max() * np.sqrt(len(a) * len(b) / (len(a) + len(b))))
