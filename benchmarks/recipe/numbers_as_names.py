"""What it is worth that numbers are names: one `default` training with what each number tells, and one without.

Run: python -m benchmarks.recipe.numbers_as_names [--tables airfare …] [--folds 3] [--rows 6000]

Both learn from the same rows of a fold and answer the rest: R² or accuracy without, the gain, a column for each fold,
of classes the change of the log loss, and CPU time in comparison. Without, no chance is small enough (`CHANCE` 0). The
first tables chose the rule, the others did not; `--classes` takes tables of three classes and more.
"""

from __future__ import annotations

import statistics
from unittest.mock import patch

from benchmarks import commands
from benchmarks.accuracy.rivals import network
from benchmarks.accuracy.scoring import Line, turn
from benchmarks.tables.divided import KNOWN, Data, load
from deltaw.preparation.columns import recurring

CHOSEN_ON = ("airfare", "Computers", "concrete", "ames", "diamonds", "spam7")
UNSEEN = ("hotel_rates", "flights", "deliveries", "movielens", "InstEval", "gapminder")
OF_CLASSES = ("origin", "hpc_data", "Cracker", "Hawks", "mlb", "buildings", "plots", "pitches",
              "Fishing", "Catsup", "Chile", "continents", "storms", "grades", "Yogurt", "BEPS", "cut")  # fmt: skip
default = network("default", folds=0)


def main() -> None:
    """Measure and print, a line a table."""
    parser = commands.parser(__doc__)
    parser.add_argument("--tables", nargs="+", choices=KNOWN, metavar="NAME")
    parser.add_argument("--classes", action="store_true")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=6000)
    options = parser.parse_args()
    print(f"{'':14}{'rows':>7}{'without':>10}{'gain':>10}   {'of each fold':{9 * options.folds}}{'loss':>7}{'time':>6}")
    for name in options.tables or (OF_CLASSES if options.classes else (*CHOSEN_ON, *UNSEEN)):
        data = load(name, options.folds, options.rows)
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
    with patch.object(recurring, "CHANCE", chance):
        return turn(data, default, *data.parts(fold))


if __name__ == "__main__":
    main()
