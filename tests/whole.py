"""What every text of a page must hold, however narrow: each number and each word of its tables whole."""

from __future__ import annotations

import re
from collections import Counter

from deltaw.pages import Page, Table
from deltaw.pages.layout import HAN

WIDTHS = (60, 80, 120)


def missing(page: Page, text: str, width: int) -> Counter[str]:
    """The cells that are numbers and the words of others that do not stand whole in the text, with how often."""
    wanted: Counter[str] = Counter()
    tables = [block for section in page.sections for block in section.blocks if isinstance(block, Table)]
    for column in (column for table in tables for column in table.columns(page.lang)):
        wanted[""] += 1
        for cell, whole in zip(column.cells, column.whole, strict=True):
            wanted.update([cell] if whole else words(cell, width))
        wanted.update(words(column.heading, width))
    assert wanted[""] > 0, "a page without tables shows nothing"
    del wanted[""]
    return wanted - Counter(text.split())


def words(text: str, width: int) -> list[str]:
    """Those that fit into half a line; Chinese ones may be broken anywhere."""
    return [word for word in text.split() if not re.search(f"[{HAN}]", word) and len(word) <= width // 2 - 1]
