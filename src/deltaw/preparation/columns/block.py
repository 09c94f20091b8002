"""A block of numbers that share one scale, such as the pixels of an image."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.encoded import Field
from deltaw.preparation.columns.means import TrainingTargets
from deltaw.preparation.columns.steps import TRAINING, Features, Stored, Values
from deltaw.preparation.document import distinct, is_count
from deltaw.preparation.reading import as_numbers
from deltaw.preparation.scales.scaling import SCALINGS, Scale, Scaling, fit_scale
from deltaw.speech import say
from deltaw.tables import Block

CHUNK = 256  # rows scaled at a time, so that float64 values stay in the cache


@dataclass(frozen=True)
class BlockOfNumbers:
    """Columns that share one scale; missing values become the block's lowest."""

    name: str
    columns: tuple[str, ...]
    shape: tuple[int, ...]
    low: float
    scale: Scale

    kind: ClassVar = "block"
    CHECKS: ClassVar = {
        "name": str,
        "columns": distinct(str),
        "shape": [is_count],
        "low": float,
        "scale": Scale.CHECKS,
    }

    @classmethod
    def fit(cls, frame: pl.DataFrame, block: Block, scaling: Scaling) -> BlockOfNumbers:
        if scaling.block == "range":
            scale = fit_scale(scaling.fit, np.array([block.low, block.high]))
        else:
            values = _matrix(frame, block.columns, TRAINING)
            present = values if values.dtype.kind in "iu" else values[~np.isnan(values)]
            scale = fit_scale(SCALINGS[scaling.block].fit, present.astype(np.float64))
        return cls(block.name, block.columns, block.shape, block.low, scale)

    @property
    def title(self) -> str:
        return self.name

    def is_sound(self) -> bool:
        return 0 < len(self.columns) == prod(self.shape)

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.columns

    @property
    def features(self) -> tuple[str, ...]:
        return self.columns

    def treatment(self, scaling: Scaling) -> str:
        summary = scaling.summary if scaling.block == "range" else SCALINGS[scaling.block].summary
        return say("{how}, one scale for all {shape}", how=say(summary), shape=" × ".join(map(str, self.shape)))

    def fields(self, scaling: Scaling) -> tuple[Field, ...]:
        return (Field(),) * len(self.columns)

    def read(self, frame: pl.DataFrame, source: str, targets: TrainingTargets | None = None) -> Values:
        return _matrix(frame, self.columns, source)

    def encode(self, x: Values, out: Stored, scaling: Scaling) -> None:
        for start in range(0, len(out), CHUNK):
            rows = np.ascontiguousarray(x[start : start + CHUNK], dtype=np.float64)
            out[start : start + CHUNK] = self.scale.apply(np.where(np.isnan(rows), self.low, rows))

    def decode(self, features: Features, scaling: Scaling) -> list[pl.Series]:
        columns = np.ascontiguousarray(self.scale.undo(features).T)
        return [pl.Series(name, column) for name, column in zip(self.columns, columns, strict=True)]

    def usual_cells(self) -> list[pl.Series]:
        return [pl.Series(name, [self.low]) for name in self.columns]


def _matrix(frame: pl.DataFrame, columns: tuple[str, ...], source: str) -> NDArray[Any]:
    """The columns as one array (n, len(columns)), NaN where missing. Raises ColumnError as `as_numbers`."""
    part = frame[list(columns)]  # not select, which would expand "*"
    if not all(kind.is_integer() for kind in part.dtypes):
        return np.column_stack([as_numbers(column, source) for column in part.iter_columns()])
    return part.to_numpy()
