"""`deltaw evaluate`: scores of a saved model on rows with known targets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaw.cli.commands.notes import answered, say_all_notes
from deltaw.cli.output import documents, text
from deltaw.cli.output.endings import PAGES, ending
from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import stderr, stdout
from deltaw.files import check_outputs
from deltaw.speech import say

if TYPE_CHECKING:
    from deltaw.cli.commands.shards import Pieces
    from deltaw.engines.ranks import Ranks
    from deltaw.models import Model


def evaluate(model_file: Path, data: str, reading: dict[str, Any], report: Path | None, as_json: bool) -> None:
    """`deltaw evaluate`."""
    from dataclasses import replace

    from deltaw import models
    from deltaw.cli.commands import processes, shards
    from deltaw.tables import Reading, origins

    here = processes.beside(data, model_file)
    check_outputs({"--report": report}, (model_file, *origins(data)))
    if report is not None:
        ending("--report", report, PAGES)
    err = stderr()
    model = processes.agreed(lambda: models.load(model_file))
    how = Reading.of(**reading)
    in_pieces = report is None and not as_json and here.gathered(shards.are_many(data))[0]
    found = processes.agreed(lambda: shards.pieces(data, model, how)) if in_pieces else None
    if found is not None:
        _in_pieces(model, data, found[1], here)
        return
    if here.rank:
        return  # rows in one piece are the first process's
    with err.status(say("predicting {data}", data=data)):
        table = model.read(data, how)
        scores = model.evaluate(table)
    say_all_notes(err, model, table)
    known = answered(err, model, table)
    rows = say("{rows:,} rows of {name}", rows=scores.rows, name=table.name)
    if report is not None:
        from deltaw import report as html

        with err.status(say("writing the report")):
            html.write(report, replace(model, scores=scores, held_out=known, witness=None), rows)
    if as_json:
        put_json(documents.scores(scores) | {"rows_left_out": len(models.rows_of(table)) - len(known)})
    else:
        text.print_scores(stdout(), scores, rows, scores.defined)
    if report is not None:
        err.print(say("report written to {report}", report=report))


def _in_pieces(model: Model, data: str, pieces: Pieces, here: Ranks) -> None:
    """Scores of rows in pieces, one in memory at a time; several processes share the pieces."""
    from itertools import zip_longest

    from deltaw.cli.commands import processes, shards
    from deltaw.engines import ranks
    from deltaw.models import sharded

    tables = (table for _, table in pieces if table is not None)
    with stderr().status(say("predicting {data}", data=data)):
        each = here.gathered(processes.agreed(lambda: sharded.outcomes(model, tables)))
    # In the order of a single process.
    outcomes = [one for row in zip_longest(*each) for one in row if one is not None]
    processes.agreed(lambda: shards.some_rows(outcomes, data))
    if here.rank == 0:
        scores = sharded.scored(model, outcomes)
        rows = say("{rows:,} rows of {name}", rows=scores.rows, name=data)
        text.print_scores(stdout(), scores, rows, scores.defined)
    ranks.leave()
