"""Columns that rise or fall with the time: in later rows they lie outside the range seen in training.

Bins of such a column cannot extrapolate. Whether a straight line can is tested on the later half of the training
rows, in FOLDS parts: ridge regression on all other inputs and random units (`equal_rows.units`) is fitted on the rows
before each part, and its residuals are predicted by a linear trend, or by the mean of the last ones. Unless the mean
is clearly better, the columns are used linearly, without bins, and predictions may exceed the training targets by
half of their range. Measured: docs/scores.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.engines.rows import spread
from deltaw.models.rows.division import Indices, later_folds
from deltaw.preparation import Preparation
from deltaw.preparation.columns.numbers import CYCLES, Day, Number
from deltaw.preparation.columns.steps import Step
from deltaw.preparation.equal_rows import units
from deltaw.preparation.reading import as_days, as_numbers
from deltaw.preparation.scales.bins import count
from deltaw.preparation.scales.scaling import SMALLEST
from deltaw.speech import say
from deltaw.tables import Column, Table
from deltaw.tables.table import listing
from deltaw.tables.taking import taken

Values = NDArray[np.floating]

FOLDS = 5  # parts of the later half
LAST = 8  # the mean is of the last eighth of the rows before a part
CLEARLY = 1.05  # times the mean's squared error is still good enough for the trend
FEWEST, MOST = 100, 4_000  # rows; of more, MOST spread evenly
MOST_INPUTS, PENALTY = 1_000, 1.0  # of the ridge regression
SOME = 50  # rows looked at first, which usually show that a column has no trend
READ = {Number.kind: as_numbers, Day.kind: as_days}


def monotonic_columns(table: Table, columns: Iterable[Column], times: Values, rows: Indices | None) -> tuple[str, ...]:
    """Names of the number and date columns that are monotonic in the times.

    Args:
        table: all rows.
        columns: their kinds.
        times: (n,) of the training rows.
        rows: indices of the training rows; None: all.
    """
    first = np.argsort(times, kind="stable")[:SOME]

    def goes_with_them(column: Column) -> bool:
        cells = table.frame.select(column.name)
        x = READ[column.kind](taken(cells, rows).to_series(), table.name, column.format)
        return all(_is_monotonic(x[some], times[some]) for some in (first, slice(None)))

    asked = (each for each in columns if each.kind in READ and each.name in table.frame.columns)
    return tuple(each.name for each in asked if goes_with_them(each))


def extrapolates(
    made: Preparation, names: tuple[str, ...], frame: pl.DataFrame, answers: Callable[[Indices], Values],
    times: Values, rows: Indices | None,
) -> bool:  # fmt: skip
    """Whether columns that are monotonic in the times are to be used linearly; see the module's docstring.

    Args:
        made: the preparation of all columns.
        names: the monotonic columns.
        frame: the training rows, or all rows, of which they have the indices `rows`.
        answers: from indices of training rows to their targets, (m, k): numbers, or one-hot classes.
        times: (n,) of the training rows.
    """
    if not names or len(times) < FEWEST or times.min() == times.max() or made.n_features > MOST_INPUTS:
        return False
    some = spread(len(times), MOST)
    asked, Z, times = taken(frame, some if rows is None else rows[some]), answers(some), times[some]
    X = made.transform(asked)
    for step, place in made.places:
        if step.title in names:
            X[:, [place.start + i for i in _features_of_time(step, asked)]] = 0
    H, Z = units(X).astype(np.float64), (Z - Z.mean(axis=0)) / np.maximum(Z.std(axis=0), SMALLEST)
    T = np.column_stack([np.ones(len(times)), (times - times.mean()) / max(float(times.std()), SMALLEST)])
    on = level = 0.0
    for before, part in later_folds(times, FOLDS):
        left = Z - H @ _ridge(H[before], Z[before], PENALTY)
        last = before[np.argsort(times[before], kind="stable")[-max(len(before) // LAST, 1) :]]
        level += float(((left[part] - left[last].mean(axis=0)) ** 2).sum())
        on += float(((left[part] - T[part] @ _ridge(T[before], left[before], SMALLEST)) ** 2).sum())
    return on < CLEARLY * level


def notes_on_monotonic(made: Preparation, names: tuple[str, ...]) -> tuple[str, ...]:
    """A note on the monotonic columns, and whether they are binned."""
    if not names:
        return ()
    binned = any(isinstance(step, Day | Number) and step.edges for step in made.steps if step.title in names)
    line = (
        "later rows lie outside the training range of {names}: encoded in bins, so there is no extrapolation"
        if binned
        else "later rows lie outside the training range of {names}: the linear part may extrapolate"
    )
    return (say(line, names=listing(names, 3)),)


def _features_of_time(step: Step, frame: pl.DataFrame) -> list[int]:
    """Features of a step that tell the time of a row: not its place in a cycle (week, year), unless the rows span less
    than one.
    """
    assert isinstance(step, Day | Number)
    first = 1 + count(step.edges)
    if isinstance(step, Number):
        return [*range(first)]
    days = step.read(frame, "training rows")
    span = float(np.nanmax(days) - np.nanmin(days))
    partly = [k for k, cycle in enumerate(step.cycles) if span < CYCLES[cycle]]
    return [*range(first), *(first + 2 * k + i for k in partly for i in (0, 1))]


def _ridge(X: Values, Y: Values, penalty: float) -> Values:
    """Ridge regression of Y, (n, k), by X, (n, m): (m, k)."""
    gram = X.T @ X
    return np.asarray(np.linalg.solve(gram + penalty * np.eye(len(gram)), X.T @ Y))


def _is_monotonic(x: Values, times: Values) -> bool:
    there = ~np.isnan(x)
    x, times = x[there], times[there]
    return any(bool((np.diff(each[np.lexsort((each, times))]) >= 0).all()) for each in (x, -x))
