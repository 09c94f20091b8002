"""A document as data, shown four ways: in a terminal, as Markdown, as one HTML page, as JSON.

    page = Page("Sums", "What adding does.", (Section("Two numbers", (Text("One and two make three."),)),), {"sum": 3})
    print(page)

Read `blocks` first: what a page may hold. `terminal`, `markdown` and `html` each turn those blocks into their own form.
"""

from __future__ import annotations

from deltaw.pages.blocks import Block, Figure, Formula, Section, Table, Text
from deltaw.pages.numbers import latex_number
from deltaw.pages.page import FORMATS, Page, Paged
from deltaw.pages.typeset import typeset

__all__ = [
    "FORMATS",
    "Block",
    "Figure",
    "Formula",
    "Page",
    "Paged",
    "Section",
    "Table",
    "Text",
    "latex_number",
    "typeset",
]
