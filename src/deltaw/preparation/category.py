"""A column of words: a slot for each of the frequent ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import polars as pl

from deltaw.numbers import number
from deltaw.preparation.document import between, is_flag, is_place, is_text, list_of
from deltaw.preparation.scaling import Scaling
from deltaw.preparation.steps import MISSING, Features, OneColumn
from deltaw.speech import say
from deltaw.tables import Column
from deltaw.tables.cells import as_words

# A slot for a word that only one row has could do no more than memorise that row; and in large tables one row in a
# thousand is little to learn from. Words with fewer rows share the slot OTHER, as do those beyond the most frequent.
RARE_ROWS, RARE_SHARE = 2, 0.001
MOST_SLOTS = 100

# So many words the slots of a column may have at full size; of more, a word and the number beside it would push z as
# much, though the number tells of every row and the word of few. Measured: docs/accuracy.md.
LOUD_WORDS = 20
SMALLEST_WEIGHT = 1e-3  # of a slot, in a file

OTHER = "(other)"


@dataclass(frozen=True)
class Category(OneColumn):
    """One slot a word; one for missing, if the training rows had any; one for rare words and those never seen.

    The slot that is taken is at `weight` of the way from the scaling's no to its yes. `usual` is the place
    of the slot that most training rows have; None in files of earlier versions.
    """

    words: tuple[str, ...]
    missing: bool
    weight: float = 1.0
    usual: int | None = field(default=None, compare=False)

    kind: ClassVar = "category"
    CHECKS: ClassVar = {
        "column": is_text,
        "words": list_of(is_text, distinct=True),
        "missing": is_flag,
        "weight": between(SMALLEST_WEIGHT, 1.0),
        "usual": is_place,
    }
    LATER: ClassVar = {"weight": 1.0, "usual": None}

    @classmethod
    def fit(cls, frame: pl.DataFrame, column: Column, scaling: Scaling, bins: int) -> Category:
        words = as_words(frame.get_column(column.name))
        enough = max(RARE_ROWS, int(np.ceil(RARE_SHARE * len(words))))
        counts = words.drop_nulls().alias("word").value_counts(name="rows").filter(pl.col("rows") >= enough)
        frequent = counts.sort(["rows", "word"], descending=[True, False]).head(MOST_SLOTS).sort("word")
        weight = len(frequent) ** -0.5 if scaling.hushed and len(frequent) > LOUD_WORDS else 1.0
        missing, known = words.null_count(), frequent["rows"].to_list()
        rows = [*known, len(words) - missing - sum(known), missing]
        return cls(column.name, tuple(frequent["word"]), missing > 0, weight, int(np.argmax(rows)))

    def is_sound(self) -> bool:
        return self.usual is None or self.usual < len(self.slots)

    @property
    def slots(self) -> tuple[str, ...]:
        """The words, then OTHER, then MISSING if there is such a slot."""
        return (*self.words, OTHER, *([MISSING] if self.missing else []))

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(f"{self.column}={slot}" for slot in self.slots)

    def treatment(self, scaling: Scaling) -> str:
        said = "a slot for each of {n} words, one for others"
        slots = say(f"{said}, one for missing" if self.missing else said, n=len(self.words))
        return slots + say("; each {x} where it is taken", x=number(self.weight, 2)) * (self.weight != 1.0)

    def encode(self, frame: pl.DataFrame, out: Features, scaling: Scaling, source: str) -> None:
        words = as_words(frame.get_column(self.column))
        other = len(self.words)
        slots = words.replace_strict(list(self.words), list(range(other)), default=other, return_dtype=pl.Int64)
        index = np.where(words.is_null().to_numpy(), other + self.missing, slots.fill_null(other).to_numpy())
        out[:] = scaling.low
        out[np.arange(len(out)), index] = self.taken(scaling)

    def taken(self, scaling: Scaling) -> float:
        """What the slot of a row's word gets."""
        return scaling.low + self.weight * (scaling.high - scaling.low)

    def decode(self, features: Features, scaling: Scaling) -> list[pl.Series]:
        words = np.array([*self.words, OTHER, None], dtype=object)[features.argmax(axis=1)]
        return [pl.Series(self.column, words.tolist(), dtype=pl.String)]

    def usual_cells(self) -> list[pl.Series]:
        return [pl.Series(self.column, [[*self.words, OTHER, None][self.usual or 0]], dtype=pl.String)]
