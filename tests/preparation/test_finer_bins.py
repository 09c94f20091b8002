"""Finer bins, if the columns of a table together tell the target much better by them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from deltaw.preparation import Preparation
from deltaw.preparation.columns.means import PARTS, TrainingTargets
from deltaw.preparation.finer_bins import FEWEST, MOST, squared_errors, with_finer_bins
from deltaw.preparation.scales.bins import FINER
from deltaw.tables import Column


def made(rows: int, shape: str, columns: int = 3, seed: int = 0) -> tuple[pl.DataFrame, TrainingTargets]:
    """Numbers of 0 to 1, and a target that each of them tells a little of."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(rows, columns))
    of_each = {"line": X, "step": X > 0.5, "waves": np.sin(2 * np.pi * 6 * X), "noise": 0 * X}[shape]
    y = of_each.sum(axis=1) + 0.3 * rng.normal(size=rows)
    parts = (np.arange(rows) % PARTS).astype(np.uint8)
    return pl.DataFrame({f"x{i}": x for i, x in enumerate(X.T)}), TrainingTargets.of(("mean y",), y[:, None], parts)


def asked(frame: pl.DataFrame, targets: TrainingTargets) -> tuple[Preparation, Preparation, Preparation]:
    """With usual bins, with finer ones, and what is decided."""
    columns = tuple(Column(name, "number", "") for name in frame.columns)
    usual, finer = (Preparation.fit(frame, columns, "piecewise", finer=each) for each in (False, True))
    return usual, finer, with_finer_bins(usual, lambda: finer, frame, None, targets)


def test_waves_that_only_all_columns_show_together_get_them() -> None:
    usual, finer, decided = asked(*made(800, "waves"))
    assert usual.n_features < finer.n_features <= FINER * usual.n_features
    assert decided is finer


@pytest.mark.parametrize("shape", ["line", "step", "noise"])
def test_lines_a_step_and_noise_do_not(shape: str) -> None:
    usual, _, decided = asked(*made(800, shape))
    assert decided is usual


@pytest.mark.parametrize("rows", [FEWEST - 1, MOST])
def test_nor_do_few_rows_and_many(rows: int) -> None:
    usual, _, decided = asked(*made(rows, "waves"))
    assert decided is usual


def test_errors_are_those_of_ridge_regression_by_the_other_parts() -> None:
    frame, targets = made(200, "waves")
    usual, *_ = asked(frame, targets)
    X, y = usual.transform(frame).astype(np.float64), targets.values[:, 0]
    X -= X.mean(axis=0)
    H, z = np.column_stack([np.ones(len(X)), X]), (y - y.mean()) / y.std()
    for part in range(PARTS):
        others, own = targets.parts != part, targets.parts == part
        w = np.linalg.solve(H[others].T @ H[others] + 10 * np.eye(H.shape[1]), H[others].T @ z[others])
        wanted = targets.squared_widths[0] * (z[own] - H[own] @ w) ** 2
        np.testing.assert_allclose(squared_errors(usual, frame, targets)[own], wanted, rtol=1e-3, atol=1e-5)
