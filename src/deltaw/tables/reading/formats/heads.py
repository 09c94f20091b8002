"""The first records of delimited text: whether there is a header, and the decimal marks."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from statistics import mode
from typing import NamedTuple

import polars as pl

from deltaw.numbers import amount
from deltaw.speech import listed, say
from deltaw.speech.settings import given_as
from deltaw.tables.cells import MAYBE_NUMBER, missing_to_null
from deltaw.tables.decimals import has_mark, valid_decimals
from deltaw.tables.missing import MISSING
from deltaw.tables.notations import COMMA, MARKS, POINT, Decimals, are_grouped
from deltaw.tables.table import clip, listing

# What is said of signs that may separate thousands, by the sign and what decided.
PARTED = {
    (POINT, "file"): '"{name}": points are read as thousands separators, since other numbers of the file have decimal '
    "commas",
    (POINT, "model"): '"{name}": points are read as thousands separators, as in the training rows',
    (POINT, ""): '"{name}": points are read as decimal points; if they separate thousands, write the numbers without '
    "them",
    (COMMA, "file"): '"{name}": commas are read as thousands separators, since other numbers of the file have decimal '
    "points",
    (COMMA, "model"): '"{name}": commas are read as thousands separators, as in the training rows',
    (COMMA, ""): '"{name}": commas are read as decimal commas; if they separate thousands, write the numbers without '
    "them",
}
QUOTED, OTHERS = ",;\t|", ":/&!"  # signs between fields that are found unless a line is quoted, and that are not
FEW = 4  # rows per word, on average, from which on a column has few words
FEWEST_NAMES = 3  # columns of a table below a title
TAIL = 1 << 12  # bytes at the end of a text in which notes below the table are looked for
SIGNED = re.compile(rb'"?\s*+(?:[#*_(=]|\xc2\xa9|[^\n]*(?::\s|\xef\xbc\x9a))')  # "# 80 rows", "(c) office", "Source: x"
MOST_BELOW, ROWS_BELOW = 2, 5  # rows of units or descriptions below the names, and least number of rows below those


class Marks(NamedTuple):
    """Decimal marks, by the first records.

    Attributes:
        file: the mark that a column certainly has, a comma before a point; "" if none has. The other sign separates
            thousands in all columns where it can: beside decimal commas 3.153 is 3153.
        known: decimal marks of training that still hold (`valid_decimals`).
        left: names of columns whose points are ambiguous.
    """

    file: str = ""
    known: Decimals = {}  # noqa: RUF012  # never changed
    left: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, records: list[list[str]], names: list[str], separator: str, missing: tuple[str, ...],
        known: Decimals | None,
    ) -> Marks:  # fmt: skip
        """The marks of records with these column names; `known`: see `Reading.decimals`."""
        if separator == "," and COMMA not in (known or {}).values():
            return cls()
        cells = zip(names, zip_longest(*records), strict=False)
        columns = [missing_to_null(pl.Series(name, each, dtype=pl.String), missing) for name, each in cells]
        found = next((mark for mark in MARKS if any(has_mark(each, mark) for each in columns)), "")
        commas, file = found == COMMA, "" if separator == "," else found
        if known is None or (file == COMMA and COMMA not in known.values()):
            return cls(file)
        here = valid_decimals(columns, known) if commas or separator != "," else {}  # in CSV only with evidence
        usual = POINT if known else COMMA
        unsure = [each for each in columns if known.get(each.name, usual) == COMMA and not (commas or here)]
        return cls(file, here, tuple(each.name for each in unsure if are_grouped(each)))


def notes_on_marks(frame: pl.DataFrame, missing: tuple[str, ...], separator: str, marks: Marks) -> tuple[str, ...]:
    """Notes on columns in which points or commas are thousands separators against the habit, or may be."""
    found = [say(PARTED[POINT, ""], name=clip(name)) for name in marks.left]
    for column in frame.iter_columns():
        text = column.dtype.categories if isinstance(column.dtype, pl.Enum) else column
        known = marks.known.get(column.name)
        sign = POINT if (known or marks.file) == COMMA else COMMA
        if text.dtype == pl.String and (sign == POINT or separator == ";"):
            cells = missing_to_null(text, missing).drop_nulls()
            if len(cells) and are_grouped(cells, sign) and (sign == POINT or not has_mark(cells, POINT)):
                found.append(
                    say(PARTED[sign, "model" if known else "file" if marks.file else ""], name=clip(column.name))
                )
    return tuple(found)


def above_notes(head: list[list[str]]) -> list[list[str]]:
    """The first records without last ones of fewer cells than most have, as notes below a table are."""
    usual = mode(map(len, head)) if head else 0
    return head[: next((i for i in range(len(head), 0, -1) if len(head[i - 1]) >= usual), 0)]


def rows_above(rows: Sequence[Sequence[str]]) -> int:
    """The number of rows above the column names: if the first row that is not empty is a title (its first cell and few
    others, or another number of cells), those above the first row with a different word in every column, or above the
    `rows_of_names`; else 0.
    """
    cells = [[cell.strip() for cell in row] for row in rows]
    title = next((row for row in cells if any(row)), [""])
    usual = mode(map(len, cells or [title]))
    width = max((sum(map(bool, row)) for row in cells if len(row) == usual), default=0)  # blanks may be behind all
    is_title = 2 * sum(map(bool, title)) <= width or abs(len(title) - usual) > 1  # one cell may be of row names
    if (width < FEWEST_NAMES and not _two_columns(cells)) or not title[0] or not is_title:
        return 0
    lengths = range(max(width, usual - 1), usual + 1)  # a separator may be behind all rows but the names
    named = (i for i, row in enumerate(cells) if len(row) in lengths and len({*row[:width]} - {""}) == width)
    first = next(named, 0)
    groups = next((i for i in range(1, first or len(cells)) if rows_of_names(cells[i:])[0]), 0)
    return groups or (first if has_header(cells[first:]) else 0)


def _two_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether single cells stand above two columns of enough rows, all of which are complete."""
    first = next((i for i, row in enumerate(rows) if len(row) != 1), len(rows))
    return len(rows) - first > ROWS_BELOW and all(len(row) == 2 for row in rows[first:])


