"""What a model says of itself beside fresh rows: is the score the one that it will have, does the interval hold it?

Run: python -m benchmarks.accuracy.claims [--kinds c2 c5 c20 r het t] [--rows 60 200 1000] [--tables 60]

Made tables of 4 to 11 numbers, whose target follows a line and a bend, with noise: c2, c5 and c20 are classes, r a
number, het one whose noise grows with a column, t one with heavy tails (Student's t of 2.5). `deltaw.fit` learns from
so many rows and says its scores; the same model is scored on 20,000 fresh rows. A line a score: fresh − claimed, the
mean with its standard error and the deviation, and the share of the tables whose interval holds the fresh score.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import deltaw
from benchmarks import commands

FRESH = 20_000
KINDS = ("c2", "c5", "c20", "r", "het", "t")
LEFT_OUT = ("mape", "rmsle")  # of targets around 0

Array = NDArray[Any]


def main() -> None:
    """Measure and print."""
    parser = commands.parser(__doc__)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--rows", nargs="+", type=int, default=[60, 200, 1000])
    parser.add_argument("--tables", type=int, default=60)
    options = parser.parse_args()
    for kind in options.kinds:
        for rows in options.rows:
            found = [claims(kind, rows, seed) for seed in range(options.tables)]
            print(f"{kind}, {rows:,} rows")
            for name in found[0]:
                differences, held = np.array([each[name] for each in found if name in each]).T
                error = differences.std() / len(differences) ** 0.5
                moved = f"{differences.mean():+.4f} ± {error:.4f}, deviation {differences.std():.4f}"
                print(f"  {name:18} fresh − claimed {moved}, held {np.nanmean(held):.2f}", flush=True)


def claims(kind: str, rows: int, seed: int) -> dict[str, tuple[float, float]]:
    """Of each score: fresh − claimed, and whether the interval holds the fresh one (NaN: there is none)."""
    rng = np.random.default_rng([seed, rows])
    table = made(kind, rng)
    learnt, fresh = table(rows), table(FRESH)
    model = deltaw.fit(learnt, "y", seed=seed, threads=1, verbose=False)
    if model.classes:
        fresh = fresh.filter(pl.col("y").is_in(list(model.classes)))
    claimed, scores = model.scores, model.evaluate(fresh, threads=1)
    assert claimed is not None
    found = {}
    for name in (each for each in scores.values if each not in LEFT_OUT):
        low, high = claimed.intervals.get(name, (np.nan, np.nan))
        held = np.nan if np.isnan(low) else float(low <= scores[name] <= high)
        found[name] = (scores[name] - claimed[name], held)
    return found


def made(kind: str, rng: np.random.Generator) -> Any:
    """A function from a number of rows to a table of this kind, all from one truth."""
    inputs, outputs = int(rng.integers(4, 12)), int(kind[1:]) if kind.startswith("c") else 1
    line, bend = rng.normal(size=(2, inputs, outputs))
    line, shift, noise = line * rng.choice([0.2, 0.5, 1.0]), 0.7 * rng.normal(size=outputs), rng.choice([0.5, 1.0, 2.0])

    def table(rows: int) -> pl.DataFrame:
        X = rng.normal(size=(rows, inputs))
        signal = X @ line + np.tanh(X @ bend)
        y = [f"c{k:02}" for k in (signal + shift + noise * rng.gumbel(size=signal.shape)).argmax(axis=1)]
        if outputs == 1:
            error = rng.standard_t(2.5, size=rows) if kind == "t" else rng.normal(size=rows)
            y = signal[:, 0] + noise * error * (np.exp(X[:, 0]) if kind == "het" else 1.0)
        return pl.DataFrame({f"x{i}": column for i, column in enumerate(X.T)} | {"y": y})

    return table


if __name__ == "__main__":
    main()
