"""The recipes beside boosted trees, a linear model and scikit-learn's MLP: accuracy, log loss and processor time.

    make accuracy
    python -m benchmarks.accuracy.beside_others [--networks default] [--tables wine …] [--file FILE] [--json]
    python -m benchmarks.accuracy.beside_others --folder FOLDER      tables of your own: benchmarks/tables/folder.py

Every table is divided into folds; each contender learns from the other folds and answers for the one. Classes are
scored by accuracy and log loss, numbers by R². Seconds are those of the process, of one fit with its preparation and
the answers for the test rows, on one thread; contenders take turns within a fold, so that what else the machine does
falls on all of them alike. Time and rank say the most in comparison:

- normalised: (score - guess) / (best - guess) of a table, where the guess is the constant answer and the best that of
  all contenders; then the mean over the tables where that gains anything, if any does;
- rank: among all contenders by the mean score of a table (1 is the best, a draw shares), then the mean over tables;
- time: CPU seconds over those of HistGradientBoosting in the same fold, the median of a table, then the geometric mean.

With --file, every run is written there as a line of JSON, and what stands there is not run again. Rivals that take too
long here can be asked on another machine: benchmarks/accuracy/elsewhere.py.
"""

from __future__ import annotations

import json
import statistics
import sys
import warnings
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from benchmarks import commands, kept
from benchmarks.accuracy.rivals import NETWORKS, REFERENCE, Rival, installed, network
from benchmarks.accuracy.scoring import LEAST_GAIN, Line, turn
from benchmarks.tables.divided import CHOSEN_ON, SEED, TABLES, UNSEEN, Data, known, load
from benchmarks.tables.folder import PARTS, Folder

FOLDS, MOST_ROWS = 5, 10_000
SETS = {"chosen on": CHOSEN_ON, "unseen": UNSEEN, "all": TABLES}


def measure(
    name: str, contenders: dict[str, Rival], folds: int, rows: int, there: list[Line], first: int | None = None,
    brought: Callable[[str, int, int], Data] = load,
) -> list[Line]:  # fmt: skip
    """The runs of one table that are not known yet: a line for each fold, or the `first`, and contender.

    REFERENCE takes its turn in every fold in which anything is measured: its seconds are what others' are held against.
    """
    done = {(line["table"], line["fold"], line["who"]) for line in there}
    wanted = {fold: [who for who in contenders if (name, fold, who) not in done] for fold in range(folds)[:first]}
    data = brought(name, folds, rows) if any(wanted.values()) else None
    lines: list[Line] = []
    for fold, missing in wanted.items():
        if data is None or not missing:
            continue
        turns: dict[str, Line] = {}
        for who in dict.fromkeys([REFERENCE, *missing]):
            turns[who] = turn(data, contenders[who], *data.parts(fold))
            about = {"table": name, "rows": len(data.table.frame), "fold": fold, "who": who}
            line = about | {"times": turns[who]["seconds"] / turns[REFERENCE]["seconds"]} | turns[who]
            lines += [line] if who in missing else []
    return lines


def told(number: float | None, digits: int = 2) -> str:
    """Nothing of what is not known."""
    return "" if number is None else f"{number:.{digits}f}"


