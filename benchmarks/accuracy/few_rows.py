"""Tables of forty rows, and 20, 80, 160: no recipe is to be worse than the linear model by more than scores spread.

Run: python -m benchmarks.accuracy.few_rows [--rows 20 40 80 160] [--draws 8] [--tables wine …] [--recipes default …]

Of each table so many rows are drawn at random, several times; each recipe and the linear model learn from them, and
answer a thousand others: accuracy or R², the mean and the deviation over the draws. A recipe is behind where the mean
of its paired differences is below zero by more than the linear model's deviation. The first tables have chosen what
the recipes do of few rows, UNSEEN have not.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Iterator

import numpy as np

from benchmarks import commands
from benchmarks.accuracy.rivals import RIVALS, Rival, network
from benchmarks.accuracy.scoring import turn
from benchmarks.tables.divided import KNOWN, load

OTHERS, WORST = 1000, -1.0  # R² of a line through forty rows may be anything below
CHOSEN_ON = ("breast_cancer", "diabetes", "concrete", "credit_data", "cells", "Computers", "attrition", "penguins",
             "Wage", "wine", "OJ", "Carseats", "Boston", "births14", "Salaries", "Mroz")  # fmt: skip
UNSEEN = ("spam7", "airfare", "Hitters", "wa_churn", "ames", "HMDA", "Auto", "College", "Saratoga", "CPS1985", "Pima",
          "biopsy", "Titanic", "Chile")  # fmt: skip
LINEAR = "linear"
RECIPES: dict[str, Rival] = {
    "default": network("default", folds=0),
    "quick": network("quick", folds=0),
    "every row": network("default"),
    "accurate": network("accurate"),
}


def main() -> None:
    """Measure and print, a line a table and, after each size, what all say."""
    parser = commands.parser(__doc__)
    parser.add_argument("--rows", nargs="+", type=int, default=[20, 40, 80, 160])
    parser.add_argument("--tables", nargs="+", default=[*CHOSEN_ON, *UNSEEN], choices=KNOWN, metavar="NAME")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--draws", type=int, default=8)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    contenders = {LINEAR: RIVALS[LINEAR]} | {name: RECIPES[name] for name in options.recipes}
    for rows in options.rows:
        print(f"{rows} rows".ljust(14) + "".join(f"{who:>18}" for who in contenders) + "  behind")
        gains: dict[str, list[float]] = {who: [] for who in options.recipes}
        for name in options.tables:
            runs = list(drawn(name, rows, options.draws, contenders))
            if not runs:
                continue
            found = dict(zip(contenders, zip(*runs, strict=True), strict=True))
            spread = statistics.stdev(found[LINEAR])
            for who, each in gains.items():
                each.append(statistics.mean(np.subtract(found[who], found[LINEAR]).tolist()))
            cells = (f"{statistics.mean(each):.3f} ± {statistics.stdev(each):.3f}" for each in found.values())
            behind = ", ".join(who for who, each in gains.items() if each[-1] < -spread)
            print(f"{name:14}" + "".join(f"{cell:>18}" for cell in cells) + f"  {behind}", flush=True)
        means = (f"{statistics.mean(each):+.4f}" for each in gains.values())
        print(f"{'over linear':14}{'':18}" + "".join(f"{mean:>18}" for mean in means) + "\n", flush=True)


def drawn(name: str, rows: int, draws: int, contenders: dict[str, Rival]) -> Iterator[list[float]]:
    """The score of each contender in each draw; nothing of a table that is too small to draw from."""
    data = load(name, 2, 10_000)
    frame = data.table.frame
    for draw in range(draws if len(frame) >= rows + 100 else 0):
        order = np.random.default_rng(draw).permutation(len(frame))
        train, test = frame[order[:rows]], frame[order[rows : rows + OTHERS]]
        if train.get_column(data.target.name).n_unique() == 1:  # one class, of which nothing can be learnt
            continue
        yield [max(turn(data, run, train, test)["score"], WORST) for run in contenders.values()]


if __name__ == "__main__":
    main()
