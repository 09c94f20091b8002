"""The blocks of a page, as plain data, independent of how they are rendered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deltaw.numbers import DIGITS, NOTHING, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Cell = Any  # str, int, float, bool or None, Python's or NumPy's

# The few words that renderers add themselves, by the page's language.
WORDS = {
    "en": {
        "yes": "yes", "no": "no", "between": "; ",
        "figure": "Figure", "one": "1 figure in HTML", "figures": "{} figures in HTML",
    },
    "zh": {
        "yes": "是", "no": "否", "between": "；",
        "figure": "图", "one": "1 幅图，见 HTML", "figures": "{} 幅图，见 HTML",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Text:
    """A paragraph in plain Unicode (α, Wᵀ, ∂E/∂w); what stands in `backticks` is code. Line breaks are spaces."""

    text: str


@dataclass(frozen=True)
class Formula:
    r"""One displayed formula.

    Attributes:
        latex: for Markdown and HTML, without dollars. Several lines stand in \begin{aligned} … \end{aligned}.
        text: for terminals: Unicode, one line or several, shown as they are; if not given, `typeset(latex)`.
    """

    latex: str
    text: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under headings. A column whose cells are all numbers (or None) stands right, its points under each other.

    Attributes:
        rows: as many cells each as there are headings: str, int, float, bool or None.
        caption: one line below it.
        digits: significant digits of the floats.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    digits: int = DIGITS

    def columns(self, lang: str = "en") -> list[Column]:
        """The columns as texts. Raises ValueError where a row is shorter or longer than the headings."""
        transposed = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.headings)
        return [
            Column(
                heading,
                [_shown(cell, self.digits, lang) for cell in cells],
                numeric := _numeric(cells),
                [numeric or _is_number(cell) for cell in cells],
            )
            for heading, cells in zip(self.headings, transposed, strict=True)
        ]


@dataclass(frozen=True)
class Figure:
    """A drawing, made when it is shown.

    Attributes:
        draw: returns a matplotlib Figure; called by renderers that show pictures.
        alt: what it shows, for those who cannot see it.
        caption: one line below it.
    """

    draw: Callable[[], Drawing]
    alt: str
    caption: str = ""


Block = Text | Formula | Table | Figure


@dataclass(frozen=True)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: Sequence[Block]


class Column(NamedTuple):
    """A column of a table as texts.

    Attributes:
        numeric: whether all are numbers, or stand for none: then it stands right, its points under each other.
        whole: of each cell whether it is a number, which no line break divides.
    """

    heading: str
    cells: Sequence[str]
    numeric: bool
    whole: Sequence[bool]

    @classmethod
    def words(cls, heading: str, cells: Sequence[str]) -> Column:
        """A column of texts."""
        return cls(heading, cells, False, [False] * len(cells))

    @classmethod
    def ranges(cls, heading: str, cells: Sequence[str]) -> Column:
        """A column of texts of two numbers each, which no line break divides."""
        return cls(heading, cells, False, [True] * len(cells))

    @classmethod
    def numbers(cls, heading: str, cells: Sequence[str]) -> Column:
        """A column of numbers that are texts already."""
        return cls(heading, cells, True, [True] * len(cells))


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, (int, float, np.integer, np.floating)) and not isinstance(cell, bool)


def _numeric(cells: Sequence[Cell]) -> bool:
    return any(map(_is_number, cells)) and all(cell is None or _is_number(cell) for cell in cells)


def _shown(cell: Cell, digits: int, lang: str) -> str:
    if cell is None:
        return NOTHING
    if isinstance(cell, (bool, np.bool_)):
        return WORDS[lang]["yes" if cell else "no"]
    return number(cell, digits) if _is_number(cell) else str(cell)