class Summary:
    """What the runs say of each contender on each table, and of all tables together."""

    def __init__(self, lines: list[Line], sets: Mapping[str, Collection[str]] = SETS) -> None:
        self.lines, self.sets = lines, sets
        self.who = tuple(dict.fromkeys(line["who"] for line in lines))
        self.tables = tuple(dict.fromkeys(line["table"] for line in lines))

    def of(self, table: str, who: str, what: str) -> list[Any]:
        """A number of each fold, None where it has none."""
        return [line[what] for line in self.lines if line["table"] == table and line["who"] == who]

    def score(self, table: str, who: str) -> float:
        return statistics.fmean(self.of(table, who, "score"))

    def spread(self, table: str, who: str) -> float:
        folds = self.of(table, who, "score")
        return statistics.stdev(folds) if len(folds) > 1 else 0.0

    def times(self, table: str, who: str) -> float | None:
        """CPU seconds over those of REFERENCE in the same fold, the median; None where a fold has none."""
        folds = self.of(table, who, "times")
        return None if None in folds else statistics.median(folds)

    def normalised(self, table: str, who: str) -> float | None:
        """None where nobody is better than the guess: there is nothing to divide by."""
        guess, best = statistics.mean(self.of(table, who, "guess")), max(self.score(table, each) for each in self.who)
        return (self.score(table, who) - guess) / (best - guess) if best - guess >= LEAST_GAIN else None

    def rank(self, table: str, who: str) -> float:
        own, all_ = self.score(table, who), [self.score(table, each) for each in self.who]
        return sum(other > own for other in all_) + (sum(other == own for other in all_) + 1) / 2

    def losses(self, tables: list[str], who: str) -> list[float]:
        means = [self.of(table, who, "loss") for table in tables]
        return [statistics.mean(folds) for folds in means if None not in folds]

    def row(self, label: str, tables: list[str], who: str) -> Line:
        """All that is said of a contender over some tables."""
        losses, times = self.losses(tables, who), [self.times(table, who) for table in tables]
        known = [each for each in times if each is not None] if None not in times else []
        shares = [share for table in tables if (share := self.normalised(table, who)) is not None]
        return {
            "tables": label,
            "who": who,
            "normalised": statistics.mean(shares) if shares else None,
            "rank": statistics.mean(self.rank(table, who) for table in tables),
            "loss": statistics.mean(losses) if losses else None,
            "time": statistics.geometric_mean(known) if known else None,
            "longest": max(known, default=None),
        }

    def rows(self) -> list[Line]:
        """Over the tables that chose the recipe, over those that chose nothing, and over all."""
        known = {label: [table for table in self.tables if table in names] for label, names in self.sets.items()}
        return [self.row(label, tables, who) for label, tables in known.items() if tables for who in self.who]

    def text(self) -> str:
        """Two tables."""
        lines = ["scores ± spread over folds, CPU time over that of " + REFERENCE, ""]
        lines.append(f"{'':14}{'rows':>7}" + "".join(f"{who:>21}" for who in self.who))
        for table in self.tables:
            rows = next(line["rows"] for line in self.lines if line["table"] == table)
            cells = (
                f"{self.score(table, who):.3f} ± {self.spread(table, who):.3f} {told(self.times(table, who)):>6}"
                for who in self.who
            )
            lines.append(f"{table:14}{rows:7,}" + "".join(f"{cell:>21}" for cell in cells))
        lines += ["", f"{'':24}normalised   rank   log loss   time   longest"]
        for row in self.rows():
            gained, loss = (told(row[what], 3) for what in ("normalised", "loss"))
            numbers = f"{gained:>10} {row['rank']:6.2f} {loss:>10} {told(row['time']):>6} {told(row['longest']):>9}"
            lines.append(f"{row['tables']:12}{row['who']:12}{numbers}")
        return "\n".join(lines)


def main() -> None:
    """Measure and print tables, or JSON."""
    parser = commands.parser(__doc__)
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=list(NETWORKS), metavar="NAME")
    parser.add_argument("--rivals", nargs="*", default=list(installed()), choices=list(installed()))
    parser.add_argument("--tables", nargs="+", metavar="NAME")
    parser.add_argument("--folder", type=Path, help="of CSV files: the tables, the last column of each its target")
    parser.add_argument("--part", choices=list(PARTS), help="of a folder: its choosing tables, or its confirming ones")
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--first", type=int, help="only so many of the folds are run")
    parser.add_argument("--rows", type=int, default=MOST_ROWS, help="of a larger table so many at random")
    parser.add_argument("--seed", type=int, default=SEED, help="of the networks; folds and rivals keep theirs")
    parser.add_argument("--file", type=Path, help="where runs are kept, a line each")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")  # MLP: 200 iterations were not enough; linear: nor were 1,000

    own = Folder(options.folder) if options.folder is not None else None
    sets, brought = (SETS, load) if own is None else (own.sets, own.load)
    if own is None and options.part is not None:
        parser.error("--part: expected a --folder, of whose tables it is a part")
    names = known(options.tables, sets[options.part or "all"])
    everybody = installed()
    rivals = {name: everybody[name] for name in dict.fromkeys([REFERENCE, *options.rivals])}
    contenders = {name: network(seed=options.seed, **NETWORKS[name]) for name in options.networks} | rivals
    lines = kept.lines(options.file)
    for name in names:
        new = measure(name, contenders, options.folds, options.rows, lines, options.first, brought)
        lines += new
        for line in new:
            kept.add(options.file, line)
        print(f"{name}: {len(new)} runs", file=sys.stderr)
    shown = [line for line in lines if line["who"] in contenders and line["table"] in names]
    order = [list(sets["all"]), list(contenders)]
    shown.sort(key=lambda line: (order[0].index(line["table"]), order[1].index(line["who"]), line["fold"]))
    summary = Summary(shown, sets)
    print(json.dumps(summary.rows(), indent=2) if options.json else summary.text())


if __name__ == "__main__":
    main()
