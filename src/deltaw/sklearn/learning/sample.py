"""Training rows: equal rows merged, validation rows set apart."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from deltaw.exceptions import InputError
from deltaw.numbers import typed
from deltaw.speech import say

Array = NDArray[Any]

# scikit-learn's own words, which people search for.
NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed."
)


@dataclass(frozen=True)
class Sample:
    """Rows with targets and weights.

    Attributes:
        X: (n, n_in) array, or a CSR matrix.
        T: (n, n_out) targets, or class numbers (n,) in int32.
        weight: (n,), or None where every row counts once.
    """

    X: Any
    T: Array
    weight: Array | None = None

    def __len__(self) -> int:
        return int(self.X.shape[0])

    @property
    def total(self) -> float:
        """How many rows they count for: Σ weight."""
        return float(len(self)) if self.weight is None else float(self.weight.sum())

    def take(self, index: Array) -> Sample:
        """These rows, by number or by a mask."""
        return Sample(self.X[index], self.T[index], None if self.weight is None else self.weight[index])

    def single(self) -> Sample:
        """In float32, as the native engine takes them. Raises InputError for numbers that it cannot hold."""
        parts = {"X": self.X, "y": self.T}
        for name, part in parts.items():
            if part.dtype == np.float64:
                with np.errstate(over="ignore"):
                    parts[name] = part.astype(np.float32)
                values = parts[name] if isinstance(part, np.ndarray) else parts[name].data
                if not np.isfinite(values).all():
                    found = say("numbers beyond float32 in {name}", name=name)
                    raise InputError(NOT_FINITE, found, "scale it, or use engine='reference'")
        return Sample(parts["X"], parts["y"], self.weight)

    def counted(self) -> Sample:
        """Without the rows of weight 0. Raises InputError if all weights are 0, or one is negative."""
        if self.weight is None:
            return self
        if self.weight.min() < 0 or not self.weight.any():
            expected = "sample_weight, class_weight: expected numbers, 0 or more, and one of them above 0"
            found = say("{min} in row {argmin}", min=typed(self.weight.min()), argmin=self.weight.argmin())
            raise InputError(expected, found, "correct the weights")
        return self if self.weight.all() else self.take(self.weight != 0)

    def merged(self) -> Sample:
        """Equal rows as one that counts for all of them, in an order that does not depend on the given one.

        For training on all rows at once: their order then means nothing, and a weight of 3 is the same as three equal
        rows; this makes it so to the last bit.
        """
        first, which = _distinct(self)
        count = np.bincount(which, self.weight)
        rows = self.take(first)
        return Sample(rows.X, rows.T, None if (count == 1).all() else count)

    def set_apart(self, share: float, random: np.random.RandomState, by_class: bool) -> tuple[Sample, Sample]:
        """(training rows, validation rows); equal rows are never divided.

        Args:
            share: of the distinct rows to be set apart; never fewer than two, nor than there are classes.
            by_class: keep the classes' shares.

        Raises:
            InputError: too few rows.
            ValueError: scikit-learn's own, where a class has one row.
        """
        first, which = _distinct(self)
        groups = np.arange(len(first))
        labels = None
        if by_class:
            # Two classes as scikit-learn hands them over: truth values in a column. A class whose rows are all equal
            # stays whole, with the rows to learn from.
            labels = self.T[first].astype(bool) if self.T.ndim == 2 else self.T[first]
            _, kind, distinct = np.unique(labels.ravel(), return_inverse=True, return_counts=True)
            rows = np.bincount(kind, np.bincount(which, self.weight))
            groups = groups[((distinct > 1) | ((rows < 2) & (self.T.ndim == 2)))[kind]]
            labels = labels[groups]
        size = max(math.ceil(share * len(groups)), 2, 0 if labels is None else len(np.unique(labels)))
        if size >= len(groups):
            expected = "The validation set is too small. Expected rows for training and for validation"
            found = say("n_samples={n} of which {distinct} are distinct", n=len(self), distinct=len(first))
            remedy = "Increase 'validation_fraction' or the size of your dataset, or set early_stopping=False"
            raise InputError(expected, found, remedy)
        _, apart = train_test_split(groups, test_size=size, random_state=random, stratify=labels)
        chosen = np.isin(which, apart)
        return self.take(~chosen), self.take(chosen)


def _distinct(sample: Sample) -> tuple[Array, Array]:
    """(the first of the rows that are equal in X and T, in some order; for each row the index of its first)."""
    keys = np.hstack([_bytes(sample.X), _bytes(sample.T)])
    whole = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1]))).ravel()
    _, first, which = np.unique(whole, return_index=True, return_inverse=True)
    return first, which.ravel()


def _bytes(rows: Any) -> NDArray[np.uint8]:
    """The rows as bytes, (n, width); sparse ones as a digest of what they store."""
    if not isinstance(rows, np.ndarray):
        digests = [
            hashlib.blake2b(rows.indices[a:b].tobytes() + rows.data[a:b].tobytes(), digest_size=16).digest()
            for a, b in pairwise(rows.indptr)
        ]
        return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16)
    return np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1)
