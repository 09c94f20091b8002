"""Rows that are alike in every column, and what they answer on the average.

Who was asked twice, a wine that was tasted under two numbers, a few settings of a machine: rows with the same cells
often have the same answer, which no line through their numbers and no small network comes to know by heart. So a row
also stands for what the rows with its very cells answer, smoothed and out of fold, as a word does
(`deltaw.preparation.columns.means`); of cells that no row was learnt from with, for 0, which is what all rows answer.
Whether that is worth an input is asked by `deltaw.preparation.recalling`.

A row is known by one number: the sum of a code for each of its cells, whole numbers drawn so that all sums are below
2^53, and are therefore the same in every language that has float64. Two rows that differ in d columns have the same
sum by a chance of 1 in 2^53 / d.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import polars as pl

from deltaw.equations.encoded import Field
from deltaw.preparation.columns.category import Category
from deltaw.preparation.columns.means import DIGITS, PARTS, Answers, Apart, Told
from deltaw.preparation.columns.numbers import Day, Number
from deltaw.preparation.columns.recurring import Recurring
from deltaw.preparation.columns.steps import TRAINING, Features, Step, Stored, Values
from deltaw.preparation.columns.truth import Truth
from deltaw.preparation.document import holds, is_number, is_place, is_text, list_of, one_of
from deltaw.preparation.reading import as_days, as_numbers, as_places, as_shares, places_as_written, places_of
from deltaw.preparation.scales.scaling import Scaling
from deltaw.speech import Kept, reads, say
from deltaw.tables.cells import as_words
from deltaw.tables.codes import in_width, width_of
from deltaw.tables.table import listing

TITLE = "(rows alike)"
LARGEST = 2**53  # below it float64 holds every whole number
READ: dict[
    str, Callable[[pl.Series, str, str], Any]
] = {  # a column's cells, by its kind: what errors call them, format
    Number.kind: as_numbers,
    Day.kind: as_days,
    Truth.kind: lambda cells, *_: as_shares(cells),
    Category.kind: lambda cells, *_: as_words(cells),
}


@dataclass(frozen=True)
class Coded:
    """The different cells of a column, and a code for each.

    Attributes:
        column: its name.
        kind: that of the column's own step.
        format: of a number its unit, of a date its spelling; else "".
        cells: ascending: numbers, days, 0 and 1 for no and yes, or words.
        codes: of each, then of a row without a cell. A cell that is not among these has 0.
    """

    column: str
    kind: str
    format: str
    cells: tuple[Any, ...]
    codes: tuple[int, ...]

    CHECKS: ClassVar = {
        "column": is_text,
        "kind": one_of(*READ),
        "format": is_text,
        "cells": lambda cells: any(list_of(check, distinct=True)(cells) for check in (is_number, is_text)),
        "codes": list_of(lambda code: code is not None and is_place(code) and code < LARGEST),
    }

    def known_by(self, read: Any, rng: np.random.Generator, most: int) -> Coded:
        """The same column with the cells of rows that were `read`, and codes of at most so much."""
        if isinstance(read, pl.Series):
            cells = read.drop_nulls().unique().sort().to_list()
        else:
            cells = np.unique(read[~np.isnan(read)]).tolist()
        return replace(self, cells=tuple(cells), codes=tuple(rng.integers(1, most, len(cells) + 1).tolist()))

    @classmethod
    def accepts(cls, document: Any) -> bool:
        """Whether `document` holds the fields of one, that fit together."""
        if not holds(document, cls.CHECKS):
            return False
        cells, words = document["cells"], document["kind"] == Category.kind
        fits = all(isinstance(cell, str) == words for cell in cells) and cells == sorted(cells)
        return fits and len(document["codes"]) == len(cells) + 1

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Coded:
        """The inverse of `dataclasses.asdict`, of what it `accepts`."""
        known = dict(document)
        return cls(**known | {name: tuple(known[name]) for name in ("cells", "codes")})

    @property
    def is_number(self) -> bool:
        """Whether text may write its cells in ways that all of them say together."""
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
        """The cells that are numbers, and codes: of each, of any other, of none."""
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
        """The same of rows that were `read`."""
        (cells, codes), n = self._table, len(self.cells)
        if isinstance(read, pl.Series):
            return np.asarray(codes[as_places(in_width(read, self.width), self._places, n + 1)])
        place = np.searchsorted(cells, read).clip(max=max(n - 1, 0))
        known = cells[place] == read if n else np.zeros(len(read), bool)
        return np.asarray(np.where(np.isnan(read), codes[-1], codes[np.where(known, place, n)]))


@dataclass(frozen=True)
class Alike:
    """What rows with the same cells in all columns answer on the average.

    Attributes:
        columns: all that rows are compared by.
        means: of the sums of codes, for `numbers`, that rows were learnt from with.
    """

    columns: tuple[Coded, ...]
    means: Recurring

    kind: ClassVar = "alike"
    MEANS: ClassVar = Recurring
    LATER: ClassVar[dict[str, Any]] = {}
    CHECKS: ClassVar = {"columns": list_of(Coded.accepts), "means": Recurring.accepts}

    @classmethod
    def fit(cls, steps: Sequence[Step], frame: pl.DataFrame, answers: Answers) -> Alike:
        """Of rows, by the columns of all steps."""
        formats = (getattr(step, "unit", getattr(step, "format", "")) for step in steps)
        columns = [Coded(step.title, step.kind, format, (), ()) for step, format in zip(steps, formats, strict=True)]
        return cls(tuple(columns), Recurring(answers.names, answers.scales, (), ())).told_by(frame, answers)

    def told_by(self, frame: pl.DataFrame, answers: Answers) -> Alike:
        """The same, but that its cells and means are those of other rows. The same rows give the same codes."""
        rng, most = np.random.default_rng(0), LARGEST // len(self.columns)
        read = [each.read(frame, TRAINING) for each in self.columns]
        columns = [each.known_by(cells, rng, most) for each, cells in zip(self.columns, read, strict=True)]
        made = replace(self, columns=tuple(columns))
        told = made._told(
            np.sum([each.of_read(cells) for each, cells in zip(columns, read, strict=True)], axis=0), answers
        )
        means = np.round(told.means(np.arange(PARTS))[0][1:], DIGITS) + 0.0
        numbers, values = tuple(told.cells[1:].to_list()), tuple(map(tuple, means.tolist()))
        return replace(made, means=replace(self.means, numbers=numbers, values=values))

    def sums(self, frame: pl.DataFrame, source: str) -> Values:
        """What each row is known by."""
        return np.asarray(np.sum([each.of_rows(frame, source) for each in self.columns], axis=0))

    def _told(self, sums: Values, answers: Answers) -> Told:
        return answers.told(pl.Series(self.title, sums), self.means.scales)

    def apart(self, frame: pl.DataFrame, answers: Answers) -> Apart:
        """What the rows that are learnt from are told."""
        return Apart.by(self._told(self.sums(frame, TRAINING), answers))

    @property
    def title(self) -> str:
        return Kept(TITLE)

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(each.column for each in self.columns)

    def is_sound(self) -> bool:
        return 0 < len(set(self.inputs)) == len(self.columns)

    @property
    def told(self) -> tuple[str, ...]:
        """What its means are called."""
        return tuple(map(Kept, self.means.names))

    @property
    def told_from(self) -> int:
        """Which of its features is the first of these."""
        return 0

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(Kept("{column}: {name}", column=self.title, name=name) for name in self.told)

    def treatment(self, scaling: Scaling) -> str:
        names = listing([*map(reads, self.told)], 3)
        return say("{names} of {n:,} rows that differ", names=names, n=len(self.means.numbers))

    def fields(self, scaling: Scaling) -> tuple[Field, ...]:
        return (Field(),) * len(self.told)

    def read(self, frame: pl.DataFrame, source: str, answers: Answers | None = None) -> Values:
        """What rows alike answer, (n, k); where they are learnt from, without the row's own answer."""
        sums = self.sums(frame, source)
        if answers is None:
            return self.means.of(sums)
        found = answers.apart.get(self.title) or Apart.by(self._told(sums, answers))
        known = np.isin(sums, self.means.numbers)  # cells that are not known have a code together
        return np.where(known[:, None], found.of(pl.Series(self.title, sums), answers.parts), 0.0)

    def encode(self, x: Values, out: Stored, scaling: Scaling) -> None:
        out[:] = x

    def decode(self, features: Features, scaling: Scaling) -> list[pl.Series]:
        return []  # each column's own step knows more of it

    def usual_cells(self) -> list[pl.Series]:
        return []
