"""The native engine: the C++ core in float32, on several threads."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.look import Look, flat_below
from deltaw.engines.protocol import Pace, Plan
from deltaw.engines.rows import Rows
from deltaw.engines.single import in_order, single
from deltaw.equations import backprop
from deltaw.equations.encoded import Encoded
from deltaw.equations.optimizers import OPTIMIZERS
from deltaw.equations.scaled import Scaled
from deltaw.exceptions import InputError, SettingError
from deltaw.network import Network
from deltaw.speech import say
from deltaw.threads import processors

# Below this many multiplications a step, synchronisation costs two threads more than they gain.
WORTH_TWO_THREADS = 300_000
WORTH_TWO_THREADS_ONE_ROW = 30_000
# The same for a forward pass in a call of its own: starting its threads takes 50 µs, and on a busy processor a thread
# that the call waits for may be a hundred times as late.
WORTH_A_TEAM = 10_000_000
# Where more than this share of the inputs is one number (the background), batches of one row are trained without it.
MOSTLY = 0.6
MOST_ROWS = 2**31 - 1  # of a batch: the core counts them in 32 bits
# The core's arrays of a layer: these, then the optimiser's state from 0.
WEIGHTS, GRADIENT = -1, -2


@cache
def core(instruction_set: str | None = None) -> Any:
    """The compiled core for this processor's best instruction set, or for the one named (for tests)."""
    name = instruction_set or instruction_sets()[0]
    return import_module(f"deltaw.engines._core_{name}")


def instruction_sets() -> list[str]:
    """The instruction sets of the core that this processor can run, best first."""
    baseline = import_module("deltaw.engines._core_baseline")
    return list(baseline.instruction_sets())


