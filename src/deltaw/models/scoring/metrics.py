"""Metrics: to add one, add a row to `METRICS`.

A metric is a function of sums over rows. One definition gives the score, the scores of bootstrap resamples and the
jackknife scores, of which its confidence interval is made (`intervals`). One that is no such function, the area under a
curve, is the mean of its pseudo-values: what each row adds to it.

Definitions are those of scikit-learn's metrics (https://scikit-learn.org/stable/modules/model_evaluation.html) with
their default arguments, and sample_weight where rows have weights; of two classes, the second in order is the one that
F1 and average precision are about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from math import frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.statistics import area_within, curve_areas
from deltaw.exceptions import SettingError
from deltaw.numbers import number
from deltaw.plain import Plain
from deltaw.speech import listed, say
from deltaw.tables.table import nearest

Array = NDArray[Any]

CALIBRATION_BINS = 15  # Guo et al. 2017


@dataclass(frozen=True, eq=False)
class Outcome(Plain):
    """Predictions beside the truth.

    Attributes:
        truth: (n,) class indices, or numbers in the target's own units.
        predicted: (n,) the same for the predictions.
        probabilities: (n, K), or None for numbers.
        weight: (n,) row weights; None: all 1.
        group: (n,) group numbers: rows of a group are not independent. None: all rows are.
        part: (n,) the number of the network that predicted each row; None: all are of one. The area under the ROC curve
            compares predictions of the same network; of average precision, parts of few rows would say too much.
    """

    truth: Array
    predicted: Array
    probabilities: Array | None = None
    weight: Array | None = None
    group: Array | None = None
    part: Array | None = None

    @classmethod
    def joined(cls, pieces: Sequence[Outcome]) -> Outcome:
        """Those of several pieces of the rows, one after the other."""

        def column(name: str) -> Any:
            parts = [getattr(piece, name) for piece in pieces]
            return None if parts[0] is None else np.concatenate(parts)

        return cls(**{field.name: column(field.name) for field in fields(cls)})

    @property
    def shares(self) -> Array:
        """The probabilities, (n, K)."""
        assert self.probabilities is not None
        return self.probabilities

    @cached_property
    def areas(self) -> tuple[Array, Array]:
        """Pseudo-values (n,) of the area under the ROC curve and of average precision; NaN if it is undefined.

        With two classes those of the second; with more the mean over the classes, each against the rest.
        """
        n, k = self.shares.shape
        w = np.ones(n) if self.weight is None else self.weight
        occurs = np.bincount(self.truth.astype(np.intp), w, k) > 0  # other classes have neither area
        totals, defined = np.zeros((2, n)), np.zeros((2, 1))
        for c in np.flatnonzero(occurs if k != 2 else occurs & [False, True]):
            score, positive = self.shares[:, c], self.truth == c
            roc, precision = curve_areas(score, positive, w)
            for i, values in enumerate(
                (roc if self.part is None else area_within(score, positive, w, self.part), precision)
            ):
                if not np.isnan(values).any():
                    totals[i], defined[i] = totals[i] + values, defined[i] + 1
        roc, precision = ratio(totals, defined)
        return roc, precision


@dataclass(frozen=True)
class Groups:
    """The group of each row, (n,), of `count` groups, and the row weights, (n,) or None."""

    of: Array
    count: int
    weight: Array | None = None

    def sums(self, *values: Array | float) -> Array:
        """(count, q): the sums of q values, each (n,) or one number, over the rows of each group."""
        found = np.empty((self.count, len(values)))
        for i, value in enumerate(values):
            each = value if self.weight is None else value * self.weight
            each = each if isinstance(each, np.ndarray) else np.full(len(self.of), each)
            found[:, i] = np.bincount(self.of, each, self.count)
        return found

    def spread(self, place: Array, width: int, values: Array | None = None) -> Array:
        """(count, width): for each group the sums of `values`, or the numbers of rows, at each place."""
        if self.weight is not None:
            values = self.weight if values is None else values * self.weight
        found = np.bincount(self.of * width + place.astype(np.int64), values, self.count * width)
        return found.reshape(self.count, width)


@dataclass(frozen=True)
class Sums:
    """A score as a function of sums over rows.

    Attributes:
        terms: the q sums over each of G groups of rows, (G, q).
        value: (…, q) sums -> (…) scores; NaN where it is not defined.
        alone: whether what a row adds has nothing to do with the other rows.
    """

    terms: Callable[[Outcome, Groups], Array]
    value: Callable[[Array], Array]
    alone: bool = True

    def __call__(self, outcome: Outcome) -> float:
        return float(self.in_turn(outcome, 1)[0])

    @np.errstate(all="ignore")  # what overflows is ∞, or not defined
    def in_turn(self, outcome: Outcome, count: int) -> Array:
        """(count,) scores of so many answers to the same rows, one after the other, where rows are `alone`: the bits of
        each by itself.
        """
        each = np.repeat(np.arange(count), len(outcome.truth) // count)
        return self.value(self.terms(outcome, Groups(each, count, outcome.weight)))


def ratio(part: Array, whole: Array) -> Array:
    """part / whole, NaN where whole is 0."""
    return np.asarray(part / np.where(whole > 0, whole, np.nan))


def mean_of(value: Callable[[Outcome], Array], alone: bool = True) -> Sums:
    """The mean over rows of a value, (n,)."""
    return Sums(lambda o, groups: groups.sums(1.0, value(o)), lambda sums: ratio(sums[..., 1], sums[..., 0]), alone)


def root_of(mean: Sums) -> Sums:
    """The square root of a score."""
    return Sums(mean.terms, lambda sums: np.sqrt(mean.value(sums)))


def _mean_of_defined(values: Array) -> Array:
    """The mean over the last axis, without NaN."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))


