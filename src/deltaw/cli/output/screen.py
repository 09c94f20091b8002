"""Output to the terminal. Untrusted names are made harmless here, and nowhere else.

Commands print by a `Screen`, or by `put` what may go through a pipe; a test holds that they do not print otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.status import Status
from rich.text import Text

from deltaw.pages.blocks import Column
from deltaw.pages.layout import filled, table
from deltaw.progress import EVERY, Bar, Lines, Silent
from deltaw.signs import one_line, visible

WIDEST = 120  # columns of a page: longer lines are hard to read


class Screen(Console):
    """A Rich console that shows text verbatim, without markup, emoji or escape sequences.

    `print` is for one line; a terminal breaks it at blanks, so that numbers and paths stay whole.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, soft_wrap=True, **settings)

    def render_str(self, text: str, *_: Any, **__: Any) -> Text:
        """Rich's hook for printed strings."""
        line = one_line(text)
        return Text("\n".join(filled(line, self.width, chop=False)) if self.is_terminal else line)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Rich's hook for everything that is shown, progress bars and status lines, too."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)

    def status(self, status: RenderableType, **settings: Any) -> Status:
        """A spinner with a line of text."""
        return super().status(Text(one_line(status)) if isinstance(status, str) else status, **settings)

    def text(self, text: str) -> None:
        """Print several lines verbatim."""
        for line in text.splitlines():
            self.print(Text(visible(line)))

    def table(self, *columns: Column) -> None:
        """A table that fits the terminal."""
        self.text("\n".join(table(columns, self.width)))

    @property
    def page_width(self) -> int:
        """The width of a page, in characters."""
        return min(self.width, WIDEST)


def stdout() -> Screen:
    """The screen for results."""
    return Screen()


def stderr(quiet: bool = False) -> Screen:
    """The screen for everything else; `quiet`: prints nothing."""
    return Screen(stderr=True, quiet=quiet)


def watched(screen: Screen, verbose: bool) -> Silent:
    """The progress of a training: a line per epoch, a bar on a terminal, or a line every few seconds."""
    if screen.quiet:
        return Silent()
    if verbose:
        return Lines(screen.print)
    return Bar(screen) if screen.is_terminal else Lines(screen.print, EVERY)


def put(text: str) -> None:
    """Write to stdout: to a terminal with invisible characters escaped, to a pipe or file verbatim."""
    sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
