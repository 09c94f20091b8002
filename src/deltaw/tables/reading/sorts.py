"""Whether the files of a table agree on the type ("sort") of each column.

In text files types come from the cells, so that a column of words and numbers may be all numbers in one file. Then it
has *turned*: all files are read again with its text as words. A column that has a numeric type in another file is an
error.

A column of dates in some files and text in others becomes dates: `as_dates` parses the text.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from deltaw.exceptions import ColumnError
from deltaw.speech import say
from deltaw.tables.cells import EMPTY, missing_to_null
from deltaw.tables.codes import are_codes
from deltaw.tables.dates import date_format, read_dates, swapped_format
from deltaw.tables.table import clip

# Numerals: text all of which may be numbers. Mixed: words some of which may be numbers or booleans.
CODES, NUMERALS, NUMBERS, TRUTH = "codes", "numerals", "numbers", "truth"
DATES, WORDS, MIXED = "dates", "words", "mixed"
COUNTED = {CODES, NUMERALS, NUMBERS}  # compatible: codes without leading zeros are numbers
SPELT = {CODES, NUMERALS, WORDS, MIXED}
TURNING = ({MIXED, NUMBERS}, {MIXED, TRUTH})

LOOK = 1_000  # cells that are checked
NUMERAL = r"^\s*[+-]?(\d[\d.,'’_ ]*|\.\d+)([eE][+-]?\d+)?\s*$"
TRUE_OR_FALSE = r"(?i)^\s*(true|false)\s*$"
FEW_NUMERALS, FEW_TRUTHS = (
    re.compile(each.replace("^", "").rstrip("$"), re.ASCII) for each in (NUMERAL, TRUE_OR_FALSE)
)
MORE_THAN_WORDS = re.compile(r"\d|true|false", re.IGNORECASE)  # in the cells of all sorts of text but words


class Sorts:
    """The sorts of the columns, file by file.

    Args:
        words: names of columns whose text is read as words.

    Attributes:
        turned: names of columns whose text has to be words in all files.
        dates: names of columns whose text has to be dates, as in other files.
    """

    def __init__(self, words: Collection[str] = ()) -> None:
        self.turned, self.dates = set[str](), set[str]()
        self._words, self._known, self._found = words, dict[str, str](), dict[str, str]()

    def see(self, frame: pl.DataFrame, source: str) -> None:
        """Add the next rows of a file. Raises ColumnError for a sort that does not go with that of other files."""
        for column in frame.iter_columns():
            if column.null_count() < len(column):
                found = _sort(column)
                self._fit(column.name, found, source)
                self._found[column.name] = _both(self._found.get(column.name, found), found)

    def end_of_file(self) -> None:
        """The next rows are of another file."""
        self._known |= {name: _both(self._known.get(name, sort), sort) for name, sort in self._found.items()}
        self._found = {}

    def _fit(self, name: str, found: str, source: str) -> None:
        known = self._known.get(name, found)
        pair, forced = {known, found}, name in self._words
        if len(pair) == 1 or pair <= COUNTED or (pair <= SPELT and not (forced and pair == {NUMERALS, WORDS})):
            return
        if pair in TURNING and not forced:
            self.turned.add(name)
            return
        if DATES in pair and pair <= SPELT | {DATES}:
            self.dates.add(name)
            return
        raise ColumnError(
            '{source}: expected {sort} in column "{column}", as in the files before it', _said(found),
            "write all files alike", source=source, sort=_said(known), column=clip(name),
        )  # fmt: skip


def as_dates(frame: pl.DataFrame, dates: Collection[str], source: str) -> pl.DataFrame:
    """The frame with the text of these columns as dates. Raises ColumnError for other and for ambiguous text."""
    text = [frame.get_column(name) for name in frame.columns if name in dates and frame.schema[name] == pl.String]
    return frame.with_columns([_dates(column, source) for column in text]) if text else frame


def _dates(column: pl.Series, source: str) -> pl.Series:
    words = missing_to_null(column, EMPTY)
    spelling, wrong = date_format(words.drop_nulls())
    if words.null_count() < len(words) and (not spelling or wrong or swapped_format(spelling)):
        raise ColumnError(
            '{source}: expected dates in column "{column}", as in other files', clip(str(words.drop_nulls()[0])),
            "write all files alike, dates as year-month-day", source=source, column=clip(column.name),
        )  # fmt: skip
    return read_dates(words, spelling or "%Y-%m-%d")


def _both(known: str, found: str) -> str:
    """The sort of a column with rows of two sorts."""
    if known == found:
        return known
    pair = {known, found}
    return next((sort for sort in (NUMBERS, NUMERALS) if sort in pair), CODES) if pair <= COUNTED else MIXED


def _sort(column: pl.Series) -> str:
    """The sort of a column's cells."""
    kind = column.dtype
    if kind.is_numeric():
        return NUMBERS
    if kind == pl.String:
        # For the few rows of one of many files Python is faster than Polars.
        if len(column) <= LOOK and (few := _of_few({*column.to_list()} - {None})) is not None:
            return few
        return CODES if are_codes(column) else _spelt(column.drop_nulls())
    sorts = ((kind == pl.Boolean, TRUTH), (kind.is_temporal(), DATES))
    return next((sort for holds, sort in sorts if holds), str(kind))


def _of_few(cells: set[str]) -> str | None:
    """The sort of a few cells; None if `_spelt` has to decide."""
    text = "\n".join(cells)
    if not MORE_THAN_WORDS.search(text):
        return WORDS
    if not text.isascii() or any(cell.startswith("0") for cell in cells):
        return None
    numerals = sum(map(bool, map(FEW_NUMERALS.fullmatch, cells)))
    if numerals == len(cells):
        return NUMERALS
    return MIXED if numerals or any(map(FEW_TRUTHS.fullmatch, cells)) else WORDS


def _spelt(words: pl.Series) -> str:
    some = words.gather_every(max(1, len(words) // LOOK))
    numerals = int(some.str.contains(NUMERAL).sum())
    if numerals == len(some):
        return NUMERALS
    return MIXED if numerals or some.str.contains(TRUE_OR_FALSE).any() else WORDS


def _said(sort: str) -> str:
    known = {
        CODES: say("codes"), NUMERALS: say("numbers"), NUMBERS: say("numbers"), TRUTH: say("truth values"),
        DATES: say("dates"), WORDS: say("words"), MIXED: say("words"),
    }  # fmt: skip
    return known.get(sort, sort)
