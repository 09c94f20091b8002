"""Lines and tables of a given width. Words go on in the next line; a number is never cut.

Widths count cells of a terminal: Chinese characters are two wide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from deltaw.pages.blocks import Column
from deltaw.pages.numbers import aligned
from deltaw.signs import one_line

# What stays together on a line: a word, or a Chinese character, with the signs that open before and close behind it.
OPENING, CLOSING, HAN = "（《〈「『【“‘", "，。、；：？！）》〉」』】”’…", "\u2e80-\u9fff\uff00-\uffef"
UNITS = re.compile(rf" |[{OPENING}]*(?:[{HAN}]|[^\s{HAN}{OPENING}{CLOSING}]+|[{CLOSING}])[{CLOSING}]*|[{OPENING}]+")
# What stays together in a word that is longer than a line: the digits of a number, a sign with its accents.
PIECES = re.compile(r"[−+-]?\d[\d.,]*(?:e[−+-]?\d+)?|.[\u0300-\u036f\ufe0f]*", re.DOTALL)
GAPS = (3, 2)  # blanks between columns, and between those that are short of room
COMFORT = 16  # cells that a column of words gets before the table is folded


def broken(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, broken at blanks and between Chinese characters.

    A line neither begins with a sign that closes (，。）) nor ends with one that opens (（《): W3C, Requirements for
    Chinese Text Layout, section 3.1.3. A word that is longer than a line goes on in the next one.
    """
    return filled(" ".join(one_line(text).split()), width)


def filled(line: str, width: int, chop: bool = True) -> list[str]:
    """The same of a line whose blanks count; without `chop`, a word that is longer than a line stays whole."""
    from rich.cells import cell_len

    lines, line_now = [], ""
    for unit in UNITS.findall(line):
        if cell_len((line_now + unit).rstrip()) <= width:
            line_now += unit
            continue
        lines += [line_now.rstrip()] if line_now.strip() else []
        *whole, line_now = _chopped(unit.lstrip(), width) if chop else [unit.lstrip()]
        lines += whole
    return [*lines, line_now.rstrip()]


def _chopped(word: str, width: int) -> list[str]:
    """A word in parts of at most `width` cells; one number may be longer."""
    from rich.cells import cell_len

    parts = [""]
    for piece in PIECES.findall(word):
        if parts[-1] and cell_len(parts[-1] + piece) > width:
            parts.append("")
        parts[-1] += piece
    return parts


def table(columns: Sequence[Column], width: int) -> list[str]:
    """Columns under their headings, in lines of at most `width` cells (a number that is longer aside).

    Where they do not fit, words go on in the next line. Where that is not enough, the columns stand in several blocks
    below each other, each with the first column, which says what a row is.
    """
    shown = [_Shown(column, (width - GAPS[-1]) // 2) for column in columns]
    natural = [column.natural for column in shown]
    for gap in GAPS:
        if sum(natural) + gap * (len(shown) - 1) <= width:
            return _block(shown, natural, gap)
    lines: list[str] = []
    for block in _folded(shown, width):
        lines += [""] if lines else []
        lines += _block(block, _widths(block, width), GAPS[-1])
    return lines


class _Shown:
    """A column ready to be laid out: how wide it is, and how narrow it may be where a word takes at most `limit`."""

    def __init__(self, column: Column, limit: int) -> None:
        from rich.cells import cell_len

        self.heading = " ".join(one_line(column.heading).split())
        self.cells = [" ".join(one_line(cell).split()) for cell in column.cells]
        self.right, self.whole = column.numeric, column.whole
        if self.right and (padded := aligned(self.cells)) and cell_len(padded[0]) <= limit:
            self.cells = padded
        self.natural = max(map(cell_len, [self.heading, *self.cells]))
        words = [self.heading, *(cell for cell, whole in zip(self.cells, self.whole, strict=True) if not whole)]
        numbers = [cell for cell, whole in zip(self.cells, self.whole, strict=True) if whole]
        units = [unit for text in words for unit in UNITS.findall(text)]
        floor = max(map(cell_len, units), default=0)
        comfort = max(map(cell_len, words[1:]), default=0)
        self.least = max([min(max(floor, min(comfort, COMFORT)), limit), *map(cell_len, numbers)])

    def lines(self, width: int) -> Iterator[list[str]]:
        """The heading, then each cell, in lines of that width."""
        for text, whole in zip([self.heading, *self.cells], [False, *self.whole], strict=True):
            parts = [text] if whole else filled(text, width)
            yield [_padded(part, width, self.right) for part in parts]


def _folded(columns: Sequence[_Shown], width: int) -> Iterator[list[_Shown]]:
    """Blocks of columns that fit side by side, each with the first column."""
    first, *rest = columns
    block, used = [first], first.least
    for column in rest:
        if len(block) > 1 and used + GAPS[-1] + column.least > width:
            yield block
            block, used = [first], first.least
        block.append(column)
        used += GAPS[-1] + column.least
    yield block


def _widths(columns: Sequence[_Shown], width: int) -> list[int]:
    """What each column gets of the width: the least it needs, and of the rest a fair share, the modest ones first."""
    widths = [column.least for column in columns]
    spare = max(0, width - sum(widths) - GAPS[-1] * (len(columns) - 1))
    modest = sorted(range(len(columns)), key=lambda i: columns[i].natural - columns[i].least)
    for served, i in enumerate(modest):
        more = min(max(0, columns[i].natural - columns[i].least), spare // (len(columns) - served))
        widths[i] += more
        spare -= more
    return widths


def _block(columns: Sequence[_Shown], widths: Sequence[int], gap: int) -> list[str]:
    """The columns side by side, a line below the headings, which stand close to it."""
    parts = [column.lines(width) for column, width in zip(columns, widths, strict=True)]
    headings, *rows = (list(row) for row in zip(*parts, strict=True))
    tall = max(map(len, headings))
    headings = [[""] * (tall - len(lines)) + lines for lines in headings]
    rule = "─" * (sum(widths) + gap * (len(widths) - 1))
    return [*_side_by_side(headings, widths, gap), rule, *(l for row in rows for l in _side_by_side(row, widths, gap))]


def _side_by_side(cells: Iterable[Sequence[str]], widths: Sequence[int], gap: int) -> Iterator[str]:
    for line in zip_longest(*cells, fillvalue=""):
        yield (" " * gap).join(_padded(part, w) for part, w in zip(line, widths, strict=True)).rstrip()


def _padded(text: str, width: int, right: bool = False) -> str:
    from rich.cells import cell_len

    blanks = " " * (width - cell_len(text))
    return blanks + text if right else text + blanks
