"""In which way a column writes its numbers: what a comma and a point in it mean.

One cell may say two numbers: "1,234" is 1234 among thousands and 1.234 among decimal commas. All cells of a column
tell which: the first way counts that reads all of them. `Notations` remembers it: for the next part of a table, and for
rows that a model is to answer, whose cells may leave it open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import polars as pl

from deltaw.tables.numerals import per_cell

Way = Callable[[pl.Expr], pl.Expr]

# What stands between thousands in either notation, of one kind in a number.
BLANKS, STROKES = " \u00a0\u202f", "'’"
APART = BLANKS + STROKES
GROUPS = rf"([{BLANKS}]\d{{3}})+|([{STROKES}]\d{{3}})+"


def plain(cell: pl.Expr) -> pl.Expr:
    """A number as computers write it stays so: 1234.5."""
    return cell


def thousands(cell: pl.Expr) -> pl.Expr:
    """1,234,567.8 or 1 234 567.8 or 1'234'567.8 or 12,34,567.8 -> 1234567.8; null for anything else."""
    grouped = cell.str.contains(rf"^[+-]?([1-9]\d{{0,2}}((,\d{{3}})+|{GROUPS})|[1-9]\d?(,\d\d)+,\d{{3}})(\.\d*)?$")
    return pl.when(grouped).then(cell.str.replace_all(rf"[,{APART}]", ""))


def decimal_comma(cell: pl.Expr) -> pl.Expr:
    """12,5 or 1.234.567,8 or 1 234 567,8 -> 12.5 or 1234567.8; null for anything else."""
    written = rf"^[+-]?([1-9]\d{{0,2}}((\.\d{{3}})+|{GROUPS})|\d*)(,\d+)?([eE][+-]?\d+)?$"
    comma = cell.str.contains(written) & cell.str.contains(r"[\d]")
    return pl.when(comma).then(cell.str.replace_all(rf"[.{APART}]", "").str.replace(",", ".", literal=True))


# By what separates fields: in files with semicolons a comma is the decimal sign, unless it cannot be.
WAYS: dict[str, tuple[Way, ...]] = {",": (plain, thousands), ";": (plain, decimal_comma, thousands)}
EITHER: tuple[Way, ...] = (plain, thousands, decimal_comma)
# Before what separates fields: of a file that has some, where points part thousands if they can.
COMMAS = "decimal commas"
WITH_COMMAS: tuple[Way, ...] = (decimal_comma, plain, thousands)
POINTED = (plain, thousands)  # in which a point is one: they read no cell otherwise that both read
POINTS = "decimal points"  # in the same place: of a column that is known to have some
COMMA, POINT = MARKS = (",", ".")  # what a column may have before its decimals
Decimals = Mapping[str, str]  # which of the two a column has, of those that text writes numbers in


def ways_of(notation: str) -> tuple[Way, ...]:
    """In which ways numbers may be written, the first of those that read a column counts; by what separates fields."""
    if POINTS in notation:
        return POINTED
    return WITH_COMMAS if COMMAS in notation else WAYS.get(notation, EITHER)


def marked(notation: str, mark: str | None) -> str:
    """The notation of a column that is known to have this decimal mark; None: nothing is known of it."""
    return notation if mark is None else (COMMAS if mark == COMMA else POINTS) + separator_of(notation)


def separator_of(notation: str) -> str:
    """What separates fields in text of a notation."""
    return notation.replace(COMMAS, "").replace(POINTS, "")


def are_grouped(words: pl.Series) -> bool:
    """Whether all of some numbers that computers read as they stand can be meant as whole ones, with points between
    thousands: 3.153 and 512, but no 0.153, 3.15 or 3153.
    """
    grouped = words.str.contains(r"^[+-]?([1-9]\d{0,2}(\.\d{3})+|0|[1-9]\d{0,2})$")
    return bool(grouped.all() and words.str.contains(".", literal=True).any())


def as_numbers(words: pl.Series, way: Way) -> pl.Series:
    """Float64 of text in plain signs, by a way of writing or as computers do; null for what is no number."""
    return per_cell(words, lambda cell: pl.coalesce(each.cast(pl.Float64, strict=False) for each in (way(cell), cell)))


class Notations:
    """Those of the columns of a table; one that is read in parts has the numbers that it has in one piece.

    Each part is read by the first way that reads all cells so far. Where parts before it were read by another, the
    column has turned: all parts are to be read again, with what is known now.

    Attributes:
        in_parts: whether it is.
        turned: of columns that have, the first cell that says so: its row within the part, and itself.
        words: the columns of which no way reads all cells: they are words.
    """

    def __init__(self, in_parts: bool = True) -> None:
        self.in_parts = in_parts
        self.turned, self.words = dict[str, tuple[int, object]](), set[str]()
        self._units, self._mixed = dict[str, str](), set[str]()
        self._left: dict[tuple[str, str], tuple[Way, ...]] = {}  # of a column in files of a separator
        self._usual = dict[str, str]()  # the decimal marks of the files that columns of numbers are in

    @property
    def decimals(self) -> dict[str, str]:
        """Which decimal mark each column of numbers has, or would have by the others of its file."""
        left = {name: COMMA if ways[0] is decimal_comma else POINT for (name, _), ways in self._left.items()}
        return {name: left.get(name, mark) for name, mark in self._usual.items() if name not in self.words}

    @property
    def as_text(self) -> set[str]:
        """Columns in which a point may be none: they are read as text."""
        return {name for (name, _), left in self._left.items() if left[0] not in POINTED}

    def unit(self, words: pl.Series, found: str, separator: str, are_numbers: bool) -> str:
        """The unit of all parts so far, "" where not all have one: numbers without any may be of it, too."""
        name = words.name
        known = self._units.get(name, "") if are_numbers else self._units.setdefault(name, found)
        if name in self._mixed or are_numbers or known == found:
            return "" if name in self._mixed else known
        self._mixed.add(name)
        if self._left.get((name, known + separator_of(separator)), EITHER)[0] is decimal_comma:
            self.turned.setdefault(name, (0, words[0]))
        return ""

    def number(self, names: Iterable[str], notation: str) -> None:
        """Take note of columns of numbers in text of a notation."""
        self._usual.update(dict.fromkeys(names, COMMA if COMMAS in notation else POINT))

    def see(self, frame: pl.DataFrame, separator: str) -> None:
        """Take note of numbers, and of fractions among them, that were read as they stand."""
        self.number((column.name for column in frame.iter_columns() if column.dtype.is_numeric()), separator)
        for column in frame.iter_columns():
            if column.dtype.is_float() and column.null_count() < len(column):
                self.take(column, separator, ways_of(separator))

    def take(self, cells: pl.Series, separator: str, ways: Sequence[Way]) -> Way:
        """By which way a part is read, of the `ways` that read all its cells: text in plain signs, or numbers.

        What was read as numbers already was read as computers write them.
        """
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
    """The first cell that the way before does not read; where it reads all, the first that it reads otherwise."""
    wrong = cells.is_not_null()
    if cells.dtype == pl.String:
        then, now = (as_numbers(cells, way) for way in (before, left[0] if left else before))
        unread = wrong & then.is_null()
        wrong = unread if unread.any() else (then != now).fill_null(False)
    row = wrong.arg_max() or 0
    return row, cells[row]
