"""What rows with a word answer on the average: what a column of many words says beyond the slots of the frequent ones.

Target statistics (Micci-Barreca 2001, "A preprocessing scheme for high-cardinality categorical attributes", SIGKDD
Explorations 3(1)): of n rows with a word, whose answers add up to S, and of the mean μ of all rows,

    (S + m μ) / (n + m)

that is, as if there were m rows more that answer as all do. Where the words' own means lie about μ with the variance
τ² and rows with a word about its mean with σ², m = σ² / τ² has the least error on the average (empirical
Bayes); the analysis of variance estimates both (Searle, Casella & McCulloch 1992, "Variance components", section 3.6).

A row that is learnt from must not find its own answer among its inputs, or what the network learns to believe is the
noise in it: rows lie in PARTS parts, and each row's mean is made of the other parts' rows. For all other rows it is
made of all rows that were learnt from.
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
from deltaw.preparation.document import between, holds, is_text, list_of
from deltaw.preparation.reading import as_places, places_of
from deltaw.preparation.scales.scaling import SCALINGS, Scale, fit_scale
from deltaw.tables.taking import AT_ONCE

Values = NDArray[np.float64]

LEAST_SMOOTHING, MOST_SMOOTHING = 1.0, 1e4  # m: words of few rows do not tell it well
PARTS = 5
MOST_KNOWN = 5_000  # means of a column, of all outputs together: the words with most rows
FEWEST_ROWS = 2  # of a word that has means of its own
DIGITS, SMALLEST = 6, float(np.finfo(np.float64).tiny)
STANDARD = SCALINGS["standard"].fit
MOST_OUTPUTS = 10  # of more classes each share would say little, and they would drown the rest


class Told(NamedTuple):
    """What rows answer, summed up for each word, or number, of a column.

    Attributes:
        cells: (G,) null, and the different words or numbers in ascending order.
        counts: (G,) how many rows have each.
        rows: (PARTS, G) the same in each part, by the rows' weights.
        sums: (k, PARTS, G) what their answers add up to.
        squares: (k, PARTS, G) what the squares of these do.
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
    ) -> Told:
        """Of rows: their cells, null where there is none, answers (k, n), in units of `scales`, parts and weights (n,).

        Some rows after the others, to the same sums: what is held of all at once would be as much as many columns.
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

    def beside(self, other: Told) -> Told:
        """Of both their rows."""
        cells = pl.concat([self.cells, other.cells]).unique().sort()
        found = [(each, places(each.cells, cells)) for each in (self, other)]

        def added(name: str) -> Any:
            total = np.zeros((*getattr(self, name).shape[:-1], len(cells)), getattr(self, name).dtype)
            for each, place in found:
                total[..., place] += getattr(each, name)
            return total

        return Told(cells, *(added(name) for name in self._fields[1:]))

    def most(self, most: int) -> Told:
        """Of at most so many cells, those of most rows; the others are forgotten."""
        if len(self.cells) <= most:
            return self
        order = np.argsort(-self.counts[1:], kind="stable")[: most - 1]
        kept = np.array([0, *np.sort(order + 1)])
        return Told(self.cells[kept], self.counts[kept], *(each[..., kept] for each in self[2:]))

    def in_units(self, scales: Sequence[Scale], weight: float) -> Told:
        """The same of answers in units of scales that move and stretch, and of weights as parts of this one."""
        centre, width = (
            np.array([getattr(each, name) for each in scales])[:, None, None] for name in ("centre", "width")
        )
        squares = (self.squares - 2 * centre * self.sums + centre**2 * self.rows) / width**2
        sums = (self.sums - centre * self.rows) / width
        return self._replace(rows=self.rows / weight, sums=sums / weight, squares=squares / weight)

    def means(self, parts: NDArray[np.int64]) -> tuple[Values, Values]:
        """The smoothed mean of each cell by the rows of some parts, (G, k), and the mean of all of them, (k,)."""
        rows, sums, squares = (each[..., parts, :].sum(axis=-2) for each in (self.rows, self.sums, self.squares))
        mean, m = sums.sum(axis=1) / rows.sum(), smoothing(rows, sums, squares.sum(axis=1))
        return ((sums + (m * mean)[:, None]) / (rows + m[:, None])).T, mean


def _different(cells: pl.Series) -> tuple[pl.Series, NDArray[np.integer]]:
    """Null, then the different cells in ascending order; and the place of each cell among these."""
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
    """The same of words that are held by their numbers."""
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
    """The place of each cell among different ones, ascending, the first of which is null; 0 for others."""
    if cells.dtype.is_numeric():
        x, ascending = cells.to_numpy(), known[1:].to_numpy()
        return np.where(np.isin(x, ascending), np.searchsorted(ascending, x) + 1, 0)
    table = pl.DataFrame([known.alias("cell"), pl.int_range(len(known), eager=True).alias("place")]).drop_nulls("cell")
    found = cells.to_frame("cell").join(table, on="cell", how="left", maintain_order="left")
    return found["place"].fill_null(0).to_numpy()


class Apart(NamedTuple):
    """What each part's rows are told of a column: by the rows of all other parts.

    Attributes:
        cells: (G,) null, and the different words or numbers in ascending order.
        means: (PARTS, G, k).
    """

    cells: pl.Series
    means: Values

    @classmethod
    def by(cls, told: Told) -> Apart:
        """The smoothed means of all rows."""
        return cls(told.cells, np.stack([told.means(others)[0] for others in OTHERS]))

    def of(self, cells: pl.Series, parts: NDArray[np.uint8]) -> Values:
        """The means of rows by their cells and the parts that they lie in, (n, k)."""
        return np.asarray(self.means[parts, places(cells, self.cells)])


OTHERS = np.stack([np.flatnonzero(np.arange(PARTS) != part) for part in range(PARTS)])  # of each part


class Answers(NamedTuple):
    """Of the rows that are learnt from.

    Attributes:
        names: what a mean of each column of `values` is called: "mean rating", "share of yes".
        values: (n, k) numbers, or truth values: of two classes whether it is the second, of more whether it is each.
        parts: (n,) the part of PARTS that each row lies in, from 0.
        weight: (n,) how much each row counts; None: as much as any other.
        scales: of each column of `values`, by the mean and the deviation of all rows.
        whole: where these rows are some of those that are learnt from, what all say, of the columns that tell, in units
            of `scales`.
        apart: where these rows are made some after the others, what all say, of the columns that tell.
    """

    names: tuple[str, ...]
    values: NDArray[Any]
    parts: NDArray[np.uint8]
    weight: Values | None
    scales: tuple[Scale, ...]
    whole: Mapping[str, Told] = {}
    apart: Mapping[str, Apart] = {}

    def some(self, rows: slice | NDArray[np.int64]) -> Answers:
        """Of some of these rows."""
        weight = None if self.weight is None else self.weight[rows]
        return self._replace(values=self.values[rows], parts=self.parts[rows], weight=weight)

    @classmethod
    def of(
        cls, names: tuple[str, ...], values: NDArray[Any], parts: NDArray[np.uint8], weight: Values | None = None
    ) -> Answers:
        """Of these rows."""
        scales = (fit_scale(STANDARD, column.astype(np.float64, copy=False)) for column in values.T)
        return cls(names, values, parts, weight, tuple(scales))

    def told(self, cells: pl.Series, scales: Sequence[Scale]) -> Told:
        """What these rows answer, or all, by their cells of a column; in units of scales."""
        if cells.name in self.whole:
            return self.whole[cells.name]
        return Told.of(cells, self.values.T, self.parts, self.counting, scales)

    @property
    def counting(self) -> Values | None:
        """How much each row counts, 1 on the average; None: all alike."""
        return None if self.weight is None else self.weight / self.weight.mean()

    @property
    def squared_widths(self) -> Values:
        """(k,) how squares in units of `scales` are to each other in the target's own, the most 1."""
        widths = np.array([scale.width for scale in self.scales])
        return np.asarray((widths / widths.max()) ** 2)


