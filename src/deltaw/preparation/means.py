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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.preparation.document import between, holds, is_text, list_of
from deltaw.preparation.scaling import LIMIT, SCALINGS, Scale, fit_scale

Values = NDArray[np.float64]

LEAST_SMOOTHING, MOST_SMOOTHING = 1.0, 1e4  # m: words of few rows do not tell it well
PARTS = 5
MOST_KNOWN = 5_000  # means of a column, of all outputs together: the words with most rows
FEWEST_ROWS = 2  # of a word that has means of its own
DIGITS, SMALLEST = 6, float(np.finfo(np.float64).tiny)
STANDARD = SCALINGS["standard"].fit
MOST_OUTPUTS = 10  # of more classes each share would say little, and they would drown the rest


class Answers(NamedTuple):
    """Of the rows that are learnt from.

    Attributes:
        names: what a mean of each column of `values` is called: "mean rating", "share of yes".
        values: (n, k) numbers; of two classes whether it is the second, of more whether it is each.
        parts: (n,) the part of PARTS that each row lies in, from 0.
        weight: (n,) how much each row counts; None: as much as any other.
    """

    names: tuple[str, ...]
    values: Values
    parts: NDArray[np.int64]
    weight: Values | None = None


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
        scales = tuple(fit_scale(STANDARD, column) for column in answers.values.T)
        found = _Sums(words, answers, scales)
        counts = words.alias("word").value_counts(name="rows").filter(pl.col("rows") >= FEWEST_ROWS)
        most = MOST_KNOWN // len(scales)
        known = counts.drop_nulls().sort(["rows", "word"], descending=[True, False]).head(most)["word"].sort()
        places = known.to_frame().join(found.places, on="word", how="left", maintain_order="left")["place"].to_numpy()
        means, other = found.means(np.arange(PARTS))
        missing = means[0] if words.null_count() else other
        return cls(answers.names, scales, tuple(known), *map(_plain, (means[places], missing, other)))

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

    def of(self, words: pl.Series) -> Values:
        """The means of rows by their words, (n, k); for rows that were not learnt from."""
        known, other = list(self.words), len(self.words)
        places = words.replace_strict(known, list(range(other)), default=other, return_dtype=pl.Int64)
        table = np.array([*self.values, self.other, self.missing])
        return np.asarray(table[np.where(words.is_null().to_numpy(), other + 1, places.fill_null(other).to_numpy())])

    def of_learnt(self, words: pl.Series, answers: Answers) -> Values:
        """The means of the rows that were learnt from, (n, k), each of other parts' rows alone."""
        found = _Sums(words, answers, self.scales)
        made = np.empty(answers.values.shape)
        for part in range(PARTS):
            means, _ = found.means(np.flatnonzero(np.arange(PARTS) != part))
            own = answers.parts == part
            made[own] = means[found.place[own]]
        return made


class _Sums:
    """How many rows each word has in each part, and what their answers add up to.

    Attributes:
        place: (n,) of each row's word among all words, from 1; 0 where there is none.
        places: a frame of "word" and its "place".
    """

    def __init__(self, words: pl.Series, answers: Answers, scales: Sequence[Scale]) -> None:
        words = words.alias("word")
        self.place = words.rank("dense").fill_null(0).to_numpy().astype(np.int64)
        self.places = pl.DataFrame([words, pl.Series("place", self.place)]).unique("word")
        z = scaled(answers.values, scales)
        weight = np.ones(len(words)) if answers.weight is None else answers.weight / answers.weight.mean()
        count = int(self.place.max(initial=0)) + 1
        cells, shape = answers.parts * count + self.place, (PARTS, count)

        def summed(each: Values) -> Values:
            return np.asarray(np.bincount(cells, each, PARTS * count).reshape(shape), np.float64)

        self._rows = summed(weight)
        self._sums = np.stack([summed(weight * each) for each in z])
        self._squares = np.stack([np.bincount(answers.parts, weight * each**2, PARTS) for each in z])

    def means(self, parts: NDArray[np.int64]) -> tuple[Values, Values]:
        """The smoothed mean of each word by the rows of some parts, (words, k), and the mean of all of them, (k,)."""
        rows, sums, squares = self._rows[parts].sum(axis=0), self._sums[:, parts].sum(axis=1), self._squares[:, parts]
        mean, m = sums.sum(axis=1) / rows.sum(), smoothing(rows, sums, squares.sum(axis=1))
        return ((sums + (m * mean)[:, None]) / (rows + m[:, None])).T, mean


def scaled(values: Values, scales: Sequence[Scale]) -> Values:
    """(n, k) answers in units of the scales, (k, n)."""
    return np.stack([scale.apply(x) for scale, x in zip(scales, values.T, strict=True)]).astype(np.float64)


def smoothing(rows: Values, sums: Values, squares: Values) -> Values:
    """m = σ² / τ² of k outputs.

    Args:
        rows: (words,) how many there are of each.
        sums: (k, words) what their answers add up to.
        squares: (k,) what the squares of all answers add up to.
    """
    n, words = rows.sum(), np.count_nonzero(rows)
    between = (sums**2 / np.maximum(rows, SMALLEST)).sum(axis=1)
    within = np.maximum(squares - between, 0.0) / max(n - words, 1.0)
    apart = between - sums.sum(axis=1) ** 2 / n - (words - 1) * within
    variance = np.maximum(apart / max(n - (rows**2).sum() / n, 1.0), within / MOST_SMOOTHING)
    return np.asarray(np.maximum(within / np.maximum(variance, SMALLEST), LEAST_SMOOTHING))


def _plain(means: Values) -> Any:
    """Numbers as a file keeps them, to six digits behind the point of a deviation."""
    rounded = np.round(means, DIGITS) + 0.0
    return tuple(map(_plain, rounded)) if rounded.ndim > 1 else tuple(rounded.tolist())
