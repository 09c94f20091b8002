"""Fitting the steps of a preparation: which columns are used, and a step for each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import polars as pl

from deltaw.exceptions import ColumnError
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.context import Counted, FitContext
from deltaw.preparation.columns.documents import FITTED, LeftOut
from deltaw.preparation.columns.lines import Sample
from deltaw.preparation.columns.means import TrainingTargets
from deltaw.preparation.columns.numbers import BINNED, Number
from deltaw.preparation.columns.steps import Step
from deltaw.preparation.making import Indices
from deltaw.preparation.scales.bins import finest, most_bins, most_of_few
from deltaw.preparation.scales.scaling import Scaling
from deltaw.speech import in_english, listed, retold, say
from deltaw.tables import Block, Column
from deltaw.tables.columns import LEFT_OUT
from deltaw.tables.taking import taking
from deltaw.threads import side_by_side

# Why a column is left out that could be used.
UNINFORMATIVE = in_english("carries no information about the target")
ELIMINATED = in_english("held-out rows are predicted better without it")
COPIED = 2**18  # cells copied at a time, or one column


def divided(columns: Iterable[Column], uninformative: Mapping[str, str]) -> tuple[list[Column], tuple[LeftOut, ...]]:
    """(used columns, left-out columns); `uninformative`: names and reasons. Raises ColumnError if none is used."""
    columns = tuple(columns)
    reasons = {c.name: c.reason for c in columns if c.kind in LEFT_OUT} | dict(uninformative)
    used = [column for column in columns if column.name not in reasons]
    left_out = tuple(LeftOut(c.name, c.kind, reasons[c.name]) for c in columns if c.name in reasons)
    if not used:
        found = listed(f"{c.column} ({say(c.kind)}{say(': ')}{retold(c.reason)})" for c in left_out[:5])
        expected = say("expected at least one column of numbers, categories, truth values or dates beside the target")
        raise ColumnError(expected, found or say("no column at all"), "add a column to learn from")
    return used, left_out


def steps_of(
    frame: pl.DataFrame, used: Sequence[Column], scaling: Scaling, blocks: Iterable[Block],
    targets: TrainingTargets | None, counted: Counted | None, rows: Indices | None, linear: Collection[str],
    bin_rows: int,
) -> tuple[Step, ...]:  # fmt: skip
    """A fitted step for each used column; see `Preparation.fit`. Raises ColumnError for an invalid cell."""
    called, count = {block.name: block for block in blocks}, len(frame) if rows is None else len(rows)
    apart = {*called, *linear}
    numbers = sum(column.kind in BINNED and column.name not in apart for column in used)
    most = (most_bins(numbers, count, bin_rows), most_of_few(numbers), finest(numbers, count))
    bins, of_few, fine = most if scaling.bins else (0, 0, 0)
    targets = targets if scaling.means else None
    judged = any(column.kind == Number.kind for column in used)
    sample = Sample.of(targets) if judged and targets is not None else None
    context = FitContext(bins, targets, sample, counted, of_few, fine)
    line = FitContext(counted=counted)
    take = (lambda some: some) if rows is None else taking(rows)

    def cells(columns: Iterable[Column]) -> pl.DataFrame:
        named = ((column.name, called.get(column.name)) for column in columns)
        return take(frame[[name for title, block in named for name in (block.columns if block else (title,))]])

    def learnt(column: Column, cells: pl.DataFrame) -> Step:
        if (block := called.get(column.name)) is not None:
            return BlockOfNumbers.fit(cells[list(block.columns)], block, scaling)
        step: Step = FITTED[column.kind].fit(cells, column, scaling, line if column.name in linear else context)
        return step

    # Copy several columns at a time if rows are few, to save calls; else one, to save memory.
    each = max(1, COPIED // max(1, count))
    parts = (used[first : first + each] for first in range(0, len(used), each))
    steps = side_by_side(lambda part: [learnt(column, some) for some in [cells(part)] for column in part], parts)
    return tuple(step for part in steps for step in part)
