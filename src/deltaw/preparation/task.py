"""Classification or regression: the task by the target's values, its cells, and its classes."""

from __future__ import annotations

from typing import Any, Literal

import polars as pl

from deltaw.exceptions import ColumnError
from deltaw.speech import say
from deltaw.tables.cells import as_words, check_type, first_stray, numbers_in
from deltaw.tables.codes import are_codes
from deltaw.tables.columns import ENOUGH
from deltaw.tables.held import as_read
from deltaw.tables.table import clip, refuse_cell
from deltaw.tables.units import unit_of

Task = Literal["classification", "regression"]
TASKS = ("classification", "regression")

# Integers are classes if there are few distinct ones, with many rows each: the digits 0…9, the species 0, 1, 2.
FEW_CLASSES, CLASS_SHARE = 20, 0.05
AS_ASKED, FRACTIONS = "as asked", "numbers with fractions"  # reasons without an alternative
MOST_CLASSES = 10_000
ROWS_PER_CLASS = 2  # at least, on average: one for training, one for scores


def infer_task(series: pl.Series, distinct: int) -> tuple[Task, str]:
    """(task, reason) for a target without missing values.

    Words, booleans and two distinct numbers are classes; so are integers, if there are at most 20 distinct ones, and at
    most one per 20 rows. Other numbers are for regression.
    """
    rows = len(series)
    if not series.dtype.is_numeric():
        return "classification", f"{distinct:,} different values that are not numbers"
    if distinct == 2:
        return "classification", "two different values"
    if series.dtype.is_float() and not (series == series.round()).all():
        return "regression", FRACTIONS
    if distinct <= FEW_CLASSES and distinct <= CLASS_SHARE * rows:
        return "classification", f"{distinct} different whole numbers in {rows:,} rows"
    return "regression", f"{distinct:,} different whole numbers in {rows:,} rows"


def cells_of(series: pl.Series, name: str, source: str) -> pl.Series:
    """The series called `name`, converted to a type of targets, with null for missing values; Enum is kept."""
    series = series.alias(name)
    if series.dtype.is_float():
        series = as_read(series)
    elif not (series.dtype.is_integer() or series.dtype == pl.Boolean):
        if series.dtype.is_temporal():
            expected = say('{source}: expected classes or numbers in target "{name}"', source=source, name=name)
            raise ColumnError(expected, say("dates"), "choose another target, or give a number of days")
        check_type(series, source)
        series = series if series.dtype == pl.Enum else as_words(series)
    return series


def in_unit(series: pl.Series, task: str | None, source: str) -> tuple[pl.Series, str]:
    """(numbers, unit) for text of numbers with a unit, if the task is regression; else (series, "")."""
    unit = unit_of(series) if series.dtype == pl.String and task != "classification" else ""
    if not unit:
        return series, ""
    numbers = numbers_in(series, unit, source)
    known = numbers.drop_nulls()
    estimated = task or infer_task(known, known.n_unique())[0] == "regression"
    return (numbers, unit) if estimated else (series, "")


def known_cells(series: pl.Series, name: str, source: str) -> pl.Series:
    """`cells_of`; raises ColumnError for a missing value."""
    series = cells_of(series, name, source)
    if series.null_count():
        refuse_cell(series.is_null(), series, source, "a value for the target", "fill it in, or remove the row")
    return series


def _instead(series: pl.Series) -> str:
    """The remedy for a target with too many distinct values."""
    if len(series) < ENOUGH:
        return say("give more rows")
    words = series.dtype == pl.String
    if series.dtype.is_numeric() or (words and are_codes(series)):
        return say("it looks like an identifier: choose another target, or ask for regression")
    mostly, stray = first_stray(series) if words else (False, None)
    if mostly and stray:  # values below a limit (<0.5), or not yet known
        line = (
            "its numbers are mixed with words ({word}): write numbers, or list the words in na, to leave out their rows"
        )
        return say(line, word=repr(clip(stray, 20)))
    return say("it looks like an identifier: choose another target, or merge rare classes")


def classes_of(series: pl.Series, name: str, distinct: int, source: str) -> tuple[Any, ...]:
    """The distinct values in order, as Python objects. Raises ColumnError if there are too many."""
    if distinct * ROWS_PER_CLASS > len(series) or distinct > MOST_CLASSES:
        line = (
            '{source}: expected {rows_per_class} rows a class and at most {most_classes:,} classes in target "{name}"'
        )
        limits = {"rows_per_class": ROWS_PER_CLASS, "most_classes": MOST_CLASSES}
        found = say("{distinct:,} classes in {n:,} rows", distinct=distinct, n=len(series))
        raise ColumnError(say(line, source=source, name=name, **limits), found, _instead(as_read(series)))
    classes = series.unique().sort().to_list()
    if isinstance(last := classes[-1], int) and last >= 2**63:  # cannot be stored in a model file
        expected = say(
            '{source}: expected whole numbers below 2^63 as classes in target "{name}"', source=source, name=name
        )
        raise ColumnError(expected, f"{last}", "turn them into text")
    return tuple(classes)
