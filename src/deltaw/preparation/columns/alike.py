"""The mean target of training rows that are equal in every column, as an input.

Equal rows (a person asked twice, a few settings of a machine) often have the same target, which a small network does
not memorise. Like a word (`deltaw.preparation.columns.means`), a row gets the smoothed, out-of-fold mean target of the
training rows with the same cells; 0, the mean over all rows, if there are none. Whether that is worth an input is
tested in `deltaw.preparation.equal_rows`.

A row is identified by the sum of a code for each of its cells. Codes are random integers such that all sums are below
2^53, so that they are exact in every language with float64. Two rows that differ in d columns have the same sum with
probability d / 2^53.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import polars as pl

from deltaw.equations.encoded import Field
from deltaw.plain import Plain
from deltaw.preparation.columns.category import Category
from deltaw.preparation.columns.means import DIGITS, PARTS, OutOfFold, TargetSums, TrainingTargets
from deltaw.preparation.columns.numbers import Day, Number
from deltaw.preparation.columns.recurring import Recurring
from deltaw.preparation.columns.steps import TRAINING, Features, Step, Stored, Values
from deltaw.preparation.columns.truth import Truth
from deltaw.preparation.document import distinct, is_index
from deltaw.preparation.reading import (
    as_days,
    as_numbers,
    as_places,
    as_shares,
    places_as_written,
    places_of,
    spelt_as,
)
from deltaw.preparation.scales.scaling import Scaling
from deltaw.schema import agrees
from deltaw.speech import Kept, reads, say
from deltaw.tables.cells import as_words
from deltaw.tables.codes import in_width, width_of
from deltaw.tables.table import listing

TITLE = "(duplicate rows)"
LARGEST = 2**53  # float64 represents all integers below it
READ: dict[
    str, Callable[[pl.Series, str, str], Any]
] = {  # a column's cells, by its kind: what errors call them, format
    Number.kind: as_numbers,
    Day.kind: as_days,
    Truth.kind: lambda cells, *_: as_shares(cells),
    Category.kind: lambda cells, *_: as_words(cells),
}


@dataclass(frozen=True)
class Coded(Plain):
    """The distinct cells of a column, and a code for each.

    Attributes:
        column: its name.
        kind: of the column's own step.
        format: the unit of a number, the format of a date; else "".
        cells: ascending: numbers, days, 0 and 1 for booleans, or words.
        codes: of each cell, then of a missing one; an unknown cell has 0.
    """

    column: str
    kind: str
    format: str
    cells: tuple[Any, ...]
    codes: tuple[int, ...]

    CHECKS: ClassVar = {
        "column": str,
        "kind": tuple(READ),
        "format": str,
        "cells": (distinct(float), distinct(str)),
        "codes": [lambda code: is_index(code) and code < LARGEST],
    }

    def known_by(self, read: Any, rng: np.random.Generator, most: int) -> Coded:
        """The same column with the cells that were `read`, and new random codes up to `most`."""
        if isinstance(read, pl.Series):
            cells = read.drop_nulls().unique().sort().to_list()
        else:
            cells = np.unique(read[~np.isnan(read)]).tolist()
        return replace(self, cells=tuple(cells), codes=tuple(rng.integers(1, most, len(cells) + 1).tolist()))

    @classmethod
    def accepts(cls, document: Any) -> bool:
        """Whether `document` has valid and consistent fields."""
        if not agrees(document, cls.CHECKS):
            return False
        cells, words = document["cells"], document["kind"] == Category.kind
        fits = all(isinstance(cell, str) == words for cell in cells) and cells == sorted(cells)
        return fits and len(document["codes"]) == len(cells) + 1

    @property
    def is_number(self) -> bool:
        """Whether its cells may be text whose format is detected from all cells together."""
        return self.kind == Number.kind or (self.kind == Day.kind and not self.format)

    def read(self, frame: pl.DataFrame, source: str) -> Any:
        """The column's cells: numbers, NaN where missing, or words."""
        return READ[self.kind](frame.get_column(self.column), source, self.format)

    @cached_property
    def width(self) -> int | None:
        """That of words that are codes; see `deltaw.tables.codes.width_of`."""
        return width_of(self.cells) if self.kind == Category.kind else None

    @cached_property
    def _places(self) -> dict[str, int]:
        return places_of(self.cells)

    @cached_property
    def _table(self) -> tuple[Values, Values]:
        """Numeric cells, and codes: of each, of any other, of a missing one."""
        cells = np.array([] if self.kind == Category.kind else self.cells, np.float64)
        return cells, np.array([*self.codes[:-1], 0, self.codes[-1]], np.float64)

    def of_rows(self, frame: pl.DataFrame, source: str) -> Values:
        """The code of each row's cell."""
        if self.kind == Category.kind:
            places = places_as_written(frame.get_column(self.column), self._places, len(self.cells) + 1)
            if places is not None:
                return np.asarray(self._table[1][places])
        return self.of_read(self.read(frame, source))

    def of_read(self, read: Any) -> Values:
        """The code of each cell that was `read`."""
        (cells, codes), n = self._table, len(self.cells)
        if isinstance(read, pl.Series):
            words = in_width(spelt_as(read, self.cells), self.width)
            return np.asarray(codes[as_places(words, self._places, n + 1)])
        place = np.searchsorted(cells, read).clip(max=max(n - 1, 0))
        known = cells[place] == read if n else np.zeros(len(read), bool)
        return np.asarray(np.where(np.isnan(read), codes[-1], codes[np.where(known, place, n)]))