# --- classes --------------------------------------------------------------------------------------------------------


def _surprise(o: Outcome) -> Array:
    """−ln p(true class): 0 if certain and right, ln K if uniform. Probabilities of 0 count as 1e-7."""
    given = np.take_along_axis(o.shares, o.truth[:, None].astype(np.intp), axis=1)[:, 0]
    return np.asarray(-np.log(np.clip(given.astype(np.float64), 1e-7, 1.0)))


def _class_counts(o: Outcome, groups: Groups) -> Array:
    """For each class: rows, predictions, right predictions: (G, 3 K)."""
    k, right = o.shares.shape[1], (o.truth == o.predicted).astype(np.float64)
    parts = groups.spread(o.truth, k), groups.spread(o.predicted, k), groups.spread(o.truth, k, right)
    return np.concatenate(parts, axis=1)


def _thirds(sums: Array) -> tuple[Array, Array, Array]:
    """The three of `_class_counts`; slices, as this is asked after each epoch."""
    k = sums.shape[-1] // 3
    return sums[..., :k], sums[..., k : 2 * k], sums[..., 2 * k :]


def _share_right(sums: Array) -> Array:
    rows, _, right = _thirds(sums)
    return ratio(right.sum(axis=-1), rows.sum(axis=-1))


def _mean_recall(sums: Array) -> Array:
    rows, _, right = _thirds(sums)
    return _mean_of_defined(ratio(right, rows))


def _f1(sums: Array) -> Array:
    """2 right / (rows + predictions): of two classes the second's, of more the mean over those that occur."""
    rows, answers, right = _thirds(sums)
    each = ratio(2 * right, rows + answers)
    return np.nan_to_num(each[..., 1]) if each.shape[-1] == 2 else _mean_of_defined(each)


def _squared_distance(o: Outcome) -> Array:
    """Brier 1950: Σ (p − y)² over the classes; with two classes over one of them, as usual."""
    truth = np.take_along_axis(o.shares, o.truth[:, None].astype(np.intp), axis=1)[:, 0].astype(np.float64)
    distance = np.square(o.shares, dtype=np.float64).sum(axis=1) - 2 * truth + 1
    return np.asarray(distance / 2 if o.shares.shape[1] == 2 else distance)


