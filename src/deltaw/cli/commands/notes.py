"""Notes on the rows that a command has read: their format, and what of them was not used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from deltaw.cli.output import text
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
    """Print what was not used of a table, and which cells are unlike those of training."""
    from deltaw.models import rows_of

    rows = rows_of(table)
    say_notes(err, table)
    if table.test is not None:
        err.print(say("note: used the {n:,} test rows of {name}", n=len(rows), name=table.name))
    others = (model.target.name, model.recipe.weight, model.origin.group, model.origin.time, *kept)
    extra = [name for name in model.preparation.extra(rows) if name not in others]
    if extra:
        err.print(say("note: columns that the model does not use: {extra}", extra=text.listing(extra)))
    for note in _notes_on_cells(model, rows):
        err.print(note)


def _notes_on_cells(model: Model, rows: pl.DataFrame) -> Iterator[str]:
    from deltaw.numbers import number
    from deltaw.preparation import unknown
    from deltaw.tables.table import clip
    from deltaw.tables.units import plain_unit

    def beyond(line: str, found: unknown.Beyond) -> str:
        unit = plain_unit(found.unit)
        ends = {"low": number(found.low), "high": number(found.high), "unit": f" {unit}" if unit else ""}
        return say(line, n=found.cells, present=found.present, column=clip(found.column), **ends)

    steps = model.preparation.steps
    for column, n, present, word, near in unknown.unknown_words(steps, rows):
        line = (
            "note: {n:,} of {present:,} cells of {column} are words that the model does not know "
            '("{word}"), though it knows "{near}": write them alike'
            if near
            else "note: {n:,} of {present:,} cells of {column} are words that the model does not know "
            '("{word}"): training had none of them, or too few'
        )
        yield say(line, n=n, present=present, column=clip(column), word=clip(word, 20), near=clip(near, 20))
    for column in unknown.other_percentages(steps, rows):
        line = (
            "note: {column} has percent signs in the training rows or in these, not in both; 59% is read as 59 and "
            "0.59 as 0.59: write both alike"
        )
        yield say(line, column=clip(column))
    for column, unit in unknown.without_units(steps, rows):
        line = "note: {column} has no unit in these rows: read in {unit}, as the training rows"
        yield say(line, column=clip(column), unit=plain_unit(unit))
    for small in unknown.all_small(steps, rows):
        line = (
            "note: all {n:,} cells of {column} are among the least of training's {low} to {high}{unit}: "
            "see whether the unit is the same"
        )
        yield beyond(line, small)
    for other in unknown.numbers_beyond(steps, rows):
        line = (
            "note: {n:,} of {present:,} cells of {column} are not within training's {low} to {high}{unit}: "
            "see whether the unit is the same"
        )
        yield beyond(line, other)
    for column, n, present in unknown.later_days(steps, rows) if model.origin.time is None else ():
        line = (
            "note: {n:,} of {present:,} cells of {column} are dates later than all training rows: train "
            "with --time for such rows"
        )
        yield say(line, n=n, present=present, column=clip(column))
