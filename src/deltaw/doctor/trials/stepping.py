"""A training step by step, with the engine and rows of `deltaw.train`.

It takes telemetry between epochs, finds the first tensor that is not finite, and measures the curvature of E.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw import engines
from deltaw.doctor.evidence.start import LARGEST
from deltaw.doctor.findings import Where
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.clock import Clock, left
from deltaw.engines.protocol import Engine, Pace, Plan
from deltaw.engines.rows import Rows
from deltaw.equations import backprop, losses, optimizers, schedules
from deltaw.equations.dropout import Dropout
from deltaw.equations.lookup import positive
from deltaw.exceptions import SettingError
from deltaw.network import Network, generator
from deltaw.training import History

Array = NDArray[Any]

# Telemetry: rows of a look, the most looks, and their share of the rows trained on; a look costs as much as a step.
LOOKED_AT, MOST_LOOKS, SPENT = 256, 40, 0.04
FIRST_STEPS, FIRST_LINKS = 500, 10**8  # before it is known how long an epoch takes: steps, and weights times rows
REPLAYED, CURVED = 20_000, 512  # steps up to a divergence, and rows of which E's curvature is measured


@dataclass(frozen=True)
class Machine:
    """An engine loaded with network and rows, and the settings of `deltaw.train`.

    Attributes:
        pace: learning rates, weight decays and dropout factors of all steps.
        steps: per epoch.
    """

    engine: Engine
    rows: Rows
    plan: Plan
    pace: Pace
    steps: int

    def step(self, number: int, index: NDArray[np.int64]) -> float:
        """Make one step with these rows; returns their mean E before it."""
        return self.train(index[None], number)[0][0]

    def train(self, orders: NDArray[np.int64], first_step: int) -> tuple[list[float], list[float]]:
        """See `Engine.train`."""
        pace = self.pace.some(first_step, len(orders) * self.steps_of(orders.shape[1]))
        return self.engine.train(self.rows, orders, first_step, pace)

    def steps_of(self, rows: int) -> int:
        """Number of steps for so many rows."""
        return -(-rows // self.plan.batch_size)

    def in_pieces(
        self, order: NDArray[np.int64], first_step: int, rows: int, over: Callable[[], bool]
    ) -> tuple[float, float, int]:
        """An epoch in pieces of so many rows, a multiple of the batch size, until `over`: (E, seconds, steps).

        The steps are those of a whole epoch, bit for bit; E may differ by rounding.
        """
        total = seconds = 0.0
        passed = steps = 0
        for start in range(0, len(order), rows):
            index = order[start : start + rows]
            errors, times = self.train(index[None], first_step + steps)
            total, seconds = total + errors[0] * len(index), seconds + times[0]
            passed, steps = passed + len(index), steps + self.steps_of(len(index))
            if not np.isfinite(total) or over():
                break
        return total / passed, seconds, steps


def machine(setup: Setup, engine: str | None = None, watched: bool = False) -> Machine:
    """The loaded engine; `watched` as in `Plan`. Raises InputError as `deltaw.train`."""
    net, loss = setup.network, losses.loss(setup.loss)
    net.check()
    if not loss.minimum or setup.backward not in backprop.RULES:
        raise SettingError(
            "loss, backward: expected ones to train by", f"{loss.name}, {setup.backward}", "choose others"
        )
    alpha = positive(setup.rate, "learning_rate", or_zero=True)
    method = optimizers.optimizer(setup.optimizer)
    rows = Rows.of(net, setup.X, setup.T, loss, setup.sample_weight, setup.input_scale)
    drop = setup.dropout if isinstance(setup.dropout, Dropout) else Dropout(setup.dropout)
    rates = drop.rates(len(net.sizes) - 2)
    batch = min(setup.batch_size, len(rows))
    longest = None if setup.max_grad_norm is None else positive(setup.max_grad_norm, "max_grad_norm")
    smoothing = positive(setup.label_smoothing, "label_smoothing", or_zero=True, below=1.0)
    plan = Plan(
        loss=loss, optimizer=method, batch_size=batch, rule=setup.backward, l2=positive(setup.l2, "l2", or_zero=True),
        max_grad_norm=longest, label_smoothing=smoothing, dropout=rates if any(rates) else (),
        dropout_key=int(generator(setup.seed).integers(1 << 63)), threads=setup.threads, watched=watched,
    )  # fmt: skip
    steps = -(-len(rows) // batch)

    def factors(row: str | schedules.Schedule) -> Array:
        return schedules.factors(schedules.schedule(row), 0, steps * setup.epochs, steps, setup.epochs)

    decay = method.weight_decay * factors(method.decay_schedule)
    pace = Pace(alpha * factors(setup.schedule), decay, factors(drop.schedule))
    return Machine(engines.make(engine or setup.engine, net, plan), rows, plan, pace, steps)


def orders(setup: Setup, n: int) -> Iterator[NDArray[np.int64]]:
    """The order of n rows in each epoch, as `deltaw.train` draws it."""
    randomness = generator(setup.seed)
    randomness.integers(1 << 63)  # the dropout key comes first
    for _ in range(setup.epochs):
        yield randomness.permutation(n) if setup.shuffle else np.arange(n)


@dataclass(frozen=True)
class Watched:
    """A training with telemetry.

    Attributes:
        network: the trained network.
        history: as `deltaw.train` returns it, with `looks` after `epochs`.
        epochs: of the looks, from 0; the last is the training's last.
    """

    network: Network
    history: History
    epochs: tuple[int, ...]


def watched(setup: Setup, seconds: float) -> Watched:
    """Train a copy as `deltaw.train` does, bit for bit, with telemetry as often as it costs little.

    Not for early stopping or validation. It ends after `seconds` (see `Clock`), at most a twentieth later; an epoch
    that is cut short is the last in the history, with E of the rows that it reached.
    """
    m, history, network = machine(setup, watched=True), History(), setup.network.copy()
    n, few = len(m.rows), m.rows.some(LOOKED_AT)
    looks = max(1, min(MOST_LOOKS, setup.epochs, int(SPENT * setup.epochs * n / len(few))))
    every, clock = -(-setup.epochs // looks), Clock()
    ended, order = [], orders(setup, n)
    first, at_once = 0, _at_first(m, network)
    while first < setup.epochs:
        count = min(max(1, at_once // n), every - first % every, setup.epochs - first)
        if at_once >= n:
            errors, times = m.train(np.stack([next(order) for _ in range(count)]), first * m.steps)
            steps = m.steps * len(errors)
        else:
            rows = max(at_once, m.plan.batch_size)
            error, time, steps = m.in_pieces(next(order), first * m.steps, rows, lambda: clock.over(seconds))
            errors, times = [error], [time]
        history.loss += errors
        history.seconds += times
        history.batch_steps += steps
        first += count
        if not np.isfinite(errors[-1]):
            history.ended = "diverged"
        elif (first < setup.epochs or steps < m.steps) and clock.over(seconds):
            history.ended = "callback"
        if first % every == 0 or first == setup.epochs or history.ended != "finished":
            history.looks.append(m.engine.look(few))
            ended.append(len(history) - 1)
        if history.ended != "finished":
            break
        room = min(seconds, left()) / 20  # seconds per piece, so that it ends soon after the limit
        step = times[-1] * len(errors) / steps
        at_once = m.plan.batch_size * int(min(max(0.0, room) / max(step, 1e-9), every * m.steps))
    m.engine.store(network)
    return Watched(network, history, tuple(ended))


def _at_first(m: Machine, network: Network) -> int:
    """Rows of the first piece, before the speed is known: an epoch, or a fraction of a second on the slower engine."""
    batch = m.plan.batch_size
    return min(len(m.rows), batch * max(1, min(FIRST_STEPS, FIRST_LINKS // (batch * network.parameter_count))))


@dataclass(frozen=True)
class Divergence:
    """The first tensor with NaN, or with numbers outside float32's range.

    Attributes:
        tensor: "z", "o", "E", "∂E/∂W" or "W".
        where: its layer, epoch and step.
        largest: the largest |z| of the layer one step before.
    """

    tensor: str
    where: Where
    largest: float


def first_divergence(setup: Setup, epoch: int) -> Divergence | None:
    """The first tensor that is not finite in a training that diverged in this epoch, replayed up to REPLAYED
    steps; None if the replay, which may round differently, does not diverge.
    """
    m, step = machine(setup), 0
    for number, order in enumerate(orders(setup, len(m.rows))):
        if number > epoch + 1 or step > REPLAYED:
            return None
        for start in range(0, len(order), m.plan.batch_size):
            if left() <= 0:
                return None
            index = order[start : start + m.plan.batch_size]
            before = setup.network.copy()
            m.engine.store(before)
            error = m.step(step, index)
            after = setup.network.copy()
            m.engine.store(after)
            whole = all(np.isfinite(w).all() for w in [*after.weights, *after.biases])
            if not np.isfinite(error) or not whole:
                tensor, layer, largest = _first_non_finite(m, before, index)
                return Divergence(tensor, Where(layer=layer, epoch=number, step=step), largest)
            step += 1
    return None


def _first_non_finite(m: Machine, network: Network, index: NDArray[np.int64]) -> tuple[str, int | None, float]:
    """The first tensor of a step that is not finite, in the order of computation: (name, layer, largest |z|)."""
    t = m.rows.targets(index, network.sizes[-1])
    W = [np.asarray(w, np.float64) for w in network.weights]
    with np.errstate(all="ignore"):
        signals = network.signals(m.rows.inputs(index))
        largest = max((float(np.abs(z).max()) for z in signals.z if np.isfinite(z).all()), default=np.inf)
        for l in range(len(W)):
            for name, values in (("z", signals.z[l]), ("o", signals.o[l])):
                if _overflows(values):
                    return name, l, largest
        if _overflows(losses.row_errors(signals.z[-1], signals.o[-1], t, network.activations[-1], m.plan.loss)):
            return "E", None, largest
        back = backprop.backward(signals, t, W, network.rows, m.plan.loss, m.plan.rule)
        for l in reversed(range(len(W))):
            if _overflows(back.dW[l]):
                return "∂E/∂W", l, largest
    return "W", None, largest


def _overflows(values: Array) -> bool:
    return not bool((np.abs(values) <= LARGEST).all())


def top_curvature(setup: Setup, rounds: int = 50, tolerance: float = 1e-3) -> float | None:
    """λ_max, the largest eigenvalue of the Hessian of E in all weights and biases at the start of training.

    Power iteration on products H v, each the difference of two gradients, (g(w + h v) − g(w − h v)) / 2h, in float64 on
    some rows (Pearlmutter 1994 gives the same product exactly). Plain descent on a valley of curvature λ is
    stable for α < 2/λ (LeCun et al. 1998, Efficient BackProp, section 5).

    Returns None if E is not finite, or if the iteration does not converge in time.
    """
    m = machine(setup, "reference")
    few, net = m.rows.some(CURVED), setup.network
    w = np.concatenate([np.asarray(a, np.float64).ravel() for a in [*net.weights, *net.biases]])
    biased = [np.full(b.size, float(has)) for b, has in zip(net.biases, net.bias, strict=True)]
    trains = np.concatenate([*(np.ones(a.size) for a in net.weights), *biased])

    def gradient(at: Array) -> Array:
        twin, start = net.copy(), 0
        for arrays in (twin.weights, twin.biases):
            for l, a in enumerate(arrays):
                arrays[l] = at[start : start + a.size].reshape(a.shape)
                start += a.size
        m.engine.load(twin)
        _, dW, db = m.engine.gradient(few)
        return np.asarray(np.concatenate([g.ravel() for g in [*dW, *db]]) * trains)

    h = 1e-4 * max(1.0, float(np.linalg.norm(w)))
    v = np.random.default_rng(0).normal(size=w.size) * trains
    v /= np.linalg.norm(v)
    value = 0.0
    with np.errstate(all="ignore"):
        for _ in range(rounds):
            product = (gradient(w + h * v) - gradient(w - h * v)) / (2.0 * h)
            new = float(v @ product)
            length = float(np.linalg.norm(product))
            if not np.isfinite(length) or length == 0.0 or left() <= 0:
                return None
            v = product / length
            if abs(new - value) <= tolerance * abs(new):
                break
            value = new
    return new if new > 0 else None
