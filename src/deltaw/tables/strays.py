"""Words among the numbers of a column: for missing values, by mistake, or because the column is words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

import polars as pl

from deltaw.exceptions import ColumnError
from deltaw.speech import listed, say
from deltaw.speech.settings import given_as
from deltaw.tables.cells import FEW_CELLS, FIRST, MAYBE_NUMBER, as_written, no_numbers
from deltaw.tables.codes import are_codes
from deltaw.tables.dates import MISTAKES, date_format
from deltaw.tables.held import are_words, as_read
from deltaw.tables.table import cell_error, clip
from deltaw.tables.units import unit_of

DIGIT, LETTER = r"\d", r"\p{L}"
MOST_GAPS = 3  # words for missing values in one column
MANY = 10  # distinct numbers or dates of a column that is not categories
# What spreadsheets write at the beginning of a row that sums up those above it, in lower case.
TOTALS = frozenset((
    "total", "totals", "grand total", "subtotal", "sub total", "sum", "summe", "gesamt", "gesamtsumme", "insgesamt",
    "zwischensumme", "somme", "total général", "suma", "totale", "totaal", "totalt", "summa", "soma", "toplam", "итого",
    "всего", "сумма", "合计", "合計", "总计", "總計", "小计", "小計", "共计", "总和", "總和", "합계", "総計",
))  # fmt: skip
OF_INPUT = (
    '"{name}" has {words} in {n:,} of {rows:,} cells, and numbers or dates otherwise: read as missing; {option} if not'
)
OF_TARGET = '"{name}" has {words} in {n:,} of {rows:,} cells, and numbers or dates otherwise: these rows have no target'
OF_TOTAL = "remove the row, which seems to be a total"
AS_NUMBERS = (None, "number", "date")  # given kinds of columns in which words are looked for


def gaps_of(frame: pl.DataFrame, target: str, given: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(words for missing values in columns of numbers or dates, in lower case; notes on them): see `gaps_among`.

    Words that are classes of the target are left out. `given`: kinds given by the user.
    """
    asked = [column for column in frame.iter_columns() if given.get(column.name) in AS_NUMBERS]
    gaps = [(column, found) for column in asked if (found := gaps_among(column, few=column.name != target))]
    words, notes, answers, known = dict[str, None](), list[str](), frame.get_column(target), set[str]()
    if gaps and are_words(answers) and all(column.name != target for column, _ in gaps):
        known = {*as_read(answers).drop_nulls().str.to_lowercase()}
    for column, found in gaps:
        if known.intersection(found):
            continue
        words |= dict.fromkeys(found)
        said = {"name": clip(column.name), "n": sum(found.values()), "rows": len(column) - column.null_count(),
                "words": listed(say('"{word}"', word=clip(word, 20)) for word in found),
                "option": given_as("kinds", {clip(column.name): "category"})}  # fmt: skip
        notes.append(say(OF_TARGET if column.name == target else OF_INPUT, **said))
    return tuple(words), tuple(notes)


def gaps_among(cells: pl.Series, few: bool = True) -> dict[str, int]:
    """Words for missing values in a column of numbers or dates, in lower case -> number of cells; mostly {}.

    There are at most three, without digits, and in several cells each if they have letters. All other cells, at least
    half, are numbers (with one unit or none) or dates, with many distinct ones or, if `few`, nearly all cells. The
    information of one such word is kept by the column's missing indicator.
    """
    if not are_words(cells) or not _are_measured(as_read(cells.head(FIRST)).drop_nulls()):  # mostly enough
        return {}
    present = as_read(cells).drop_nulls()
    bare = ~present.str.contains(DIGIT)
    found = present.filter(bare).str.to_lowercase().alias("word").value_counts(name="rows").sort("word")
    rest, words = present.filter(~bare), dict(found.iter_rows())
    once = found.filter(pl.col("rows") == 1)["word"].str.contains(LETTER).any()
    again = any(says_name(word, cells.name.lower()) for word in words)  # files concatenated with their headers
    if once or again or not 0 < len(words) <= MOST_GAPS or not _are_measured(present):
        return {}
    is_few = few and len(present) - len(rest) <= MISTAKES * len(present)
    return words if is_few or rest.n_unique() >= MANY else {}


