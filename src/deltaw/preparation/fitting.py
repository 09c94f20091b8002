"""Fitting the steps of a preparation: which columns are used, and a step for each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl
from numpy.typing import NDArray

from deltaw.exceptions import ColumnError
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.context import Counted, FitContext
from deltaw.preparation.columns.documents import FITTED, LeftOut
from deltaw.preparation.columns.lines import Sample
from deltaw.preparation.columns.means import TrainingTargets
from deltaw.preparation.columns.numbers import BINNED, Number
from deltaw.preparation.columns.steps import Step
from deltaw.preparation.columns.text import Text
from deltaw.preparation.making import Indices
from deltaw.preparation.scales.bins import FEWEST_ROWS, most_bins
from deltaw.preparation.scales.scaling import Scaling
from deltaw.speech import in_english, listed, retold, say
from deltaw.tables import Block, Column
from deltaw.tables.columns import LEFT_OUT
from deltaw.tables.taking import taking
from deltaw.threads import side_by_side

# Why a column is left out that could be used.
UNINFORMATIVE = in_english("carries no information about the target")
ELIMINATED = in_english("held-out rows are predicted better without it")
SILENT = in_english("no word in it tells the target")
FEWEST_ALONE = 8  # words of text without other columns
COPIED = 2**18  # cells copied at a time, or one column


class Learnt(NamedTuple):
    """What the steps are fitted by beside the cells, with the meanings that they have in `Preparation.fit`."""

    targets: TrainingTargets | None = None
    counted: Counted | None = None
    rows: Indices | None = None
    uninformative: Mapping[str, str] = {}
    linear: Collection[str] = ()
    bin_rows: int = FEWEST_ROWS
    answers: NDArray[Any] | None = None
    finer: bool = False


def steps_of(
    frame: pl.DataFrame, columns: Iterable[Column], scaling: Scaling, blocks: Iterable[Block], by: Learnt
) -> tuple[tuple[Step, ...], tuple[LeftOut, ...]]:
    """(a fitted step for each used column, the left-out columns); see `Preparation.fit`.

    Raises ColumnError for an invalid cell, or if no column is used.
    """
    columns = tuple(columns)
    by = by._replace(targets=by.targets if scaling.means else None)
    if by.answers is None and by.targets is not None:
        by = by._replace(answers=by.targets.values)
    reads_text = by.answers is not None and scaling.means and by.counted is None
    left_out = LEFT_OUT if reads_text else (*LEFT_OUT, Text.kind)
    reasons = {c.name: c.reason for c in columns if c.kind in left_out} | dict(by.uninformative)
    steps = _fitted(frame, [column for column in columns if column.name not in reasons], scaling, blocks, by)
    reasons |= {step.title: SILENT for step in steps if isinstance(step, Text) and not step.words}
    steps = tuple(step for step in steps if step.title not in reasons)
    without = tuple(LeftOut(c.name, c.kind, reasons[c.name]) for c in columns if c.name in reasons)
    if not steps:
        found = listed(f"{c.column} ({say(c.kind)}{say(': ')}{retold(c.reason)})" for c in without[:5])
        expected = say(
            "expected at least one column of numbers, categories, truth values, dates or text beside the target"
        )
        raise ColumnError(expected, found or say("no column at all"), "add a column to learn from")
    return steps, without


def _fitted(
    frame: pl.DataFrame, used: Sequence[Column], scaling: Scaling, blocks: Iterable[Block], by: Learnt
) -> tuple[Step, ...]:
    rows, linear = by.rows, by.linear
    called, count = {block.name: block for block in blocks}, len(frame) if rows is None else len(rows)
    apart = {*called, *linear}
    numbers = sum(column.kind in BINNED and column.name not in apart for column in used)
    most = most_bins(numbers, count, by.bin_rows, by.finer)
    bins, of_few, fine = most if scaling.bins else (0, 0, 0)
    judged = any(column.kind == Number.kind for column in used)
    sample = Sample.of(by.targets) if judged and by.targets is not None else None
    alone = all(column.kind == Text.kind for column in used)
    fewest = FEWEST_ALONE if alone else 0
    context = FitContext(bins, by.targets, sample, by.counted, of_few, fine, by.answers, fewest)
    line = FitContext(counted=by.counted)
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
