"""Partial dependence of the prediction on one column.

Friedman 2001, "Greedy function approximation: a gradient boosting machine", section 8.2: all rows get the same cell,
and their predictions are averaged. The cells are taken from real rows, so each occurs; combinations with the other
columns may not, such as a height of two metres at an age of three years. Of text, all rows get a word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.preparation.columns.steps import MISSING, Step
from deltaw.preparation.columns.text import Text
from deltaw.preparation.reading import as_days, as_numbers
from deltaw.speech import say
from deltaw.tables.cells import as_words

Array = NDArray[Any]

MAX_ROWS = 500  # that predictions are averaged over
POINTS = 24  # of a column of numbers or dates
MOST_WORDS = 12
ENDS = 0.02  # share of the rows left out at each end: outliers would take most of the axis

ORDERED: dict[str, Callable[[pl.Series, str], Array]] = {"number": as_numbers, "date": as_days}


@dataclass(frozen=True, eq=False)
class Dependence:
    """The mean prediction for each of some cells of a column.

    Attributes:
        column: its name.
        kind: "number", "date", "boolean", "category" or "text".
        values: (m,) numbers, days since 1970-01-01, or words; the cells, in order. Of text, the surest of its words.
        answers: (m,) in the target's own units, or (m, K) probabilities.
        rows: (m,) number of rows with each cell, or word; None for numbers and dates.
    """

    column: str
    kind: str
    values: Array
    answers: Array
    rows: Array | None

    @property
    def cells(self) -> list[Any]:
        """`values` as they are shown: "missing" in the language that is chosen."""
        return [say(MISSING) if value == MISSING else value for value in self.values.tolist()]

    @property
    def swing(self) -> float:
        """The difference between the highest and the lowest mean prediction."""
        return float(np.ptp(self.answers, axis=0).max())


def of_column(
    X: Array, place: slice, step: Step, cells: pl.Series, answer: Callable[[Array], Array]
) -> Dependence | None:
    """The dependence on a column; None for blocks, and for columns with the same cell in all rows.

    Args:
        X: (n, n_in), the network's inputs.
        place: the inputs made of the column.
        step: the preparation of the column.
        cells: (n,) the raw column.
        answer: from inputs (r, n_in) to predictions (r,) or (r, K).
    """
    inputs, counts = X[:, place], None
    moves: list[tuple[Any, Any]]  # which inputs, to what
    if step.kind in ORDERED:
        values, rows = _along(ORDERED[step.kind](cells, "data"))
        moves = [(place, inputs[row]) for row in rows]
    elif isinstance(step, Text):
        values, counts = np.array(step.words[:MOST_WORDS]), (inputs > inputs.min()).sum(axis=0)[:MOST_WORDS]
        implied = [[place.start + i for i, part in enumerate(step.words) if part in word] for word in values]
        moves = [(each, inputs.max()) for each in implied]
    elif len(step.inputs) == 1:
        values, rows, counts = _words(cells)
        moves = [(place, inputs[row]) for row in rows]
    else:
        return None
    if len(values) < 2:
        return None
    background = X[np.linspace(0, len(X) - 1, min(len(X), MAX_ROWS)).astype(np.int64)]
    answers = []
    for where, cell in moves:
        moved = background.copy()
        moved[:, where] = cell
        answers.append(answer(moved).mean(axis=0))
    return Dependence(step.title, step.kind, values, np.asarray(answers), counts)


def _along(numbers: Array) -> tuple[Array, Array]:
    """(cells at even steps of rank without the ends, a row with each)."""
    known = np.flatnonzero(~np.isnan(numbers))
    order = known[np.argsort(numbers[known], kind="stable")]
    ends = round(ENDS * (len(order) - 1)) if len(order) else 0
    taken = order[np.linspace(ends, max(len(order) - 1 - ends, 0), min(POINTS, len(order))).astype(np.int64)]
    values, first = np.unique(numbers[taken], return_index=True)
    return values, taken[first]


def _words(cells: pl.Series) -> tuple[Array, Array, Array]:
    """(the most frequent words in order, a row with each, its number of rows)."""
    words = as_words(cells).fill_null(MISSING).to_numpy()
    values, first, counts = np.unique(words.astype(str), return_index=True, return_counts=True)
    chosen = np.argsort(-counts, kind="stable")[:MOST_WORDS]
    return values[chosen], first[chosen], counts[chosen]
