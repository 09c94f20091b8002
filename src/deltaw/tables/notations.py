"""The notation of numbers in a column: what a comma and a point mean.

A single cell is ambiguous: "1,234" is 1234 with a thousands separator and 1.234 with a decimal comma. The column
decides: the first notation that reads all its cells. `Notations` keeps it for the next part of the table, and for rows
to be predicted, which may be ambiguous.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce

import polars as pl

from deltaw.tables.numerals import per_cell
from deltaw.tables.units import ENOUGH, without_zeros

Way = Callable[[pl.Expr], pl.Expr]

# Thousands separators of all notations; a number has one of them.
BLANKS, STROKES = " \u00a0\u202f", "'’"
SEPARATORS = BLANKS + STROKES
GROUPS = rf"([{BLANKS}]\d{{3}})+|([{STROKES}]\d{{3}})+"


def plain(cell: pl.Expr) -> pl.Expr:
    """1234.5 unchanged."""
    return cell


def thousands(cell: pl.Expr) -> pl.Expr:
    """1,234,567.8 or 1 234 567.8 or 1'234'567.8 or 12,34,567.8 -> 1234567.8; null for anything else."""
    grouped = cell.str.contains(rf"^[+-]?([1-9]\d{{0,2}}((,\d{{3}})+|{GROUPS})|[1-9]\d?(,\d\d)+,\d{{3}})(\.\d*)?$")
    return pl.when(grouped).then(cell.str.replace_all(rf"[,{SEPARATORS}]", ""))


def decimal_comma(cell: pl.Expr) -> pl.Expr:
    """12,5 or 1.234.567,8 or 1 234 567,8 -> 12.5 or 1234567.8; null for anything else."""
    written = rf"^[+-]?([1-9]\d{{0,2}}((\.\d{{3}})+|{GROUPS})|\d*)(,\d+)?([eE][+-]?\d+)?$"
    comma = cell.str.contains(written) & cell.str.contains(r"[\d]")
    return pl.when(comma).then(cell.str.replace_all(rf"[.{SEPARATORS}]", "").str.replace(",", ".", literal=True))


# By the delimiter: in semicolon-separated files a comma is a decimal comma, unless it cannot be.
WAYS: dict[str, tuple[Way, ...]] = {",": (plain, thousands), ";": (plain, decimal_comma, thousands)}
EITHER: tuple[Way, ...] = (plain, thousands, decimal_comma)
# A prefix of the delimiter, for a file with decimal commas, in which points are thousands separators if possible.
COMMAS = "decimal commas"
WITH_COMMAS: tuple[Way, ...] = (decimal_comma, plain, thousands)
POINTED = (plain, thousands)  # with a decimal point: they agree on all cells that both read
POINTS = "decimal points"  # a prefix too, for a column known to have decimal points
OPEN = "open"  # a prefix too, for a file with decimal points, in which commas are thousands separators if possible
PREFIXES = {COMMAS: WITH_COMMAS, POINTS: POINTED, OPEN: EITHER}
COMMA, POINT = MARKS = (",", ".")  # decimal marks
Decimals = Mapping[str, str]  # column of numbers in text -> its decimal mark


def notations_by(notation: str) -> tuple[Way, ...]:
    """The possible notations in order of preference, by the delimiter with its prefix."""
    prefixed = (ways for prefix, ways in PREFIXES.items() if prefix in notation)
    return next(prefixed, WAYS.get(notation, EITHER))


def marked(notation: str, mark: str | None) -> str:
    """The delimiter with the prefix of a column's known decimal mark; None: unknown."""
    return notation if mark is None else (COMMAS if mark == COMMA else POINTS) + separator_of(notation)


def separator_of(notation: str) -> str:
    """The delimiter without its prefix."""
    return reduce(lambda left, prefix: left.replace(prefix, ""), PREFIXES, notation)


def are_grouped(words: pl.Series, mark: str = POINT) -> bool:
    """Whether numbers may all be integers with this mark as thousands separator: 3.153 and 512, but not 0.153, 3.15 or
    3153.
    """
    grouped = words.str.contains(rf"^[+-]?([1-9]\d{{0,2}}([{mark}]\d{{3}})+|0|[1-9]\d{{0,2}})$")
    return bool(grouped.all() and words.str.contains(mark, literal=True).any())


