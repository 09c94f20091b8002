"""Splits and folds of rows: at random, stratified by class, by groups, or by time.

All are index arrays in ascending order; the same rows and seed give the same division.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.models.scoring.intervals import FEWEST_ROWS

Indices = NDArray[np.int64]

FEW = 16  # classes; up to this many, a scan per class is faster than sorting


@dataclass(frozen=True, eq=False)
class Division:
    """Indices of training, validation and test rows, which are disjoint; the last two may be empty."""

    training: Indices
    validation: Indices
    test: Indices


@dataclass(frozen=True, eq=False)
class Constraints:
    """What a division of n rows has to respect.

    Attributes:
        rows: n.
        labels: (n,) class indices: parts are stratified.
        groups: (n,) numbers: rows of a group are never split apart.
        times: (n,) numbers: held-out rows are later than training rows; rows of one time are never split apart.
    """

    rows: int
    labels: NDArray[np.integer] | None = None
    groups: NDArray[np.integer] | None = None
    times: NDArray[np.floating] | None = None

    def of(self, rows: Indices) -> Constraints:
        """The same for some of the rows."""
        parts = {name: getattr(self, name) for name in ("labels", "groups", "times")}
        return Constraints(len(rows), **{name: part if part is None else part[rows] for name, part in parts.items()})

    def groups_of(self, rows: Indices, folds: Sequence[Division] = ()) -> NDArray[Any] | None:
        """The groups of some rows, which are drawn together for intervals; None: each row alone.

        With times they are blocks of consecutive times, since the errors of neighbours are alike (Künsch 1989, "The
        jackknife and the bootstrap for general stationary observations", Annals of Statistics 17). A block has the root
        of the number of times that are scored, those of these rows or of all `folds`, and is named by its first time.
        """
        if self.groups is not None or self.times is None:
            return None if self.groups is None else self.groups[rows]
        distinct, which = np.unique(self.times, return_inverse=True)
        scored = len(distinct) * (sum(len(each.test) for each in folds) or len(rows)) // self.rows
        length = min(round(scored**0.5), scored // FEWEST_ROWS)
        return distinct[which[rows] // length * length] if length else None

    def apart(self, rows: Indices, share: float, seed: int) -> tuple[Indices, Indices]:
        """Split rows into (kept, apart), with about that share apart."""
        own = self.of(rows)
        if own.times is not None:
            kept, apart = split_later(own.times, share)
        elif own.groups is not None:
            kept, apart = split_groups(own.groups, share, seed)
        else:
            kept, apart = split(len(rows), share, seed, own.labels)
        return rows[kept], rows[apart]

    def folds(self, rows: Indices, k: int, seed: int) -> tuple[Division, ...]:
        """k cross-validation folds: every row is a test row once; with times, every row of the later half is."""
        own = self.of(rows)
        if own.times is not None:
            pairs = later_folds(own.times, k)
        else:
            held = folds(len(rows), k, seed, own.labels) if own.groups is None else group_folds(own.groups, k, seed)
            pairs = tuple((without(each, len(rows)), each) for each in held)
        return tuple(Division(rows[training], rows[:0], rows[test]) for training, test in pairs)

    def parts(self, k: int, seed: int) -> NDArray[np.uint8]:
        """(n,) the part of each row, 0 to k − 1, at random; rows of a group in the same part."""
        part = np.empty(self.rows, np.uint8)
        if self.groups is None:
            order = np.random.default_rng(seed).permutation(self.rows)
            held: Iterable[Indices] = (order[i::k] for i in range(k))  # the same parts as `folds`
        else:
            held = group_folds(self.groups, k, seed)
        for i, rows in enumerate(held):
            part[rows] = i
        return part

    @property
    def most_folds(self) -> int:
        """The largest number of folds that the rows can be divided into."""
        if self.times is not None:
            later = np.unique(self.times)
            return max(len(later) - 1, 0)
        return self.rows if self.groups is None else len(np.unique(self.groups))


def split(n: int, share: float, seed: int, labels: NDArray[np.integer] | None = None) -> tuple[Indices, Indices]:
    """Split n rows at random into (kept, apart).

    Args:
        n: number of rows.
        share: share of the rows to set apart, 0 to 1; at least one row if it is above 0 and that is possible.
        seed: random seed.
        labels: (n,) class indices, to stratify by. Every class keeps at least one row, so that it can be learnt.
    """
    order = np.random.default_rng(seed).permutation(np.arange(n, dtype=_least(n)))
    if labels is not None:
        order = _by_class(order, labels)
        sizes = np.bincount(labels)
        sizes = sizes[sizes > 0]
        order = np.delete(order, np.cumsum(sizes) - sizes)  # one row of each class stays
    elif len(order):
        order = order[1:]
    count = min(max(round(n * share), 1 if share > 0 else 0), len(order))
    # Evenly spaced places in rows that are sorted by class: every class in proportion.
    places = (np.arange(count) + 0.5) * (len(order) / max(count, 1))
    apart = np.sort(order[places.astype(np.int64)]).astype(np.int64) if count else np.empty(0, np.int64)
    return without(apart, n), apart


def _least(n: int) -> type[np.int32 | np.int64]:
    """The smallest integer type for n indices."""
    return np.int32 if n < 2**31 else np.int64


def without(apart: Indices, n: int) -> Indices:
    """The indices of all n rows but these, ascending."""
    kept = np.ones(n, bool)  # one byte a row; np.setdiff1d would take forty
    kept[apart] = False
    return np.flatnonzero(kept)


def _by_class(order: Indices, labels: NDArray[np.integer]) -> Indices:
    """`order` sorted by class, stably."""
    named = labels[order]
    if len(named) and named.max() < FEW:
        return np.concatenate([order[named == each] for each in range(named.max() + 1)])
    if len(named) and named.max() < 2**15:
        named = named.astype(np.int16)  # radix sort
    return order[np.argsort(named, kind="stable")]


def split_groups(groups: NDArray[np.integer], share: float, seed: int) -> tuple[Indices, Indices]:
    """Split rows into (kept, apart): whole groups, drawn at random, as near to the share as they get.

    At least one group is kept; at least one is apart if the share is above 0 and there are two.
    """
    names, numbers = np.unique(groups, return_inverse=True)
    sizes = np.bincount(numbers, minlength=len(names))
    wanted, taken, count = share * len(groups), np.zeros(len(names), bool), 0
    for group in np.random.default_rng(seed).permutation(len(names))[: len(names) - 1]:
        if abs(count + sizes[group] - wanted) < abs(count - wanted) or (share > 0 and not count):
            taken[group], count = True, count + sizes[group]
    apart = taken[numbers]
    return np.flatnonzero(~apart), np.flatnonzero(apart)


def split_later(times: NDArray[np.floating], share: float) -> tuple[Indices, Indices]:
    """Split rows into (earlier, later), with about that share later; rows of one time stay on one side."""
    moments, counts = np.unique(times, return_counts=True)
    later = np.cumsum(counts[::-1])[::-1]  # rows from each moment on
    if share <= 0 or len(moments) < 2:
        return np.arange(len(times)), np.empty(0, np.int64)
    first = moments[1:][np.abs(later[1:] - share * len(times)).argmin()]
    return np.flatnonzero(times < first), np.flatnonzero(times >= first)


def folds(n: int, k: int, seed: int, labels: NDArray[np.integer] | None = None) -> tuple[Indices, ...]:
    """n rows in k random parts whose sizes differ by at most one, within each class if `labels` are given."""
    order = np.random.default_rng(seed).permutation(n)
    if labels is not None:
        order = _by_class(order, labels)
    return tuple(np.sort(order[i::k]) for i in range(k))


def group_folds(groups: NDArray[np.integer], k: int, seed: int) -> tuple[Indices, ...]:
    """Rows in k parts of whole groups and similar size: greedily, the largest group into the smallest part."""
    names, numbers = np.unique(groups, return_inverse=True)
    sizes = np.bincount(numbers, minlength=len(names))
    order = np.random.default_rng(seed).permutation(len(names))
    part, filled = np.zeros(len(names), np.int64), np.zeros(k, np.int64)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        part[group] = filled.argmin()
        filled[part[group]] += sizes[group]
    return tuple(np.flatnonzero(part[numbers] == i) for i in range(k))


def later_folds(times: NDArray[np.floating], k: int) -> tuple[tuple[Indices, Indices], ...]:
    """The later half of the rows in k parts by time; (rows before the part, the part) for each."""
    moments, counts = np.unique(times, return_counts=True)
    before = np.concatenate([[0], np.cumsum(counts)])[1:-1]  # rows before each moment but the first
    n = len(times)
    # The moments nearest to the even places, each once: where a part begins.
    starts = sorted({int(np.abs(before - n * (0.5 + 0.5 * i / k)).argmin()) + 1 for i in range(k)})
    edges = [*moments[starts], np.inf]
    return tuple(
        (np.flatnonzero(times < low), np.flatnonzero((times >= low) & (times < high))) for low, high in pairwise(edges)
    )