def _overconfidence(o: Outcome, groups: Groups) -> Array:
    """Rows, then for each bin of the highest probability its sum, minus the number of right predictions."""
    sure, right = o.shares.max(axis=1).astype(np.float64), o.shares.argmax(axis=1) == o.truth
    place = np.clip(np.ceil(sure * CALIBRATION_BINS).astype(np.int64) - 1, 0, CALIBRATION_BINS - 1)
    return np.concatenate([groups.sums(1.0), groups.spread(place, CALIBRATION_BINS, sure - right)], axis=1)


def _calibration_error(sums: Array) -> Array:
    return ratio(np.abs(sums[..., 1:]).sum(axis=-1), sums[..., 0])


# --- numbers --------------------------------------------------------------------------------------------------------


def _in_a_unit(o: Outcome) -> tuple[Array, Array, float]:
    """Truths and errors in a unit, and the unit: a power of two near the largest of truths and answers.

    Squares of numbers near 1e300 then do not overflow, those of numbers near 1e-300 do not vanish; nothing is rounded.
    """
    largest = max(np.abs(o.truth).max(initial=0.0), np.abs(o.predicted).max(initial=0.0))
    unit = 2.0 ** min(max(frexp(largest)[1], -1000), 1000)
    t = np.asarray(o.truth, np.float64) / unit
    return t, o.predicted / unit - t, unit


def _mean_error(power: int) -> Sums:
    """The mean of |e|^power, to the power 1 / power: in the target's units."""

    def terms(o: Outcome, groups: Groups) -> Array:
        _, e, unit = _in_a_unit(o)
        return groups.sums(1.0, unit, np.abs(e) ** power)

    def value(sums: Array) -> Array:
        rows, units, errors = (sums[..., i] for i in range(3))
        return np.asarray(ratio(errors, rows) ** (1 / power) * ratio(units, rows))

    return Sums(terms, value)


def _spread_and_error(o: Outcome, groups: Groups) -> Array:
    """Rows, t, t², e², of t and e in a unit; t from its median, where sums of squares lose no digits."""
    t, e, _ = _in_a_unit(o)
    t -= np.median(t)
    return groups.sums(1.0, t, t**2, e**2)


def _r2(sums: Array) -> Array:
    """1 − Σ e² / Σ (t − mean t)²: 1 is perfect, 0 no better than the mean; NaN if all t are equal."""
    rows, t, squares, errors = (sums[..., i] for i in range(4))
    return 1.0 - ratio(errors, squares - t**2 / np.where(rows > 0, rows, 1.0))


def _percentage_error(o: Outcome) -> Array:
    if (o.truth == 0).any():
        return np.full(len(o.truth), np.nan)
    t, e, _ = _in_a_unit(o)
    return np.asarray(np.abs(e / t))  # beyond all numbers: ∞ %


def _squared_log_error(o: Outcome) -> Array:
    if (o.truth < 0).any():
        return np.full(len(o.truth), np.nan)
    known = np.where(o.predicted > -1, o.predicted, np.nan)
    return np.asarray((np.log1p(known) - np.log1p(o.truth)) ** 2)


@np.errstate(over="ignore")
def median_error(o: Outcome) -> float:
    """The median of |e|, in the target's units; of weighted rows the weighted median."""
    _, e, unit = _in_a_unit(o)
    if o.weight is None:
        return float(np.median(np.abs(e)) * unit)
    order = np.argsort(np.abs(e), kind="stable")
    reached = np.cumsum(o.weight[order])
    places = [np.searchsorted(reached, reached[-1] / 2, side) for side in ("left", "right")]
    return float(np.abs(e)[order][np.minimum(places, len(e) - 1)].mean() * unit)


# --- the table ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Metric:
    """One score: what it is called, how it prints, which way is better, and the values that it can have."""

    name: str
    english: str
    score: Callable[[Outcome], float]
    write: Callable[[float], str]
    higher_is_better: bool
    lowest: float = 0.0
    highest: float = np.inf

    @property
    def title(self) -> str:
        """The name of the score in the language that is chosen."""
        return say(self.english)

    @property
    def by_answers(self) -> bool:
        """Whether it depends on the predicted class, and so on the threshold, and not on probabilities."""
        return isinstance(self.score, Sums) and self.score.terms is _class_counts

    def show(self, value: float) -> str:
        """The value as text."""
        return say("not defined") if np.isnan(value) else self.write(value)

    def __reduce__(self) -> tuple[Callable[[str], Metric], tuple[str]]:
        """Pickled by name, since a lambda cannot be pickled."""
        return _named, (self.name,)

    def gain(self, value: float | Array, over: float | Array) -> Any:
        """How much better `value` is than `over`; below 0: worse."""
        return value - over if self.higher_is_better else over - value


