"""Notes on the rows that a command has read: their format, and what of them was not used."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from deltaw.cli.output.screen import Screen
from deltaw.progress import left_out
from deltaw.speech import say

if TYPE_CHECKING:
    import polars as pl

    from deltaw.models import Model
    from deltaw.tables import Table


def answered(err: Screen, model: Model, table: Table) -> pl.DataFrame:
    """The rows with a known target; prints the number of the others."""
    from deltaw.models import rows_of

    rows = rows_of(table)
    known = rows.filter(model.target.known(rows.get_column(model.target.name)))
    if len(known) < len(rows):
        err.print(left_out(len(rows) - len(known), len(rows), model.target.name))
    if table.test is None and (Path(table.name).name, len(known)) == (Path(model.origin.source).name, _rows(model)):
        where = "" if model.scores is None else say("; deltaw show has those of held-out rows")
        line = (
            "note: the model was trained on a table called {name} with as many rows: if these are the same rows, "
            "their scores say nothing about new ones{where}"
        )
        err.print(say(line, name=table.name, where=where))
    return known


def _rows(model: Model) -> int:
    """Number of rows of the training table: training, validation and test."""
    origin = model.origin
    others = (origin.validation_rows, origin.validation), (origin.test_rows, origin.test)
    return origin.training_rows + sum(rows for rows, elsewhere in others if elsewhere is None)


def say_notes(err: Screen, table: Table) -> None:
    """Print the notes on a table's format."""
    for note in table.notes:
        err.print(say("note: {name}: {note}", name=table.name, note=note))


def say_all_notes(err: Screen, model: Model, table: Table, kept: Iterable[str] = ()) -> None:
    """Print the notes on a table's format, and what of it the model does not use or know."""
    from deltaw.models.beyond import notes_on_rows

    say_notes(err, table)
    for note in notes_on_rows(model, table, kept):
        err.print(say("note: {note}", note=note))
