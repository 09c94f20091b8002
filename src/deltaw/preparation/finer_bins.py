"""Whether the numbers of a table get finer bins: if the target follows curves or steps between the edges of the usual.

`columns.curves` asks one column at a time, to which everything that the others tell is noise. Here all are asked
together: in cross-validation by ridge regression on the inputs with usual and with finer bins. A network bends between
the edges by itself, so that finer ones are worth their inputs only where they gain much.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.statistics import standard_error
from deltaw.preparation.columns.means import SMALLEST, TrainingTargets, scaled
from deltaw.preparation.equal_rows import left_by_ridge
from deltaw.preparation.making import Indices
from deltaw.preparation.recipe import Preparation
from deltaw.tables.taking import taken

# Measured: docs/explanations/recipe.md.
WORTH, SURE = 0.12, 4.0  # relative reduction of the squared error, and its standard errors above 0
PENALTY = 10.0
FEWEST, MOST = 150, 2_000  # training rows: fewer are mostly noise, more have bins of enough rows
MOST_INPUTS, ROWS_EACH = 512, 1.6  # with finer bins, and training rows for each


def with_finer_bins(
    made: Preparation, finer: Callable[[], Preparation], frame: pl.DataFrame, rows: Indices | None,
    targets: TrainingTargets,
) -> Preparation:  # fmt: skip
    """The preparation, or one with finer bins if that is worth it.

    Args:
        made: the preparation with the usual bins.
        finer: makes the other one.
        frame: the training rows, or a frame of which they are `rows`.
        rows: indices in `frame`; None: all.
        targets: of the training rows.
    """
    n = len(targets.values)
    most = min(MOST_INPUTS, n / ROWS_EACH)
    if targets.values.dtype == bool or not FEWEST <= n < MOST or made.n_features > most:
        return made
    other = finer()
    if not made.n_features < other.n_features <= most:
        return made
    asked = taken(frame, rows)
    usual, fine = (squared_errors(each, asked, targets) for each in (made, other))
    gains = usual - fine
    if gains.mean() > max(WORTH * usual.mean(), SURE * standard_error(gains), SMALLEST):
        return other
    return made


def squared_errors(made: Preparation, frame: pl.DataFrame, targets: TrainingTargets) -> NDArray[np.float64]:
    """(n,) squared errors of ridge regression for each row, by the rows in the other parts, over all outputs."""
    X = made.transform(frame, targets=targets)
    H = np.hstack([np.ones((len(X), 1), np.float32), X - X.mean(axis=0)])
    left = left_by_ridge(H, scaled(targets.values, targets.scales).T, targets.parts, (PENALTY,))
    return np.asarray(left**2 @ targets.squared_widths)