def in_units(value: float) -> str:
    """In the target's own units, with as many digits as others beside it: "19,570", "52.160"."""
    return number(value, zeros=True)


def to_four_places(value: float) -> str:
    """A score of about one: "0.9124"; what is far from that has five digits."""
    return f"{round(value, 4) + 0.0:.4f}".replace("-", "−") if abs(value) < 10 else number(value, zeros=True)


def in_percent(share: float) -> str:
    """ "91.24%"; shares of thousands of percent have five digits."""
    return (
        f"{round(share, 4) + 0.0:.2%}".replace("-", "−") if abs(share) < 10 else f"{number(100 * share, zeros=True)}%"
    )


# The first of each task is its headline; the first FIRST are shown where there is room for few.
FIRST = 3
METRICS: dict[str, tuple[Metric, ...]] = {
    "classification": (
        Metric("accuracy", "accuracy", Sums(_class_counts, _share_right), in_percent, True, 0, 1),
        Metric("log_loss", "log loss", mean_of(_surprise), to_four_places, False),
        Metric("auc", "ROC AUC", mean_of(lambda o: o.areas[0], alone=False), to_four_places, True, 0, 1),
        Metric("balanced_accuracy", "balanced accuracy", Sums(_class_counts, _mean_recall), in_percent, True, 0, 1),
        Metric("f1", "F1", Sums(_class_counts, _f1), to_four_places, True, 0, 1),
        Metric(
            "average_precision",
            "average precision",
            mean_of(lambda o: o.areas[1], alone=False),
            to_four_places,
            True,
            0,
            1,
        ),
        Metric("brier", "Brier score", mean_of(_squared_distance), to_four_places, False, 0, 2),
        # Guo, Pleiss, Sun & Weinberger 2017, "On calibration of modern neural networks", eq. 3
        Metric("ece", "calibration error", Sums(_overconfidence, _calibration_error), to_four_places, False, 0, 1),
    ),
    "regression": (
        Metric("r2", "R²", Sums(_spread_and_error, _r2), to_four_places, True, -np.inf, 1),
        Metric("rmse", "RMSE", _mean_error(2), in_units, False),
        Metric("mae", "MAE", _mean_error(1), in_units, False),
        Metric("median_error", "median error", median_error, in_units, False),
        Metric("mape", "MAPE", mean_of(_percentage_error), in_percent, False),
        Metric("rmsle", "RMSLE", root_of(mean_of(_squared_log_error)), to_four_places, False),
    ),
}
NAMES = tuple(metric.name for rows in METRICS.values() for metric in rows)


def _named(name: str) -> Metric:
    return next(metric for rows in METRICS.values() for metric in rows if metric.name == name)


def metric_of(name: str | None, task: str, what: str = "metric") -> Metric:
    """The row of a task that is called `name`; None is the headline.

    Raises:
        SettingError: there is none of that name, or it is of the other task.
    """
    known = {metric.name: metric for metric in METRICS[task]}
    if name is None:
        return METRICS[task][0]
    expected = say("{what}: expected a score of {task} ({known})", what=what, task=say(task), known=listed(known))
    if not isinstance(name, str):
        raise SettingError(expected, repr(name), say("give one of these"))
    if name in known:
        return known[name]
    if name in NAMES:
        raise SettingError(
            expected,
            say("{name!r}, which is for the other task", name=name),
            say("give e.g. {name}", name=METRICS[task][0].name),
        )
    near = nearest(name, NAMES)
    other = "" if near is None or near in known else ", which is for the other task"
    raise SettingError(
        expected,
        repr(name),
        say("did you mean {near!r}{other}?", near=near, other=other) if near else say("give one of these"),
    )
