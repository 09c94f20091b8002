"""Outliers: values so far from all others of a column that these look the same next to them.

Often a number that means "missing", such as −999 or 1e9, or a misplaced decimal point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.setup import Setup, matrix
from deltaw.engines.rows import spread
from deltaw.numbers import number
from deltaw.speech import say

Array = NDArray[Any]

TIMES = 10.0  # standard deviation with the outliers over that without them
FEW = 0.05  # the largest share of outliers, unless they all have the same value
ROUNDS = 3  # the most groups of outliers
LOOKED_AT = 500  # rows, evenly spaced


@dataclass(frozen=True)
class Outliers:
    """The outliers of a column.

    Attributes:
        column: its index.
        low, high: range of the outliers.
        rest: range of all other values.
        times: standard deviation of all values over that of the others.
    """

    column: int
    low: float
    high: float
    rest: tuple[float, float]
    times: float

    @property
    def same(self) -> bool:
        """Whether all of them are one value."""
        return self.low == self.high

    @property
    def shown(self) -> str:
        """The value, or the range."""
        if self.same:
            return number(self.low, 4)
        return say("{low} to {high}", low=number(self.low, 3), high=number(self.high, 3))

    @property
    def hint(self) -> str:
        """A sentence on what one value may mean; else ""."""
        return say(" It may be a code for missing values.") if self.same else ""


def outliers(x: Array, low: Array, high: Array, std: Array) -> tuple[Outliers, ...]:
    """The columns with outliers, the worst first.

    Args:
        x: (m, n_in) some rows; NaN and infinities are ignored.
        low, high, std: (n_in,) of all rows.
    """
    x = x[spread(len(x), LOOKED_AT)]
    found = [_of(j, x[:, j], *map(float, (low[j], high[j], std[j]))) for j in range(x.shape[1])]
    return tuple(sorted((each for each in found if each is not None), key=lambda each: -each.times))


def scaling(setup: Setup) -> str:
    """The scaling for a baseline network: "robust" (by quartiles) if there are outliers, else "standard"."""
    X = matrix(setup.X, "X")
    if hasattr(X, "tocsr"):
        return "standard"  # most values are 0
    x = np.asarray(X if X.ndim == 2 else X[:, None], np.float64)
    with np.errstate(all="ignore"):
        return "robust" if outliers(x, x.min(axis=0), x.max(axis=0), x.std(axis=0)) else "standard"


def _of(column: int, values: Array, low: float, high: float, std: float) -> Outliers | None:
    """Remove groups of values beyond the widest gap, as long as the gap is wider than the range of the rest."""
    if not np.isfinite([low, high, std]).all():
        return None
    values = np.concatenate([values[np.isfinite(values)], [low, high]])
    u, counts = np.unique(values, return_counts=True)
    most = max(1.0, FEW * len(values))
    groups: list[Array] = []
    while len(u) > 2 and len(groups) < ROUNDS:
        gaps = np.diff(u)
        i = int(gaps.argmax()) + 1
        rest, out = (slice(i), slice(i, None)) if 2 * counts[:i].sum() >= counts.sum() else (slice(i, None), slice(i))
        alone = len(u[out]) == 1 or counts[out].sum() <= most
        if len(u[rest]) < 2 or not alone or gaps[i - 1] <= u[rest][-1] - u[rest][0]:
            break
        groups.append(u[out])
        u, counts = u[rest], counts[rest]
    if not groups:
        return None
    others = values[(values >= u[0]) & (values <= u[-1])]
    lower, upper = np.quantile(others, (0.25, 0.75))
    spread = float(others.std())
    if lower == upper or not std >= TIMES * spread:  # a column that is mostly one value is not affected
        return None
    worst = max(groups, key=lambda group: max(u[0] - group[0], group[-1] - u[-1]))
    return Outliers(column, float(worst[0]), float(worst[-1]), (float(u[0]), float(u[-1])), std / spread)
