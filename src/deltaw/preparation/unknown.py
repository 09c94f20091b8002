"""Cells of new rows that a model does not know: words that were not in training, or too rare, and later dates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import polars as pl

from deltaw.preparation.columns.category import Category
from deltaw.preparation.columns.numbers import Day
from deltaw.preparation.columns.steps import Step
from deltaw.preparation.columns.truth import Truth
from deltaw.preparation.reading import SHARES, places_of
from deltaw.tables.cells import as_words
from deltaw.tables.held import as_read

ENOUGH = 0.5  # share of unknown words from which on the column is probably another, or has another spelling


class Unknown(NamedTuple):
    """A column with unknown words: number of cells with such words, of all present ones, and one of them."""

    column: str
    cells: int
    present: int
    word: str


def unknown_words(steps: Iterable[Step], frame: pl.DataFrame, enough: float = ENOUGH) -> list[Unknown]:
    """Boolean columns with other words, and columns of words of which more than the share `enough` is unknown.

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


def _unknown(step: Category | Truth, frame: pl.DataFrame, enough: float) -> Unknown | None:
    cells = as_read(frame.get_column(step.column))
    if cells.dtype == pl.Boolean:
        return None
    words = step.words_of(cells) if isinstance(step, Category) else as_words(cells)
    counted = words.drop_nulls().alias("word").value_counts(name="rows").sort("rows", "word", descending=[True, False])
    known = places_of(step.known) if isinstance(step, Category) else SHARES
    spelt = counted["word"] if isinstance(step, Category) else counted["word"].str.to_lowercase()
    others = counted.filter(pl.Series([word not in known for word in spelt], dtype=pl.Boolean))
    if others.is_empty():
        return None
    n, present = sum(others["rows"].to_list()), sum(counted["rows"].to_list())
    if isinstance(step, Category) and (n <= enough * present or step.usual == len(step.words)):
        return None  # as rare as in training
    return Unknown(step.column, n, present, others["word"][0])
