"""One training, some epochs at a time: batches, steps, a record of each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltaw import engines
from deltaw.engines.orders import permute
from deltaw.engines.protocol import Pace, Plan, thread_count
from deltaw.engines.rows import Rows
from deltaw.equations import losses, optimizers, schedules
from deltaw.equations.backprop import RULES, Rule
from deltaw.equations.dropout import Dropout
from deltaw.equations.lookup import positive
from deltaw.equations.statistics import standard_error
from deltaw.exceptions import SettingError
from deltaw.given import among, is_whole, several
from deltaw.network import Network, generator
from deltaw.speech import listed, say
from deltaw.training.history import Epoch, History
from deltaw.training.stopping import Best, EarlyStopping

Callback = Callable[[Epoch], object]


class Within(NamedTuple):
    """Progress within an epoch whose rows come in windows.

    Attributes:
        windows: number of finished windows.
        error: sum over their rows of E before each update.
        seconds: training time.
    """

    windows: int = 0
    error: float = 0.0
    seconds: float = 0.0


ROWS_PER_CALL = 8192  # rows, over all epochs that are trained in one call
LOOKED_AT = 256  # rows that telemetry looks at: a look costs as much as training on about as many
PACED = 65536  # steps, up to which the learning rates of a training are computed once, not in each short epoch


class Training:
    """One training that advances by some epochs at a time, for `train` and `train_pack`.

    Args:
        network: as in `train`.
        rows: training rows.
        held_out: validation rows, or None.
        part: (m,) indices of the rows to train on; None: all.
        loss: the loss.
        settings: all other settings of `train`.
        until: the last epoch; None: that of the schedule. Schedules use the number of all epochs.
        rows_an_epoch: rows per epoch, if neither all nor the part: see `WindowedTraining`.

    Attributes:
        history: so far.
    """

    def __init__(
        self,
        network: Network,
        rows: Rows,
        held_out: Rows | None,
        part: NDArray[np.int64] | None = None,
        *,
        loss: losses.Loss,
        optimizer: str | optimizers.Optimizer,
        learning_rate: float,
        batch_size: int,
        epochs: int,
        shuffle: bool,
        seed: int,
        backward: Rule,
        schedule: str | schedules.Schedule,
        l2: float,
        dropout: float | Sequence[float] | Dropout,
        early_stopping: int | EarlyStopping | None,
        callbacks: Iterable[Callback],
        engine: str,
        threads: int | None,
        label_smoothing: float,
        max_grad_norm: float | None,
        telemetry: bool,
        until: int | None = None,
        rows_an_epoch: int | None = None,
    ) -> None:
        self.network, self.rows, self.held_out, self.part = network, rows, held_out, part
        self.n = rows_an_epoch or (len(rows) if part is None else len(part))
        self.method = optimizers.optimizer(optimizer)
        self.pattern = schedules.schedule(schedule)
        self.dropout = dropout if isinstance(dropout, Dropout) else Dropout(dropout)
        rates = self.dropout.rates(len(network.sizes) - 2)
        stopping = EarlyStopping.of(early_stopping)
        self.epochs, batch_size = _whole(epochs, "epochs"), _whole(batch_size, "batch_size")
        self.until = self.epochs if until is None else min(until, self.epochs)
        if not among(backward, RULES):
            raise SettingError(
                "backward: expected one of {rules}", repr(backward), "choose one of these", rules=listed(RULES)
            )
        if stopping is not None and held_out is None:
            raise SettingError(
                "early_stopping: expected validation rows to judge by", say("none"), "give validation=(X, T)"
            )
        self.callbacks = _callbacks(callbacks)
        self.shuffle, telemetry = _flag(shuffle, "shuffle"), _flag(telemetry, "telemetry")
        self.seed, self.randomness, self.engine = seed, generator(seed), engine
        self.plan = plan = Plan(
            loss=loss,
            optimizer=self.method,
            batch_size=min(batch_size, self.n),
            rule=backward,
            l2=positive(l2, "l2", or_zero=True),
            max_grad_norm=None if max_grad_norm is None else positive(max_grad_norm, "max_grad_norm"),
            label_smoothing=positive(label_smoothing, "label_smoothing", or_zero=True, below=1.0),
            dropout=rates if any(rates) else (),
            dropout_key=int(self.randomness.integers(1 << 63)),
            threads=thread_count(threads),
            watched=telemetry,
        )
        self.alpha = positive(learning_rate, "learning_rate", or_zero=True)
        self.steps = -(-self.n // plan.batch_size)
        self.fading = schedules.schedule(self.method.decay_schedule)
        self.thinning = schedules.schedule(self.dropout.schedule)
        self.machine = engines.make(engine, network, plan)
        if rows_an_epoch is None:
            self.machine.prepare(rows)
        self.best = None if stopping is None else Best(stopping)
        self.history = History()
        self.looked_at = self._some(LOOKED_AT) if telemetry else None
        # Short epochs without callbacks, telemetry and validation are trained several in one call.
        alone = self.callbacks or telemetry or held_out is not None
        self.together = 1 if alone else max(1, ROWS_PER_CALL // self.n)
        self.epoch = 0  # how many were made
        self.within: Within | None = None  # where it is in one, of rows that come in windows

    @property
    def windows_an_epoch(self) -> int:
        """Number of windows per epoch; 1 if all rows are in memory."""
        return 1

    @property
    def over(self) -> bool:
        """Whether the training has ended."""
        return self.history.ended != "finished" or self.epoch >= self.until

    def advance(self) -> None:
        """Train the next epoch, or several short ones. On Ctrl-C as `Engine.train`."""
        epoch, history, made = self.epoch, self.history, self._trained()
        if made is None:
            return
        errors, seconds = made
        history.loss += errors
        history.seconds += seconds
        history.batch_steps += self.steps * len(errors)
        if self.best is not None or self.callbacks:
            self.machine.store(self.network)
        look = None if self.looked_at is None else self.machine.look(self.looked_at)
        if look is not None:
            history.looks.append(look)

        validation_error, outputs = None, None
        if self.held_out is not None:
            validation_error, outputs = self.machine.evaluate(self.held_out)
            history.validation_loss.append(validation_error)
            assert self.held_out.T is not None
            if self.best is not None and self.best.see(
                epoch,
                self.best.rule.judge(validation_error, self.held_out.T, outputs),
                self.network,
                partial(self._unsure, self.held_out, outputs),
            ):
                history.ended = "early stopping"
        if not np.isfinite(errors[-1]):
            history.ended = "diverged"
        if self.callbacks:
            now = Epoch(
                epoch + 1,
                self.epochs,
                self.n,
                errors[0],
                validation_error,
                seconds[0],
                outputs,
                self.network,
                look,
                self.over,
            )
            # A list, not a generator: all are called, also after one that wants to stop.
            if any([callback(now) is True for callback in self.callbacks]) and history.ended != "diverged":  # noqa: C419
                history.ended = "callback"

    def _unsure(self, rows: Rows, outputs: NDArray[Any]) -> float:
        """The relative standard error of the mean E of these rows."""
        errors = self.plan.loss.E(np.asarray(outputs, np.float64), rows.targets(slice(None), outputs.shape[1]))
        errors = errors if rows.weight is None else errors * rows.weight
        return standard_error(errors) / max(float(errors.mean()), float(np.finfo(float).tiny))

    def finish(self) -> History:
        """Write the final weights into the network, or with early stopping the best ones."""
        self.machine.store(self.network)
        if self.best is not None and self.best.network is not None:
            self.network.weights, self.network.biases = self.best.network.weights, self.best.network.biases
            self.history.best_epoch = None if self.best.epoch is None else self.best.epoch + 1
        return self.history

    def _trained(self) -> tuple[list[float], list[float]] | None:
        """Train some epochs; return E and seconds of each, or None within an epoch."""
        count, first = min(self.together, self.until - self.epoch), self.epoch * self.steps
        made = self.machine.train(self.rows, self.orders(count), first, self.pace(first, count * self.steps))
        self.epoch += count
        return made

    def pace(self, first: int, steps: int) -> Pace:
        """Learning rates of `steps` steps, from step `first` on."""
        if self.steps * self.epochs > PACED:
            return self._paced(first, steps)
        return self._whole_pace.some(first, steps)

    @cached_property
    def _whole_pace(self) -> Pace:
        return self._paced(0, self.steps * self.epochs)

    def _paced(self, first: int, steps: int) -> Pace:
        factors = partial(
            schedules.factors, first_step=first, steps=steps, steps_per_epoch=self.steps, epochs=self.epochs
        )
        decay = self.method.weight_decay * factors(self.fading)
        return Pace(self.alpha * factors(self.pattern), decay, factors(self.thinning))

    def orders(self, count: int) -> NDArray[np.int64]:
        """The order of the rows in each of the next epochs, (count, n)."""
        orders = np.empty((count, self.n), np.int64)
        orders[:] = np.arange(self.n) if self.part is None else self.part
        if self.shuffle:  # each row as `permutation` would draw it
            permute(orders, self.randomness)
        return orders

    def _some(self, most: int) -> Rows:
        """At most `most` training rows, evenly spaced."""
        return (self.rows if self.part is None else self.rows.take(self.part)).some(most)


def _callbacks(given: Iterable[Callback]) -> tuple[Callback, ...]:
    if (callbacks := several(given)) is None or not all(map(callable, callbacks)):
        raise SettingError("callbacks: expected a list of functions", repr(given), "write [function]")
    return callbacks


def _flag(value: Any, what: str) -> bool:
    if not isinstance(value, (bool, np.bool_, int)) or value not in (0, 1):
        raise SettingError("{what}: expected True or False", repr(value), "give one of the two", what=what)
    return bool(value)


def _whole(value: int, what: str) -> int:
    if not is_whole(value, 1):
        raise SettingError("{what}: expected a whole number, 1 or more", repr(value), "choose another", what=what)
    return int(value)
