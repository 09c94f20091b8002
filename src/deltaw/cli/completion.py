"""Shell completion: recipes, settings, scores, tables, their columns, lessons.

Installed by `deltaw --install-completion`. Since a shell waits for it, slow candidates are left out, and errors give
no candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

LARGEST = 8 << 20  # bytes of a table that is read for the names of its columns

Offer = Callable[[typer.Context, str], list[str]]


def _offer(names: Callable[[typer.Context, str], Iterator[str]]) -> Offer:
    """Names that begin with what was typed, without those that need escapes in a terminal."""

    @wraps(names)
    def offered(context: typer.Context, incomplete: str) -> list[str]:
        with suppress(Exception):  # whatever it was, the command itself will say it
            return [name for name in names(context, incomplete) if name.startswith(incomplete) and name.isprintable()]
        return []

    # Typer goes by the types of the parameters.
    offered.__annotations__ = {"context": typer.Context, "incomplete": str, "return": list[str]}
    return offered


def _named(module: str, table: str) -> Offer:
    """A completion by the names in a module's table, loaded when needed."""

    @_offer
    def names(context: typer.Context, incomplete: str) -> Iterator[str]:
        yield from getattr(import_module(f"deltaw.{module}"), table)

    return names


recipes = _named("models.recipes", "RECIPES")
metrics = _named("models.scoring.metrics", "NAMES")
engines = _named("engines", "ENGINES")
forms = _named("export.forms.table", "FORMS")
lessons = _named("lessons", "LESSONS")


@_offer
def settings(context: typer.Context, incomplete: str) -> Iterator[str]:
    from deltaw.models.settings import settings

    yield from (f"{each.name}=" for each in settings())


@_offer
def tables(context: typer.Context, incomplete: str) -> Iterator[str]:
    """Bundled data sets, and files, since a shell that gets names does not look for files itself."""
    from deltaw.tables import BUNDLED

    yield from BUNDLED
    head, slash, _ = incomplete.rpartition("/")
    for path in sorted(Path(head + slash or ".").iterdir()):
        yield f"{head}{slash}{path.name}{'/' if path.is_dir() else ''}"


@_offer
def columns(context: typer.Context, incomplete: str) -> Iterator[str]:
    """Column names of the table on the command line."""
    from deltaw.tables import BUNDLED, read

    # What stands before an option that has no value yet, a shell's question leaves unread.
    given: list[Any] = [*context.args, context.params.get("data"), context.params.get("source")]
    for data in filter(None, given):
        if data in BUNDLED or (Path(data).is_file() and Path(data).stat().st_size <= LARGEST):
            yield from read(data).frame.columns
            return
