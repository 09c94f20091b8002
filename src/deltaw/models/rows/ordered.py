"""Rows that lie in the order of their times: a score of rows among their neighbours is none of the rows to come."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.models.rows.dividing import Choices
from deltaw.preparation.reading import as_days
from deltaw.speech import say
from deltaw.tables import Column
from deltaw.tables.table import clip

FEWEST, SOME = 30, 50  # rows of which it is asked; that tell, as a rule, that there is no order
DIFFERENT = 0.5  # of the rows have a time of their own: of years or of campaigns there are fewer


def notes_on_order(frame: pl.DataFrame, columns: Iterable[Column], choices: Choices, source: str) -> tuple[str, ...]:
    """What to say of rows that lie in the order of a column of days or times, where nobody chose how to divide them."""
    if len(frame) < FEWEST or choices != Choices():
        return ()
    times = [each for each in columns if each.kind == "date" and each.n_distinct >= DIFFERENT * len(frame)]
    for each in times:
        cells = frame.get_column(each.name)
        if all(_in_order(as_days(some, source, each.format)) for some in (cells.head(SOME), cells)):
            line = 'rows are sorted by "{name}": --time tests on later rows what was trained on earlier ones'
            return (say(line, name=clip(each.name)),)
    return ()


def _in_order(days: NDArray[np.float64]) -> bool:
    steps = np.diff(days[~np.isnan(days)])
    return bool((steps >= 0).all() or (steps <= 0).all())
