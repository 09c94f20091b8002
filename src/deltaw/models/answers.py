"""From a network's outputs to predictions, and to an `Outcome` with the truth beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

AT_ONCE = 2**20  # outputs computed at a time: few enough to stay in the cache


@dataclass(frozen=True, eq=False)
class Answers:
    """A model's predictions for rows.

    Attributes:
        values: (n,) class values, or numbers in the target's own units.
        probabilities: (n, K) in the order of the model's classes; None for numbers.
    """

    values: Array
    probabilities: Array | None

    @classmethod
    def of(cls, target: Target, outputs: Array) -> Answers:
        """Predictions of a `target` from a network's `outputs`, (n, n_out)."""
        return cls.of_batches(target, [outputs], len(outputs))

    @classmethod
    def of_batches(cls, target: Target, outputs: Iterable[Array], rows: int) -> Answers:
        """`of`, of a `target`, for `outputs` that come in batches of rows, each (n, n_out), `rows` in all."""
        found = concatenated((decoded(target, each) for each in outputs), rows)
        return cls(found, None) if target.task == "regression" else cls(target.values(found), found)


def values_of(target: Target, outputs: Iterable[Array]) -> Array:
    """`values` of `Answers.of_batches`, with only one batch of outputs in memory."""
    return np.concatenate([Answers.of(target, each).values for each in outputs])


def rows_of(table: Table) -> pl.DataFrame:
    """The rows to predict: the source's own test rows if it has some, else all."""
    return table.frame if table.test is None else table.test


def truth(target: Target, series: pl.Series, source: str = "data", gaps: bool = False) -> Array:
    """`Outcome.truth`: (n,) class indices, or numbers in the target's own units; see `Target.encode`."""
    encoded = target.encode(series, source, gaps)
    return encoded if target.task == "classification" else target.numbers(series, source)


def decoded(target: Target, outputs: Array) -> Array:
    """Outputs as numbers in the target's own units, (n,), or probabilities, (n, K)."""
    return target.values(outputs) if target.task == "regression" else probabilities(outputs)


def outcome(
    target: Target, outputs: Array, truth: Array, weight: Array | None = None, group: Array | None = None
) -> Outcome:
    """Predictions from outputs (n, n_out) beside the truth, with the rows' weights and groups."""
    found = decoded(target, outputs)
    if target.task == "regression":
        return Outcome(truth, found, weight=weight, group=group)
    return Outcome(truth, target.labels(found), found, weight, group)


def some_rows(X: Any, width: int) -> Iterator[Any]:
    """X in batches of rows for which a network with `width` outputs computes at most AT_ONCE numbers."""
    each = max(1, AT_ONCE // width)
    return (X[start : start + each] for start in range(0, max(X.shape[0], 1), each))


def concatenated(pieces: Iterable[Array], rows: int) -> Array:
    """Batches as one array of `rows` rows; unlike np.concatenate, without all batches in memory at once."""
    pieces = iter(pieces)
    first = next(pieces)
    if len(first) == rows:
        return first
    made, place = np.empty((rows, *first.shape[1:]), first.dtype), 0
    for piece in chain((first,), pieces):
        made[place : place + len(piece)] = piece
        place += len(piece)
    return made


def mean_of(outputs: Iterable[Array], task: str) -> Array:
    """Mean outputs over networks, in float64; for classification the mean of their probabilities."""
    found = [np.asarray(each, np.float64) for each in outputs]
    if len(found) == 1:
        return found[0]
    shares = found if task == "regression" else [probabilities(each) for each in found]
    mean: Array = np.mean(shares, axis=0)
    return mean


def probabilities(outputs: Array) -> Array:
    """Outputs normalised to sum to 1, as those of sigmoids do not."""
    shares: Array = np.maximum(outputs, 1e-12)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares
