"""What a network says, as answers, and the truth beside them: functions of a target, of outputs and of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw.models.scoring.metrics import Outcome
from deltaw.preparation import Target
from deltaw.tables import Table

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]


@dataclass(frozen=True)
class Answers:
    """What a model says about rows.

    Attributes:
        values: (n,) class values, or numbers in the target's own units.
        probabilities: (n, K) in the order of the model's classes; None for numbers.
    """

    values: Array
    probabilities: Array | None

    @classmethod
    def of(cls, target: Target, outputs: Array) -> Answers:
        """The network's `outputs`, (n, n_out), as answers of a model of this `target`."""
        found = decoded(target, outputs)
        return cls(found, None) if target.task == "regression" else cls(target.values(found), found)


def rows_of(table: Table) -> pl.DataFrame:
    """The rows to use a model on: those that the source sets apart for testing, or else all."""
    return table.frame if table.test is None else table.test


def truth(target: Target, series: pl.Series, source: str = "data", gaps: bool = False) -> Array:
    """What `Outcome.truth` holds: (n,) class indices, or numbers in the target's own units; see `Target.encode`."""
    encoded = target.encode(series, source, gaps)
    return encoded if target.task == "classification" else target.numbers(series, source)


def decoded(target: Target, outputs: Array) -> Array:
    """Outputs as numbers in the target's own units, (n,), or probabilities, (n, K)."""
    return target.values(outputs) if target.task == "regression" else probabilities(outputs)


def outcome(target: Target, outputs: Array, truth: Array, weight: Array | None = None) -> Outcome:
    """The network's outputs (n, n_out) as answers beside the truth, and what the rows count."""
    found = decoded(target, outputs)
    if target.task == "regression":
        return Outcome(truth, found, weight=weight)
    return Outcome(truth, target.labels(found), found, weight)


def mean_of(outputs: Sequence[Array], task: str) -> Array:
    """The outputs of one network as they are; of several the mean, where there are classes of their probabilities."""
    if len(outputs) == 1:
        return outputs[0]
    shares = outputs if task == "regression" else [probabilities(each) for each in outputs]
    mean: Array = np.mean(shares, axis=0)
    return mean


def probabilities(outputs: Array) -> Array:
    """Outputs as shares that sum to 1: softmax's are that already, sigmoids' are each for itself."""
    positive = np.clip(outputs, 1e-12, None)
    shares: Array = positive / positive.sum(axis=1, keepdims=True)
    return shares
