"""The kind of each column, with the reason: number, category, boolean, date, text, or one that is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import NamedTuple

import polars as pl

from deltaw.exceptions import ColumnError
from deltaw.numbers import number
from deltaw.speech import in_english, say
from deltaw.speech.settings import given_as
from deltaw.tables.cells import (
    FIRST,
    IN_A_NUMBER,
    MAYBE_NUMBER,
    TRUTHS,
    UNSPACED,
    as_written,
    check_type,
    few_different,
    first_stray,
    numbers_in,
)
from deltaw.tables.codes import are_codes
from deltaw.tables.dates import (
    DATE_FORMATS,
    date_format,
    note_on_dates,
    note_on_digits,
    note_on_words,
    of_another_calendar,
    read_dates,
)
from deltaw.tables.given_kinds import READ_AS
from deltaw.tables.held import MANY, are_plain, as_read
from deltaw.tables.numerals import without_gaps
from deltaw.tables.strays import OF_TOTAL, check_strays, says_total
from deltaw.tables.table import Block, Table, clip, listing, missing_column, refuse_cell
from deltaw.tables.units import CODES, MULTIPLE, PLACE, Units, plain_unit, unit_of, without_unit, without_zeros
from deltaw.threads import side_by_side

USABLE = tuple(READ_AS)  # number, category, boolean, date, text
LEFT_OUT = ("identifier", "constant")
KINDS = USABLE + LEFT_OUT

# Names of row numbers and keys; "" where pandas wrote its index.
IDENTIFIER_NAME = re.compile(
    r"(?i:(.*[_ .-])?(id|key|uuid|guid|index|rownames?|row)|(unnamed: 0)?)|.*[a-z]I[dD]"
    r"|.*([编序学工证行单账卡]号|号码)|主键|索引"
)

# Free text has at least so many words per cell on average (two signs of UNSPACED are one), and mostly distinct cells.
SENTENCE, WORD = 3, r"\S*\p{L}\S*"
# An identifier has at least this share of distinct cells, and so many cells.
DISTINCT, ENOUGH = 0.95, 10
# Numbers followed by other text, in nearly all cells: 50.1*, 12.3 p (Eurostat), 50 ± 3, 120/80.
MORE = r"^\s*[-+]?\d+(?:[.,]\d+)?(?:\s*[*†‡§¶^]+|\s+[a-z]{1,3}|\s*(?:±|\+/?-|/)\s*\d+(?:[.,]\d+)?)\s*$"
NEARLY = 0.95


@dataclass(frozen=True)
class Column:
    """A column's kind, as `kinds` finds it.

    Attributes:
        name: the column's name, or the block's.
        kind: one of KINDS.
        reason: a few words for the user.
        n_missing: number of missing cells.
        n_distinct: number of distinct values without missing ones (not counted for a block: 0; for floats 2 if they
            are not all the same).
        format: of dates in text (strftime), or the unit of numbers in text (`deltaw.tables.units`); "" for others.
        note: a remark for the user, if words look like numbers; else "".
    """

    name: str
    kind: str
    reason: str
    n_missing: int = 0
    n_distinct: int = 0
    format: str = ""
    note: str = ""


class Kind(NamedTuple):
    """The `kind`, `reason`, `format` and `note` of a `Column`."""

    kind: str
    reason: str
    format: str = ""
    note: str = ""


def kinds(table: Table, target: str | None = None, given: Mapping[str, str] | None = None) -> tuple[Column, ...]:
    """The kind of every column of `table` but the target; a block counts as one column of numbers.

    Args:
        table: the rows.
        target: the column to be predicted.
        given: kinds given by the user (`deltaw.tables.choice.kinds_by_column`).

    Raises:
        ColumnError: no column is called `target`, or it is part of a block; a number is infinite; nearly all cells of
            a column are numbers, or dates, and a few are not; a cell does not fit the given kind; a column holds
            lists, structs or objects.
    """
    frame = table.frame
    blocks = {name: block for block in table.blocks for name in block.columns}
    if target is not None and target not in frame.columns:
        raise missing_column(target, frame.columns, table.name)
    if target in blocks:
        expected = say(
            "{name}: expected a target outside the block {block_name}", name=table.name, block_name=blocks[target].name
        )
        raise ColumnError(expected, f'"{target}"', "choose another column")
    single = frame[[name for name in frame.columns if name not in blocks and name != target]]
    for column in single.iter_columns():
        check_type(column, table.name)
    check_finite(single, table.name)
    typed = {column.name: column for column in _single_columns(single, table.name, given or {})}
    typed |= {block.name: _block_column(block) for block in table.blocks}
    order = dict.fromkeys(blocks[name].name if name in blocks else name for name in frame.columns if name != target)
    return _with_something_usable(tuple(typed[name] for name in order), single)


def notes_on(columns: Iterable[Column]) -> tuple[str, ...]:
    """The notes of all columns."""
    return tuple(column.note for column in columns if column.note)


def _block_column(block: Block) -> Column:
    line, n = "{n} columns on one scale, {low} to {high}", len(block.columns)
    return Column(block.name, "number", in_english(line, n=n, low=number(block.low), high=number(block.high)))


def check_finite(frame: pl.DataFrame, source: str) -> None:
    """Raise ColumnError for the first infinite number."""
    instead, na = "correct it, leave it empty, or take such cells as missing: {na}", given_as("na", ["inf", "-inf"])
    for column in frame.iter_columns():
        if column.dtype.is_float() and not isfinite(column.sum() or 0.0):  # cheaper than checking each
            refuse_cell(column.is_infinite(), column, source, "a finite number", instead, na=na)


def _single_columns(frame: pl.DataFrame, source: str, given: Mapping[str, str]) -> list[Column]:
    def found(held: pl.Series) -> Column:
        column = held if are_plain(held) else as_read(held)
        kind, n = given.get(column.name), column.null_count()
        distinct = _distinct(held if held.dtype == pl.Enum else column, n, exactly=kind is not None)
        if kind is not None:
            return _of_kind(column, n, distinct, source, kind)
        own = _kind(column, len(column) - n, distinct, source)
        return Column(column.name, own.kind, own.reason, n, distinct, own.format, own.note)

    return list((side_by_side if len(frame) >= MANY else map)(found, frame.get_columns()))


def _distinct(column: pl.Series, missing: int, exactly: bool) -> int:
    """The number of distinct values; unless `exactly`, of floats 2 for several."""
    if column.dtype.is_float() and not exactly:
        return int(missing < len(column)) + int(column.min() != column.max())
    return column.n_unique() - (missing > 0)


def _of_kind(column: pl.Series, missing: int, distinct: int, source: str, kind: str) -> Column:
    """A column of a given kind. Raises ColumnError if a cell does not fit it."""
    if distinct == 0:
        wanted = '{source}: expected values in column "{name}", whose kind was set to {kind}'
        found = say("none in {n:,} rows", n=len(column))
        raise ColumnError(wanted, found, "leave it out", source=source, name=column.name, kind=kind)
    reason = in_english("as asked: {n:,} distinct values", n=distinct)
    return Column(column.name, kind, reason, missing, distinct, READ_AS[kind](as_read(column), source))


def _kind(column: pl.Series, present: int, distinct: int, source: str) -> Kind:
    """The kind by the type, and of words by their cells; `present`: number of cells that are not missing."""
    if present == 0:
        return Kind("constant", "no value at all")
    if distinct == 1 and present == len(column):
        return Kind("constant", f"always {clip(str(column[0]), 30)}")
    if column.dtype == pl.Boolean:
        return Kind("boolean", "true or false")
    if column.dtype.is_temporal():
        return Kind("date", f"{column.min()!s} to {column.max()!s}")
    if column.dtype.is_numeric():
        return _number(column, present, distinct)
    return _words(column, present, distinct, source)


def _number(column: pl.Series, present: int, distinct: int, unit: str = "", note: str = "") -> Kind:
    """Numbers or identifiers; `unit`: of numbers in text (`deltaw.tables.units`)."""
    if column.dtype.is_integer() and distinct == len(column) >= ENOUGH:
        counts_rows = column.min() in (0, 1) and column.max() - column.min() == len(column) - 1  # type: ignore[operator]
        if counts_rows or IDENTIFIER_NAME.fullmatch(column.name):
            said = in_english("{n:,} distinct values in {rows:,} rows", n=distinct, rows=present)
            return Kind("identifier", said, unit, note)
    note = note or note_on_digits(column)
    said = "whole numbers, {low} to {high}" if column.dtype.is_integer() else "numbers, {low} to {high}"
    said = f"{said}, in {{unit}}" if unit else said
    low, high = (number(float(end)) for end in (column.min(), column.max()))  # type: ignore[arg-type]
    return Kind("number", in_english(said, low=low, high=high, unit=plain_unit(unit)), unit, note)


def note_on_unit(words: pl.Series, unit: str) -> str:
    """A note on multiples of the unit, or on numbers without the unit that nearly all others have; "" if none are."""
    if MULTIPLE in unit:
        plain = without_unit(words, unit)
        cell, read = words[place := plain.str.contains("e").arg_max() or 0], f"{float(as_written(plain)[place]):,.12g}"
        multiples = '"{name}" has numbers in multiples of one unit: "{cell}" is read as {number}'
        shown = unit.replace(PLACE + MULTIPLE, read)
        return say(multiples, name=clip(words.name), cell=clip(cell, 20), number=shown)
    bare = without_zeros(words.filter(as_written(words).is_not_null()))
    if bare.is_empty():
        return ""
    lacking = '"{name}" has no unit in {n:,} of {rows:,} cells ("{cell}"): read in {unit} too; write the unit if not'
    said = {"n": len(bare), "rows": len(words), "cell": clip(bare[0], 20), "unit": plain_unit(unit)}
    return say(lacking, name=clip(words.name), **said)


def _note(present: pl.Series, units: tuple[str, ...], readable: bool, stray: str | None) -> str:
    """A note on why words that look like numbers are categories; `readable`, `stray`: from `first_stray`."""
    name = clip(present.name)
    if units:
        several = '"{name}" is read as categories, since its numbers have several units ({units}): use one unit'
        return say(several, name=name, units=listing(units))
    if not readable:
        return ""
    if are_codes(present):
        zeros, many = (
            '"{name}" is read as categories, since its numbers have leading zeros ("{cell}"): {option} if not',
            '"{name}" is read as categories, since its numbers have {n:,} digits ("{cell}"): {option} if not',
        )
        cell, option = present.sort()[0], given_as("kinds", {name: "number"})
        return say(zeros if cell.startswith("0") else many, name=name, cell=clip(cell, 30), n=len(cell), option=option)
    if stray is None:
        comma = (
            '"{name}" is read as categories, since its numbers have a decimal comma ("{cell}"), which only '
            "files with semicolons or tabs can have: write a decimal point"
        )
        return say(comma, name=name, cell=clip(present[0], 20))
    wrong = (
        '"{name}" is read as categories, since {n:,} of its {rows:,} cells are not numbers ("{cell}"): '
        "correct them, or list them in na, which makes them missing"
    )
    n = as_written(present).null_count()
    return say(wrong, name=name, n=n, rows=len(present), cell=clip(stray, 20))


def _note_on_more(first: pl.Series, distinct: int) -> str:
    """A note on many distinct cells of a number followed by a mark or another number, or by nothing in some."""
    if distinct <= CODES:
        return ""
    rows, first = len(first), first.filter(first.str.contains(r"\d"))
    bare = as_written(first).is_not_null()
    some = bare.any() and len(first) >= NEARLY * rows and unit_of(first.filter(~bare))  # a unit in some cells
    more = ~bare if some else first.str.contains(MORE)
    if not more.any() or (more | bare).sum() < NEARLY * len(first):
        return ""
    told = (
        '"{name}" is read as categories, since its numbers are followed by other text ("{cell}"): move '
        "that text to another column, to have numbers"
    )
    return say(told, name=clip(first.name), cell=clip(first[more.arg_max() or 0], 20))


def _words(column: pl.Series, present: int, distinct: int, source: str) -> Kind:
    """The kind of a column of words: booleans, numbers with a unit, dates, or words."""
    few = column.unique().cast(pl.String).to_list() if column.dtype == pl.Enum else few_different(column)
    known = None if few is None else {word for word in few if word is not None}
    spelt = {word.lower(): word for word in sorted(known or ())}  # Yes, YES and yes are the same
    if known is not None and any(spelt.keys() <= set(pair) for pair in TRUTHS):
        return Kind("boolean", " or ".join(sorted(spelt.values())))
    words = without_gaps(column)
    if column.dtype == pl.Enum or (known is not None and not any(re.search(IN_A_NUMBER, word) for word in known)):
        return _category(words, present, distinct)  # neither numbers nor dates, without a digit
    units = Units.of(words)
    if units.one:
        numbers = numbers_in(column, units.one, source)
        return _number(numbers, present, distinct, units.one, note_on_unit(words, units.one))
    named = known is not None and not any(map(MAYBE_NUMBER.fullmatch, known))  # no numbers
    if spelling := _number_or_date(column, source, named):
        return Kind("date", f"written {DATE_FORMATS[spelling]}", spelling, note_on_dates(words, spelling))
    if not named and _are_numbers(words):  # read as text since another part of the table has codes or words
        return _number(numbers_in(column, "", source), present, distinct)
    first = as_read(words.head(FIRST))
    readable, stray = (False, None) if named else first_stray(first)
    note = _note(words, units.several(words), readable, stray) or note_on_words(words)
    found = _category(words, present, distinct, note or _note_on_more(first, distinct))
    if readable and found.kind == "category":
        said = f'{distinct:,} values, some not numbers: "{clip(stray, 20)}"' if stray else _many(present, distinct)
        return found._replace(reason=said)
    return found


def _category(words: pl.Series, present: int, distinct: int, note: str = "") -> Kind:
    """Free text, identifiers, or categories."""
    if distinct > present / 2 and _mean_length(as_read(words.head(FIRST))) >= SENTENCE:
        return Kind("text", _many(present, distinct), note=note)
    if distinct >= DISTINCT * present and present >= ENOUGH:
        return Kind("identifier", _many(present, distinct), note="" if are_codes(words) else note)
    return Kind("category", in_english("{n:,} distinct values", n=distinct), note=note)


def _mean_length(cells: pl.Series) -> float:
    """The mean number of words in a cell."""
    lengths = cells.str.count_matches(WORD) + cells.str.count_matches(f"[{UNSPACED}]") // 2
    return lengths.mean() or 0.0  # type: ignore[return-value]


def _many(present: int, distinct: int) -> str:
    return in_english("{n:,} distinct values in {rows:,} rows", n=distinct, rows=present)


def _are_numbers(words: pl.Series) -> bool:
    """Whether all words are plain numbers (1234.5) and no codes."""
    some = words.head(FIRST)
    return all(not each.cast(pl.Float64, strict=False).null_count() for each in (some, words)) and not are_codes(words)


def _number_or_date(column: pl.Series, source: str, named: bool) -> str:
    """The date format of text, "" for none; `named`: no cell is a number. Raises ColumnError if nearly all cells are
    dates, or numbers, and a few are not.
    """
    if not named:
        check_strays(column, source)
    spelling, wrong = date_format(without_gaps(column))
    if spelling and wrong:
        found = read_dates(column, spelling)
        if of_another_calendar(found):
            return ""
        unread = found.is_null() & column.is_not_null()
        expected, cell = say("a date, {how}", how=say(DATE_FORMATS[spelling])), column[unread.arg_max() or 0]
        refuse_cell(unread, column, source, expected, OF_TOTAL if says_total(cell) else "correct it or leave it empty")
    return spelling


def _with_something_usable(columns: tuple[Column, ...], frame: pl.DataFrame) -> tuple[Column, ...]:
    """The columns, with integer identifiers as numbers if there are no usable columns otherwise."""
    if any(column.kind in USABLE for column in columns):
        return columns
    return tuple(
        replace(column, kind="number", reason="whole numbers; all other columns are left out")
        if column.kind == "identifier" and frame[column.name].dtype.is_integer()
        else column
        for column in columns
    )
