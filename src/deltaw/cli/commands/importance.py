"""`deltaw importance`: permutation importance of each column for a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaw.cli.commands.notes import answered, say_notes
from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import Screen, stderr, stdout
from deltaw.pages.blocks import Column
from deltaw.speech import reads, say

if TYPE_CHECKING:
    from deltaw.models.scoring.importance import Importance

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
    with err.status(say("shuffling the columns of {data}", data=data)):
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
    reached = say(
        "{score} {reached}, {guessed} for {guess}",
        score=score.title, reached=score.show(found.score), guessed=score.show(found.guess), guess=say(guess),
    )  # fmt: skip
    screen.print(say("{rows:,} rows of {source}: {reached}", rows=found.rows, source=source, reached=reached))
    between = [found.show_interval(each) for each in shown]
    screen.table(
        Column.words(say("column"), [reads(each.column) for each in shown]),
        Column.numbers(say("{title} worse by", title=score.title), [found.show(each) for each in shown]),
        *([Column.ranges(say("95% interval"), between)] if any(between) else []),
    )
    if len(found.columns) > len(shown):
        screen.print(say("… and {n:,} more columns, worth less; see --json", n=len(found.columns) - len(shown)))
