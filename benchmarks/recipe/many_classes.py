"""Tables of three classes and more that chose nothing: the recipe beside one network for the epochs of two classes,
by `--before dropped`, beside itself with the dropout that fewer classes have, or, by `--before unfinished`, `accurate`
beside itself without a finish on all rows.

Run: python -m benchmarks.recipe.many_classes [--tables leaf …] [--before dropped] [--folds 3] [--seeds 2] [--rows 6000]

Each contender learns from the other folds and answers for the one: accuracy, log loss, and CPU time over that of
HistGradientBoosting in the same fold, the median. Of a larger table so many rows are drawn. See
docs/explanations/recipe.md.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import commands
from benchmarks.accuracy.rivals import REFERENCE, RIVALS, Rival, network
from benchmarks.accuracy.scoring import Line, turn
from benchmarks.tables.divided import Data, known, load
from benchmarks.tables.folder import Folder
from deltaw.models.by_data import BY_DATA

TABLES = ("BEPS", "WVS", "origin", "Hawks", "Chile", "Catsup", "Cracker", "Yogurt", "Fishing", "leaf", "cut", "storms",
          "surveys", "mlb")  # fmt: skip
LEARNT = 0.8  # of the training rows; the others choose the epoch


def before(rows: int) -> dict[str, dict[str, Any]]:
    """The settings that two classes have, of `rows` to train on: what the recipe did before."""
    of_two = BY_DATA["default"](round(LEARNT * rows), 1, False, 2)
    return {"one": {"networks": 1, "epochs": of_two["epochs"]}, "dropped": {"dropout": of_two["dropout"]}}


def contenders(way: str, rows: int, seed: int) -> dict[str, Rival]:
    """The recipe as it was, and as it is; `rows` to train on."""
    if way == "unfinished":
        return {way: network("accurate", seed=seed, finish=0.0), "accurate": network("accurate", seed=seed)}
    old = network("default", seed=seed, folds=0, **before(rows)[way])
    return {way: old, "default": network("default", seed=seed, folds=0)}


def measured(data: Data, way: str, seeds: int) -> Iterator[tuple[str, Line]]:
    """Who, and what was measured of it, for each fold and seed."""
    for train, test in map(data.parts, range(len(data.folds))):
        reference = 0.0
        turns = [{REFERENCE: RIVALS[REFERENCE]}, *(contenders(way, len(train), seed) for seed in range(seeds))]
        for who, run in ((who, run) for each in turns for who, run in each.items()):
            line = turn(data, run, train, test)
            reference = line["seconds"] if who == REFERENCE else reference
            about = {"rows": len(train), "classes": len(data.target.classes), "time": line["seconds"] / reference}
            yield who, about | line


def main() -> None:
    """Measure and print, a line a table."""
    parser = commands.parser(__doc__)
    parser.add_argument("--tables", nargs="+", metavar="NAME")
    parser.add_argument("--folder", type=Path, help="of CSV files, the last column of each its target: other tables")
    parser.add_argument("--before", default="one", choices=["one", "dropped", "unfinished"])
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rows", type=int, default=6_000)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    own = None if options.folder is None else Folder(options.folder)
    after = "accurate" if options.before == "unfinished" else "default"
    of = f"accuracy, log loss, time of {options.before}"
    print(f"{'':10}{'rows':>6}{'classes':>9}{of:>41}{'of ' + after:>25}{'of HGB':>18}")
    for name in known(options.tables, TABLES if own is None else own.files):
        data = (load if own is None else own.load)(name, options.folds, options.rows)
        lines = list(measured(data, options.before, options.seeds))

        def mean(who: str, what: str, lines: list[tuple[str, Line]] = lines) -> float:
            return statistics.fmean(line[what] for each, line in lines if each == who)

        shown = f"{name:10}{lines[0][1]['rows']:6,}{lines[0][1]['classes']:9}"
        for who in (options.before, after, REFERENCE):
            times = statistics.median(line["time"] for each, line in lines if each == who)
            shown += f"{mean(who, 'score'):16.4f} {mean(who, 'loss'):6.3f}" + (
                "" if who == REFERENCE else f"{times:5.2f}"
            )
        print(shown, flush=True)


if __name__ == "__main__":
    main()
