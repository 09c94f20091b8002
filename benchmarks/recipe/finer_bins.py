"""What it is worth that all numbers of a table get finer bins where the target needs them: R² with them, and without.

    python -m benchmarks.recipe.finer_bins [--recipe default] [--part choosing|confirming] [--folder FOLDER]
                                           [--tables NAME …]

Of the regression tables of benchmarks/accuracy/scan.py, of a folder (benchmarks/tables/folder.py), or of
benchmarks/tables those that are named: a line for each that gets finer bins in one of two folds of three, with R²
without, its gain, ln(error with / without) and CPU time with over without; then means with their standard errors.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Iterator
from math import inf, log
from pathlib import Path
from unittest.mock import patch

from benchmarks import commands
from benchmarks.accuracy.rivals import NETWORKS, network
from benchmarks.accuracy.scan import FIRST, FOLDS, data, frames, targets
from benchmarks.accuracy.scoring import gained, turn
from benchmarks.tables.divided import Data, load
from benchmarks.tables.folder import Folder
from deltaw.models import plan
from deltaw.preparation import finer_bins
from deltaw.tables import Table

MOST_ROWS, PERFECT = 4_000, 1e-9


def pairs(part: str) -> Iterator[Data]:
    """Pairs of a table and a target of a part of the scan."""
    for name, frame in frames(part):
        for target in targets(frame):
            try:
                yield data(name, frame, target)
            except Exception as error:
                print(f"{name}: {error}"[:100], flush=True)


def changes(about: Data, fold: int) -> bool:
    """Whether the training rows of a fold get finer bins."""
    train, name = about.parts(fold)[0], about.target.name
    table = Table(frame=train, name=about.table.name, target=name, blocks=about.table.blocks)
    with patch.object(finer_bins, "WORTH", inf):
        without = plan(table, name, folds=0, test_size=0.0).preparation
    return plan(table, name, folds=0, test_size=0.0).preparation != without


def main() -> None:
    """Measure and print a line a table."""
    parser = commands.parser(__doc__)
    parser.add_argument("--recipe", choices=list(NETWORKS), default="default")
    parser.add_argument("--part", choices=("choosing", "confirming"), default="confirming")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--tables", nargs="+", metavar="NAME", default=[])
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    own = None if options.folder is None else Folder(options.folder)
    tables = (load(name, FOLDS, MOST_ROWS) for name in options.tables) if options.tables else pairs(options.part)
    if own is not None:
        tables = (own.load(name, FOLDS, MOST_ROWS) for name in options.tables or own.sets[options.part])
    run, asked, gains, errors = network(**NETWORKS[options.recipe]), 0, [], []
    for about in (each for each in tables if each.target.task == "regression"):
        asked += 1
        if not any(changes(about, fold) for fold in range(FIRST)):
            continue
        lines = []
        for fold in range(FIRST):
            with patch.object(finer_bins, "WORTH", inf):
                without = turn(about, run, *about.parts(fold))
            lines.append((without, turn(about, run, *about.parts(fold))))
        old, new = (statistics.mean(line[i]["score"] for line in lines) for i in (0, 1))
        error = log(max(1 - new, PERFECT) / max(1 - old, PERFECT))
        time = statistics.geometric_mean(b["seconds"] / a["seconds"] for a, b in lines)
        gains.append(new - old)
        errors.append(error)
        name = f"{about.table.name}: {about.target.name}"
        print(f"{name[:40]:40} {old:.4f} {new - old:+.4f}  ln {error:+.3f}  time {time:.2f}", flush=True)
    print(f"{asked} tables, {len(gains)} with finer bins")
    if gains:
        print("R²        " + gained(gains))
        print("ln(error) " + gained(errors, -1, 0.01))


if __name__ == "__main__":
    main()
