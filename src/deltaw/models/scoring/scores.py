"""Scores of predictions, each beside that of a constant prediction, the baseline.

The baseline knows only the training rows' targets: it predicts their commonest class (with their class shares as
probabilities), or their mean. It is scored by the same functions as the model, so that a score that looks good and is
worth nothing (99% where 99% are "no") is seen at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw import notebook
from deltaw.exceptions import SettingError
from deltaw.models.scoring.intervals import Interval, Resamples, intervals
from deltaw.models.scoring.metrics import FIRST, METRICS, Metric, Outcome, ratio
from deltaw.numbers import finite
from deltaw.speech import listed, say
from deltaw.tables.table import nearest

Array = NDArray[Any]

MAX_STORED_CLASSES = 100  # with more, model files have no confusion matrix: it would be 10,000 numbers

# The baseline's prediction, in words; a sentence for `say`.
GUESS = {"classification": "always the majority class", "regression": "always the mean"}


@dataclass(frozen=True)
class Baseline:
    """A constant prediction: class shares of the training rows (K,), or the mean of their targets (1,)."""

    task: str
    statistic: tuple[float, ...]

    @classmethod
    def of(cls, task: str, truth: Array, n_classes: int = 0, weight: Array | None = None) -> Baseline:
        """From the training rows: class indices (n,), or numbers in the target's own units, and the rows' weights."""
        if task == "regression":
            with np.errstate(over="ignore", invalid="ignore"):
                mean = float(np.average(truth, weights=weight))
            # The sum of numbers near the largest float overflows; that of weighted numbers does not.
            shares = 1 / len(truth) if weight is None else weight / weight.sum()
            return cls(task, (mean if np.isfinite(mean) else float(np.sum(truth * shares, dtype=np.float64)),))
        counts = np.bincount(truth, weight, minlength=n_classes)
        return cls(task, tuple((counts / (counts.sum() or 1)).tolist()))

    def outcome(self, truth: Array, weight: Array | None = None) -> Outcome:
        """Its predictions for the rows of `truth`."""
        if self.task == "regression":
            return Outcome(truth, np.full(len(truth), self.statistic[0]), weight=weight)
        shares = np.asarray(self.statistic)
        commonest = np.full(len(truth), int(shares.argmax()))
        return Outcome(truth, commonest, np.broadcast_to(shares, (len(truth), len(shares))), weight)


@dataclass(frozen=True, repr=False)
class Scores:
    """Scores on some rows, beside the baseline's.

    `scores["accuracy"]`, or `scores.accuracy`, is a score, `scores.baseline["accuracy"]` that of the baseline, and
    `scores.intervals["accuracy"]` its 95% confidence interval.

    Attributes:
        task: "classification" or "regression".
        rows: number of rows that were scored.
        values: name of the metric -> score (see `METRICS`); NaN if it is undefined.
        baseline: the same for the constant prediction.
        classes: the target's values; () for numbers.
        intervals: name of the metric -> (low, high), if there are rows enough (see `deltaw.models.scoring.intervals`).
        confusion: (K, K) counts, row the true class, column the predicted one; None for numbers.
        outcome: the predictions row by row; None in a model that was loaded.
        weight: the column of row weights in the scores (not in `confusion`); None: all rows count the same.
    """

    task: str
    rows: int
    values: dict[str, float]
    baseline: dict[str, float]
    classes: tuple[Any, ...] = ()
    intervals: dict[str, Interval] = field(default_factory=dict)
    confusion: Array | None = field(default=None, repr=False, compare=False)
    outcome: Outcome | None = field(default=None, repr=False, compare=False)
    weight: str | None = None

    def __getitem__(self, name: str) -> float:
        if name not in self.values:
            raise KeyError(_unknown(name, self.values))
        return self.values[name]

    def keys(self) -> Iterable[str]:
        """The scores' names: `dict(scores)` is a dict of numbers."""
        return self.values.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __getattr__(self, name: str) -> float:
        values = vars(self).get("values", {})  # none in a copy that is being made
        if name in values:
            return float(values[name])
        raise AttributeError(_unknown(name, values))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.values]

    def __str__(self) -> str:
        lines = [
            say(
                "{score} {value} (baseline {guess})",
                score=m.title,
                value=self.show(m),
                guess=m.show(self.baseline[m.name]),
            )
            for m in self.first
        ]
        return say("{rows}: {scores}", rows=self._counted_rows, scores=listed(lines))

    def __repr__(self) -> str:
        return f"Scores({self})"

    def _repr_html_(self) -> str:
        """A table for a notebook."""
        rows = [
            (m.title, m.show(self[m.name]), self.show_interval(m), m.show(self.baseline[m.name])) for m in self.metrics
        ]
        headings = ("", say("score"), say("95% interval"), say(GUESS[self.task]))
        return notebook.fragment(notebook.heading(self._counted_rows), notebook.table(headings, rows, (1, 2, 3)))

    @property
    def _counted_rows(self) -> str:
        return say("{n:,} rows{counted}", n=self.rows, counted=self.counted)

    @property
    def counted(self) -> str:
        """The end of a sentence about rows: ", each by its w"; "" if all count the same."""
        return "" if self.weight is None else say(", each by its {column}", column=self.weight)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The rows of `METRICS` of the task."""
        return METRICS[self.task]

    @property
    def first(self) -> tuple[Metric, ...]:
        """The main metrics, where there is room for few; that of the `headline` comes first."""
        return self.metrics[:FIRST]

    def leading(self, named: str | None) -> tuple[Metric, ...]:
        """The `first`, and the metric `named`, if the best weights were chosen by it."""
        return self.first + tuple(metric for metric in self.metrics[FIRST:] if metric.name == named)

    @property
    def defined(self) -> tuple[Metric, ...]:
        """`first`, and those of the other metrics that are defined."""
        return self.first + tuple(metric for metric in self.metrics[FIRST:] if not np.isnan(self[metric.name]))

    @property
    def headline(self) -> float:
        """The main score: accuracy, from 0 to 1, or R², at most 1."""
        return self.values[self.metrics[0].name]

    def show(self, metric: Metric) -> str:
        """The score of `metric`, a row of `metrics`, with its interval: "95.00% [88.10% – 98.60%]"."""
        between = self.show_interval(metric)
        return metric.show(self[metric.name]) + (f" [{between}]" if between else "")

    def show_interval(self, metric: Metric) -> str:
        """The interval of `metric` alone: "88.10% – 98.60%", or "" if there is none."""
        return " – ".join(map(metric.show, self.intervals.get(metric.name, ())))

    @property
    def recall(self) -> Array:
        """(K,) share of each class's rows that were predicted as that class, 0 to 1; NaN for a class without rows.

        Raises:
            SettingError: no confusion matrix: scores of numbers, or of very many classes from a file.
        """
        counts = self._counts("recall")
        return ratio(counts.diagonal(), counts.sum(axis=1))

    @property
    def precision(self) -> Array:
        """(K,) share of the predictions of each class that are right, 0 to 1; NaN for a class that is never predicted.

        Raises:
            SettingError: as `recall`.
        """
        counts = self._counts("precision")
        return ratio(counts.diagonal(), counts.sum(axis=0))

    def _counts(self, name: str) -> Array:
        if self.confusion is None:
            expected, remedy = (
                say("{name}: expected scores with a confusion matrix", name=name),
                say("take those of a classifier, by evaluate"),
            )
            raise SettingError(expected, say("none"), remedy)
        return self.confusion

    def document(self) -> dict[str, Any]:
        """Plain JSON data (NaN becomes null)."""
        stored = self.confusion is not None and len(self.classes) <= MAX_STORED_CLASSES
        return {
            "task": self.task,
            "rows": self.rows,
            "scores": {name: finite(value) for name, value in self.values.items()},
            "baseline": {name: finite(value) for name, value in self.baseline.items()},
            "intervals": {name: list(ends) for name, ends in self.intervals.items()},
            "confusion": self.confusion.tolist() if stored and self.confusion is not None else None,
        } | ({} if self.weight is None else {"weight": self.weight})

    @classmethod
    def from_document(cls, document: dict[str, Any], classes: Sequence[Any]) -> Scores:
        """The inverse of `document`, which must follow `SCHEMA`; `classes` are the target's values, () for numbers."""
        confusion = document["confusion"]
        return cls(
            document["task"],
            document["rows"],
            {name: float("nan") if value is None else value for name, value in document["scores"].items()},
            {name: float("nan") if value is None else value for name, value in document["baseline"].items()},
            tuple(classes),
            {name: (low, high) for name, (low, high) in document["intervals"].items()},
            None if confusion is None else np.asarray(confusion, np.int64).reshape(len(classes), len(classes)),
            weight=document.get("weight"),
        )


