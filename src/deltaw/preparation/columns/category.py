"""A column of words: one-hot inputs for the frequent ones, and target means if there are many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import polars as pl

from deltaw.equations.encoded import Field
from deltaw.numbers import number
from deltaw.preparation.columns.context import Counted, FitContext
from deltaw.preparation.columns.means import Means, OutOfFold, TrainingTargets
from deltaw.preparation.columns.steps import MISSING, Features, OneColumn, Stored, Values
from deltaw.preparation.document import between, distinct, is_index
from deltaw.preparation.reading import filled, looked_up, places_as_written, places_of, spelt_as
from deltaw.preparation.scales.scaling import Scaling
from deltaw.speech import Kept, reads, say
from deltaw.tables import Column
from deltaw.tables.cells import as_words
from deltaw.tables.codes import in_width, width_of
from deltaw.tables.table import listing

# Words with fewer rows, and those beyond the most frequent, share the slot OTHER: an input for a word of one row could
# only memorise that row, and in large tables one row in a thousand is little to learn from.
RARE_ROWS, RARE_SHARE = 2, 0.001
MOST_SLOTS = 100
MANY = 100  # words from which there are target means as well. Measured: docs/explanations/recipe.md.

# Words up to which one-hot inputs have full size; beyond that they would drown numeric inputs, though each is set in
# few rows. Measured: docs/explanations/recipe.md.
LOUD_WORDS = 20
SMALLEST_WEIGHT = 1e-3  # of one-hot inputs, in a file

OTHER = "(other)"


@dataclass(frozen=True)
class Category(OneColumn):
    """One-hot inputs ("slots"): one per frequent word, one for other words, one for missing cells if there were any.

    The set input has `weight` of the distance between the scaling's values for no and yes. `usual` is the index of the
    most frequent slot. With more than MANY words there are target `means` as well.
    """

    words: tuple[str, ...]
    missing: bool
    weight: float = 1.0
    usual: int = 0
    means: Means | None = None

    kind: ClassVar = "category"
    MEANS: ClassVar = Means
    CHECKS: ClassVar = {
        "column": str,
        "words": distinct(str),
        "missing": bool,
        "weight": between(SMALLEST_WEIGHT, 1.0),
        "usual": is_index,
        "means": (None, Means.accepts),
    }

    @classmethod
    def fit(cls, frame: pl.DataFrame, column: Column, scaling: Scaling, context: FitContext) -> Category:
        cells = frame.get_column(column.name)
        words = cells if cells.dtype == pl.Enum else as_words(cells)
        counted = context.counted or Counted.of(words)
        rows, counts = counted.rows, counted.words[column.name]
        known, times = counts["word"], counts["rows"]
        means = None if context.targets is None or len(known) <= MANY else Means.fit(words, context.targets)
        enough = max(RARE_ROWS, int(np.ceil(RARE_SHARE * rows)))
        often = times >= enough
        common = zip(known.filter(often), times.filter(often), strict=True)
        frequent = dict(sorted(sorted(common, key=lambda each: (-each[1], each[0]))[:MOST_SLOTS]))
        weight = len(frequent) ** -0.5 if scaling.damped and len(frequent) > LOUD_WORDS else 1.0
        slots, missing = frequent.values(), rows - int(times.sum())
        shares = [*slots, rows - missing - sum(slots), missing]
        return cls(column.name, tuple(frequent), missing > 0, weight, int(np.argmax(shares)), means)

    def refitted(self, frame: pl.DataFrame, targets: TrainingTargets) -> Category:
        """The same with the target means of other rows."""
        cells = frame.get_column(self.column)
        words = cells if cells.dtype == pl.Enum else as_words(cells)
        return replace(self, means=self.means and Means.fit(words, targets._replace(scales=self.means.scales)))

    def out_of_fold(self, frame: pl.DataFrame, targets: TrainingTargets) -> OutOfFold:
        """Out-of-fold target means of the training rows, for a column that has means."""
        assert self.means is not None
        cells = frame.get_column(self.column)
        held = isinstance(cells.dtype, pl.Enum) and self.words_of(cells.dtype.categories).equals(cells.dtype.categories)
        return self.means.out_of_fold(cells if held else self.words_of(cells), targets)

    def is_sound(self) -> bool:
        return self.usual < len(self.slots)

    @property
    def slots(self) -> tuple[str, ...]:
        """The words, then OTHER, then MISSING if there is that slot."""
        return (*self.words, Kept(OTHER), *([Kept(MISSING)] if self.missing else []))

    @cached_property
    def _places(self) -> dict[str, int]:
        return places_of(self.words)

    @property
    def known(self) -> tuple[str, ...]:
        """All known words: those with a slot, and those with a mean."""
        return (*self.words, *(self.means.words if self.means else ()))

    @cached_property
    def width(self) -> int | None:
        """Width of words that are codes; see `deltaw.tables.codes.width_of`."""
        return width_of(self.known)

    def words_of(self, cells: pl.Series) -> pl.Series:
        """Cells as words, spelt as in training: codes have as many digits."""
        return in_width(spelt_as(as_words(cells), self.known), self.width)

    @property
    def mean_names(self) -> tuple[str, ...]:
        """Names of its target means."""
        return tuple(map(Kept, self.means.names)) if self.means else ()

    @property
    def first_mean(self) -> int:
        """Index of the first of these among its features."""
        return len(self.slots)

    @property
    def features(self) -> tuple[str, ...]:
        slots = (Kept("{column}={slot}", column=self.column, slot=slot) for slot in self.slots)
        return (*slots, *(Kept("{column}: {name}", column=self.column, name=name) for name in self.mean_names))

    def treatment(self, scaling: Scaling) -> str:
        known, missing = "one-hot: {n} values, one for others", ", one for missing"
        slots = say(known, n=len(self.words)) + say(missing) * self.missing
        slots += say("; {x} instead of 1", x=number(self.weight, 2)) * (self.weight != 1.0)
        if self.means is None:
            return slots
        names = listing([*map(reads, self.mean_names)], 3)
        return slots + say("; {n:,} values target-encoded, out of fold: {names}", names=names, n=len(self.means.words))

    def fields(self, scaling: Scaling) -> tuple[Field, ...]:
        slots = Field("slots", len(self.slots), self.taken(scaling), scaling.low)
        return (slots, *[Field()] * len(self.mean_names))

    def read(self, frame: pl.DataFrame, source: str, targets: TrainingTargets | None = None) -> Values:
        """The slot of each row, and the means of its word; for training rows (`targets`) out of fold."""
        cells, missing = frame.get_column(self.column), len(self.words) + self.missing
        if isinstance(cells.dtype, pl.Enum) and targets is None:  # look up each distinct word once
            each = self.read(pl.Series(self.column, [*cells.dtype.categories, None], pl.String).to_frame(), source)
            return np.asarray(each[filled(cells, -1)])
        if self.means is None and (known := places_as_written(cells, self._places, missing)) is not None:
            return known.astype(np.float64)
        words, place = looked_up(spelt_as(as_words(cells), self.known), self._places, self.width, missing)
        if self.means is None:
            return place.astype(np.float64)
        means = self.means.of(words) if targets is None else self.means.of_learnt(words, targets)
        return np.column_stack([place, means])

    def encode(self, x: Values, out: Stored, scaling: Scaling) -> None:
        out[:] = x.reshape(out.shape)

    def taken(self, scaling: Scaling) -> float:
        """The value of a set input."""
        return scaling.low + self.weight * (scaling.high - scaling.low)

    def decode(self, features: Features, scaling: Scaling) -> list[pl.Series]:
        words = np.array([*self.words, OTHER, None], dtype=object)[features[:, : len(self.slots)].argmax(axis=1)]
        return [pl.Series(self.column, words.tolist(), dtype=pl.String)]

    def usual_cells(self) -> list[pl.Series]:
        return [pl.Series(self.column, [[*self.words, OTHER, None][self.usual]], dtype=pl.String)]
