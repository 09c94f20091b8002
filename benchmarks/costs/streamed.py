"""Training on rows that lie on a disk beside the same rows in memory; see docs/scale.md.

    python -m benchmarks.costs.streamed [ROWS [EPOCHS]]    a million rows; six epochs of each, in turn

Prepared rows of fifty numbers, each beside its bins, and ten words, by the recipe's network for so many rows. What is
said of each epoch but the first is its wall time, and the processor time of the whole process in it.
"""

from __future__ import annotations

import tempfile
import time
from typing import Any

import numpy as np

from benchmarks import commands
from deltaw import Network
from deltaw.engines.rows import Rows
from deltaw.equations.encoded import Encoded, Field
from deltaw.equations.losses import loss
from deltaw.training.blocks import Blocks, Kept
from deltaw.training.epochs import Training
from deltaw.training.pack import SETTINGS
from deltaw.training.windowed import WindowedTraining
from deltaw.training.windows import Windows

NUMBERS, BINS, WORDS, SLOTS, BATCH = 50, 16, 10, 20, 256
FIELDS = [Field(), Field("bins", BINS)] * NUMBERS + [Field("slots", SLOTS)] * WORDS
PLAN = SETTINGS | {
    "optimizer": "adamw(beta1=0.9, beta2=0.95, weight_decay=0.02, decay_schedule='flat_cosine')",
    "learning_rate": 0.003, "batch_size": BATCH, "schedule": "cosine", "loss": loss("cross_entropy"), "seed": 1,
    "engine": "native", "threads": None,
}  # fmt: skip


def made(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """What is stored of so many rows, and their classes."""
    rng, X = np.random.default_rng(0), np.empty((rows, len(FIELDS)), np.float32)
    for i in range(NUMBERS):
        X[:, 2 * i] = rng.standard_normal(rows, np.float32)
        X[:, 2 * i + 1] = np.clip((X[:, 2 * i] + 2) * BINS / 4, 0, BINS)
    X[:, 2 * NUMBERS :] = rng.integers(0, SLOTS, (rows, WORDS))
    return X, (X[:, 0] + X[:, 2] * X[:, 4] - X[:, 6] ** 2 > X[:, 100] / 10 - 1).astype(np.int32)


def network() -> Network:
    inputs = sum(field.inputs for field in FIELDS)
    return Network([inputs, 64, 64, 2], ["selu", "selu", "softmax"], seed=1)


def main(rows: int, epochs: int) -> None:
    """Say what both take."""
    X, T = made(rows)
    plan: dict[str, Any] = PLAN | {"epochs": epochs}
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as folder,
        Blocks(folder, rows, FIELDS, [Kept.of(X), Kept.of(T)], 1) as blocks,
    ):
        for start in range(0, rows, blocks.run):
            blocks.write([each[start : start + blocks.run] for each in (X, T)])
        kept, windows = Rows(Encoded(X, FIELDS), T), Windows(blocks, BATCH, 1)
        both = {
            "in memory": Training(network(), kept, None, **plan),
            "streamed": WindowedTraining(network(), windows, kept.some(1000), None, **plan),
        }
        taken = np.array([[seconds(each) for each in both.values()] for _ in range(epochs)])[1:]
    print(f"{rows:,} rows of {X.shape[1]} stored numbers in {len(windows)} windows an epoch; from the second epoch on:")
    for name, (wall, cpu) in zip(both, taken.transpose(1, 2, 0), strict=True):
        each = ", ".join(f"{a:.2f} ({b:.2f})" for a, b in zip(wall, cpu, strict=True))
        print(f"{name:10}{rows / wall.mean():10,.0f} rows a second; {each} s an epoch (of the processor)")
    print(f"of the rate in memory: {taken[:, 0, 0].sum() / taken[:, 1, 0].sum():.0%}")


def seconds(training: Training) -> tuple[float, float]:
    """Of its next epoch, and of the processor."""
    epoch, wall, cpu = training.epoch, time.perf_counter(), time.process_time()
    while training.epoch == epoch:
        training.advance()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    parser = commands.parser(__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("epochs", nargs="?", type=int, default=6)
    main(**vars(parser.parse_args()))
