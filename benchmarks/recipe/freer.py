"""Of few rows: the recipe that the folds may choose instead of the strong regularisation, beside that alone.

Run: python -m benchmarks.recipe.freer [--rows 30 50 100] [--draws 4] [--tables ring …]

Made tables, of which so many rows are learnt from and 1,000 others answered: R² or accuracy, the mean over the draws.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import polars as pl
from numpy.typing import NDArray

import deltaw
from benchmarks import commands

FRESH = 1_000
Array = NDArray[np.float64]


def _numbers(X: Array, y: Array, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    return X, y + noise * rng.normal(size=len(X))


def _words(X: Array, logit: Array, rng: np.random.Generator) -> tuple[Array, NDArray[np.str_]]:
    return X, np.where(rng.random(len(X)) < 1 / (1 + np.exp(-logit)), "yes", "no")


def _seasons(n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    year, month = rng.integers(2000, 2020, n), rng.integers(1, 13, n)
    y = 10 * np.cos(2 * np.pi * (month - 7) / 12) + 0.2 * (year - 2000)
    return _numbers(np.column_stack([year, month]).astype(float), y, 1.5, rng)


def _clouds(n: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.str_]]:
    which = rng.integers(0, 5, n)
    centres = np.random.default_rng(12).normal(0, 1.3, (5, 6))
    return centres[which] + rng.normal(size=(n, 6)), np.array(list("abcde"))[which]


def _drawn(columns: int, truth: Callable[[Array], Array], noise: float) -> Callable[[int, np.random.Generator], object]:
    """Columns of normal numbers, and a number told by them."""
    return lambda n, rng: _numbers(X := rng.normal(size=(n, columns)), truth(X), noise, rng)


def _told(columns: int, logit: Callable[[Array], Array]) -> Callable[[int, np.random.Generator], object]:
    """Columns of uniform numbers, and a class told by them."""
    return lambda n, rng: _words(X := rng.uniform(-1, 1, size=(n, columns)), logit(X), rng)


TABLES: dict[str, Callable[[int, np.random.Generator], object]] = {
    "wave": _drawn(1, lambda X: np.sin(3 * X[:, 0]), 0.3),
    "ring": _drawn(2, lambda X: 5 * np.hypot(X[:, 0], X[:, 1]), 0.3),
    "product": _drawn(4, lambda X: X[:, 0] * X[:, 1] + 0.5 * X[:, 2], 0.4),
    "seasons": _seasons,
    "line": _drawn(10, lambda X: X @ np.linspace(-1, 1, 10), 1.0),
    "weak": _drawn(6, lambda X: 0.3 * X[:, 0] + 0.2 * X[:, 1], 1.0),
    "noise": _drawn(6, lambda X: 0 * X[:, 0], 1.0),
    "disc": _told(2, lambda X: 12 * (np.hypot(X[:, 0], X[:, 1]) - 0.7)),
    "interval": _told(3, lambda X: 2.2 * np.sign(0.3 - np.abs(X[:, 0]))),
    "clouds": _clouds,
    "sum": _told(6, lambda X: 3 * X[:, 0] - 2 * X[:, 1] + X[:, 2]),
    "coin": _told(6, lambda X: 0 * X[:, 0]),
}


def frame(X: Array, y: Array) -> pl.DataFrame:
    return pl.DataFrame({f"x{k}": column for k, column in enumerate(X.T)} | {"y": y})


def main() -> None:
    """Measure and print, a line a table."""
    parser = commands.parser(__doc__)
    parser.add_argument("--rows", nargs="+", type=int, default=[30, 50, 100])
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=list(TABLES))
    options = parser.parse_args()
    for rows in options.rows:
        print(f"{rows} rows".ljust(12) + "   alone  chosen  taken")
        for name in options.tables:
            found: list[list[float]] = [[], []]
            taken = 0
            for draw in range(options.draws):
                rng = np.random.default_rng([draw, rows])
                learnt, fresh = (frame(*TABLES[name](n, rng)) for n in (rows, FRESH))  # type: ignore[misc]
                with patch("deltaw.models.by_data.freer", return_value={}):
                    alone = deltaw.fit(learnt, "y", threads=1, verbose=False)
                chosen = deltaw.fit(learnt, "y", threads=1, verbose=False)
                taken += chosen.recipe != alone.recipe
                for scores, model in zip(found, (alone, chosen), strict=True):
                    values = model.evaluate(fresh, threads=1).values
                    scores.append(values["accuracy" if model.classes else "r2"])
            means = "".join(f"{statistics.mean(each):8.3f}" for each in found)
            print(f"{name:12}{means}{taken:7}", flush=True)


if __name__ == "__main__":
    main()