def as_numbers(words: pl.Series, way: Way) -> pl.Series:
    """Float64 from normalised text, by a notation, or plain; null for other cells."""
    return per_cell(words, lambda cell: pl.coalesce(each.cast(pl.Float64, strict=False) for each in (way(cell), cell)))


class Notations:
    """The notations of the columns of a table, so that reading it in parts gives the same numbers as reading it whole.

    Each part is read by the first notation that reads all cells so far. If earlier parts were read by another, the
    column has turned, and all parts need to be read again.

    Attributes:
        in_parts: whether the table is read in parts.
        turned: for columns that have turned, (row in the part, cell) of the first cell that shows it.
        words: columns without a notation that reads all cells: they are words.
    """

    def __init__(self, in_parts: bool = True) -> None:
        self.in_parts = in_parts
        self.turned, self.words = dict[str, tuple[int, object]](), set[str]()
        self._units, self._mixed = dict[str, str](), set[str]()
        self._cells = defaultdict[str, Counter[str]](Counter)  # column -> unit -> cells in it
        self._left: dict[tuple[str, str], tuple[Way, ...]] = {}  # (column, delimiter) -> remaining notations
        self._usual = dict[str, str]()  # column -> decimal mark of its file

    @property
    def decimals(self) -> dict[str, str]:
        """The decimal mark of each column of numbers; of integers, that of the file."""
        left = {name: COMMA if ways[0] is decimal_comma else POINT for (name, _), ways in self._left.items()}
        return {name: left.get(name, mark) for name, mark in self._usual.items() if name not in self.words}

    @property
    def as_text(self) -> set[str]:
        """Columns in which a point may not be a decimal point, so that they have to be read as text."""
        return {name for (name, _), left in self._left.items() if left[0] not in POINTED}

    def unit(self, words: pl.Series, found: str, separator: str, are_numbers: bool) -> str:
        """The unit of nearly all cells of all parts so far, "" if there is none; `are_numbers`: all without a unit."""
        name = words.name
        known = self._units.get(name, "") if are_numbers else self._units.setdefault(name, found)
        cells = self._cells[name]
        cells["" if are_numbers else found] += len(without_zeros(words.drop_nulls()))
        if name in self._mixed or not known:
            return ""
        if cells[known] >= ENOUGH * cells.total() and (are_numbers or known == found):
            return known
        self._mixed.add(name)
        if self._left.get((name, known + separator_of(separator)), EITHER)[0] is decimal_comma:
            self.turned.setdefault(name, (0, words[0]))
        return ""

    def number(self, names: Iterable[str], notation: str) -> None:
        """Note columns of numbers in text."""
        self._usual.update(dict.fromkeys(names, COMMA if COMMAS in notation else POINT))

    def see(self, frame: pl.DataFrame, separator: str) -> None:
        """Note columns that were read as plain numbers."""
        self.number((column.name for column in frame.iter_columns() if column.dtype.is_numeric()), separator)
        for column in frame.iter_columns():
            if column.dtype.is_float() and column.null_count() < len(column):
                self.take(column, separator, notations_by(separator))

    def take(self, cells: pl.Series, separator: str, ways: Sequence[Way]) -> Way:
        """Choose the notation of a part among the `ways` that read all its cells: normalised text, or plain numbers."""
        key = cells.name, separator_of(separator)
        before = self._left.get(key, tuple(ways))
        first, then = (before, ways) if before[0] is decimal_comma else (ways, before)
        left = tuple(way for way in first if way in then)
        if left:
            self._left[key] = left
        else:
            self.words.add(cells.name)
        was = before[0] if cells.dtype == pl.String and before else plain
        same = left and (left[0] is was or {left[0], was} <= {*POINTED})
        if (before or cells.dtype != pl.String) and not same:
            self.turned.setdefault(cells.name, _first(cells, was, left))
        return left[0] if left else ways[0]


def _first(cells: pl.Series, before: Way, left: Sequence[Way]) -> tuple[int, object]:
    """The first cell that the earlier notation does not read, or reads as another number."""
    wrong = cells.is_not_null()
    if cells.dtype == pl.String:
        then, now = (as_numbers(cells, way) for way in (before, left[0] if left else before))
        unread = wrong & then.is_null()
        wrong = unread if unread.any() else (then != now).fill_null(False)
    row = wrong.arg_max() or 0
    return row, cells[row]
