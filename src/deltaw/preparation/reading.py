"""Conversion of cells of any type to numbers, dates, booleans or indices of words, with errors that name the cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from unicodedata import normalize

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.exceptions import ColumnError
from deltaw.speech import say
from deltaw.tables.cells import (
    EMPTY,
    TRUTHS,
    as_words,
    as_written,
    check_years,
    missing_to_null,
    numbers_in,
    read_numbers,
    spellings,
)
from deltaw.tables.codes import in_width
from deltaw.tables.dates import DATE_FORMATS, date_format, read_dates, swapped_format
from deltaw.tables.dates import MONTH_FORMATS as MONTHS
from deltaw.tables.held import as_read
from deltaw.tables.table import refuse_cell
from deltaw.tables.units import unit_of

SOME = 300  # cells up to which Python is faster than Polars
SIGNS = ("$#", "€#", "£#", "¥#", "#$", "#€", "#£", "#¥", "#%")  # units of cells of a column that had none in training
REMEDY = "correct the cell or leave it empty"
DAY = 86_400 * 1_000_000  # microseconds
SHARES = {word: float(i == 0) for pair in TRUTHS for i, word in enumerate(pair)}  # word -> 1 for yes, 0 for no
SPELT = {each: yes for word, yes in SHARES.items() for each in (word, word.capitalize(), word.upper())}


def as_numbers(series: pl.Series, source: str, unit: str | None = None) -> NDArray[np.float64]:
    """Float64 numbers (n,), NaN if missing; read-only, since they may be the series' own. See `as_floats`."""
    return as_floats(series, source, unit).astype(np.float64, copy=False)


def as_floats(series: pl.Series, source: str, unit: str | None = None) -> NDArray[np.floating]:
    """Numbers (n,), NaN if missing; float32 for a column of float32, else float64.

    Args:
        series: numbers, or numbers in text.
        source: the table's name in messages.
        unit: of numbers in text (`deltaw.tables.units`); "" for none, or one in SIGNS; None: detected.

    Raises:
        ColumnError: a cell is not a number, or infinite (names row and column); a column of dates.
    """
    series = as_read(series) if series.dtype == pl.Enum else series
    if series.dtype == pl.String:
        words = missing_to_null(series, EMPTY)
        found = "" if unit else unit_of(words)
        unit = found if unit is None or found in SIGNS else unit
        series = numbers_in(words, unit, source, REMEDY) if unit else read_numbers(words)
        if series.null_count() > words.null_count():
            for read in (as_written(words), series):  # the cell that is not a number, whatever a comma means
                refuse_cell(read.is_null() & words.is_not_null(), words, source, "a number", REMEDY)
    elif not (series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null)):
        expected = say('{source}: expected numbers in column "{name}", as in training', source=source, name=series.name)
        raise ColumnError(expected, say("the type {dtype}", dtype=series.dtype), "convert the column")
    numbers = (series if series.dtype == pl.Float32 else series.cast(pl.Float64)).to_numpy()
    infinite = np.isinf(numbers)
    if infinite.any():
        refuse_cell(pl.Series(infinite), series, source, "a finite number", REMEDY)
    return numbers


def as_days(series: pl.Series, source: str, spelling: str = "") -> NDArray[np.float64]:
    """Days since 1970-01-01 (n,), with the time of day as a fraction, NaN if missing.

    Args:
        series: dates, times, or text.
        source: the table's name in messages.
        spelling: date format of text (strftime); "": detected. Another unambiguous format is accepted if all cells have
            it: 2024-01-31 00:00:00 instead of 2024-01-31.

    Raises:
        ColumnError: a cell is not such a date (names row and column), or a column of another kind.
    """
    series = as_read(series)
    if series.dtype == pl.String:
        words = missing_to_null(series, EMPTY)
        spelling = spelling or date_format(words.drop_nulls())[0] or "%Y-%m-%d"
        series = read_dates(words, spelling)
        if series.null_count() > words.null_count():
            another, wrongly = date_format(words.drop_nulls())
            sure = another and not wrongly and not swapped_format(another)
            sure = sure and (another in MONTHS) <= (spelling in MONTHS)
            spelling, series = (another, read_dates(words, another)) if sure else (spelling, series)
        wrong = series.is_null() & words.is_not_null()
        expected = say("a date, {how}", how=say(DATE_FORMATS.get(spelling, spelling)))
        refuse_cell(wrong, words, source, expected, REMEDY)
    elif series.dtype in (pl.Date, pl.Datetime):
        check_years(series, source)
    elif series.null_count() < len(series):
        expected = say('{source}: expected dates in column "{name}", as in training', source=source, name=series.name)
        raise ColumnError(expected, say("the type {dtype}", dtype=series.dtype), "convert the column")
    return series.cast(pl.Datetime("us")).cast(pl.Int64).cast(pl.Float64).to_numpy() / DAY


