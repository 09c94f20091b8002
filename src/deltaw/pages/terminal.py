"""A page as plain text of a given width."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from deltaw.pages.blocks import WORDS, Block, Figure, Formula, Section, Table, Text
from deltaw.pages.numbers import aligned
from deltaw.pages.typeset import typeset

INDENT = 4  # of formulas
NARROWEST = 20
# What stays together on a line: a word, or a Chinese character, with the signs that open before and close behind it.
OPENING, CLOSING, HAN = "（《〈「『【“‘", "，。、；：？！）》〉」』】”’…", "\u2e80-\u9fff\uff00-\uffef"
UNITS = re.compile(rf" |[{OPENING}]*(?:[{HAN}]|[^\s{HAN}{OPENING}{CLOSING}]+|[{CLOSING}])[{CLOSING}]*|[{OPENING}]+")
MATRIX = frozenset("⎛⎡⎧")  # signs of formulas whose lines belong together


def render(title: str, lead: str, sections: Sequence[Section], lang: str, width: int) -> str:
    """The page as lines no longer than `width` (matrices aside)."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(
        file=file, width=max(width, NARROWEST), color_system=None, force_terminal=False, highlight=False, markup=False,
        emoji=False, legacy_windows=False,
    )  # fmt: skip
    _heading(console, title, "═")
    if lead:
        _prose(console, lead)
    for section in sections:
        console.print()
        _heading(console, section.title, "─")
        for i, block in enumerate(section.blocks):
            if i:
                console.print()
            _show(console, block, lang)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _heading(console: Any, title: str, rule: str) -> None:
    from rich.cells import cell_len

    _prose(console, title)
    console.print(rule * min(cell_len(title.replace("`", "")), console.width))


def _show(console: Any, block: Block, lang: str) -> None:
    match block:
        case Text():
            _prose(console, block.text)
        case Formula():
            _formula(console, block)
        case Table():
            _table(console, block, lang)
        case Figure():
            label = f"[{WORDS[lang]['figure']}] "
            _prose(console, label + (block.caption or block.alt))


def _prose(console: Any, text: str) -> None:
    """A paragraph, its lines broken at blanks and between Chinese characters."""
    console.print("\n".join(broken(text.replace("`", ""), console.width)), soft_wrap=True)


def broken(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, Chinese characters being two cells wide.

    A line neither begins with a sign that closes (，。）) nor ends with one that opens (（《): W3C, Requirements for
    Chinese Text Layout, section 3.1.3. What is longer than a line is cut.
    """
    from rich.cells import cell_len, chop_cells

    lines, line = [], ""
    for unit in UNITS.findall(" ".join(text.split())):
        if cell_len((line + unit).rstrip()) <= width:
            line += unit
            continue
        lines += [line.rstrip()] if line.strip() else []
        *whole, line = chop_cells(unit.lstrip(), width) or [""]
        lines += whole
    return [*lines, line.rstrip()]


def _formula(console: Any, block: Formula) -> None:
    """Lines as they are; one that is too long goes on below, further in. Matrices stay whole."""
    from rich.text import Text as Rich

    text = block.text or typeset(block.latex)
    if not MATRIX.isdisjoint(text):
        console.print("\n".join(" " * INDENT + line for line in text.splitlines()), soft_wrap=True)
        return
    for line in text.splitlines():
        margin = " " * (INDENT + len(line) - len(line.lstrip()))
        room = max(console.width - len(margin), NARROWEST)
        first, *more = Rich(line.strip()).wrap(console, room, overflow="fold") or [Rich("")]
        console.print(margin + first.plain.rstrip(), soft_wrap=True)
        if more:
            rest = Rich(" ".join(part.plain.strip() for part in more))
            for part in rest.wrap(console, max(room - INDENT, NARROWEST), overflow="fold"):
                console.print(margin + " " * INDENT + part.plain.rstrip(), soft_wrap=True)


def _table(console: Any, block: Table, lang: str) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.table import Table as Grid
    from rich.text import Text as Rich

    grid = Grid(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    columns = block.columns(lang)
    texts = []
    for column in columns:
        cells = aligned(column.cells) if column.numeric else [" ".join(cell.split()) for cell in column.cells]
        # Numbers are padded here, on both sides: aligned right, rich would take the blanks behind them away.
        width = max(map(cell_len, [column.heading, *cells]))
        texts.append([cell.rjust(width) for cell in cells] if column.numeric else cells)
        heading = column.heading
        if column.numeric:
            heading = " " * (width - cell_len(heading)) + heading
        grid.add_column(Rich(heading), no_wrap=column.numeric, overflow="fold")
    for row in zip(*texts, strict=True):
        grid.add_row(*map(Rich, row))
    console.print(grid)
    if block.caption:
        _prose(console, block.caption)
