"""`accurate` of few rows, where it trains two networks for each part that is held out, beside one for each.

Run: python -m benchmarks.recipe.pairs [--tables wine …] [--folder FOLDER --part confirming] [--folds 3] [--seeds 2]

Of each table of fewer than 2,000 rows to learn from: the change of accuracy or R², and of the log loss, the means over
folds and seeds, and CPU time over that of HistGradientBoosting in the same fold, the median, before and now. Then the
means over tables with their standard errors. docs/explanations/recipe.md has it.
"""

from __future__ import annotations

import statistics
import warnings
from pathlib import Path

from benchmarks import commands
from benchmarks.accuracy.beside_others import MOST_ROWS
from benchmarks.accuracy.rivals import REFERENCE, RIVALS, network
from benchmarks.accuracy.scoring import Line, gained, turn
from benchmarks.tables.divided import TABLES, Data, known, load
from benchmarks.tables.folder import PARTS, Folder
from deltaw.models.by_data import ALONE

WAYS = {"one": {"networks": 4}, "two": {}}


def measured(data: Data, seeds: int) -> dict[str, list[Line]]:
    """The lines of each way, of all folds and seeds."""
    found: dict[str, list[Line]] = {way: [] for way in WAYS}
    for train, test in ((data.table.frame[a], data.table.frame[b]) for a, b in data.folds):
        runs = [(way, network("accurate", seed, **settings)) for seed in range(seeds) for way, settings in WAYS.items()]
        reference = turn(data, RIVALS[REFERENCE], train, test)["seconds"]
        for way, run in runs:
            line = turn(data, run, train, test)
            found[way].append({"time": line["seconds"] / reference} | line)
    return found


def change(found: dict[str, list[Line]], what: str) -> float | None:
    """The mean of the second way less that of the first; None where there is none."""
    one, two = ([line[what] for line in found[way]] for way in WAYS)
    return None if None in one else statistics.mean(two) - statistics.mean(one)


def main() -> None:
    """Measure and print a line a table."""
    parser = commands.parser(__doc__)
    parser.add_argument("--tables", nargs="+", metavar="NAME")
    parser.add_argument("--folder", type=Path, help="tables of your own: benchmarks/tables/folder.py")
    parser.add_argument("--part", choices=list(PARTS), default="all")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    own = None if options.folder is None else Folder(options.folder)
    names, brought = (TABLES, load) if own is None else (own.sets[options.part], own.load)
    scores, losses, times = [], [], []
    print(f"{'':20}{'rows':>6}   score  log loss   time")
    for name in known(options.tables, names):
        data = brought(name, options.folds, MOST_ROWS)
        if len(data.folds[0][0]) >= ALONE or any(len(block.shape) >= 2 for block in data.table.blocks):
            continue
        found = measured(data, options.seeds)
        score, loss = change(found, "score"), change(found, "loss")
        assert score is not None
        scores.append(score)
        losses += [] if loss is None else [loss]
        times.append([statistics.median(line["time"] for line in found[way]) for way in WAYS])
        shown, (old, new) = "" if loss is None else f"{loss:+.4f}", times[-1]
        print(f"{name:20}{len(data.folds[0][0]):6,} {score:+.4f}   {shown:7} {old:.2f} → {new:.2f}", flush=True)
    print("score    " + gained(scores))
    if losses:
        print("log loss " + gained(losses, -1))
    old, new = (statistics.geometric_mean(each) for each in zip(*times, strict=True))
    print(f"time     {old:.2f} → {new:.2f}, {max(each[1] for each in times):.2f} on the longest")


if __name__ == "__main__":
    main()