@dataclass(frozen=True)
class Means:
    """A mean for each word that rows were learnt from with, of one output or several, in units of `scales`.

    Attributes:
        names: of the k outputs.
        scales: k, from the target's own units: less the mean of all rows, divided by their deviation.
        words: those that have means of their own.
        values: (len(words), k).
        missing: (k,) of rows without a word.
        other: (k,) of words that are not among these: the mean of all rows.
    """

    names: tuple[str, ...]
    scales: tuple[Scale, ...]
    words: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    missing: tuple[float, ...]
    other: tuple[float, ...]

    CHECKS: ClassVar = {
        "names": list_of(is_text),
        "scales": list_of(Scale.accepts),
        "words": list_of(is_text, distinct=True),
        "values": list_of(list_of(between(-LIMIT, LIMIT))),
        "missing": list_of(between(-LIMIT, LIMIT)),
        "other": list_of(between(-LIMIT, LIMIT)),
    }

    @classmethod
    def fit(cls, words: pl.Series, answers: Answers) -> Means:
        """Learnt from the word of each row, null where it is missing, and its answer."""
        told = answers.told(words, answers.scales)
        counts = pl.DataFrame({"word": told.cells, "rows": told.counts}).with_row_index("place")
        counts = counts.filter(pl.col("rows") >= FEWEST_ROWS).drop_nulls("word")
        most = MOST_KNOWN // len(answers.scales)
        known = counts.sort(["rows", "word"], descending=[True, False]).head(most).sort("word")
        means, other = told.means(np.arange(PARTS))
        missing = means[0] if told.counts[0] else other
        values = means[known["place"].to_numpy()]
        return cls(answers.names, answers.scales, tuple(known["word"]), *map(_plain, (values, missing, other)))

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Means:
        """The inverse of `dataclasses.asdict`, of what it `accepts`."""
        made = {name: tuple(value) for name, value in document.items()}
        return cls(**made | {"scales": tuple(Scale(**each) for each in made["scales"]),
                             "values": tuple(map(tuple, made["values"]))})  # fmt: skip

    @classmethod
    def accepts(cls, document: Any) -> bool:
        """Whether `document` holds the fields of one, that fit together."""
        if not holds(document, cls.CHECKS):
            return False
        k = len(document["names"])
        rows = (*document["values"], document["missing"], document["other"], document["scales"])
        return k > 0 and len(document["values"]) == len(document["words"]) and all(len(row) == k for row in rows)

    @cached_property
    def _places(self) -> dict[str, int]:
        return places_of(self.words)

    @cached_property
    def _table(self) -> Values:
        """The means of words by their places, then those of others, then of cells without one."""
        return np.array([*self.values, self.other, self.missing])

    def of(self, words: pl.Series) -> Values:
        """The means of rows by their words, (n, k); for rows that were not learnt from."""
        return np.asarray(self._table[as_places(words, self._places, len(self.words) + 1)])

    def of_learnt(self, words: pl.Series, answers: Answers) -> Values:
        """The means of the rows that were learnt from, (n, k), each of other parts' rows alone."""
        found = answers.apart.get(words.name) or self.apart(words, answers)
        return found.of(words, answers.parts)

    def apart(self, words: pl.Series, answers: Answers) -> Apart:
        """What these rows are told."""
        return Apart.by(answers.told(words, self.scales))


