"""`deltaw train --settings`: the list of all settings of `--set`."""

from __future__ import annotations

import typer

from deltaw.speech import say


def list_settings(wanted: bool) -> None:
    """The callback of `--settings`: print the list and exit."""
    if not wanted:
        return
    from deltaw.cli.output import screen
    from deltaw.models.recipes import RECIPES
    from deltaw.models.settings import settings
    from deltaw.pages.blocks import Column

    rows = settings()
    screen.stdout().table(
        Column.words(say("setting"), [each.name for each in rows]),
        Column.words(say("what it is"), [each.meaning for each in rows]),
        Column.words(say("values"), [each.values for each in rows]),
        *(Column.words(say("recipe {name}", name=name), [each.defaults[name] for each in rows]) for name in RECIPES),
    )
    screen.stdout().print(say("Two defaults: for classes / for numbers."))
    raise typer.Exit
