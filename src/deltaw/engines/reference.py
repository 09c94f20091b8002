"""The reference engine: the equations as they stand, float64, one batch after the other."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.look import Look, look
from deltaw.engines.protocol import Pace, Plan
from deltaw.engines.rows import Rows
from deltaw.equations import backprop, dropout, losses
from deltaw.equations.backprop import Parameters
from deltaw.network import Network

CHUNK = 4096  # rows evaluated at a time


class ReferenceEngine:
    """Slow, plain and exact: what every other engine is held against. See `Engine` for the methods."""

    def __init__(self, network: Network, plan: Plan) -> None:
        self.plan = plan
        self.activations, self.n_out = network.rows, network.sizes[-1]
        self.parameters = Parameters.begin(
            [np.array(w, np.float64) for w in network.weights],
            [np.array(b, np.float64) for b in network.biases],
            list(network.bias),
            plan.optimizer,
        )
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
            errors.append(self._epoch(rows, order, first_step + epoch * steps, pace, epoch * steps))
            seconds.append(perf_counter() - started)
            if not np.isfinite(errors[-1]):
                break
        return errors, seconds

    def _epoch(self, rows: Rows, order: NDArray[np.int64], first_step: int, pace: Pace, offset: int) -> float:
        """One pass; `offset` is its first step's place in the pace."""
        plan, total = self.plan, 0.0
        for i, start in enumerate(range(0, len(order), plan.batch_size)):
            index = order[start : start + plan.batch_size]
            step = first_step + i
            p = self.parameters.copy()  # taken over as a whole below: Ctrl-C in between leaves the last whole batch
            t = losses.smooth(self._targets(rows, index), plan.label_smoothing, plan.loss)
            weight = np.ones(len(index)) if rows.weight is None else rows.weight[index]
            masks = self._masks(step, len(index), pace.dropout[offset + i])

            signals = backprop.forward(rows.inputs(index), p.W, p.b, self.activations, masks)
            gradients = backprop.backward(
                signals, t, p.W, self.activations, plan.loss, plan.rule, weight / len(index), masks, plan.l2
            )
            if plan.max_grad_norm is not None:
                gradients = backprop.clip(gradients, plan.max_grad_norm, p.biased)
            backprop.update(p, gradients, plan.optimizer, pace.alpha[offset + i], step + 1, pace.decay[offset + i])
            self.before, self.parameters = self.parameters, p

            total += float(weight @ self._errors(signals, t))
        # A loss that keeps outputs away from where its logarithm ends can stay a number when the weights no longer are.
        finite = all(np.isfinite(array).all() for array in (*self.parameters.W, *self.parameters.b))
        return total / len(order) if finite else np.nan

    @np.errstate(over="ignore", invalid="ignore")
    def evaluate(self, rows: Rows) -> tuple[float, NDArray[Any]]:
        total, outputs = 0.0, []
        for start in range(0, len(rows), CHUNK):
            index = slice(start, start + CHUNK)
            signals = backprop.forward(rows.inputs(index), self.parameters.W, self.parameters.b, self.activations)
            outputs.append(signals.o[-1])
            if rows.T is not None:
                errors = self._errors(signals, self._targets(rows, index))
                total += float(errors.sum() if rows.weight is None else rows.weight[index] @ errors)
        return total / len(rows), np.concatenate(outputs)

    @np.errstate(over="ignore", invalid="ignore")
    def gradient(self, rows: Rows) -> tuple[float, list[NDArray[Any]], list[NDArray[Any]]]:
        p, plan = self.parameters, self.plan
        total, dW, db = 0.0, [np.zeros_like(w) for w in p.W], [np.zeros_like(b) for b in p.b]
        for start in range(0, len(rows), CHUNK):
            error, _, part = self._whole(rows, slice(start, start + CHUNK))
            dW = [g + more for g, more in zip(dW, part.dW, strict=True)]
            db = [g + more for g, more in zip(db, part.db, strict=True)]
            total += error
        dW = [g + plan.l2 * w for g, w in zip(dW, p.W, strict=True)]
        return total + backprop.penalty(plan.l2, p.W), dW, db

    @np.errstate(over="ignore", invalid="ignore")
    def look(self, rows: Rows) -> Look:
        _, signals, gradients = self._whole(rows, slice(None))
        W = self.parameters.W
        dW = [g + self.plan.l2 * w for g, w in zip(gradients.dW, W, strict=True)]
        return look(self.activations, signals, dW, self.before.W, W)

    def _whole(self, rows: Rows, index: slice) -> tuple[float, backprop.Signals, backprop.Gradients]:
        """These rows' share in E of all rows as one batch, their signals, and the gradient of that share."""
        p, plan = self.parameters, self.plan
        weight = (np.ones(len(rows)) if rows.weight is None else rows.weight)[index] / len(rows)
        t = losses.smooth(self._targets(rows, index), plan.label_smoothing, plan.loss)
        signals = backprop.forward(rows.inputs(index), p.W, p.b, self.activations)
        gradients = backprop.backward(signals, t, p.W, self.activations, plan.loss, plan.rule, weight)
        return float(weight @ self._errors(signals, t)), signals, gradients

    def load(self, network: Network) -> None:
        self.parameters.W = [np.array(w, np.float64) for w in network.weights]
        self.parameters.b = [np.array(b, np.float64) for b in network.biases]

    def store(self, network: Network) -> None:
        network.weights = [w.copy() for w in self.parameters.W]
        network.biases = [b.copy() for b in self.parameters.b]

    def state(self) -> dict[str, NDArray[Any]]:
        return {
            f"{what}.{l}.{slot}": array.copy()
            for what, states in (("W", self.parameters.W_state), ("b", self.parameters.b_state))
            for l, layer in enumerate(states)
            for slot, array in enumerate(layer)
        }

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        for what, states in (("W", self.parameters.W_state), ("b", self.parameters.b_state)):
            for l, layer in enumerate(states):
                states[l] = tuple(
                    np.array(state[f"{what}.{l}.{slot}"], np.float64).reshape(array.shape)
                    for slot, array in enumerate(layer)
                )

    def _targets(self, rows: Rows, index: Any) -> NDArray[np.float64]:
        return rows.targets(index, self.n_out)

    def _errors(self, signals: backprop.Signals, t: NDArray[np.float64]) -> NDArray[np.float64]:
        return losses.row_errors(signals.z[-1], signals.o[-1], t, self.activations[-1].name, self.plan.loss)

    def _masks(self, step: int, n: int, factor: float) -> list[NDArray[np.float64] | None]:
        rates = [rate * factor for rate in self.plan.dropout]
        hidden = [
            dropout.mask(self.plan.dropout_key, step, l, n, len(b), rate) if rate else None
            for l, (b, rate) in enumerate(zip(self.parameters.b, rates, strict=False))
        ]
        return [*hidden, *[None] * (len(self.parameters.W) - len(hidden))]
