"""One step a column: fitted on training rows, it turns the column into features, and features into the column.

A step is plain data. `read` makes numbers of a column's cells, of all rows at once; `encode` makes of these, some rows
at a time, what is stored of their features, and writes it into `out`, shape (n, len(fields)): see
`deltaw.equations.encoded`. `decode` takes the features themselves, (n, len(features)), and returns the raw column (a
block: columns) again. All get the row of SCALINGS that the whole recipe uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.encoded import Field
from deltaw.preparation.columns.means import Answers
from deltaw.preparation.document import Check
from deltaw.preparation.scales.scaling import Scaling
from deltaw.speech import Kept

Features = NDArray[np.float32]
Stored = NDArray[Any]  # floats of either size
Values = NDArray[np.float64]

MISSING = "(missing)"
TRAINING = "training rows"  # what messages call the rows that a step is fitted on


class Step(Protocol):
    """What every kind of step has."""

    kind: ClassVar[str]
    CHECKS: ClassVar[dict[str, Check]]
    LATER: ClassVar[dict[str, Any]]  # fields that older files lack, and what they then are

    @property
    def title(self) -> str:
        """What the user calls it: the column's name, or the block's."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Raw columns that it needs."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of its features."""

    def treatment(self, scaling: Scaling) -> str:
        """What it does, for the user."""

    def is_sound(self) -> bool:
        """Whether its fields, each of which passed its check, fit together."""

    def fields(self, scaling: Scaling) -> tuple[Field, ...]:
        """What is stored of a row: of which features each number is."""

    def read(self, frame: pl.DataFrame, source: str, answers: Answers | None = None) -> Values:
        """All rows' cells as numbers, (n,) or (n, k). Raises ColumnError for a cell that it cannot take.

        `answers`: of these rows, where they are learnt from.
        """

    def encode(self, x: Values, out: Stored, scaling: Scaling) -> None:
        """Write what is stored of some rows into `out`; `x`: of these rows what `read` returned."""

    def decode(self, features: Features, scaling: Scaling) -> list[pl.Series]:
        """The raw columns again, as far as the features tell."""

    def usual_cells(self) -> list[pl.Series]:
        """The raw columns of one row that is as usual as a row can be: the median, the most frequent word."""


@dataclass(frozen=True)
class OneColumn:
    """What steps for a single column share."""

    column: str

    LATER: ClassVar[dict[str, Any]] = {}

    @property
    def title(self) -> str:
        return self.column

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.column,)

    def is_sound(self) -> bool:
        return True


def missing_feature(column: str, indicator: bool) -> tuple[str, ...]:
    return (Kept("{column} {part}", column=column, part=Kept(MISSING)),) if indicator else ()


def yes_or_no(yes: NDArray[np.bool_], scaling: Scaling) -> NDArray[np.float64]:
    return np.where(yes, scaling.high, scaling.low)


def middle(scaling: Scaling) -> float:
    return (scaling.low + scaling.high) / 2


def without(series: pl.Series, indicator: Features, scaling: Scaling) -> pl.Series:
    """The series with null where the indicator says missing."""
    present = pl.Series(indicator <= middle(scaling))
    return pl.select(pl.when(present).then(series).alias(series.name)).to_series()
