"""Target encoding: the smoothed mean target of the training rows with a word (or number, or equal cells).

Micci-Barreca 2001, "A preprocessing scheme for high-cardinality categorical attributes", SIGKDD Explorations 3(1): for
n rows with a word, the sum S of their targets and the mean μ of all rows,

    (S + m μ) / (n + m)

as if there were m more rows with the mean target. If the words' means have the variance τ² about μ, and rows the
variance σ² about their word's mean, m = σ² / τ² minimises the expected error (empirical Bayes); both are estimated by
the analysis of variance (Searle, Casella & McCulloch 1992, "Variance components", section 3.6).

A training row's own target must not be among its inputs: the rows are divided into PARTS parts, and each training row
gets the mean over the other parts (out of fold). All other rows get the mean over all training rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.scaled import LIMIT
from deltaw.plain import Plain
from deltaw.preparation.document import between, distinct
from deltaw.preparation.reading import as_places, places_of
from deltaw.preparation.scales.scaling import SCALINGS, Scale, fit_scale
from deltaw.schema import agrees
from deltaw.tables.taking import AT_ONCE

Values = NDArray[np.float64]

LEAST_SMOOTHING, MOST_SMOOTHING = 1.0, 1e4  # bounds of m, which is uncertain for words of few rows
PARTS = 5
MOST_KNOWN = 5_000  # means of a column over all outputs: those of the words with most rows
FEWEST_ROWS = 2  # of a word with a mean of its own
DIGITS, SMALLEST = 6, float(np.finfo(np.float64).tiny)
STANDARD = SCALINGS["standard"].fit
MOST_OUTPUTS = 10  # classes: with more, there are no target means


class TargetSums(NamedTuple):
    """Sums of the target for each word, or number, of a column.

    Attributes:
        cells: (G,) null, then the distinct words or numbers in ascending order.
        counts: (G,) rows with each.
        rows: (PARTS, G) their total weight in each part.
        sums: (k, PARTS, G) sums of their targets.
        squares: (k, PARTS, G) sums of the targets' squares.
    """

    cells: pl.Series
    counts: NDArray[np.int64]
    rows: Values
    sums: Values
    squares: Values

    @classmethod
    def of(
        cls,
        cells: pl.Series,
        values: NDArray[Any],
        parts: NDArray[np.uint8],
        weight: Values | None = None,
        scales: Sequence[Scale] = (),
    ) -> TargetSums:
        """Sum up rows: cells (null if missing), targets (k, n) in units of `scales`, parts and weights (n,).

        In batches of rows, to save memory.
        """
        known, place = _different(cells)
        count, k = len(known), len(values)
        counts, rows = np.zeros(count, np.int64), np.zeros(PARTS * count)
        sums, squares = np.zeros((k, PARTS * count)), np.zeros((k, PARTS * count))
        for start in range(0, len(place), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            within = parts[some].astype(np.int64) * count + place[some]
            weights = np.ones(len(within)) if weight is None else weight[some]
            counts += np.bincount(place[some], minlength=count)
            np.add.at(rows, within, weights)
            for i, each in enumerate(scaled(values[:, some].T, scales) if scales else values[:, some]):
                np.add.at(sums[i], within, weights * each)
                np.add.at(squares[i], within, weights * each**2)
        return cls(known, counts, rows.reshape(PARTS, count), *(x.reshape(k, PARTS, count) for x in (sums, squares)))

    def beside(self, other: TargetSums) -> TargetSums:
        """The sums over the rows of both."""
        cells = pl.concat([self.cells, other.cells]).unique().sort()
        found = [(each, places(each.cells, cells)) for each in (self, other)]

        def added(name: str) -> Any:
            total = np.zeros((*getattr(self, name).shape[:-1], len(cells)), getattr(self, name).dtype)
            for each, place in found:
                total[..., place] += getattr(each, name)
            return total

        return TargetSums(cells, *(added(name) for name in self._fields[1:]))

    def most(self, most: int) -> TargetSums:
        """The sums of the most frequent cells."""
        if len(self.cells) <= most:
            return self
        order = np.argsort(-self.counts[1:], kind="stable")[: most - 1]
        kept = np.array([0, *np.sort(order + 1)])
        return TargetSums(self.cells[kept], self.counts[kept], *(each[..., kept] for each in self[2:]))

    def in_units(self, scales: Sequence[Scale], weight: float) -> TargetSums:
        """The same for targets in units of other scales, and for weights divided by `weight`."""
        centre, width = (
            np.array([getattr(each, name) for each in scales])[:, None, None] for name in ("centre", "width")
        )
        squares = (self.squares - 2 * centre * self.sums + centre**2 * self.rows) / width**2
        sums = (self.sums - centre * self.rows) / width
        return self._replace(rows=self.rows / weight, sums=sums / weight, squares=squares / weight)

    def means(self, parts: NDArray[np.int64]) -> tuple[Values, Values]:
        """Smoothed means of each cell over the rows of some parts, (G, k), and the mean over all cells, (k,)."""
        rows, sums, squares = (each[..., parts, :].sum(axis=-2) for each in (self.rows, self.sums, self.squares))
        mean, m = sums.sum(axis=1) / rows.sum(), smoothing(rows, sums, squares.sum(axis=1))
        return ((sums + (m * mean)[:, None]) / (rows + m[:, None])).T, mean


def _different(cells: pl.Series) -> tuple[pl.Series, NDArray[np.integer]]:
    """Null, then the distinct cells in ascending order; and the index of each cell among these."""
    if isinstance(cells.dtype, pl.Enum):
        return _of_numbers(cells, cells.dtype.categories)
    if cells.dtype.is_float():  # many columns are asked, and an expression of Polars costs more than few rows do
        x, place = cells.to_numpy(), np.empty(len(cells), np.int32)
        parts = [x[i : i + AT_ONCE] for i in range(0, len(x), AT_ONCE)]
        present = np.unique(np.concatenate([x[:0], *(np.unique(part[~np.isnan(part)]) for part in parts)]))
        for i, part in enumerate(parts):
            found = np.where(np.isnan(part), 0, np.searchsorted(present, part) + 1)
            place[i * AT_ONCE : i * AT_ONCE + len(part)] = found
        return pl.concat([pl.Series(cells.name, [None], dtype=cells.dtype), pl.Series(cells.name, present)]), place
    known = pl.concat([pl.Series(cells.name, [None], dtype=cells.dtype), cells.drop_nulls().unique().sort()])
    return known, places(cells, known)


def _of_numbers(cells: pl.Series, words: pl.Series) -> tuple[pl.Series, NDArray[np.integer]]:
    """The same for words that are stored as numbers."""
    starts = range(0, len(cells), AT_ONCE)

    def numbers(start: int) -> NDArray[np.int32]:
        return cells.slice(start, AT_ONCE).to_physical().cast(pl.Int32).fill_null(len(words)).to_numpy()

    there = np.zeros(len(words) + 1, bool)
    for start in starts:
        there[numbers(start)] = True
    present = np.flatnonzero(there[:-1])
    present = present[words.gather(present).arg_sort().to_numpy()]
    place, found = np.zeros(len(words) + 1, np.int32), np.empty(len(cells), np.int32)
    place[present] = 1 + np.arange(len(present))
    for start in starts:
        found[start : start + AT_ONCE] = place[numbers(start)]
    nothing = pl.Series(cells.name, [None], dtype=pl.String)
    return pl.concat([nothing, words.gather(present).alias(cells.name)]), found


def places(cells: pl.Series, known: pl.Series) -> NDArray[np.int64]:
    """The index of each cell among `known` ones (ascending, the first is null); 0 for others."""
    if cells.dtype.is_numeric():
        x, ascending = cells.to_numpy(), known[1:].to_numpy()
        return np.where(np.isin(x, ascending), np.searchsorted(ascending, x) + 1, 0)
    table = pl.DataFrame([known.alias("cell"), pl.int_range(len(known), eager=True).alias("place")]).drop_nulls("cell")
    found = cells.to_frame("cell").join(table, on="cell", how="left", maintain_order="left")
    return found["place"].fill_null(0).to_numpy()


class OutOfFold(NamedTuple):
    """Out-of-fold means of a column: for each part those over the rows of all other parts.

    Attributes:
        cells: (G,) null, then the distinct words or numbers in ascending order.
        means: (PARTS, G, k).
    """

    cells: pl.Series
    means: Values

    @classmethod
    def by(cls, sums: TargetSums) -> OutOfFold:
        """The smoothed means by these sums."""
        return cls(sums.cells, np.stack([sums.means(others)[0] for others in OTHERS]))

    def of(self, cells: pl.Series, parts: NDArray[np.uint8]) -> Values:
        """(n, k) means of rows by their cells and parts."""
        return np.asarray(self.means[parts, places(cells, self.cells)])


OTHERS = np.stack([np.flatnonzero(np.arange(PARTS) != part) for part in range(PARTS)])  # of each part


class TrainingTargets(NamedTuple):
    """The targets of n training rows, for target encoding.

    Attributes:
        names: of the means of each column of `values`: "mean rating", "share of yes".
        values: (n, k) numbers, or booleans: the second of two classes, or one-hot.
        parts: (n,) the part of each row, 0 to PARTS − 1.
        weight: (n,) row weights; None: all 1.
        scales: of each column of `values`: mean and standard deviation over all rows.
        whole: sums over all training rows, by column, in units of `scales`, if these rows are a sample.
        out_of_fold: means over all training rows, by column, if these rows are a batch.
    """

    names: tuple[str, ...]
    values: NDArray[Any]
    parts: NDArray[np.uint8]
    weight: Values | None
    scales: tuple[Scale, ...]
    whole: Mapping[str, TargetSums] = {}
    out_of_fold: Mapping[str, OutOfFold] = {}

    def some(self, rows: slice | NDArray[np.int64]) -> TrainingTargets:
        """The targets of some of the rows."""
        weight = None if self.weight is None else self.weight[rows]
        return self._replace(values=self.values[rows], parts=self.parts[rows], weight=weight)

    @classmethod
    def of(
        cls, names: tuple[str, ...], values: NDArray[Any], parts: NDArray[np.uint8], weight: Values | None = None
    ) -> TrainingTargets:
        """The targets of rows, standardised."""
        scales = (fit_scale(STANDARD, column.astype(np.float64, copy=False)) for column in values.T)
        return cls(names, values, parts, weight, tuple(scales))

    def sums_by(self, cells: pl.Series, scales: Sequence[Scale]) -> TargetSums:
        """Sums by the cells of a column, over these rows or all training rows (`whole`), in units of `scales`."""
        if cells.name in self.whole:
            return self.whole[cells.name]
        return TargetSums.of(cells, self.values.T, self.parts, self.counting, scales)

    @property
    def counting(self) -> Values | None:
        """Row weights with a mean of 1; None: all 1."""
        return None if self.weight is None else self.weight / self.weight.mean()

    @property
    def squared_widths(self) -> Values:
        """(k,) squared widths of `scales`, relative to the largest."""
        widths = np.array([scale.width for scale in self.scales])
        return np.asarray((widths / widths.max()) ** 2)


@dataclass(frozen=True)
class Means(Plain):
    """Target means of words, standardised.

    Attributes:
        names: of the k outputs.
        scales: of the k outputs: mean and standard deviation over all training rows.
        words: with means of their own.
        values: (len(words), k).
        missing: (k,) of missing cells.
        other: (k,) of all other words: the mean over all rows.
    """

    names: tuple[str, ...]
    scales: tuple[Scale, ...]
    words: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    missing: tuple[float, ...]
    other: tuple[float, ...]

    CHECKS: ClassVar = {
        "names": [str],
        "scales": [Scale.CHECKS],
        "words": distinct(str),
        "values": [[between(-LIMIT, LIMIT)]],
        "missing": [between(-LIMIT, LIMIT)],
        "other": [between(-LIMIT, LIMIT)],
    }

    @classmethod
    def fit(cls, words: pl.Series, targets: TrainingTargets) -> Means:
        """Fit on the words (null if missing) and targets of the training rows."""
        sums = targets.sums_by(words, targets.scales)
        counts = pl.DataFrame({"word": sums.cells, "rows": sums.counts}).with_row_index("place")
        counts = counts.filter(pl.col("rows") >= FEWEST_ROWS).drop_nulls("word")
        most = MOST_KNOWN // len(targets.scales)
        known = counts.sort(["rows", "word"], descending=[True, False]).head(most).sort("word")
        means, other = sums.means(np.arange(PARTS))
        missing = means[0] if sums.counts[0] else other
        values = means[known["place"].to_numpy()]
        return cls(targets.names, targets.scales, tuple(known["word"]), *map(_plain, (values, missing, other)))

    @classmethod
    def accepts(cls, document: Any) -> bool:
        """Whether `document` holds the fields of one, that fit together."""
        if not agrees(document, cls.CHECKS):
            return False
        k = len(document["names"])
        rows = (*document["values"], document["missing"], document["other"], document["scales"])
        return k > 0 and len(document["values"]) == len(document["words"]) and all(len(row) == k for row in rows)

    @cached_property
    def _places(self) -> dict[str, int]:
        return places_of(self.words)

    @cached_property
    def _table(self) -> Values:
        """Means by index: of `words`, of other words, of missing cells."""
        return np.array([*self.values, self.other, self.missing])

    def of(self, words: pl.Series) -> Values:
        """(n, k) means of rows by their words; for rows other than the training rows."""
        return np.asarray(self._table[as_places(words, self._places, len(self.words) + 1)])

    def of_learnt(self, words: pl.Series, targets: TrainingTargets) -> Values:
        """(n, k) out-of-fold means of the training rows."""
        found = targets.out_of_fold.get(words.name) or self.out_of_fold(words, targets)
        return found.of(words, targets.parts)

    def out_of_fold(self, words: pl.Series, targets: TrainingTargets) -> OutOfFold:
        """Out-of-fold means of the training rows."""
        return OutOfFold.by(targets.sums_by(words, self.scales))


def scaled(values: NDArray[Any], scales: Sequence[Scale]) -> Values:
    """Targets (n, k) in units of the scales, (k, n)."""
    return np.stack([scale.apply(x) for scale, x in zip(scales, values.T, strict=True)]).astype(np.float64)


def smoothing(rows: Values, sums: Values, squares: Values) -> Values:
    """m = σ² / τ² of k outputs, (..., k).

    Args:
        rows: (..., words) weight of the rows of each.
        sums: (..., k, words) sums of their targets.
        squares: (..., k) sums of squares of all targets.
    """
    n, words = rows.sum(axis=-1)[..., None], np.count_nonzero(rows, axis=-1)[..., None]
    n = np.where(n, n, 1.0)  # without rows all sums are 0
    between = (sums**2 / np.maximum(rows, SMALLEST)[..., None, :]).sum(axis=-1)
    within = np.maximum(squares - between, 0.0) / np.maximum(n - words, 1.0)
    apart = between - sums.sum(axis=-1) ** 2 / n - (words - 1) * within
    each = np.maximum(n - (rows**2).sum(axis=-1)[..., None] / n, 1.0)
    variance = np.maximum(apart / each, within / MOST_SMOOTHING)
    return np.asarray(np.maximum(within / np.maximum(variance, SMALLEST), LEAST_SMOOTHING))


def _plain(means: Values) -> Any:
    """Numbers rounded to six decimals of a standard deviation, as in a file."""
    rounded = (np.round(means, DIGITS) + 0.0).tolist()
    return tuple(map(tuple, rounded)) if means.ndim > 1 else tuple(rounded)
