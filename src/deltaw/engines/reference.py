"""The reference engine: the equations as they stand, float64, one batch after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.look import Look, look
from deltaw.engines.protocol import Pace, Plan
from deltaw.engines.rows import Rows
from deltaw.equations import backprop, dropout, losses
from deltaw.equations.backprop import Parameters, Signals
from deltaw.network import Network

CHUNK = 4096  # rows evaluated at a time


class ReferenceEngine:
    """Slow, plain and exact: every other engine is compared with it. See `Engine` for the methods."""

    dtype: type[np.floating[Any]] = np.float64

    def __init__(self, network: Network, plan: Plan) -> None:
        self.plan = plan
        self.activations, self.n_out = network.rows, network.sizes[-1]
        self.shapes = [w.shape for w in network.weights], [b.shape for b in network.biases]
        self.parameters = self._begin(network)
        self.before = self.parameters

    def prepare(self, rows: Rows) -> None:
        """The equations take rows as they are."""

    @np.errstate(over="ignore", invalid="ignore")  # what overflows shows in E, and ends the training
    def train(
        self, rows: Rows, orders: NDArray[np.int64], first_step: int, pace: Pace
    ) -> tuple[list[float], list[float]]:
        errors: list[float] = []
        seconds: list[float] = []
        steps = -(-orders.shape[1] // self.plan.batch_size)
        for epoch, order in enumerate(orders):
            started = perf_counter()
            errors.append(self._epoch(rows, order, first_step + epoch * steps, pace, epoch * steps) / len(order))
            # A loss that keeps outputs away from where its logarithm ends can stay a number when no weight is one.
            if not all(np.isfinite(array).all() for array in (*self.parameters.W, *self.parameters.b)):
                errors[-1] = np.nan
            seconds.append(perf_counter() - started)
            if not np.isfinite(errors[-1]):
                break
        return errors, seconds

    def _epoch(self, rows: Rows, order: NDArray[np.int64], first_step: int, pace: Pace, offset: int) -> float:
        """One pass, and its E, summed; `offset` is its first step's place in the pace."""
        size, total = self.plan.batch_size, 0.0
        for i, start in enumerate(range(0, len(order), size)):
            index, step, at = order[start : start + size], first_step + i, offset + i
            masks = self._masks(step, len(index), pace.dropout[at])
            made = self._step(rows, index, len(index), masks, pace.alpha[at], step + 1, pace.decay[at])
            self.before, self.parameters = self.parameters, made[0]  # as a whole: Ctrl-C leaves the last whole batch
            total += float(made[1])
        return total

    def _step(
        self, rows: Rows, index: Any, n: int, masks: Any, alpha: Any, t: Any, decay: Any
    ) -> tuple[Parameters, Any]:
        """The parameters after step t = 1, 2, 3, …, by these rows of a batch of n; and their E, summed."""
        plan, p = self.plan, self.parameters.copy()
        W, b = self._layers(p)
        target = losses.smooth(self._targets(rows, index), plan.label_smoothing, plan.loss)
        weight = self._weight(rows, index)
        signals = backprop.forward(self._inputs(rows, index), W, b, self.activations, masks)
        gradients = self._summed(
            backprop.backward(signals, target, W, self.activations, plan.loss, plan.rule, weight / n, masks, self._l2())
        )
        if plan.max_grad_norm is not None:
            gradients = backprop.clip(gradients, plan.max_grad_norm, p.biased)
        backprop.update(p, gradients, plan.optimizer, alpha, t, decay)
        return p, weight @ self._errors(signals, target)

    @np.errstate(over="ignore", invalid="ignore")
    def evaluate(self, rows: Rows) -> tuple[float, NDArray[Any]]:
        total, outputs = 0.0, np.zeros((len(rows), self.n_out), self.dtype)
        for index in self._pieces(len(rows)):
            signals = self._forward(rows, index)
            outputs[index] = self._numpy(signals.o[-1])
            if rows.T is not None:
                errors = self._errors(signals, self._targets(rows, index))
                total += float(np.sum(errors) if rows.weight is None else self._weight(rows, index) @ errors)
        return total / len(rows), outputs

    @np.errstate(over="ignore", invalid="ignore")
    def gradient(self, rows: Rows) -> tuple[float, list[NDArray[Any]], list[NDArray[Any]]]:
        plan, (W, b) = self.plan, self._layers(self.parameters)
        total, dW, db = 0.0, [np.zeros_like(w) for w in W], [np.zeros_like(v) for v in b]
        for index in self._pieces(len(rows)):
            error, _, part = self._whole(rows, index)
            dW = [g + more for g, more in zip(dW, part.dW, strict=True)]
            db = [g + more for g, more in zip(db, part.db, strict=True)]
            total += error
        dW = [g + plan.l2 * w for g, w in zip(dW, W, strict=True)]
        W, dW, db = (list(map(self._numpy, arrays)) for arrays in (W, dW, db))
        return total + backprop.penalty(plan.l2, W), dW, db

    @np.errstate(over="ignore", invalid="ignore")
    def look(self, rows: Rows) -> Look:
        _, signals, gradients = self._whole(rows, slice(None))
        (W, _), (before, _) = map(self._layers, (self.parameters, self.before))
        dW = [g + self.plan.l2 * w for g, w in zip(gradients.dW, W, strict=True)]
        a, z, o, dW, before, W = (
            list(map(self._numpy, arrays)) for arrays in (signals.a, signals.z, signals.o, dW, before, W)
        )
        return look(self.activations, Signals(a, z, o), dW, before, W)

    def _whole(self, rows: Rows, index: slice) -> tuple[float, Signals, backprop.Gradients]:
        """These rows' share in E of all rows as one batch, their signals, and the gradient of that share."""
        plan, (W, _) = self.plan, self._layers(self.parameters)
        weight = self._weight(rows, index) / len(rows)
        t = losses.smooth(self._targets(rows, index), plan.label_smoothing, plan.loss)
        signals = self._forward(rows, index)
        gradients = backprop.backward(signals, t, W, self.activations, plan.loss, plan.rule, weight)
        return float(weight @ self._errors(signals, t)), signals, gradients

    def _forward(self, rows: Rows, index: slice) -> Signals:
        return backprop.forward(self._inputs(rows, index), *self._layers(self.parameters), self.activations)

    def load(self, network: Network) -> None:
        self.parameters.W, self.parameters.b = map(self._own, (network.weights, network.biases))

    def store(self, network: Network) -> None:
        W, b = self._layers(self.parameters)
        network.weights, network.biases = (list(map(self._numpy, arrays)) for arrays in (W, b))

    def state(self) -> dict[str, NDArray[Any]]:
        return {
            f"{what}.{l}.{slot}": self._numpy(array)
            for what, states, shapes in self._states()
            for slot, arrays in enumerate(zip(*states, strict=True))
            for l, array in enumerate(self._apart(arrays, shapes))
        }

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        for what, states, shapes in self._states():
            slots = [
                self._own(state[f"{what}.{l}.{slot}"].reshape(shape) for l, shape in enumerate(shapes))
                for slot in range(self.plan.optimizer.slots)
            ]
            states[:] = list(zip(*slots, strict=True)) or states

    def _states(self) -> Iterator[tuple[str, list[Any], list[Any]]]:
        yield from zip("Wb", (self.parameters.W_state, self.parameters.b_state), self.shapes, strict=True)

    def _targets(self, rows: Rows, index: Any) -> NDArray[np.float64]:
        return rows.targets(index, self.n_out)

    def _errors(self, signals: Signals, t: NDArray[np.float64]) -> NDArray[np.float64]:
        return losses.row_errors(signals.z[-1], signals.o[-1], t, self.activations[-1].name, self.plan.loss)

    def _masks(self, step: int, n: int, factor: float) -> list[Any]:
        rates = [rate * factor for rate in self.plan.dropout]
        hidden = [
            dropout.mask(self.plan.dropout_key, step, l, n, len(b), rate) if rate else None
            for l, (b, rate) in enumerate(zip(self.parameters.b, rates, strict=False))
        ]
        return [*hidden, *[None] * (len(self.parameters.W) - len(hidden))]

    # Overridden by other engines of the same equations: where arrays lie, and which rows are a rank's own.

    def _begin(self, network: Network) -> Parameters:
        W, b = map(self._own, (network.weights, network.biases))
        return Parameters.begin(W, b, list(network.bias), self.plan.optimizer)

    def _own(self, arrays: Iterable[NDArray[Any]]) -> list[Any]:
        """NumPy arrays, one a layer, converted to what the engine computes on."""
        return [np.array(array, np.float64) for array in arrays]

    def _apart(self, arrays: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> Sequence[Any]:
        """The engine's parameters as one array a layer."""
        return arrays

    def _layers(self, p: Parameters) -> tuple[Sequence[Any], Sequence[Any]]:
        """The weights and the biases of each layer."""
        return p.W, p.b

    def _numpy(self, array: Any) -> NDArray[Any]:
        """A copy as an array of NumPy."""
        return np.array(array)

    def _inputs(self, rows: Rows, index: Any) -> Any:
        return rows.inputs(index)

    def _weight(self, rows: Rows, index: Any) -> Any:
        return np.ones(len(rows))[index] if rows.weight is None else rows.weight[index]

    def _pieces(self, n: int) -> list[slice]:
        """The rows that are evaluated, in pieces."""
        return [slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]

    def _summed(self, gradients: backprop.Gradients) -> backprop.Gradients:
        """The gradient of all of a batch, as the engine holds its parameters."""
        return gradients

    def _l2(self) -> float:
        return self.plan.l2
