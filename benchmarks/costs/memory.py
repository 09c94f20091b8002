"""How much memory a training takes in memory, and how fast a model answers; see docs/scale.md.

    python -m benchmarks.costs.memory [ROWS [FILE…]]

A table of 50 columns of numbers, trained for one epoch in a process of its own, whose largest resident size is told
beside the size of the raw numbers in float32, and how much of it is beyond that of the same training of 200 rows: by
`deltaw train` and by `deltaw.fit` from the file, Parquet of numbers that float32 holds and of others, and CSV; and from
a frame, beyond what was resident before. The same with classes in words, and then with five columns of words instead of
numbers, or with gaps in fifteen, or with two digits behind the point in CSV. Then answers of which all columns say
something, so that none is left out: two classes, ten, and numbers; two columns of 5,000 words, or of as many numbers
that are names; the same rows in eight files. The same of 300 columns and a fifth of the rows, and of ten columns of
words. Names of files leave out the others, and what follows.
A CSV of twice the rows with a remark in each, newlines in its quotes, within `--memory 300M`. Then answers for the
first, and for one row of it, by seconds of the processor, which a machine that others use too does not change much; and
by the network of `deltaw bench`'s workload `table`, 30-64-64-1 on scaled numbers without bins.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import commands

COLUMNS = 50
# In a process of its own, too: a child's largest size begins with its parent's.
MAKE = """
import numpy as np, polars as pl, sys
X = np.random.default_rng(0).normal(size=(int(sys.argv[2]), int(sys.argv[3]))).astype(np.float32)
names = {f"x{i}": column for i, column in enumerate(X.T)}
frame = pl.DataFrame(names | {"y": X[:, 0] * X[:, 1] + X[:, 2] > 0})
if sys.argv[4] == "double":
    frame = frame.with_columns(pl.col(pl.Float32).cast(pl.Float64) / 3)
if sys.argv[4] in ("every", "grades", "amount"):  # all columns say something of it
    total = X.mean(axis=1) * X.shape[1] ** 0.5
    cuts = {"every": [0.0], "grades": np.linspace(-1.5, 1.5, 9)}.get(sys.argv[4])
    frame = frame.with_columns(y=total if cuts is None else np.array([*"abcdefghij"])[np.digitize(total, cuts)])
if sys.argv[4] in ("classes", "mixed", "gaps", "cents", "many", "names"):
    frame = frame.with_columns(pl.col(pl.Float32).cast(pl.Float64) / 3)
    frame = frame.with_columns(pl.when("y").then(pl.lit("yes")).otherwise(pl.lit("no")).alias("y"))
if sys.argv[4] == "cents":
    frame = frame.with_columns(pl.col(pl.Float64).round(2))
if sys.argv[4] == "gaps":
    frame = frame.with_columns(pl.when(pl.int_range(pl.len()) % (7 + i) != 0).then(f"x{i}") for i in range(3, 18))
if sys.argv[4] == "mixed":
    place = [((30 * pl.col(f"x{i}").abs()).cast(int) % (5 * 4 ** (i % 3))).alias(f"x{i}") for i in range(3, 8)]
    words = [pl.format("word {}", each).alias(f"x{i}") for i, each in enumerate(place, 3)]
    frame = frame.with_columns(words)
if sys.argv[4] in ("many", "names"):  # whose means stand beside them
    drawn, effects = np.random.default_rng(1), np.random.default_rng(2).normal(size=(2, 5000))
    codes = drawn.integers(0, 5000, size=(2, len(X)))
    names = [pl.Series(f"x{i}", each) for i, each in enumerate(codes, 3)]
    names = [each.cast(pl.Float64) / 8 for each in names] if sys.argv[4] == "names" else [
        pl.select(pl.format("street {}", each).alias(each.name)).to_series() for each in names]
    likely = effects[0][codes[0]] + effects[1][codes[1]] + X[:, 0]
    frame = frame.with_columns(names).with_columns(y=pl.Series(np.where(likely > 0, "yes", "no")))
if sys.argv[4] == "words":
    places = np.abs(X * 10).astype(int) % (5 * 4 ** (np.arange(X.shape[1]) % 4))
    words = pl.DataFrame({f"w{i}": each for i, each in enumerate(places.T)})
    frame = words.with_columns([pl.format("word {}", each).alias(each) for each in words.columns] + [frame["y"]])
