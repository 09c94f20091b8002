"""What the seconds of `accurate` and of `tune` buy: scores on rows that nobody has seen, against processor time.

Run: python -m benchmarks.accuracy.by_the_clock [--tables concrete …] [--seconds 10 30] [--ways accurate tune], or
     python -m benchmarks.accuracy.by_the_clock --diamonds: RMSE of the logarithm of a diamond's price, 60 s.

A search's clock is replaced by half of the process's CPU time: so many seconds are what two quiet cores would give,
whatever else the machine does. Each table: two thirds of at most so many rows are learnt from, the rest scores; without
seconds stand the recipes `default` and `accurate` as they are. `tune` sets no rows apart for a score of its own.

Diamonds: a fifth of the 53,940 rows at random scores (seed 0); the target is ln(price).
"""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl

import deltaw
from benchmarks import commands
from benchmarks.tables.divided import TABLES, load
from benchmarks.tables.public import PUBLIC, brought
from deltaw.models.search import budget
from deltaw.tables import Table, read

CORES = 2
ROWS = 4_000


def by_cpu() -> float:
    """Seconds of so many quiet cores."""
    return time.process_time() / CORES


def fitted(way: str, seconds: float | None, table: Table, target: str) -> tuple[deltaw.Model, float]:
    """The model and the CPU seconds that it took, with reading and preparing."""
    began = time.process_time()
    asked: dict[str, Any] = {"verbose": False, "threads": CORES}
    asked |= {} if seconds is None else {"seconds": seconds}
    model = (
        deltaw.tune(table, target, test_size=0.0, **asked)
        if way == "tune"
        else deltaw.fit(table, target, way, test_size=0.0 if way == "default" else None, **asked)
    )
    return model, time.process_time() - began


def line(name: str, way: str, seconds: float | None, model: deltaw.Model, spent: float, rows: pl.DataFrame) -> str:
    """A row of the table."""
    found = model.evaluate(rows)
    loss = found["log_loss"] if model.task == "classification" else found["rmse"]
    asked = "" if seconds is None else f"{seconds:g} s"
    return f"{name:14} {way:9} {asked:>5} {spent:8.1f} {len(model.members):9} {found.headline:9.4f} {loss:10.4f}"


def main() -> None:
    """Measure and print."""
    parser = commands.parser(__doc__)
    parser.add_argument("--tables", nargs="+", choices=TABLES, metavar="NAME", default=["concrete", "mlc_churn"])
    parser.add_argument("--seconds", nargs="+", type=float, default=[10, 30])
    parser.add_argument("--ways", nargs="+", choices=["accurate", "tune"], default=["accurate"])
    parser.add_argument("--diamonds", action="store_true")
    options = parser.parse_args()
    patch.object(budget, "monotonic", by_cpu).start()

    print(f"{'':14} {'way':9} {'':>5} {'CPU s':>8} {'networks':>9} {'score':>9} {'loss, RMSE':>10}", flush=True)
    if options.diamonds:
        frame = read(brought(PUBLIC["diamonds"])).frame
        frame = frame.with_columns(pl.col("price").cast(pl.Float64).log().alias("price"))
        order = np.random.default_rng(0).permutation(len(frame))
        apart = len(frame) // 5
        data: dict[str, Any] = {"diamonds": (frame[np.sort(order[apart:])], frame[np.sort(order[:apart])], "price", ())}
    else:
        data = {}
        for name in options.tables:
            known = load(name, 3, ROWS)
            learnt, scored = known.parts(0)
            data[name] = (learnt, scored, known.target.name, known.table.blocks)
    for name, (learnt, scored, target, blocks) in data.items():
        table = Table(frame=learnt, name=name, target=target, blocks=blocks)
        bare = [] if options.diamonds else [("default", None), ("accurate", None)]
        for way, seconds in bare + [(way, each) for way in options.ways for each in options.seconds]:
            print(line(name, way, seconds, *fitted(way, seconds, table, target), scored), flush=True)


if __name__ == "__main__":
    main()
