"""The workloads, one a row, with the ratio that DeltaW is to reach in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from deltaw.speech import say

Measure = Literal["train", "predict", "estimator", "frame", "reach"]
FORWARD = ("predict", "estimator", "frame")  # where nothing is trained

ACCURACY = 0.98  # on test images, to which "reach" trains


@dataclass(frozen=True)
class Method:
    """The arithmetic, the same for every peer. Weights start as `deltaw.Network` draws them.

    Attributes:
        sizes: units of every layer, the input first.
        hidden, output: activations.
        loss, optimizer, schedule: by DeltaW's names.
        learning_rate: α.
        batch_size: rows a step; in predictions, rows a call.
        bias: whether layers have one.
        epochs: passes over the rows in one run; 0 where as many are made as fill its time.
        networks: how many are trained at once, over the same rows, each from a seed and in an order of its own.
    """

    sizes: tuple[int, ...]
    hidden: str = "relu"
    output: str = "softmax"
    loss: str = "cross_entropy"
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    batch_size: int = 128
    bias: bool = True
    epochs: int = 0
    schedule: str = "constant"
    networks: int = 1

    @property
    def activations(self) -> list[str]:
        """One name a layer of weights."""
        return [self.hidden] * (len(self.sizes) - 2) + [self.output]


@dataclass(frozen=True)
class Targets:
    """The ratios that DeltaW is to reach at least; None for no target.

    Attributes:
        best: times the best peer.
        compiled: times the best peer with its compile time counted.
        book: times the book's NumPy.
        peak: share of the machine's matrix-product peak.
    """

    best: float | None = None
    compiled: float | None = None
    book: float | None = None
    peak: float | None = None


@dataclass(frozen=True)
class Workload:
    """One row of the table.

    Attributes:
        name: for `--only`.
        title: for the table, a sentence with {rows} where steps have a number of rows; see `described`.
        problem: whose rows; see `problems.PROBLEMS`.
        method: what is done with them.
        measure: "train" counts samples a second; "predict" the rows that a network answers for; "estimator" those of an
            MLPClassifier's predict_proba; "frame" those of a `deltaw.Model`, from a data frame, where peers are given
            the array that is in it; "reach" seconds until `ACCURACY`.
        targets: the ratios that DeltaW is to reach.
        quick: whether `--quick` measures it.
        own: a peer's own method, where each may choose the best that it has.
        rows: of the problem, at most; None: all. Where an epoch would take long.
        nonzero: how many inputs of a row are not zero, where the others cost nothing; 0 where all count.
    """

    name: str
    title: str
    problem: str
    method: Method
    measure: Measure = "train"
    targets: Targets = Targets()
    quick: bool = False
    own: Mapping[str, Method] = field(default_factory=dict)
    rows: int | None = None
    nonzero: int = 0

    def method_of(self, peer: str) -> Method:
        """The peer's own method if it has one, else the common one."""
        return self.own.get(peer, self.method)

    def described(self) -> str:
        """The title, in the language that is chosen."""
        return say(self.title, rows=self.method.batch_size)

    @property
    def operations(self) -> float:
        """Floating-point operations a sample that every dense implementation needs.

        Two for each weight forward; in training two more for dW, and two for what is sent back to the layer
        below, which the first layer need not do.
        """
        n_in, *units = self.method.sizes
        links = [m * n for m, n in zip([self.nonzero or n_in, *units[:-1]], units, strict=True)]
        forward = 2.0 * sum(links)
        return forward if self.measure in FORWARD else 2 * forward + 2.0 * sum(links[1:])


MNIST = Method((784, 200, 10))
NOTES = Method(
    (784, 200, 10),
    hidden="sigmoid",
    output="sigmoid",
    loss="squared",
    optimizer="sgd",
    learning_rate=0.1,
    batch_size=1,
    bias=False,
)

TABLE = Method((30, 64, 64, 1), output="identity", loss="squared", batch_size=256)
DIGITS = Method((64, 100, 10), batch_size=1797)

# Batch size of the workloads on MNIST: the targets with SGD, and with Adam.
BATCHES = {
    4: (Targets(best=4), Targets(best=4)),
    16: (Targets(best=4), Targets(best=4)),
    32: (Targets(), Targets(best=3, peak=0.6)),
    64: (Targets(), Targets(best=3)),
    128: (Targets(), Targets(best=2, peak=0.75)),
    256: (Targets(), Targets(best=1.7, peak=0.75)),
}
METHODS = {
    "sgd": "one step of 784-200-10 after every {rows} rows: plain SGD, on MNIST",
    "adam": "one step of 784-200-10 after every {rows} rows: Adam, on MNIST",
}
QUICK = {("adam", 32), ("adam", 128)}


def _batches(optimizer: str, rate: float, which: int) -> list[Workload]:
    return [
        Workload(
            f"{optimizer}-{size}",
            METHODS[optimizer],
            "mnist",
            replace(MNIST, optimizer=optimizer, learning_rate=rate, batch_size=size),
            targets=targets[which],
            quick=(optimizer, size) in QUICK,
        )
        for size, targets in BATCHES.items()
    ]


# Seconds to 98%. Three epochs are the fewest that got there, by a search with DeltaW over batches of 16 … 512, rates
# and schedules; of these, batches of 128 are the largest that did so from each of five seeds. scikit-learn's Adam
# starts again in each epoch (see peers/scikit.py), and needs another schedule.
REACH = replace(MNIST, batch_size=128, epochs=3, learning_rate=1e-2, schedule="one_cycle(0.2, 0.1, 0.0)")
REACH_OF = {"sklearn": replace(REACH, epochs=4, learning_rate=6e-3, schedule="cosine")}

_ROWS = [
    Workload(
        "notes-1", "one step of 784-200-10 after each row: the notes' method, on MNIST", "notes", NOTES,
        targets=Targets(best=5, book=50), quick=True,
    ),
    *_batches("sgd", 0.05, 0),
    *_batches("adam", 1e-3, 1),
    Workload(
        "deep", "a deeper network, 784-256-256-256-10: Adam, 128 rows a step, on MNIST",
        "mnist", replace(MNIST, sizes=(784, 256, 256, 256, 10)),
        targets=Targets(best=2),
    ),
    Workload(
        "wide", "a wide network, 784-2048-2048-10: Adam, 128 rows a step, on MNIST",
        "mnist", replace(MNIST, sizes=(784, 2048, 2048, 10)),
        targets=Targets(best=1.1), rows=12_800,
    ),
    Workload(
        "tiny", "a tiny network, 4-16-3, from start to end: iris, 150 rows, 200 epochs, 32 rows a step", "iris",
        Method((4, 16, 3), batch_size=32, epochs=200, learning_rate=1e-2),
        targets=Targets(best=3, compiled=20), quick=True,
    ),
    Workload(
        "table", "a table of 100,000 rows: regression with 30-64-64-1, 256 rows a step", "table",
        TABLE, targets=Targets(best=4),
    ),
    Workload(
        "pack", "the same table: 8 networks of 30-64-64-1 at once, 256 rows a step of each", "table",
        replace(TABLE, networks=8), targets=Targets(best=3),
    ),
    Workload(
        "one-hot", "50,000 one-hot inputs, 20 of them 1 in each row: 50,000-64-10, 32 rows a step", "onehot",
        Method((50_000, 64, 10), optimizer="sgd", learning_rate=0.1, batch_size=32),
        targets=Targets(best=10), nonzero=20,
    ),
    Workload(
        "reach-98", "from initial weights to 98% of MNIST's test images right, in seconds", "mnist", REACH, "reach",
        targets=Targets(best=2.5, compiled=6), own=REACH_OF,
    ),
    Workload(
        "predict-1", "predictions of 784-200-10, one row a call", "mnist", replace(MNIST, batch_size=1), "predict",
        targets=Targets(best=5), quick=True,
    ),
    Workload(
        "predict-10000", "predictions of 784-200-10, 10,000 rows a call", "mnist", replace(MNIST, batch_size=10_000),
        "predict", targets=Targets(best=1.2),
    ),
    Workload(
        "estimator-1", "MLPClassifier.predict_proba, 64-100-10, one row a call", "digits",
        replace(DIGITS, batch_size=1), "estimator", targets=Targets(best=1),
    ),
    Workload(
        "estimator-1797", "MLPClassifier.predict_proba, 64-100-10, 1,797 rows a call",
        "digits", DIGITS, "estimator", targets=Targets(best=3), quick=True,
    ),
    Workload(
        "model-200000", "Model.predict_proba, 94-128-128-2, for a data frame of 200,000 rows", "columns",
        Method((94, 128, 128, 2), batch_size=200_000), "frame",
    ),
]  # fmt: skip
WORKLOADS: dict[str, Workload] = {row.name: row for row in _ROWS}
