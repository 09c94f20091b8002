"""What it is worth that numbers are names: one `default` training with what each number tells, and one without.

Run: python -m benchmarks.recipe.numbers_as_names [--tables airfare …] [--folds 3] [--rows 6000]

Both learn from the same rows of a fold and answer the rest: R² or accuracy without, the gain, a column for each fold,
of classes the change of the log loss, and CPU time in comparison. Without, no chance is small enough (`CHANCE` 0). The
first tables chose the rule, the others did not; `--classes` takes tables of three classes and more.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any
from unittest.mock import patch

from threadpoolctl import threadpool_limits

from benchmarks.accuracy.beside_others import Line, scored
from benchmarks.accuracy.rivals import network
from benchmarks.recipe.many_classes import TABLES as MANY_CLASSES
from benchmarks.tables.lists import TABLES, Data, load
from benchmarks.tables.public import Public
from deltaw.preparation.columns import recurring

CHOSEN_ON = ("airfare", "Computers", "concrete", "ames", "diamonds", "spam7")
MORE = {
    "movielens": Public("dslabs", "movielens", "rating", ("title", "genres", "timestamp")),
    "InstEval": Public("lme4", "InstEval", "y"),
    "gapminder": Public("dslabs", "gapminder", "life_expectancy", ("country",)),
}
UNSEEN = ("hotel_rates", "flights", "deliveries", *MORE)
CLASSES = {
    "buildings": Public("modeldata", "ames", "Bldg_Type"),
    "plots": Public("ratdat", "complete", "plot_type", ("record_id",)),
    "pitches": Public("Stat2Data", "Kershaw", "PitchType"),
    "grades": Public("openintro", "loans_full_schema", "grade", ("sub_grade", "interest_rate")),
    "continents": Public("gapminder", "gapminder_unfiltered", "continent", ("country",)),
}
OF_CLASSES = ("origin", "hpc_data", "Cracker", "Hawks", "mlb", "buildings", "plots", "pitches",
              "Fishing", "Catsup", "Chile", "continents", "storms", "grades", "Yogurt", "BEPS", "cut")  # fmt: skip
default = network("default", folds=0)


def main() -> None:
    """Measure and print, a line a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", metavar="NAME")
    parser.add_argument("--classes", action="store_true")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=6000)
    options = parser.parse_args()
    print(f"{'':14}{'rows':>7}{'without':>10}{'gain':>10}   {'of each fold':{9 * options.folds}}{'loss':>7}{'time':>6}")
    for name in options.tables or (OF_CLASSES if options.classes else (*CHOSEN_ON, *UNSEEN)):
        data = load(name, options.folds, options.rows, (MANY_CLASSES | CLASSES | MORE | TABLES)[name])
        plain, told = (
            [answered(data, fold, chance) for fold in range(options.folds)] for chance in (0.0, recurring.CHANCE)
        )
        pairs = list(zip(plain, told, strict=True))
        gains = [b["score"] - a["score"] for a, b in pairs]
        times = statistics.median(b["seconds"] / a["seconds"] for a, b in pairs)
        losses = [b["loss"] - a["loss"] for a, b in pairs if a["loss"] is not None]
        loss = f"{statistics.mean(losses):+7.3f}" if losses else " " * 7
        each, mean = "".join(f"{gain:+9.4f}" for gain in gains), statistics.mean(a["score"] for a in plain)
        rows = len(data.table.frame)
        print(f"{name:14}{rows:7,}{mean:10.4f}{statistics.mean(gains):+10.4f}   {each}{loss}{times:6.2f}", flush=True)


def answered(data: Data, fold: int, chance: float) -> Line:
    """The scores of one training on the rows that it has not seen, and its CPU seconds."""
    train, test = (data.table.frame[rows] for rows in data.folds[fold])
    started = time.process_time()
    with patch.object(recurring, "CHANCE", chance), threadpool_limits(1):
        answers: Any = default(data, train, test)
    return scored(data, answers, train, test) | {"seconds": time.process_time() - started}


if __name__ == "__main__":
    main()