class NativeEngine:
    """Fast; float32; the same bits for any number of threads. See `Engine` for the methods."""

    def __init__(self, network: Network, plan: Plan, instruction_set: str | None = None) -> None:
        self.plan = plan
        self.core = core(instruction_set)
        self.names = network.activations
        self.sizes = list(zip(network.sizes[:-1], network.sizes[1:], strict=True))
        layers = [
            (n_in, n_out, name, bias)
            for (n_in, n_out), name, bias in zip(self.sizes, network.activations, network.bias, strict=True)
        ]
        self.trainer = self._call(self.core.Trainer, layers, self._core_plan())
        self.load(network)

    def prepare(self, rows: Rows) -> None:
        self._prepare(rows, self.plan.label_smoothing, self._skips_background())

    def train(
        self, rows: Rows, orders: NDArray[np.int64], first_step: int, pace: Pace
    ) -> tuple[list[float], list[float]]:
        X, T = self._prepare(rows, self.plan.label_smoothing, self._skips_background())
        steps = pace.alpha, pace.decay, pace.dropout
        totals, seconds = self._call(self.trainer.train, X, T, orders, first_step, *steps, self._threads())
        return [total / orders.shape[1] for total in totals], seconds

    def evaluate(self, rows: Rows) -> tuple[float, NDArray[Any]]:
        X, T = self._prepare(rows, 0.0)
        outputs = np.empty((len(rows), self.sizes[-1][1]), np.float32)
        threads = self.most_threads if len(rows) >= self.worth_threads else 1
        total: float = self._call(self.trainer.evaluate, X, T, outputs, threads)
        return total / len(rows), outputs

    def outputs(self, rows: Rows, out: NDArray[np.float32], threads: int) -> None:
        """Write the outputs of the rows into `out` (n, n_out). Nothing of the engine is changed: see `Predictor`."""
        self._call(self.trainer.evaluate, self._call(self._inputs, rows), None, out, threads)

    def gradient(self, rows: Rows) -> tuple[float, list[NDArray[Any]], list[NDArray[Any]]]:
        X, T = self._prepare(rows, self.plan.label_smoothing)
        error = self._call(self.trainer.gradient, X, T, self._threads(len(rows))) / len(rows)
        dW, db = map(list, zip(*(self._read(l, GRADIENT) for l in range(len(self.sizes))), strict=True))
        if self.plan.l2:
            W = [self._read(l, WEIGHTS)[0] for l in range(len(self.sizes))]
            error += backprop.penalty(self.plan.l2, W)
            dW = [g + np.float32(self.plan.l2) * w for g, w in zip(dW, W, strict=True)]
        return error, dW, db

    def load(self, network: Network) -> None:
        for l, (W, b) in enumerate(zip(network.weights, network.biases, strict=True)):
            self.trainer.write(l, WEIGHTS, single(W, f"weights[{l}]"), single(b, f"biases[{l}]"))

    def look(self, rows: Rows) -> Look:
        X, T = self._prepare(rows, self.plan.label_smoothing)
        slopes = [flat_below(name) for name in self.names]
        below = [0.0 if np.isnan(s) else s for s in slopes]
        layers = self._call(self.trainer.look, X, T, below, self._threads(len(rows)))
        counts, dead, gradient, update, weight = map(np.array, zip(*layers, strict=True))
        signals = len(rows) * np.array([n_out for _, n_out in self.sizes])
        return Look(np.where(np.isnan(slopes), np.nan, counts / signals), dead, gradient, update, weight, len(rows))

    def store(self, network: Network) -> None:
        layers = [self._read(l, WEIGHTS) for l in range(len(self.sizes))]
        network.weights, network.biases = [W for W, _ in layers], [b for _, b in layers]

    def state(self) -> dict[str, NDArray[Any]]:
        return {
            f"{what}.{l}.{slot}": array
            for l in range(len(self.sizes))
            for slot in range(self.trainer.slots)
            for what, array in zip("Wb", self._read(l, slot), strict=True)
        }

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        for l in range(len(self.sizes)):
            for slot in range(self.trainer.slots):
                self.trainer.write(l, slot, single(state[f"W.{l}.{slot}"]), single(state[f"b.{l}.{slot}"]))

    def _read(self, l: int, slot: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        n_in, n_out = self.sizes[l]
        W, b = np.empty((n_out, n_in), np.float32), np.empty(n_out, np.float32)
        self.trainer.read(l, slot, W, b)
        return W, b

    def no_memory(self) -> MemoryError:
        """What to raise where the core found no memory left."""
        told = (
            "engine 'native': expected memory for a network of {weights:,} weights and its rows, found too little; "
            "give smaller layers or batches, or fewer rows"
        )
        return MemoryError(say(told, weights=self._links))

    def _call(self, work: Callable[..., Any], *given: Any) -> Any:
        """work(*given), for which the core needs memory."""
        try:
            return work(*given)
        except MemoryError:
            raise self.no_memory() from None

    def _core_plan(self) -> Any:
        plan, made = self.plan, self.core.Plan()
        for what, name, known in (
            ("loss", plan.loss.name, plan.loss.of_the_table),
            ("optimizer", plan.optimizer.name, plan.optimizer.name in OPTIMIZERS),
        ):
            if not known:
                expected, remedy = "{what}: expected a built-in one for the native engine", "use engine='reference'"
                raise SettingError(expected, say("one of your own ({name})", name=name), remedy, what=what)
        made.loss, made.loss_parameter = plan.loss.kind, list(plan.loss.parameters)
        made.optimizer = plan.optimizer.name
        settings = self.core.OptimizerSettings()
        for field in fields(plan.optimizer):
            if hasattr(settings, field.name):
                setattr(settings, field.name, getattr(plan.optimizer, field.name))
        made.settings = settings
        made.batch_size, made.notes_rule = min(plan.batch_size, MOST_ROWS), plan.rule == "notes"
        made.l2, made.max_grad_norm = plan.l2, plan.max_grad_norm or 0.0
        made.dropout, made.dropout_key = list(plan.dropout), plan.dropout_key
        made.watched = plan.watched
        return made

    def _prepare(self, rows: Rows, smoothing: float, skip_background: bool = False) -> tuple[Any, Any]:
        """(inputs, targets) as the core takes them, cached for as long as the rows exist."""
        kept = rows.prepared
        inputs = self.core, skip_background
        if inputs not in kept:
            kept[inputs] = self._call(self._inputs, rows, skip_background)
        n_out, each_alone = self.sizes[-1][1], self.plan.loss.kind == "binary_cross_entropy"
        targets = self.core, n_out, smoothing, each_alone
        if rows.T is not None and targets not in kept:
            values = rows.T if rows.T.dtype == np.int32 and rows.T.ndim == 1 else single(rows.T, "T")
            weight = None if rows.weight is None else single(rows.weight, "sample_weight")
            kept[targets] = self._call(self.core.targets, values, weight, n_out, smoothing, each_alone)
        return kept[inputs], kept.get(targets)

    def _skips_background(self) -> bool:
        """Whether inputs that are mostly one number are trained without it: by SGD, a row a step."""
        return self.plan.batch_size == 1 and self.plan.optimizer.name == "sgd"

    def _inputs(self, rows: Rows, skip_background: bool = False) -> Any:
        multiply, offset = rows.scale
        X = rows.X
        if isinstance(X, Encoded):
            plain = rows.scale == (1.0, 0.0) and not any(field.others for field in X.fields)
            if plain and not skip_background:
                scalings = [_scaling(f.scaled) for f in X.fields if f.kind == "scaled"]
                return self.core.Inputs.encoded(X.stored, [(f.inputs, f.kind, f.taken) for f in X.fields], scalings)
            X = X.toarray()
        if rows.sparse:
            columns, starts = in_order(X.indices, np.int32), in_order(X.indptr, np.int64)
            try:
                return self.core.Inputs.sparse(single(X.data, "X"), columns, starts, X.shape[1], multiply, offset)
            except ValueError as error:  # `Rows` has checked it: it was changed since
                found = say("one that changed during the call ({error})", error=error)
                raise InputError("X: expected a sparse matrix that does not change", found, "give a copy") from None
        is_bytes = X.dtype == np.uint8
        X = X if is_bytes else single(X, "X")
        if skip_background:
            common, share = _most_frequent(X)
            if share > MOSTLY:
                make = self.core.Inputs.bytes_without_background if is_bytes else self.core.Inputs.without_background
                return make(X, common, multiply, offset)
        return (self.core.Inputs.bytes if is_bytes else self.core.Inputs.dense)(X, multiply, offset)

    @property
    def most_threads(self) -> int:
        """As many as are allowed, or as there are processors."""
        return self.plan.threads or processors()

    @property
    def worth_threads(self) -> int:
        """The number of rows from which a forward pass is worth more threads than one."""
        return -(-WORTH_A_TEAM // self._links)

    def _threads(self, rows: int | None = None) -> int:
        """How many threads: those allowed, unless a step is too little work to share."""
        batch = self.plan.batch_size if rows is None else rows
        worth = WORTH_TWO_THREADS_ONE_ROW if batch == 1 and rows is None else WORTH_TWO_THREADS
        return self.most_threads if batch * self._links >= worth else 1

    @property
    def _links(self) -> int:
        """Multiplications a row: the number of weights."""
        return sum(map(math.prod, self.sizes))


def _scaling(scaled: Scaled) -> tuple[Any, ...]:
    """The input scaling in the form that the core takes."""
    numbers = scaled.fill, scaled.centre, scaled.width, scaled.shift
    return *numbers, scaled.bend, list(scaled.edges), list(scaled.indicator)


def _most_frequent(X: NDArray[Any]) -> tuple[Any, float]:
    """The most frequent number in X and its share, estimated on evenly spaced rows."""
    sample = X[:: max(1, len(X) // 32)][:64]
    values, counts = np.unique(sample, return_counts=True)
    top = int(np.argmax(counts))
    return values[top].item(), float(counts[top]) / sample.size