parts = 8 if "*" in sys.argv[1] else 1
for i in range(parts):
    part = frame[i * len(frame) // parts : (i + 1) * len(frame) // parts]
    path = sys.argv[1].replace("*", str(i))
    getattr(part, "write_csv" if path.endswith("csv") else "write_parquet")(path)
"""
COMMAND = """
import resource, sys
from deltaw.cli import main
assert main(["train", sys.argv[1], "-t", "y", "-o", sys.argv[2], "--epochs", "1", "-q"]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
FIT = """
import deltaw, resource, sys
deltaw.fit(sys.argv[1], "y", epochs=1, verbose=False).save(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
FRAME = """
import deltaw, polars, sys
frame = polars.read_parquet(sys.argv[1])
known = lambda what: next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(what))
before = known("VmRSS")
open("/proc/self/clear_refs", "w").write("5")  # the largest size begins anew
deltaw.fit(frame, "y", epochs=1, verbose=False).save(sys.argv[2])
print(known("VmHWM") - before)
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


REMARKS = """
import numpy as np, polars as pl, sys
n = int(sys.argv[2])
X = np.random.default_rng(0).normal(size=(n, 8)).round(5)
remark = pl.format("The {}th remark:\\nit says \\"much\\",\\n\\nand goes on for more than a line\\n", pl.int_range(n))
frame = pl.DataFrame({f"x{i}": column for i, column in enumerate(X.T)} | {"y": X[:, 0] * X[:, 1] + X[:, 2] > 0})
frame.with_columns(remark.alias("remark")).write_csv(sys.argv[1])
"""
PARTS = COMMAND.replace('"-q"', '"-q", "--memory", "300M"')

FILES = {"deltaw train": COMMAND, "deltaw.fit of the file": FIT}
TABLES = (  # a file, what part of the rows it has, columns, cells, and how it is trained on
    ("d.parquet", 1, COLUMNS, "single", FILES | {"deltaw.fit of a frame, beyond": FRAME}),
    ("double.parquet", 1, COLUMNS, "double", FILES),
    ("d.csv", 1, COLUMNS, "single", FILES),
    ("classes.parquet", 1, COLUMNS, "classes", FILES),
    ("mixed.parquet", 1, COLUMNS, "mixed", FILES),
    ("gaps.parquet", 1, COLUMNS, "gaps", FILES),
    ("cents.csv", 1, COLUMNS, "cents", FILES),
    ("every.parquet", 1, COLUMNS, "every", FILES),
    ("grades.parquet", 1, COLUMNS, "grades", FILES),
    ("amount.parquet", 1, COLUMNS, "amount", FILES),
    ("many.parquet", 1, COLUMNS, "many", FILES),
    ("names.parquet", 1, COLUMNS, "names", FILES),
    ("shard-*.parquet", 1, COLUMNS, "classes", FILES),
    ("wide.parquet", 5, 300, "single", FILES),
    ("wide-every.parquet", 5, 300, "every", FILES),
    ("words.parquet", 1, 10, "words", FILES),
)


def known(name: str) -> str:
    """The name of a file of TABLES; argparse's own `choices` refuse that there is none."""
    names = [each[0] for each in TABLES]
    if name not in names:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(names)}, found {name!r}")
    return name


def main(rows: int, *names: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model, other = Path(folder) / "m.deltaw", Path(folder) / "table.deltaw"
        for name, of, columns, cells, ways in (each for each in TABLES if not names or each[0] in names):
            path, few, n = Path(folder) / name, Path(folder) / f"few-{name}", rows // of
            run(MAKE, path, n, columns, cells)
            run(MAKE, few, 200, columns, cells)
            for way, code in ways.items():
                began = time.perf_counter()
                peak, raw = 1024 * int(run(code, path, model)[-1]), 4 * n * columns
                took, beyond = time.perf_counter() - began, peak - 1024 * int(run(code, few, model)[-1])
                print(f"{name}, {n:,} × {columns}, {way}: {peak / 2**20:,.0f} MiB at most, {peak / raw:.2f} × the raw "
                      f"numbers ({raw / 2**20:,.0f} MiB), beyond that of 200 rows {beyond / raw:.2f} ×, {took:.0f} s",
                      flush=True)  # fmt: skip
        if names:
            return
        path = Path(folder) / "remarks.csv"
        run(REMARKS, path, 2 * rows)
        began = time.perf_counter()
        print(f"remarks, {path.stat().st_size / 2**20:,.0f} MiB of CSV: {int(run(PARTS, path, model)[-1]) / 1024:,.0f} "
              f"MiB at most, {time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip
        path = Path(folder) / "d.parquet"
        run(FIT, path, model)
        run(TABLE, path, other)
        for what, file in (("50 columns, the recipe's network", model), ("30 columns, 30-64-64-1", other)):
            rate, most, took = map(float, run(ANSWER, file, path))
            print(f"{what}: {rate:,.0f} rows a second of the processor, {most / 1024:,.0f} MiB at most; "
                  f"one row in {took:.2f} ms of it")  # fmt: skip


def run(code: str, *arguments: Path | int | str) -> list[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


if __name__ == "__main__":
    parser = commands.parser(__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("names", nargs="*", type=known, metavar="FILE")
    options = parser.parse_args()
    main(options.rows, *options.names)
