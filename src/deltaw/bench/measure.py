"""Measurements: all peers on one workload, interleaved run by run, so that a slow moment affects all equally."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from deltaw.bench.child import PRODUCT, Answer
from deltaw.bench.children import Child, ChildError
from deltaw.bench.peers import OURS, PEERS, Job
from deltaw.bench.problems import write
from deltaw.bench.results import Row, Timing, peaks
from deltaw.bench.workloads import Workload
from deltaw.exceptions import DeltaWError
from deltaw.numbers import amount
from deltaw.speech import listed, say

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        peers: names in PEERS, DeltaW's own among them.
        threads: numbers of threads, each is tried.
        runs: of each, in turn; the median counts.
        seconds: what one run should last, roughly.
        rows: of a problem, at most; None: all.
        mnist: the .npz with MNIST, or None.
        patience: seconds that a peer may take for one step before it is given up.
        until: the moment (`time.monotonic`) when all must be over, or None.
    """

    peers: tuple[str, ...]
    threads: tuple[int, ...]
    runs: int = 3
    seconds: float = 1.0
    rows: int | None = None
    mnist: Path | None = None
    patience: float = 600.0
    until: float | None = None

    def left(self) -> float:
        """Seconds that the next step may take."""
        return self.patience if self.until is None else min(self.patience, self.until - time.monotonic())


class Measurement:
    """A context manager: a folder with the problems' files, and measurements on them.

    Attributes:
        remarks: where the rows of a problem come from, by problem.
    """

    def __init__(self, settings: Settings, tell: Tell) -> None:
        self.settings, self.tell = settings, tell
        self.remarks: dict[str, str] = {}
        self._peaks: dict[int, float] = {}

    def __enter__(self) -> Measurement:
        self._folder = tempfile.TemporaryDirectory(prefix="deltaw-bench-", ignore_cleanup_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def row(self, workload: Workload) -> Row:
        """All peers on one workload.

        Raises:
            DeltaWError: DeltaW itself failed.
        """
        refusals = {peer: PEERS[peer].refuses(workload) for peer in self.settings.peers}
        left_out = {peer: reason for peer, reason in refusals.items() if reason}
        taking = [peer for peer in self.settings.peers if peer not in left_out and PEERS[peer].installed]
        limits = [limit for limit in (self.settings.rows, workload.rows) if limit is not None]
        rows = None if workload.measure == "reach" else min(limits, default=None)  # all, or it is out of reach
        timings: list[Timing] = []
        for threads in self.settings.threads:
            timings += self._side_by_side(workload, taking, threads, left_out, rows)
        if OURS in left_out:
            raise DeltaWError("{name}: expected DeltaW to take part", left_out[OURS], name=workload.name)
        self._peaks = peaks((timing for timing in timings if timing.peer == PRODUCT), self._peaks)
        return Row(workload, tuple(t for t in timings if t.peer != PRODUCT), self._peaks, left_out)

    def alone(self, workload: Workload, rows: int) -> Timing:
        """DeltaW without peers on the first rows, with the most threads."""
        failed: dict[str, str] = {}
        found = self._side_by_side(workload, [OURS], max(self.settings.threads), failed, rows)
        if failed:
            raise DeltaWError("{name}: expected DeltaW to take part", "; ".join(failed.values()), name=workload.name)
        return found[0]

    def folder(self, workload: Workload, rows: int | None) -> Path:
        """The folder of the workload's first rows, written on first use."""
        folder = Path(self._folder.name) / f"{workload.problem}-{rows}"
        if not folder.exists():
            self.tell(say("{name}: writing its rows", name=workload.name))
            self.remarks[workload.problem] = write(workload.problem, folder, rows, self.settings.mnist)
        return folder

    def _side_by_side(
        self, workload: Workload, peers: Sequence[str], threads: int, left_out: dict[str, str], rows: int | None
    ) -> list[Timing]:
        """Start all at once, which is quicker; then warm them up and run them one at a time, in turn."""
        where = workload.name + ", " + amount(threads, "thread")
        folder, settings = str(self.folder(workload, rows)), self.settings
        jobs: dict[str, Job | None] = {
            peer: Job(peer, folder, threads, workload.measure, workload.method_of(peer), settings.seconds)
            for peer in peers
        }
        jobs[PRODUCT] = None
        self.tell(say("{where}: starting {peers}", where=where, peers=listed(peers)))
        with ExitStack() as stack:
            children = {peer: stack.enter_context(Child(job, threads)) for peer, job in jobs.items()}

            def each(ask: Callable[[Child], Answer]) -> dict[str, Answer]:
                """Send a request to all running peers in turn; one that fails is dropped."""
                answers = {}
                for peer, child in list(children.items()):
                    try:
                        answers[peer] = ask(child)
                    except ChildError as failure:
                        left_out.setdefault(peer, str(failure))
                        del children[peer]
                return answers

            each(lambda child: child.answer(settings.left()))
            self.tell(say("{where}: compiling and warming up", where=where))
            warm = each(lambda child: child.ask("warm", settings.left()))
            runs = []
            for number in range(settings.runs):
                self.tell(say("{where}: run {number} of {runs}", where=where, number=number + 1, runs=settings.runs))
                runs.append(each(lambda child: child.ask("run", settings.left())))
            ends = each(lambda child: child.ask("end", settings.left()))
        return [
            Timing(
                peer,
                threads,
                work=runs[0][peer]["work"],
                seconds=tuple(run[peer]["seconds"] for run in runs),
                compiling=warm[peer]["compiling"],
                peak_bytes=end["peak_bytes"],
                accuracy=tuple(run[peer]["accuracy"] for run in runs if "accuracy" in run[peer]),
            )
            for peer, end in ends.items()
        ]
