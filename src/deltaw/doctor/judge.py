"""Whether anything was learnt: answers against the guess, row by row. `train`'s closing line and the doctor ask here.

The guess always gives the same answer: the class shares, or the mean, of the training rows. What a network gains on it
is a mean over rows, and so has a standard error: the interval says what so few or so many rows can tell. Measures:

- accuracy: right here, less right there, of the same row;
- log loss: ln p(true class) here, less there; where outputs are probabilities;
- AUC: how often a row of the class is ranked above one of another; 2 AUC − 1 is 0 for the guess. Each row's share in
  it, and so its standard error, by DeLong, DeLong & Clarke-Pearson (1988). Classes one against the rest, by shares;
- R²: 1 − Σ(t − o)²/Σ(t − guess)²;
- order: Spearman's (1904) rank correlation of answers and targets, which a few large errors do not decide.

Any one of them acquits: a rare class is ranked well and never answered, a network that is too sure is right and has a
log loss above the guess's. Only AUC or R² accuse, and only where the rows are enough to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEVEL = 0.025  # how often chance may be taken for something learnt: two standard errors, about
# A medium effect by Cohen (1988): d = ½, which is AUC 0.64, or R² 0.13. A network is accused only where the rows tell
# that it learnt less.
MEDIUM = {"AUC": 2 * 0.64 - 1, "R²": 0.13}
NEVER = 1e-7  # probabilities below count as this


@dataclass(frozen=True)
class Gain:
    """What answers gain on the guess by one measure.

    Attributes:
        measure: "accuracy", "log loss", "AUC", "R²" or "order".
        rows: (n,) each row's share; their mean is the gain.
        least: the standard error is no less than this.
    """

    measure: str
    rows: Array
    least: float = 0.0

    @property
    def mean(self) -> float:
        """Accuracy above the guess's, nats of log loss below it, 2 AUC − 1, R², or the rank correlation."""
        return float(self.rows.mean())

    @property
    def error(self) -> float:
        """The standard error; infinite for a single row."""
        return standard_error(self.rows, self.least)

    @property
    def high(self) -> float:
        """The upper end of an interval that is too low one time in forty."""
        return self.mean + _errors(LEVEL, len(self.rows)) * self.error

    def above(self, level: float) -> bool:
        """Whether the guess would gain so much by chance less often than `level`."""
        return self.mean > _errors(level, len(self.rows)) * self.error


def standard_error(rows: Array, least: float = 0.0) -> float:
    """The standard error of the mean over these rows; infinite for fewer than two."""
    return max(least, float(np.std(rows, ddof=1)) / len(rows) ** 0.5) if len(rows) > 1 else np.inf


def _errors(level: float, n: int) -> float:
    """How many standard errors a mean of n rows is above 0 by chance as often as `level`, at least.

    The normal's quantile, and for few rows the first term on the way to Student's (Abramowitz & Stegun 1964, 26.7.5).
    """
    z = NormalDist().inv_cdf(1 - level)
    return z + (z**3 + z) / (4 * (n - 1)) if n > 1 else np.inf


def learnt(gains: tuple[Gain, ...], networks: int = 1) -> bool:
    """Whether the rows show that something was learnt: by one measure it is no chance.

    Of so many measures, and so many networks of which these gains are the best, one may well be above by chance: each
    must be so much surer (Bonferroni).
    """
    return any(gain.above(LEVEL / (networks * len(gains))) for gain in gains)


def nothing(gains: tuple[Gain, ...]) -> bool:
    """Whether they show that hardly anything was: no measure says otherwise, and there are rows enough to tell."""
    telling = [gain for gain in gains if gain.measure in MEDIUM]
    return not learnt(gains) and bool(telling) and all(gain.high < MEDIUM[gain.measure] for gain in telling)


def lead(ours: Sequence[tuple[Gain, ...]], theirs: tuple[Gain, ...], measure: str) -> tuple[float, float, float] | None:
    """How much more another network gains than these trainings of one do on the mean, and its two standard errors.

    The first is that of the rows' differences, the second that of the trainings, which are of different seeds. None
    where one of them has no such measure.
    """
    rows = [gain.rows for gains in (*ours, theirs) for gain in gains if gain.measure == measure]
    if len(rows) <= len(ours):
        return None
    seeds = np.std([r.mean() for r in rows[:-1]], ddof=1) / len(ours) ** 0.5 if len(ours) > 1 else 0.0
    more = rows[-1] - np.mean(rows[:-1], axis=0)
    return float(more.mean()), standard_error(more), float(seeds)


