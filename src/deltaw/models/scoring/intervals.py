"""95% confidence intervals of scores, by the bootstrap.

Rows are drawn with replacement and scored; from the scores of many such draws BCa takes an interval, corrected for bias
and skewness (Efron 1987, "Better bootstrap confidence intervals", JASA 82; Efron & Tibshirani 1993, "An introduction to
the bootstrap", section 14.3). It covers the chance in which rows were scored, not that in training.

More than `GROUPS` rows are put into random groups of equal size, which are drawn in their place: the variance of sums
stays the same. Rows of a group of the caller's (`--group`: those of a patient) are always drawn together: twenty
patients with fifty rows each are not a thousand patients (Davison & Hinkley 1997, "Bootstrap methods and their
application", section 3.8). So are rows of consecutive times (`Constraints.groups_of`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.models.scoring.metrics import Groups, Metric, Outcome, Sums
from deltaw.plain import Plain

Array = NDArray[Any]
Interval = tuple[float, float]

LEVEL = 0.95
DRAWS = 1000
GROUPS = 1000
FEWEST_ROWS = 10  # for an interval
NORMAL = NormalDist()
Z = NORMAL.inv_cdf((1 + LEVEL) / 2)


@dataclass(frozen=True)
class Resamples(Plain):
    """Bootstrap draws of rows, the same for the same number of rows and seed, so that scores can be compared."""

    rows: int
    seed: int = 0
    weight: Array | None = None
    cluster: Array | None = None

    @classmethod
    def of(cls, outcome: Outcome, seed: int = 0) -> Resamples:
        """Draws of the rows of an outcome."""
        return cls(len(outcome.truth), seed, outcome.weight, outcome.group)

    @cached_property
    def groups(self) -> Groups:
        """What is drawn: rows, or groups of the caller's; if these are many, random groups of them."""
        places, count = np.arange(self.rows), self.rows
        if self.cluster is not None:  # by where each first stands, whatever its number is
            _, first, which = np.unique(self.cluster, return_index=True, return_inverse=True)
            places, count = np.argsort(np.argsort(first))[which.reshape(-1)], len(first)
        if count > GROUPS:
            places, count = (np.random.default_rng([self.seed, 1]).permutation(count) % GROUPS)[places], GROUPS
        return Groups(places, count, self.weight)

    @cached_property
    def counts(self) -> Array:
        """How often each of G groups is drawn, (DRAWS, G)."""
        size = self.groups.count
        drawn = np.random.default_rng([self.seed, 2]).integers(size, size=(DRAWS, size))
        drawn += size * np.arange(DRAWS)[:, None]
        return np.bincount(drawn.ravel(), minlength=DRAWS * size).reshape(DRAWS, size).astype(np.float64)


def bca(point: float, draws: Array, without: Array) -> Interval | None:
    """The BCa interval of a score; None if too few draws have one, or all the same.

    Args:
        point: the score of all rows.
        draws: the scores of the draws; NaN if undefined.
        without: the scores without one group each (jackknife), for the acceleration.
    """
    draws, without = draws[np.isfinite(draws)], without[np.isfinite(without)]
    if len(draws) < DRAWS / 2 or not np.isfinite(point) or np.ptp(draws) <= 1e-12 * abs(point):
        return None
    below = float(np.mean(draws < point) + np.mean(draws == point) / 2)
    bias = NORMAL.inv_cdf(min(max(below, 1 / DRAWS), 1 - 1 / DRAWS))
    unit = 2.0 ** float(np.frexp(np.abs(without).max(initial=0.0))[1] - 1) or 1.0  # whose cubes do not overflow
    d = (without / unit).mean() - without / unit
    skewness = float((d**3).sum() / (6 * (d**2).sum() ** 1.5)) if d.any() else 0.0

    def place(z: float) -> float:
        return NORMAL.cdf(bias + (bias + z) / max(1 - skewness * (bias + z), 1e-3))

    low, high = np.quantile(draws, [place(-Z), place(Z)])
    return float(low), float(high)


