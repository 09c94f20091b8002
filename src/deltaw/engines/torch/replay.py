"""A step that is recorded once and then replayed: to a GPU it is one command instead of a hundred.

What is recorded reads and writes at the places in memory that it had then. So the parameters stay where they are, and
what changes from step to step (which rows, and numbers) is copied to its place before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch

from deltaw.engines.torch.tensors import Tensor
from deltaw.equations.backprop import Parameters

Plain = Any  # a torch.Tensor
Record = Callable[[Callable[[], None]], Callable[[], Any]]  # of what runs a step to what replays it

WARM_UP = 3  # runs before one is recorded, as PyTorch asks for


class Replay:
    """The steps of batches of one size.

    Args:
        step: (index, pace) -> the new parameters, and E, summed; `pace` is a list of numbers, as Tensors.
        parameters: those that it starts from, whose arrays are written to; `before`: where those before the last step
            are kept, or None.
        index, pace: of such a step, on the GPU: the rows' numbers, and the numbers that change from step to step.
        record: as `recorded_on_a_gpu`.
    """

    def __init__(
        self, step: Callable[..., tuple[Parameters, Any]], parameters: Parameters, before: Parameters | None,
        index: Plain, pace: Plain, record: Record,
    ) -> None:  # fmt: skip
        self.index, self.pace = index.clone(), pace.clone()
        self.error = torch.zeros((), device=index.device)

        def run() -> None:
            after, error = step(self.index, list(map(Tensor, self.pace)))
            if before is not None:
                _write(before, parameters)
            _write(parameters, after)
            self.error.copy_(error.t)

        kept = [each.t.clone() for each in _arrays(parameters)]
        self.again = record(run)
        for each, then in zip(_arrays(parameters), kept, strict=True):  # recording may have taken steps
            each.t.copy_(then)

    def __call__(self, index: Plain, pace: Plain) -> Plain:
        """Take a step; E of its rows, summed, until the next one."""
        self.index.copy_(index)
        self.pace.copy_(pace)
        self.again()
        return self.error


def recorded_on_a_gpu(run: Callable[[], None]) -> Callable[[], Any]:
    """As a CUDA graph."""
    aside = _aside(torch.cuda.current_device())
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UP):
            run()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=aside):
        run()
    replay: Callable[[], Any] = graph.replay
    return replay


@cache
def _aside(device: int) -> Any:
    """A stream to record in. For each that it has met, cuBLAS keeps 32 MiB of a GPU's memory."""
    return torch.cuda.Stream(device)


def _arrays(p: Parameters) -> Iterator[Any]:
    yield from (*p.W, *p.b)
    for state in (*p.W_state, *p.b_state):
        yield from state


def _write(there: Parameters, these: Parameters) -> None:
    for place, array in zip(_arrays(there), _arrays(these), strict=True):
        if place is not array:
            place.t.copy_(array.t)
