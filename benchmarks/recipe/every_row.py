"""Which rows a network is to learn from, and which choose its epoch: three ways, scored on rows that none has seen.

Run: python -m benchmarks.recipe.every_row [--only NAME:ROWS …] [--seeds 3] [--file FILE] [--for SECONDS]

Some rows of a table are drawn, stratified; the others, at most 5,000, are the truth. From the rows drawn a network is
learnt

- "part": 64 % of them, the epoch chosen by 16 %, 20 % kept for the scores (`folds=0`);
- "one": on all, after the epoch that one training on 80 % found best on the other 20 %;
- "folds": on all, after the epoch that five folds found best together;
- "all": on all, to the end.

What is printed is the skill on the truth: R², or 1 − log loss / log loss of the class shares; the accuracy, or R²
again; and how far what `deltaw train` shows is off, "part" and "folds". No choice was made by the tables of `CHECKED`.
"""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter
from time import perf_counter
from typing import Any

import numpy as np

import deltaw
from benchmarks import commands, kept
from benchmarks.tables.public import load
from deltaw import models
from deltaw.models.rows.division import split
from deltaw.preparation import Target
from deltaw.tables import Table

MOST_TRUTH = 5_000

# rows drawn -> the tables that they are drawn from.
CHOSEN_BY: dict[int, tuple[str, ...]] = {
    50: ("iris",),
    100: ("iris", "penguins", "Boston", "wine", "breast_cancer", "Auto", "biopsy", "OJ"),
    300: ("Boston", "breast_cancer", "diabetes", "cells", "OJ", "attrition", "Carseats", "Sacramento"),
    800: ("concrete",),
    1000: ("cells", "attrition", "spam7", "credit_data", "digits", "Wage", "ames"),
    3000: ("credit_data", "mlc_churn", "Computers", "spam7", "hpc_data", "wa_churn"),
    5000: ("Computers",),
    7000: ("deliveries",),
    10000: ("diamonds", "hotel_rates"),
    30000: ("diamonds",),
}
CHECKED: dict[int, tuple[str, ...]] = {
    120: ("birthwt",), 150: ("Pima", "Hitters"), 300: ("Mroz", "CPS1985", "HousePrices"), 600: ("Titanic",),
    1000: ("HMDA",),
}  # fmt: skip
WAYS: dict[str, dict[str, Any]] = {
    "part": {"folds": 0},
    "one": {"folds": 1},
    "folds": {"folds": 5},
    "all": {"test_size": 0.0, "validation": 0.0},
}


def spelt(sizes: dict[int, tuple[str, ...]]) -> list[str]:
    """["iris:50", …]."""
    return [f"{name}:{n}" for n, names in sizes.items() for name in names]


def row_of(run: tuple[str, int]) -> dict[str, Any]:
    """One line of ("NAME:ROWS", seed): of each way its skill, its headline, what it shows and how long it takes."""
    each, seed = run
    name, _, count = each.partition(":")
    n, (table, target) = int(count), load(name)
    whole = Target.fit(table.column(target), target)
    labels = whole.encode(table.column(target)).astype(np.int64) if whole.task == "classification" else None
    others, drawn = split(len(table.frame), n / len(table.frame), 1000 + seed, labels)
    others = np.sort(np.random.default_rng(seed).permutation(others)[:MOST_TRUTH])
    rows, truth = Table(table.frame[drawn], table.name, blocks=table.blocks), table.frame[others]
    row: dict[str, Any] = {"table": each, "rows": n, "seed": seed}
    for way, choices in WAYS.items():
        started = perf_counter()
        model = deltaw.fit(rows, target, seed=seed, task=whole.task, verbose=False, **choices)
        seconds = perf_counter() - started
        found = model.evaluate(truth)
        row[way] = {"skill": skill(found), "headline": found.headline, "seconds": seconds,
                    "shown": None if model.scores is None else model.scores.headline}  # fmt: skip
    return row


def skill(scores: models.Scores) -> float:
    """R², or what is saved of the guess's log loss."""
    if scores.task == "regression":
        return scores["r2"]
    return 1 - scores["log_loss"] / scores.baseline["log_loss"]


def table_of(rows: list[dict[str, Any]]) -> str:
    """Means by how many rows there are, over tables and seeds."""
    sizes = ((0, 200), (200, 600), (600, 2_000), (2_000, 5_000), (5_000, 10**9))
    lines = [
        f"{'rows':>14} {'runs':>5}" + "".join(f"{way:>8}" for way in WAYS) * 2 + f"{'part off':>10}{'folds off':>10}"
    ]
    by = defaultdict(list)
    for row in rows:
        by[next(i for i, (low, high) in enumerate(sizes) if low <= row["rows"] < high)].append(row)
    for i, several in sorted(by.items()):
        means = [np.mean([row[way][what] for row in several]) for what in ("skill", "headline") for way in WAYS]
        off = [np.mean([row[way]["shown"] - row[way]["headline"] for row in several]) for way in ("part", "folds")]
        low, high = sizes[i]
        lines.append(f"{f'{low:,} – {high:,}' if high < 10**9 else f'{low:,} –':>14} {len(several):5}"
                     + "".join(f"{value:8.3f}" for value in means)
                     + "".join(f"{value:+10.3f}" for value in off))  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("--only", nargs="+", default=[*spelt(CHOSEN_BY), *spelt(CHECKED)], metavar="NAME:ROWS")
    parser.add_argument("--seeds", type=int, default=3)
    commands.keeps_rows(parser, "a run")
    options = parser.parse_args()
    runs = ((each, seed) for seed in range(options.seeds) for each in options.only)
    made = kept.rows(runs, options.file, row_of, options.limit, itemgetter("table", "seed"))
    for what, names in (("chosen by", spelt(CHOSEN_BY)), ("checked by", spelt(CHECKED))):
        if rows := [row for row in made if row["table"] in names]:
            print(f"{what} {len(names)} tables\n{table_of(rows)}\n")


if __name__ == "__main__":
    main()
