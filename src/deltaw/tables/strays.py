"""Words among the numbers of a column: a few are mistakes, of many the column is one of words."""

from __future__ import annotations

import polars as pl

from deltaw.exceptions import ColumnError
from deltaw.tables.cells import FEW_CELLS, MAYBE_NUMBER, MISTAKES, as_written, no_numbers
from deltaw.tables.codes import are_codes
from deltaw.tables.table import cell_error


def check_strays(words: pl.Series, source: str) -> None:
    """Raise ColumnError where nearly all cells of a column of words are numbers and a few are not; of codes all are
    names.

    Args:
        words: stripped strings and nulls, as `typed` leaves them.
        source: the table's name for messages.
    """
    found = Strays()
    found.see(words, source)
    found.check()


def stray_error(words: pl.Series, row: int, source: str) -> ColumnError:
    """That of a cell that is no number among numbers."""
    remedy = "correct the cell, leave it empty, name it in na, or drop the column"
    if says_name(words[row], words.name):
        remedy = "remove the row, which says the names of the columns again"
    return cell_error(source, words.name, row, "a number", words[row], remedy)


def says_name(cell: str, name: str) -> bool:
    """Whether a cell is the column's name again, as where files were joined with their first lines."""
    return cell.removeprefix("\ufeff") == name


class Strays:
    """`check_strays` of a column's cells, some after the others."""

    def __init__(self) -> None:
        self._present = self._wrong = 0
        self._codes = False
        self._first: ColumnError | None = None

    def see(self, words: pl.Series, source: str) -> None:
        """The next cells."""
        if self._first is not None and len(words) <= FEW_CELLS:
            present = [cell for cell in words.to_list() if cell is not None]
            if not any(map(MAYBE_NUMBER.fullmatch, {*present})):
                self._present, self._wrong = self._present + len(present), self._wrong + len(present)
                return
        places = words.is_not_null().arg_true()
        some = places.gather_every(max(1, len(places) // 1_000))
        self._present += len(places)
        if no_numbers(words[some]) or as_written(words[some]).null_count() > len(some) / 2:
            self._wrong += len(places)  # or nearly so: cheaper than to look at all
        else:
            numbers, some = as_written(words), places
            self._wrong += numbers.null_count() - words.null_count()
            self._codes |= are_codes(words.filter(numbers.is_not_null()))
        if self._wrong and self._first is None:
            strays = some.filter(as_written(words[some]).is_null())
            self._first = stray_error(words, strays[0], source) if len(strays) else None

    def check(self) -> None:
        """Raise ColumnError for the first cell that is no number where nearly all are some."""
        few = 0 < self._wrong <= max(1, MISTAKES * self._present)
        if few and self._present >= 10 and not self._codes and self._first is not None:
            raise self._first
