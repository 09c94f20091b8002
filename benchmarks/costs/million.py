"""A large table from a file to a model: where the seconds go; see benchmarks/notes/costs.md.

    python -m benchmarks.costs.million [ROWS [EPOCHS …]]

A million rows of 28 numbers and two words in CSV; the answer is yes or no by a smooth function of twelve columns and a
little of eleven more. Seconds of the processor, and of the wall, for reading, preparing and training, and the scores;
once for each number of epochs, by default as the recipe has it. LightGBM on the same file, where it is installed.
"""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import commands


def main(rows: int, epochs: list[int]) -> None:
    import deltaw
    from deltaw.models import plan, run

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.csv"
        make(path, rows)
        table = timed("reading", lambda: deltaw.read(path))
        planned = timed("preparing", lambda: plan(table, "y"))
        for count in epochs or [planned.recipe.epochs]:
            these = replace(planned, recipe=replace(planned.recipe, epochs=count))
            model = timed(f"training, {count} epochs", partial(run, these))
            print(f"    {model.scores}")
        if importlib.util.find_spec("lightgbm"):
            accuracy, log_loss = timed("LightGBM", lambda: beside(path))
            print(f"    10,000 rows: accuracy {accuracy:.2%}, log loss {log_loss:.4f}")


def beside(path: Path) -> tuple[float, float]:
    """LightGBM with its defaults, from the file to answers for 10,000 rows that it has not learnt from."""
    import lightgbm
    import polars as pl

    frame = pl.read_csv(path)
    words = pl.col("w1", "w2").cast(pl.Categorical).to_physical()
    X, y = frame.drop("y").with_columns(words).to_numpy(), (frame["y"] == "yes").to_numpy()
    rows = np.random.default_rng(0).permutation(len(y))
    test, rest = rows[:10_000], rows[10_000:]
    trees = lightgbm.LGBMClassifier(verbose=-1)
    p = trees.fit(X[rest], y[rest], categorical_feature=[28, 29]).predict_proba(X[test])
    right = np.where(y[test], p[:, 1], p[:, 0])
    return float(np.mean(right > 0.5)), float(-np.mean(np.log(right)))


def make(path: Path, rows: int) -> None:
    import polars as pl

    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 28))
    first, second = rng.integers(0, 12, rows), rng.integers(0, 40, rows)
    of_first, of_second = rng.normal(size=12), rng.normal(size=40)
    z = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + np.tanh(X[:, 3] + X[:, 4]) + 0.5 * X[:, 5] ** 2 - 0.5
    z += 0.7 * of_first[first] + 0.7 * of_second[second] * np.tanh(X[:, 6]) + 0.5 * np.cos(X[:, 7] + X[:, 8])
    z += 0.4 * X[:, 9:20] @ rng.normal(size=11)
    yes = rng.random(rows) < 1 / (1 + np.exp(-3.5 * z))
    words = {"w1": np.char.add("a", first.astype(str)), "w2": np.char.add("b", second.astype(str))}
    numbers = {f"x{i}": X[:, i].round(4) for i in range(28)}
    pl.DataFrame(numbers | words | {"y": np.where(yes, "yes", "no")}).write_csv(path)


def timed(what: str, work: Callable[[], Any]) -> Any:
    cpu, wall = time.process_time(), time.perf_counter()
    made = work()
    print(f"{what}: {time.process_time() - cpu:.2f} s of the processor, {time.perf_counter() - wall:.1f} s")
    return made


if __name__ == "__main__":
    parser = commands.parser(__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("epochs", nargs="*", type=int)
    main(**vars(parser.parse_args()))
