"""Numbers that recur and are names: what rows with exactly this number answer, beyond the line through its bins.

A distance that stands for a route, a shop's number, a size that only one model has: what such a number says is no
matter of more and less. Rows with the same number are then alike in what a line leaves of their answers, as rows with
a word are, and the one-way analysis of variance of that tells it from chance: of n rows with G numbers, and of a line
with p coefficients, F = (between / (G − p)) / (within / (n − G)). The line is the least-squares one with kinks at the
bins' edges. Each number then has the smoothed mean of what its rows leave, by m = σ² / τ² and out of fold, as words
have (`deltaw.preparation.columns.means`); a number that no two rows have has 0. That has to be worth an input: of
several classes, each of which needs one, and of numbers with two or three rows each, what is no chance may still say
nothing of other rows. So the means of four parts are held against the answers of the fifth, each in turn.
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
from deltaw.preparation.chance import about
from deltaw.preparation.columns.lines import STEADY, ByNumber
from deltaw.preparation.columns.means import (
    DIGITS,
    FEWEST_ROWS,
    MOST_KNOWN,
    OTHERS,
    PARTS,
    SMALLEST,
    Answers,
    Apart,
    Told,
    smoothing,
)
from deltaw.preparation.document import between, holds, is_number, is_text, list_of
from deltaw.preparation.scales.bins import count, position
from deltaw.preparation.scales.scaling import Scale

Values = NDArray[np.float64]

# Chance says of one column in a million that its numbers are names; and what they say of rows that did not say it has
# to be worth an input: so much of the variance that the line leaves. Measured: docs/explanations/recipe.md.
CHANCE, WORTH = 1e-6, 0.02
FEWEST_NUMBERS = 3  # that several rows have: a yes and a no lie on a line
LEAST_SHARE = 0.05  # of the rows that have a number which a row before them has


@dataclass(frozen=True)
class Recurring:
    """A mean for each number that is a name, of one output or several, in units of `scales`; others have 0.

    Attributes:
        names: of the k outputs.
        scales: k, from the target's own units: divided by the deviation of all rows.
        numbers: ascending.
        values: (len(numbers), k).
    """

    names: tuple[str, ...]
    scales: tuple[Scale, ...]
    numbers: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]

    CHECKS: ClassVar = {
        "names": list_of(is_text),
        "scales": list_of(Scale.accepts),
        "numbers": list_of(is_number),
        "values": list_of(list_of(between(-LIMIT, LIMIT))),
    }

    @classmethod
    def fit(
        cls, column: str, x: NDArray[np.floating], edges: tuple[float, ...], answers: Answers, told: ByNumber
    ) -> Recurring | None:
        """Learnt from rows; None where numbers are no names.

        Args:
            x: (n,) floats of either size, NaN where missing.
            edges: of the column's bins.
            told: what some of these rows answer, by their numbers.
        """
        if not edges or not _no_chance(told, edges):
            return None
        sample, scales = told.sample, tuple(Scale(0.0, scale.width) for scale in answers.scales)
        if not _Sums(_told(column, sample.cells(x), sample.answers, scales), edges).is_worth_it(sample.units):
            return None
        names = tuple(f"{name} beyond the line" for name in answers.names)
        return cls(names, scales, (), ()).known(column, x.astype(np.float64, copy=False), edges, answers)

    def known(self, column: str, x: Values, edges: tuple[float, ...], answers: Answers) -> Recurring:
        """With the numbers and the means of these rows, in the same units."""
        sums = _Sums(_told(column, x, answers, self.scales), edges)
        known = np.flatnonzero(sums.counts >= FEWEST_ROWS)
        known = np.sort(known[np.argsort(-sums.counts[known], kind="stable")[: MOST_KNOWN // len(self.scales)]])
        means = np.round(sums.means(np.arange(PARTS))[known], DIGITS) + 0.0
        return replace(self, numbers=tuple(sums.numbers[known].tolist()), values=tuple(map(tuple, means.tolist())))

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Recurring:
        """The inverse of `dataclasses.asdict`, of what it `accepts`."""
        scales, values = (Scale(**each) for each in document["scales"]), map(tuple, document["values"])
        return cls(tuple(document["names"]), tuple(scales), tuple(document["numbers"]), tuple(values))

    @classmethod
    def accepts(cls, document: Any) -> bool:
        """Whether `document` holds the fields of one, that fit together."""
        if not holds(document, cls.CHECKS):
            return False
        k, numbers = len(document["names"]), document["numbers"]
        fit_together = all(len(row) == k for row in (*document["values"], document["scales"]))
        ascending = len(numbers) > 0 and all(low < high for low, high in pairwise(numbers))
        return k > 0 and fit_together and ascending and len(document["values"]) == len(numbers)

    @cached_property
    def _table(self) -> tuple[Values, Values]:
        return np.array(self.numbers), np.array(self.values)

    def of(self, x: Values) -> Values:
        """The means of rows by their numbers, (n, k); for rows that were not learnt from."""
        numbers, values = self._table
        place = np.searchsorted(numbers, x).clip(max=len(numbers) - 1)
        return np.where((numbers[place] == x)[:, None], values[place], 0.0)

    def of_learnt(self, column: str, x: Values, edges: tuple[float, ...], answers: Answers) -> Values:
        """The means of the rows that were learnt from, (n, k), each of other parts' rows alone."""
        found = answers.apart.get(column) or self.apart(column, x, edges, answers)
        return found.of(_cells(column, x), answers.parts)

    def apart(self, column: str, x: Values, edges: tuple[float, ...], answers: Answers) -> Apart:
        """What these rows are told; 0 where there is no number."""
        told = _told(column, x, answers, self.scales)
        means = np.zeros((PARTS, len(told.cells), len(self.names)))
        means[:, 1:] = _Sums(told, edges).means(OTHERS)
        return Apart(told.cells, means)