def scaled(values: NDArray[Any], scales: Sequence[Scale]) -> Values:
    """(n, k) answers in units of the scales, (k, n)."""
    return np.stack([scale.apply(x) for scale, x in zip(scales, values.T, strict=True)]).astype(np.float64)


def smoothing(rows: Values, sums: Values, squares: Values) -> Values:
    """m = σ² / τ² of k outputs, (..., k).

    Args:
        rows: (..., words) how many there are of each.
        sums: (..., k, words) what their answers add up to.
        squares: (..., k) what the squares of all answers add up to.
    """
    n, words = rows.sum(axis=-1)[..., None], np.count_nonzero(rows, axis=-1)[..., None]
    n = np.where(n, n, 1.0)  # of no rows all sums are 0
    between = (sums**2 / np.maximum(rows, SMALLEST)[..., None, :]).sum(axis=-1)
    within = np.maximum(squares - between, 0.0) / np.maximum(n - words, 1.0)
    apart = between - sums.sum(axis=-1) ** 2 / n - (words - 1) * within
    each = np.maximum(n - (rows**2).sum(axis=-1)[..., None] / n, 1.0)
    variance = np.maximum(apart / each, within / MOST_SMOOTHING)
    return np.asarray(np.maximum(within / np.maximum(variance, SMALLEST), LEAST_SMOOTHING))


def _plain(means: Values) -> Any:
    """Numbers as a file keeps them, to six digits behind the point of a deviation."""
    rounded = (np.round(means, DIGITS) + 0.0).tolist()
    return tuple(map(tuple, rounded)) if means.ndim > 1 else tuple(rounded)
