"""Columns of times: an input where they are named, and a note if rows are sorted by one that is not, or if numbers that
were left out as identifiers may be such.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.models.answers import truth
from deltaw.models.rows.dividing import Choices
from deltaw.preparation import Target
from deltaw.preparation.reading import as_days
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.tables import Column
from deltaw.tables.table import clip

FEWEST = 30  # rows
SOME = 50  # rows looked at first, which usually show that there is no order
DIFFERENT = 0.5  # distinct times per row, at least: years, for example, are fewer
LIKE, ERRORS = 0.5, 4.0  # correlation of neighbours' targets that is told, and its standard errors of chance


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
            name = clip(each.name)
            line = 'rows are sorted by "{name}": with {time}, networks trained on earlier rows are scored on later ones'
            return (say(line, name=name, time=given_as("time", name)),)
    return ()


def notes_on_identifiers(
    frame: pl.DataFrame, columns: Iterable[Column], target: Target, source: str
) -> tuple[str, ...]:
    """A note if rows beside each other in the order of an identifier, which is left out, have like targets.

    Args:
        frame: rows with a known target.
        columns: their kinds.
        target: what is predicted.
        source: where the rows are from, for messages.
    """
    asked = [each.name for each in columns if each.kind == "identifier" and frame[each.name].dtype.is_integer()]
    if not asked:
        return ()
    answers = truth(target, frame.get_column(target.name), source)
    least = max(LIKE, ERRORS / max(len(frame), 1) ** 0.5)
    found = [name for name in asked if likeness(answers[frame[name].arg_sort().to_numpy()]) >= least]
    line = (
        'the order of "{name}", which is left out as an identifier, tells the target: if it is that of time, say '
        "{option}; if the file was sorted by its target, it is worth nothing"
    )
    return tuple(say(line, name=clip(name), option=given_as("time", clip(name))) for name in found[:1])


def likeness(answers: NDArray[Any]) -> float:
    """How much more alike the targets of neighbours are than those of any two rows, at most 1: the serial correlation
    by von Neumann's ratio (von Neumann 1941, Annals of Mathematical Statistics 12), of numbers by their ranks.

    Args:
        answers: (n,) class indices, as integers, or numbers.
    """
    _, rank, counts = np.unique(answers, return_inverse=True, return_counts=True)
    if len(counts) < 2:
        return 0.0
    if answers.dtype.kind == "i":
        shares = counts / len(answers)
        return float(1 - np.mean(answers[1:] != answers[:-1]) / (1 - shares @ shares))
    return float(1 - np.mean(np.diff(rank) ** 2) / (2 * np.var(rank)))


def _in_order(days: NDArray[np.float64]) -> bool:
    steps = np.diff(days[~np.isnan(days)])
    return bool((steps >= 0).all() or (steps <= 0).all())
