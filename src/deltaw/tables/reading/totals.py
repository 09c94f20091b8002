"""Rows that may not be data: a total below the table, as in spreadsheets, and repeated column names, as in files that
were concatenated with their headers.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from deltaw.speech import say
from deltaw.tables.held import are_words, as_read
from deltaw.tables.strays import says_name, says_total
from deltaw.tables.table import Table, clip, listing

FEWEST = 10  # rows above a total; with fewer, one may be the sum of the others by chance
SOME = 1_000  # first rows checked
LAST = 3  # rows in which a word may say that one is a total: means and notes may be below it
EXACT = 1e-6  # relative tolerance of the total


def with_notes_on_odd_rows(table: Table) -> Table:
    """The table, with a note if its last row is a total, or one of the last says so, or a row repeats the names."""
    if len(table.frame) <= FEWEST or table.test is not None:
        return table
    if (row := _names_again(table.frame)) is not None:
        note = say("row {row:,} repeats the column names: remove it, or it counts as a row", row=row + 1)
        return replace(table, notes=(*table.notes, note))
    summed = [column.name for column in table.frame.iter_columns() if column.dtype.is_numeric() and _is_sum(column)]
    if not summed:
        return _with_note_on_words(table)
    line = "row {row:,}, the last, is the total of the rows above it ({columns}): remove it, or it counts as a row"
    note = say(line, row=len(table.frame), columns=listing(summed, 3))
    return replace(table, notes=(*table.notes, note))


def _with_note_on_words(table: Table) -> Table:
    """The table, with a note if a word in one of its last rows, and nowhere else, says that the row is a total."""
    for column in table.frame.iter_columns() if len(table.frame) > FEWEST else ():
        last = as_read(column.tail(LAST)) if are_words(column) else None
        for i, word in enumerate([] if last is None else last):
            if word and says_total(word) and int((as_read(column) == word).sum()) == 1:
                row = len(column) - len(last) + i + 1  # type: ignore[arg-type]
                line = 'row {row:,} ("{word}" in "{name}") seems to be a total: remove it, or it counts as a row'
                note = say(line, row=row, word=clip(word, 20), name=clip(column.name))
                return replace(table, notes=(*table.notes, note))
    return table


def _names_again(frame: pl.DataFrame) -> int | None:
    """Index of the first row that repeats the column names, which makes all columns text."""
    if frame.width < 2 or any(kind != pl.String for kind in frame.dtypes):
        return None
    first = frame.get_columns()[0]
    for row in first.str.ends_with(first.name).arg_true():
        if says_name(first[row], first.name) and list(frame.row(row)[1:]) == frame.columns[1:]:
            return int(row)
    return None


def _is_sum(column: pl.Series) -> bool:
    """Whether the last number is the sum of the others, and larger than each."""
    last, above = column[-1], column[:-1]
    if last is None or not last > (above.head(SOME).max() or 0):
        return False
    total, most = above.cast(pl.Float64).sum(), above.max()
    return bool(abs(total - last) <= EXACT * last and last > most)
