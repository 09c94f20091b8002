"""A step that is recorded once and then replayed: to a GPU it is one command instead of a hundred.

What is recorded reads and writes at the places in memory that it had then. So the parameters stay where they are, and
what changes from step to step (rows, masks, numbers) is copied to its place before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from deltaw.engines.tensors import Tensor
from deltaw.equations.backprop import Parameters

Plain = Any  # a torch.Tensor
Record = Callable[[Callable[[], None]], Callable[[], Any]]  # of what runs a step to what replays it

WARM_UP = 3  # runs before one is recorded, as PyTorch asks for


class Replay:
    """The steps of batches of one size.

    Args:
        step: (index, masks, numbers) -> the new parameters, and E, summed; see `ReferenceEngine._step`.
        parameters: those that it starts from, whose arrays are written to; `before`: where those before the last step
            are kept, or None.
        index, masks, numbers: of such a step.
        record: as `recorded_on_a_gpu`.
    """

    def __init__(
        self, step: Callable[..., tuple[Parameters, Any]], parameters: Parameters, before: Parameters | None,
        index: Plain, masks: list[Any], numbers: tuple[float, ...], record: Record,
    ) -> None:  # fmt: skip
        self.index = index.clone()
        self.masks = [None if mask is None else type(mask)(mask.t.clone()) for mask in masks]
        self.numbers = torch.tensor(numbers, dtype=torch.float64, device=index.device)
        self.error = torch.zeros((), device=index.device)

        def run() -> None:
            after, error = step(self.index, self.masks, tuple(map(Tensor, self.numbers)))
            if before is not None:
                _write(before, parameters)
            _write(parameters, after)
            self.error.copy_(error.t)

        kept = [each.t.clone() for each in _arrays(parameters)]
        self.again = record(run)
        for each, then in zip(_arrays(parameters), kept, strict=True):  # recording may have taken steps
            each.t.copy_(then)

    def __call__(self, index: Plain, masks: list[Any], numbers: tuple[float, ...]) -> Plain:
        """Take a step; E of its rows, summed, until the next one."""
        self.index.copy_(index)
        for place, mask in zip(self.masks, masks, strict=True):
            if place is not None:
                place.t.copy_(mask.t)
        self.numbers.copy_(torch.tensor(numbers, dtype=torch.float64))
        self.again()
        return self.error


def recorded_on_a_gpu(run: Callable[[], None]) -> Callable[[], Any]:
    """As a CUDA graph."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UP):
            run()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    replay: Callable[[], Any] = graph.replay
    return replay


def _arrays(p: Parameters) -> Iterator[Any]:
    yield from (*p.W, *p.b)
    for state in (*p.W_state, *p.b_state):
        yield from state


def _write(there: Parameters, these: Parameters) -> None:
    for place, array in zip(_arrays(there), _arrays(these), strict=True):
        if place is not array:
            place.t.copy_(array.t)
