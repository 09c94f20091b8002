"""What a training leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from deltaw.engines.look import Look
from deltaw.network import Network

Ending = Literal["finished", "early stopping", "callback", "interrupted", "diverged"]


@dataclass
class History:
    """One entry an epoch in every list.

    Attributes:
        loss: E averaged over the rows, each counted before the update that it caused.
        validation_loss: E averaged over the validation rows at the epoch's end; empty without validation.
        seconds: time spent on training in that epoch, validation and callbacks apart; empty in a model that was loaded.
        ended: why training ended.
        best_epoch: the epoch (from 0) whose weights were kept by early stopping, else None.
        batch_steps: how many updates were made.
        looks: a `Look` inside the network at each epoch's end; empty without telemetry.
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list, compare=False)
    ended: Ending = "finished"
    best_epoch: int | None = None
    batch_steps: int = 0
    looks: list[Look] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.loss)


@dataclass(frozen=True)
class Epoch:
    """What a callback is told at the end of an epoch.

    Attributes:
        number, epochs: this epoch, counted from 1, and how many there will be at most.
        rows: how many rows it trained on.
        outputs: the network's outputs for the validation rows, (n, n_out), or None.
        network: a network with the weights as they are now.
        look: what telemetry saw, or None.
    """

    number: int
    epochs: int
    rows: int
    loss: float
    validation_loss: float | None
    seconds: float
    outputs: NDArray[Any] | None
    network: Network
    look: Look | None = None
