"""Codes: words of digits of one width, some with leading zeros, such as postal codes, or of very many digits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice

import polars as pl

from deltaw.tables.numerals import per_cell

CODE = r"^[0-9]{2,}$"
MANY = 20  # digits that no integer of 64 bits has
CODE_RECORDS = 50  # by which codes are detected; if only later records have leading zeros, the text is read again


def are_codes(words: pl.Series) -> bool:
    """Whether stripped text (null if missing) is digits of one width, MANY or some with leading zeros: 01067, 80331.

    Such cells are names, and would lose the zeros, or the last digits, as numbers.
    """
    widths = words.str.len_bytes()
    low, high = widths.min(), widths.max()
    if low is None or low != high or low == 1:
        return False
    if int(low) < MANY and not words.str.starts_with("0").any():  # type: ignore[arg-type]
        return False
    return bool(words.str.contains(CODE).all())


def width_of(known: Iterable[str]) -> int | None:
    """The width of words that are codes; 0 if no word is digits with a leading zero; None for others."""
    known = tuple(known)
    if not any(word.startswith("0") for word in known):
        return 0
    words = pl.Series(known, dtype=pl.String)
    if not (words.str.starts_with("0") & words.str.contains(CODE)).any():
        return 0
    return len(words[0]) if are_codes(words) else None


def in_width(words: pl.Series, width: int | None) -> pl.Series:
    """Words with the leading zeros of known words of this width (`width_of`).

    1067, a code that was read as a number, becomes 01067, and so does 1067.0, as pandas has it in a column with missing
    cells; for width 0 (a model trained on numbers) 01067 becomes 1067.
    """
    if width is None or (not width and not words.str.starts_with("0").any()):
        return words
    if not width:
        return per_cell(words, lambda cell: cell.str.replace("^0+([0-9]+)$", "$1"))
    if words.str.len_bytes().min() == width == words.str.len_bytes().max():
        return words

    def padded(cell: pl.Expr) -> pl.Expr:
        bare = cell.str.strip_suffix(".0")
        return pl.when(bare.str.contains("^[0-9]+$")).then(bare.str.zfill(width)).otherwise(cell)

    return per_cell(words, padded)


def codes_in(text: bytes, separator: str, names: list[str], named: bool, missing: tuple[str, ...]) -> list[str]:
    """Names of the columns of codes, judged by the first CODE_RECORDS records.

    Args:
        text: delimited.
        separator: between fields.
        names: of the columns.
        named: whether the text begins with them.
        missing: the words for a missing value.
    """
    records = csv.reader((line.decode() for line in io.BytesIO(text)), delimiter=separator)
    widths, coded = dict[int, int](), set[int]()
    places: Iterable[int] = range(len(names))
    with suppress(csv.Error):  # a field longer than csv's limit
        for record in islice(records, named, CODE_RECORDS):
            left = []
            for place in places:
                cell = record[place].strip() if place < len(record) else ""
                if cell.isdecimal() and len(cell) == widths.setdefault(place, len(cell)) > 1:
                    coded.update([place] if cell[0] == "0" or len(cell) >= MANY else [])
                elif cell.lower() not in missing:
                    continue
                left.append(place)
            if not (places := left):
                break
    return [names[place] for place in places if place in coded]


def has_shorter_integers(column: pl.Series) -> bool:
    """Whether later integers have fewer digits than the first ones, which have as many as the largest."""
    first = column.head(CODE_RECORDS - 1).min()
    if first is None or int(first) < 10:  # type: ignore[arg-type]
        return False
    least = 10 ** (len(str(column.max())) - 1)
    return bool(int(first) >= least > int(column.min()) >= 0)  # type: ignore[arg-type]
