"""The torch engine: the same equations in float32 on PyTorch's tensors, on a processor, a GPU, or many machines.

No formula stands here, and nothing is differentiated by PyTorch: the reference engine's steps run on `Tensor`s. The
weights of all layers lie one after the other in one array, and so do the biases, so that an update is a few commands
and not a few for every layer. Under torchrun each rank takes its rows of every batch, and the gradients of all are
summed before the weights are updated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from deltaw.engines import ranks
from deltaw.engines.look import Look
from deltaw.engines.protocol import Pace, Plan
from deltaw.engines.reference import ReferenceEngine
from deltaw.engines.rows import Rows
from deltaw.engines.single import single
from deltaw.engines.torch.devices import device_of, room, shared
from deltaw.engines.torch.ondevice import OnDevice
from deltaw.engines.torch.replay import Record, Replay, recorded_on_a_gpu
from deltaw.engines.torch.tensors import Coarse, Tensor
from deltaw.equations import dropout
from deltaw.equations.backprop import Gradients, Parameters
from deltaw.exceptions import SettingError
from deltaw.network import Network
from deltaw.speech import listed

Plain = Any  # a torch.Tensor

# How products of matrices are computed -> the tensors that do so, and PyTorch's word for float32's own products.
PRECISIONS: dict[str, tuple[type[Tensor], str]] = {
    "float32": (Tensor, "highest"), "tf32": (Tensor, "high"), "bf16": (Coarse, "highest"),
}  # fmt: skip
# Below this many multiplications a step, threads that wait for each other in every operation cost more than they gain.
WORTH_THREADS = 20_000_000


class TorchEngine(ReferenceEngine):
    """float32 wherever PyTorch computes; see `Engine` for the methods.

    Args:
        device: "cpu", "cuda", "cuda:1", "mps"; None: the first of `DEVICES` that is there.
        precision: a row of PRECISIONS.

    Raises:
        SettingError: a device that is not there, or no such precision.
        DeltaWError: a GPU without room for it.
    """

    dtype = np.float32

    def __init__(self, network: Network, plan: Plan, device: str | None = None, precision: str = "float32") -> None:
        if precision not in PRECISIONS:
            expected = "engine 'torch': expected products in one of {names}"
            raise SettingError(expected, repr(precision), "choose one of these", names=listed(PRECISIONS))
        self.of, self.digits = PRECISIONS[precision]
        self.ranks = ranks.here()
        self.device = device_of(device) if self.ranks.world == 1 else shared(self.ranks, device)
        self.record: Record | None = recorded_on_a_gpu if self.device.type == "cuda" and self.ranks.world == 1 else None
        self.replays: dict[tuple[Rows, int], Replay] = {}
        with room(self.device):
            self.none: list[Any] = [
                None if bias else self._own([np.zeros(n)])[0]
                for bias, n in zip(network.bias, network.sizes[1:], strict=True)
            ]
            super().__init__(network, plan)

    def prepare(self, rows: Rows) -> None:
        with room(self.device):
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
        size, recorded = self.plan.batch_size, self.record is not None and self._prepared(rows).stays
        starts, index = range(0, len(order), size), torch.from_numpy(order).to(self.device)
        paces = self._paces(first_step, pace, slice(offset, offset + len(starts)))
        there = torch.from_numpy(paces).to(self.device) if recorded else None
        errors = torch.empty(len(starts), device=self.device)
        for i, start in enumerate(starts):
            n = min(size, len(order) - start)
            mine = index[self.ranks.part(n, start)]
            if there is not None:
                errors[i] = self._replay(rows, n, mine, there[i])(mine, there[i])
                continue
            self.before, made = self.parameters, self._taken(rows, n, mine, paces[i].tolist())
            self.parameters, errors[i] = made[0], made[1].t
        return float(self.ranks.sum([errors.cpu().double()])[0].sum())

    def _paces(self, first_step: int, pace: Pace, steps: slice) -> NDArray[np.float64]:
        """The settings of each step, a row a step: α, t, decay, and each hidden layer's threshold of dropout."""
        cuts = [
            [dropout.threshold(rate * factor) for rate in self.plan.dropout] for factor in pace.dropout[steps].tolist()
        ]
        t = np.arange(first_step, first_step + len(cuts)) + 1
        return np.column_stack([pace.alpha[steps], t, pace.decay[steps], np.reshape(cuts, (len(cuts), -1))])

    def _taken(self, rows: Rows, n: int, index: Plain, pace: Sequence[Any]) -> tuple[Parameters, Any]:
        """`_step` by a row of `_paces`, of numbers or of tensors."""
        alpha, t, decay, *cuts = pace
        return self._step(rows, index, n, self._kept(t - 1, n, cuts), alpha, t, decay)

    def _replay(self, rows: Rows, n: int, index: Plain, pace: Plain) -> Replay:
        if (rows, n) not in self.replays:
            if self.plan.watched and not self.replays:
                weights: list[Any] = self.parameters.W
                self.before = replace(self.parameters, W=[cast("Any", self.of(w.t.clone())) for w in weights])
            self.replays[rows, n] = Replay(
                lambda index, pace: self._taken(rows, n, index, pace), self.parameters,
                self.before if self.plan.watched else None, index, pace, cast("Record", self.record),
            )  # fmt: skip
        return self.replays[rows, n]

    def _kept(self, step: Any, n: int, cuts: Sequence[Any]) -> list[Any]:
        """The masks of a step, of this rank's rows of a batch of n."""
        part, key = self.ranks.part(n), self.plan.dropout_key
        made: list[Any] = [None] * len(self.activations)
        for l, (rate, cut) in enumerate(zip(self.plan.dropout, cuts, strict=True)):
            if rate:
                units = self.shapes[0][l][0]
                first, last = (place * dropout.blocks(units) for place in (part.start, part.stop))
                counters: Any = self.of(torch.arange(first, last, device=self.device))
                factors: Any = dropout.factors(counters, key, _whole(step), l, units, _whole(cut))
                made[l] = self.of(factors.t.float())
        return made

    def _begin(self, network: Network) -> Parameters:
        W, b = map(self._own, (network.weights, network.biases))
        return Parameters.begin(
            W, b, [True], self.plan.optimizer
        )  # the places of biases that are none have no gradient

    def _own(self, arrays: Iterable[NDArray[Any]]) -> list[Any]:
        flat = [np.ravel(single(array)) for array in arrays]
        return [self.of(torch.from_numpy(np.concatenate(flat)).to(self.device))]

    def _apart(self, arrays: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> Sequence[Any]:
        parts = arrays[0].t.split([math.prod(shape) for shape in shapes])
        return [self.of(part.view(shape)) for part, shape in zip(parts, shapes, strict=True)]

    def _layers(self, p: Parameters) -> tuple[Sequence[Any], Sequence[Any]]:
        W, b = (self._apart(arrays, shapes) for arrays, shapes in zip((p.W, p.b), self.shapes, strict=True))
        return W, [each if none is None else none for each, none in zip(b, self.none, strict=True)]

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
        dW: list[Any] = gradients.dW
        db: list[Any] = [g if none is None else none for g, none in zip(gradients.db, self.none, strict=True)]
        flat = [torch.cat([g.t.reshape(-1) for g in each]) for each in (dW, db)]
        summed: list[Any] = list(map(self.of, self.ranks.sum(flat)))
        return replace(gradients, dW=summed[:1], db=summed[1:])

    def _l2(self) -> float:
        return self.plan.l2 if self.ranks.rank == 0 else 0.0  # all ranks' gradients are summed

    def _prepared(self, rows: Rows) -> OnDevice:
        kept: dict[Any, OnDevice] = rows.prepared
        if self.device not in kept:
            kept[self.device] = OnDevice(rows, self.device)
        return kept[self.device]

    @contextmanager
    def _settings(self) -> Iterator[None]:
        """PyTorch's own settings, which are of the whole process, as they were afterwards."""
        threads, digits = torch.get_num_threads(), torch.get_float32_matmul_precision()
        work = self.plan.batch_size * sum(map(math.prod, self.shapes[0]))
        here = torch.cuda.device(self.device) if self.device.type == "cuda" else nullcontext()
        try:
            torch.set_num_threads((self.plan.threads or threads) if work >= WORTH_THREADS else 1)
            torch.set_float32_matmul_precision(self.digits)
            with here, room(self.device):
                yield
        finally:
            torch.set_num_threads(threads)
            torch.set_float32_matmul_precision(digits)


def _whole(number: Any) -> Any:
    """As an integer, as which the bits of masks are counted."""
    return Tensor(number.t.long()) if isinstance(number, Tensor) else int(number)
