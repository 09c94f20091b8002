"""The torch engine: the same equations in float32 on PyTorch's tensors, on a processor, a GPU, or many machines.

No formula stands here, and nothing is differentiated by PyTorch: the reference engine's steps run on `Tensor`s. Under
torchrun each rank takes its rows of every batch, and the gradients of all are summed before the weights are updated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray

from deltaw.engines import ranks
from deltaw.engines.look import Look
from deltaw.engines.ondevice import OnDevice
from deltaw.engines.protocol import Pace, Plan
from deltaw.engines.reference import ReferenceEngine
from deltaw.engines.replay import Record, Replay, recorded_on_a_gpu
from deltaw.engines.rows import Rows
from deltaw.engines.single import single
from deltaw.engines.tensors import Coarse, Tensor
from deltaw.equations import dropout
from deltaw.equations.backprop import Gradients
from deltaw.exceptions import SettingError
from deltaw.network import Network

Plain = Any  # a torch.Tensor

# Kind -> whether it is there. The first that is there is taken where none is named.
DEVICES = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available, "cpu": lambda: True}
# How products of matrices are computed -> the tensors that do so, and PyTorch's word for float32's own products.
PRECISIONS: dict[str, tuple[type[Tensor], str]] = {
    "float32": (Tensor, "highest"), "tf32": (Tensor, "high"), "bf16": (Coarse, "highest"),
}  # fmt: skip
# Below so many multiplications a step, threads that wait for each other in every operation cost more than they gain.
WORTH_THREADS = 20_000_000
# What was made of rows, for as long as they are there.
_PREPARED: WeakKeyDictionary[Rows, dict[Any, OnDevice]] = WeakKeyDictionary()


def device_of(name: str | None) -> Any:
    """The torch.device of that name; None: the first kind of DEVICES that is there.

    Of several GPUs, it is that of this process's number on its machine. Raises SettingError for one that is not.
    """
    there = [kind for kind, is_there in DEVICES.items() if is_there()]
    kind, _, number = (there[0] if name is None else str(name)).partition(":")
    local = str(ranks.local()) if kind == "cuda" and not number else number
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if kind not in there or not (local or "0").isdecimal() or int(local or 0) >= count:
        raise SettingError(
            "device: expected one that is there ({names})", repr(name), "choose one of these, or leave it out",
            names=", ".join(there),
        )  # fmt: skip
    return torch.device(f"{kind}:{local}" if local else kind)


class TorchEngine(ReferenceEngine):
    """float32 wherever PyTorch computes; see `Engine` for the methods.

    Args:
        device: "cpu", "cuda", "cuda:1", "mps"; None: the first of `DEVICES` that is there.
        precision: a row of PRECISIONS.

    Raises:
        SettingError: a device that is not there, or no such precision.
    """

    dtype = np.float32

    def __init__(self, network: Network, plan: Plan, device: str | None = None, precision: str = "float32") -> None:
        if precision not in PRECISIONS:
            expected = "engine 'torch': expected products in one of {names}"
            raise SettingError(expected, repr(precision), "choose one of these", names=", ".join(PRECISIONS))
        self.of, self.digits = PRECISIONS[precision]
        self.ranks = ranks.here()
        self.device = device_of(device)
        self.record: Record | None = recorded_on_a_gpu if self.device.type == "cuda" and self.ranks.world == 1 else None
        self.replays: dict[tuple[Rows, int], Replay] = {}
        super().__init__(network, plan)

    def prepare(self, rows: Rows) -> None:
        self._prepared(rows)

    def train(self, *args: Any) -> tuple[list[float], list[float]]:
        with self._settings():
            return super().train(*args)

    def evaluate(self, rows: Rows) -> tuple[float, NDArray[Any]]:
        with self._settings():
            error, outputs = super().evaluate(rows)
        total = torch.tensor([error], dtype=torch.float64)
        return float(self.ranks.sum([total])[0]), self.ranks.sum([torch.from_numpy(outputs)])[0].numpy()

    def gradient(self, rows: Rows) -> tuple[float, list[NDArray[Any]], list[NDArray[Any]]]:
        with self._settings():
            return super().gradient(rows)

    def look(self, rows: Rows) -> Look:
        with self._settings():
            return super().look(rows)

    def load(self, network: Network) -> None:
        self.replays.clear()
        super().load(network)

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        self.replays.clear()
        super().restore(state)

    def _epoch(self, rows: Rows, order: NDArray[np.int64], first_step: int, pace: Pace, offset: int) -> float:
        size = self.plan.batch_size
        starts, index = range(0, len(order), size), torch.from_numpy(order).to(self.device)
        errors = torch.empty(len(starts), device=self.device)
        for i, start in enumerate(starts):
            n = min(size, len(order) - start)
            mine = self.ranks.part(n, start)
            masks = self._masks(first_step + i, n, float(pace.dropout[offset + i]))
            numbers = float(pace.alpha[offset + i]), first_step + i + 1, float(pace.decay[offset + i])
            errors[i] = self._advance(rows, index[mine], n, masks, numbers)
        return float(self.ranks.sum([errors.cpu().double()])[0].sum())

    def _advance(self, rows: Rows, index: Plain, n: int, masks: Any, numbers: tuple[float, int, float]) -> Plain:
        """A step, taken; E of its rows, summed."""
        if self.record is None or not self._prepared(rows).stays:
            made = self._step(rows, index, n, masks, *numbers)
            self.before, self.parameters = self.parameters, made[0]
            return made[1].t
        if (rows, n) not in self.replays:
            if self.plan.watched and not self.replays:
                weights: list[Any] = self.parameters.W
                self.before = replace(self.parameters, W=[cast("Any", self.of(w.t.clone())) for w in weights])
            before = self.before if self.plan.watched else None
            self.replays[rows, n] = Replay(
                lambda index, masks, numbers: self._step(rows, index, n, masks, *numbers),
                self.parameters, before, index, masks, numbers, self.record,
            )  # fmt: skip
        return self.replays[rows, n](index, masks, numbers)

    def _masks(self, step: int, n: int, factor: float) -> list[Any]:
        part, key = self.ranks.part(n), self.plan.dropout_key
        made: list[Any] = [None] * len(self.parameters.W)
        for l, rate in enumerate(self.plan.dropout):
            if rate:
                units = len(self.parameters.b[l])
                first, last = (place * dropout.blocks(units) for place in (part.start, part.stop))
                counters: Any = self.of(torch.arange(first, last, device=self.device))
                made[l] = dropout.factors(counters, key, step, l, units, rate * factor)
        return made

    def _own(self, arrays: Iterable[NDArray[Any]]) -> list[Any]:
        return [self.of(torch.tensor(single(array), device=self.device)) for array in arrays]

    def _numpy(self, array: Any) -> NDArray[Any]:
        return np.array(array.t.cpu().numpy())

    def _inputs(self, rows: Rows, index: Any) -> Any:
        return self.of(self._prepared(rows).inputs(index))

    def _targets(self, rows: Rows, index: Any) -> Any:
        t = self._prepared(rows).targets(index)
        return self.of((t[:, None] == torch.arange(self.n_out, device=self.device)).float() if t.ndim == 1 else t)

    def _weight(self, rows: Rows, index: Any) -> Any:
        return self.of(self._prepared(rows).weight(index))

    def _pieces(self, n: int) -> list[slice]:
        return super()._pieces(n)[self.ranks.rank :: self.ranks.world]

    def _summed(self, gradients: Gradients) -> Gradients:
        if self.ranks.world == 1:
            return gradients
        parts: list[Any] = [*gradients.dW, *gradients.db]
        summed: list[Any] = list(map(self.of, self.ranks.sum([each.t for each in parts])))
        return replace(gradients, dW=summed[: len(gradients.dW)], db=summed[len(gradients.dW) :])

    def _l2(self) -> float:
        return self.plan.l2 if self.ranks.rank == 0 else 0.0  # all ranks' gradients are summed

    def _prepared(self, rows: Rows) -> OnDevice:
        kept = _PREPARED.setdefault(rows, {})
        if self.device not in kept:
            kept[self.device] = OnDevice(rows, self.device)
        return kept[self.device]

    @contextmanager
    def _settings(self) -> Iterator[None]:
        """PyTorch's own settings, which are of the whole process, as they were afterwards."""
        threads, digits = torch.get_num_threads(), torch.get_float32_matmul_precision()
        work = self.plan.batch_size * sum(math.prod(w.shape) for w in self.parameters.W)
        try:
            torch.set_num_threads((self.plan.threads or threads) if work >= WORTH_THREADS else 1)
            torch.set_float32_matmul_precision(self.digits)
            yield
        finally:
            torch.set_num_threads(threads)
            torch.set_float32_matmul_precision(digits)
