"""The protocol of a step: fitted on training rows, it turns a column into features, and features into the column.

A step is plain data. `read` turns a column's cells into numbers, for all rows at once; `encode` turns these, in batches
of rows, into the stored form of the features, and writes it into `out`, shape (n, len(fields)): see
`deltaw.equations.encoded`. `decode` takes the features themselves, (n, len(features)), and returns the raw column (of a
block: columns). All get the row of SCALINGS of the whole preparation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.encoded import Field
from deltaw.plain import Plain
from deltaw.preparation.columns.means import TrainingTargets
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
    CHECKS: ClassVar[dict[str, Any]]  # the schema of its fields

    @property
    def title(self) -> str:
        """Name of the column or block."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the raw columns that it needs."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of its features."""

    def treatment(self, scaling: Scaling) -> str:
        """A description for the user."""

    def is_sound(self) -> bool:
        """Whether its fields, each valid by itself, are consistent."""

    def fields(self, scaling: Scaling) -> tuple[Field, ...]:
        """The stored numbers of a row, and which features each stands for."""

    def read(self, frame: pl.DataFrame, source: str, targets: TrainingTargets | None = None) -> Values:
        """All rows' cells as numbers, (n,) or (n, k). Raises ColumnError for an invalid cell.

        `targets`: those of these rows, if they are the training rows.
        """

    def encode(self, x: Values, out: Stored, scaling: Scaling) -> None:
        """Write the stored numbers of some rows into `out`; `x`: from `read`, for these rows."""

    def decode(self, features: Features, scaling: Scaling) -> list[pl.Series]:
        """The raw columns, as far as the features determine them."""

    def usual_cells(self) -> list[pl.Series]:
        """Raw cells of a typical row: the median, or the most frequent word."""


@dataclass(frozen=True)
class OneColumn(Plain):
    """Base class of steps for a single column."""

    column: str

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
