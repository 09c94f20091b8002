"""The survival function of the F distribution in NumPy.

`scipy.special.fdtrc` would take 27 MiB of memory to import, beside a table that may fill the memory; the tests compare
with it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, lgamma
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

TERMS, EXACT = 1_000, 1e-13  # of the continued fraction


def tail(among: Any, within: Any, ratio: Any) -> Values:
    """P(F > ratio) for `among` and `within` degrees of freedom; arrays or numbers.

    The regularised incomplete beta function by its continued fraction, as Lentz has it (Press et al. 2007, "Numerical
    Recipes", section 6.4), from whichever end it converges.
    """
    among, within, ratio = np.broadcast_arrays(*(np.asarray(each, np.float64) for each in (among, within, ratio)))
    a, b = within / 2.0, among / 2.0
    x = within / (within + among * np.maximum(ratio, 0.0))
    turned = x > (a + 1) / (a + b + 2)
    a, b, x = np.where(turned, b, a), np.where(turned, a, b), np.where(turned, 1 - x, x)
    log = _each_once(lgamma)
    with np.errstate(divide="ignore"):
        front = np.exp(a * np.log(x) + b * np.log1p(-x) + log(a + b) - log(a) - log(b)) / a
    c, d = np.ones_like(x), 1 / _apart(1 - (a + b) * x / (a + 1))
    found = d.copy()
    for m in range(1, TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / _apart(1 + term * d), _apart(1 + term / c)
            found *= c * d
        if np.abs(c * d - 1).max(initial=0.0) < EXACT:
            break
    part = np.clip(front * found, 0.0, 1.0)
    return np.asarray(np.where(turned, 1 - part, part))


def about(among: float, within: float, ratio: float) -> float:
    """An approximation of `tail` for one F in a fiftieth of the time; too large for few degrees of freedom within.

    Paulson 1942, "An approximate normalization of the analysis of variance distribution", Annals of Mathematical
    Statistics 13: the cube root of F, less its mean, by its deviation, is nearly a standard normal number.
    """
    a, w, root = 2 / (9 * among), 2 / (9 * within), ratio ** (1 / 3)
    return erfc(((1 - w) * root - (1 - a)) / (2 * (a + w * root**2)) ** 0.5) / 2


def _each_once(of: Callable[[float], float]) -> Callable[[Values], Values]:
    """A function of numbers as one of arrays, in which few different numbers stand."""

    def found(x: Values) -> Values:
        numbers, place = np.unique(x, return_inverse=True)
        return np.array([*map(of, numbers.tolist())])[place.reshape(x.shape)]

    return found


def _apart(x: Values) -> Values:
    """From 0."""
    return np.asarray(np.where(np.abs(x) < 1e-30, 1e-30, x))