@dataclass(frozen=True)
class Alike:
    """The mean target of training rows with the same cells in all columns.

    Attributes:
        columns: that rows are compared by.
        means: for each sum of codes (`numbers`) of the training rows.
    """

    columns: tuple[Coded, ...]
    means: Recurring

    kind: ClassVar = "alike"
    MEANS: ClassVar = Recurring
    CHECKS: ClassVar = {"columns": [Coded.accepts], "means": Recurring.accepts}

    @classmethod
    def fit(cls, steps: Sequence[Step], frame: pl.DataFrame, targets: TrainingTargets) -> Alike:
        """Fit on rows, by the columns of all steps."""
        formats = (getattr(step, "unit", getattr(step, "format", "")) for step in steps)
        columns = [Coded(step.title, step.kind, format, (), ()) for step, format in zip(steps, formats, strict=True)]
        return cls(tuple(columns), Recurring(targets.names, targets.scales, (), ())).refitted(frame, targets)

    def refitted(self, frame: pl.DataFrame, targets: TrainingTargets) -> Alike:
        """The same with the cells and means of other rows. Codes are drawn from the rows: equal rows, equal codes."""
        rng, most = np.random.default_rng(0), LARGEST // len(self.columns)
        read = [each.read(frame, TRAINING) for each in self.columns]
        columns = [each.known_by(cells, rng, most) for each, cells in zip(self.columns, read, strict=True)]
        made = replace(self, columns=tuple(columns))
        target_sums = made._target_sums(
            np.sum([each.of_read(cells) for each, cells in zip(columns, read, strict=True)], axis=0), targets
        )
        means = np.round(target_sums.means(np.arange(PARTS))[0][1:], DIGITS) + 0.0
        numbers, values = tuple(target_sums.cells[1:].to_list()), tuple(map(tuple, means.tolist()))
        return replace(made, means=replace(self.means, numbers=numbers, values=values))

    def sums(self, frame: pl.DataFrame, source: str) -> Values:
        """The sum of codes of each row."""
        return np.asarray(np.sum([each.of_rows(frame, source) for each in self.columns], axis=0))

    def _target_sums(self, sums: Values, targets: TrainingTargets) -> TargetSums:
        return targets.sums_by(pl.Series(self.title, sums), self.means.scales)

    def out_of_fold(self, frame: pl.DataFrame, targets: TrainingTargets) -> OutOfFold:
        """Out-of-fold means of the training rows."""
        return OutOfFold.by(self._target_sums(self.sums(frame, TRAINING), targets))

    @property
    def title(self) -> str:
        return Kept(TITLE)

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(each.column for each in self.columns)

    def is_sound(self) -> bool:
        return 0 < len(set(self.inputs)) == len(self.columns)

    @property
    def mean_names(self) -> tuple[str, ...]:
        """Names of its means."""
        return tuple(map(Kept, self.means.names))

    @property
    def first_mean(self) -> int:
        """Index of the first of these among its features."""
        return 0

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(Kept("{column}: {name}", column=self.title, name=name) for name in self.mean_names)

    def treatment(self, scaling: Scaling) -> str:
        names = listing([*map(reads, self.mean_names)], 3)
        return say("{n:,} distinct rows target-encoded, out of fold: {names}", names=names, n=len(self.means.numbers))

    def fields(self, scaling: Scaling) -> tuple[Field, ...]:
        return (Field(),) * len(self.mean_names)

    def read(self, frame: pl.DataFrame, source: str, targets: TrainingTargets | None = None) -> Values:
        """(n, k) means of equal rows; for training rows (`targets`) out of fold."""
        sums = self.sums(frame, source)
        if targets is None:
            return self.means.of(sums)
        found = targets.out_of_fold.get(self.title) or OutOfFold.by(self._target_sums(sums, targets))
        known = np.isin(sums, self.means.numbers)  # unknown cells share a code
        return np.where(known[:, None], found.of(pl.Series(self.title, sums), targets.parts), 0.0)

    def encode(self, x: Values, out: Stored, scaling: Scaling) -> None:
        out[:] = x

    def decode(self, features: Features, scaling: Scaling) -> list[pl.Series]:
        return []  # each column's own step decodes it

    def usual_cells(self) -> list[pl.Series]:
        return []
