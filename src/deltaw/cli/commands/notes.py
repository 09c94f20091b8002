"""Notes on the rows that a command has read: their format, and what of them was not used."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from deltaw.cli.output import text
from deltaw.cli.output.screen import Screen
from deltaw.progress import left_out
from deltaw.speech import say

if TYPE_CHECKING:
    import polars as pl

    from deltaw.models import Model
    from deltaw.preparation.unknown import Beyond
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
    """Print what was not used of a table: unknown columns and words."""
    from deltaw.models import rows_of
    from deltaw.preparation.unknown import (
        all_small,
        later_days,
        numbers_beyond,
        other_percentages,
        unknown_words,
        without_units,
    )
    from deltaw.tables.table import clip
    from deltaw.tables.units import plain_unit

    rows = rows_of(table)
    say_notes(err, table)
    if table.test is not None:
        err.print(say("note: used the {n:,} test rows of {name}", n=len(rows), name=table.name))
    others = (model.target.name, model.recipe.weight, model.origin.group, model.origin.time, *kept)
    extra = [name for name in model.preparation.extra(rows) if name not in others]
    if extra:
        err.print(say("note: columns that the model does not use: {extra}", extra=text.listing(extra)))
    for unknown in unknown_words(model.preparation.steps, rows):
        line = (
            "note: {n:,} of {present:,} cells of {column} are words that the model does not know "
            '("{word}"): training had none of them, or too few'
        )
        if unknown.near:
            line = (
                "note: {n:,} of {present:,} cells of {column} are words that the model does not know "
                '("{word}"), though it knows "{near}": write them alike'
            )
        said = {"n": unknown.cells, "present": unknown.present, "column": clip(unknown.column)}
        err.print(say(line, **said, word=clip(unknown.word, 20), near=clip(unknown.near, 20)))
    for column in other_percentages(model.preparation.steps, rows):
        line = (
            "note: {column} has percent signs in the training rows or in these, not in both; 59% is read as 59 and "
            "0.59 as 0.59: write both alike"
        )
        err.print(say(line, column=clip(column)))
    for column, unit in without_units(model.preparation.steps, rows):
        line = "note: {column} has no unit in these rows: read in {unit}, as the training rows"
        err.print(say(line, column=clip(column), unit=plain_unit(unit)))
    for small in all_small(model.preparation.steps, rows):
        line = (
            "note: all {n:,} cells of {column} are among the least of training's {low} to {high}{unit}: "
            "see whether the unit is the same"
        )
        err.print(say(line, n=small.cells, **_ends(small)))
    for beyond in numbers_beyond(model.preparation.steps, rows):
        line = (
            "note: {n:,} of {present:,} cells of {column} are not within training's {low} to {high}{unit}: "
            "see whether the unit is the same"
        )
        err.print(say(line, n=beyond.cells, present=beyond.present, **_ends(beyond)))
    for column, n, present in later_days(model.preparation.steps, rows) if model.origin.time is None else ():
        line = (
            "note: {n:,} of {present:,} cells of {column} are dates later than all training rows: train "
            "with --time for such rows"
        )
        err.print(say(line, n=n, present=present, column=clip(column)))


def _ends(beyond: Beyond) -> dict[str, str]:
    """The column and the ends of its training numbers, for a note."""
    from deltaw.numbers import number
    from deltaw.tables.table import clip
    from deltaw.tables.units import plain_unit

    unit = plain_unit(beyond.unit)
    ends = {"low": number(beyond.low), "high": number(beyond.high), "unit": f" {unit}" if unit else ""}
    return {"column": clip(beyond.column), **ends}
