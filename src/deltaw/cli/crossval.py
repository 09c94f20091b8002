"""`deltaw crossval`: how good a recipe is on a table, fold by fold."""

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
    several = len({each.repeat for each in found.folds}) > 1
    by = say("each fold by a network that had not seen it{counted}", counted=found.folds[0].scores.counted)
    screen.print(
        say("{source}: {task} of {target}, {by}", source=found.source, task=found.task, target=found.target, by=by)
    )
    rows = [f"{each.repeat}.{each.fold}" if several else f"{each.fold}" for each in found.folds]
    screen.table(
        Column.words(say("fold"), [*rows, say("mean"), say("± spread")]),
        Column.numbers(say("rows"), [*(f"{each.scores.rows:,}" for each in found.folds), "", ""]),
        Column.numbers(say("epoch"), [*(f"{each.epoch}" for each in found.folds), "", ""]),
        *(
            Column.numbers(
                metric.title,
                [
                    *(metric.show(each.scores[metric.name]) for each in found.folds),
                    metric.show(found.mean(metric.name)),
                    metric.show(found.spread(metric.name)),
                ],
            )
            for metric in found.metrics
        ),
    )
