"""Kinds given by the user: whether a column's cells fit, and the unit or date format of text."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from deltaw.speech import listed, say
from deltaw.tables.cells import FIRST, TRUTHS, as_words, as_written, numbers_in, read_numbers
from deltaw.tables.dates import DATE_FORMATS, date_format, read_dates, unread
from deltaw.tables.table import refuse_cell
from deltaw.tables.units import unit_of


def number(column: pl.Series, source: str) -> str:
    """Numbers, or numbers in text; returns their unit. Raises ColumnError for other cells, as all functions here."""
    if column.dtype == pl.String:
        words = as_words(column)
        if unit := unit_of(words):
            numbers_in(words, unit, source)
            return unit
        read = read_numbers(words)
        if read.null_count() > words.null_count():
            for numbers in (as_written(words), read):  # the cell that is not a number, whatever a comma means
                _refuse(numbers.is_null(), words, source, "a number")
    elif column.dtype.is_temporal():
        _refuse_all(column, source, "a number")
    return ""


def any_cell(column: pl.Series, source: str) -> str:
    """Categories and text: any cell fits."""
    return ""


def boolean(column: pl.Series, source: str) -> str:
    """Booleans, or one of the pairs of words in TRUTHS, such as 1 and 0."""
    if column.dtype != pl.Boolean:
        words = as_words(column)
        others = {pair: ~words.str.to_lowercase().is_in(list(pair)) for pair in TRUTHS}
        best = min(TRUTHS, key=lambda pair: int(others[pair].sum() or 0))
        _refuse(others[best], words, source, listed(best, " or "))
    return ""


def date(column: pl.Series, source: str) -> str:
    """Dates and times, or text in one date format, which is returned."""
    if column.dtype.is_temporal():
        return ""
    if column.dtype != pl.String:
        _refuse_all(column, source, "a date")
    words = as_words(column)
    spelling, _ = date_format(words.drop_nulls())
    spelling = spelling or min(DATE_FORMATS, key=lambda each: unread(words.head(FIRST), each))
    read = read_dates(words, spelling).is_null()
    _refuse(read, words, source, "a date" if read.all() else say("a date, {how}", how=say(DATE_FORMATS[spelling])))
    return spelling


# The kinds that a user may give a column (for the others, `deltaw.tables.columns.LEFT_OUT`, there is `drop`).
READ_AS: dict[str, Callable[[pl.Series, str], str]] = {
    "number": number,
    "category": any_cell,
    "boolean": boolean,
    "date": date,
    "text": any_cell,
}


def _refuse_all(column: pl.Series, source: str, expected: str) -> None:
    _refuse(pl.Series([True] * len(column)), column, source, expected)


def _refuse(wrong: pl.Series, cells: pl.Series, source: str, expected: str) -> None:
    """Raise ColumnError for the first wrong cell that is not missing."""
    remedy = "correct the cell or leave it empty, or give the column another kind"
    refuse_cell(wrong.fill_null(False) & cells.is_not_null(), cells, source, expected, remedy)
