"""What every engine can do, and the settings it does it by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.look import Look
from deltaw.engines.rows import Rows
from deltaw.equations.backprop import Rule
from deltaw.equations.losses import Loss
from deltaw.equations.optimizers import Optimizer
from deltaw.exceptions import SettingError
from deltaw.given import is_whole
from deltaw.network import Network

Array = NDArray[np.float64]

MOST_THREADS = 1024  # native/bind.cpp holds it too


@dataclass(frozen=True)
class Plan:
    """The settings of a step that stay the same during a training; see `deltaw.train` for their meaning."""

    loss: Loss
    optimizer: Optimizer
    batch_size: int
    rule: Rule = "gradient"
    l2: float = 0.0
    max_grad_norm: float | None = None
    label_smoothing: float = 0.0
    dropout: tuple[float, ...] = ()  # one rate for each hidden layer
    dropout_key: int = 0
    threads: int | None = None
    watched: bool = False  # keep what `Engine.look` needs


@dataclass(frozen=True)
class Pace:
    """The settings that change from step to step: one number for each step, (steps,).

    Attributes:
        alpha: the learning rate.
        decay: AdamW's λ (0 for every other optimiser).
        dropout: factor on all dropout rates.
    """

    alpha: Array
    decay: Array
    dropout: Array

    def some(self, first: int, steps: int) -> Pace:
        """The pace of `steps` steps, from step `first` on."""
        at = slice(first, first + steps)
        return Pace(self.alpha[at], self.decay[at], self.dropout[at])


def thread_count(threads: int | None) -> int | None:
    """`threads`, checked; None: as many as there are processors. Raises SettingError for an invalid number."""
    if threads is None:
        return None
    if not is_whole(threads, 1, MOST_THREADS):
        expected = "threads: expected a whole number from 1 to {most_threads}"
        raise SettingError(expected, repr(threads), "leave it out for all", most_threads=MOST_THREADS)
    return int(threads)


class Engine(Protocol):
    """Trains one network by one plan. Holds the weights and the optimiser's state between epochs."""

    def __init__(self, network: Network, plan: Plan) -> None: ...

    def prepare(self, rows: Rows) -> None:
        """Convert the rows for training, before it starts; engines with the same rows share the result."""
        ...

    def train(
        self, rows: Rows, orders: NDArray[np.int64], first_step: int, pace: Pace
    ) -> tuple[list[float], list[float]]:
        """Passes over the rows, a batch at a time: one for each of `orders`, (epochs, n), in that order.

        Fewer than all rows in an order are a part of an epoch: its whole batches, taken over several calls, make the
        steps of one.

        Args:
            first_step: how many steps were made before.
            pace: its arrays are of all steps of these epochs.

        Returns:
            For each epoch E before each row's update, averaged over these rows; and its seconds. E is NaN when a weight
            is not finite. An epoch whose E is not finite is the last. On Ctrl-C KeyboardInterrupt is raised; the
            weights are then those after the last whole batch.
        """
        ...

    def evaluate(self, rows: Rows) -> tuple[float, NDArray[Any]]:
        """Mean E over the rows as the weights are, and the outputs (n, n_out); no dropout, smoothing or l2."""
        ...

    def gradient(self, rows: Rows) -> tuple[float, list[NDArray[Any]], list[NDArray[Any]]]:
        """E and its gradient over all rows as one batch, at the weights as they are; nothing is changed.

        For optimisers that need the function itself, such as L-BFGS. With label smoothing and l2, without dropout.

        Returns:
            Mean E plus ½ l2 Σ W²; ∂E/∂W (n_out, n_in) and ∂E/∂b (n_out,) of each layer.
        """
        ...

    def store(self, network: Network) -> None:
        """Copy the weights and biases into the network."""
        ...

    def look(self, rows: Rows) -> Look:
        """The network from inside, at these rows, after an epoch; for plans that are `watched`."""
        ...

    def load(self, network: Network) -> None:
        """Take the network's weights and biases; the optimiser's state stays."""
        ...

    def state(self) -> dict[str, NDArray[Any]]:
        """The optimiser's state by name; with the weights, all that a later run needs to go on."""
        ...

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Put back what `state` returned."""
        ...
