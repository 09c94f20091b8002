"""HTML for a notebook's cell: tables and lines that take the colours around them, light or dark.

Whatever comes from outside is text here: `escape` leaves no markup in it.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence

from deltaw.signs import visible

# A notebook has colours of its own: ours take the surrounding ink.
STYLE = """
.deltaw-view { --soft: color-mix(in srgb, currentColor 65%, transparent); --line: #8885; }
.deltaw-view .scroll { overflow-x: auto; }
.deltaw-view table { border-collapse: collapse; margin: 0 0 0.7rem; }
.deltaw-view th, .deltaw-view td { text-align: left; padding: 0.2rem 1.1rem 0.2rem 0; vertical-align: top;
  border-bottom: 1px solid var(--line); background: transparent; max-width: 32em; overflow-wrap: break-word; }
.deltaw-view th, .deltaw-view .soft { color: var(--soft); font-weight: 600; }
.deltaw-view .number { text-align: right; font-variant-numeric: tabular-nums; white-space: pre; }
.deltaw-view p { margin: 0 0 0.5rem; }
"""


def fragment(*parts: str) -> str:
    """Parts, which are HTML, with their styles, which they do not leave."""
    return f'<div class="deltaw-view"><style>{STYLE}</style>{"".join(parts)}</div>'


def escape(text: str) -> str:
    """Text from anywhere as HTML: nothing in it is markup, and every sign is visible."""
    return html.escape(visible(text))


def paragraph(text: str) -> str:
    """A line of text."""
    return f"<p>{escape(text)}</p>"


def heading(text: str) -> str:
    """A line that says what follows is."""
    return f"<p><b>{escape(text)}</b></p>"


def pairs(rows: Mapping[str, object]) -> str:
    """Names beside their values."""
    lines = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in rows.items())
    return f"<div class=scroll><table>{lines}</table></div>"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> str:
    """A table of texts; the columns `numbers` (from 0) stand right."""
    right = dict.fromkeys(numbers, " class=number")
    head = "".join(f"<th{right.get(i, '')}>{escape(heading)}</th>" for i, heading in enumerate(headings))
    body = "".join(
        "<tr>" + "".join(f"<td{right.get(i, '')}>{escape(cell)}</td>" for i, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f"<div class=scroll><table><tr>{head}</tr>{body}</table></div>"