def of_many(terms: Sequence[Array], value: Callable[[Array], Array], resamples: Resamples) -> list[Interval | None]:
    """The intervals of `value` of the sums of each of several `terms`, (G, q), by one matrix product for all.

    They are rounded to nine digits: further ones may depend on the number of threads in a matrix product, and the same
    rows must give the same model file.
    """
    drawn = np.split(resamples.counts @ np.concatenate(terms, axis=1), len(terms), axis=1)
    return [_of_drawn(each, sums, value) for each, sums in zip(terms, drawn, strict=True)]


def mirrored(point: float, draws: Array) -> Interval | None:
    """The basic bootstrap interval of a score that noise moves to one side: that of the draws on the other side of the
    point, since they are as far from it as it is from the truth (Davison & Hinkley 1997, section 5.2).
    """
    draws = draws[np.isfinite(draws)]
    if len(draws) < DRAWS / 2:
        return None
    low, high = 2 * point - np.quantile(draws, [(1 + LEVEL) / 2, (1 - LEVEL) / 2])
    return float(low), float(high)


def _of_drawn(
    terms: Array, drawn: Array, value: Callable[[Array], Array], is_mirrored: bool = False
) -> Interval | None:
    total = terms.sum(axis=0)
    point, draws = float(value(total)), value(drawn)
    found = mirrored(point, draws) if is_mirrored else bca(point, draws, value(total - terms))
    return found and (float(f"{found[0]:.9g}"), float(f"{found[1]:.9g}"))


def of_share(right: int, rows: int) -> Interval:
    """The interval of a proportion, which may be 0 or 1 (Wilson 1927, "Probable inference", JASA 22)."""
    share, squared = right / rows, Z**2 / rows
    middle = (share + squared / 2) / (1 + squared)
    reach = Z / (1 + squared) * (share * (1 - share) / rows + squared / (4 * rows)) ** 0.5
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def of_median(values: Array) -> Interval | None:
    """The interval of a median, between two order statistics, by the binomial distribution (Conover 1999, "Practical
    nonparametric statistics", section 3.2).
    """
    ordered, n = np.sort(values), len(values)
    if n < FEWEST_ROWS:
        return None
    low, high = np.floor(n / 2 - Z * n**0.5 / 2), np.ceil(1 + n / 2 + Z * n**0.5 / 2)
    return float(ordered[max(int(low), 1) - 1]), float(ordered[min(int(high), n) - 1])


# Metrics that need no draws.
EXACT: dict[str, Callable[[Outcome], Interval | None]] = {
    "accuracy": lambda o: of_share(int((o.truth == o.predicted).sum()), len(o.truth)),
    "median_error": lambda o: of_median(np.abs(o.predicted - o.truth)),
}

# Metrics that noise makes larger, the less rows the more: that of a bin counts as if it were a fault.
MIRRORED = {"ece"}


def interval(metric: Metric, outcome: Outcome, resamples: Resamples) -> Interval | None:
    """The 95% interval of a score; None if there is none."""
    return intervals([metric], outcome, resamples).get(metric.name)


@np.errstate(all="ignore")
def intervals(metrics: Iterable[Metric], outcome: Outcome, resamples: Resamples) -> dict[str, Interval]:
    """The intervals of several scores, by name, of those that have one; sums that scores share are drawn once."""

    @cache
    def drawn(terms: Callable[[Outcome, Groups], Array]) -> tuple[Array, Array]:
        of_groups = terms(outcome, resamples.groups)
        return of_groups, resamples.counts @ of_groups

    def ends(metric: Metric) -> Interval | None:
        if metric.name in EXACT and outcome.weight is None and outcome.group is None:
            return EXACT[metric.name](outcome)
        if resamples.groups.count < FEWEST_ROWS or not isinstance(metric.score, Sums):
            return None
        of_groups, of_draws = drawn(metric.score.terms)
        if np.isnan(of_groups).any():
            return None
        found = _of_drawn(of_groups, of_draws, metric.score.value, metric.name in MIRRORED)
        return found and (max(found[0], metric.lowest), min(max(found[1], metric.lowest), metric.highest))

    each = {metric.name: ends(metric) for metric in metrics}
    return {name: found for name, found in each.items() if found is not None}
