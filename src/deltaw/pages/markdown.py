"""A page as Markdown (GitHub's, with tables and $$ … $$)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deltaw.pages.blocks import WORDS, Block, Figure, Formula, Section, Table, Text
from deltaw.signs import one_line

_SIGNS = re.compile(r"([\\*_\[\]<>|#$~&`])")
_LIST = re.compile(r"^(\d*)([-+=.)])(?=[-+=\s]|$)")  # what would begin a list, a rule, or underline a heading
_CODE = re.compile(r"(`[^`]*`)")


def render(title: str, lead: str, sections: Sequence[Section], lang: str) -> str:
    """The page, ending in a line break."""
    parts = [f"# {escape(title)}"]
    if lead:
        parts.append(escape(lead))
    for section in sections:
        parts.append(f"## {escape(section.title)}")
        parts += [_show(block, lang) for block in section.blocks]
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """A paragraph in which nothing but `code` is markup."""
    parts = _CODE.split(_line(text))
    return _LIST.sub(r"\1\\\2", "".join(part if _CODE.fullmatch(part) else _plain(part) for part in parts))


def _literal(text: str) -> str:
    """One line in which nothing is markup."""
    return _plain(_line(text))


def _line(text: str) -> str:
    return " ".join(one_line(text).split())


def _plain(text: str) -> str:
    return _SIGNS.sub(r"\\\1", text)


def _show(block: Block, lang: str) -> str:
    match block:
        case Text():
            return escape(block.text)
        case Formula():
            return f"$$\n{block.latex.strip()}\n$$"
        case Table():
            return _table(block, lang)
        case Figure():
            return f"*{WORDS[lang]['figure']}: {escape(block.caption or block.alt)}*"


def _table(block: Table, lang: str) -> str:
    columns = block.columns(lang)
    headings = [_literal(column.heading) for column in columns]
    sides = ["--:" if column.numeric else ":--" for column in columns]
    rows = zip(*([_literal(cell) for cell in column.cells] for column in columns), strict=True)
    lines = "\n".join(f"| {' | '.join(row)} |" for row in [headings, sides, *rows])
    return f"{lines}\n\n{escape(block.caption)}" if block.caption else lines
