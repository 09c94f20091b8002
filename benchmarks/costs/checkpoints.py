"""What checkpoints cost: trainings with and without, in turn, and the time and size of one; see docs/scale.md.

python -m benchmarks.costs.checkpoints
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import commands
from deltaw import Network, train
from deltaw.training.folder import KEPT

RUNS = 3
# rows, sizes, epochs
CASES = {
    "a table: 30,000 × 100, 64, 64": (30_000, [100, 64, 64, 2], 5),
    "pixels: 10,000 × 784, 200": (10_000, [784, 200, 10], 4),
    "small: 2,000 × 20, 32": (2_000, [20, 32, 2], 50),
}


def main() -> None:
    rng = np.random.default_rng(0)
    for name, (n, sizes, epochs) in CASES.items():
        X = rng.normal(size=(n, sizes[0])).astype(np.float32)
        T = rng.uniform(0.1, 0.9, (n, sizes[-1])).astype(np.float32)
        asked: dict[str, Any] = {
            "optimizer": "adam",
            "batch_size": 128,
            "epochs": epochs,
            "validation": (X[:500], T[:500]),
        }
        seconds: dict[str, list[float]] = {"none": [], "60s": [], "1epochs": []}
        size = 0
        for _ in range(RUNS):
            for every, found in seconds.items():
                with tempfile.TemporaryDirectory() as folder:
                    keep: dict[str, Any] = {} if every == "none" else {"checkpoint": folder, "every": every}
                    network, began = Network(sizes, seed=0), time.perf_counter()
                    train(network, X, T, **asked, **keep)
                    found.append(time.perf_counter() - began)
                    if keep:
                        size = max(path.stat().st_size for path in Path(folder).iterdir())
        plain = seconds["none"]
        ratios = {every: median(a / b for a, b in zip(found, plain, strict=True)) for every, found in seconds.items()}
        each = (median(seconds["1epochs"]) - median(plain)) / epochs
        once, often = (ratios[every] for every in ("60s", "1epochs"))
        print(f"{name}: {median(plain):.2f} s; × {once:.3f} with one at the end, × {often:.3f} with one an epoch")
        print(f"    {epochs} epochs: {1000 * each:.1f} ms and {size / 2**20:.2f} MiB each")
    assert KEPT == 2


if __name__ == "__main__":
    commands.parser(__doc__).parse_args()
    main()
