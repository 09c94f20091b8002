"""Recurring numbers that act as names: target means of each number, beyond the piecewise-linear fit over its bins.

A shop's number, a distance that identifies a route, a size that only one model has: rows with exactly the same number
have similar residuals of the fit. A one-way analysis of variance tests that: for n rows with G distinct numbers, and p
coefficients of the fit, F = (between / (G − p)) / (within / (n − G)). Each number then gets the smoothed mean residual
of its rows, out of fold, as words get target means (`deltaw.preparation.columns.means`); numbers of a single row get 0.
To be worth an input, the means must also reduce the squared error in cross-validation over the parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.scaled import LIMIT
from deltaw.plain import Plain
from deltaw.preparation.columns.lines import STEADY, ByNumber
from deltaw.preparation.columns.means import (
    DIGITS,
    FEWEST_ROWS,
    MOST_KNOWN,
    OTHERS,
    PARTS,
    SMALLEST,
    OutOfFold,
    TargetSums,
    TrainingTargets,
    smoothing,
)
from deltaw.preparation.document import between
from deltaw.preparation.f_distribution import about
from deltaw.preparation.scales.bins import count, position
from deltaw.preparation.scales.scaling import Scale
from deltaw.schema import agrees

Values = NDArray[np.float64]

# p-value of the F test; and the share of the residual variance that the means must explain in cross-validation.
# Measured: docs/explanations/recipe.md.
CHANCE, WORTH = 1e-6, 0.02
FEWEST_NUMBERS = 3  # that several rows have; two lie on a line
LEAST_SHARE = 0.05  # of rows whose number an earlier row has


@dataclass(frozen=True)
class Recurring(Plain):
    """Mean residuals of recurring numbers, in units of `scales`; 0 for other numbers.

    Attributes:
        names: of the k outputs.
        scales: of the k outputs: standard deviation over all training rows.
        numbers: ascending.
        values: (len(numbers), k).
    """

    names: tuple[str, ...]
    scales: tuple[Scale, ...]
    numbers: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]

    CHECKS: ClassVar = {
        "names": [str],
        "scales": [Scale.CHECKS],
        "numbers": [float],
        "values": [[between(-LIMIT, LIMIT)]],
    }

    @classmethod
    def fit(
        cls,
        column: str,
        x: NDArray[np.floating],
        edges: tuple[float, ...],
        targets: TrainingTargets,
        by_number: ByNumber,
    ) -> Recurring | None:
        """Fit on the training rows; None if numbers do not act as names.

        Args:
            column: name of the column.
            x: (n,) float32 or float64, NaN where missing.
            edges: of the column's bins.
            targets: of the rows.
            by_number: sums of the targets of a sample of these rows, by number.
        """
        if not edges or not _no_chance(by_number, edges):
            return None
        sample, scales = by_number.sample, tuple(Scale(0.0, scale.width) for scale in targets.scales)
        if not _Sums(_target_sums(column, sample.cells(x), sample.targets, scales), edges).is_worth_it(sample.units):
            return None
        names = tuple(f"{name} (residual)" for name in targets.names)
        return cls(names, scales, (), ()).known(column, x.astype(np.float64, copy=False), edges, targets)

    def known(self, column: str, x: Values, edges: tuple[float, ...], targets: TrainingTargets) -> Recurring:
        """The same with the numbers and means of these rows."""
        sums = _Sums(_target_sums(column, x, targets, self.scales), edges)
        known = np.flatnonzero(sums.counts >= FEWEST_ROWS)
        known = np.sort(known[np.argsort(-sums.counts[known], kind="stable")[: MOST_KNOWN // len(self.scales)]])
        means = np.round(sums.means(np.arange(PARTS))[known], DIGITS) + 0.0
        return replace(self, numbers=tuple(sums.numbers[known].tolist()), values=tuple(map(tuple, means.tolist())))

    @classmethod
    def accepts(cls, document: Any) -> bool:
        """Whether `document` holds the fields of one, that fit together."""
        if not agrees(document, cls.CHECKS):
            return False
        k, numbers = len(document["names"]), document["numbers"]
        fit_together = all(len(row) == k for row in (*document["values"], document["scales"]))
        ascending = len(numbers) > 0 and all(low < high for low, high in pairwise(numbers))
        return k > 0 and fit_together and ascending and len(document["values"]) == len(numbers)

    @cached_property
    def _table(self) -> tuple[Values, Values]:
        return np.array(self.numbers), np.array(self.values)

    def of(self, x: Values) -> Values:
        """(n, k) means of rows by their numbers; for rows other than the training rows."""
        numbers, values = self._table
        place = np.searchsorted(numbers, x).clip(max=len(numbers) - 1)
        return np.where((numbers[place] == x)[:, None], values[place], 0.0)

    def of_learnt(self, column: str, x: Values, edges: tuple[float, ...], targets: TrainingTargets) -> Values:
        """(n, k) out-of-fold means of the training rows."""
        found = targets.out_of_fold.get(column) or self.out_of_fold(column, x, edges, targets)
        return found.of(_cells(column, x), targets.parts)

    def out_of_fold(self, column: str, x: Values, edges: tuple[float, ...], targets: TrainingTargets) -> OutOfFold:
        """Out-of-fold means of the training rows; 0 for missing numbers."""
        sums = _target_sums(column, x, targets, self.scales)
        means = np.zeros((PARTS, len(sums.cells), len(self.names)))
        means[:, 1:] = _Sums(sums, edges).means(OTHERS)
        return OutOfFold(sums.cells, means)


def _cells(column: str, x: Values) -> pl.Series:
    return pl.Series(column, x, nan_to_null=True)


def _target_sums(column: str, x: Values, targets: TrainingTargets, scales: Sequence[Scale]) -> TargetSums:
    """Sums of the targets by number, in units of scales without an offset."""
    sums = targets.sums_by(_cells(column, x), scales)
    if column not in targets.whole:
        return sums
    moved = [Scale(-own.centre / own.width, 1.0) for own in targets.scales]
    return sums.in_units(moved, 1.0)  # back from units that move as well


def _no_chance(by_number: ByNumber, edges: tuple[float, ...]) -> bool:
    """Whether enough numbers recur, and the F test on the residuals of all outputs is significant."""
    several, within = np.count_nonzero(by_number.counts > 1), int(by_number.counts.sum()) - len(by_number.counts)
    among, rows = len(by_number.counts) - len(edges), len(by_number.sample.targets.values)
    if several < FEWEST_NUMBERS or within < LEAST_SHARE * rows or among <= 0:
        return False
    own, units = by_number.own, by_number.units
    left = max(float(units @ (by_number.squares - own)) / within, SMALLEST)  # not 0

    def significant(told: Values) -> bool:
        apart = float(units @ (own - told))
        ratio = apart / among / max(left, STEADY * apart / among)
        return bool(ratio > 1.0 and about(among, within, ratio) < CHANCE)

    return significant(by_number.flat) and significant(by_number.line(edges)[1])  # a cheap bound first


class _Line(NamedTuple):
    """The piecewise-linear fit on some rows, and its residuals by number.

    Attributes:
        fitted: (..., k, G) prediction for each number.
        rows: (..., G) weight of the rows of each.
        sums: (..., k, G) sums of their residuals.
        squares: (..., k) sum of squares of all residuals.
    """

    fitted: Values
    rows: Values
    sums: Values
    squares: Values

    @property
    def means(self) -> Values:
        """(..., k, G) smoothed mean residual of each number."""
        m = smoothing(self.rows, self.sums, self.squares)
        return np.asarray(self.sums / (self.rows[..., None, :] + m[..., None]))


class _Sums:
    """Rows and sums of targets of each number in each part.

    Attributes:
        numbers: (G,) distinct, ascending.
        counts: (G,) rows with each.
    """

    def __init__(self, sums: TargetSums, edges: tuple[float, ...]) -> None:
        self.numbers, self.counts = sums.cells[1:].to_numpy(), sums.counts[1:]
        self._rows, self._sums = sums.rows[:, 1:], np.swapaxes(sums.sums[..., 1:], 0, 1)
        self._squares = sums.squares[..., 1:].sum(axis=-1).T
        passed = np.clip(position(self.numbers, edges)[:, None] - np.arange(count(edges)), 0.0, 1.0)
        self._basis = np.hstack([np.ones((len(passed), 1)), passed])

    def line(self, parts: NDArray[np.int64]) -> _Line:
        """The fit on the rows of some parts, (..., j) of them."""
        rows, sums, B = self._rows[parts].sum(axis=-2), self._sums[parts].sum(axis=-3), self._basis
        gram = (B.T * rows[..., None, :]) @ B
        most = gram.max(axis=(-2, -1))[..., None, None]
        steady = gram + STEADY * np.where(most, most, 1.0) * np.eye(B.shape[1])
        fitted = np.swapaxes(np.linalg.solve(steady, np.swapaxes(sums @ B, -2, -1)), -2, -1) @ B.T
        return _Line(fitted, rows, *self._left(fitted, parts))

    def _left(self, fitted: Values, parts: NDArray[np.int64]) -> tuple[Values, Values]:
        """Residual sums and squares of some parts' rows for these predictions."""
        rows, sums = self._rows[parts].sum(axis=-2)[..., None, :], self._sums[parts].sum(axis=-3)
        squares = self._squares[parts].sum(axis=-2) - (fitted * (2 * sums - rows * fitted)).sum(axis=-1)
        return sums - rows * fitted, squares

    def means(self, parts: NDArray[np.int64]) -> Values:
        """(..., G, k) smoothed mean residuals by the rows of some parts."""
        return np.swapaxes(self.line(parts).means, -2, -1)

    def is_worth_it(self, weight: Values) -> bool:
        """Whether the means reduce the squared error enough in cross-validation over the parts.

        `weight`: (k,) of the squares of each output.
        """
        line, own = self.line(OTHERS), np.arange(PARTS)[:, None]
        left, after = (
            (self._left(fitted, own)[1] @ weight).sum() for fitted in (line.fitted, line.fitted + line.means)
        )
        return bool(left - after > WORTH * left)