SCHEMA = {
    "task": tuple(METRICS),
    "rows": int,
    "scores": {str: (float, None)},
    "baseline": {str: (float, None)},
    "intervals": {str: [float]},
    "confusion": ([[int]], None),
    "weight?": str,
}


def _unknown(name: str, known: Collection[str]) -> str:
    near = nearest(name, known)
    meant = "" if near is None else f"did you mean {near!r}? "
    return f"Scores has no {name!r}: {meant}its scores are {', '.join(known)}"


def score(outcome: Outcome, baseline: Baseline, classes: Sequence[Any] = (), weight: str | None = None) -> Scores:
    """The scores of predictions.

    Args:
        outcome: predictions beside the truth, at least one row.
        baseline: to compare with.
        classes: the target's K values, in the order of the indices; () for numbers.
        weight: the column of row weights; None: there is none.
    """
    metrics, constant = METRICS[baseline.task], baseline.outcome(outcome.truth, outcome.weight)
    return Scores(
        baseline.task,
        len(outcome.truth),
        {metric.name: metric.score(outcome) for metric in metrics},
        {metric.name: metric.score(constant) for metric in metrics},
        tuple(classes),
        intervals(metrics, outcome, Resamples.of(outcome)),
        _confusion(outcome, len(classes)) if classes else None,
        outcome,
        None if outcome.weight is None else weight,
    )


def worst(outcome: Outcome, count: int) -> Array:
    """Indices of the `count` worst predictions, worst first: wrong with the highest probability, or farthest off."""
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
