"""What stands above the names of columns, directly below them, and below the table."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import mode

from deltaw.numbers import amount
from deltaw.speech import listed, say
from deltaw.tables.missing import MISSING
from deltaw.tables.reading.formats.header import has_header, is_number, may_be_number
from deltaw.tables.strays import says_total
from deltaw.tables.table import clip, listing

FEWEST_NAMES = 3  # columns of a table below a title
FEWEST_SUMMED = 10  # rows above a total
TAIL = 1 << 12  # bytes at the end of a text in which notes below the table are looked for
SIGNED = re.compile(rb'"?\s*+(?:[#*_(=]|\xc2\xa9|[^\n]*(?::\s|\xef\xbc\x9a))')  # "# 80 rows", "(c) office", "Source: x"
MOST_BELOW, ROWS_BELOW = 2, 5  # rows of units or descriptions below the names, and least number of rows below those


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
        named = [j for j in places if _words([head[0][j]], missing) and not may_be_number(head[0][j])]
        words = [{*_words([row[j] for j in named], missing)} for row in head[1 : 1 + count]]
        if len(words[0]) > 1 and words[-1]:
            return count
    return 0


def rows_of_names(head: list[list[str]], missing: tuple[str, ...] = MISSING) -> tuple[int, list[str]]:
    """(a number of first rows, the names to put in their place, none if the next row has them); (0, []) if the first
    row has the names.

    It is groups of columns, as merged cells above the names and pandas have them, if one of its words stands over
    several columns (it recurs, or is followed by empty cells), and the rows below it have no number, but the last of
    them, or the one above names of an index, words in columns of numbers, or in all columns without a name and nothing
    in those of numbers, as surveys have answers below questions.
    """
    if len({*map(len, head)}) > 1:
        return 0, []
    for count in range(_without_numbers(head), 0, -1):
        first, *others = ([cell.strip() for cell in row] for row in head[: 1 + count])
        last, above = others[-1], [any(cells) for cells in zip(first, *others[:-1], strict=True)]
        of_index = count > 1 and not any(cell and named for cell, named in zip(last, above, strict=True))
        told = [(others[0] if of_index else last)[j] for j in _of_numbers(head, 1 + count, missing)]
        below = [" ".join(filter(None, cells)) for cells in zip(*others, strict=True)]
        unnamed = [cell for cell, name in zip(last, first, strict=True) if not name]
        of_answers = told and not any(told) and unnamed and all(unnamed)
        groups = _spread(first, below)
        over = [group for group, name in zip(groups, below, strict=True) if group and name]
        names = [f"{group} {name}".strip() for group, name in zip(groups, below, strict=True)]
        known = [name for name in names if name]
        if (of_answers or _words(told, missing)) and len({*over}) < len(over) and len({*known}) == len(known):
            return (count, []) if len({*last} - {""}) == len(last) else (1 + count, names)
    return 0, []


def _spread(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    """The groups, each also over the empty cells behind it that have a name below."""
    found: list[str] = []
    for group, name in zip(groups, names, strict=True):
        found.append(group or (found[-1] if found and name else ""))
    return found


def _words(cells: Iterable[str], missing: tuple[str, ...]) -> list[str]:
    """The cells that are not missing."""
    return [cell for cell in cells if cell.strip().lower() not in missing]


def _without_numbers(head: list[list[str]]) -> int:
    """The number of rows directly below the first without a number, at most MOST_BELOW, if enough rows are below."""
    most = max(0, min(MOST_BELOW, len(head) - 1 - ROWS_BELOW))
    return next((i for i, row in enumerate(head[1 : 1 + most]) if any(map(may_be_number, row))), most)


def _of_numbers(head: list[list[str]], first: int, missing: tuple[str, ...]) -> list[int]:
    """The columns that have only numbers from the row `first` on."""
    columns = enumerate(zip(*head, strict=False))
    return [j for j, column in columns if (cells := _words(column[first:], missing)) and all(map(may_be_number, cells))]


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


def without_empty_end(text: bytes, separator: str) -> bytes:
    """Text without last lines, but the first, of nothing but separators, as spreadsheet programs write empty rows."""
    first, end, signs = text.find(b"\n") + 1, len(text), separator.encode() + b" \t\r\n"
    while end > first and not (last := text[text.rfind(b"\n", 0, end - 1) + 1 : end]).strip(signs):
        end -= len(last)
    return text[:end]


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
    signs = separator.encode() + b'" \t\r\n'
    while SIGNED.match(last := _last_line(text, end)) and separator.encode() not in last.rstrip(signs):
        end -= len(last)
    return end


def _last_line(text: bytes, end: int) -> bytes:
    return text[text.rfind(b"\n", 0, end - 1) + 1 : end]


def total_at_end(text: bytes, separator: str) -> str:
    """The word in the last line that says that it is the total of those above, of FEWEST_SUMMED at least; "" if it says
    none, or if the word is a cell elsewhere: other rows of its kind are among the data.
    """
    last = _last_line(text, len(text)).decode()
    cells = next(csv.reader([last], delimiter=separator), [])
    word = next((cell.strip() for cell in cells if cell.strip()), "")
    if not says_total(word) or len(cells) < 2:
        return ""
    sign = re.escape(separator)
    again = re.compile(rf'[\n{sign}]"?{re.escape(word)}\s*"?(?=[\r\n{sign}])'.encode())
    first = text.find(b"\n")
    return word if text.count(b"\n") > FEWEST_SUMMED + 1 and len(again.findall(text, first)) == 1 else ""


def are_notes(rows: Iterable[Sequence[str]], width: int) -> bool:
    """Whether rows below the only blank ones of a table are notes: each begins with a word, and none fills more than
    half of the `width` columns.
    """
    filled = [row for row in rows if any(row)]
    return bool(filled) and all(
        row[0].strip() and not is_number(row[0]) and 2 * sum(map(bool, row)) <= width for row in filled
    )


def numbered(names: Sequence[str]) -> list[str]:
    """The names, with a number behind each that was there before (x, x_1, x_2), as in workbooks."""
    found, again, given = dict[str, None](), Counter[str](), {*names}
    for name in names:
        new = name
        while new in found or (new != name and new in given):
            again[name] += 1
            new = f"{name}_{again[name]}"
        found[new] = None
    return [*found]


def notes_on_repeated(names: Sequence[str]) -> tuple[str, ...]:
    """A note on names that several columns have."""
    several = [name for name, n in Counter(name.strip() for name in names).items() if name and n > 1]
    line = 'several columns are called {names}: those behind the first are read as "{second}", …'
    shown = listing((f'"{clip(name, 30)}"' for name in several), 3)
    return (say(line, names=shown, second=f"{clip(several[0], 30)}_1"),) if several else ()


def note_on_total(word: str) -> str:
    """A note on a last row that is left out."""
    return say('the last row is left out, which seems to be a total ("{word}")', word=clip(word, 20))


def note_on_notes(note: str) -> str:
    """A note on what stands below the table."""
    return say('what stands below the table is left out ("{cell}")', cell=clip(note))
