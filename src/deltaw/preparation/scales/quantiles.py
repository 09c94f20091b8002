"""Quantiles of values that are sorted once, to the bits of NumPy's own, which look for each anew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Floats = NDArray[np.floating]  # of either size: of each only some are taken, as float64


def between(ascending: Floats, q: Values) -> Values:
    """On the line between the two nearest values ("linear")."""
    place = q * (len(ascending) - 1)
    below = np.floor(place).astype(np.intp)
    a, b = (ascending[each].astype(np.float64) for each in (below, np.minimum(below + 1, len(ascending) - 1)))
    t = place - below
    return np.where(t >= 0.5, b - (b - a) * (1 - t), a + (b - a) * t)


def among(ascending: Floats, q: Values) -> Values:
    """Some of the values ("inverted_cdf")."""
    return ascending[np.maximum(np.ceil(len(ascending) * q - 1), 0).astype(np.intp)].astype(np.float64)


def median(ascending: Floats) -> float:
    """0 where there is no value."""
    n = len(ascending)
    return float(ascending[(n - 1) // 2]) / 2 + float(ascending[n // 2]) / 2 if n else 0.0  # halves: a sum may overflow
