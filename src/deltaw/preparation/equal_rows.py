"""Whether the mean target of equal rows is worth an input (`deltaw.preparation.columns.alike`).

Equal rows alone do not decide: the answers to a few yes/no questions recur often, and a network learns what they mean.
So in cross-validation, ridge regression on all inputs and UNITS random features (Rahimi & Recht 2008, "Weighted sums of
random kitchen sinks", NeurIPS 21) stands in for the network. The mean residual of equal rows in the other parts is then
subtracted: if that significantly reduces the squared error by enough, the input is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.statistics import standard_error
from deltaw.preparation.columns.alike import Alike
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.means import PARTS, SMALLEST, OutOfFold, TargetSums, TrainingTargets, scaled
from deltaw.preparation.columns.numbers import Day
from deltaw.preparation.columns.text import Text
from deltaw.preparation.making import Indices
from deltaw.preparation.recipe import Preparation
from deltaw.tables.taking import taken

Values = NDArray[np.float64]
Floats = NDArray[np.floating]

# Measured: docs/explanations/recipe.md.
LEAST_SHARE = 0.05  # of rows that equal an earlier one
WORTH, SURE = 0.03, 1.0  # relative reduction of the squared error, and its standard errors above 0
TIMES = 4  # repetitions of the random division; fewer if it is CLEAR standard errors away
CLEAR = 1.5
MOST_ROWS, MOST_KNOWN = 20_000, 10_000  # training rows, and distinct rows that a model stores
ASKED = 2_000  # rows of the test
FEWEST_COLUMNS, MOST_COLUMNS, MOST_INPUTS = 2, 256, 1_000
UNITS, SPREAD, PENALTIES = 100, 1.5, (10.0, 100.0)


class EqualRows(NamedTuple):
    """The training rows, many of which equal others in all columns: these columns, and a hash of each row."""

    frame: pl.DataFrame
    hashes: pl.Series

    @classmethod
    def of(cls, made: Preparation, frame: pl.DataFrame, rows: Indices | None) -> EqualRows | None:
        """None if too few rows equal others, or there are too many distinct ones.

        Args:
            made: the preparation of the columns.
            frame: the training rows, or all rows.
            rows: indices of the training rows in `frame`; None: all.
        """
        n = len(frame) if rows is None else len(rows)
        whole = any(
            isinstance(step, (BlockOfNumbers, Text)) or (isinstance(step, Day) and step.time) for step in made.steps
        )
        if whole or n > MOST_ROWS or made.n_features > MOST_INPUTS:
            return None
        if not FEWEST_COLUMNS <= len(made.steps) <= MOST_COLUMNS:
            return None
        learnt = taken(frame[list(made.input_names)], rows)
        hashes = learnt.hash_rows()
        return cls(learnt, hashes) if hashes.n_unique() <= min(MOST_KNOWN, (1 - LEAST_SHARE) * n) else None

    @property
    def groups(self) -> Indices:
        """(n,) index of the first equal row of each row."""
        _, first, group = np.unique(self.hashes.to_numpy(), return_index=True, return_inverse=True)
        return np.asarray(first[group])


def with_alike(made: Preparation, again: EqualRows, targets: TrainingTargets) -> Preparation:
    """The preparation, with a step for equal rows if that is worth it; `targets`: of the training rows."""
    group = again.groups
    some = _whole_groups(group, ASKED)
    share, sure = saved(made, taken(again.frame, some), group[some], targets.some(some))
    if share <= WORTH or sure <= SURE:
        return made
    return replace(made, steps=(*made.steps, Alike.fit(made.steps, again.frame, targets)))


def saved(made: Preparation, frame: pl.DataFrame, group: Indices, targets: TrainingTargets) -> tuple[float, float]:
    """(relative reduction of the squared error by means of equal rows, its standard errors above 0).

    Args:
        made: the preparation of the columns.
        frame: some of the training rows.
        group: (n,) the same number for equal rows.
        targets: of these rows.
    """
    H, Z = units(made.transform(frame, targets=targets)), scaled(targets.values, targets.scales).T
    weight = targets.squared_widths
    cells, gains = pl.Series(group.astype(np.float64)), np.zeros(len(Z))
    whole, share, sure = 0.0, 0.0, 0.0
    for seed in range(TIMES):
        parts = (np.random.default_rng(seed).permutation(len(Z)) % PARTS).astype(np.uint8)
        left = left_by_ridge(H, Z, parts)
        means = OutOfFold.by(TargetSums.of(cells, left.T, parts)).of(cells, parts)
        gains += (left**2 - (left - means) ** 2) @ weight
        whole += float((left**2 @ weight).mean())
        error = max(standard_error(gains), SMALLEST)
        share, sure = float(gains.mean()) / max(whole, SMALLEST), float(gains.mean()) / error
        if abs(gains.mean() - WORTH * whole) > CLEAR * error:
            break
    return share, sure


def _whole_groups(group: Indices, most: int) -> Indices:
    """About `most` rows at most, with all equal rows of each."""
    if len(group) <= most:
        return np.arange(len(group))
    known, rows = np.unique(group, return_counts=True)
    order = np.random.default_rng(0).permutation(len(known))
    chosen = np.zeros(len(group), np.bool_)
    chosen[known[order[np.cumsum(rows[order]) <= most]]] = True
    return np.flatnonzero(chosen[group])


def left_by_ridge(H: Floats, Z: Values, parts: NDArray[np.uint8], penalties: Sequence[float] = PENALTIES) -> Values:
    """Cross-validated residuals, (n, k), of ridge regression with the best penalty."""
    found, mine = [], [parts == part for part in range(PARTS)]
    own = [H[part] for part in mine]
    grams = np.stack([h.T @ h for h in own]).astype(np.float64)
    along = np.stack([h.T @ Z[part] for h, part in zip(own, mine, strict=True)])
    grams, along = grams.sum(axis=0) - grams, along.sum(axis=0) - along  # of the other parts
    for penalty in penalties:
        W = np.linalg.solve(grams + penalty * np.eye(H.shape[1]), along)
        left = Z.copy()
        for part, h, w in zip(mine, own, W, strict=True):
            left[part] -= h @ w
        found.append(left)
    return min(found, key=lambda left: float((left**2).sum()))


def units(X: Floats) -> Floats:
    """A constant, the centred inputs, and random features."""
    rng, X = np.random.default_rng(0), X - X.mean(axis=0)
    W = rng.normal(0.0, SPREAD / X.shape[1] ** 0.5, (X.shape[1], UNITS)).astype(np.float32)
    bent = np.maximum(X @ W + rng.normal(size=UNITS).astype(np.float32), 0.0)
    return np.hstack([np.ones((len(X), 1), np.float32), X, bent])
