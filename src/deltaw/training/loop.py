"""Training: batches, steps, a record of each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw import engines
from deltaw.engines.protocol import Pace, Plan, thread_count
from deltaw.engines.rows import Rows, Scale
from deltaw.equations import losses, optimizers, schedules
from deltaw.equations.backprop import RULES, Rule
from deltaw.equations.dropout import Dropout
from deltaw.equations.lookup import positive
from deltaw.exceptions import SettingError, TrainingInterrupted
from deltaw.network import Network, generator
from deltaw.training.history import Epoch, History
from deltaw.training.stopping import Best, EarlyStopping

Callback = Callable[[Epoch], object]

TOGETHER = 8192  # rows, over all epochs that are trained in one call
LOOKED_AT = 256  # rows that telemetry looks at: a look costs as much as training on about as many


def train(
    network: Network,
    X: ArrayLike,
    T: ArrayLike,
    *,
    loss: str | losses.Loss = "squared",
    optimizer: str | optimizers.Optimizer = "sgd",
    learning_rate: float = 0.1,
    batch_size: int = 1,
    epochs: int = 5,
    shuffle: bool = True,
    seed: int = 0,
    backward: Rule = "gradient",
    schedule: str | schedules.Schedule = "constant",
    l2: float = 0.0,
    dropout: float | Sequence[float] | Dropout = 0.0,
    sample_weight: ArrayLike | None = None,
    validation: Sequence[Any] | None = None,
    early_stopping: int | EarlyStopping | None = None,
    callbacks: Iterable[Callback] = (),
    engine: str = "native",
    threads: int | None = None,
    label_smoothing: float = 0.0,
    max_grad_norm: float | None = None,
    input_scale: float | Scale | None = None,
    telemetry: bool = False,
) -> History:
    """Train the network in place.

    Args:
        network: its weights are where training starts, and where it puts what was learnt.
        X: inputs (n, n_in): float32, float64, uint8 or a SciPy sparse matrix.
        T: targets (n, n_out); or integer labels (n,) for cross_entropy.
        loss: the error function, "squared", "huber(0.5)", …; see `deltaw.equations.losses`.
        optimizer: "sgd", "adam", … or an object such as Adam(beta1=0.95); see `deltaw.equations.optimizers`.
        learning_rate: α.
        batch_size: rows a step; the last batch of an epoch may be smaller. ∂E/∂W is the mean over its rows.
        epochs: passes over the data.
        shuffle: a new random order each epoch; otherwise as given.
        seed: of the orders and the dropout masks.
        backward: "gradient", the chain rule, or "notes", the notes' split error; see `equations.backprop`.
        schedule: how α moves: "constant", "cosine", …; see `deltaw.equations.schedules`.
        l2: adds ½ l2 Σ W² to E (biases apart).
        dropout: share of each hidden layer's outputs to drop; one rate, one a hidden layer, or a Dropout.
        sample_weight: (n,), how much each row counts; only their ratios matter.
        validation: (X, T) or (X, T, sample_weight) that is never trained on.
        early_stopping: a patience in epochs, or an EarlyStopping; needs validation. Keeps the best weights.
        callbacks: called with an `Epoch` after each epoch; one that returns True ends training.
        engine: "native" (C++, float32) or "reference" (the equations, float64).
        threads: at most so many, up to 1,024; None lets the engine choose. The result does not depend on it.
        label_smoothing: share of every target that is spread over all outputs.
        max_grad_norm: gradients of all layers together longer than this are shortened to it.
        input_scale: a number, or (multiply, offset), applied to X on its way in: (0.99 / 255, 0.01) for pixels.
        telemetry: take a `Look` inside the network each epoch (saturation, dead units, lengths of gradients and
            updates), into the history and for the callbacks. It changes no bit of the result.

    Returns:
        The `History`. Training ends early, with `ended` "diverged", when E is no longer a number.

    Raises:
        InputError: data that does not fit the network or the loss.
        SettingError: a setting that cannot be.
        TrainingInterrupted: on Ctrl-C, after the running batch; the network keeps what was learnt.
    """
    if not isinstance(network, Network):
        raise SettingError("network: expected a deltaw.Network", repr(network), "make one: deltaw.Network([784, 10])")
    network.check()
    row = losses.loss(loss)
    if not row.minimum:
        raise SettingError(
            f"loss: expected one that has a minimum, found '{row.name}', where errors of opposite sign cancel and E "
            "falls without end; use 'squared' instead"
        )
    method = optimizers.optimizer(optimizer)
    pattern = schedules.schedule(schedule)
    drop = dropout if isinstance(dropout, Dropout) else Dropout(dropout)
    rates = drop.rates(len(network.sizes) - 2)
    stopping = EarlyStopping.of(early_stopping)
    epochs, batch_size = _whole(epochs, "epochs"), _whole(batch_size, "batch_size")
    if backward not in RULES:
        raise SettingError(f"backward: expected one of {', '.join(RULES)}", repr(backward), "choose one of these")
    if stopping is not None and validation is None:
        raise SettingError("early_stopping: expected validation rows to judge by", "none", "give validation=(X, T)")
    told = _callbacks(callbacks)
    rows = Rows.of(network, X, T, row, sample_weight, input_scale)
    held_out = None
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) not in (2, 3):
            raise SettingError("validation: expected (X, T) or (X, T, sample_weight)", "something else", "give these")
        Xv, Tv, *weight = validation
        held_out = Rows.of(network, Xv, Tv, row, weight[0] if weight else None, input_scale, "validation ")
    randomness = generator(seed)
    plan = Plan(
        loss=row,
        optimizer=method,
        batch_size=min(batch_size, len(rows)),
        rule=backward,
        l2=positive(l2, "l2", or_zero=True),
        max_grad_norm=None if max_grad_norm is None else positive(max_grad_norm, "max_grad_norm"),
        label_smoothing=positive(label_smoothing, "label_smoothing", or_zero=True, below=1.0),
        dropout=rates if any(rates) else (),
        dropout_key=int(randomness.integers(1 << 63)),
        threads=thread_count(threads),
        watched=telemetry,
    )
    alpha = positive(learning_rate, "learning_rate", or_zero=True)
    steps = -(-len(rows) // plan.batch_size)

    fading, thinning = schedules.schedule(method.decay_schedule), schedules.schedule(drop.schedule)

    def pace(epoch: int, count: int) -> Pace:
        """The numbers of each step of `count` epochs from this one."""
        factors = partial(
            schedules.factors, first_step=epoch * steps, steps=count * steps, steps_per_epoch=steps, epochs=epochs
        )
        return Pace(alpha * factors(pattern), method.weight_decay * factors(fading), factors(thinning))

    def orders(count: int) -> NDArray[np.int64]:
        """The order of the rows in each of the next epochs, (count, n)."""
        n = len(rows)
        return np.stack([randomness.permutation(n) if shuffle else np.arange(n) for _ in range(count)])

    machine = engines.make(engine, network, plan)
    best = None if stopping is None else Best(stopping)
    history = History()
    looked_at = rows.some(LOOKED_AT) if telemetry else None
    # Short epochs that nobody looks at are trained several in one call.
    alone = told or looked_at is not None or held_out is not None
    together = 1 if alone else max(1, TOGETHER // len(rows))
    try:
        for epoch in range(0, epochs, together):
            count = min(together, epochs - epoch)
            errors, seconds = machine.train(rows, orders(count), epoch * steps, pace(epoch, count))
            history.loss += errors
            history.seconds += seconds
            history.batch_steps += steps * len(errors)
            if best is not None or told:
                machine.store(network)
            look = None if looked_at is None else machine.look(looked_at)
            if look is not None:
                history.looks.append(look)

            validation_error, outputs = None, None
            if held_out is not None:
                validation_error, outputs = machine.evaluate(held_out)
                history.validation_loss.append(validation_error)
                assert held_out.T is not None
                if best is not None and best.see(
                    epoch, best.rule.judge(validation_error, held_out.T, outputs), network
                ):
                    history.ended = "early stopping"
            if told:
                now = Epoch(
                    epoch + 1, epochs, len(rows), errors[0], validation_error, seconds[0], outputs, network, look
                )
                # A list, not a generator: all are told, also after one that wants to stop.
                if any([callback(now) is True for callback in told]):  # noqa: C419
                    history.ended = "callback"
            if not np.isfinite(errors[-1]):
                history.ended = "diverged"
            if history.ended != "finished":
                break
    except KeyboardInterrupt:
        history.ended = "interrupted"
    machine.store(network)
    if best is not None and best.network is not None:
        network.weights, network.biases = best.network.weights, best.network.biases
        history.best_epoch = best.epoch
    if history.ended == "interrupted":
        raise TrainingInterrupted(history)
    return history


def _callbacks(given: Iterable[Callback]) -> tuple[Callback, ...]:
    if not isinstance(given, Iterable) or not all(map(callable, callbacks := tuple(given))):
        raise SettingError("callbacks: expected a list of functions", repr(given), "write [function]")
    return callbacks


def _whole(value: int, what: str) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise SettingError(f"{what}: expected a whole number, 1 or more", repr(value), "choose another")
    return int(value)
