"""`deltaw train --settings`: everything that `--set` may name."""

from __future__ import annotations

import typer


def list_settings(wanted: bool) -> None:
    """What Typer does with `--settings`: print the list, and leave."""
    if not wanted:
        return
    from deltaw.cli.output import screen
    from deltaw.models.recipes import RECIPES
    from deltaw.models.settings import settings
    from deltaw.pages.blocks import Column

    rows = settings()
    screen.stdout().table(
        Column.words("setting", [each.name for each in rows]),
        Column.words("what it is", [each.meaning for each in rows]),
        Column.words("values", [each.values for each in rows]),
        *(Column.words(f"recipe {name}", [each.defaults[name] for each in rows]) for name in RECIPES),
    )
    screen.stdout().print("Two defaults: of classes / of numbers.")
    raise typer.Exit
