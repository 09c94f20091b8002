"""A column as the kind that the caller says it is: whether its cells can be that, and how its dates are written."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from deltaw.speech import listed, say
from deltaw.tables.cells import TRUTHS, as_words, as_written, numbers_in, read_numbers
from deltaw.tables.dates import DATE_FORMATS, date_format, read_dates
from deltaw.tables.table import refuse_cell
from deltaw.tables.units import unit_of


def number(column: pl.Series, source: str) -> str:
    """Numbers, or text that says some; returns their unit. Raises ColumnError for another cell, as all here do."""
    if column.dtype == pl.String:
        words = as_words(column)
        if unit := unit_of(words):
            numbers_in(words, unit, source)
            return unit
        read = read_numbers(words)
        if read.null_count() > words.null_count():
            for numbers in (as_written(words), read):  # the cell that no way of reading a comma explains
                _refuse(numbers.is_null(), words, source, "a number")
    elif column.dtype.is_temporal():
        _refuse_all(column, source, "a number")
    return ""


def category(column: pl.Series, source: str) -> str:
    """Categories, which any cells can be: no cell is refused."""
    return ""


def boolean(column: pl.Series, source: str) -> str:
    """Truth values, or one of the pairs of words (1 and 0 are one) that answer a question."""
    if column.dtype != pl.Boolean:
        words = as_words(column)
        others = {pair: ~words.str.to_lowercase().is_in(list(pair)) for pair in TRUTHS}
        best = min(TRUTHS, key=lambda pair: int(others[pair].sum() or 0))
        _refuse(others[best], words, source, listed(best, " or "))
    return ""


def date(column: pl.Series, source: str) -> str:
    """Days and times, or text that writes them one way; returns which (a strftime format)."""
    if column.dtype.is_temporal():
        return ""
    if column.dtype != pl.String:
        _refuse_all(column, source, "a date")
    words = as_words(column)
    spelling, _ = date_format(words.drop_nulls())
    spelling = spelling or min(DATE_FORMATS, key=lambda each: read_dates(words, each).null_count())
    read = read_dates(words, spelling).is_null()
    _refuse(read, words, source, "a date" if read.all() else say("a date, {how}", how=say(DATE_FORMATS[spelling])))
    return spelling


# What a user may call a column; the rest of what there is (`deltaw.tables.columns.LEFT_OUT`) is left to `drop`.
READ_AS: dict[str, Callable[[pl.Series, str], str]] = {
    "number": number,
    "category": category,
    "boolean": boolean,
    "date": date,
}


def _refuse_all(column: pl.Series, source: str, expected: str) -> None:
    _refuse(pl.Series([True] * len(column)), column, source, expected)


def _refuse(wrong: pl.Series, cells: pl.Series, source: str, expected: str) -> None:
    """Raise ColumnError for the first cell that is wrong and not missing."""
    remedy = "correct the cell or leave it empty, or give the column another kind"
    refuse_cell(wrong.fill_null(False) & cells.is_not_null(), cells, source, expected, remedy)
