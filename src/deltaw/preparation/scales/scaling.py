"""`Scale`, a fitted linear scale, and SCALINGS, the table of scalings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.scaled import BEND, LIMIT
from deltaw.exceptions import SettingError
from deltaw.preparation.document import between
from deltaw.preparation.scales import quantiles
from deltaw.speech import listed

Values = NDArray[np.float64]
Floats = NDArray[np.floating]
Fit = Callable[[Any], tuple[float, float, float]]  # of Values, or of Floats where they are in ascending order

LARGEST, SMALLEST = float(np.finfo(np.float64).max), 4 * float(np.finfo(np.float64).tiny)  # half of it is no zero
QUARTERS = np.array([0.25, 0.5, 0.75])


@dataclass(frozen=True)
class Scale:
    """z = (x - centre) / width + shift, then, if `bend`, z / √(1 + (z/3)²), which lies within ±3.

    The smooth clip is RealMLP's (Holzmüller et al. 2024, arXiv 2407.04491, section 3).
    """

    centre: float
    width: float
    shift: float = 0.0
    bend: bool = False

    CHECKS: ClassVar = {
        "centre": float,
        "width": between(SMALLEST, LARGEST),
        "shift": between(-LIMIT, LIMIT),
        "bend": bool,
    }

    def apply(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Scaled float32 values, of any shape; always finite for finite x."""
        with np.errstate(over="ignore"):  # halves: the difference of two huge numbers would overflow
            z = np.clip((np.asarray(x, np.float64) / 2 - self.centre / 2) / (self.width / 2), -LIMIT, LIMIT)
        z = z + self.shift
        return (z / np.sqrt(1.0 + np.square(z / BEND)) if self.bend else z).astype(np.float32)

    def undo(self, y: NDArray[Any]) -> Values:
        """The float64 inverse of `apply`, to float32 rounding."""
        z = np.asarray(y, np.float64)
        if self.bend:
            flat = np.clip(z / BEND, -1 + 2.0**-24, 1 - 2.0**-24)  # float32 rounds far outliers to ±3 itself
            z = BEND * flat / np.sqrt((1 - flat) * (1 + flat))
        with np.errstate(over="ignore"):
            x = (z - self.shift) * self.width + self.centre
        return x if np.isfinite(x).all() else np.nan_to_num(x)

    def slope(self, y: NDArray[Any]) -> Values:
        """∂x/∂y of `undo` at y, without the smooth clip."""
        return np.full(np.shape(y), self.width)

    @property
    def linear(self) -> bool:
        """Whether the scale is linear."""
        return not self.bend


IDENTITY = Scale(0.0, 1.0)


@dataclass(frozen=True)
class Scaling:
    """A way of scaling, as a row of SCALINGS.

    Attributes:
        fit: centre, width and shift from the training rows' values (finite, at least one; see `sorts`).
        bend: whether outliers are clipped smoothly.
        low, high: values of no and yes in one-hot and indicator features.
        swing: values of −1 and 1 in cyclic features (the sine of the day in the year).
        block: the scaling of a block's values, all together; "range" is `fit` on the block's own range.
        summary: a short description.
        bins: whether numbers are also encoded in bins; see `deltaw.preparation.scales.bins`.
        damped: whether one-hot inputs of a column of many words are scaled down, so that they do not drown numbers.
        means: whether there are target means; see `deltaw.preparation.columns.means`.
    """

    fit: Fit
    low: float
    high: float
    swing: tuple[float, float]
    block: str
    summary: str
    bend: bool = False
    bins: bool = False
    damped: bool = False
    means: bool = False

    @property
    def sorts(self) -> bool:
        """Whether `fit` takes sorted values."""
        return self.fit is _median_and_quartiles


def range_onto(low: float, high: float) -> Fit:
    """A picklable `fit`: smallest value -> low, largest -> high; a constant -> the middle."""
    return partial(_onto, low, high)


def _onto(low: float, high: float, x: Values) -> tuple[float, float, float]:
    smallest, largest = float(x.min()), float(x.max())
    if smallest == largest:
        return smallest, 0.0, (low + high) / 2
    return smallest, (largest - smallest) / (high - low), low


def _mean_and_deviation(x: Values) -> tuple[float, float, float]:
    if x.min() == x.max():  # the mean of equal numbers may be off by a rounding, and the deviation then not zero
        return float(x.flat[0]), 0.0, 0.0
    return float(x.mean()), float(x.std()), 0.0


def _median_and_quartiles(ascending: Floats) -> tuple[float, float, float]:
    """Median and interquartile range, or half the range if that is 0, as in RealMLP."""
    lower, median, upper = quantiles.linear_quantiles(ascending, QUARTERS)
    return float(median), float(upper - lower) or (float(ascending[-1]) - float(ascending[0])) / 2, 0.0


def _as_it_is(x: Values) -> tuple[float, float, float]:
    return 0.0, 1.0, 0.0


SCALINGS = {
    "unit": Scaling(range_onto(0.01, 0.99), 0.01, 0.99, (0.01, 0.99), "range", "scaled to 0.01…0.99"),
    "symmetric": Scaling(range_onto(-1.0, 1.0), -1.0, 1.0, (-1.0, 1.0), "range", "scaled to -1…1"),
    "standard": Scaling(_mean_and_deviation, 0.0, 1.0, (-1.0, 1.0), "standard", "standardised"),
    "robust": Scaling(_median_and_quartiles, 0.0, 1.0, (-1.0, 1.0), "standard", "scaled by quartiles", bend=True),
    "piecewise": Scaling(
        _median_and_quartiles,
        0.0,
        1.0,
        (-1.0, 1.0),
        "standard",
        "scaled by quartiles",
        bend=True,
        bins=True,
        damped=True,
        means=True,
    ),
    "none": Scaling(_as_it_is, 0.0, 1.0, (-1.0, 1.0), "none", "as it is"),
}


def scaling_called(name: str) -> Scaling:
    """The row of SCALINGS. Raises SettingError for an unknown name."""
    if name not in SCALINGS:
        raise SettingError(
            "scaling: expected one of {scalings}", f'"{name}"', "choose one of these", scalings=listed(SCALINGS)
        )
    return SCALINGS[name]


def fit_scale(fit: Fit, x: Floats, bend: bool = False) -> Scale:
    """The scale for values x (any shape, finite); without values as for 0; a width of 0 becomes 1."""
    x = x if x.size else np.zeros(1)
    # Scaled by a power of two, which is exact, since squares could overflow or underflow.
    power = int(np.frexp(max(x.max(), -x.min()))[1])
    unit = 2.0 ** (power - min(max(power, -500), 500))
    centre, width, shift = fit(x if unit == 1.0 else x / unit)
    centre, width = (min(max(value * unit, -LARGEST), LARGEST) for value in (centre, width))
    return Scale(centre, width if width >= SMALLEST else 1.0, shift, bend)
