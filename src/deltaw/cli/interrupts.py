"""Ctrl-C, and SIGTERM like it, as Typer is not to have them: newer versions end without a word."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup


class Interruptible(TyperGroup):
    """A group of commands of which one that is interrupted is an `Abort`, whatever the version; `main` says so.

    By the line that a command gives to its KeyboardInterrupt, where it has one.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise typer.Abort(*(error.args if type(error) is KeyboardInterrupt else ())) from None
