"""A page as plain text of a given width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from deltaw.pages import layout
from deltaw.pages.blocks import WORDS, Block, Figure, Formula, Section, Table, Text
from deltaw.pages.typeset import typeset
from deltaw.signs import visible

INDENT = 4  # of formulas
NARROWEST = 20
MATRIX = frozenset("⎛⎡⎧")  # signs of formulas whose lines belong together


def render(title: str, lead: str, sections: Sequence[Section], lang: str, width: int) -> str:
    """The page as lines no longer than `width` (matrices and longer numbers aside), every sign visible."""
    width = max(width, NARROWEST)
    lines = [*_heading(title, "═", width), *(_prose(lead, width) if lead else ())]
    for section in sections:
        lines += ["", *_heading(section.title, "─", width)]
        for i, block in enumerate(_together(section.blocks, lang)):
            lines += [*([""] if i else ()), *_lines(block, lang, width)]
    return visible("\n".join(line.rstrip() for line in lines)) + "\n"


def _heading(title: str, rule: str, width: int) -> list[str]:
    from rich.cells import cell_len

    lines = _prose(title, width)
    return [*lines, rule * max(map(cell_len, lines))]


def _together(blocks: Iterable[Block], lang: str) -> Iterator[Block]:
    """Figures that follow each other, which a terminal does not show, are named in one line."""
    for drawn, group in groupby(blocks, lambda block: isinstance(block, Figure)):
        several = list(group)
        if not drawn or len(several) == 1:
            yield from several
        else:
            names = WORDS[lang]["between"].join(
                block.alt.rstrip(".。") for block in several if isinstance(block, Figure)
            )
            yield Text(f"[{WORDS[lang]['figures'].format(len(several))}] {names}")


def _lines(block: Block, lang: str, width: int) -> list[str]:
    match block:
        case Text():
            return _prose(block.text, width)
        case Formula():
            return list(_formula(block.text or typeset(block.latex), width))
        case Table():
            return [*layout.table(block.columns(lang), width), *(_prose(block.caption, width) if block.caption else ())]
        case Figure():
            return _prose(f"[{WORDS[lang]['one']}] {block.caption or block.alt}", width)


def _prose(text: str, width: int) -> list[str]:
    return layout.broken(text.replace("`", ""), width)


def _formula(text: str, width: int) -> Iterator[str]:
    """Lines as they are; one that is too long goes on below, further in. Matrices stay whole."""
    matrix = not MATRIX.isdisjoint(text)
    for line in map(visible, text.splitlines()):
        margin = " " * (INDENT + len(line) - len(line.lstrip()))
        if matrix:
            yield " " * INDENT + line
            continue
        room = max(width - len(margin), NARROWEST)
        first, *more = layout.filled(line.strip(), room)
        yield margin + first
        if more:
            rest = " ".join(part.strip() for part in more)
            yield from (margin + " " * INDENT + part for part in layout.filled(rest, max(room - INDENT, NARROWEST)))
