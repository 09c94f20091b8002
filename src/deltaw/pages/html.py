"""Pages of HTML that stand alone: one look for reports, lessons and explanations.

`page` is the shell with its styles; `content`, `table` and `figure` make what goes into it. Everything that comes from
outside is escaped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from deltaw import plots
from deltaw.notebook import escape
from deltaw.pages.blocks import Block, Figure, Formula, Section, Table, Text
from deltaw.pages.numbers import aligned
from deltaw.plots.layout import narrow

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

LONG = 60  # letters of a cell, of more of which a telephone's column is not narrow
# A notebook has colours of its own: ours take the surrounding ink, and drawings bring their paper along.
NOTEBOOK = """
.deltaw {{ --soft: color-mix(in srgb, currentColor 65%, transparent); --line: #8885; --paper: transparent;
{parts} figure svg {{ background: #fff; }} }}
"""
# ∂o_k, Δw_jk, δ⁽ˡ⁾_j, e_hidden, O_jᵀ: a letter, what stands above it, its index.
INDEXED = re.compile(r"(?<![^\W∂Δ])([A-Za-zδΣ])([⁽⁾ˡ⁺⁻¹²]*)_(hidden|[a-z]{1,2}|\d)(?![A-Za-z0-9_])")


@cache
def css(name: str, folder: Path = Path(__file__).parent) -> str:
    """The styles in NAME.css, without their comments."""
    return "\n" + re.sub(r"/\*.*?\*/\n", "", (folder / f"{name}.css").read_text(encoding="utf-8"), flags=re.DOTALL)


def page(title: str, body: str, lang: str = "en", style: str = "") -> str:
    """A whole page around `body`, which is HTML; `title` is text, `style` more CSS."""
    language = {"zh": "zh-CN"}.get(lang, lang)
    styles = css("page") + css("parts") + style + css("media")
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · DeltaW</title><style>{styles}</style></head>\n"
        f"<body><main>\n{body}</main></body></html>\n"
    )


def fragment(body: str) -> str:
    """`body` with its styles for a notebook's cell, which they do not leave."""
    return f'<div class="deltaw"><style>{NOTEBOOK.format(parts=css("parts"))}</style>\n{body}</div>\n'


def content(title: str, lead: str, sections: Sequence[Section], lang: str = "en", letters: bool = False) -> str:
    """What stands between the shell's `main` tags; `letters`: w_jk in sentences is a w with an index (see `prose`)."""
    head = f"<h1>{prose(title, letters)}</h1>\n" + (f"<p class=soft>{prose(lead, letters)}</p>\n" if lead else "")
    return head + "".join(
        section(prose(each.title, letters), "".join(_show(block, lang, letters) for block in each.blocks))
        for each in sections
    )


def section(heading: str, body: str) -> str:
    """A box with a heading; both are HTML."""
    return f"<section><h2>{heading}</h2>{body}</section>\n"


def prose(text: str, letters: bool = False) -> str:
    """Text as HTML, what stands in backticks as code.

    With `letters`, w_jk and δ_k are letters with indices. Where text holds names of columns they are left as they are.
    """
    parts = [escape(part) for part in re.split(r"`([^`]*)`", text)]
    if letters:
        parts[::2] = [INDEXED.sub(r"<i>\1</i>\2<sub><i>\3</i></sub>", part) for part in parts[::2]]
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> str:
    """A table of texts; the columns `numbers` (from 0) stand right."""
    right = dict.fromkeys(numbers, " class=number")
    head = "".join(f"<th{right.get(i, '')}>{escape(heading)}</th>" for i, heading in enumerate(headings))

    def cell(i: int, text: str) -> str:
        return f"<td{right.get(i) or (' class=long' if len(text) > LONG else '')}>{escape(text)}</td>"

    body = "".join("<tr>" + "".join(cell(i, text) for i, text in enumerate(row)) + "</tr>" for row in rows)
    return f"<div class=scroll><table><tr>{head}</tr>{body}</table></div>"


def figure(drawing: Drawing, label: str, caption: str = "", letters: bool = False) -> str:
    """A matplotlib figure as SVG; `label` says what it shows to those who cannot see it."""
    named = f'<svg role="img" aria-label="{escape(label)}" '
    picture = plots.svg(drawing).replace("<svg ", named, 1)
    if narrow(drawing):
        wide, slim = f'{named}class="wide" ', f'{named}class="slim" '
        picture = picture.replace(named, wide, 1) + plots.svg(drawing, "slim").replace("<svg ", slim, 1)
    return f"<figure>{picture}{f'<figcaption>{prose(caption, letters)}</figcaption>' if caption else ''}</figure>"


def formula(latex: str) -> str:
    """A displayed formula as MathML."""
    from latex2mathml.converter import convert

    # latex2mathml knows `aligned` by its older name only.
    mathml: str = convert(re.sub(r"\{aligned\}", "{split}", latex), display="block")
    return f"<div class=formula>{mathml}</div>"


def _show(block: Block, lang: str, letters: bool) -> str:
    match block:
        case Text():
            return f"<p>{prose(block.text, letters)}</p>"
        case Formula():
            return formula(block.latex)
        case Table():
            return _table(block, lang, letters)
        case Figure():
            return figure(block.draw(), block.alt, block.caption, letters)


def _table(block: Table, lang: str, letters: bool) -> str:
    columns = block.columns(lang)
    # U+2007 is as wide as a digit, U+2008 as a point: the points stand under each other in any font.
    texts = [aligned(column.cells, "\u2007", "\u2008") if column.numeric else column.cells for column in columns]
    numbers = (i for i, column in enumerate(columns) if column.numeric)
    rows = zip(*texts, strict=True)
    caption = f"<p class=soft>{prose(block.caption, letters)}</p>" if block.caption else ""
    return table([column.heading for column in columns], rows, numbers) + caption
