"""Sums of the target for each number of a column, and the least-squares piecewise-linear fit over its bins."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltaw.preparation.columns.means import SMALLEST, TrainingTargets, scaled
from deltaw.preparation.scales.bins import count, position

Values = NDArray[np.float64]

SAMPLED = 20_000  # rows of a sample, evenly spaced
STEADY = 1e-9  # ridge, relative to the largest diagonal element, for bins without rows


class Sample(NamedTuple):
    """A sample of m training rows by which columns of numbers are judged.

    Attributes:
        every: indices of the rows.
        targets: of these rows.
        standardised: (k, m) the same, standardised.
        units: (k,) weights that turn squares of these into the target's own units.
    """

    every: slice
    targets: TrainingTargets
    standardised: Values
    units: Values

    @classmethod
    def of(cls, targets: TrainingTargets) -> Sample:
        """A sample of all rows."""
        every = slice(None, None, max(1, -(-len(targets.values) // SAMPLED)))
        some = targets.some(every)._replace(whole={})
        return cls(every, some, scaled(some.values, some.scales), some.squared_widths)

    def cells(self, x: NDArray[np.floating]) -> Values:
        """The sample's cells, (m,), of a column, (n,)."""
        return x[self.every].astype(np.float64)


class ByNumber:
    """Sums of the target for each of the G distinct numbers of a column, computed when they are first used.

    Args:
        x: (m,) numbers, NaN where missing.
        sample: the rows.

    Attributes:
        ascending: the numbers without NaN, sorted.
        numbers: (G,) distinct, ascending.
        counts: (G,) rows with each.
    """

    def __init__(self, x: Values, sample: Sample) -> None:
        order = np.argsort(x)
        ascending = x[order]
        there = int(np.searchsorted(ascending, np.nan))  # NaN sort last
        self.sample, self.ascending, self._order = sample, ascending[:there], order[:there]
        new = np.ones(there, np.bool_)
        np.not_equal(self.ascending[1:], self.ascending[:-1], out=new[1:])
        self._first = np.flatnonzero(new)
        self.numbers = self.ascending[self._first]
        self.counts: NDArray[np.int64] = np.diff(self._first, append=there)

    @property
    def of_classes(self) -> bool:
        """Whether the target is classes."""
        return self.sample.targets.values.dtype == bool

    @property
    def units(self) -> Values:
        """(k,) the sample's."""
        return self.sample.units

    @cached_property
    def _answered(self) -> Values:
        return self.sample.standardised[:, self._order]

    @cached_property
    def _weighted(self) -> Values:
        counting = self.sample.targets.counting
        return self._answered if counting is None else counting[self._order] * self._answered

    @cached_property
    def rows(self) -> Values:
        """(G,) total weight of the rows with each number."""
        counting = self.sample.targets.counting
        return self.counts.astype(np.float64) if counting is None else self._added(counting[self._order])

    @cached_property
    def sums(self) -> Values:
        """(k, G) sums of their standardised targets."""
        return self._added(self._weighted)

    @cached_property
    def means(self) -> Values:
        """(k, G) their mean targets."""
        return np.asarray(self.sums / np.maximum(self.rows, SMALLEST))

    @cached_property
    def squares(self) -> Values:
        """(k,) sums of squares of all targets."""
        return np.asarray((self._weighted * self._answered).sum(axis=1))

    @property
    def own(self) -> Values:
        """(k,) sums of squares that the means explain."""
        return np.asarray((self.sums * self.means).sum(axis=1))

    @property
    def flat(self) -> Values:
        """(k,) sums of squares that the mean of all targets explains: not more than any `line` does."""
        return np.asarray(self.sums.sum(axis=1) ** 2 / max(float(self.rows.sum()), SMALLEST))

    def _added(self, of_rows: Values) -> Values:
        alone = len(self._first) == len(self._order)
        return of_rows if alone else np.asarray(np.add.reduceat(of_rows, self._first, axis=-1))

    def line(self, edges: tuple[float, ...]) -> tuple[Values, Values]:
        """The piecewise-linear fit with knots at these edges: predictions (k, G), and sums of squares explained, (k,).

        It is a sum of hat functions, of which only neighbours overlap, so that its normal equations are tridiagonal.
        """
        bins, place = count(edges), position(self.numbers, edges)
        low = place.astype(np.intp).clip(0, bins - 1)
        up = (place - low).clip(0.0, 1.0)

        def hats(of_this: Values, of_next: Values) -> Values:
            return np.asarray(np.bincount(low, of_this, bins + 1) + np.bincount(low + 1, of_next, bins + 1), np.float64)

        beside = np.bincount(low, up * (1 - up) * self.rows, bins)
        gram = np.diag(hats((1 - up) ** 2 * self.rows, up**2 * self.rows)) + np.diag(beside, 1) + np.diag(beside, -1)
        along = np.stack([hats((1 - up) * each, up * each) for each in self.sums])
        heights = np.linalg.solve(gram + STEADY * gram.max() * np.eye(bins + 1), along.T).T
        fitted = (1 - up) * heights[:, low] + up * heights[:, low + 1]
        return fitted, np.asarray((along * heights).sum(axis=1))
