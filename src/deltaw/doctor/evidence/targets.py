"""Kind and distribution of the targets: classes, multilabel, or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.setup import Setup, matrix
from deltaw.equations.losses import one_hot

Array = NDArray[Any]

OF_CLASSES = ("binary_cross_entropy", "cross_entropy", "hinge")  # losses


@dataclass(frozen=True)
class Targets:
    """Kind and distribution of the targets.

    Attributes:
        task: "classification", "labels" (multilabel), or "regression".
        form: how T is written: "labels" (class numbers, for several outputs), "one_hot", "binary" (one column of two
            values), "several" (columns of two values, multilabel), "numbers".
        classes: (K,) rows of each class, 0 for a class without rows; for "several" the positive rows of each output;
            empty for numbers.
        values: the values of the negative and the positive class; for numbers the range.
        low, high, mean, std: (columns of T,), over the finite values.
        bad: number of values that are NaN or infinite.
        outputs: number of the network's outputs.
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

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Whether a column of T holds one value only, to the precision of float32."""
        return constant(self.low, self.high)

    def encoded(self, T: Any) -> Array:
        """Rows of T as float64 (rows, outputs), class numbers as one-hot if they fit the network's outputs."""
        T = matrix(T, "T")
        if self.form == "labels" and np.isfinite(T).all():
            labels = T.reshape(-1).astype(np.int64)
            if labels.min() >= 0 and labels.max() < self.outputs:
                return one_hot(labels, self.outputs)
        return np.asarray(T, np.float64)

    def label(self, T: Any) -> NDArray[np.int64]:
        """(rows,) class index of each row of T; only for classification."""
        assert self.task == "classification"
        T = matrix(T, "T")
        if self.form == "labels":
            return np.asarray(T.reshape(-1), np.int64)
        if self.form == "one_hot":
            return np.asarray(T.argmax(axis=1), np.int64)
        return np.asarray(T.reshape(-1) > sum(self.values) / 2, np.int64)


def constant(low: Array, high: Array) -> NDArray[np.bool_]:
    """Whether values from low to high are one value to the precision of float32; also if they are NaN."""
    return np.asarray(~(high - low > 1e-7 * np.maximum(np.abs(low), np.abs(high))))


def targets_of(setup: Setup) -> Targets:
    """Detect what the targets of a set-up are. Raises InputError if T is no table of numbers."""
    return targets(matrix(setup.T, "T"), setup)


def targets(T: Array, setup: Setup) -> Targets:
    """Detect what the rows of T, (n, k), are."""
    T = np.asarray(T.toarray() if hasattr(T, "toarray") else T)
    finite = np.isfinite(T)
    numbers = np.where(finite, T, np.nan).astype(np.float64)
    outputs = setup.network.sizes[-1]
    form = _form(T[finite.all(axis=1)], outputs, setup.task or _implied(setup))
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


def _implied(setup: Setup) -> str | None:
    """The task that only this loss has."""
    return "classification" if str(setup.loss).split("(")[0] in OF_CLASSES else None


def _over_rows(statistic: Any, numbers: Array) -> Array:
    columns = [column[~np.isnan(column)] for column in numbers.T]
    return np.array([statistic(column) if len(column) else np.nan for column in columns])


def _form(T: Array, outputs: int, task: str | None) -> str:
    """`Targets.form` of the finite rows of T."""
    if not len(T) or task == "regression":
        return "numbers"
    values = _first_values(T)
    two = len(values) == 2 or (len(values) == 1 and values[0] in (0, 1))
    if T.shape[1] == 1:
        whole = bool((np.round(T) == T).all() and T.min() >= 0)
        if whole and (outputs > 1 or (task == "classification" and len(values) > 2)):
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
    """Distinct values of T; of a sample of rows only, if it has more than two."""
    sample = np.unique(T[:: max(1, len(T) // 1000)])
    return sample if len(sample) > 2 else np.unique(T)


def _counts(T: Array, form: str, ends: tuple[float, float], outputs: int) -> NDArray[np.int64]:
    if form == "numbers" or not len(T):
        return np.zeros(0, np.int64)
    if form == "labels":
        return np.bincount(T.reshape(-1).astype(np.int64), minlength=outputs)
    yes = np.isclose(T, ends[1]).sum(axis=0) if ends[0] < ends[1] else np.full(T.shape[1], len(T))
    return np.asarray([len(T) - yes[0], yes[0]] if form == "binary" else yes, np.int64)
