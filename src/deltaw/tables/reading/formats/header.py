"""Whether the first record of a table has the names of its columns, and of which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from math import isclose

from deltaw.tables.cells import MAYBE_NUMBER
from deltaw.tables.missing import MISSING

FEW = 4  # rows per word, on average, from which on a column has few words
COUNTED = 5  # cells that are no row numbers by chance
PLACE = NUMBER = "#"  # in place of a number, and the form of numbers
YEAR = re.compile("(1[89]|2[01])[0-9]{2}")
FEWEST_WHOLE, FEWEST = 3, 6  # numbers that do not increase, or have equal steps, by chance


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
    return len(cells) >= COUNTED and any(cells == [*map(str, range(i, i + len(cells)))] for i in (0, 1))


def has_header(head: list[list[str]], missing: tuple[str, ...] = MISSING) -> bool:
    """Whether the first record is a header rather than data.

    Columns have a form if all cells below the first have one, as numbers and days do (`form`). The first record is a
    header if it has a word above numbers, and data if it has a cell of its column's form that cannot be a name
    (`_may_be_names`). Else it is data if a word recurs in its column (unless as many columns of few words do not repeat
    theirs). Repetitions of the header, in concatenated files, are ignored. So "country,2019,2020" above numbers is a
    header, and "5.1,3.5,setosa" above more flowers is not.
    """
    first = [cell.strip() for cell in head[0]]
    places = range(len(first))
    below = [[record[j].strip() for record in head[1:] if j < len(record)] for j in places]
    others = [[record[j].strip() for record in head[1:] if record != head[0] and j < len(record)] for j in places]
    forms = [_common_form(cells, missing) for cells in others]
    given = [each for each in zip(first, below, forms, strict=True) if each[0].lower() not in missing]
    if _common_form(first, missing) == NUMBER:
        of_rows = not first[0] and all(below[0]) and (forms[0] != NUMBER or counts(below[0]))
        return _may_be_names(given) if of_rows else _are_steps(first) and not any(map(_are_steps, head[1:3]))
    if any(found == NUMBER != form(cell) for cell, _, found in given):
        return True
    if not _may_be_names([each for each in given if PLACE in each[2] and form(each[0]) == each[2]]):
        return False
    words = [(cell, cells) for cell, cells, found in zip(first, below, forms, strict=True) if cell and found != NUMBER]
    repeated = sum(cell in cells for cell, cells in words)
    names = sum(cell not in cells and FEW * len(set(cells)) <= len(cells) for cell, cells in words)
    return repeated <= names if names else not repeated


def _may_be_names(given: Sequence[tuple[str, list[str], str]]) -> bool:
    """Whether cells of the same form as those below them may be names: years above other numbers, or numbers that
    increase. `given`: cell, cells below it, form.
    """
    cells = [cell for cell, _, _ in given]
    if not all(map(is_number, cells)):
        return False
    if all(map(YEAR.fullmatch, cells)) and not all(map(YEAR.fullmatch, {*chain(*(below for _, below, _ in given))})):
        return True
    numbers, whole = [*map(float, cells)], all(map(str.isdecimal, cells))
    counting = [float(i) for i in range(len(cells))]
    increase = all(a < b for a, b in pairwise(numbers)) and len(cells) >= (FEWEST_WHOLE if whole else FEWEST)
    return increase or (whole and numbers in (counting, [i + 1 for i in counting]))


def _are_steps(cells: Sequence[str]) -> bool:
    """Whether cells are numbers in equal steps, as names that count columns, or tell wave lengths, are."""
    if not all(map(is_number, cells)):
        return False
    numbers = [*map(float, cells)]
    steps = [b - a for a, b in pairwise(numbers)]
    if len(cells) < FEWEST:
        return len(cells) >= FEWEST_WHOLE and numbers == [*range(len(cells))]
    return steps[0] > 0 and all(isclose(step, steps[0], rel_tol=1e-6) for step in steps)


def _common_form(cells: Iterable[str], missing: tuple[str, ...]) -> str:
    """The form of all cells that are not missing; "" if they have several, or there are none."""
    present = (form(cell) for cell in cells if cell.lower() not in missing)
    first = next(present, "")
    return first if all(each == first for each in present) else ""


def form(cell: str) -> str:
    """A text without its numbers, "#-#-#" of a day; of numbers as people write them, NUMBER; of words, themselves."""
    return NUMBER if is_number(cell) or may_be_number(cell) else re.sub(r"\d[\d.,'’]*", PLACE, cell)


def is_number(cell: str) -> bool:
    """Whether Python's `float` reads it, without underscores."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def may_be_number(cell: str) -> bool:
    """Whether it is a number, as people write numbers."""
    return MAYBE_NUMBER.fullmatch(cell) is not None and any(map(str.isdecimal, cell))
