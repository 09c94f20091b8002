"""Ctrl-C, as Typer is not to have it: newer versions end without a word."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup


class Interruptible(TyperGroup):
    """A group of commands of which one that is interrupted is an `Abort`, whatever the version; `main` says so."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Abort from None
