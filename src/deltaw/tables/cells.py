"""What a cell of text says: a missing value, a number, a truth value, a date, or a word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache, partial
from unicodedata import is_normalized

import polars as pl

from deltaw.exceptions import ColumnError
from deltaw.speech import say
from deltaw.tables.codes import are_codes
from deltaw.tables.missing import MISSING, numbers_among
from deltaw.tables.notations import (
    APART,
    COMMAS,
    EITHER,
    POINTS,
    Notations,
    Way,
    are_grouped,
    as_numbers,
    decimal_comma,
    plain,
    ways_of,
)
from deltaw.tables.numerals import WRITTEN, per_cell, plain_numerals
from deltaw.tables.table import refuse_cell
from deltaw.tables.units import PLACE, plain_unit, unit_of, without_unit

# Pairs of words, true first, that make a column of text a yes-or-no question.
TRUTHS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("1", "0"), ("on", "off"),
    ("是", "否"), ("真", "假"), ("对", "错"), ("有", "无"),
)  # fmt: skip

EMPTY = ("",)  # what is missing whatever the caller says

FEW = 64  # cells: to look at each of them here takes less time than to have Polars do it
# Whatever a number can look like, in any notation, and more: nothing else is one.
MAYBE_NUMBER = re.compile(rf"[\s+(-]*(inf|infinity|nan|[\d.,'’_\s{WRITTEN}]*(e[+{WRITTEN}-]*\d*)?)\)?", re.IGNORECASE)

FIRST = 1_000  # cells that tell whether a column says the same again and again

# What a cell that is read as a number has in it: polars reads inf and nan, too.
IN_A_NUMBER = r"(?i)\d|inf|nan"
HAS_DIGIT = re.compile(r"\d")
FEW_CELLS = 1_000  # of so many Python says sooner what they have than a call of Polars


def missing_to_null(
    series: pl.Series, missing: Iterable[str] = MISSING, few: list[str | None] | None = None
) -> pl.Series:
    """A column with null where a cell is one of the words that mean a missing value; text loses surrounding spaces, and
    its signs are composed (`composed`).

    `few`: what `few_different` says of it, where that is known.

    Which words these are is known where a table is read, and there it is done; afterwards null is missing, and EMPTY.
    """
    words = list(missing)
    if series.dtype == pl.String:
        few = few_different(series) if few is None else few
        if few is not None and _all_present(few, words):
            return series
        if recurs(series) and _without(each := series.unique(), words).equals(each):  # it is clean, which few cells say
            return series
        return _without(series, words)
    for number in numbers_among(words) if series.dtype.is_numeric() else ():
        series = per_cell(series, partial(_unless, number=number))
    return series


def few_different(series: pl.Series) -> list[str | None] | None:
    """The different cells of a column of text, where they are few; None where they are many."""
    if len(series) <= FEW:
        return series.to_list()
    if series.head(FIRST).n_unique() > FEW:
        return None
    found = series.alias("cell").value_counts(name="rows").to_series()
    return found.to_list() if len(found) <= FEW else None


def recurs(series: pl.Series) -> bool:
    """Whether cells say the same again and again, as far as the first ones tell."""
    return len(series) > FIRST and series.head(FIRST).n_unique() < FIRST / 2


def _without(series: pl.Series, words: list[str]) -> pl.Series:
    """Text without surrounding spaces, composed, and null where it is one of these words."""
    stripped = composed(per_cell(series, lambda cell: cell.str.strip_chars()))
    if words == [*EMPTY] and not (stripped == "").any():  # a look is cheaper than to choose cell by cell
        return stripped
    small = any(word != word.upper() for word in words)  # for nothing else all cells need be made small
    return per_cell(
        stripped, lambda cell: pl.when(~(cell.str.to_lowercase() if small else cell).is_in(words)).then(cell)
    )


def composed(words: pl.Series) -> pl.Series:
    """Text in its composed form (Unicode's NFC), so that Köln is one word: some systems write ö as o and two points."""
    if words.str.len_bytes().sum() == words.str.len_chars().sum():  # ASCII, as most is: a look is cheaper
        return words
    return per_cell(words, lambda cell: cell.str.normalize("NFC"))


def _all_present(few: list[str | None], missing: list[str]) -> bool:
    """Whether a few strings stand without spaces around them, and none means a missing value. What is no ASCII may be
    made small in more than one way, unless it has no small letters: then Polars says.
    """
    cells = [cell for cell in few if cell is not None]
    return not any(
        cell[:1].isspace() or cell[-1:].isspace() or cell.lower() in missing or cell in missing
        or not (cell.isascii() or (cell.lower() == cell.upper() and is_normalized("NFC", cell)))
        for cell in cells
    )  # fmt: skip


def _unless(cell: pl.Expr, number: float) -> pl.Expr:
    return pl.when(cell != number).then(cell)


def typed(
    series: pl.Series, delimiter: str = ",", missing: Iterable[str] = MISSING, told: Notations | None = None
) -> pl.Series:
    """A column of text as what all its cells say: whole numbers, numbers, truth values, or (stripped) words.

    Codes (`are_codes`) are words. Days stay words here: which way of writing them was meant belongs to the column's
    kind (`deltaw.tables.kinds`). So do numbers with a few mistakes among them (`deltaw.tables.strays`): whoever leaves
    the column out need not know.

    Args:
        series: strings and nulls.
        delimiter: what separated the fields, which says how a comma within a number is meant.
        missing: the words that mean a missing value.
        told: what the parts before this one say, where it is one of several.
    """
    few = few_different(series)
    words = missing_to_null(series, missing, few)
    present = len(words) - words.null_count()
    if present == 0:
        return words
    few = few if words is series else few_different(words)
    if few is not None and any(map(_is_word, few)):
        return pointed(words, delimiter, told, few)
    if words.drop_nulls().str.to_lowercase().is_in(list(TRUTHS[0])).all():
        return words.str.to_lowercase() == TRUTHS[0][0]
    numbers = read_numbers(words, delimiter, told)
    wrong = numbers.null_count() - words.null_count()
    if wrong == 0 and are_codes(words):
        return words
    if wrong == 0:
        if told is not None:
            told.number([words.name], delimiter)
        whole = words.cast(pl.Int64, strict=False)
        return missing_to_null(whole if whole.null_count() == words.null_count() else numbers, missing)
    return pointed(words, delimiter, told, few)


def _is_word(cell: str | None) -> bool:
    """Whether it is no number and no truth value: sure where it says yes."""
    return cell is not None and MAYBE_NUMBER.fullmatch(cell) is None and cell.lower() not in TRUTHS[0]


@lru_cache(1_000)
def read_otherwise(words: tuple[str, ...]) -> bool:
    """Whether some of these words would be read as another word where they stand alone: 1.0 as 1, True as true."""
    each = pl.Series(words, dtype=pl.String)
    truths, numbers = each.filter(each.str.to_lowercase().is_in(list(TRUTHS[0]))), as_written(each)
    whole = each.cast(pl.Int64, strict=False).cast(pl.String)
    return bool((truths != truths.str.to_lowercase()).any() or (whole.fill_null(as_words(numbers)) != each).any())


def no_numbers(words: pl.Series) -> bool:
    """Whether less than half of these cells (without nulls) can be numbers: cheaper to see than to read them."""
    return int(words.str.contains(IN_A_NUMBER).sum()) < len(words) / 2


def first_stray(words: pl.Series) -> tuple[bool, str | None]:
    """Whether half of some words or more are numbers, and the first that is none."""
    if no_numbers(words):
        return False, None
    numbers = as_written(words)
    stray = words.filter(numbers.is_null())
    return len(stray) <= len(words) / 2, stray[0] if len(stray) else None


def as_written(words: pl.Series) -> pl.Series:
    """Numbers from stripped text, by whichever way of reading a comma explains more cells; null for others."""
    return read_numbers(words, "")


def read_numbers(words: pl.Series, delimiter: str = ",", told: Notations | None = None) -> pl.Series:
    """Float64 numbers from stripped text; null where a cell is no number.

    A comma within a number parts thousands in comma-separated files, is the decimal sign in semicolon-separated ones,
    and elsewhere whichever explains more cells: of a table in parts, as `told` says.
    """
    return read_by(words, delimiter, ways_of(delimiter), told)[1]


def read_by(
    words: pl.Series, delimiter: str, ways: tuple[Way, ...], told: Notations | None = None
) -> tuple[Way, pl.Series]:
    """By which way numbers are read, and the numbers."""
    missing = words.null_count()
    as_they_are = words.cast(pl.Float64, strict=False)
    if as_they_are.null_count() == missing:  # so that every way reads them
        if words.cast(pl.Int64, strict=False).null_count() == missing:
            return plain, as_they_are
        ways = (
            ways if ways[0] is plain or are_grouped(words) else tuple(way for way in ways if way is not decimal_comma)
        )
        way = ways[0] if told is None else told.take(words, delimiter, ways)
        return way, as_they_are if way is plain else as_numbers(words, way)
    words = plain_numerals(words)
    found = {way: as_numbers(words, way) for way in ways if way is not plain}
    best = min(found, key=lambda way: found[way].null_count())  # the first of equals
    if told is not None and found[best].null_count() == missing:
        best = told.take(words, delimiter, [way for way in found if found[way].null_count() == missing])
    return best, found[best]


def numbers_in(words: pl.Series, unit: str, source: str) -> pl.Series:
    """Numbers from text that writes them with a unit, or without: whole ones where all are, else Float64.

    Raises ColumnError for another cell.
    """
    numbers = as_written(without_unit(words, unit))
    remedy = "correct the cell or leave it empty, or give the column another kind"
    expected = say("a number in {unit}", unit=plain_unit(unit))
    refuse_cell(numbers.is_null() & words.is_not_null(), words, source, expected, remedy)
    whole = numbers.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == numbers.null_count() and (whole == numbers).all() else numbers


def pointed(
    words: pl.Series, delimiter: str, told: Notations | None = None, few: list[str | None] | None = None
) -> pl.Series:
    """Words; numbers with a unit get a decimal point: that a comma is one, the column says, and later nobody. It is
    none in a column where a point stands behind it: 1,781.80 €.

    Args:
        words: stripped strings and nulls.
        delimiter, told: as for `typed`.
        few: what `few_different` says of the words, where that is known.
    """
    few = words.to_list() if few is None and len(words) <= FEW_CELLS else few
    bare = few is not None and not any(cell and HAS_DIGIT.search(cell) for cell in {*few})  # which Python says sooner
    unit = "" if bare else unit_of(words)
    if told is not None and told.in_parts:
        are_numbers = not (unit or bare or as_written(words.drop_nulls()).has_nulls())
        unit = told.unit(words, unit, delimiter, are_numbers)
    if not unit:
        return words
    if told is not None:
        told.number([words.name], delimiter)
    known = COMMAS in delimiter or POINTS in delimiter or (delimiter == ";" and not unit.endswith(PLACE))
    ways = ways_of(delimiter) if known else EITHER
    way, _ = read_by(without_unit(words, unit).alias(words.name), unit + delimiter, ways, told)
    return per_cell(words, _with_point) if way is decimal_comma else words


def _with_point(cell: pl.Expr) -> pl.Expr:
    """12,5 kg -> 12.5 kg, 1.234,5 kg -> 1234.5 kg; any other text as it is."""
    comma = cell.str.contains(rf"^\D*\d([\d.{APART}]*,\d+|\d{{0,2}}(\.\d{{3}})+)(\D|$)")
    return (
        pl.when(comma)
        .then(cell.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .otherwise(cell)
    )


def check_type(series: pl.Series, source: str = "") -> None:
    """Raise ColumnError for a column of lists, structs or objects."""
    kind = series.dtype
    if not (
        kind.is_numeric() or kind.is_temporal() or kind in (pl.String, pl.Boolean, pl.Null, pl.Categorical, pl.Enum)
    ):
        where = f"{source}: " if source else ""
        expected = say(
            '{where}expected numbers, text, dates or booleans in column "{name}"', where=where, name=series.name
        )
        raise ColumnError(expected, say("the type {kind}", kind=kind), "drop or convert the column")


def as_words(series: pl.Series) -> pl.Series:
    """Values of any plain type as words, spelt alike whatever the type: 1 and 1.0 are "1", True is "true".

    So a class or category that was read as a number in one file and as text in another is still the same.

    Raises ColumnError for a column of lists, structs or objects.
    """
    check_type(series)
    if series.dtype == pl.String:
        return missing_to_null(series, EMPTY)
    if series.dtype.is_float():
        whole = series.is_finite() & (series == series.round()) & (series.abs() < 2**53)
        numbers = pl.when(whole).then(series.cast(pl.Int64, strict=False).cast(pl.String))
        return pl.select(numbers.otherwise(series.fill_nan(None).cast(pl.String)).alias(series.name)).to_series()
    return series.cast(pl.String)
