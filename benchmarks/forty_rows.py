"""Tables of forty rows: no recipe is to be worse than the linear model by more than its scores spread.

Run: python benchmarks/forty_rows.py [--draws 6] [--tables wine …]

Of each table forty rows are drawn at random, several times; each recipe and the linear model learn from them, and
answer a thousand others: accuracy or R², the mean and the deviation over the draws. A recipe is behind where the mean
of its paired differences is below zero by more than the linear model's deviation.
"""

from __future__ import annotations

import argparse
import statistics
import warnings

import numpy as np
from accuracy import scored
from accuracy_rivals import RIVALS, Rival, network
from accuracy_tables import TABLES, load
from threadpoolctl import threadpool_limits

ROWS, OTHERS = 40, 1000
NAMES = ("breast_cancer", "diabetes", "concrete", "credit_data", "cells", "Computers", "spam7", "attrition", "ames",
         "penguins", "Wage", "airfare", "wine", "Hitters", "wa_churn")  # fmt: skip
CONTENDERS: dict[str, Rival] = {
    "linear": RIVALS["linear"],
    "default": network("default", folds=0),
    "quick": network("quick", folds=0),
    "every row": network("default"),
    "accurate": network("accurate"),
}


def main() -> None:
    """Measure and print, a line a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", default=list(NAMES), choices=list(TABLES), metavar="NAME")
    parser.add_argument("--draws", type=int, default=6)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    print(f"{'':14}" + "".join(f"{who:>18}" for who in CONTENDERS) + "  behind")
    for name in options.tables:
        data = load(name, 2, 10_000)
        frame, found = data.table.frame, {who: list[float]() for who in CONTENDERS}
        for draw in range(options.draws):
            order = np.random.default_rng(draw).permutation(len(frame))
            train, test = frame[order[:ROWS]], frame[order[ROWS : ROWS + OTHERS]]
            for who, run in CONTENDERS.items():
                with threadpool_limits(1):
                    found[who].append(scored(data, run(data, train, test), train, test)["score"])
        spread = statistics.stdev(found["linear"])
        gaps = {who: statistics.mean(np.subtract(each, found["linear"]).tolist()) for who, each in found.items()}
        cells = (f"{statistics.mean(each):.3f} ± {statistics.stdev(each):.3f}" for each in found.values())
        behind = ", ".join(who for who, gap in gaps.items() if gap < -spread)
        print(f"{name:14}" + "".join(f"{cell:>18}" for cell in cells) + f"  {behind}", flush=True)


if __name__ == "__main__":
    main()
