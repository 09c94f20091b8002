"""How much memory a training takes in memory, and how fast a model answers; see docs/scale.md.

    python benchmarks/memory.py [ROWS]

A table of 50 columns of numbers in Parquet, trained for one epoch in a process of its own, whose largest resident size
is told beside the size of the raw numbers in float32; then answers for it, by seconds of the processor, which a machine
that others use too does not change much.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

COLUMNS = 50
TRAIN = """
import deltaw, resource, sys
deltaw.fit(sys.argv[1], "y", epochs=1, verbose=False).save(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
ANSWER = """
import deltaw, resource, sys, time
model, table = deltaw.load(sys.argv[1]), deltaw.read(sys.argv[2])
began = time.process_time()
model.answers(table, threads=1)
print(len(table.frame) / (time.process_time() - began), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main(rows: int) -> None:
    import polars as pl

    with tempfile.TemporaryDirectory() as folder:
        rng, path, model = np.random.default_rng(0), Path(folder) / "d.parquet", Path(folder) / "m.deltaw"
        X = rng.normal(size=(rows, COLUMNS)).astype(np.float32)
        names = {f"x{i}": X[:, i] for i in range(COLUMNS)}
        pl.DataFrame(names | {"y": X[:, 0] * X[:, 1] + X[:, 2] > 0}).write_parquet(path)
        raw = X.nbytes
        began = time.perf_counter()
        peak = 1024 * int(run(TRAIN, path, model)[0])
        print(f"training: {peak / 2**20:,.0f} MiB at most, {peak / raw:.1f} × the raw numbers "
              f"({raw / 2**20:,.0f} MiB), {time.perf_counter() - began:.0f} s")  # fmt: skip
        answered, peak_of_answers = run(ANSWER, model, path)
        rate, most = float(answered), int(peak_of_answers) / 1024
        print(f"answers: {rate:,.0f} rows a second of the processor, {most:,.0f} MiB at most")


def run(code: str, *arguments: Path) -> list[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
