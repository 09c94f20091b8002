"""Networks of numbers, as they are and mixed with the line that they began with as held-out rows say.

Run: python -m benchmarks.recipe.calibrated_numbers [--part confirming] [--tables 60] [--seeds 3] [--folds]

The tables are those of benchmarks/accuracy/scan.py of 225 rows and more, of which 1,500 are drawn, each with its last
column of numbers as the target; two thirds are learnt from. Of each: R² of the linear model, of `default` without
(`calibrate=False`) and the gain with it, the means over three folds and the seeds; `--folds`: as `fit` trains when
nothing is said. At the end the means, and on how many tables each is behind the linear model by more than .01.
"""

from __future__ import annotations

import statistics
import sys
import warnings
from itertools import islice

import numpy as np

from benchmarks import commands
from benchmarks.accuracy.rivals import RIVALS, network
from benchmarks.accuracy.scan import FOLDS, Bounds, data, frames, targets
from benchmarks.accuracy.scoring import gained, turn
from benchmarks.tables.divided import Data
from benchmarks.tables.folder import numeric

BOUNDS = Bounds(least_rows=225, drawn=1_500)  # of which two thirds say it
WORST = -1.0  # R² of a few rows may be anything below
MUCH, CLEARLY = 0.01, 0.002


def measured(about: Data, seeds: int, folds: int | None) -> tuple[float, float, float]:
    """R² of the linear model, without and with it."""
    settings = {"task": "regression"} | ({} if folds is None else {"folds": folds})
    ways = {"linear": [RIVALS["linear"]]} | {
        str(asked): [network("default", seed, calibrate=asked, **settings) for seed in range(seeds)]
        for asked in (False, True)
    }
    parts = [about.parts(fold) for fold in range(FOLDS)]
    linear, without, having = (
        statistics.mean(max(turn(about, run, *part)["score"], WORST) for run in runs for part in parts)
        for runs in ways.values()
    )
    return linear, without, having


def main() -> None:
    """Measure and print a line a table."""
    parser = commands.parser(__doc__)
    parser.add_argument("--part", default="confirming", choices=["choosing", "confirming", "all"])
    parser.add_argument("--tables", type=int, default=sys.maxsize, help="at most so many")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folds", action="store_true")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    found = []
    for name, frame in islice(frames(options.part, BOUNDS), options.tables):
        for target in targets(frame, BOUNDS)[-1:]:
            about = data(name, frame, target, BOUNDS) if numeric(frame[target]) else None
            if about is None or not about.columns or about.target.task != "regression":
                continue
            found.append(measured(about, options.seeds, None if options.folds else 0))
            linear, without, having = found[-1]
            print(f"{f'{name}: {target}':48.48}{linear:8.3f}{without:8.3f}{having - without:+9.4f}", flush=True)
    linear, without, having = np.array(found).T
    behind = [int((each < linear - MUCH).sum()) for each in (without, having)]
    print(gained((having - without).tolist(), clearly=CLEARLY))
    print(f"behind the linear model on {behind[0]} → {behind[1]}")


if __name__ == "__main__":
    main()
