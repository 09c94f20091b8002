"""How well a single column predicts the target, by its order or by its values: a sign of leakage.

Two measures without a network, on a scale where 0 is the constant guess and 1 is perfect:

- by order: accuracy of the column cut into one interval per class, or Spearman's (1904) |ρ| with a number. It finds
  copies in other units, logarithms, and row numbers of sorted rows.
- by value: the commonest class, or the mean, of the other rows with the same value. It finds recoded copies and
  identifiers of groups, such as patients with several rows. Only of columns in which at least half of the rows share
  their value with others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.targets import Targets
from deltaw.doctor.judge import ranks

Array = NDArray[Any]

FEWEST_OTHERS = 5  # rows not of the commonest class: fewer may lie at a column's end by chance
SHARED = 0.5  # share of the rows whose value other rows have, too


def column_skill(columns: Array, t: Array, known: Targets) -> tuple[Array, Array]:
    """Skill of each column alone, by its order and by its values, each (k,): 0 is the guess, 1 is perfect.

    Args:
        columns: (n, k) float64; words as numbers; NaN for missing cells.
        t: (n, n_out) targets from `Targets.encoded`, finite. Of several the best predicted one counts.
        known: what the targets are.
    """
    if known.task == "regression":
        ranked = [ranks(values) for values in t.T]
        skills = [(_by_rank(x, ranked), _by_mean(x, t)) for x in columns.T]
    else:
        kinds = _labels(t, known.task)
        skills = [np.max([(0.0, 0.0), *(_of_classes(x, label) for label in kinds)], axis=0) for x in columns.T]
    order, value = np.array(skills).T
    return order, value


def _labels(t: Array, task: str) -> list[NDArray[np.int64]]:
    """Class indices; for multilabel targets one array per label; without targets that are nearly all of one class."""
    yes = (t > (t.max() + t.min()) / 2).astype(np.int64)
    found = [t.argmax(axis=1)] if task == "classification" and t.shape[1] > 1 else list(yes.T)
    return [label for label in found if len(label) - np.bincount(label).max() >= FEWEST_OTHERS]


def _by_rank(x: Array, ranked: list[Array]) -> float:
    """The largest |Spearman's ρ| with a column of targets; missing cells rank last."""
    mine = ranks(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        return max(float(np.nan_to_num(np.abs(np.corrcoef(mine, theirs)[0, 1]))) for theirs in ranked)


def _by_mean(x: Array, t: Array) -> float:
    """R² of the mean target of the other rows with the same value; the best of several targets."""
    same, others = _others(x)
    several = others > 0
    if np.mean(several) < SHARED:
        return 0.0
    best = 0.0
    for values in t.T:
        spread = np.square(values[several] - values[several].mean()).sum()
        mean = (np.bincount(same, values)[same] - values)[several] / others[several]
        best = max(best, float(1 - np.square(values[several] - mean).sum() / spread) if spread > 0 else 0.0)
    return best


def _of_classes(x: Array, label: NDArray[np.int64]) -> tuple[float, float]:
    counts = np.bincount(label)
    guess = counts.max() / len(label)
    return (_by_cut(x, label, counts) - guess) / (1 - guess), _by_class(x, label, len(counts))


def _by_cut(x: Array, label: NDArray[np.int64], counts: NDArray[np.int64]) -> float:
    """Accuracy when the column is cut into one interval per class."""
    order = np.argsort(x, kind="stable")
    ranked, value = label[order], x[order]
    # One interval per class, in the order of the classes' mean ranks along the column.
    centres = np.bincount(ranked, np.arange(len(x)), minlength=len(counts)) / np.maximum(counts, 1)
    intervals = np.argsort(np.where(counts > 0, centres, np.inf), kind="stable")
    ideal = np.repeat(intervals, counts[intervals])
    # No boundary may lie within a run of equal values.
    ends = np.flatnonzero(ideal[1:] != ideal[:-1])
    return 0.0 if np.any(value[ends] == value[ends + 1]) else float(np.mean(ideal == ranked))


def _by_class(x: Array, label: NDArray[np.int64], classes: int) -> float:
    """Skill of the commonest class among the other rows with the same value."""
    same, others = _others(x)
    several = others > 0
    rest = np.sum(several) - np.bincount(label[several], minlength=classes).max()  # not of the commonest class
    if np.mean(several) < SHARED or rest < FEWEST_OTHERS:
        return 0.0
    values = int(same.max()) + 1
    table = np.bincount(same * classes + label, minlength=values * classes).reshape(values, classes)[same[several]]
    table[np.arange(len(table)), label[several]] -= 1
    return float(1 - np.sum(table.argmax(axis=1) != label[several]) / rest)


def _others(x: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each row the index of its value, and how many other rows have it; missing cells are one value."""
    _, which, counts = np.unique(x, return_inverse=True, return_counts=True)
    which = which.reshape(-1)
    return which, counts[which] - 1
