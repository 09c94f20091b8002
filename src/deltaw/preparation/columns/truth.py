"""A column of booleans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from deltaw.equations.encoded import Field
from deltaw.numbers import number
from deltaw.preparation.columns.context import FitContext
from deltaw.preparation.columns.means import TrainingTargets
from deltaw.preparation.columns.steps import (
    Features,
    OneColumn,
    Stored,
    Values,
    middle,
    missing_feature,
    without,
    yes_or_no,
)
from deltaw.preparation.document import is_index
from deltaw.preparation.reading import as_shares
from deltaw.preparation.scales.scaling import Scaling
from deltaw.schema import agrees
from deltaw.speech import say
from deltaw.tables import Column
from deltaw.tables.cells import TRUTHS, as_words
from deltaw.tables.held import as_read

ANSWERS = (True, False, None)  # of a column of truth values


@dataclass(frozen=True)
class Truth(OneColumn):
    """A boolean as one feature; the middle value if it is missing or another word, with an indicator as for numbers.

    `words`: the spellings of yes and no; () for a boolean column. `usual`: index in ANSWERS of the most frequent value.
    """

    words: tuple[str, ...]
    indicator: bool
    usual: int = 0

    kind: ClassVar = "boolean"
    CHECKS: ClassVar = {
        "column": str,
        "words": lambda words: agrees(words, [str]) and len(words) in (0, 2),
        "indicator": bool,
        "usual": is_index,
    }

    @classmethod
    def fit(cls, frame: pl.DataFrame, column: Column, scaling: Scaling, context: FitContext) -> Truth:
        series = as_read(frame.get_column(column.name))
        present = as_words(series).drop_nulls().unique().sort().to_list()
        pair = next((pair for pair in TRUTHS if {word.lower() for word in present} <= set(pair)), TRUTHS[0])
        spelt = {word.lower(): word for word in present}
        words = () if series.dtype == pl.Boolean else tuple(spelt.get(word, word) for word in pair)
        shares = as_shares(series)
        rows = [(shares == 1.0).sum(), (shares == 0.0).sum(), np.isnan(shares).sum()]
        return cls(column.name, words, series.null_count() > 0, int(np.argmax(rows)))

    def is_sound(self) -> bool:
        return self.usual < len(ANSWERS)

    @property
    def features(self) -> tuple[str, ...]:
        return (self.column, *missing_feature(self.column, self.indicator))

    def treatment(self, scaling: Scaling) -> str:
        bare, marked = (
            "{low} or {high}; missing: halfway between",
            ("{low} or {high}; missing: halfway between, plus an indicator"),
        )
        return say(marked if self.indicator else bare, low=number(scaling.low), high=number(scaling.high))

    def fields(self, scaling: Scaling) -> tuple[Field, ...]:
        return (Field(),) * (1 + self.indicator)

    def read(self, frame: pl.DataFrame, source: str, targets: TrainingTargets | None = None) -> Values:
        return as_shares(frame.get_column(self.column))

    def encode(self, share: Values, out: Stored, scaling: Scaling) -> None:
        missing = np.isnan(share)
        out[:, 0] = scaling.low + (scaling.high - scaling.low) * np.where(missing, 0.5, share)
        if self.indicator:
            out[:, 1] = yes_or_no(missing, scaling)

    def decode(self, features: Features, scaling: Scaling) -> list[pl.Series]:
        yes = pl.Series(self.column, features[:, 0] > middle(scaling))
        if self.words:
            yes = yes.replace_strict({True: self.words[0], False: self.words[1]}, return_dtype=pl.String)
        return [without(yes, features[:, 1], scaling) if self.indicator else yes]

    def usual_cells(self) -> list[pl.Series]:
        answers = [*self.words, None] if self.words else [*ANSWERS]
        kind = pl.String if self.words else pl.Boolean
        return [pl.Series(self.column, [answers[self.usual]], dtype=kind)]
