"""How good the answers are, each number beside what always giving the same answer would score.

The baseline knows only the training rows' targets: it answers with their commonest class (and, where probabilities are
asked for, their class shares), or with their mean. It is scored by the same functions as the model, so that a score
that looks good and is worth nothing (99 % where 99 % are "no") shows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Above this the confusion matrix is not stored in model files: 10,000 numbers say no more than the scores.
MAX_STORED_CLASSES = 100


@dataclass(frozen=True)
class Outcome:
    """Answers beside the truth, row by row.

    Attributes:
        truth: (n,) class indices, or numbers in the target's own units.
        predicted: (n,) the same for the answers.
        probabilities: (n, K), or None for numbers.
    """

    truth: Array
    predicted: Array
    probabilities: Array | None = None


def accuracy(outcome: Outcome) -> float:
    """The share of rows whose class was given right."""
    return float(np.mean(outcome.truth == outcome.predicted))


def log_loss(outcome: Outcome) -> float:
    """−mean ln p(true class): 0 is certain and right; ln K knows nothing. Probabilities of 0 count as 1e-7."""
    assert outcome.probabilities is not None
    given = np.take_along_axis(outcome.probabilities, outcome.truth[:, None].astype(np.intp), axis=1)
    return float(-np.mean(np.log(np.clip(given.astype(np.float64), 1e-7, 1.0))))


def r2(outcome: Outcome) -> float:
    """1 − Σ(t − o)² / Σ(t − mean t)²: 1 is perfect, 0 no better than the mean; NaN where all t are equal."""
    spread = float(np.sum((outcome.truth - outcome.truth.mean()) ** 2))
    return 1.0 - float(np.sum((outcome.truth - outcome.predicted) ** 2)) / spread if spread > 0 else float("nan")


def rmse(outcome: Outcome) -> float:
    """√mean (t − o)², in the target's units."""
    return float(np.sqrt(np.mean((outcome.truth - outcome.predicted) ** 2)))


def mae(outcome: Outcome) -> float:
    """mean |t − o|, in the target's units."""
    return float(np.mean(np.abs(outcome.truth - outcome.predicted)))


@dataclass(frozen=True)
class Metric:
    """One score: what it is called, how it prints and which way is better."""

    name: str
    title: str
    score: Callable[[Outcome], float]
    template: str
    higher_is_better: bool

    def show(self, value: float) -> str:
        """The value as people read it."""
        return "not defined" if np.isnan(value) else self.template.format(value)


# The first of each task is its headline.
METRICS: dict[str, tuple[Metric, ...]] = {
    "classification": (
        Metric("accuracy", "accuracy", accuracy, "{:.2%}", True),
        Metric("log_loss", "log loss", log_loss, "{:.4f}", False),
    ),
    "regression": (
        Metric("r2", "R²", r2, "{:.4f}", True),
        Metric("rmse", "RMSE", rmse, "{:.4g}", False),
        Metric("mae", "MAE", mae, "{:.4g}", False),
    ),
}

# What the baseline answers, in words.
GUESS = {"classification": "always the commonest class", "regression": "always the mean"}


@dataclass(frozen=True)
class Baseline:
    """The answer that never changes: class shares of the training rows (K,), or the mean of their targets (1,)."""

    task: str
    statistic: tuple[float, ...]

    @classmethod
    def of(cls, task: str, truth: Array, n_classes: int = 0) -> Baseline:
        """From the training rows: class indices (n,), or numbers in the target's own units."""
        if task == "regression":
            with np.errstate(over="ignore"):
                mean = float(np.mean(truth, dtype=np.float64))
            # The sum of numbers near the largest float overflows; that of their shares does not.
            return cls(task, (mean if np.isfinite(mean) else float(np.sum(truth / len(truth), dtype=np.float64)),))
        shares = np.bincount(truth, minlength=n_classes) / max(len(truth), 1)
        return cls(task, tuple(shares.tolist()))

    def outcome(self, truth: Array) -> Outcome:
        """What it answers for the rows of `truth`."""
        if self.task == "regression":
            return Outcome(truth, np.full(len(truth), self.statistic[0]))
        shares = np.asarray(self.statistic)
        commonest = np.full(len(truth), int(shares.argmax()))
        return Outcome(truth, commonest, np.broadcast_to(shares, (len(truth), len(shares))))


