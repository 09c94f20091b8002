"""The logarithmic scale, for targets that spread over orders of magnitude: incomes, prices, counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from deltaw.preparation.document import between
from deltaw.preparation.scales.scaling import LARGEST, Fit, Scale, Values, fit_scale

SMALLEST = float(np.finfo(np.float64).smallest_subnormal)
MOST = float(np.log(LARGEST))  # e to this is the largest float


@dataclass(frozen=True)
class LogScale:
    """z = scale(ln(x + offset)), for x ≥ 0, or x > 0 if the offset is 0; errors of z are relative errors of x."""

    offset: float
    scale: Scale

    CHECKS: ClassVar = {"offset": between(0.0, LARGEST), "scale": Scale.CHECKS}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> LogScale:
        """The inverse of `dataclasses.asdict`."""
        return cls(document["offset"], Scale(**document["scale"]))

    @classmethod
    def fit(cls, fit: Fit, x: Values, lowest: float) -> LogScale:
        """Fit on numbers; `lowest`: over all rows, 0 or more.

        The offset is 0, or if there are zeros, the smallest number above 0: for counts 1, the scale of RMSLE.
        """
        offset = 0.0 if min(lowest, x.min()) > 0 else float(x[x > 0].min())
        return cls(offset, fit_scale(fit, _log(x, offset)))

    def apply(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Scaled float32 values, of any shape; finite for finite x; x below the domain is clipped."""
        return self.scale.apply(_log(np.asarray(x, np.float64), self.offset))

    def undo(self, y: NDArray[Any]) -> Values:
        """The float64 values that `apply` turned into y, as far as float32 can tell."""
        return np.exp(np.minimum(self.scale.undo(y), MOST)) - self.offset

    def slope(self, y: NDArray[Any]) -> Values:
        """∂x/∂z, of `undo`, at y."""
        return np.asarray((self.undo(y) + self.offset) * self.scale.slope(y))

    linear = False


def skewness(x: Values) -> float:
    """The skewness E[((x − μ)/σ)³]; 0 for a symmetric distribution."""
    unit = float(np.abs(x).max()) or 1.0  # cubes of huge numbers overflow
    d = x / unit - np.mean(x / unit)
    spread = float(np.sqrt(np.mean(d**2)))
    return float(np.mean((d / spread) ** 3)) if spread > 0 else 0.0


def _log(x: Values, offset: float) -> Values:
    with np.errstate(over="ignore"):
        return np.asarray(np.log(np.clip(x + offset, SMALLEST, LARGEST)))