def rows_below(head: list[list[str]], missing: tuple[str, ...]) -> int:
    """The number of rows directly below the column names, at most MOST_BELOW, that are not data but units or
    descriptions: they have no number, and words in columns of numbers, the first of them two different ones or more.
    """
    for count in range(_without_numbers(head), 0, -1):
        places = _of_numbers(head, 1 + count, missing)
        named = [j for j in places if _words([head[0][j]], missing) and not _may_be_number(head[0][j])]
        words = [{*_words([row[j] for j in named], missing)} for row in head[1 : 1 + count]]
        if len(words[0]) > 1 and words[-1]:
            return count
    return 0


def rows_of_names(head: list[list[str]], missing: tuple[str, ...] = MISSING) -> tuple[int, list[str]]:
    """(a number of first rows, the names to put in their place, none if the next row has them); (0, []) if the first
    row has the names.

    It is groups of columns, as merged cells above the names and pandas have them, if one of its words stands over
    several columns (it recurs, or is followed by empty cells), and the rows below it have no number, but the last of
    them, or the one above names of an index, words in columns of numbers.
    """
    if len({*map(len, head)}) > 1:
        return 0, []
    for count in range(_without_numbers(head), 0, -1):
        first, *others = ([cell.strip() for cell in row] for row in head[: 1 + count])
        last, above = others[-1], [any(cells) for cells in zip(first, *others[:-1], strict=True)]
        of_index = count > 1 and not any(cell and named for cell, named in zip(last, above, strict=True))
        told = [(others[0] if of_index else last)[j] for j in _of_numbers(head, 1 + count, missing)]
        below = [" ".join(filter(None, cells)) for cells in zip(*others, strict=True)]
        groups = _spread(first, below)
        over = [group for group, name in zip(groups, below, strict=True) if group and name]
        names = [f"{group} {name}".strip() for group, name in zip(groups, below, strict=True)]
        known = [name for name in names if name]
        if _words(told, missing) and len({*over}) < len(over) and len({*known}) == len(known):
            return (count, []) if len({*last} - {""}) == len(last) else (1 + count, names)
    return 0, []


