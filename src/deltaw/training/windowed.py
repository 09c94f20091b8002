"""A training on rows larger than memory, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np

from deltaw.engines.rows import Rows
from deltaw.equations import losses
from deltaw.network import Network, check_network
from deltaw.training.epochs import Training, Within
from deltaw.training.loop import of_minimum, validation_rows
from deltaw.training.windows import Ahead, Windows


class WindowedTraining(Training):
    """A `Training` whose `advance` trains on the next window; the last one of an epoch also ends the epoch.

    Args:
        network, held_out, until, settings: see `Training`.
        windows: of the training rows.
        some: some of these rows, for `telemetry`.
    """

    def __init__(self, network: Network, windows: Windows, some: Rows, held_out: Rows | None, **settings: Any) -> None:
        self.windows, self._ahead = windows, Ahead(windows)
        super().__init__(network, some, held_out, rows_an_epoch=windows.rows, **settings)
        self.within = Within()

    @property
    def windows_an_epoch(self) -> int:
        """Number of windows per epoch."""
        return len(self.windows)

    def _trained(self) -> tuple[list[float], list[float]] | None:
        began, windows, here = perf_counter(), self.windows, self.within or Within()
        number, first = here.windows, self.epoch * self.steps + here.windows * (windows.each // self.plan.batch_size)
        last = number + 1 == len(windows)
        rows, order = self._ahead.take(self.epoch, number, more=not (last and self.epoch + 1 >= self.until))
        pace = self.pace(first, -(-len(order) // self.plan.batch_size))
        (error,), _ = self.machine.train(rows, order[None], first, pace)
        made = Within(number + 1, here.error + error * len(order), here.seconds + perf_counter() - began)
        if last or not np.isfinite(error):
            self.epoch, self.within = self.epoch + 1, Within()
            return [made.error / windows.rows], [made.seconds]
        self.within = made
        return None


def begin_windowed(
    network: Network, windows: Windows, some: Rows, *, loss: str | losses.Loss, validation: Sequence[Any] | None = None,
    **settings: Any,
) -> WindowedTraining:  # fmt: skip
    """`loop.begin` for rows in windows, which have their weights with them."""
    check_network(network)
    row, rest = of_minimum(loss), {name: value for name, value in settings.items() if name != "sample_weight"}
    held_out = validation_rows(network, validation, row, None)
    return WindowedTraining(network, windows, some, held_out, loss=row, **rest)
