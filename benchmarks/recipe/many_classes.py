"""Tables of three classes and more that chose nothing: the recipe beside one network for the epochs of two classes,
or, by `--before dropped`, beside itself with the dropout that fewer classes have.

Run: python -m benchmarks.recipe.many_classes [--tables leaf …] [--before dropped] [--folds 3] [--seeds 2] [--rows 6000]

Each contender learns from the other folds and answers for the one: accuracy, log loss, and CPU time over that of
HistGradientBoosting in the same fold, the median. Of a larger table so many rows are drawn. docs/accuracy.md has it.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from benchmarks.accuracy.beside_others import Line, scored
from benchmarks.accuracy.rivals import REFERENCE, RIVALS, Rival, network
from benchmarks.tables.folder import Folder
from benchmarks.tables.lists import Data, known, load
from benchmarks.tables.public import Public
from deltaw.models.by_data import BY_DATA

FLIGHT = ("dest", "dep_time", "arr_time", "time_hour", "year", "tailnum", "flight")
SURVEY = ("record_id", "genus", "species", "taxa", "plot_type")
TABLES = {
    "BEPS": Public("carData", "BEPS", "vote"),
    "WVS": Public("carData", "WVS", "poverty"),
    "origin": Public("nycflights13", "flights", "origin", FLIGHT),
    "Hawks": Public("Stat2Data", "Hawks", "Species", ("BandNumber",)),
    "Chile": Public("carData", "Chile", "vote"),
    "Catsup": Public("Ecdat", "Catsup", "choice", ("id",)),
    "Cracker": Public("Ecdat", "Cracker", "choice", ("id",)),
    "Yogurt": Public("Ecdat", "Yogurt", "choice", ("id",)),
    "Fishing": Public("Ecdat", "Fishing", "mode"),
    "leaf": Public("modeldata", "leaf_id_flavia", "species"),
    "cut": Public("ggplot2", "diamonds", "cut"),
    "storms": Public("dplyr", "storms", "status", ("name", "category")),
    "surveys": Public("ratdat", "complete", "species_id", SURVEY),
    "mlb": Public("openintro", "mlb_players_18", "position", ("name", "team")),
}
LEARNT = 0.8  # of the training rows; the others choose the epoch


def before(rows: int) -> dict[str, dict[str, Any]]:
    """The settings that two classes have, of `rows` to train on: what the recipe did before."""
    of_two = BY_DATA["default"](round(LEARNT * rows), 1, False, 2)
    return {"one": {"networks": 1, "epochs": of_two["epochs"]}, "dropped": {"dropout": of_two["dropout"]}}


def contenders(way: str, rows: int, seed: int) -> dict[str, Rival]:
    """The recipe as it was, and as it is; `rows` to train on."""
    old = network("default", seed=seed, folds=0, **before(rows)[way])
    return {way: old, "default": network("default", seed=seed, folds=0)}


def measured(data: Data, way: str, seeds: int) -> Iterator[tuple[str, Line]]:
    """Who, and what was measured of it, for each fold and seed."""
    for train, test in ((data.table.frame[a], data.table.frame[b]) for a, b in data.folds):
        reference = 0.0
        turns = [{REFERENCE: RIVALS[REFERENCE]}, *(contenders(way, len(train), seed) for seed in range(seeds))]
        for who, run in ((who, run) for each in turns for who, run in each.items()):
            started = time.process_time()
            with threadpool_limits(1):
                answers = run(data, train, test)
            seconds = time.process_time() - started
            reference = seconds if who == REFERENCE else reference
            about = {"rows": len(train), "classes": len(data.target.classes), "time": seconds / reference}
            yield who, about | scored(data, answers, train, test)


def main() -> None:
    """Measure and print, a line a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", metavar="NAME")
    parser.add_argument("--folder", type=Path, help="of CSV files, the last column of each its target: other tables")
    parser.add_argument("--before", default="one", choices=["one", "dropped"])
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rows", type=int, default=6_000)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    own = None if options.folder is None else Folder(options.folder)
    of = f"accuracy, log loss, time of {options.before}"
    print(f"{'':10}{'rows':>6}{'classes':>9}{of:>37}{'of default':>25}{'of HGB':>18}")
    for name in known(options.tables, TABLES if own is None else own.files):
        data = (load(name, options.folds, options.rows, TABLES[name]) if own is None
                else own.load(name, options.folds, options.rows))  # fmt: skip
        lines = list(measured(data, options.before, options.seeds))

        def mean(who: str, what: str, lines: list[tuple[str, Line]] = lines) -> float:
            return statistics.mean(line[what] for each, line in lines if each == who)

        shown = f"{name:10}{lines[0][1]['rows']:6,}{lines[0][1]['classes']:9}"
        for who in (options.before, "default", REFERENCE):
            times = statistics.median(line["time"] for each, line in lines if each == who)
            shown += f"{mean(who, 'score'):16.4f} {mean(who, 'loss'):6.3f}" + (
                "" if who == REFERENCE else f"{times:5.2f}"
            )
        print(shown, flush=True)


if __name__ == "__main__":
    main()
