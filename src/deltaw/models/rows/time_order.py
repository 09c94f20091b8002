"""Columns of times: an input where they are named, and a note if rows are sorted by one that is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.models.rows.dividing import Choices
from deltaw.preparation.reading import as_days
from deltaw.speech import say
from deltaw.tables import Column
from deltaw.tables.table import clip

FEWEST = 30  # rows
SOME = 50  # rows looked at first, which usually show that there is no order
DIFFERENT = 0.5  # distinct times per row, at least: years, for example, are fewer


def with_times(columns: Iterable[Column], choices: Choices) -> tuple[Column, ...]:
    """The columns; whole numbers that count the rows are an input if they are the times of the rows."""
    return tuple(
        replace(each, kind="number", reason="whole numbers that say the time")
        if (each.name, each.kind) == (choices.time, "identifier")
        else each
        for each in columns
    )


def notes_on_order(frame: pl.DataFrame, columns: Iterable[Column], choices: Choices, source: str) -> tuple[str, ...]:
    """A note if the rows are sorted by a column of dates and the caller did not choose how to divide them: scores of
    randomly held-out rows do not hold for later rows.
    """
    if len(frame) < FEWEST or choices != Choices():
        return ()
    times = [each for each in columns if each.kind == "date" and each.n_distinct >= DIFFERENT * len(frame)]
    for each in times:
        cells = frame.get_column(each.name)
        if all(_in_order(as_days(some, source, each.format)) for some in (cells.head(SOME), cells)):
            line = 'rows are sorted by "{name}": with --time, networks trained on earlier rows are scored on later ones'
            return (say(line, name=clip(each.name)),)
    return ()


def _in_order(days: NDArray[np.float64]) -> bool:
    steps = np.diff(days[~np.isnan(days)])
    return bool((steps >= 0).all() or (steps <= 0).all())
