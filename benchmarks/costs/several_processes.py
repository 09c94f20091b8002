"""How several processes scale: one native, one and two of torch on this machine; and what more machines would cost.

    python -m benchmarks.costs.several_processes            about two minutes; needs PyTorch

Each round runs native, torch alone, and torch in two processes one after the other, so that what else uses the machine
does so in all three; medians of the rounds. Then the sum over two processes (gloo, on this machine) for several
sizes of message, and from both the model of benchmarks/notes/costs.md: how long a step takes on N machines.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from typing import Any

import numpy as np

import deltaw
from benchmarks import commands
from deltaw.engines import ranks

ROUNDS, SECONDS = 2, 1.0
# name -> sizes, rows of a global batch.
WORKLOADS: dict[str, tuple[list[int], int]] = {
    "table": ([60, 128, 128, 2], 1024),
    "deep": ([784, 256, 256, 256, 10], 1024),
    "wide": ([784, 2048, 2048, 10], 1024),
}
MESSAGES = [2**k for k in (12, 18, 24)]  # bytes
NODES = [2, 4, 8, 16, 32, 64, 128, 256]
# Links between machines: latency of a message (s), bytes/s. Ethernet of 10 and 100 Gbit/s, as their makers say.
LINKS = {"10 Gbit/s": (30e-6, 1.25e9), "100 Gbit/s": (10e-6, 12.5e9)}


def step_time(name: str, engine: str) -> float:
    """Seconds a step of this workload, here; the ranks there are take part."""
    sizes, batch = WORKLOADS[name]
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4 * batch, sizes[0])).astype(np.float32)
    T = rng.integers(0, sizes[-1], 4 * batch)
    network = deltaw.Network(sizes, ["relu"] * (len(sizes) - 2) + ["softmax"], seed=0)
    settings: dict[str, Any] = {
        "loss": "cross_entropy",
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "batch_size": batch,
    }
    device = "cpu" if engine == "torch" else None
    deltaw.train(network, X, T, epochs=1, engine=engine, device=device, **settings)
    began, steps = time.perf_counter(), 0
    while not ended(time.perf_counter() - began):
        steps += 4 * len(deltaw.train(network, X, T, epochs=1, engine=engine, device=device, **settings).loss)
    return (time.perf_counter() - began) / steps


def ended(seconds: float) -> bool:
    """Whether the first rank finds that it was long enough: all are to end after the same step."""
    return ranks.here().gathered(seconds > SECONDS)[0]


def sum_time(size: int) -> float:
    """Seconds that the sum of a message of so many bytes over all ranks takes."""
    import torch

    message = [torch.zeros(size // 4)]
    ranks.here().sum(message)
    began, count = time.perf_counter(), 0
    while not ended(2 * (time.perf_counter() - began)):
        for _ in range(5):
            ranks.here().sum(message)
        count += 5
    return (time.perf_counter() - began) / count


def child(job: str) -> None:
    """What a process of its own measures; the first rank says it."""
    kind, _, name = job.partition(":")
    if "RANK" in os.environ:
        ranks.join()
    found = sum_time(int(name)) if kind == "sum" else step_time(name, kind)
    if ranks.here().rank == 0:
        print(found)
    ranks.leave()


def measured(job: str, world: int = 1) -> float:
    """A job in so many processes of one thread each."""
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        port = each.getsockname()[1]
    told = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(world), "OMP_NUM_THREADS": "1"}
    several = [told | {"RANK": str(rank)} for rank in range(world)] if world > 1 else [{"OMP_NUM_THREADS": "1"}]
    command = [sys.executable, "-m", "benchmarks.costs.several_processes", "--job", job]
    started = [subprocess.Popen(command, env=os.environ | each, stdout=subprocess.PIPE, text=True) for each in several]
    said = [each.communicate()[0] for each in started]
    return float(said[0])


def messages(name: str) -> int:
    """Bytes of the gradient of all weights and biases, in float32."""
    sizes = WORKLOADS[name][0]
    return 4 * sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))


def main() -> None:
    """Measure, and print the tables of docs/scale.md and benchmarks/notes/costs.md."""
    print("workload  native  torch  2 × torch  2 of 1   bytes a step")
    steps = {}
    for name in WORKLOADS:
        ways = (("native", 1), ("torch", 1), ("torch", 2))
        rounds = [[measured(f"{engine}:{name}", world) for engine, world in ways] for _ in range(ROUNDS)]
        native, one, two = map(statistics.median, zip(*rounds, strict=True))
        gain = statistics.median(each[1] / each[2] for each in rounds)
        steps[name] = one
        print(f"{name:9} {native:7.2e} {one:7.2e} {two:7.2e} {gain:6.2f}× {messages(name):12,}", flush=True)
    print("\nbytes summed over two processes, and seconds")
    for size in MESSAGES:
        print(f"{size:12,} {measured(f'sum:{size}', 2):9.2e}", flush=True)
    print("\nmodel: times as fast as one, a ring without overlap; the global batch stays")
    print(f"{'':22}" + "".join(f"{nodes:8}" for nodes in NODES))
    for name, step in steps.items():
        for link, (latency, speed) in LINKS.items():
            gains = [step / modelled(step, messages(name), nodes, latency, speed) for nodes in NODES]
            print(f"{name:9} {link:12}" + "".join(f"{gain:8.1f}" for gain in gains))


def modelled(step: float, size: int, nodes: int, latency: float, speed: float) -> float:
    """Seconds a step on so many machines: its share of the rows, and a ring's 2 (N − 1) messages of size / N each."""
    return step / nodes + 2 * (nodes - 1) * (latency + size / nodes / speed)


if __name__ == "__main__":
    parser = commands.parser(__doc__)
    parser.add_argument("--job", help="what a process that this command starts is to measure")
    job = parser.parse_args().job
    main() if job is None else child(job)
