"""What the targets are: classes, several yes or no a row, or numbers; and how they are spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.setup import Setup
from deltaw.equations.losses import one_hot

Array = NDArray[Any]

FEW = 20  # whole numbers of at most so many kinds in one column may be class numbers


@dataclass(frozen=True)
class Targets:
    """The targets of all rows.

    Attributes:
        task: "classification", "labels" (several yes or no a row), or "regression".
        form: how T is written: "labels" (class numbers for many outputs), "one_hot", "binary" (one column of two
            values), "several" (columns of two values), "numbers".
        classes: rows of each class, (K,), 0 for one that only has an output; of "several" the rows where each output
            is yes; empty for numbers.
        values: the two values that stand for no and yes; the ends of the range for numbers.
        low, high, mean, std: (columns of T,), over the finite values.
        bad: how many values are NaN or infinite.
        outputs: of the network.
    """

    task: str
    form: str
    classes: NDArray[np.int64]
    values: tuple[float, float]
    low: Array
    high: Array
    mean: Array
    std: Array
    bad: int
    outputs: int

    def encoded(self, T: Array) -> Array:
        """Rows of T as float64 (rows, outputs); class numbers become one-hot. What does not fit the network stays."""
        if self.form == "labels" and np.isfinite(T).all():
            labels = T.reshape(-1).astype(np.int64)
            if labels.min() >= 0 and labels.max() < self.outputs:
                return one_hot(labels, self.outputs)
        return np.asarray(T, np.float64)

    def label(self, T: Array) -> NDArray[np.int64]:
        """The class of each row of T, (rows,); of numbers and of several labels, an error of the caller's."""
        assert self.task == "classification"
        if self.form == "labels":
            return np.asarray(T.reshape(-1), np.int64)
        if self.form == "one_hot":
            return np.asarray(T.argmax(axis=1), np.int64)
        return np.asarray(T.reshape(-1) > sum(self.values) / 2, np.int64)


def targets(T: Array, setup: Setup) -> Targets:
    """Tell what the rows of T, (n, k), are."""
    T = np.asarray(T.toarray() if hasattr(T, "toarray") else T)
    finite = np.isfinite(T)
    numbers = np.where(finite, T, np.nan).astype(np.float64)
    outputs = setup.network.sizes[-1]
    form = _form(T[finite.all(axis=1)], outputs, setup.task)
    known = {"numbers": "regression", "several": "labels"}.get(form, "classification")
    with np.errstate(all="ignore"):
        ends = (float(np.nanmin(numbers)), float(np.nanmax(numbers))) if finite.any() else (np.nan, np.nan)
        low, high = _over_rows(np.nanmin, numbers), _over_rows(np.nanmax, numbers)
        mean, std = _over_rows(np.nanmean, numbers), _over_rows(np.nanstd, numbers)
    return Targets(
        task=setup.task or known, form=form,
        classes=_counts(T[finite.all(axis=1)], form, ends, outputs), values=ends,
        low=low, high=high, mean=mean, std=std, bad=int((~finite).sum()), outputs=outputs,
    )  # fmt: skip


def _over_rows(statistic: Any, numbers: Array) -> Array:
    columns = [column[~np.isnan(column)] for column in numbers.T]
    return np.array([statistic(column) if len(column) else np.nan for column in columns])


def _form(T: Array, outputs: int, task: str | None) -> str:
    """How the finite rows of T are written."""
    if not len(T) or task == "regression":
        return "numbers"
    values = _first_values(T)
    two = len(values) == 2 or (len(values) == 1 and values[0] in (0, 1))
    if T.shape[1] == 1:
        whole = bool((np.round(T) == T).all() and T.min() >= 0)
        if outputs > 1 and whole:
            return "labels"
        return "binary" if two else "numbers"
    if not two:
        return "numbers"
    ends = T.min(), T.max()
    yes = np.isclose(T, ends[1]).sum(axis=1) if ends[0] < ends[1] else np.zeros(len(T))
    if task == "labels":
        return "several"
    return "one_hot" if (yes == 1).all() else "several"


def _first_values(T: Array) -> Array:
    """The distinct values of T if they are few: a glance at some rows, then at all only if it is worth it."""
    glance = np.unique(T[:: max(1, len(T) // 1000)])
    return glance if len(glance) > 2 else np.unique(T)


def _counts(T: Array, form: str, ends: tuple[float, float], outputs: int) -> NDArray[np.int64]:
    if form == "numbers" or not len(T):
        return np.zeros(0, np.int64)
    if form == "labels":
        return np.bincount(T.reshape(-1).astype(np.int64), minlength=outputs)  # a rare class may be in other rows only
    yes = np.isclose(T, ends[1]).sum(axis=0) if ends[0] < ends[1] else np.full(T.shape[1], len(T))
    return np.asarray([len(T) - yes[0], yes[0]] if form == "binary" else yes, np.int64)
