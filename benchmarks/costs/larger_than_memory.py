"""A table larger than the memory that it is trained in; see docs/scale.md.

    python -m benchmarks.costs.larger_than_memory WHAT …

    make FOLDER [ROWS] [COLUMNS]    shards of Parquet, a million rows each; 50 M × 60
    train FOLDER [MEMORY] [EPOCHS]  trains on them, and says the largest resident size
    beside [ROWS]                   beside the same rows in memory: quality, rate

Five columns of six are numbers, of which some have gaps, the others words; whether the answer is yes depends on ten
numbers and two words, and is then turned round in a tenth of the rows.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import commands

SHARD = 1_000_000
TRAIN = """
import resource, sys
from deltaw.cli import main
data, model, memory, epochs = sys.argv[1:]
status = main(["train", data, "-t", "y", "-o", model, "--memory", memory, "--epochs", epochs, "-v"])
print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
sys.exit(status)
"""


def shard(number: int, rows: int, columns: int) -> object:
    import polars as pl

    rng = np.random.default_rng(number)
    numbers = columns - columns // 6
    X = rng.normal(size=(rows, numbers))
    words = [rng.integers(0, 20 * (1 + i), rows) for i in range(columns - numbers)]
    z = X[:, :4].sum(axis=1) + X[:, 4] * X[:, 5] - X[:, 6] ** 2 + np.abs(X[:, 7]) + np.sin(2 * X[:, 8]) + X[:, 9]
    z += sum((each % 3 == 0) * 1.5 for each in words[:2])
    y = (z > 0.5) ^ (rng.random(rows) < 0.1)
    frame = pl.DataFrame({f"x{i}": X[:, i] for i in range(numbers)})
    frame = frame.with_columns(pl.when(pl.int_range(rows) % 97 != 0).then("x0").alias("x0"))
    names = pl.Series([f"word {i}" for i in range(20 * (1 + columns))])
    texts = [names.gather(each).alias(f"w{i}") for i, each in enumerate(words)]
    return frame.with_columns(*texts, y=pl.Series(np.where(y, "yes", "no")))


def make(folder: Path, rows: int, columns: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, rows, SHARD)):
        path = folder / f"{number:05}.parquet"
        if not path.is_file():
            shard(number, min(SHARD, rows - start), columns).write_parquet(path)  # type: ignore[attr-defined]
    size = sum(path.stat().st_size for path in folder.glob("*.parquet"))
    print(f"{rows:,} rows of {columns} columns and an answer: {size / 2**30:.2f} GiB of Parquet, "
          f"{rows * columns * 4 / 2**30:.2f} GiB as float32")  # fmt: skip


def train(folder: Path, memory: str, epochs: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        began = time.perf_counter()
        command = [sys.executable, "-c", TRAIN, str(folder), str(Path(place) / "m.deltaw"), memory, epochs]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    *said, peak = done.stdout.strip().splitlines()
    print("\n".join(said))
    print(f"{float(peak.split()[1]):,.0f} MiB resident at most, {time.perf_counter() - began:.0f} s in all")


def beside(rows: int) -> None:
    import deltaw
    from deltaw.models.contents import rows_an_epoch

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "d.parquet"
        shard(0, rows, 60).write_parquet(path)  # type: ignore[attr-defined]
        print("seed   AUC in memory, streamed   rows a second from the second epoch on, in memory, streamed")
        for seed in range(3):
            found = []
            for memory in (2**40, 2**28):  # the second streams
                model = deltaw.fit(str(path), "y", epochs=4, seed=seed, memory=memory, cache=place, verbose=False)
                assert model.scores is not None
                found.append((model.scores["auc"], rows_an_epoch(model) * 3 / sum(model.history.seconds[1:])))
            (one, fast), (other, slow) = found
            print(f"{seed}      {one:.4f}, {other:.4f}            {fast:,.0f}, {slow:,.0f} ({slow / fast:.0%})")


WAYS: dict[Callable[..., None], dict[str, tuple[type, Any]]] = {
    make: {"folder": (Path, None), "rows": (int, 50_000_000), "columns": (int, 60)},
    train: {"folder": (Path, None), "memory": (str, "2G"), "epochs": (str, "2")},
    beside: {"rows": (int, 400_000)},
}


if __name__ == "__main__":
    parser = commands.parser(__doc__)
    ways = parser.add_subparsers(required=True)
    for way, given in WAYS.items():
        chosen = ways.add_parser(way.__name__)
        chosen.set_defaults(way=way)
        for name, (kind, usual) in given.items():
            chosen.add_argument(name, type=kind, **({} if usual is None else {"nargs": "?", "default": usual}))
    options = vars(parser.parse_args())
    options.pop("way")(**options)
