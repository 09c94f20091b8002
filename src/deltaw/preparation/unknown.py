"""Cells of new rows that a model does not know: words that were not in training, or too rare, later dates, and numbers
beyond those of training, or perhaps in another unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from unicodedata import normalize

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.preparation.columns.category import Category
from deltaw.preparation.columns.numbers import Day, Number
from deltaw.preparation.columns.steps import Step
from deltaw.preparation.columns.truth import Truth
from deltaw.preparation.reading import SHARES, as_numbers, places_of
from deltaw.tables.cells import as_words
from deltaw.tables.held import as_read
from deltaw.tables.units import MULTIPLE, unit_of

ENOUGH = 0.5  # share of unknown cells from which on the column is probably another, or has another spelling or unit
FEWEST = 10  # numbers of which it is said that they are beyond training; a few may be so by chance
FEWEST_DIFFERENT, BINS, SMALL = 5, 4, 20  # see `all_small`: with 4 bins, chance does it for one column in a million
PERCENT = "#%"  # the unit that spreadsheets drop: 59% is 0.59 in the file


class Unknown(NamedTuple):
    """A column with unknown words: number of cells with such words, of all present ones, and one of them.

    `near`: a known word that differs from that one only in case, blanks or the form of letters; "" for none.
    """

    column: str
    cells: int
    present: int
    word: str
    near: str = ""


def unknown_words(steps: Iterable[Step], frame: pl.DataFrame, enough: float = ENOUGH) -> list[Unknown]:
    """Boolean columns with other words, and columns of words of which more than the share `enough` is unknown, or one
    is known in another spelling.

    Args:
        steps: of a preparation.
        frame: rows with their columns.
        enough: a share of the cells.
    """
    found = [_unknown(step, frame, enough) for step in steps if isinstance(step, Category | Truth)]
    return [each for each in found if each is not None]


def later_days(steps: Iterable[Step], frame: pl.DataFrame) -> list[tuple[str, int, int]]:
    """(column, number of later dates, number of dates) of columns with bins, if the share exceeds ENOUGH."""
    found = []
    for step in steps:
        if isinstance(step, Day) and step.edges:
            days = step.read(frame, "rows")
            later, present = int((days > step.edges[-1]).sum()), int((~np.isnan(days)).sum())
            found += [(step.column, later, present)] * (later > ENOUGH * present)
    return found


class Beyond(NamedTuple):
    """A column with numbers beyond those of training: number of these, of all, the ends of training, and the unit."""

    column: str
    cells: int
    present: int
    low: float
    high: float
    unit: str


def numbers_beyond(steps: Iterable[Step], frame: pl.DataFrame) -> list[Beyond]:
    """Columns with bins, of at least FEWEST numbers, more than the share ENOUGH of which are beyond all of training."""
    found = []
    for step in steps:
        if isinstance(step, Number) and step.edges:
            x, low, high = _numbers(step, frame), step.edges[0], step.edges[-1]
            n = int(((x < low) | (x > high)).sum())
            found += [Beyond(step.column, n, len(x), low, high, step.unit)] * (len(x) >= FEWEST and n > ENOUGH * len(x))
    return found


def all_small(steps: Iterable[Step], frame: pl.DataFrame) -> list[Beyond]:
    """Columns of at least FEWEST numbers from 0 on, FEWEST_DIFFERENT or more, that are all in the lowest bin of
    training and at most 1/SMALL of its largest number, as if they were written in a larger unit: 0.59 for 59, km for m.
    Not those of `other_percentages`.
    """
    found = []
    for step in steps:
        if isinstance(step, Number) and step.unit != PERCENT and len(step.edges) > BINS and step.edges[0] >= 0:
            x, low, high = _numbers(step, frame), step.edges[0], step.edges[-1]
            several = len(x) >= FEWEST and len(np.unique(x)) >= FEWEST_DIFFERENT
            if several and x.min() >= 0 and x.max() <= min(step.edges[1], high / SMALL):
                found.append(Beyond(step.column, len(x), len(x), low, high, step.unit))
    return found


def without_units(steps: Iterable[Step], frame: pl.DataFrame) -> list[tuple[str, str]]:
    """(column, unit in training) of columns whose numbers had a unit in training, other than percent and multiples, and
    none here.
    """
    numbers = [s for s in steps if isinstance(s, Number) and s.unit not in ("", PERCENT) and MULTIPLE not in s.unit]
    return [(step.column, step.unit) for step in numbers if not _unit(step, frame) and len(_numbers(step, frame))]


def other_percentages(steps: Iterable[Step], frame: pl.DataFrame) -> list[str]:
    """Columns with a percent sign in training or here, not in both, and numbers up to 1 where there is none, up to more
    where there is one: spreadsheets keep 59% as 0.59.
    """
    found = []
    for step in steps:
        if isinstance(step, Number) and step.unit in ("", PERCENT):
            here = _unit(step, frame)
            most = step.edges[-1] if step.edges else step.scale.centre + step.scale.width
            if {here, step.unit} == {"", PERCENT}:
                high = np.abs(_numbers(step, frame)).max(initial=0.0)
                if (most > 1) == (step.unit == PERCENT) and (high > 1) == (here == PERCENT):
                    found.append(step.column)
    return found


def _unit(step: Number, frame: pl.DataFrame) -> str:
    """The unit of a column's cells here; "" for none."""
    cells = as_read(frame.get_column(step.column))
    return unit_of(as_words(cells)) if cells.dtype == pl.String else ""


def _numbers(step: Number, frame: pl.DataFrame) -> NDArray[np.float64]:
    """The numbers of a column that are not missing."""
    x = as_numbers(frame.get_column(step.column), "rows", step.unit)
    return x[~np.isnan(x)]


def _unknown(step: Category | Truth, frame: pl.DataFrame, enough: float) -> Unknown | None:
    cells = as_read(frame.get_column(step.column))
    if cells.dtype == pl.Boolean and isinstance(step, Truth):
        return None
    words = step.words_of(cells) if isinstance(step, Category) else as_words(cells)
    counted = words.drop_nulls().alias("word").value_counts(name="rows").sort("rows", "word", descending=[True, False])
    known = places_of(step.known) if isinstance(step, Category) else SHARES
    spelt = counted["word"] if isinstance(step, Category) else counted["word"].str.to_lowercase()
    others = counted.filter(pl.Series([word not in known for word in spelt], dtype=pl.Boolean))
    if others.is_empty():
        return None
    n, present = sum(others["rows"].to_list()), sum(counted["rows"].to_list())
    if isinstance(step, Category):
        alike = {_bare(word): word for word in reversed(step.known)}
        again = next((word for word in others["word"] if _bare(word) in alike), None)
        if again is not None:
            return Unknown(step.column, n, present, again, alike[_bare(again)])
        if n <= enough * present or step.usual == len(step.words):
            return None  # as rare as in training
    return Unknown(step.column, n, present, others["word"][0])


def _bare(word: str) -> str:
    """A word without what people see last: case, blanks, and full-width or other forms of the same letters."""
    return "".join(normalize("NFKC", word).casefold().split())
