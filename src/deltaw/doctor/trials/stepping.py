"""A training step by step, with the engine and rows of `deltaw.train`.

It takes telemetry between epochs, finds the first tensor that is not finite, and measures the curvature of E.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.start import LARGEST
from deltaw.doctor.findings import Where
from deltaw.doctor.setup import Setup
from deltaw.doctor.trials.clock import Clock, left
from deltaw.equations import backprop, losses
from deltaw.network import Network
from deltaw.training import History
from deltaw.training.epochs import LOOKED_AT, Training
from deltaw.training.loop import begin

Array = NDArray[Any]

# Telemetry: the most looks, and their share of the rows trained on; a look costs as much as a step.
MOST_LOOKS, SPENT = 40, 0.04
FIRST_STEPS, FIRST_LINKS = 500, 10**8  # before it is known how long an epoch takes: steps, and weights times rows
REPLAYED, CURVED = 20_000, 512  # steps up to a divergence, and rows of which E's curvature is measured


def begun(setup: Setup, *, engine: str | None = None, telemetry: bool = False) -> Training:
    """The training of a set-up before its first step, without validation. Raises InputError as `deltaw.train`."""
    alone: dict[str, Any] = {"validation": None, "early_stopping": None, "callbacks": (), "telemetry": telemetry}
    own = setup.arguments | alone | {"engine": engine or setup.engine}
    return begin(setup.network, setup.X, setup.T, **own)


def steps_of(training: Training, rows: int) -> int:
    """Number of steps in an epoch of `rows` rows."""
    return -(-rows // training.plan.batch_size)


def stepped(training: Training, orders: NDArray[np.int64], first_step: int) -> tuple[list[float], list[float]]:
    """Train on the rows of each of `orders`, from a step on; see `Engine.train`."""
    pace = training.pace(first_step, len(orders) * steps_of(training, orders.shape[1]))
    return training.machine.train(training.rows, orders, first_step, pace)


def in_pieces(
    training: Training, order: NDArray[np.int64], first_step: int, rows: int, over: Callable[[], bool]
) -> tuple[float, float, int]:
    """An epoch in pieces of `rows` rows, a multiple of the batch size, until `over`: (E, seconds, steps).

    The steps are those of a whole epoch, bit for bit; E may differ by rounding.
    """
    total = seconds = 0.0
    passed = steps = 0
    for start in range(0, len(order), rows):
        index = order[start : start + rows]
        errors, times = stepped(training, index[None], first_step + steps)
        total, seconds = total + errors[0] * len(index), seconds + times[0]
        passed, steps = passed + len(index), steps + steps_of(training, len(index))
        if not np.isfinite(total) or over():
            break
    return total / passed, seconds, steps


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
    m, history, network = begun(setup, telemetry=True), History(), setup.network.copy()
    n, few = len(m.rows), m.rows.some(LOOKED_AT)
    looks = max(1, min(MOST_LOOKS, setup.epochs, int(SPENT * setup.epochs * n / len(few))))
    every, clock = -(-setup.epochs // looks), Clock()
    ended = []
    first, at_once = 0, _at_first(m)
    while first < setup.epochs:
        count = min(max(1, at_once // n), every - first % every, setup.epochs - first)
        if at_once >= n:
            errors, times = stepped(m, m.orders(count), first * m.steps)
            steps = m.steps * len(errors)
        else:
            rows = max(at_once, m.plan.batch_size)
            error, time, steps = in_pieces(m, m.orders(1)[0], first * m.steps, rows, lambda: clock.over(seconds))
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
            history.looks.append(m.machine.look(few))
            ended.append(len(history) - 1)
        if history.ended != "finished":
            break
        room = min(seconds, left()) / 20  # seconds per piece, so that it ends soon after the limit
        step = times[-1] * len(errors) / steps
        at_once = m.plan.batch_size * int(min(max(0.0, room) / max(step, 1e-9), every * m.steps))
    m.machine.store(network)
    return Watched(network, history, tuple(ended))


def _at_first(m: Training) -> int:
    """Rows of the first piece, before the speed is known: an epoch, or a fraction of a second on the slower engine."""
    batch = m.plan.batch_size
    return min(len(m.rows), batch * max(1, min(FIRST_STEPS, FIRST_LINKS // (batch * m.network.parameter_count))))


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
    m, step = begun(setup), 0
    for number in range(min(setup.epochs, epoch + 2)):
        if step > REPLAYED:
            return None
        order = m.orders(1)[0]
        for start in range(0, len(order), m.plan.batch_size):
            if left() <= 0:
                return None
            index = order[start : start + m.plan.batch_size]
            before = setup.network.copy()
            m.machine.store(before)
            error = stepped(m, index[None], step)[0][0]
            after = setup.network.copy()
            m.machine.store(after)
            whole = all(np.isfinite(w).all() for w in [*after.weights, *after.biases])
            if not np.isfinite(error) or not whole:
                tensor, layer, largest = _first_non_finite(m, before, index)
                return Divergence(tensor, Where(layer=layer, epoch=number, step=step), largest)
            step += 1
    return None


def _first_non_finite(m: Training, network: Network, index: NDArray[np.int64]) -> tuple[str, int | None, float]:
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
    m = begun(setup, engine="reference")
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
        m.machine.load(twin)
        _, dW, db = m.machine.gradient(few)
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
