"""What encoded rows save: CPU time of training on dense inputs over that on the same inputs encoded.

    python -m benchmarks.costs.encoded [--columns 8 28] [--bins 4 16 32] [--batches 256]
    python -m benchmarks.costs.encoded --tables diamonds flights …

For 64-64-1 with mish, dropout 0.15 and AdamW on columns of numbers, each beside its bins; or for all that the recipe
`default` does in one training of two thirds of a table's rows, with HistGradientBoosting beside it. Turns are taken in
one process, on one thread; what is said are medians of the turns' ratios.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import commands
from benchmarks.accuracy.rivals import NETWORKS, REFERENCE, installed, network
from benchmarks.tables.divided import TABLES, load
from deltaw import Encoded, Network, train
from deltaw.equations.encoded import Field
from deltaw.preparation import Preparation

FOLDS, MOST_ROWS = 3, 10_000
EPOCHS = 3


def in_turn(rounds: int, *runs: Callable[[], Any]) -> list[list[float]]:
    """Seconds of this process that each run takes, (runs, rounds)."""
    seconds: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for taken, run in zip(seconds, runs, strict=True):
            taken.append(commands.on_one_thread(run)[1])
    return seconds


def ratio(these: list[float], those: list[float]) -> float:
    """The median of these seconds over those of the same round."""
    return statistics.median(a / b for a, b in zip(these, those, strict=True))


def columns(count: int, bins: int, batch: int, rounds: int) -> None:
    """Train on `count` columns of numbers with so many bins each."""
    rng = np.random.default_rng(0)
    x = rng.random((4096 if batch >= 256 else 1024, count))
    stored = np.stack([2 * x - 1, bins * x], axis=2).reshape(len(x), -1)
    encoded = Encoded(stored, [Field(), Field("bins", bins)] * count)
    dense, T = encoded.toarray(), np.sin(encoded.toarray()[:, :5].sum(axis=1))
    network = Network([dense.shape[1], 64, 64, 1], ["mish", "mish", "identity"], seed=1)

    def run(X: Any) -> Callable[[], Any]:
        return lambda: train(
            network.copy(), X, T, optimizer="adamw", learning_rate=0.003, batch_size=batch, epochs=EPOCHS, dropout=0.15,
            threads=1,
        )  # fmt: skip

    slow, quick = in_turn(rounds, run(dense), run(encoded))
    rate = EPOCHS * len(x) / min(quick) / 1000
    print(f"{count:8}{bins:6}{batch:7}{dense.shape[1]:8}{rate:14,.0f}{ratio(slow, quick):17.2f}", flush=True)


def dense(self: Preparation, frame: Any, source: str, answers: Any = None, rows: Any = None) -> Any:
    """What `Preparation.encode` gives, as `Preparation.transform` gives it."""
    return self.transform(frame if rows is None else frame[rows], source, answers)


def table(name: str, rounds: int) -> None:
    """Train `default` on a table, and the trees."""
    data, encode = load(name, FOLDS, MOST_ROWS), Preparation.encode
    learnt, apart = data.parts(0)

    def run(way: Any) -> Callable[[], Any]:
        def once() -> None:
            Preparation.encode = way  # type: ignore[method-assign]
            network(**NETWORKS["default"])(data, learnt, apart)

        return once

    trees = installed()[REFERENCE]
    slow, quick, others = in_turn(
        rounds, run(dense), run(encode), lambda: trees(data, learnt, apart)
    )  # fmt: skip
    times = f"{ratio(slow, quick):17.2f}{ratio(slow, others):17.2f}{ratio(quick, others):10.2f}"
    print(f"{name:14}{len(learnt):8,}{min(quick):10.2f}{times}", flush=True)


def main() -> None:
    """Measure and print a line for each case."""
    parser = commands.parser(__doc__)
    parser.add_argument("--columns", type=int, nargs="+", default=[8, 28])
    parser.add_argument("--bins", type=int, nargs="+", default=[4, 16, 32])
    parser.add_argument("--batches", type=int, nargs="+", default=[256])
    parser.add_argument("--tables", nargs="*", choices=TABLES, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    if options.tables is not None:
        print("                  rows   seconds  dense / encoded   dense / trees   encoded / trees")
        for name in options.tables:
            table(name, options.rounds)
        return
    print(" columns  bins  batch  inputs  k rows/second  dense / encoded")
    for count in options.columns:
        for bins in options.bins:
            for batch in options.batches:
                columns(count, bins, batch, options.rounds)


if __name__ == "__main__":
    main()
