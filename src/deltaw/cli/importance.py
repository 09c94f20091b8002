"""`deltaw importance`: what each column of a table is worth to a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaw.cli.commands import answered, say_notes
from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import Screen, stderr, stdout
from deltaw.pages.blocks import Column

if TYPE_CHECKING:
    from deltaw.models.importance import Importance

MAX_LINES = 40  # columns that are listed


def importance(
    model_file: Path,
    data: str,
    reading: dict[str, Any],
    metric: str | None,
    repeats: int,
    seed: int,
    as_json: bool,
) -> None:
    """`deltaw importance`."""
    from deltaw import models
    from deltaw.tables import Reading

    model = models.load(model_file)
    err = stderr()
    with err.status(f"permuting the columns of {data}"):
        table = model.read(data, Reading.of(**reading))
        found = model.importance(table, metric=metric, repeats=repeats, seed=seed)
    say_notes(err, table)
    known = answered(err, model, table)
    if as_json:
        put_json(found.document() | {"rows_left_out": len(models.rows_of(table)) - len(known)})
    else:
        _print(stdout(), found, table.name, models.GUESS[model.task])


def _print(screen: Screen, found: Importance, source: str, guess: str) -> None:
    score, shown = found.metric, found.columns[:MAX_LINES]
    reached = f"{score.title} {score.show(found.score)}, {score.show(found.guess)} for {guess}"
    screen.print(f"{found.rows:,} rows of {source}: {reached}")
    between = [found.show_interval(each) for each in shown]
    screen.table(
        Column.words("column", [each.column for each in shown]),
        Column.numbers(f"{score.title} worse by", [found.show(each) for each in shown]),
        *([Column.ranges("95% interval", between)] if any(between) else []),
    )
    if len(found.columns) > len(shown):
        screen.print(f"… and {len(found.columns) - len(shown):,} more columns, worth less; see --json")