def of_numbers(t: Array, o: Array, guess: Array) -> tuple[Gain, ...]:
    """Of answers o (n, k) for numbers t (n, k), all columns together, against the means `guess` (k,).

    () where t is constant, or an answer no number.
    """
    there = np.sum((t - guess) ** 2, axis=1)
    if not there.mean() > 0 or not np.isfinite(o).all():
        return ()
    with np.errstate(over="ignore"):
        gains = Gain("R²", (there - np.sum((t - o) ** 2, axis=1)) / there.mean())
    changing = [j for j in range(t.shape[1]) if np.ptp(t[:, j]) > 0 and np.ptp(o[:, j]) > 0]
    if not changing or len(t) < 3:
        return (gains,)
    rows = np.mean([_row_correlations(ranks(t[:, j]), ranks(o[:, j])) for j in changing], axis=0)
    return gains, Gain("order", rows, least=(len(t) - 1) ** -0.5)  # the error of an order that says nothing


def _row_correlations(a: Array, b: Array) -> Array:
    """(n,) numbers whose mean is the correlation of a and b, and whose standard error is its own."""
    a, b = (a - a.mean()) / a.std(), (b - b.mean()) / b.std()
    r = float(np.mean(a * b))
    return np.asarray(r + a * b - r * (a * a + b * b) / 2)


def of_classes(label: NDArray[np.int64], o: Array, shares: Array, p: Array | None = None) -> tuple[Gain, ...]:
    """Gains over the guess where classes are predicted.

    Args:
        label: (n,) the true class of each row.
        o: (n, K), the largest is the answer.
        shares: (K,) of the classes among the training rows.
        p: (n, K) probabilities; None where the outputs are none.
    """
    if not np.isfinite(o).all():
        return ()
    gains = [Gain("accuracy", (o.argmax(axis=1) == label) * 1.0 - (shares.argmax() == label))]
    if p is not None:
        given = np.take_along_axis(p, label[:, None], axis=1)[:, 0]
        gains.append(Gain("log loss", np.log(np.maximum(given, NEVER)) - np.log(np.maximum(shares[label], NEVER))))
    return (*gains, *ranked(label[:, None] == np.arange(o.shape[1]), o))


def of_labels(yes: NDArray[np.bool_], o: Array, middle: float, shares: Array) -> tuple[Gain, ...]:
    """Gains where each row has k answers of yes or no: the mean over them; an output above `middle` is a yes."""
    if not np.isfinite(o).all():
        return ()
    right = ((o > middle) == yes).mean(axis=1) - ((shares > 0.5) == yes).mean(axis=1)
    return (Gain("accuracy", right), *ranked(yes, o))


def ranked(yes: NDArray[np.bool_], o: Array) -> tuple[Gain, ...]:
    """2 AUC − 1, one column against the rest, weighed by how many rows are of it; () where all rows are of one kind."""
    counts, n = yes.sum(axis=0), len(yes)
    both = np.flatnonzero((counts > 0) & (counts < n))
    if not len(both):
        return ()
    weights = counts[both] / counts[both].sum()
    rows = sum(w * _row_aucs(yes[:, c], o[:, c]) for w, c in zip(weights, both, strict=True))
    positive = counts[both].astype(float)
    # Of ranks that say nothing (Mann & Whitney 1947): few rows of a class that happen to lie well prove little.
    null = np.sqrt((n + 1) / (12 * positive * (n - positive)))
    always = not np.ptp(o, axis=0).any()  # what never changes needs no rows to prove it
    least = 0.0 if always else 2 * float(np.sqrt(np.sum((weights * null) ** 2)))
    return (Gain("AUC", 2 * np.asarray(rows) - 1, least),)


def _row_aucs(yes: NDArray[np.bool_], o: Array) -> Array:
    """(n,) numbers whose mean is the AUC, and whose standard error is its own."""
    n, positive = len(yes), int(yes.sum())
    place = np.empty(n)  # the share of the rows of the other kind that a row is ranked right against
    place[yes] = (ranks(o)[yes] - ranks(o[yes])) / (n - positive)
    place[~yes] = 1 - (ranks(o)[~yes] - ranks(o[~yes])) / positive
    auc = place[yes].mean()
    return np.asarray(auc + (place - auc) * np.where(yes, n / positive, n / (n - positive)))


def auc(gains: tuple[Gain, ...]) -> float:
    """The AUC among the gains; NaN without one."""
    return next(((gain.mean + 1) / 2 for gain in gains if gain.measure == "AUC"), float("nan"))


def ranks(values: Array) -> Array:
    """1 for the smallest; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[inverse.reshape(-1)], np.float64)