def _are_measured(present: pl.Series) -> bool:
    """Whether at least half of the words have a digit, and these are numbers (with one unit or none) or dates."""
    rest = present.filter(present.str.contains(DIGIT))
    if not len(rest) or 2 * len(rest) < len(present) or are_codes(rest):
        return False
    dated, wrong = date_format(rest)
    return not as_written(rest).has_nulls() or bool(unit_of(rest)) or (bool(dated) and not wrong)


def check_strays(words: pl.Series, source: str) -> None:
    """Raise ColumnError if nearly all cells of a column of words are numbers (not codes) and a few are not.

    Words that occur again and again among few distinct numbers are no mistakes: 9, 10, 11, 12 and "other" are classes.

    Args:
        words: stripped strings and nulls, as `typed` leaves them.
        source: the table's name in messages.
    """
    found = Strays()
    found.see(words, source)
    found.check()


def _stray_error(words: pl.Series, rows: pl.Series, source: str) -> ColumnError:
    """The error for the first of these words (in these rows) that is not a number."""
    first = as_written(words).is_null().arg_max() or 0
    remedy = "correct the cell, leave it empty, list it in na, or drop the column"
    if says_name(words[first], words.name):
        remedy = "remove the row, which repeats the column names"
    elif says_total(words[first]):
        remedy = OF_TOTAL
    elif rows[first] == 0:
        remedy = (
            "correct the cell, leave it empty or drop the column; if the row has names, join them with those above it"
        )
    return cell_error(source, words.name, rows[first], "a number", words[first], remedy)


def says_name(cell: str, name: str) -> bool:
    """Whether a cell is the column's name, as in files that were concatenated with their headers."""
    return cell.removeprefix("\ufeff") == name


def says_total(cell: str) -> bool:
    """Whether a cell says that its row is a total."""
    return cell.strip(" :：").lower() in TOTALS


class Strays:
    """`check_strays` in batches of cells."""

    def __init__(self) -> None:
        self._present = self._wrong = 0
        self._codes, self._name = False, ""
        self._numbers = set[float]()  # distinct ones, up to MANY
        self._words = Counter[str]()  # words that are not numbers
        self._error: Callable[[], ColumnError] | None = None  # for the first stray cell

    def see(self, words: pl.Series, source: str) -> None:
        """Count the next cells."""
        self._name = words.name
        if self._error is not None and len(words) <= FEW_CELLS:
            present = [cell for cell in words.to_list() if cell is not None]
            if not any(map(MAYBE_NUMBER.fullmatch, {*present})):
                self._present, self._wrong = self._present + len(present), self._wrong + len(present)
                self._words.update(present)
                return
        places = words.is_not_null().arg_true()
        some = places.gather_every(max(1, len(places) // 1_000))
        looked = words[some]
        self._present += len(places)
        if no_numbers(looked) or as_written(looked).null_count() > len(some) / 2:
            wrong = len(places)  # about, without parsing all
        else:
            numbers = as_written(words)
            some = (numbers.is_null() & words.is_not_null()).arg_true()
            looked, wrong = words[some], len(some)
            self._words.update(looked.to_list())
            if len(self._numbers) < MANY:
                self._numbers.update(numbers.drop_nulls().unique())
            self._codes |= are_codes(words.filter(numbers.is_not_null()))
        if wrong and self._error is None:
            self._error = partial(_stray_error, looked, some, source)
        self._wrong += wrong

    def check(self) -> None:
        """Raise ColumnError for the first cell that is not a number, if nearly all are."""
        few = 0 < self._wrong <= max(1, MISTAKES * self._present)
        if len(self._numbers) < MANY and all(
            n > 1 and not says_name(word, self._name) for word, n in self._words.items()
        ):
            return
        if few and self._present >= 10 and not self._codes and self._error is not None:
            raise self._error()
