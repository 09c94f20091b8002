"""Numbers that are names: digits of one width, some with a zero in front, as postal codes have them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice

import polars as pl

from deltaw.tables.numerals import per_cell

# Digits with a zero in front, of two or more: 01067 is no number, but what somebody calls a place.
CODE = r"^[0-9]{2,}$"
CODE_RECORDS = 50  # what is looked at to find codes; where none has a zero in front yet, the text is read again


def are_codes(words: pl.Series) -> bool:
    """Whether stripped text, null where missing, is digits of one width, some with a zero in front: 01067, 80331.

    Such cells are names, of places, wares or offices: numbers, of which nobody writes 0 before the first digit, would
    lose it.
    """
    widths = words.str.len_bytes()
    low, high = widths.min(), widths.max()
    if low is None or low != high or low == 1 or not words.str.starts_with("0").any():  # cheaper than to look at all
        return False
    return bool(words.str.contains(CODE).all())  # of those that are there


def width_of(known: Iterable[str]) -> int | None:
    """The width of words that are codes; 0 where no word is of digits with a zero in front; None for others."""
    known = tuple(known)
    if not any(word.startswith("0") for word in known):  # cheaper than a look at all
        return 0
    words = pl.Series(known, dtype=pl.String)
    if not (words.str.starts_with("0") & words.str.contains(CODE)).any():
        return 0
    return len(words[0]) if are_codes(words) else None


def in_width(words: pl.Series, width: int | None) -> pl.Series:
    """Words to be looked up among some of this width (`width_of`): digits get the zeros in front that these have.

    A code that was read as a number, 1067, is 01067 again, and so is 1067.0, which pandas makes of it where a cell is
    missing; among words without such zeros, as models that were made of numbers have, 01067 is 1067.
    """
    if width is None or (not words.str.starts_with("0").any() and not width) or _are_wide(words, width):
        return words
    if width:
        return per_cell(words, lambda cell: _in_width(cell, width))
    return per_cell(words, lambda cell: cell.str.replace("^0+([0-9]+)$", "$1"))


def _are_wide(words: pl.Series, width: int) -> bool:
    """Whether no word is narrower or wider."""
    return words.str.len_bytes().min() == width == words.str.len_bytes().max()


def _in_width(cell: pl.Expr, width: int) -> pl.Expr:
    bare = cell.str.strip_suffix(".0")
    return pl.when(bare.str.contains("^[0-9]+$")).then(bare.str.zfill(width)).otherwise(cell)


def codes_in(text: bytes, separator: str, names: list[str], named: bool, missing: tuple[str, ...]) -> list[str]:
    """The columns that are of codes, as far as the first records say: digits of one width, some with a zero in front.

    No more is read of them than it takes to see that a column is none.

    Args:
        text: delimited.
        separator: between fields.
        names: of the columns.
        named: whether the text begins with them.
        missing: the words that mean a missing value.
    """
    records = csv.reader((line.decode() for line in io.BytesIO(text)), delimiter=separator)
    widths, zeros = dict[int, int](), set[int]()
    places: Iterable[int] = range(len(names))
    with suppress(csv.Error):  # a field longer than csv's limit
        for record in islice(records, named, CODE_RECORDS):
            left = []
            for place in places:
                cell = record[place].strip() if place < len(record) else ""
                if cell.isdecimal() and len(cell) == widths.setdefault(place, len(cell)) > 1:
                    zeros.update([place] if cell[0] == "0" else [])
                elif cell.lower() not in missing:
                    continue
                left.append(place)
            if not (places := left):
                break
    return [names[place] for place in places if place in zeros]


def narrows(column: pl.Series) -> bool:
    """Whether the first of whole numbers have as many digits as the largest, and others have fewer."""
    first = column.head(CODE_RECORDS - 1).min()
    if first is None or int(first) < 10:  # type: ignore[arg-type]
        return False
    least = 10 ** (len(str(column.max())) - 1)
    return bool(int(first) >= least > int(column.min()) >= 0)  # type: ignore[arg-type]