def _cells(column: str, x: Values) -> pl.Series:
    return pl.Series(column, x, nan_to_null=True)


def _told(column: str, x: Values, answers: Answers, scales: Sequence[Scale]) -> Told:
    """What rows answer by their numbers, in units of scales that only stretch."""
    told = answers.told(_cells(column, x), scales)
    if column not in answers.whole:
        return told
    moved = [Scale(-own.centre / own.width, 1.0) for own in answers.scales]
    return told.in_units(moved, 1.0)  # back from units that move as well


def _no_chance(told: ByNumber, edges: tuple[float, ...]) -> bool:
    """Whether enough numbers recur, and rows with the same one are more alike than chance has them, in what the line
    leaves of all outputs together. The line has a coefficient an edge, each of which is one of the numbers.
    """
    several, within = np.count_nonzero(told.counts > 1), int(told.counts.sum()) - len(told.counts)
    among, rows = len(told.counts) - len(edges), len(told.sample.answers.values)
    if several < FEWEST_NUMBERS or within < LEAST_SHARE * rows or among <= 0:
        return False
    own = told.own
    apart = float(told.units @ (own - told.line(edges)[1]))
    noise = max(float(told.units @ (told.squares - own)) / within, STEADY * apart / among, SMALLEST)  # not 0
    ratio = apart / among / noise
    return bool(ratio > 1.0 and about(among, within, ratio) < CHANCE)


class _Line(NamedTuple):
    """Of some rows, number by number, what the line through their bins' edges says and leaves.

    Attributes:
        told: (..., k, G) what it says of each number.
        rows: (..., G) how many there are of each.
        sums: (..., k, G) what is left of their answers, added up.
        squares: (..., k) all squares of what is left, added up.
    """

    told: Values
    rows: Values
    sums: Values
    squares: Values

    @property
    def means(self) -> Values:
        """The smoothed mean of what is left of each number's rows, (..., k, G)."""
        m = smoothing(self.rows, self.sums, self.squares)
        return np.asarray(self.sums / (self.rows[..., None, :] + m[..., None]))


class _Sums:
    """How many rows each number has in each part, and what their answers add up to.

    Attributes:
        numbers: (G,) the different ones, ascending.
        counts: (G,) how many rows have each.
    """

    def __init__(self, told: Told, edges: tuple[float, ...]) -> None:
        self.numbers, self.counts = told.cells[1:].to_numpy(), told.counts[1:]
        self._rows, self._sums = told.rows[:, 1:], np.swapaxes(told.sums[..., 1:], 0, 1)
        self._squares = told.squares[..., 1:].sum(axis=-1).T
        passed = np.clip(position(self.numbers, edges)[:, None] - np.arange(count(edges)), 0.0, 1.0)
        self._basis = np.hstack([np.ones((len(passed), 1)), passed])

    def line(self, parts: NDArray[np.int64]) -> _Line:
        """By the rows of some parts, (..., j) of them."""
        rows, sums, B = self._rows[parts].sum(axis=-2), self._sums[parts].sum(axis=-3), self._basis
        gram = (B.T * rows[..., None, :]) @ B
        most = gram.max(axis=(-2, -1))[..., None, None]
        steady = gram + STEADY * np.where(most, most, 1.0) * np.eye(B.shape[1])
        told = np.swapaxes(np.linalg.solve(steady, np.swapaxes(sums @ B, -2, -1)), -2, -1) @ B.T
        return _Line(told, rows, *self._left(told, parts))

    def _left(self, told: Values, parts: NDArray[np.int64]) -> tuple[Values, Values]:
        """What is left of the answers of some parts' rows where so much is told of each number: sums, and squares."""
        rows, sums = self._rows[parts].sum(axis=-2)[..., None, :], self._sums[parts].sum(axis=-3)
        squares = self._squares[parts].sum(axis=-2) - (told * (2 * sums - rows * told)).sum(axis=-1)
        return sums - rows * told, squares

    def means(self, parts: NDArray[np.int64]) -> Values:
        """The smoothed mean of what each number's rows leave, by the rows of some parts, (..., G, k)."""
        return np.swapaxes(self.line(parts).means, -2, -1)

    def is_worth_it(self, weight: Values) -> bool:
        """Whether the means of other parts' rows save enough of what the line of these leaves of a part.

        `weight`: of the squares of each output, (k,).
        """
        line, own = self.line(OTHERS), np.arange(PARTS)[:, None]
        left, after = ((self._left(told, own)[1] @ weight).sum() for told in (line.told, line.told + line.means))
        return bool(left - after > WORTH * left)
