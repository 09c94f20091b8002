"""Target statistics over all training rows of a table that is larger than memory.

The columns that use them are chosen on the sample; one more pass over these columns alone sums up what
`preparation.columns.means` and `recurring` need, word by word and number by number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.models.recipes import Recipe
from deltaw.models.rows import weights
from deltaw.models.rows.parts import names_of_target_and_weight
from deltaw.models.rows.survey import Streamed
from deltaw.preparation import Preparation, Target
from deltaw.preparation.columns.category import Category
from deltaw.preparation.columns.means import TargetSums, TrainingTargets
from deltaw.preparation.reading import as_numbers
from deltaw.preparation.recipe import OfColumn
from deltaw.preparation.scales.scaling import SMALLEST, Scale
from deltaw.speech import say
from deltaw.tables.cells import as_words
from deltaw.tables.reading.streams import ahead
from deltaw.tables.table import name_of_rows

Array = NDArray[np.float64]

MOST_CELLS = 1_000_000  # distinct cells of a column; beyond that the rarest are forgotten


def of_all_rows(
    targets: TrainingTargets, made: Preparation, streamed: Streamed, target: Target, recipe: Recipe
) -> TrainingTargets:
    """The sample's targets, with sums over all rows for the columns of `made` that use target statistics."""
    telling = [step for step in made.steps if isinstance(step, OfColumn) and step.mean_names]
    if not telling:
        return targets
    # Sums of squares of numbers far from 0 would cancel; for classes all sums are integers.
    shift = np.array([scale.centre if target.task == "regression" else 0.0 for scale in targets.scales])
    found, total = dict[str, TargetSums](), _Total(shift)
    for frame, some in _slices(streamed, target, recipe, [step.column for step in telling]):
        weight = np.ones(len(frame)) if some.weight is None else some.weight
        values = (some.values - shift).T
        total.add(values, weight)
        for step in telling:
            told = TargetSums.of(_cells(frame.get_column(step.column), step), values, some.parts, weight)
            found[step.column] = (found[step.column].beside(told) if step.column in found else told).most(MOST_CELLS)
    moved = [replace(scale, centre=scale.centre - by) for scale, by in zip(total.scales, shift, strict=True)]
    mean_weight = total.weight / total.rows
    whole = {name: told.in_units(moved, mean_weight) for name, told in found.items()}
    return targets._replace(scales=total.scales, whole=whole)


def _cells(column: pl.Series, step: OfColumn) -> pl.Series:
    if isinstance(step, Category):
        return as_words(column)
    return pl.Series(column.name, as_numbers(column, say("training rows"), step.unit)).fill_nan(None)


def _slices(
    streamed: Streamed, target: Target, recipe: Recipe, columns: Sequence[str]
) -> Iterator[tuple[pl.DataFrame, TrainingTargets]]:
    """The training rows, with these columns and their targets."""
    survey = streamed.survey
    names = (*columns, *names_of_target_and_weight(target, recipe))
    for part in ahead(streamed.stream.slices(survey.text, columns=names)):
        frame, draws, source = survey.counting(part, names)
        learnt = ~survey.is_held_out(draws)
        frame, source = frame.filter(learnt), name_of_rows(source, learnt)
        called, values = target.averaged(frame.get_column(target.name), source)
        weight = weights.among(frame, recipe.weight, source)
        yield frame, TrainingTargets(called, values, survey.parts(draws[learnt]), weight, ())


class _Total:
    """Running sums over all rows, for the mean and the standard deviation of each answer, and the sum of weights."""

    def __init__(self, shift: Array) -> None:
        self._shift, self.rows, self.weight = shift, 0, 0.0
        self._sums, self._squares = np.zeros(len(shift)), np.zeros(len(shift))

    def add(self, values: Array, weight: Array) -> None:
        """Add rows: targets (k, n) minus the shift, and weights (n,)."""
        self.rows, self.weight = self.rows + values.shape[1], self.weight + float(weight.sum())
        self._sums, self._squares = self._sums + values.sum(axis=1), self._squares + (values**2).sum(axis=1)

    @property
    def scales(self) -> tuple[Scale, ...]:
        """Mean and standard deviation of each answer."""
        mean = self._sums / self.rows
        deviation = np.sqrt(np.maximum(self._squares / self.rows - mean**2, 0.0))
        each = zip((mean + self._shift).tolist(), deviation.tolist(), strict=True)
        return tuple(Scale(centre, width if width >= SMALLEST else 1.0) for centre, width in each)
