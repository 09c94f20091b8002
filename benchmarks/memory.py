"""How much memory a training takes in memory, and how fast a model answers; see docs/scale.md.

    python benchmarks/memory.py [ROWS]

A table of 50 columns of numbers in Parquet, trained for one epoch in a process of its own, whose largest resident size
is told beside the size of the raw numbers in float32; then answers for it, and for one row of it, by seconds of the
processor, which a machine that others use too does not change much. The same of the network of `deltaw bench`'s
workload `table`, 30-64-64-1 on scaled numbers without bins.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLUMNS = 50
# In a process of its own, too: a child's largest size begins with its parent's.
MAKE = """
import numpy as np, polars as pl, sys
X = np.random.default_rng(0).normal(size=(int(sys.argv[2]), int(sys.argv[3]))).astype(np.float32)
names = {f"x{i}": column for i, column in enumerate(X.T)}
pl.DataFrame(names | {"y": X[:, 0] * X[:, 1] + X[:, 2] > 0}).write_parquet(sys.argv[1])
"""
TRAIN = """
import deltaw, resource, sys
deltaw.fit(sys.argv[1], "y", epochs=1, verbose=False).save(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
TABLE = """
import deltaw, sys
some = [f"x{i}" for i in range(30)]
frame = deltaw.read(sys.argv[1]).frame.head(50_000)
frame = frame.select(*some, y=frame["x0"] * frame["x1"])
deltaw.fit(frame, "y", hidden=(64, 64), scaling="standard", epochs=1, folds=0, verbose=False).save(sys.argv[2])
"""
ANSWER = """
import deltaw, resource, sys, time
model, table = deltaw.load(sys.argv[1]), deltaw.read(sys.argv[2])
one = table.frame.head(1)
began = time.process_time()
model.answers(table, threads=1)
rate = len(table.frame) / (time.process_time() - began)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
took = []
for _ in range(50):
    began = time.process_time()
    model.predict(one)
    took.append(time.process_time() - began)
print(rate, peak, 1000 * sorted(took)[25])
"""


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, raw = Path(folder) / "d.parquet", 4 * rows * COLUMNS
        run(MAKE, path, rows, COLUMNS)
        model, other = Path(folder) / "m.deltaw", Path(folder) / "table.deltaw"
        began = time.perf_counter()
        peak = 1024 * int(run(TRAIN, path, model)[0])
        print(f"training: {peak / 2**20:,.0f} MiB at most, {peak / raw:.1f} × the raw numbers "
              f"({raw / 2**20:,.0f} MiB), {time.perf_counter() - began:.0f} s")  # fmt: skip
        run(TABLE, path, other)
        for what, file in (("50 columns, the recipe's network", model), ("30 columns, 30-64-64-1", other)):
            rate, most, took = map(float, run(ANSWER, file, path))
            print(f"{what}: {rate:,.0f} rows a second of the processor, {most / 1024:,.0f} MiB at most; "
                  f"one row in {took:.2f} ms of it")  # fmt: skip


def run(code: str, *arguments: Path | int) -> list[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
