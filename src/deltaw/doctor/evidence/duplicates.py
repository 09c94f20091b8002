"""Duplicate rows: within the training rows, with contradicting targets, and in both training and validation rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.rows import spread

Array = NDArray[Any]
Keys = NDArray[np.uint64]

CHUNK = 100_000  # numbers of X that are read at a time, to save memory
LOOKED_AT = 2_000  # rows, evenly spaced
# Shares of the distinct rows that columns of measurements distinguish: all together, and each alone.
DISTINGUISHED, MOSTLY_DISTINCT = 0.95, 0.5


@dataclass(frozen=True)
class Duplicates:
    """Which rows of X are equal.

    Attributes:
        distinct: number of distinct rows of X.
        ceiling: the largest R² that any function of X can reach, or for classes the largest accuracy (the commonest
            class among equal inputs); 1 if equal inputs have equal targets.
        contradicting: share of the rows whose inputs also occur with another target.
        repeated: share of the rows that equal another in inputs and targets.
        copied: whether nearly all distinct rows differ in their measurements: then equal rows are copies, not chance.
        shared: share of the validation rows that are also training rows, inputs and targets; 0 without validation.
        shared_rows: indices of the training rows that are also validation rows.
    """

    distinct: int
    ceiling: float
    contradicting: float
    repeated: float
    copied: bool
    shared: float
    shared_rows: NDArray[np.int64]


def duplicates(
    X: Any,
    T: Array,
    read: NDArray[np.int64],
    validation: Any,
    excluded: Sequence[int] = (),
    cells: Array | None = None,
    columns: Sequence[Sequence[int]] = (),
) -> Duplicates:
    """Find equal rows.

    Args:
        X, T: inputs and targets.
        read: indices of the rows that are compared.
        validation: (X, T, …), or None.
        excluded: target statistics: columns of X in place of which the `cells` (n, k) that they encode are compared.
        columns: for each column of the table the indices of its inputs; (): every input is a column.
    """
    whole = X
    if len(excluded):
        X = np.delete(np.asarray(X), excluded, axis=1)
        if validation is not None:
            validation = np.delete(np.asarray(validation[0]), excluded, axis=1), validation[1]
    x, t = keys(X, read), keys(T, read)
    inputs = x if cells is None else _combined(x, keys(cells, read))
    _, first, same, count = np.unique(inputs, return_index=True, return_inverse=True, return_counts=True)
    several = count[same] > 1
    contradicting = np.zeros(len(read), np.bool_)
    if several.any():
        order = np.lexsort((t, same))
        differs = (t[order][1:] != t[order][:-1]) & (same[order][1:] == same[order][:-1])
        contradicting = np.isin(same, same[order][1:][differs])
    shared = np.zeros(0, np.int64)
    share = 0.0
    if validation is not None:
        shared, share = _shared(x, t, read, validation)
    _, both, rows = np.unique(_combined(x, t), return_inverse=True, return_counts=True)
    return Duplicates(
        len(count), _ceiling(np.asarray(T[read]), same, t), float(contradicting.mean()),
        float(np.mean(rows[both] > 1)),
        bool(share) and _distinguish_rows(whole, read[first], excluded, columns),
        share, shared,
    )  # fmt: skip


def _distinguish_rows(
    X: Any, rows: NDArray[np.int64], excluded: Sequence[int], columns: Sequence[Sequence[int]]
) -> bool:
    """Whether the columns with many distinct values (MOSTLY_DISTINCT or more) distinguish nearly all distinct rows.

    Of several inputs of one column the one with the most distinct values counts.
    """
    some = rows[spread(len(rows), LOOKED_AT)]
    values = distinct(dense(X, np.sort(some))) / len(some)
    values[list(excluded)] = 0.0
    if columns:
        values = np.array([values[list(made)].max(initial=0.0) for made in columns])
    return bool(np.prod(1 - values[values >= MOSTLY_DISTINCT]) <= 1 - DISTINGUISHED)


def distinct(x: Array) -> NDArray[np.int64]:
    """(n_in,) number of distinct values in each column of x."""
    ranked = map(np.sort, x.T)  # one at a time, to save memory
    return np.array([1 + np.count_nonzero(each[1:] != each[:-1]) for each in ranked], np.int64)


def keys(X: Any, index: NDArray[np.int64]) -> Keys:
    """A 64-bit hash of each row: Σ of the values' mixed bits times odd random numbers, modulo 2⁶⁴.

    Two different rows collide with probability of about 2⁻⁵². Being integer arithmetic, it does not depend on chunks.
    """
    draws = np.random.default_rng(0).integers(0, 1 << 63, X.shape[1], np.uint64)
    factors = draws * np.uint64(2) + np.uint64(1)
    return np.concatenate([(_mixed(part) * factors).sum(axis=1) for _, part in chunks(X, index)])


def _mixed(part: Array) -> Keys:
    """The bits of each number mixed over all 64 places (the lower half is 0 for integers); −0 counts as 0."""
    bits = (part + 0.0).view(np.uint64)
    bits ^= bits >> np.uint64(32)
    bits *= np.uint64(0xFF51AFD7ED558CCD)
    bits ^= bits >> np.uint64(33)
    return bits


def chunks(X: Any, index: NDArray[np.int64]) -> Iterator[tuple[int, Array]]:
    """These rows of X as float64, in chunks, each with its position in `index`."""
    step = max(1, CHUNK // max(1, X.shape[1]))
    for first in range(0, len(index), step):
        part = index[first : first + step]
        contiguous = bool((np.diff(part) == 1).all())  # a slice is no copy
        yield first, dense(X, slice(part[0], part[-1] + 1) if contiguous else part)


def dense(X: Any, index: Any) -> Array:
    """These rows of X, sparse or not, as float64."""
    rows = X[index]
    return np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows, np.float64)


def _ceiling(T: Array, same: NDArray[np.int64], t: Keys) -> float:
    """See `Duplicates.ceiling`."""
    groups = int(same.max()) + 1
    if groups == len(same):
        return 1.0
    kinds, which = np.unique(t, return_inverse=True)
    if len(kinds) <= max(20, len(T) // 20):  # classes: the commonest among equal inputs
        _, pairs, counts = np.unique(same * len(kinds) + which, return_index=True, return_counts=True)
        best = np.zeros(groups, np.int64)
        np.maximum.at(best, same[pairs], counts)
        return float(best.sum() / len(same))
    numbers = np.nan_to_num(np.asarray(T, np.float64))
    size = np.bincount(same)
    means = np.stack([np.bincount(same, column) / size for column in numbers.T], axis=1)
    spread = np.square(numbers - numbers.mean(axis=0)).sum()
    return float(1.0 - np.square(numbers - means[same]).sum() / spread) if spread > 0 else 1.0


def _shared(x: Keys, t: Keys, read: NDArray[np.int64], validation: Any) -> tuple[NDArray[np.int64], float]:
    try:
        Xv, Tv = validation[0], validation[1]
        Xv = Xv.tocsr() if hasattr(Xv, "tocsr") else np.asarray(Xv)
        Tv = np.asarray(Tv, np.float64)
        Tv = Tv[:, None] if Tv.ndim == 1 else Tv
        every = np.arange(Xv.shape[0])
        whole = np.stack([keys(Xv, every), keys(Tv, every)], axis=1)
    except (TypeError, ValueError, IndexError):
        return np.zeros(0, np.int64), 0.0  # `refusal` says what is wrong with it
    both, theirs = _combined(x, t), _combined(whole[:, 0], whole[:, 1])
    return read[np.isin(both, theirs)], float(np.isin(theirs, both).mean())


def _combined(x: Keys, t: Keys) -> Keys:
    """One hash of a row's inputs and targets."""
    return x * np.uint64(3) + t
