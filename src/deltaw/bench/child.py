"""One peer in a process of its own: `python -m deltaw.bench.child`.

It reads one JSON document a line and answers with one: first the job, then the names of what to do next. What goes
wrong is an answer too: {"failed": "one line"}.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.bench.peers import OURS, PEERS, Job, Runner
from deltaw.bench.peers.product import OPERATIONS, Product
from deltaw.bench.problems import Problem
from deltaw.bench.workloads import ACCURACY, FORWARD

PRODUCT = "product"  # the job that measures the machine itself
WARM = 0.05  # seconds that a first look at the speed should last
FEWEST = 256  # rows
MOST_EPOCHS = 1000

Answer = dict[str, Any]
Run = Callable[[], Answer]


def main() -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints goes elsewhere
    try:
        for answer in _serve(map(json.loads, sys.stdin)):
            print(json.dumps(answer), file=answers, flush=True)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        print(json.dumps({"failed": _one_line(error)}), file=answers, flush=True)


def _serve(requests: Iterator[Any]) -> Iterator[Answer]:
    """ready; warm; run, run, run, …; end."""
    document = next(requests)
    _pin(document["threads"])
    if document["peer"] == PRODUCT:
        yield from _serve_product(requests)
        return
    job = Job.of(document)
    problem = Problem.open(Path(job.folder))
    runner = PEERS[job.peer].runner(job, problem)
    yield {}
    next(requests)
    compiling, run = MEASURES[job.measure](job, problem, runner)
    yield {"compiling": compiling}
    for request in requests:
        yield run() if request == "run" else {"peak_bytes": peak_bytes()}


def _serve_product(requests: Iterator[Any]) -> Iterator[Answer]:
    product = Product()
    yield {}
    for request in requests:
        if request == "run":
            started = perf_counter()
            product.run()
            yield {"work": OPERATIONS, "seconds": perf_counter() - started}
        else:
            yield {"compiling": 0.0, "peak_bytes": peak_bytes(), "blas": product.describe()}


def _train(job: Job, problem: Problem, runner: Runner) -> tuple[float, Run]:
    """Samples trained on: all rows for some epochs, or fewer rows if that takes too long."""
    n, batch, fixed = len(problem), job.method.batch_size, job.method.epochs
    rows = n if runner.whole or fixed else min(n, _fewest(batch))
    compiling = runner.prepare(n)
    runner.train(rows, 1)
    while (seconds := _seconds(runner.train, rows, 1)) < WARM and rows < n:
        rows = min(2 * rows, n)
    rows, epochs = (n, fixed) if fixed else how_much(rows / seconds, job.seconds, n, batch, runner.whole)
    work = float(rows * epochs * job.method.networks)
    return compiling, lambda: {"work": work, "seconds": _seconds(runner.train, rows, epochs)}


def how_much(speed: float, seconds: float, n: int, batch: int, whole: bool) -> tuple[int, int]:
    """(rows, epochs) that take about `seconds` at `speed` rows a second: whole epochs, or whole batches of one."""
    wanted = speed * seconds
    if whole or wanted >= n:
        return n, min(math.ceil(wanted / n), MOST_EPOCHS)
    return min(n, max(round(wanted / batch) * batch, _fewest(batch))), 1


def _fewest(batch: int) -> int:
    """Rows of the shortest meaningful run: some whole batches, with every class in them."""
    return -(-max(8 * batch, FEWEST) // batch) * batch


def _reach(job: Job, problem: Problem, runner: Runner) -> tuple[float, Run]:
    """Seconds until ACCURACY on the test images; the time of testing is not counted."""
    compiling = runner.prepare(len(problem))
    assert problem.X_test is not None
    assert problem.t_test is not None
    X, t = problem.X_test, problem.t_test
    runner.train(len(problem) if runner.whole else min(len(problem), _fewest(job.method.batch_size)), 1)  # warm
    runner.outputs(X)

    def run() -> Answer:
        best, aside = 0.0, 0.0

        def reached() -> bool:
            nonlocal best, aside
            started = perf_counter()
            best = max(best, float(np.mean(runner.outputs(X).argmax(axis=1) == t)))
            aside += perf_counter() - started
            return best >= ACCURACY

        seconds = _seconds(runner.train, len(problem), job.method.epochs, reached) - aside
        return {"work": 1.0, "seconds": seconds, "accuracy": best}

    return compiling, run


def _predict(job: Job, problem: Problem, runner: Runner) -> tuple[float, Run]:
    """Rows predicted, a batch a call."""
    compiling, batch = runner.prepare(len(problem)), min(job.method.batch_size, len(problem))
    X = np.array(problem.dense[: max(batch, min(len(problem), 10_000))])
    slices: list[Any] = [X[i : i + batch] for i in range(0, len(X) - batch + 1, batch)]
    if job.measure == "frame" and job.peer == OURS:
        slices = list(map(_frame, slices))

    def calls(count: int) -> None:
        for i in range(count):
            runner.outputs(slices[i % len(slices)])

    calls(2)  # the first packs the weights, and would pass for the speed of all
    count = 2
    while (seconds := _seconds(calls, count)) < WARM:
        count *= 2
    count = max(2, round(count * job.seconds / seconds))
    return compiling, lambda: {"work": float(count * batch), "seconds": _seconds(calls, count)}


def _frame(X: NDArray[Any]) -> Any:
    """The rows as a data frame, its columns named as `to_model` names them."""
    import polars as pl

    return pl.DataFrame({f"x{i}": column for i, column in enumerate(X.T)})


MEASURES: dict[str, Callable[[Job, Problem, Runner], tuple[float, Run]]] = {
    "train": _train,
    "reach": _reach,
    **dict.fromkeys(FORWARD, _predict),
}


def _seconds(call: Callable[..., object], *arguments: object) -> float:
    started = perf_counter()
    call(*arguments)
    return perf_counter() - started


def _pin(threads: int) -> None:
    """Restrict this process to `threads` processors: some libraries start a thread for each that they see."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])


def peak_bytes() -> int | None:
    """The most memory that this process ever held; None where the system does not say.

    Linux's VmHWM counts from the start of this program; getrusage would count what its parent held.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:200]


if __name__ == "__main__":
    main()
