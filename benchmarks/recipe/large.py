"""Tables of 12,000 rows and more that nobody chose: the recipe beside what it does of smaller ones.

Run: python -m benchmarks.recipe.large [--part choosing|confirming|all] [--rows 30000] [--tables NUMBER]

The tables of benchmarks/accuracy/scan.py that are so large, with its targets, of at most so many rows; two thirds are
learnt from, and the others answered. *smaller* is `default` with the dropout, the smoothed targets and the batches of
256 that smaller tables have, or would have. Accuracy or R², log loss, and CPU time on one thread.
"""

from __future__ import annotations

import statistics
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import polars as pl

from benchmarks import commands
from benchmarks.accuracy import scan
from benchmarks.accuracy.rivals import RIVALS, Answers, network
from benchmarks.accuracy.scoring import LEAST_GAIN, Line, turn
from benchmarks.tables.divided import Data

LEARNT = 0.8  # of the training rows; the others choose the epoch


def smaller(data: Data, train: pl.DataFrame, test: pl.DataFrame) -> Answers:
    """`default` by the rules of fewer rows."""
    settings: dict[str, Any] = {"batch_size": 256, "dropout": 0.15 * 1_500 / (LEARNT * len(train))}
    if data.target.task == "classification":
        settings["label_smoothing"] = 0.05
    return network("default", folds=0, **settings)(data, train, test)


CONTENDERS = {"smaller": smaller, "default": network("default", folds=0), "HGB": RIVALS["HGB"]}


def measured(part: str, most: int, bounds: scan.Bounds) -> Iterator[tuple[str, int, dict[str, Line]]]:
    """Table and target, how many classes, and what was measured of each contender."""
    for number, (name, frame) in enumerate(scan.frames(part, bounds)):
        if number >= most:
            return
        for target in scan.targets(frame, bounds):
            data = scan.data(name, frame, target, bounds)
            found: dict[str, Line] = {}
            for who, run in CONTENDERS.items():
                try:
                    found[who] = turn(data, run, *data.parts(0))
                except ValueError as error:  # of a class, or a word, that one of the parts lacks
                    print(f"{name} {target}: {who}: {error}", file=sys.stderr)
            classes = len(data.target.classes) if data.target.task == "classification" else 0
            yield f"{name} {target}", classes, found


def main() -> None:
    """Measure and print, a line a table and target, then what is gained on the mean."""
    parser = commands.parser(__doc__)
    parser.add_argument("--part", default="all", choices=["choosing", "confirming", "all"])
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--tables", type=int, default=sys.maxsize, help="at most so many")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    bounds = scan.Bounds(12_000, 2_000_000, 40, options.rows)
    gains, losses, times = [], [], []
    print(f"{'':44}{'classes':>8}" + "".join(f"{who:>14} loss time" for who in CONTENDERS))
    for name, classes, found in measured(options.part, options.tables, bounds):
        cells = (
            f"{x['score']:14.4f} {x['loss'] or 0:4.3f} {x['seconds']:4.1f}" if x else " " * 25
            for x in map(found.get, CONTENDERS)
        )
        print(f"{name:44.44}{classes:8}" + "".join(cells), flush=True)
        if not {"smaller", "default"} <= found.keys():
            continue
        old, new = found["smaller"], found["default"]
        times.append(new["seconds"] / old["seconds"])
        best = max(each["score"] for each in found.values()) - new["guess"]
        if best > LEAST_GAIN:
            gains.append((new["score"] - old["score"], best))
            losses += [] if new["loss"] is None else [new["loss"] - old["loss"]]
    if not gains:
        raise SystemExit("no table in which anybody learnt more than to guess")
    more, fewer = (sum(sign * gain > 0.001 for gain, _ in gains) for sign in (1, -1))
    print(f"normalised {statistics.mean(gain / best for gain, best in gains):+.4f}, better {more}, worse {fewer}")
    loss = f"{statistics.mean(losses):+.4f}" if losses else "of no classes"
    print(f"log loss {loss}, time {statistics.geometric_mean(times):.2f}")


if __name__ == "__main__":
    main()
