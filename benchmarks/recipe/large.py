"""Tables of 12,000 rows and more that nobody chose: the recipe beside what it does of smaller ones.

Run: python -m benchmarks.recipe.large [--before smaller|whole] [--part choosing|confirming|all] [--rows 30000]

The tables of benchmarks/accuracy/scan.py that are so large, with its targets, of at most so many rows; two thirds are
learnt from, and the others answered. *smaller* is `default` with the dropout, the smoothed targets and the batches of
256 that smaller tables have, or would have; *whole* goes to the end of its epochs, as they do, whether a wave of the
rate brings anything or not. Accuracy or R², log loss, and CPU time on one thread.
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
from benchmarks.accuracy.rivals import RIVALS, Answers, Rival, network
from benchmarks.accuracy.scoring import LEAST_GAIN, Line, turn
from benchmarks.tables.divided import Data

LONGEST = 1.5  # times HGB's time that nobody is to take
LEARNT = 0.8  # of the training rows; the others choose the epoch


def smaller(data: Data, train: pl.DataFrame, test: pl.DataFrame) -> Answers:
    """`default` by the rules of fewer rows."""
    settings: dict[str, Any] = {"batch_size": 256, "dropout": 0.15 * 1_500 / (LEARNT * len(train))}
    if data.target.task == "classification":
        settings["label_smoothing"] = 0.05
    return network("default", folds=0, **settings)(data, train, test)


BEFORE = {"smaller": smaller, "whole": network("default", folds=0, patience=10**9)}
CONTENDERS = {"default": network("default", folds=0), "HGB": RIVALS["HGB"]}


def measured(
    contenders: dict[str, Rival], part: str, most: int, bounds: scan.Bounds
) -> Iterator[tuple[str, int, dict[str, Line]]]:
    """Table and target, how many classes, and what was measured of each contender."""
    for number, (name, frame) in enumerate(scan.frames(part, bounds)):
        if number >= most:
            return
        for target in scan.targets(frame, bounds):
            data = scan.data(name, frame, target, bounds)
            found: dict[str, Line] = {}
            for who, run in contenders.items():
                try:
                    found[who] = turn(data, run, *data.parts(0))
                except ValueError as error:  # of a class, or a word, that one of the parts lacks
                    print(f"{name} {target}: {who}: {error}", file=sys.stderr)
            classes = len(data.target.classes) if data.target.task == "classification" else 0
            yield f"{name} {target}", classes, found


def main() -> None:
    """Measure and print, a line a table and target, then what is gained on the mean."""
    parser = commands.parser(__doc__)
    parser.add_argument("--before", default="smaller", choices=list(BEFORE))
    parser.add_argument("--part", default="all", choices=["choosing", "confirming", "all"])
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--tables", type=int, default=sys.maxsize, help="at most so many")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    bounds = scan.Bounds(12_000, 2_000_000, 40, options.rows)
    gains, losses, times, of_trees = [], [], [], []
    contenders = {options.before: BEFORE[options.before], **CONTENDERS}
    print(f"{'':44}{'classes':>8}" + "".join(f"{who:>14} loss time" for who in contenders))
    for name, classes, found in measured(contenders, options.part, options.tables, bounds):
        cells = (
            f"{x['score']:14.4f} {x['loss'] or 0:4.3f} {x['seconds']:4.1f}" if x else " " * 25
            for x in map(found.get, contenders)
        )
        print(f"{name:44.44}{classes:8}" + "".join(cells), flush=True)
        if not {options.before, "default"} <= found.keys():
            continue
        old, new = found[options.before], found["default"]
        times.append(new["seconds"] / old["seconds"])
        of_trees += [[x["seconds"] / found["HGB"]["seconds"] for x in (old, new)]] if "HGB" in found else []
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
    for who, each in zip((options.before, "default"), zip(*of_trees, strict=True), strict=False):
        longer = sum(time > LONGEST for time in each) / len(each)
        print(f"{who} of HGB's time: {statistics.geometric_mean(each):.2f}, more than {LONGEST} on {longer:.0%}")


if __name__ == "__main__":
    main()
