"""What a network says, as answers, and the truth beside them: functions of a target, of outputs and of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw.models.scoring.metrics import Outcome
from deltaw.preparation import Target
from deltaw.tables import Table

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[Any]

AT_ONCE = 2**20  # outputs that are made at a time: they stay in the cache, and in memory that is there


@dataclass(frozen=True, eq=False)
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
        return cls.together(target, [outputs], len(outputs))

    @classmethod
    def together(cls, target: Target, outputs: Iterable[Array], rows: int) -> Answers:
        """The same of a `target`, where `outputs` come some rows after the others, each (n, n_out), `rows` in all."""
        found = together((decoded(target, each) for each in outputs), rows)
        return cls(found, None) if target.task == "regression" else cls(target.values(found), found)


def values_of(target: Target, outputs: Iterable[Array]) -> Array:
    """The `values` of `Answers.together` alone, for which no more outputs are in memory than come at a time."""
    return np.concatenate([Answers.of(target, each).values for each in outputs])


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


def outcome(
    target: Target, outputs: Array, truth: Array, weight: Array | None = None, group: Array | None = None
) -> Outcome:
    """The network's outputs (n, n_out) as answers beside the truth, what the rows count, and which belong together."""
    found = decoded(target, outputs)
    if target.task == "regression":
        return Outcome(truth, found, weight=weight, group=group)
    return Outcome(truth, target.labels(found), found, weight, group)


def some_rows(X: Any, width: int) -> Iterator[Any]:
    """Inputs of some rows after the others, of which a network with `width` outputs says AT_ONCE numbers at most."""
    each = max(1, AT_ONCE // width)
    return (X[start : start + each] for start in range(0, max(X.shape[0], 1), each))


def together(pieces: Iterable[Array], rows: int) -> Array:
    """Arrays of some rows after the others as one of all `rows`, which takes no more memory than itself."""
    pieces = iter(pieces)
    first = next(pieces)
    if len(first) == rows:
        return first
    made, place = np.empty((rows, *first.shape[1:]), first.dtype), 0
    for piece in chain((first,), pieces):
        made[place : place + len(piece)] = piece
        place += len(piece)
    return made


def mean_of(outputs: Sequence[Array], task: str) -> Array:
    """The outputs of one network as they are; of several the mean, where there are classes of their probabilities."""
    if len(outputs) == 1:
        return outputs[0]
    shares = outputs if task == "regression" else [probabilities(each) for each in outputs]
    mean: Array = np.mean(shares, axis=0)
    return mean


def probabilities(outputs: Array) -> Array:
    """Outputs as shares that sum to 1: softmax's are that already, sigmoids' are each for itself."""
    shares: Array = np.maximum(outputs, 1e-12)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares
