"""Pages of HTML that stand alone: one look for reports, lessons and explanations.

`page` is the shell with its styles; `content`, `table` and `figure` make what goes into it. Everything that comes from
outside is escaped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from deltaw import plots
from deltaw.notebook import escape
from deltaw.pages.blocks import Block, Figure, Formula, Section, Table, Text
from deltaw.pages.numbers import aligned
from deltaw.plots.room import narrow

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

# What stands on a page, and in a notebook's cell.
PARTS = """
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 0.3rem; }
h2 { font-size: 1.12rem; margin: 0 0 0.7rem; }
p { margin: 0 0 0.7rem; } p.soft, .soft { color: var(--soft); }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 1.2rem 1.4rem;
  margin: 1.1rem 0; }
section > :last-child { margin-bottom: 0; }
.scroll { overflow-x: auto; margin: 0 0 0.7rem; }
table { border-collapse: collapse; font-size: 0.88rem; min-width: 40%; }
th, td { text-align: left; padding: 0.32rem 1.1rem 0.32rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th:not(.number), td:not(.number) { max-width: min(32em, 60vw); overflow-wrap: break-word; }
th { color: var(--soft); font-weight: 600; } tr:last-child td { border-bottom: 0; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: pre; }
figure { margin: 0 0 0.4rem; overflow-x: auto; } figure svg { max-width: 100%; height: auto; display: block; }
figure svg.slim { display: none; }
figcaption { color: var(--soft); font-size: 0.88rem; margin: 0.3rem 0 0.7rem; }
code { font: 0.88em ui-monospace, "DejaVu Sans Mono", monospace; }
.formula { overflow: auto hidden; margin: 0 0 0.7rem; padding: 0.2rem 0 0.2rem 1rem; }
math { font-size: 1.06rem; } math[display="block"] { width: fit-content; margin: 0; }
munder > mo:first-child { font-size: 1.4em; } munder > :nth-child(2) { padding-top: 0.25em; }
p sub, figcaption sub { font-size: 0.75em; line-height: 0; }
mtd[columnalign="right"] { text-align: right; } mtd[columnalign="left"] { text-align: left; }
mtable[columnspacing] > mtr > mtd { padding-left: 0; padding-right: 0; padding-bottom: 0.35em; }
"""

# On a dark page drawings are inverted, their scales of colours with them. Words about a figure therefore speak of ink
# and paper, or of the values of its scale, never of light and dark.
PAGE = """
:root { color-scheme: light dark; --ink: #22262b; --soft: #626973; --line: #e3e6ea; --paper: #ffffff; --page: #f5f6f8;
  --accent: #0072b2; --shade: #0003; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ec; --soft: #9aa2ad; --line: #333942; --paper: #1d2126;
  --page: #14171a; --accent: #56b4e9; --shade: #000b; } figure svg { filter: invert(0.9) hue-rotate(180deg); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, "DejaVu Sans", "Noto Sans CJK SC", sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 2.2rem 1.2rem 4rem; }
"""

LONG = 60  # letters of a cell, of more of which a telephone's column is not narrow

# A telephone: less air, and figures in their narrow form. Tables and formulas that are wider scroll inside themselves;
# a shadow at the edge says that there is more (by backgrounds of which one scrolls along and covers the other).
PHONE = """
@media (max-width: 640px) { main { padding: 1.2rem 0.7rem 3rem; } section { padding: 1rem 0.8rem; }
  h1 { font-size: 1.4rem; overflow-wrap: anywhere; } figure svg.wide { display: none; }
  figure svg.slim { display: block; } th, td { padding-right: 0.8rem; } td:not(.number) { min-width: 4.5em; }
  td.long { min-width: 14em; }
  p, h2, li { overflow-wrap: anywhere; } }
.scroll, .formula { background:
  linear-gradient(to right, var(--paper) 40%, transparent) left / 2.4rem 100% no-repeat local,
  linear-gradient(to left, var(--paper) 40%, transparent) right / 2.4rem 100% no-repeat local,
  linear-gradient(to right, var(--shade), transparent) left / 0.7rem 100% no-repeat scroll,
  linear-gradient(to left, var(--shade), transparent) right / 0.7rem 100% no-repeat scroll; }
"""

PRINT = """
@media print { body { background: #fff; } main { max-width: none; padding: 0; }
  section { break-inside: avoid; } h2 { break-after: avoid; } }
"""

# A notebook has colours of its own: ours take the surrounding ink, and drawings bring their paper along.
NOTEBOOK = f"""
.deltaw {{ --soft: color-mix(in srgb, currentColor 65%, transparent); --line: #8885; --paper: transparent;
{PARTS} figure svg {{ background: #fff; }} }}
"""


# ∂o_k, Δw_jk, δ⁽ˡ⁾_j, e_hidden, O_jᵀ: a letter, what stands above it, its index.
INDEXED = re.compile(r"(?<![^\W∂Δ])([A-Za-zδΣ])([⁽⁾ˡ⁺⁻¹²]*)_(hidden|[a-z]{1,2}|\d)(?![A-Za-z0-9_])")


def page(title: str, body: str, lang: str = "en", style: str = "") -> str:
    """A whole page around `body`, which is HTML; `title` is text, `style` more CSS."""
    language = {"zh": "zh-CN"}.get(lang, lang)
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · DeltaW</title><style>{PAGE}{PARTS}{style}{PHONE}{PRINT}</style></head>\n"
        f"<body><main>\n{body}</main></body></html>\n"
    )


def fragment(body: str) -> str:
    """`body` with its styles for a notebook's cell, which they do not leave."""
    return f'<div class="deltaw"><style>{NOTEBOOK}</style>\n{body}</div>\n'


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
