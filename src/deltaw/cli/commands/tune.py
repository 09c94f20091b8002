"""`deltaw tune`: search for settings, and save the best model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaw.cli.commands import saving
from deltaw.cli.output import documents, text
from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import Screen, stderr, stdout, watched
from deltaw.exceptions import TrainingInterrupted
from deltaw.files import unfinished
from deltaw.pages.blocks import Column
from deltaw.speech import say

if TYPE_CHECKING:
    from deltaw.models import Tuning


def tune(
    data: str,
    target: str | None,
    recipe: str,
    output: Path,
    report: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    choices: dict[str, Any],
) -> int:
    """`deltaw tune`; returns the exit status."""
    from deltaw import models

    saving.check(data, choices, {"--output": output, "--report": report}, quiet, verbose)
    err = stderr(quiet)
    with err.status(say("reading {data}", data=data)):
        search = models.Search.of(data, target, recipe, **choices)
    text.print_plan(err, search.plan)
    try:
        with watched(err, verbose) as show:
            model = search.run((show,))
        status = 0
    except TrainingInterrupted as stopped:
        model, status = stopped.model, 128 + stopped.signal
        if model is None:
            raise  # who called this has the line for it
        # What a finished search left is not replaced by half of one.
        output, report = unfinished(output), None if report is None else unfinished(report)
        err.print(say("interrupted; the best model so far is saved in {output}", output=output))
    assert model.tuning is not None
    with saving.saved(model, output, report, err):
        if as_json:
            found = {"tuning": model.tuning.document()}
            put_json(documents.training(model, search.plan.columns, output, report, search.plan.left_out) | found)
        else:
            _print(stdout(), model.tuning)
            text.print_training(stdout(), model, output, report)
    return status


def _print(screen: Screen, tuning: Tuning) -> None:
    """Print the result, and the importance of the settings."""
    for line in tuning.statement.splitlines():
        screen.print(line)
    headings, rows = tuning.lines
    if rows:
        setting, mattered, value, *numbers = zip(*rows, strict=True)
        screen.table(
            Column.words(headings[0], setting), Column.numbers(headings[1], mattered), Column.words(headings[2], value),
            *(Column.numbers(heading, cells) for heading, cells in zip(headings[3:], numbers, strict=True)),
        )  # fmt: skip
        screen.print(tuning.note)
        screen.print()
