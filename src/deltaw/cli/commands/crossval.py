"""`deltaw crossval`: cross-validation of a recipe on a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import Screen, stderr, stdout, watched
from deltaw.pages.blocks import Column
from deltaw.progress import left_out
from deltaw.speech import say

if TYPE_CHECKING:
    from deltaw.models import CrossValidation


def crossval(
    data: str, target: str | None, recipe: str, folds: int | None, repeats: int, as_json: bool, choices: dict[str, Any]
) -> None:
    """`deltaw crossval`."""
    from deltaw import models

    given = {} if folds is None else {"folds": folds}
    with watched(err := stderr(), False) as show:
        found = models.crossval(data, target, recipe, repeats=repeats, callbacks=(show,), **given, **choices)
    for note in found.notes:
        err.print(say("note: {source}: {note}", source=found.source, note=note))
    if found.left_out:
        err.print(left_out(found.left_out, found.rows + found.left_out, found.target))
    if as_json:
        put_json(found.document())
    else:
        _print(stdout(), found)


def _print(screen: Screen, found: CrossValidation) -> None:
    screen.print(found.statement)
    headings, rows = found.lines
    folds, *numbers = zip(*rows, strict=True)
    columns = (Column.numbers(heading, list(cells)) for heading, cells in zip(headings[1:], numbers, strict=True))
    screen.table(Column.words(headings[0], list(folds)), *columns)
