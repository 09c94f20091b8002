"""Telemetry: how much of the time a training takes more when it is looked at once an epoch."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from deltaw.bench.problems import PROBLEMS
from deltaw.network import Network
from deltaw.training import train

TARGET = 0.03  # of the time, at most
EPOCHS = 3


@dataclass(frozen=True)
class Watching:
    """Seconds of every run: 784-200-10, Adam, batch 32; alone, and with a look after each epoch."""

    alone: tuple[float, ...]
    watched: tuple[float, ...]

    @property
    def share(self) -> float:
        """How much longer the watched one takes; below 0 where chance made it quicker. Least of all runs, both."""
        return min(self.watched) / min(self.alone) - 1.0

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self) | {
            "share": self.share,
            "median_share": median(self.watched) / median(self.alone) - 1.0,
            "target": TARGET,
            "met": self.share <= TARGET,
        }


def measure(runs: int, threads: int, mnist: Path | None, rows: int | None) -> Watching:
    """Both in turn, after a warm-up run of each."""
    arrays, _ = PROBLEMS["mnist"](mnist)
    X, t = arrays["X"][:rows], arrays["t"][:rows]
    seconds = []
    for _ in range(runs + 1):
        pair = []
        for telemetry in (False, True):
            network = Network([784, 200, 10], ["relu", "softmax"])
            started = time.perf_counter()
            train(
                network, X, t, loss="cross_entropy", optimizer="adam", learning_rate=1e-3, batch_size=32,
                epochs=EPOCHS, threads=threads, telemetry=telemetry,
            )  # fmt: skip
            pair.append(time.perf_counter() - started)
        seconds.append(pair)
    alone, watched = zip(*seconds[1:], strict=True)
    return Watching(alone, watched)
