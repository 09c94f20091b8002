"""Parsing the cells of a column of text: missing values, numbers, booleans, words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache, partial
from unicodedata import is_normalized

import numpy as np
import polars as pl

from deltaw.exceptions import ColumnError
from deltaw.speech import say
from deltaw.tables.codes import are_codes
from deltaw.tables.missing import MISSING, numbers_among
from deltaw.tables.notations import (
    COMMAS,
    EITHER,
    POINTS,
    SEPARATORS,
    Notations,
    Way,
    are_grouped,
    as_numbers,
    decimal_comma,
    notations_by,
    plain,
)
from deltaw.tables.numerals import WRITTEN, per_cell, plain_numerals
from deltaw.tables.table import cell_error, refuse_cell
from deltaw.tables.units import PLACE, plain_unit, unit_of, without_unit

# Pairs of words, true first, that make a column of text a boolean one.
TRUTHS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("1", "0"), ("on", "off"),
    ("是", "否"), ("真", "假"), ("对", "错"), ("有", "无"),
)  # fmt: skip

# Signs that are not seen: a zero-width space, marks of the direction of writing, as spreadsheets and calculators copy
# them, and a byte order mark. And blanks of typesetting and of Chinese.
UNSEEN, BLANKS = "\u200b\u200e\u200f\u2060\ufeff\u202a-\u202e\u2066-\u2069", "\u00a0\u2007\u202f\u3000"
ODD = re.compile(f"[{UNSEEN}{BLANKS}]")

# Signs of scripts without blanks between words: Thai, kana, Chinese.
UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"

EMPTY = ("",)  # always missing
REMEDY = "correct the cell or leave it empty, or give the column another kind"  # before training

YEARS = -719_162, 2_932_896  # days from 1970 to the first of the year 1, and to the last of 9999

FEW = 64  # cells up to which Python is faster than Polars
# A superset of all notations of numbers: nothing else is a number.
MAYBE_NUMBER = re.compile(rf"[\s+(-]*(inf|infinity|nan|[\d.,'’_\s{WRITTEN}]*(e[+{WRITTEN}-]*\d*)?)[)-]?", re.IGNORECASE)

FIRST = 1_000  # cells by which a column is judged

IN_A_NUMBER = r"(?i)\d|inf|nan"  # in every cell that Polars reads as a number
HAS_DIGIT = re.compile(r"\d")
FEW_CELLS = 1_000  # cells up to which a regular expression of Python is faster than one of Polars


def missing_to_null(
    series: pl.Series, missing: Iterable[str] = MISSING, few: list[str | None] | None = None
) -> pl.Series:
    """A column with null for missing values; text is stripped and NFC-normalised.

    Args:
        series: of any type.
        missing: words for a missing value, known when a table is read; later only null and EMPTY are missing.
        few: the result of `few_different`, if known.
    """
    words = list(missing)
    if series.dtype == pl.String:
        few = few_different(series) if few is None else few
        if few is not None and _all_present(few, words):
            return series
        if has_repeats(series) and _without(each := series.unique(), words).equals(each):  # nothing to be done
            return series
        return _without(series, words)
    for number in numbers_among(words) if series.dtype.is_numeric() else ():
        series = per_cell(series, partial(_null_where, number=number))
    return series


def few_different(series: pl.Series) -> list[str | None] | None:
    """The distinct cells of a column of text; None if there are more than FEW."""
    if len(series) <= FEW:
        return series.to_list()
    if len(series) <= FEW_CELLS:
        cells = [*dict.fromkeys(series.to_list())]
        return cells if len(cells) <= FEW else None
    if series.head(FIRST).n_unique() > FEW:
        return None
    found = series.alias("cell").value_counts(name="rows").to_series()
    return found.to_list() if len(found) <= FEW else None


def has_repeats(series: pl.Series) -> bool:
    """Whether values repeat, judged by the first cells."""
    return len(series) > FIRST and series.head(FIRST).n_unique() < FIRST / 2


def _without(series: pl.Series, words: list[str]) -> pl.Series:
    """Text stripped and NFC-normalised, with null for these words."""
    stripped = per_cell(composed(series), lambda cell: cell.str.strip_chars())
    if words == [*EMPTY] and not (stripped == "").any():  # faster than a choice per cell
        return stripped
    lower = any(word != word.upper() for word in words)
    return per_cell(
        stripped, lambda cell: pl.when(~(cell.str.to_lowercase() if lower else cell).is_in(words)).then(cell)
    )


def composed(words: pl.Series) -> pl.Series:
    """Text in Unicode normalization form C, so that Köln is one word whether ö is one code point or two, without UNSEEN
    signs and with plain blanks.
    """
    if words.str.len_bytes().sum() == words.str.len_chars().sum():  # ASCII
        return words
    return per_cell(words, _composed)


def _composed(cell: pl.Expr) -> pl.Expr:
    return cell.str.normalize("NFC").str.replace_all(f"[{UNSEEN}]", "").str.replace_all(f"[{BLANKS}]", " ")


def _all_present(few: list[str | None], missing: list[str]) -> bool:
    """Whether no string needs stripping or normalising, and none is missing; False if only Polars can tell, since
    non-ASCII letters may have several lower-case forms.
    """
    cells = [cell for cell in few if cell is not None]
    return not any(
        cell[:1].isspace() or cell[-1:].isspace() or cell.lower() in missing or cell in missing
        or not (cell.isascii() or (cell.lower() == cell.upper() and is_normalized("NFC", cell))) or ODD.search(cell)
        for cell in cells
    )  # fmt: skip


def _null_where(cell: pl.Expr, number: float) -> pl.Expr:
    return pl.when(cell != number).then(cell)


def typed(
    series: pl.Series, delimiter: str = ",", missing: Iterable[str] = MISSING, notations: Notations | None = None
) -> pl.Series:
    """A column of text as integers, floats, booleans, or (stripped) words, whichever fits all cells.

    Codes (`are_codes`) stay words. So do dates, whose format belongs to the column's kind (`deltaw.tables.kinds`), and
    numbers with a few mistakes among them (`deltaw.tables.strays`), which matter only if the column is used.

    Args:
        series: strings and nulls.
        delimiter: between fields; it decides what a comma within a number means.
        missing: the words for a missing value.
        notations: of the earlier parts of the table, if it is read in parts.
    """
    few = few_different(series)
    words = missing_to_null(series, missing, few)
    present = len(words) - words.null_count()
    if present == 0:
        return words
    few = few if words is series else few_different(words)
    if few is not None and any(map(_is_word, few)):
        return with_decimal_points(words, delimiter, notations, few)
    if words.drop_nulls().str.to_lowercase().is_in(list(TRUTHS[0])).all():
        return words.str.to_lowercase() == TRUTHS[0][0]
    numbers = read_numbers(words, delimiter, notations)
    wrong = numbers.null_count() - words.null_count()
    if wrong == 0 and are_codes(words):
        return words
    if wrong == 0:
        if notations is not None:
            notations.number([words.name], delimiter)
        whole = words.cast(pl.Int64, strict=False)
        numbers = whole if whole.null_count() == words.null_count() else numbers.fill_nan(None)  # as of "-nan"
        return missing_to_null(numbers, missing)
    return with_decimal_points(words, delimiter, notations, few)


def _is_word(cell: str | None) -> bool:
    """Whether a cell is certainly neither a number nor a boolean."""
    return cell is not None and MAYBE_NUMBER.fullmatch(cell) is None and cell.lower() not in TRUTHS[0]


@lru_cache(1_000)
def would_be_respelt(words: tuple[str, ...]) -> bool:
    """Whether some of these words would be read as another word in a table of their own: 1.0 as 1, True as true."""
    each = pl.Series(words, dtype=pl.String)
    return bool((_spelt_alone(each) != each).any())


@lru_cache(1_000)
def are_words_alone(words: tuple[str, ...]) -> bool:
    """Whether each of some words is one in a table of its own as well, and no number with a unit."""
    return bool(words) and all(map(_is_word, words)) and not unit_of(pl.Series(words, dtype=pl.String))


@lru_cache(1_000)
def spellings(words: tuple[str, ...]) -> dict[str, str]:
    """Numbers and truth values as `as_words` spells them -> as these words do: 1 -> 1.0, true -> TRUE.

    So a cell that another program read as a number says the word; of several such words the first.
    """
    alone, known = _spelt_alone(pl.Series(words, dtype=pl.String)).to_list(), {*words}
    return {a: word for a, word in reversed([*zip(alone, words, strict=True)]) if a not in known}


def _spelt_alone(words: pl.Series) -> pl.Series:
    """How each of some words is spelt where it stands alone: as a number or a truth value where it is one."""
    truth, whole = words.str.to_lowercase(), words.cast(pl.Int64, strict=False).cast(pl.String)
    number = pl.coalesce(whole, as_words(as_written(words)), words)
    return pl.select(pl.when(truth.is_in([*TRUTHS[0]])).then(truth).otherwise(number)).to_series()


def no_numbers(words: pl.Series) -> bool:
    """Whether fewer than half of these cells (without nulls) can be numbers; faster than parsing them."""
    return int(words.str.contains(IN_A_NUMBER).sum()) < len(words) / 2


def first_stray(words: pl.Series) -> tuple[bool, str | None]:
    """(whether at least half of the words are numbers, the first word that is not)."""
    if no_numbers(words):
        return False, None
    numbers = as_written(words)
    stray = words.filter(numbers.is_null())
    return len(stray) <= len(words) / 2, stray[0] if len(stray) else None


def as_written(words: pl.Series) -> pl.Series:
    """Numbers from stripped text, by whichever meaning of a comma fits more cells; null for others."""
    return read_numbers(words, "")


def read_numbers(words: pl.Series, delimiter: str = ",", notations: Notations | None = None) -> pl.Series:
    """Float64 numbers from stripped text; null for other cells.

    A comma within a number separates thousands in comma-separated files, and is a decimal comma in semicolon-separated
    ones; otherwise whichever fits more cells (of a table in parts: of all parts, see `notations`).
    """
    return read_by(words, delimiter, notations_by(delimiter), notations)[1]


def read_by(
    words: pl.Series, delimiter: str, ways: tuple[Way, ...], notations: Notations | None = None
) -> tuple[Way, pl.Series]:
    """(the notation that fits most cells, the numbers)."""
    missing = words.null_count()
    as_they_are = words.cast(pl.Float64, strict=False)
    if as_they_are.null_count() == missing:  # every notation reads them
        if words.cast(pl.Int64, strict=False).null_count() == missing:
            return plain, as_they_are
        ways = (
            ways if ways[0] is plain or are_grouped(words) else tuple(way for way in ways if way is not decimal_comma)
        )
        way = ways[0] if notations is None else notations.take(words, delimiter, ways)
        return way, as_they_are if way is plain else as_numbers(words, way)
    words = plain_numerals(words)
    found = {way: as_numbers(words, way) for way in ways if way is not plain}
    best = min(found, key=lambda way: found[way].null_count())  # the first of equally good ones
    if notations is not None and found[best].null_count() == missing:
        best = notations.take(words, delimiter, [way for way in found if found[way].null_count() == missing])
    return best, found[best]


def numbers_in(words: pl.Series, unit: str, source: str, remedy: str = REMEDY) -> pl.Series:
    """Numbers from text with or without a unit: Int64 if all are integers, else Float64. Raises ColumnError."""
    numbers = as_written(without_unit(words, unit))
    expected = say("a number in {unit}", unit=plain_unit(unit))
    refuse_cell(numbers.is_null() & words.is_not_null(), words, source, expected, remedy)
    whole = numbers.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == numbers.null_count() and (whole == numbers).all() else numbers


def with_decimal_points(
    words: pl.Series, delimiter: str, notations: Notations | None = None, few: list[str | None] | None = None
) -> pl.Series:
    """Words, in which the decimal comma of numbers with a unit becomes a point, since single rows do not tell what a
    comma means: 12,5 kg (but 1,781.80 € stays).

    Args:
        words: stripped strings and nulls.
        delimiter, notations: as for `typed`.
        few: the result of `few_different`, if known.
    """
    few = words.to_list() if few is None and len(words) <= FEW_CELLS else few
    bare = few is not None and not any(cell and HAS_DIGIT.search(cell) for cell in {*few})  # without digits
    unit = "" if bare else unit_of(words)
    if notations is not None and notations.in_parts:
        are_numbers = not (unit or bare or as_written(words.drop_nulls()).has_nulls())
        unit = notations.unit(words, unit, delimiter, are_numbers)
    if not unit:
        return words
    if notations is not None:
        notations.number([words.name], delimiter)
    known = COMMAS in delimiter or POINTS in delimiter or (delimiter == ";" and not unit.endswith(PLACE))
    ways = notations_by(delimiter) if known else EITHER
    way, _ = read_by(without_unit(words, unit).alias(words.name), unit + delimiter, ways, notations)
    return per_cell(words, _with_point) if way is decimal_comma else words


def _with_point(cell: pl.Expr) -> pl.Expr:
    """12,5 kg -> 12.5 kg, 1.234,5 kg -> 1234.5 kg; other text unchanged."""
    comma = cell.str.contains(rf"^\D*\d([\d.{SEPARATORS}]*,\d+|\d{{0,2}}(\.\d{{3}})+)(\D|$)")
    return (
        pl.when(comma)
        .then(cell.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .otherwise(cell)
    )


def check_type(series: pl.Series, source: str = "") -> None:
    """Raise ColumnError for a column of lists, structs or objects, and for a date that no calendar has."""
    kind = series.dtype
    if kind in (pl.Date, pl.Datetime):
        check_years(series, source)
    if not (
        kind.is_numeric() or kind.is_temporal() or kind in (pl.String, pl.Boolean, pl.Null, pl.Categorical, pl.Enum)
    ):
        where = f"{source}: " if source else ""
        expected = say(
            '{where}expected numbers, text, dates or booleans in column "{name}"', where=where, name=series.name
        )
        raise ColumnError(expected, say("the type {kind}", kind=kind), "drop or convert the column")


def check_years(dates: pl.Series, source: str) -> None:
    """Raise ColumnError for a date that Python does not have, and that Polars cannot show, nor always count with."""
    a_day = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
    days = dates.to_physical() // (a_day[dates.dtype.time_unit] if isinstance(dates.dtype, pl.Datetime) else 1)
    if not days.drop_nulls().is_between(*YEARS).all():
        row = (~days.is_between(*YEARS)).arg_max() or 0
        wanted, found = "a date of the years 1 to 9999", np.datetime64(days[row], "D")
        raise cell_error(source or say("the table"), dates.name, row, wanted, found, "correct it, or drop the column")


def as_words(series: pl.Series) -> pl.Series:
    """Values of any plain type as words, with the same spelling for all types: 1 and 1.0 are "1", True is "true".

    So a class or category is the same whether a file has it as a number or as text. Raises ColumnError as `check_type`.
    """
    check_type(series)
    if series.dtype == pl.String:
        return missing_to_null(series, EMPTY)
    if series.dtype.is_float():
        whole = series.is_finite() & (series == series.round()) & (series.abs() < 2**53)
        numbers = pl.when(whole).then(series.cast(pl.Int64, strict=False).cast(pl.String))
        return pl.select(numbers.otherwise(series.fill_nan(None).cast(pl.String)).alias(series.name)).to_series()
    return series.cast(pl.String)