@dataclass(frozen=True)
class Scores:
    """Scores on some rows, beside the baseline's.

    `scores["accuracy"]` is a score, `scores.baseline["accuracy"]` what the baseline gets.

    Attributes:
        task: "classification" or "regression".
        rows: how many rows were scored.
        values: name of the metric -> score (see `METRICS`).
        baseline: the same for the constant answer.
        classes: the target's values; () for numbers.
        confusion: (K, K) counts, row the true class, column the answer; None for numbers.
        outcome: the answers row by row, where they are still known (not after loading a model).
    """

    task: str
    rows: int
    values: dict[str, float]
    baseline: dict[str, float]
    classes: tuple[Any, ...] = ()
    confusion: Array | None = field(default=None, repr=False, compare=False)
    outcome: Outcome | None = field(default=None, repr=False, compare=False)

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def __str__(self) -> str:
        lines = [f"{m.title} {m.show(self[m.name])} (baseline {m.show(self.baseline[m.name])})" for m in self.metrics]
        return f"{self.rows:,} rows: " + ", ".join(lines)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The rows of `METRICS` that the task has."""
        return METRICS[self.task]

    @property
    def headline(self) -> float:
        """The score that one would name first: accuracy or R²."""
        return self.values[self.metrics[0].name]

    @property
    def recall(self) -> Array:
        """(K,) of the rows of each class, the share that was found; NaN where there are none."""
        assert self.confusion is not None
        return _ratio(self.confusion.diagonal(), self.confusion.sum(axis=1))

    @property
    def precision(self) -> Array:
        """(K,) of the answers of each class, the share that was right; NaN where there are none."""
        assert self.confusion is not None
        return _ratio(self.confusion.diagonal(), self.confusion.sum(axis=0))

    def document(self) -> dict[str, Any]:
        """Plain JSON data (NaN becomes null)."""
        stored = self.confusion is not None and len(self.classes) <= MAX_STORED_CLASSES
        return {
            "task": self.task,
            "rows": self.rows,
            "scores": {name: _plain(value) for name, value in self.values.items()},
            "baseline": {name: _plain(value) for name, value in self.baseline.items()},
            "confusion": self.confusion.tolist() if stored and self.confusion is not None else None,
        }

    @classmethod
    def from_document(cls, document: dict[str, Any], classes: Sequence[Any]) -> Scores:
        """The inverse of `document`; the document must follow `SCHEMA`."""
        confusion = document["confusion"]
        return cls(
            document["task"],
            document["rows"],
            {name: float("nan") if value is None else value for name, value in document["scores"].items()},
            {name: float("nan") if value is None else value for name, value in document["baseline"].items()},
            tuple(classes),
            None if confusion is None else np.asarray(confusion, np.int64).reshape(len(classes), len(classes)),
        )


SCHEMA = {
    "task": tuple(METRICS),
    "rows": int,
    "scores": {str: (float, None)},
    "baseline": {str: (float, None)},
    "confusion": ([[int]], None),
}


def score(outcome: Outcome, baseline: Baseline, classes: Sequence[Any] = ()) -> Scores:
    """Score answers.

    Args:
        outcome: the answers beside the truth, at least one row.
        baseline: what to hold them against.
        classes: the target's K values, in the order of the indices; () for numbers.
    """
    metrics, constant = METRICS[baseline.task], baseline.outcome(outcome.truth)
    return Scores(
        baseline.task,
        len(outcome.truth),
        {metric.name: metric.score(outcome) for metric in metrics},
        {metric.name: metric.score(constant) for metric in metrics},
        tuple(classes),
        _confusion(outcome, len(classes)) if classes else None,
        outcome,
    )


def worst(outcome: Outcome, count: int) -> Array:
    """Indices of the `count` worst answers, worst first: wrong and most sure of it, or farthest off."""
    if outcome.probabilities is None:
        badness = np.abs(outcome.truth - outcome.predicted)
    else:
        sureness = np.take_along_axis(outcome.probabilities, outcome.predicted[:, None].astype(np.intp), axis=1)[:, 0]
        badness = np.where(outcome.predicted != outcome.truth, sureness, -1.0)
    order = np.argsort(-badness, kind="stable")[:count]
    wrong: Array = order[badness[order] > 0]
    return wrong


def _confusion(outcome: Outcome, n_classes: int) -> Array:
    pairs = outcome.truth.astype(np.int64) * n_classes + outcome.predicted
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


def _ratio(part: Array, whole: Array) -> Array:
    ratio: Array = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return ratio


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
