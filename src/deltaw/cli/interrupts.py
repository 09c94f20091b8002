"""Ctrl-C and SIGTERM, which newer versions of Typer would handle silently."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup


class Interruptible(TyperGroup):
    """A group of commands in which an interruption raises `Abort` in every version of Typer; `main` reports it."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise typer.Abort(*(error.args if type(error) is KeyboardInterrupt else ())) from None
