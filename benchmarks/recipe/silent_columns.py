"""Columns that say nothing: real tables with more and more of them beside their own, and public tables that are wide.

    python -m benchmarks.recipe.silent_columns [--set choosing|unseen|wide] [--rows 300 2000] [--noise 0 15 50 200]

Beside a table's columns stand others that say nothing: by turns one of its own in another order of the rows, and one of
normal numbers. Of each table so many rows are drawn, of which two thirds are learnt from, and three folds score the
rest: accuracy or R² (below -1 it is -1). *all* is `default` with every column (`screening=False`), *default* as it is,
both one training (`folds=0`). Each line is the mean over the tables, with the CPU time of all contenders; `--each`
prints the tables. What the rule does was chosen on the first set; the others chose nothing.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from benchmarks import commands
from benchmarks.accuracy.rivals import RIVALS, Rival, network
from benchmarks.accuracy.scoring import turn
from benchmarks.tables.divided import KNOWN, SEED, Data, load
from deltaw.tables import Column, Table

FOLDS, WORST = 3, -1.0
CONTENDERS: dict[str, Rival] = {
    "all": network("default", folds=0, screening=False),
    "default": network("default", folds=0),
    "HGB": RIVALS["HGB"],
    "linear": RIVALS["linear"],
}
SETS = {
    "choosing": ("concrete", "Boston", "Auto", "penguins", "Hitters", "OJ", "cells", "Wage", "spam7", "Computers",
                 "Carseats", "attrition"),
    "unseen": ("ames", "airfare", "diamonds", "credit_data", "mlc_churn", "hpc_data", "stackoverflow", "wa_churn",
               "births14", "Salaries", "Mroz", "HMDA", "College", "Saratoga", "CPS1985", "biopsy", "Titanic", "Chile"),
    "wide": ("grants", "permeability", "hepatic_injury", "pd_speech", "tissue", "ad_data", "meats", "Caravan", "leaf",
             "nhefs"),
}  # fmt: skip


def with_noise(data: Data, noise: int) -> Data:
    """The table with so many columns more that say nothing."""
    rng, frame, own = np.random.default_rng(SEED), data.table.frame, [column.name for column in data.columns]
    kinds = {column.name: column for column in data.columns}
    more, columns = [], list(data.columns)
    for k in range(noise):
        if k % 2:
            more.append(pl.Series(f"noise {k}", rng.normal(size=len(frame))))
            columns.append(Column(more[-1].name, "number", ""))
        else:
            like = own[k // 2 % len(own)]
            more.append(frame[like][rng.permutation(len(frame))].alias(f"noise {k}, as {like}"))
            columns.append(Column(more[-1].name, kinds[like].kind, ""))
    table = Table(frame=frame.hstack(more), name=data.table.name, target=data.target.name)
    return Data(table, data.target, tuple(columns), data.folds)


def measured(data: Data) -> Iterator[tuple[str, float, float | None, float]]:
    """Of each contender and fold its name, score, log loss and CPU seconds."""
    for train, test in map(data.parts, range(len(data.folds))):
        for who, run in CONTENDERS.items():
            line = turn(data, run, train, test)
            yield who, max(WORST, line["score"]), line["loss"], line["seconds"]


def main() -> None:
    """Measure, and print a line for each number of rows and of columns of noise."""
    parser = commands.parser(__doc__)
    parser.add_argument("--set", default="choosing", choices=[*SETS])
    parser.add_argument("--rows", nargs="+", type=int, default=[300, 2_000])
    parser.add_argument("--noise", nargs="+", type=int, default=[0, 15, 50, 200])
    parser.add_argument("--tables", nargs="+", choices=KNOWN, metavar="NAME")
    parser.add_argument("--each", action="store_true", help="print each table, too")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    shown: Callable[[str], str] = f"{{:{28}}}".format
    print(shown("rows, columns of noise"), *(f"{who:>22}" for who in CONTENDERS))
    for rows in options.rows:
        for noise in options.noise:
            of_tables: dict[str, list[tuple[float, float | None, float]]] = {who: [] for who in CONTENDERS}
            for name in options.tables or SETS[options.set]:
                data = with_noise(load(name, FOLDS, rows), noise)
                lines = list(measured(data))
                for who, kept in of_tables.items():
                    mine = [line[1:] for line in lines if line[0] == who]
                    scores, losses, seconds = zip(*mine, strict=True)
                    loss = None if losses[0] is None else statistics.mean(losses)
                    kept.append((statistics.mean(scores), loss, statistics.mean(seconds)))
                if options.each:
                    print(shown(f"  {name}"), *(said([kept[-1]]) for kept in of_tables.values()), flush=True)
            print(shown(f"{rows:,}, {noise}"), *(said(kept) for kept in of_tables.values()), flush=True)


def said(kept: list[tuple[float, float | None, float]]) -> str:
    """Mean score, log loss where there are classes, and CPU seconds."""
    scores, losses, seconds = zip(*kept, strict=True)
    there = [loss for loss in losses if loss is not None]
    loss = f"{statistics.mean(there):6.3f}" if there else " " * 6
    return f"{statistics.mean(scores):8.3f} {loss} {statistics.mean(seconds):6.2f}"


if __name__ == "__main__":
    main()
