"""Whether rows that are alike in every column say of each other what nothing that is learnt of their columns does.

Rows that recur need not: of a few questions with yes and no most answers recur, and a network learns what they say. So
the rows lie in parts, and of each part a line through all inputs and UNITS random units (random features: Rahimi &
Recht 2008, "Weighted sums of random kitchen sinks", NeurIPS 21), which other parts' rows fit, says what it can. What
rows alike, in the other parts, leave is then taken off: where that saves enough of the squares, and more than chance
would, who knows them by heart knows more (`deltaw.preparation.columns.alike`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.preparation.columns.alike import Alike
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.means import PARTS, SMALLEST, OutOfFold, TargetSums, TrainingTargets, scaled
from deltaw.preparation.columns.numbers import Day
from deltaw.preparation.making import Indices
from deltaw.preparation.recipe import Preparation
from deltaw.tables.taking import taken

Values = NDArray[np.float64]
Floats = NDArray[np.floating]

# Measured: docs/explanations/recipe.md.
LEAST_SHARE = 0.05  # of the rows that are as a row before them
WORTH, SURE = 0.03, 1.0  # of what is left that has to be saved, and standard errors that this lies above 0
TIMES, CLEAR = 4, 1.5  # that the rows are parted at random, or less often where so many standard errors tell
MOST_ROWS, MOST_KNOWN = 20_000, 10_000  # rows that there may be, and how many different ones a model may know by heart
ASKED = 2_000  # of them, with which each other tell whether it is worth it
FEWEST_COLUMNS, MOST_COLUMNS, MOST_INPUTS = 2, 256, 1_000  # what one column's cells tell, its own step learns
UNITS, SPREAD, PENALTIES = 100, 1.5, (10.0, 100.0)


class EqualRows(NamedTuple):
    """The rows that are learnt from, many of which are as others in all columns: these columns, and a hash of each."""

    frame: pl.DataFrame
    hashes: pl.Series

    @classmethod
    def of(cls, made: Preparation, frame: pl.DataFrame, rows: Indices | None) -> EqualRows | None:
        """None where not enough rows are as others, or too many different ones are there for a model to know.

        Args:
            made: of the columns.
            frame: the training rows, or all of which they are `rows`, by number.
        """
        n = len(frame) if rows is None else len(rows)
        whole = any(isinstance(step, BlockOfNumbers) or (isinstance(step, Day) and step.time) for step in made.steps)
        if whole or n > MOST_ROWS or made.n_features > MOST_INPUTS:
            return None
        if not FEWEST_COLUMNS <= len(made.steps) <= MOST_COLUMNS:
            return None
        learnt = taken(frame[list(made.input_names)], rows)
        hashes = learnt.hash_rows()
        return cls(learnt, hashes) if hashes.n_unique() <= min(MOST_KNOWN, (1 - LEAST_SHARE) * n) else None

    @property
    def groups(self) -> Indices:
        """The number of the first row that each is as."""
        _, first, group = np.unique(self.hashes.to_numpy(), return_index=True, return_inverse=True)
        return np.asarray(first[group])


def with_alike(made: Preparation, again: EqualRows, answers: TrainingTargets) -> Preparation:
    """The preparation, with a step more where rows that are alike are worth knowing by heart; `answers`: of these."""
    group = again.groups
    some = _whole_groups(group, ASKED)
    share, sure = saved(made, taken(again.frame, some), group[some], answers.some(some))
    if share <= WORTH or sure <= SURE:
        return made
    return replace(made, steps=(*made.steps, Alike.fit(made.steps, again.frame, answers)))


def saved(made: Preparation, frame: pl.DataFrame, group: Indices, answers: TrainingTargets) -> tuple[float, float]:
    """What share of the squares that are left rows alike save, and how many standard errors, by rows, that is above 0.

    Args:
        made: of the columns.
        frame: some of the training rows.
        group: a number for each, the same of rows that are alike.
        answers: of these.
    """
    H, Z = units(made.transform(frame, answers=answers)), scaled(answers.values, answers.scales).T
    weight = answers.squared_widths
    cells, gains = pl.Series(group.astype(np.float64)), np.zeros(len(Z))
    whole, share, sure = 0.0, 0.0, 0.0
    for seed in range(TIMES):
        parts = (np.random.default_rng(seed).permutation(len(Z)) % PARTS).astype(np.uint8)
        left = _left(H, Z, parts)
        means = OutOfFold.by(TargetSums.of(cells, left.T, parts)).of(cells, parts)
        gains += (left**2 - (left - means) ** 2) @ weight
        whole += float((left**2 @ weight).mean())
        error = max(float(gains.std()) / len(gains) ** 0.5, SMALLEST)
        share, sure = float(gains.mean()) / max(whole, SMALLEST), float(gains.mean()) / error
        if abs(gains.mean() - WORTH * whole) > CLEAR * error:
            break
    return share, sure


def _whole_groups(group: Indices, most: int) -> Indices:
    """About so many rows at most, and with each all that are alike."""
    if len(group) <= most:
        return np.arange(len(group))
    known, rows = np.unique(group, return_counts=True)
    order = np.random.default_rng(0).permutation(len(known))
    chosen = np.zeros(len(group), np.bool_)
    chosen[known[order[np.cumsum(rows[order]) <= most]]] = True
    return np.flatnonzero(chosen[group])


def _left(H: Floats, Z: Values, parts: NDArray[np.uint8]) -> Values:
    """What the line, by the penalty that leaves least, leaves of each row's answers Z, (n, k), told by other parts."""
    found, mine = [], [parts == part for part in range(PARTS)]
    grams = np.stack([H[part].T @ H[part] for part in mine]).astype(np.float64)
    along = np.stack([H[part].T @ Z[part] for part in mine])
    grams, along = grams.sum(axis=0) - grams, along.sum(axis=0) - along  # of the other parts
    for penalty in PENALTIES:
        W = np.linalg.solve(grams + penalty * np.eye(H.shape[1]), along)
        left = Z.copy()
        for part, w in zip(mine, W, strict=True):
            left[part] -= H[part] @ w
        found.append(left)
    return min(found, key=lambda left: float((left**2).sum()))


def units(X: Floats) -> Floats:
    """1, the inputs about their means, and random units that bend."""
    rng, X = np.random.default_rng(0), X - X.mean(axis=0)
    W = rng.normal(0.0, SPREAD / X.shape[1] ** 0.5, (X.shape[1], UNITS)).astype(np.float32)
    bent = np.maximum(X @ W + rng.normal(size=UNITS).astype(np.float32), 0.0)
    return np.hstack([np.ones((len(X), 1), np.float32), X, bent])
