"""What a model does not use or know of rows to be answered, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deltaw.models.answers import rows_of
from deltaw.models.contents import Contents
from deltaw.numbers import number
from deltaw.preparation import unknown
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.tables import Table
from deltaw.tables.table import clip, listing
from deltaw.tables.units import plain_unit


def notes_on_rows(model: Contents, table: Table, kept: Iterable[str] = ()) -> Iterator[str]:
    """Notes on unknown columns, words and units, and on numbers and dates beyond those of training.

    Args:
        model: its contents.
        table: as the model reads it (`Model.read`).
        kept: columns that somebody else uses.
    """
    rows, steps = rows_of(table), model.preparation.steps
    if table.test is not None:
        yield say("used the {n:,} test rows of {name}", n=len(rows), name=table.name)
    others = (model.target.name, model.recipe.weight, model.origin.group, model.origin.time, *kept)
    if extra := [name for name in model.preparation.extra(rows) if name not in others]:
        yield say("columns that the model does not use: {extra}", extra=listing(extra))
    for column, n, present, word, near in unknown.unknown_words(steps, rows):
        line = (
            '{n:,} of {present:,} cells of {column} are words that the model does not know ("{word}"), though it knows '
            '"{near}": write them alike'
            if near
            else '{n:,} of {present:,} cells of {column} are words that the model does not know ("{word}"): training '
            "had none of them, or too few"
        )
        yield say(line, n=n, present=present, column=clip(column), word=clip(word, 20), near=clip(near, 20))
    for column in unknown.other_percentages(steps, rows):
        line = (
            "{column} has percent signs in the training rows or in these, not in both; 59% is read as 59 and 0.59 as "
            "0.59: write both alike"
        )
        yield say(line, column=clip(column))
    for column, unit in unknown.without_units(steps, rows):
        line = "{column} has no unit in these rows: read in {unit}, as the training rows"
        yield say(line, column=clip(column), unit=plain_unit(unit))
    for small in unknown.all_small(steps, rows):
        line = (
            "all {n:,} cells of {column} are among the least of training's {low} to {high}{unit}: see whether the unit "
            "is the same"
        )
        yield _beyond(line, small)
    for other in unknown.numbers_beyond(steps, rows):
        line = (
            "{n:,} of {present:,} cells of {column} are not within training's {low} to {high}{unit}: see whether the "
            "unit is the same"
        )
        yield _beyond(line, other)
    for column, n, present in unknown.later_days(steps, rows) if model.origin.time is None else ():
        line = (
            "{n:,} of {present:,} cells of {column} are dates later than all training rows: train with {option} "
            "for such rows"
        )
        yield say(line, n=n, present=present, column=clip(column), option=given_as("time"))


def _beyond(line: str, found: unknown.Beyond) -> str:
    unit = plain_unit(found.unit)
    ends = {"low": number(found.low), "high": number(found.high), "unit": f" {unit}" if unit else ""}
    return say(line, n=found.cells, present=found.present, column=clip(found.column), **ends)
