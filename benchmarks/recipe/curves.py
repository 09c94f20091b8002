"""What it is worth that a number whose answers draw a curve has finer bins: R² of `default` with them, and without.

Run: python -m benchmarks.recipe.curves [--public].

Sines of so many waves over so many rows, with noise of a tenth, are scored on 500 further rows without noise, beside
HistGradientBoosting. With --public: each column of numbers of the public tables whose answers are numbers, alone, on at
most 800 rows, the mean of three folds; a line for each pair that has finer bins in a fold, and what all say together.
"""

from __future__ import annotations

import statistics
import warnings
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold

import deltaw
from benchmarks import commands
from benchmarks.accuracy.scoring import gained
from benchmarks.tables.public import PUBLIC, answered
from deltaw.models import plan
from deltaw.preparation.scales import bins

WAYS = {"without": 0, "default": bins.FINER}  # times as many bins
ROWS, WAVES, NOISE, MOST_ROWS, LEAST, FOLDS = (200, 1_000, 3_000), (1, 3, 8, 16), 0.1, 800, 20, 3


def answers(way: str, x: Any, y: Any, later: Any) -> Any:
    """Of `default`, with the bins of that way."""
    bins.FINER = WAYS[way]
    model = deltaw.fit(pl.DataFrame({"x": x, "y": y}), "y", task="regression")
    return model.predict(pl.DataFrame({"x": later}))


def is_finer(x: Any, y: Any) -> bool:
    """Whether `default` finds a curve: else both ways are the same."""
    found = []
    for bins.FINER in WAYS.values():
        planned = plan(pl.DataFrame({"x": x, "y": y}), "y", task="regression", folds=0, test_size=0.0)
        found.append(planned.preparation)
    return found[0] != found[1]


def sines() -> None:
    rng = np.random.default_rng(0)
    print(f"{'rows':>6} {'waves':>6}", *(f"{way:>10}" for way in WAYS), f"{'HGB':>8}")
    for rows in ROWS:
        for waves in WAVES:
            x, later = rng.uniform(size=rows), rng.uniform(size=500)
            y, truth = np.sin(2 * np.pi * waves * x) + rng.normal(size=rows) * NOISE, np.sin(2 * np.pi * waves * later)
            trees = HistGradientBoostingRegressor().fit(x[:, None], y).predict(later[:, None])
            found = [r2_score(truth, answers(way, x, y, later)) for way in WAYS]
            cells = "".join(f"{r2:>11.3f}" for r2 in found)
            print(f"{rows:>6} {waves:>6}{cells} {r2_score(truth, trees):>8.3f}", flush=True)


def public() -> None:
    gains = []
    for table, about in PUBLIC.items():
        frame = answered(about, MOST_ROWS)
        if not frame[about.target].dtype.is_numeric() or frame[about.target].n_unique() <= LEAST:
            continue
        for x in frame.drop(about.target).select(pl.selectors.numeric()).columns:
            pair = frame.select(x, about.target).drop_nulls().to_numpy().astype(float).T
            if len(np.unique(pair[0])) <= LEAST:
                continue
            r2: dict[str, list[float]] = {way: [] for way in WAYS}
            folds = list(KFold(FOLDS, shuffle=True, random_state=0).split(pair[0]))
            if not any(is_finer(*pair[:, train]) for train, _ in folds):
                gains.append(0.0)
                continue
            for train, test in folds:
                for way, scores in r2.items():
                    found = answers(way, pair[0][train], pair[1][train], pair[0][test])
                    scores.append(r2_score(pair[1][test], found))
            before, after = map(statistics.mean, r2.values())
            gains.append(after - before)
            print(f"{table:<14} {x:<20} {before:>7.3f} {after:>7.3f} {gains[-1]:>+7.3f}", flush=True)
    print(gained(gains, clearly=0.01))


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("--public", action="store_true")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    (public if asked.public else sines)()


if __name__ == "__main__":
    main()
