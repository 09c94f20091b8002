"""Significance: whether predictions are better than the constant guess, given the number of rows.

The guess is the class shares, or the mean, of the training rows. A gain over it is a mean over rows, and so has a
standard error. Measures:

- accuracy: difference in right answers, row by row;
- log loss: difference in ln p(true class), if outputs are probabilities;
- AUC: 2 AUC − 1, which is 0 for the guess; each row's contribution, and so the standard error, by DeLong, DeLong &
  Clarke-Pearson (1988). Several classes one against the rest, weighted by their shares;
- R²: 1 − Σ(t − o)²/Σ(t − guess)²;
- order: Spearman's (1904) rank correlation of predictions and targets, which is robust to a few large errors.

A network has learnt something if any measure is significant: a rare class may be ranked well and never predicted, and
an overconfident network may be right with a log loss above the guess's. It has learnt nothing only by AUC or R², and
only if there are enough rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from deltaw.equations import statistics

Array = NDArray[np.float64]

LEVEL = 0.025  # one-sided significance level, about two standard errors
# A medium effect by Cohen (1988): d = ½, which is AUC 0.64, or R² 0.13. Nothing was learnt if the gain is significantly
# smaller.
MEDIUM = {"AUC": 2 * 0.64 - 1, "R²": 0.13}
LEAST = 1e-7  # lower bound of probabilities


@dataclass(frozen=True)
class Gain:
    """The gain over the guess by one measure.

    Attributes:
        measure: "accuracy", "log loss", "AUC", "R²" or "order".
        rows: (n,) each row's contribution; their mean is the gain.
        least: lower bound of the standard error.
    """

    measure: str
    rows: Array
    least: float = 0.0

    @property
    def mean(self) -> float:
        """Gain in accuracy or in log loss (nats), 2 AUC − 1, R², or the rank correlation."""
        return float(self.rows.mean())

    @property
    def error(self) -> float:
        """The standard error; infinite for a single row."""
        return standard_error(self.rows, self.least)

    @property
    def high(self) -> float:
        """Upper end of the 95% confidence interval."""
        return self.mean + _errors(LEVEL, len(self.rows)) * self.error

    def above(self, level: float) -> bool:
        """Whether the gain is significant at `level`."""
        return self.mean > _errors(level, len(self.rows)) * self.error


def standard_error(rows: Array, least: float = 0.0) -> float:
    """The standard error of the mean over rows; infinite for fewer than two."""
    return max(least, statistics.standard_error(rows, ddof=1)) if len(rows) > 1 else np.inf


def _errors(level: float, n: int) -> float:
    """Critical value: the upper `level` quantile of Student's t for n rows.

    The normal quantile with the first correction term (Abramowitz & Stegun 1964, 26.7.5).
    """
    z = NormalDist().inv_cdf(1 - level)
    return z + (z**3 + z) / (4 * (n - 1)) if n > 1 else np.inf


def learnt(gains: tuple[Gain, ...], networks: int = 1) -> bool:
    """Whether a gain is significant, with Bonferroni's correction for several measures, and for the best of several
    `networks`.
    """
    return any(gain.above(LEVEL / (networks * len(gains))) for gain in gains)


def nothing(gains: tuple[Gain, ...]) -> bool:
    """Whether gains are significantly smaller than a medium effect, and none is significant."""
    measured = [gain for gain in gains if gain.measure in MEDIUM]
    return not learnt(gains) and bool(measured) and all(gain.high < MEDIUM[gain.measure] for gain in measured)


def lead(ours: Sequence[tuple[Gain, ...]], theirs: tuple[Gain, ...], measure: str) -> tuple[float, float, float] | None:
    """(lead of `theirs` over the mean of `ours`, its standard error over rows, and over seeds); None if one of them
    does not have the measure.
    """
    rows = [gain.rows for gains in (*ours, theirs) for gain in gains if gain.measure == measure]
    if len(rows) <= len(ours):
        return None
    seeds = statistics.standard_error([r.mean() for r in rows[:-1]], ddof=1) if len(ours) > 1 else 0.0
    more = rows[-1] - np.mean(rows[:-1], axis=0)
    return float(more.mean()), standard_error(more), float(seeds)


def of_numbers(t: Array, o: Array, guess: Array) -> tuple[Gain, ...]:
    """Gains of predictions o (n, k) for numbers t (n, k) over the means `guess` (k,), all columns together.

    () if t is constant or a prediction is not finite.
    """
    errors = np.sum((t - guess) ** 2, axis=1)
    if not errors.mean() > 0 or not np.isfinite(o).all():
        return ()
    with np.errstate(over="ignore"):
        gains = Gain("R²", (errors - np.sum((t - o) ** 2, axis=1)) / errors.mean())
    varying = [j for j in range(t.shape[1]) if np.ptp(t[:, j]) > 0 and np.ptp(o[:, j]) > 0]
    if not varying or len(t) < 3:
        return (gains,)
    rows = np.mean([_row_correlations(ranks(t[:, j]), ranks(o[:, j])) for j in varying], axis=0)
    return gains, Gain("order", rows, least=(len(t) - 1) ** -0.5)  # standard error of ρ = 0


def _row_correlations(a: Array, b: Array) -> Array:
    """(n,) pseudo-values of the correlation of a and b: their mean is it, their standard error is its."""
    a, b = (a - a.mean()) / a.std(), (b - b.mean()) / b.std()
    r = float(np.mean(a * b))
    return np.asarray(r + a * b - r * (a * a + b * b) / 2)


def of_classes(label: NDArray[np.int64], o: Array, shares: Array, p: Array | None = None) -> tuple[Gain, ...]:
    """Gains over the guess for classes.

    Args:
        label: (n,) the true class of each row.
        o: (n, K) outputs; the largest is the predicted class.
        shares: (K,) of the classes among the training rows.
        p: (n, K) probabilities; None if outputs are not probabilities.
    """
    if not np.isfinite(o).all():
        return ()
    gains = [Gain("accuracy", (o.argmax(axis=1) == label) * 1.0 - (shares.argmax() == label))]
    if p is not None:
        true = np.take_along_axis(p, label[:, None], axis=1)[:, 0]
        gains.append(Gain("log loss", np.log(np.maximum(true, LEAST)) - np.log(np.maximum(shares[label], LEAST))))
    return (*gains, *ranked(label[:, None] == np.arange(o.shape[1]), o))


def of_labels(yes: NDArray[np.bool_], o: Array, middle: float, shares: Array) -> tuple[Gain, ...]:
    """Gains for multilabel targets, the mean over labels; an output above `middle` is positive."""
    if not np.isfinite(o).all():
        return ()
    gain = ((o > middle) == yes).mean(axis=1) - ((shares > 0.5) == yes).mean(axis=1)
    return (Gain("accuracy", gain), *ranked(yes, o))


def ranked(yes: NDArray[np.bool_], o: Array) -> tuple[Gain, ...]:
    """2 AUC − 1 of each column against the rest, weighted by its positive rows; () if no column has both kinds."""
    counts, n = yes.sum(axis=0), len(yes)
    both = np.flatnonzero((counts > 0) & (counts < n))
    if not len(both):
        return ()
    weights = counts[both] / counts[both].sum()
    rows = sum(
        w * statistics.curve_areas(o[:, c], yes[:, c], np.ones(n))[0] for w, c in zip(weights, both, strict=True)
    )
    positive = counts[both].astype(float)
    # Standard error under the null hypothesis (Mann & Whitney 1947), which few positive rows may underestimate.
    null = np.sqrt((n + 1) / (12 * positive * (n - positive)))
    constant = not np.ptp(o, axis=0).any()  # then the AUC is exactly ½
    least = 0.0 if constant else 2 * float(np.sqrt(np.sum((weights * null) ** 2)))
    return (Gain("AUC", 2 * np.asarray(rows) - 1, least),)


def auc(gains: tuple[Gain, ...]) -> float:
    """The AUC among the gains; NaN if there is none."""
    return next(((gain.mean + 1) / 2 for gain in gains if gain.measure == "AUC"), float("nan"))


def ranks(values: Array) -> Array:
    """Ranks from 1 for the smallest; equal values get their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[inverse.reshape(-1)], np.float64)