def _spread(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    """The groups, each also over the empty cells behind it that have a name below."""
    found: list[str] = []
    for group, name in zip(groups, names, strict=True):
        found.append(group or (found[-1] if found and name else ""))
    return found


def _may_be_number(cell: str) -> bool:
    return MAYBE_NUMBER.fullmatch(cell) is not None and any(map(str.isdecimal, cell))


def _words(cells: Iterable[str], missing: tuple[str, ...]) -> list[str]:
    """The cells that are not missing."""
    return [cell for cell in cells if cell.strip().lower() not in missing]


def _without_numbers(head: list[list[str]]) -> int:
    """The number of rows directly below the first without a number, at most MOST_BELOW, if enough rows are below."""
    most = max(0, min(MOST_BELOW, len(head) - 1 - ROWS_BELOW))
    return next((i for i, row in enumerate(head[1 : 1 + most]) if any(map(_may_be_number, row))), most)


def _of_numbers(head: list[list[str]], first: int, missing: tuple[str, ...]) -> list[int]:
    """The columns that have only numbers from the row `first` on."""
    columns = enumerate(zip(*head, strict=False))
    return [
        j for j, column in columns if (cells := _words(column[first:], missing)) and all(map(_may_be_number, cells))
    ]


def note_on_names(first: int, rows: int, names: Sequence[str]) -> str:
    """A note on column names in several rows; `first`: number of rows above them."""
    line = "the column names are joined from rows {first:,} to {last:,} ({names})"
    several = [name for name in names if " " in name] or names
    return say(line, first=first + 1, last=first + rows, names=listing((f'"{clip(name, 30)}"' for name in several), 3))


def notes_on_rows(above: int, below: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Notes on the rows above the column names, and on those directly below that are no data."""
    notes = [say("the column names are in row {row}; the rows above are ignored", row=above + 1)] if above else []
    if below:
        line = "{rows} below the column names left out, with words ({words}) where the others have numbers"
        words = listed(say('"{word}"', word=clip(cell, 20)) for cell in [cell for cell in below[0] if cell.strip()][:3])
        notes.append(say(line, rows=amount(len(below), "row"), words=words))
    return tuple(notes)


def rows_at_end(text: bytes, separator: str, width: int) -> int:
    """Where notes below a table begin: behind the only blank lines (`are_notes`), or last lines of a single field that
    are notes by their signs; the text's length without notes.
    """
    if width < FEWEST_NAMES:
        return len(text)
    line = re.compile(rf"\n(?:[{re.escape(separator)}\s]*\n)+".encode())
    blank = line.search(text, max(0, len(text) - TAIL))
    outside = blank is not None and text.count(b'"', 0, blank.start()) % 2 == 0  # blank lines in quotes are a cell's
    if blank is not None and outside and not line.search(text, 0, blank.start()):
        rest = io.StringIO(text[blank.end() :].decode(), newline="")
        if are_notes(csv.reader(rest, delimiter=separator), width):
            return blank.start() + 1
    end = len(text)
    while SIGNED.match(last := text[text.rfind(b"\n", 0, end - 1) + 1 : end]) and separator.encode() not in last:
        end -= len(last)
    return end


def are_notes(rows: Iterable[Sequence[str]], width: int) -> bool:
    """Whether rows below the only blank ones of a table are notes: each begins with a word, and none fills more than
    half of the `width` columns.
    """
    filled = [row for row in rows if any(row)]
    return bool(filled) and all(
        row[0].strip() and not is_number(row[0]) and 2 * sum(map(bool, row)) <= width for row in filled
    )


def note_on_notes(note: str) -> str:
    """A note on what stands below the table."""
    return say('what stands below the table is left out ("{cell}")', cell=clip(note))


def note_on_one_column(head: list[list[str]]) -> tuple[str, ...]:
    """A note on lines of a single field that seem to hold several."""
    lines = [record[0].strip() for record in head]
    if len(head[0]) > 1 or len(lines) < FEWEST_NAMES:
        return ()
    if all("  " in line for line in lines):
        return (say("its fields seem to begin at fixed places: write it as CSV, e.g. by pandas.read_fwf"),)
    there = (sign for sign in QUOTED + OTHERS if sign in lines[0] and len({line.count(sign) for line in lines}) == 1)
    if (sign := next(there, "")) in OTHERS and sign:
        line = 'its lines seem to have fields with "{sign}" between them: {option} if so'
        return (say(line, sign=sign, option=given_as("delimiter", sign)),)
    return (say("each line seems to stand in quotes as a whole: remove these"),) if sign else ()


def lacking(head: list[list[str]]) -> int:
    """The number of empty fields that all rows have beyond the header; else 0."""
    width, widths = len(head[0]), {len(record) for record in head[1:]}
    more = max(widths, default=width) - width
    if width < 2 or more < 1 or len(widths) > 1 or any("\n" in cell for cell in head[0]):
        return 0
    return 0 if any(cell.strip() for record in head[1:] for cell in record[width:]) else more


def leaves_out_row_names(head: list[list[str]], surely: bool) -> bool:
    """Whether the header has no name for a first column of row names, as R writes tables; unless `surely`, only if they
    count the rows, since another name may be lacking.
    """
    names = [record[0].strip() for record in head[1:]]
    if {len(record) for record in head[1:]} != {len(head[0]) + 1}:
        return False
    return 1 < len(names) == len(set(names)) if surely else counts(names)


def counts(cells: list[str]) -> bool:
    """Whether cells are 1, 2, 3, … or 0, 1, 2, …, and enough for that to be no chance."""
    return len(cells) >= ROWS_BELOW and any(cells == [*map(str, range(i, i + len(cells)))] for i in (0, 1))


def has_header(head: list[list[str]], missing: tuple[str, ...] = MISSING) -> bool:
    """Whether the first record is a header rather than data.

    It is data if it has only numbers; or if every column that is numeric below it starts with a number, or a word for a
    missing value, and one of its cells cannot be a name: a number with a fraction, or a word that recurs in its column
    (unless as many columns of few words do not repeat theirs). Repetitions of the header, in concatenated files, are
    ignored. So "country,2019,2020" above numbers is a header, and "5.1,3.5,setosa" above more flowers is not.
    """

    def are_numbers(cells: list[str]) -> bool:
        present = [cell for cell in cells if cell.lower() not in missing]
        return bool(present) and all(map(is_number, present))

    first = [cell.strip() for cell in head[0]]
    if are_numbers(first):
        return False
    places = range(len(first))
    below = [[record[j].strip() for record in head[1:] if j < len(record)] for j in places]
    others = [[record[j].strip() for record in head[1:] if record != head[0] and j < len(record)] for j in places]
    columns = list(zip(first, below, map(are_numbers, others), strict=True))
    present = [column for column in columns if not column[0] or column[0].lower() not in missing]
    if any(is_numeric and not are_numbers([cell]) for cell, _, is_numeric in present):
        return True
    if any("." in cell for cell, _, is_numeric in columns if is_numeric):
        return False
    words = [(cell, cells) for cell, cells, is_numeric in columns if cell and not is_numeric]
    repeated = sum(cell in cells for cell, cells in words)
    names = sum(cell not in cells and FEW * len(set(cells)) <= len(cells) for cell, cells in words)
    return repeated <= names if names else not repeated


def is_number(cell: str) -> bool:
    """Whether Python's `float` reads it, without underscores."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell
