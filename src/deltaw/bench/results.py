"""From seconds to ratios: the timings of a workload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from deltaw.bench.peers import OURS
from deltaw.bench.workloads import ACCURACY, FORWARD, Workload


@dataclass(frozen=True)
class Timing:
    """One peer on one workload with a number of threads.

    Attributes:
        peer: its name in PEERS, or "product".
        work: samples (or operations) of one run.
        seconds: of every run.
        compiling: seconds of compilation, apart from the runs.
        peak_bytes: the most memory that its process held, data included; None where unknown.
        accuracy: of every run, where one is to be reached.
    """

    peer: str
    threads: int
    work: float
    seconds: tuple[float, ...]
    compiling: float = 0.0
    peak_bytes: int | None = None
    accuracy: tuple[float, ...] = ()

    @property
    def typical(self) -> float:
        """Seconds of the median run."""
        return median(self.seconds)

    @property
    def rate(self) -> float:
        """Work a second in the median run."""
        return self.work / self.typical

    @property
    def compiled_rate(self) -> float:
        """The same with the compile time counted in one run."""
        return self.work / (self.typical + self.compiling)

    @property
    def reached(self) -> bool:
        """Whether most runs reached the required accuracy, if there is one."""
        return not self.accuracy or median(self.accuracy) >= ACCURACY

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self) | {"rate": self.rate}


def peaks(products: Iterable[Timing], before: Mapping[int, float]) -> dict[int, float]:
    """Operations a second of the matrix product, by threads: the maximum over all runs, `before`, and fewer threads.

    A peak is what the machine can do: a run in which the product met other programs, or one processor, says less.
    """
    found = dict(before)
    for timing in products:
        fewer = [rate for threads, rate in found.items() if threads <= timing.threads]
        found[timing.threads] = max([timing.work / min(timing.seconds), *fewer])
    return found


@dataclass(frozen=True)
class Row:
    """DeltaW against its peers on one workload. Each with the number of threads that suits it best.

    Attributes:
        timings: of everybody, every number of threads.
        product: the matrix product's operations a second, by threads; see `peaks`.
        left_out: why a peer has no timing, by peer.
    """

    workload: Workload
    timings: tuple[Timing, ...]
    product: Mapping[int, float]
    left_out: Mapping[str, str]

    def best_of(self, peer: str) -> Timing | None:
        """The peer's best number of threads; None where it has no timing that counts."""
        mine = [timing for timing in self.timings if timing.peer == peer and timing.reached]
        return max(mine, key=lambda timing: timing.rate, default=None)

    @property
    def peers(self) -> list[str]:
        """The measured peers, DeltaW first."""
        return list(dict.fromkeys(timing.peer for timing in self.timings))

    @property
    def ours(self) -> Timing | None:
        return self.best_of(OURS)

    @property
    def rival(self) -> Timing | None:
        """The fastest peer, compile time not counted."""
        others = [timing for peer in self.peers if peer != OURS and (timing := self.best_of(peer)) is not None]
        return max(others, key=lambda timing: timing.rate, default=None)

    def ratios(self) -> dict[str, float | None]:
        """The ratios reached, by the names of `Targets`."""
        ours, rival, book = self.ours, self.rival, self.best_of("book")
        if ours is None:
            return dict.fromkeys(("best", "compiled", "book", "peak"))
        product = self.product.get(ours.threads)
        countable = product and self.workload.measure != "reach"
        return {
            "best": None if rival is None else ours.rate / rival.rate,
            "compiled": None if rival is None else ours.rate / rival.compiled_rate,
            "book": None if book is None else ours.rate / book.rate,
            "peak": ours.rate * self.workload.operations / product if countable and product else None,
        }

    def met(self) -> dict[str, bool]:
        """For each target of the workload that could be measured: whether it was reached."""
        targets = asdict(self.workload.targets)
        return {
            name: reached >= targets[name]
            for name, reached in self.ratios().items()
            if reached is not None and targets[name] is not None
        }

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        ours, rival = self.ours, self.rival
        return {
            "workload": self.workload.name,
            "title": self.workload.described(),
            "unit": UNITS[self.workload.measure],
            "ours": None if ours is None else ours.document(),
            "best_peer": None if rival is None else rival.document(),
            "ratios": self.ratios(),
            "targets": asdict(self.workload.targets),
            "met": self.met(),
            "operations_per_sample": self.workload.operations,
            "product_operations_per_second": {str(threads): rate for threads, rate in self.product.items()},
            "timings": [timing.document() for timing in self.timings],
            "left_out": dict(self.left_out),
        }


UNITS = {"train": "samples/s", **dict.fromkeys(FORWARD, "rows/s"), "reach": "s"}
