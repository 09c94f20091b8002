"""When to stop, and which weights to keep: those that were best on rows that were not trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.lookup import positive
from deltaw.exceptions import SettingError
from deltaw.given import is_whole
from deltaw.network import Network

Score = Callable[[NDArray[Any], NDArray[Any]], float]

WORTH, UNSURE = 0.002, 0.2  # measured: docs/explanations/recipe.md


@dataclass(frozen=True)
class EarlyStopping:
    """Early stopping: keep the weights of the best epoch, and stop after `patience` epochs without improvement.

    Attributes:
        patience: number of epochs without improvement after which training stops; None: never stop, only keep the best
            weights.
        min_delta: an improvement is a decrease by more than this.
        score: function of (T, outputs) of the validation rows, each (n, n_out), that returns a number, lower is
            better; None: the loss.
        looks: epochs after which it also stops, if nothing improved by .2% (`WORTH`) since the epoch before in this
            list; these are ends of cycles of the learning rate (`deltaw.equations.schedules.Schedule.ends`). It does
            not stop if a few rows dominate the loss, so that its standard error exceeds a fifth of it (`UNSURE`).

    Raises:
        SettingError: a patience that is not a whole number from 1 on, or a negative `min_delta`.

    Source: Goodfellow, Bengio & Courville 2016, "Deep learning", algorithm 7.1.

    Examples:
        >>> import numpy as np, deltaw
        >>> X = np.random.default_rng(0).normal(size=(100, 1))
        >>> net = deltaw.Network([1, 4, 1], ["tanh", "identity"])
        >>> stop = deltaw.EarlyStopping(patience=3)
        >>> apart = (X[80:], X[80:] ** 2)
        >>> history = deltaw.train(net, X[:80], X[:80] ** 2, epochs=30, validation=apart, early_stopping=stop)
        >>> 1 <= history.best_epoch <= 30
        True
    """

    patience: int | None = 10
    min_delta: float = 0.0
    score: Score | None = None
    looks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.patience is not None and not is_whole(self.patience, 1):
            raise SettingError(
                "early_stopping: expected a patience of 1 or more epochs", repr(self.patience), "give a whole number"
            )
        positive(self.min_delta, "early_stopping's min_delta", or_zero=True)

    @classmethod
    def of(cls, given: int | EarlyStopping | None) -> EarlyStopping | None:
        """What `given` means to `deltaw.train`: None, a patience, or an EarlyStopping. Raises SettingError."""
        return given if given is None or isinstance(given, cls) else cls(patience=given)  # type: ignore[arg-type]

    def judge(self, loss: float, T: NDArray[Any], outputs: NDArray[Any]) -> float:
        """The number that is compared between epochs, lower is better: E or the `score`, of the validation rows.

        Args:
            loss: E averaged over them.
            T, outputs: their targets and outputs, each (n, n_out).
        """
        return loss if self.score is None else float(self.score(T, outputs))


class Best:
    """The best epoch so far, by an EarlyStopping."""

    def __init__(self, rule: EarlyStopping) -> None:
        self.rule = rule
        self.score = self.looked = np.inf  # the best, and what that was at the last look
        self.epoch: int | None = None
        self.network: Network | None = None

    def see(self, epoch: int, score: float, network: Network, unsure: Callable[[], float] = float) -> bool:
        """Record an epoch; return whether training is to stop.

        Args:
            unsure: returns the loss's standard error as a share of it; called only at a look.
        """
        if score < self.score - self.rule.min_delta:
            self.score, self.epoch, self.network = score, epoch, network.copy()
        waited = epoch - (-1 if self.epoch is None else self.epoch)
        if self.rule.patience is not None and waited >= self.rule.patience:
            return True
        return epoch + 1 in self.rule.looks and self._look() and unsure() <= UNSURE

    def _look(self) -> bool:
        """Whether nothing was better since the look before."""
        before, self.looked = self.looked, self.score
        return bool(np.isfinite(before)) and before - self.score < WORTH * abs(before)
