"""Data shared by all columns of a table while their steps are fitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.preparation.columns.lines import Sample
from deltaw.preparation.columns.means import TrainingTargets
from deltaw.tables.numerals import without_gaps
from deltaw.tables.taking import AT_ONCE


class Counted(NamedTuple):
    """Counts over all training rows, if the steps are fitted on a sample.

    Attributes:
        rows: number of training rows.
        words: column of words -> frame with each "word" and its number of "rows".
    """

    rows: int
    words: Mapping[str, pl.DataFrame]

    @classmethod
    def of(cls, words: pl.Series) -> Counted:
        """Counts of the words of a column."""
        if isinstance(words.dtype, pl.Enum):
            counts = _of_numbers(words, words.dtype.categories)
        else:
            counts = without_gaps(words).alias("word").value_counts(name="rows")
        return cls(len(words), {words.name: counts})


def _of_numbers(cells: pl.Series, words: pl.Series) -> pl.DataFrame:
    """The same for words that are stored as numbers, in batches of rows."""
    rows = np.zeros(len(words), np.int64)
    for i in range(0, len(cells), AT_ONCE):
        some = cells.slice(i, AT_ONCE).to_physical().drop_nulls()
        rows += np.bincount(some.to_numpy(), minlength=len(words))
    return pl.DataFrame({"word": words, "rows": rows}).filter(pl.col("rows") > 0)


class FitContext(NamedTuple):
    """Data shared by all columns.

    Attributes:
        bins: the most bins of a column of numbers.
        targets: of the training rows; None: no target means.
        sample: of these rows, by which columns of numbers are judged.
        counted: counts over all training rows, if these rows are a sample.
        bins_of_few: the most bins of a column with few distinct numbers.
        finest: the most bins of a column whose target is a fine curve (`curves`).
        answers: (n, k) of the training rows, by which words of text are judged: numbers, or one-hot.
        fewest_words: of a column of text, whether they tell the target or not.
    """

    bins: int = 0
    targets: TrainingTargets | None = None
    sample: Sample | None = None
    counted: Counted | None = None
    bins_of_few: int = 0
    finest: int = 0
    answers: NDArray[Any] | None = None
    fewest_words: int = 0
