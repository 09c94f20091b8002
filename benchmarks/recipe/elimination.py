"""What backward elimination of columns is worth: by short trainings, or in the course of one training (`once`, that is
`default` with folds=0).

    python -m benchmarks.recipe.elimination [--recipe accurate] [--part choosing|confirming] [--tables NAME …]

Of the tables of benchmarks/accuracy/scan.py of 3,000 rows and more, with its targets, or of benchmarks/tables those
that are named: one of three folds, or all of the latter, is predicted by the recipe with and without elimination, with
the same rows and seed. R² or accuracy without, its gain, the change of the log loss, how many columns are eliminated,
and CPU time with elimination over that without; then means with their standard errors.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from benchmarks import commands
from benchmarks.accuracy.rivals import network
from benchmarks.accuracy.scan import Bounds, data, frames, targets
from benchmarks.accuracy.scoring import gained, turn
from benchmarks.tables.divided import Data, load
from deltaw.models.fitting.deciding import planning
from deltaw.models.fitting.trainings.ablation import Ablation
from deltaw.models.fitting.trainings.midway import Midway

BOUNDS, FOLDS, MOST_ROWS, LEAST_COLUMNS = Bounds(least_rows=3_000, drawn=6_000), 3, 10_000, 6


def pairs(part: str, most: int) -> Iterator[tuple[str, Data]]:
    """So many pairs of a table and a target of a part of the scan."""
    for name, frame in frames(part, BOUNDS):
        for target in targets(frame, BOUNDS) if frame.shape[1] > LEAST_COLUMNS else ():
            try:
                about = data(name, frame, target, BOUNDS)
            except Exception as error:
                print(f"{name}: {error}"[:100], flush=True)
                continue
            if len(about.table.frame) >= BOUNDS.least_rows and about.table.frame.width >= LEAST_COLUMNS:
                yield f"{name}: {target}", about
                most -= 1
        if most <= 0:
            return


def measured(about: Data, recipe: str, folds: int, seed: int) -> dict[str, Any]:
    """The means over folds; `left_out` is None where nothing was to be eliminated."""
    run = network("default", seed, folds=0) if recipe == "once" else network(recipe, seed)
    asked, eliminated, lines = list[int](), Ablation.eliminated, []

    def spy(ablation: Ablation, *how: Any) -> list[int]:
        asked.append(len(found := eliminated(ablation, *how)))
        return found

    def none(plan: Any) -> None:
        return None

    for train, test in map(about.parts, range(folds)):
        with patch.object(planning, "eliminated", none), patch.object(Midway, "of", none):
            without = turn(about, run, train, test)
        with patch.object(Ablation, "eliminated", spy):
            lines.append((without, turn(about, run, train, test)))
    gain = statistics.mean(new["score"] - old["score"] for old, new in lines)
    loss = None if lines[0][0]["loss"] is None else statistics.mean(new["loss"] - old["loss"] for old, new in lines)
    without, time = (statistics.mean(old["score"] for old, _ in lines),
                     statistics.geometric_mean(new["seconds"] / old["seconds"] for old, new in lines))  # fmt: skip
    left_out = statistics.mean(asked) if asked else None
    return {"without": without, "gain": gain, "loss": loss, "time": time, "left_out": left_out}


def main() -> None:
    """Measure and print a line a table."""
    parser = commands.parser(__doc__)
    parser.add_argument("--recipe", choices=("once", "default", "accurate"), default="accurate")
    parser.add_argument("--part", choices=("choosing", "confirming"), default="confirming")
    parser.add_argument("--pairs", type=int, default=60, help="so many of the scan")
    parser.add_argument("--tables", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    named = ((name, load(name, FOLDS, MOST_ROWS)) for name in options.tables)
    lines = []
    print(f"{'':44}{'rows':>7}  without     gain  log loss  left out  time")
    for name, about in named if options.tables else pairs(options.part, options.pairs):
        line = measured(about, options.recipe, FOLDS if options.tables else 1, options.seed)
        if line["left_out"] is None:
            continue
        lines.append(line)
        loss = "" if line["loss"] is None else f"{line['loss']:+.4f}"
        print(f"{name[:42]:44}{len(about.table.frame):7,}{line['without']:9.4f}{line['gain']:+9.4f}{loss:>10}"
              f"{line['left_out']:10.1f}{line['time']:6.2f}", flush=True)  # fmt: skip
    losses = [line["loss"] for line in lines if line["loss"] is not None]
    print("score    " + gained([line["gain"] for line in lines]))
    print("log loss " + gained(losses, -1))
    print(f"time     {statistics.geometric_mean(line['time'] for line in lines):.2f}, columns left out on "
          f"{sum(line['left_out'] > 0 for line in lines)} of {len(lines)}")  # fmt: skip


if __name__ == "__main__":
    main()
