"""Ctrl-C and SIGTERM, which newer versions of Typer would handle silently."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup


class Interruptible(TyperGroup):
    """A group of commands in which an interruption raises `Abort` in every version of Typer; `main` reports it."""

    def make_context(self, *given: Any, **settings: Any) -> Any:
        """Parse the group's own options, for which newer versions of Typer load a large library."""
        with _aborting():
            return super().make_context(*given, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        with _aborting():
            return super().invoke(ctx)


@contextmanager
def _aborting() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as error:
        raise typer.Abort(*(error.args if type(error) is KeyboardInterrupt else ())) from None