def places_of(words: Iterable[str]) -> dict[str, int]:
    """Word -> index, of words in Unicode normalization form C as cells are; of two that become equal, the one in it."""
    known = tuple(words)
    taken, found = {*known}, dict[str, int]()
    for place, word in enumerate(known):
        plain = normalize("NFC", word)
        found[word if plain in taken else plain] = place
        taken.add(plain)
    return found


def spelt_as(words: pl.Series, known: Iterable[str]) -> pl.Series:
    """Words as known ones spell the same number or truth value: 1 as 1.0, true as TRUE."""
    same = spellings(tuple(known))
    return words.replace(same) if same else words


def as_shares(series: pl.Series) -> NDArray[np.float64]:
    """1 for yes, 0 for no, NaN for missing cells and other words."""
    if series.dtype == pl.Boolean:
        return series.cast(pl.Float64).to_numpy()
    if (places := places_as_written(series, SPELT, len(SPELT))) is not None:
        return np.array([*SPELT.values(), np.nan])[places]
    words = as_words(series)
    if len(words) <= SOME:
        return np.array([SHARES.get((word or "").lower(), np.nan) for word in words.to_list()], np.float64)
    return words.str.to_lowercase().replace_strict(SHARES, default=None, return_dtype=pl.Float64).to_numpy()


def as_places(words: pl.Series, known: Mapping[str, int], missing: int) -> NDArray[np.int64]:
    """The index of each word, (n,): len(known) for other words, `missing` for null."""
    other = len(known)
    if len(words) <= SOME:
        return np.array([missing if word is None else known.get(word, other) for word in words.to_list()], np.int64)
    places = filled(words.cast(_kind_of(tuple(known)), strict=False), other)
    return np.where(words.is_null().to_numpy(), missing, places) if words.has_nulls() else places


def looked_up(
    words: pl.Series, known: Mapping[str, int], width: int | None, missing: int
) -> tuple[pl.Series, NDArray[np.int64]]:
    """(the words, with leading zeros as the known ones of this width, see `in_width`; `as_places` of them)."""
    places = as_places(words, known, missing)
    if (places == len(known)).any() and (spelt := in_width(words, width)) is not words:
        return spelt, as_places(spelt, known, missing)
    return words, places


def places_as_written(cells: pl.Series, known: Iterable[str], missing: int) -> NDArray[np.int64] | None:
    """`as_places` without normalisation, for cells that are all known words or null; None for other cells."""
    if len(cells) <= SOME:
        return None
    if isinstance(cells.dtype, pl.Enum):  # look up each distinct word once
        numbers, none = {word: i for i, word in enumerate(known)}, np.iinfo(np.int64).min
        of_words = np.array([*(numbers.get(word, none) for word in cells.dtype.categories), missing], np.int64)
        found = of_words[filled(cells, len(of_words) - 1)]
        return None if (found == none).any() else found
    if cells.dtype != pl.String:
        return None
    places = cells.cast(_kind_of(tuple(known)), strict=False)  # null for others
    return None if places.null_count() > cells.null_count() else filled(places, missing)


@lru_cache(maxsize=256)
def _kind_of(words: tuple[str, ...]) -> pl.Enum:
    """The Enum of these words, cached, since making one takes longer than a thousand lookups."""
    return pl.Enum(words)


def filled(places: pl.Series, gap: int) -> NDArray[np.int64]:
    """The codes of an Enum, with `gap` for null."""
    numbers = places.to_physical().to_numpy()  # floats with NaN, if there are nulls
    whole = np.where(np.isnan(numbers), gap, numbers) if places.has_nulls() else numbers
    return whole.astype(np.int64)
