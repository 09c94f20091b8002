"""What rows answer by the number of a column, and the least-squares line through the edges of its bins."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltaw.preparation.columns.means import SMALLEST, Answers, scaled
from deltaw.preparation.scales.bins import count, position

Values = NDArray[np.float64]

TOLD_BY = 20_000  # rows that say what a column's numbers are like; evenly spread
STEADY = 1e-9  # of the largest on the diagonal, added to it: through bins without rows any line goes


class Sample(NamedTuple):
    """Rows enough to tell by what all columns of numbers are like.

    Attributes:
        every: which of the rows they are.
        answers: of these.
        answered: (k, m) what they answer, in units of its deviations.
        units: (k,) how squares of these are to each other in the target's own units.
    """

    every: slice
    answers: Answers
    answered: Values
    units: Values

    @classmethod
    def of(cls, answers: Answers) -> Sample:
        """Of all rows."""
        every = slice(None, None, max(1, -(-len(answers.values) // TOLD_BY)))
        some = answers.some(every)._replace(whole={})
        return cls(every, some, scaled(some.values, some.scales), some.squared_widths)

    def cells(self, x: NDArray[np.floating]) -> Values:
        """Of a column of all rows, (n,), these, (m,)."""
        return x[self.every].astype(np.float64)


class ByNumber:
    """What rows answer, summed up for each of the G numbers that a column has.

    Many columns are asked, and few are more than they look: numbers are told apart by one sort, and answers are summed
    up where somebody asks.

    Args:
        x: (m,) numbers, NaN where missing.
        sample: the rows.

    Attributes:
        ascending: those that are no NaN.
        numbers: (G,) the different ones, ascending.
        counts: (G,) how many rows have each.
    """

    def __init__(self, x: Values, sample: Sample) -> None:
        order = np.argsort(x)
        ascending = x[order]
        there = int(np.searchsorted(ascending, np.nan))  # which comes last
        self.sample, self.ascending, self._order = sample, ascending[:there], order[:there]
        new = np.ones(there, np.bool_)
        np.not_equal(self.ascending[1:], self.ascending[:-1], out=new[1:])
        self._first = np.flatnonzero(new)
        self.numbers = self.ascending[self._first]
        self.counts: NDArray[np.int64] = np.diff(self._first, append=there)

    @property
    def of_classes(self) -> bool:
        """Whether answers are classes, and not numbers."""
        return self.sample.answers.values.dtype == bool

    @property
    def units(self) -> Values:
        """(k,) those of the sample."""
        return self.sample.units

    @cached_property
    def _answered(self) -> Values:
        return self.sample.answered[:, self._order]

    @cached_property
    def _weighted(self) -> Values:
        counting = self.sample.answers.counting
        return self._answered if counting is None else counting[self._order] * self._answered

    @cached_property
    def rows(self) -> Values:
        """(G,) how many rows have each number, by their weights."""
        counting = self.sample.answers.counting
        return self.counts.astype(np.float64) if counting is None else self._added(counting[self._order])

    @cached_property
    def sums(self) -> Values:
        """(k, G) what their answers add up to, in units of their deviations."""
        return self._added(self._weighted)

    @cached_property
    def means(self) -> Values:
        """(k, G) their mean answers."""
        return np.asarray(self.sums / np.maximum(self.rows, SMALLEST))

    @cached_property
    def squares(self) -> Values:
        """(k,) what the squares of all answers add up to."""
        return np.asarray((self._weighted * self._answered).sum(axis=1))

    @property
    def own(self) -> Values:
        """(k,) of these, what the means say."""
        return np.asarray((self.sums * self.means).sum(axis=1))

    def _added(self, of_rows: Values) -> Values:
        alone = len(self._first) == len(self._order)
        return of_rows if alone else np.asarray(np.add.reduceat(of_rows, self._first, axis=-1))

    def line(self, edges: tuple[float, ...]) -> tuple[Values, Values]:
        """What the line with kinks at these edges says of each number, (k, G), and of the squares of all answers, (k,).

        It is the sum of hats over the edges, of which only neighbours overlap.
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
        told = (1 - up) * heights[:, low] + up * heights[:, low + 1]
        return told, np.asarray((along * heights).sum(axis=1))
