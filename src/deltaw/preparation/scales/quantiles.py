"""Several quantiles of values that are sorted once, with the same bits as NumPy's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Floats = NDArray[np.floating]  # of either size: of each only some are taken, as float64

# Few quantiles of many values are selected with the bounds of a sorted sample (Floyd & Rivest 1975).
MANY, SAMPLE = 2**18, 2**14  # fewest values for that, and the size of the sample
FEW = 6  # most groups of neighbouring quantiles
MARGIN = 2.5  # of a bound, in square roots of the sample's size


def partial_sort(x: Floats, *shares: Values) -> None:
    """Sort in place what the functions below read: both ends, the middle, and the places of these quantiles.

    Takes a third of the time of sorting. Other positions are undefined.
    """
    n = len(x)
    wanted = [np.array([0, (n - 1) // 2, n // 2, n - 1]), *(_places(n, q) for q in shares)]
    if not n:
        return
    places = np.unique(np.concatenate(wanted))
    found = _selected(x, places) if n >= MANY else None
    if found is None:
        x.partition(places)
    else:
        x[places] = found


def _selected(x: Floats, places: NDArray[np.intp]) -> Floats | None:
    """Order statistics at these positions, selected with the bounds of a sample; None if that does not save time."""
    n, sample = len(x), np.sort(x[:: len(x) // SAMPLE])
    near = np.split(places[1:-1], np.flatnonzero(np.diff(places[1:-1]) > n // SAMPLE) + 1)
    if len(near) > FEW:
        return None
    margin, sample[0], sample[-1] = int(MARGIN * len(sample) ** 0.5), x.min(), x.max()
    found = [sample[0]]
    for some in near:
        first, last = np.clip(some[[0, -1]] * len(sample) // n + [-margin, margin], 0, len(sample) - 1)
        low, high = sample[[first, last]]
        if np.count_nonzero((sample >= low) & (sample <= high)) > len(sample) // FEW:  # many are equal
            return None
        between, first = x[(x >= low) & (x <= high)], np.count_nonzero(x < low)
        if some[0] < first or some[-1] >= first + len(between):
            return None
        between.partition(some - first)
        found += between[some - first].tolist()
    return np.array([*found, sample[-1]], x.dtype)


def _places(n: int, q: Values) -> NDArray[np.intp]:
    """The positions at which `linear_quantiles` and `inverted_cdf` look for quantiles of n values."""
    below = np.floor(q * (n - 1)).astype(np.intp)
    return np.concatenate([below, np.minimum(below + 1, n - 1), _first(n, q)])


def _first(n: int, q: Values) -> NDArray[np.intp]:
    """Positions of the "inverted_cdf" quantiles of n sorted values."""
    return np.maximum(np.ceil(n * q - 1), 0).astype(np.intp)


def linear_quantiles(ascending: Floats, q: Values) -> Values:
    """Quantiles by linear interpolation (NumPy's "linear")."""
    place = q * (len(ascending) - 1)
    below = np.floor(place).astype(np.intp)
    a, b = (ascending[each].astype(np.float64) for each in (below, np.minimum(below + 1, len(ascending) - 1)))
    t = place - below
    return np.where(t >= 0.5, b - (b - a) * (1 - t), a + (b - a) * t)


def inverted_cdf(ascending: Floats, q: Values) -> Values:
    """Quantiles among the values (NumPy's "inverted_cdf")."""
    return ascending[_first(len(ascending), q)].astype(np.float64)


def median(ascending: Floats) -> float:
    """The median; 0 without values."""
    n = len(ascending)
    return float(ascending[(n - 1) // 2]) / 2 + float(ascending[n // 2]) / 2 if n else 0.0  # halves: a sum may overflow
