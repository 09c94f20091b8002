"""The engine torch on a GPU: milliseconds a step beside the core on the processor, and beside PyTorch as it is used.

    python -m benchmarks.costs.gpu [--only table deep] [--seconds 1]       needs a GPU of NVIDIA and PyTorch

Every network learns classes from rows that lie on the device, by Adam. Two peers are PyTorch's own layers, its
autograd and its fused Adam: `eager` is the loop that everybody writes, `graph` the same step recorded once as a CUDA
graph and replayed, the quickest that one can write without a compiler. Both shuffle by an index, as DeltaW does. Rounds
go through all of them in turn; medians. `of the peer` is the rate of `torch` over that of `graph`; `commands` are what
the GPU is told to do in a step of `torch`, kernels and copies, and `busy` the milliseconds that it spends on them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import deltaw
from benchmarks import commands

# name -> sizes, rows of a batch, dropout of the hidden layers, steps of an epoch.
WORKLOADS: dict[str, tuple[list[int], int, float, int]] = {
    "table": ([60, 128, 128, 2], 256, 0.0, 400),
    "dropout": ([60, 128, 128, 2], 256, 0.2, 400),
    "table-4096": ([60, 128, 128, 2], 4096, 0.0, 100),
    "deep": ([784, 256, 256, 256, 10], 1024, 0.0, 100),
    "wide": ([784, 2048, 2048, 10], 1024, 0.0, 40),
    "wider": ([1024, 4096, 4096, 10], 4096, 0.0, 10),
}
ROUNDS = 3
Epoch = Callable[[], None]  # all its steps are done when it returns


def ours(engine: str, device: str | None) -> Callable[..., Epoch]:
    """By `deltaw.train`, with all that a call does before its first step."""

    def prepared(sizes: list[int], batch: int, rate: float, X: Any, T: Any) -> Epoch:
        network = deltaw.Network(sizes, ["relu"] * (len(sizes) - 2) + ["softmax"], seed=0)
        settings: dict[str, Any] = {
            "loss": "cross_entropy", "optimizer": "adam", "learning_rate": 1e-3, "batch_size": batch, "dropout": rate,
        }  # fmt: skip
        return lambda: void(deltaw.train(network, X, T, epochs=1, engine=engine, device=device, **settings))

    return prepared


def peer(graph: bool) -> Callable[..., Epoch]:
    """PyTorch's layers, autograd and fused Adam."""

    def prepared(sizes: list[int], batch: int, rate: float, X: Any, T: Any) -> Epoch:
        import torch
        from torch import nn

        torch.set_float32_matmul_precision("highest")
        parts: list[Any] = []
        for n_in, n_out in pairwise(sizes):
            parts += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(rate)]
        model = nn.Sequential(*parts[:-2]).cuda()
        method = torch.optim.Adam(model.parameters(), 1e-3, fused=True, capturable=graph)
        x, t = torch.from_numpy(X).cuda(), torch.from_numpy(T).cuda()
        index = torch.zeros(batch, dtype=torch.long, device="cuda")
        total = torch.zeros((), device="cuda")

        def step() -> None:
            loss = nn.functional.cross_entropy(model(x[index]), t[index])
            method.zero_grad(set_to_none=not graph)
            loss.backward()
            method.step()
            total.add_(loss.detach())

        if graph:
            aside = torch.cuda.Stream()
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(3):
                    step()
            torch.cuda.current_stream().wait_stream(aside)
            recorded = torch.cuda.CUDAGraph()
            with torch.cuda.graph(recorded):
                step()
        again: Callable[[], None] = recorded.replay if graph else step

        def epoch(reads: Any = (model, method, t)) -> None:  # a graph reads at their places, and does not hold them
            for part in torch.randperm(len(x), device="cuda").split(batch):
                index.copy_(part)
                again()
            total.item()

        return epoch

    return prepared


def void(_: Any) -> None:
    """Nothing is made of what a call returns."""


WAYS: dict[str, Callable[..., Epoch]] = {
    "native": ours("native", None),
    "torch": ours("torch", "cuda"),
    "tf32": ours("torch(precision='tf32')", "cuda"),
    "bf16": ours("torch(precision='bf16')", "cuda"),
    "eager": peer(graph=False),
    "graph": peer(graph=True),
}


def timed(epoch: Epoch, seconds: float) -> float:
    """Seconds of one."""
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds or not count:
        epoch()
        count += 1
    return (time.perf_counter() - began) / count


def commands_of(epoch: Epoch, steps: int) -> tuple[float, float]:
    """Kernels and copies of a step, and the seconds of the GPU that they take, as PyTorch's profiler tells them."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as profiled:
        epoch()
    told = [(each.count, each.self_device_time_total) for each in profiled.key_averages()]
    return sum(count for count, _ in told) / steps, 1e-6 * sum(took for _, took in told) / steps


def main() -> None:
    """Measure and print a table."""
    parser = commands.parser(__doc__)
    parser.add_argument("--only", nargs="+", default=list(WORKLOADS), choices=list(WORKLOADS), metavar="NAME")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each in a round")
    options = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        parser.exit(1, "expected a GPU of NVIDIA, found none; run this where there is one\n")
    print(torch.cuda.get_device_name(), "torch", torch.__version__, "threads", torch.get_num_threads())
    print(
        f"{'milliseconds a step':20}"
        + "".join(f"{name:>10}" for name in WAYS)
        + f"{'of the peer':>13}{'commands':>10}{'busy':>8}"
    )
    for name in options.only:
        sizes, batch, rate, steps = WORKLOADS[name]
        rng = np.random.default_rng(0)
        X = rng.standard_normal((steps * batch, sizes[0]), np.float32)
        T = rng.integers(0, sizes[-1], len(X))
        epochs = {way: make(sizes, batch, rate, X, T) for way, make in WAYS.items()}
        for epoch in epochs.values():
            epoch()
        rounds = [[timed(epoch, options.seconds) for epoch in epochs.values()] for _ in range(ROUNDS)]
        took = dict(zip(WAYS, map(statistics.median, zip(*rounds, strict=True)), strict=True))
        share, (sent, busy) = took["graph"] / took["torch"], commands_of(epochs["torch"], steps)
        each = "".join(f"{1e3 * took[way] / steps:10.3f}" for way in WAYS)
        print(f"{name:20}{each}{share:12.2f}×{sent:10.0f}{1e3 * busy:8.3f}", flush=True)


if __name__ == "__main__":
    main()
