"""What all columns of a table share while their steps are fitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from deltaw.preparation.columns.lines import Sample
from deltaw.preparation.columns.means import Answers
from deltaw.tables.numerals import without_gaps
from deltaw.tables.taking import AT_ONCE


class Counted(NamedTuple):
    """Of rows of which others are a sample.

    Attributes:
        rows: how many they are.
        words: of each column of words a frame of "word" and its "rows".
    """

    rows: int
    words: Mapping[str, pl.DataFrame]

    @classmethod
    def of(cls, words: pl.Series) -> Counted:
        """Of a column, however its words are held."""
        if isinstance(words.dtype, pl.Enum):
            counts = _of_numbers(words, words.dtype.categories)
        else:
            counts = without_gaps(words).alias("word").value_counts(name="rows")
        return cls(len(words), {words.name: counts})


def _of_numbers(cells: pl.Series, words: pl.Series) -> pl.DataFrame:
    """The same of words that are held by their numbers, some rows at a time: there are many."""
    rows = np.zeros(len(words), np.int64)
    for i in range(0, len(cells), AT_ONCE):
        some = cells.slice(i, AT_ONCE).to_physical().drop_nulls()
        rows += np.bincount(some.to_numpy(), minlength=len(words))
    return pl.DataFrame({"word": words, "rows": rows}).filter(pl.col("rows") > 0)


class Whole(NamedTuple):
    """What all columns share.

    Attributes:
        bins: so many a column of numbers gets at most.
        answers: of the training rows; None where no column is to say what rows with a word, or a number, answer.
        sample: of them, by whose answers columns of numbers are judged.
        counted: where these rows are a sample of those to learn from, how often words come in all of them.
        bins_of_few: so many a column gets at most, if there are few different numbers in it.
        finest: the same, if its answers draw a curve that `bins` do not (`curves`).
    """

    bins: int = 0
    answers: Answers | None = None
    sample: Sample | None = None
    counted: Counted | None = None
    bins_of_few: int = 0
    finest: int = 0
