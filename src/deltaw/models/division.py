"""Setting rows apart: some to choose by, some to be scored on, never to be trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def split(n: int, share: float, seed: int, labels: NDArray[np.integer] | None = None) -> tuple[Indices, Indices]:
    """Divide n rows at random into (kept, apart), both in ascending order.

    Args:
        n: how many rows there are.
        share: of the rows to set apart, 0 to 1; at least one row where it is above 0 and that is possible.
        seed: the same seed gives the same rows.
        labels: (n,) class numbers from 0. Every class then gives its share (within one row), and keeps at least one
            row: a class that is never seen cannot be learnt.
    """
    order = np.random.default_rng(seed).permutation(n)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
        starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
        order = np.delete(order, starts)  # one row of each class stays
    elif len(order):
        order = order[1:]
    count = min(max(round(n * share), 1 if share > 0 else 0), len(order))
    # Evenly spaced places in rows that are sorted by class: every class in proportion.
    places = (np.arange(count) + 0.5) * (len(order) / max(count, 1))
    apart = np.sort(order[places.astype(np.int64)]) if count else np.empty(0, np.int64)
    return np.setdiff1d(np.arange(n), apart, assume_unique=True), apart
