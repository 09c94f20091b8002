"""`History`, the record of a training, and `Epoch`, the argument of callbacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from deltaw import notebook, plots
from deltaw.engines.look import Look
from deltaw.network import Network
from deltaw.numbers import amount, number
from deltaw.plain import Plain
from deltaw.speech import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Ending = Literal["finished", "early stopping", "callback", "interrupted", "diverged"]


@dataclass(repr=False)
class History(Plain):
    """The record of a training; each list has one entry per epoch.

    Attributes:
        loss: mean E over the training rows, each measured before its own update.
        validation_loss: mean E over the validation rows at the end of the epoch; empty without validation.
        seconds: time of the epoch without validation and callbacks; empty in a model that was loaded, and in a copy.
        ended: why training ended: "finished", "early stopping", "callback", "interrupted" or "diverged".
        best_epoch: the epoch, counted from 1, whose weights early stopping kept; else None.
        batch_steps: number of updates.
        looks: a `Look` inside the network at the end of each epoch; empty without telemetry.

    Examples:
        >>> import numpy as np, deltaw
        >>> X = np.linspace(-1, 1, 50)[:, None]
        >>> history = deltaw.train(deltaw.Network([1, 4, 1], ["tanh", "identity"]), X, X**2, epochs=3)
        >>> len(history.loss), history.ended, history.batch_steps
        (3, 'finished', 150)
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list, compare=False)
    ended: Ending = "finished"
    best_epoch: int | None = None
    batch_steps: int = 0
    looks: list[Look] = field(default_factory=list)

    def __getstate__(self) -> dict[str, Any]:
        """Without the times, which no two trainings share: the same training is pickled as the same bytes."""
        return super().__getstate__() | {"seconds": []}

    def __len__(self) -> int:
        return len(self.loss)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'; '.join(self._said())})"

    def _repr_html_(self) -> str:
        """A table for a notebook: the first epoch, the best, and the last."""
        curves = {name: values for name, values in self._curves().items() if values}
        best = self.best_epoch
        marked = {1: say("first"), len(self): say("last")} | ({} if best is None else {best: say("kept")})
        rows = [
            (
                f"{n} ({marked[n]})",
                *(number(values[n - 1], 4) if n <= len(values) else "" for values in curves.values()),
            )
            for n in sorted(marked)
            if 1 <= n <= len(self)
        ]
        said, headings = notebook.heading(say("; ").join(self._said())), (say("epoch"), *map(say, curves))
        return notebook.fragment(said, notebook.table(headings, rows, range(1, len(curves) + 1)))

    def plot(self) -> Figure:
        """The curves as a matplotlib figure: E by epoch, and the score on the rows held out where there is one."""
        return plots.learning_curves(self.loss, self.validation_loss or None, best=self.best_epoch)

    def _curves(self) -> dict[str, list[float]]:
        """What each epoch has, by its name."""
        return {"loss": self.loss, "validation loss": self.validation_loss}

    def _said(self) -> list[str]:
        """What one would ask for first."""
        at = self.best_epoch or len(self)
        last = [
            f"{say(name)} {number(values[at - 1], 4)}"
            for name, values in self._curves().items()
            if len(values) >= at > 0
        ]
        kept = [] if self.best_epoch is None else [say("weights of epoch {epoch} kept", epoch=self.best_epoch)]
        return [say("{epochs} ({ended})", epochs=amount(len(self), "epoch"), ended=say(self.ended)), *last, *kept]


@dataclass(frozen=True, eq=False)
class Epoch:
    """The argument of a callback at the end of an epoch.

    Attributes:
        number, epochs: this epoch, counted from 1, and how many there will be at most.
        rows: how many rows it trained on.
        outputs: the network's outputs for the validation rows, (n, n_out), or None.
        network: a network with the weights as they are now.
        look: what telemetry saw, or None.
        last: whether training ends with it, as far as is known before the callbacks have answered.
    """

    number: int
    epochs: int
    rows: int
    loss: float
    validation_loss: float | None
    seconds: float
    outputs: NDArray[Any] | None = field(repr=False)
    network: Network
    look: Look | None = None
    last: bool = False
