"""A page: a title, sections, the data behind them, and its forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deltaw.exceptions import SettingError
from deltaw.pages import html, markdown, terminal
from deltaw.pages.blocks import WORDS, Figure, Section
from deltaw.pages.numbers import plain
from deltaw.plain import Plain
from deltaw.speech import listed, spoken

WIDTH = 100  # columns of a terminal of unknown width


@dataclass(frozen=True, eq=False, repr=False)
class Page:
    """A document as data.

    Attributes:
        title, lead: what it is, and what it comes to, in plain Unicode; `code` in backticks.
        sections: in order.
        data: what JSON gives: plain values and NumPy arrays.
        lang: "en" or "zh"; the language that is spoken if not given.
        letters: whether w_jk in its sentences is a letter with an index, no name of a column: HTML then sets it so.

    Raises:
        SettingError: another language.
    """

    title: str
    lead: str
    sections: Sequence[Section]
    data: Mapping[str, Any] = field(default_factory=dict)
    lang: str = field(default_factory=spoken)
    letters: bool = False

    def __post_init__(self) -> None:
        if self.lang not in WORDS:
            raise SettingError(
                "lang: expected one of {words}", repr(self.lang), "choose one of these", words=listed(WORDS)
            )

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures, in order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Figure))

    def text(self, width: int = WIDTH) -> str:
        """For a terminal of `width` columns."""
        return terminal.render(self.title, self.lead, self.sections, self.lang, width)

    def markdown(self) -> str:
        """Markdown with LaTeX between dollars; of figures the captions."""
        return markdown.render(self.title, self.lead, self.sections, self.lang)

    def html(self) -> str:
        """One page that stands alone: formulas as MathML, figures as SVG, nothing loaded from outside."""
        return html.page(
            self.title, html.content(self.title, self.lead, self.sections, self.lang, self.letters), self.lang
        )

    def json(self) -> dict[str, Any]:
        """`data` as JSON has it: lists for arrays, None for what is not finite."""
        document: dict[str, Any] = plain(self.data)
        return document

    def render(self, format: str) -> str:
        """The page in a `format`: "text", "markdown", "html" or "json". Raises SettingError for another."""
        if format not in FORMATS:
            raise SettingError(
                "format: expected one of {formats}", repr(format), "choose one of these", formats=listed(FORMATS)
            )
        return FORMATS[format](self)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Page({self.title!r}, {len(self.sections)} sections)"

    def _repr_html_(self) -> str:
        return html.fragment(self._content())

    def _content(self) -> str:
        return html.content(self.title, self.lead, self.sections, self.lang, self.letters)


class Paged(Plain):
    """A mixin for objects with a `page`: `print` and notebooks show it."""

    @property
    def page(self) -> Page:
        """The result as a `Page`, to be shown or written in any format."""
        raise NotImplementedError

    def __str__(self) -> str:
        return str(self.page)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.page.title!r})"

    def _repr_html_(self) -> str:
        return self.page._repr_html_()


FORMATS: dict[str, Callable[[Page], str]] = {
    "text": Page.text,
    "markdown": Page.markdown,
    "html": Page.html,
    "json": lambda page: json.dumps(page.json(), ensure_ascii=False, allow_nan=False) + "\n",
}
