"""How long a search goes on: so many seconds, or rounds, or until somebody has had enough."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from time import monotonic

import numpy as np

from deltaw.models.fitting.trainings.judge import ScoredEpoch
from deltaw.models.fitting.trainings.watching import Watchers
from deltaw.training.history import Ending

SHOWN = 0.1  # seconds between two states of a bar


class Budget:
    """The end of a search, which is told of every epoch that any network makes, and tells of some of them.

    Args:
        seconds: by the clock; None: it has none.
        rounds: so many; None: only the seconds end it.
        told: who hears of it: with `seconds` of each second that passed, else of each round.

    Attributes:
        round: how many are over.
        interrupted: whether Ctrl-C ended it.
        stopped: whether somebody who was told wanted that.
    """

    def __init__(self, seconds: float | None, rounds: int | None, told: Watchers) -> None:
        self.seconds, self.rounds, self.round = seconds, rounds, 0
        self.interrupted = self.stopped = False
        self._told, self._began, self._shown, self._lock = told, monotonic(), -np.inf, Lock()

    @property
    def ended(self) -> Ending:
        """How a training is said to have ended that was ended by it."""
        return "interrupted" if self.interrupted else "callback" if self.stopped else "finished"

    @property
    def spent(self) -> float:
        """Seconds since it began."""
        return monotonic() - self._began

    def over(self) -> bool:
        """Whether no epoch is to be made any more."""
        out_of_time = self.seconds is not None and self.spent >= self.seconds
        return out_of_time or self.interrupted or self.stopped

    def another(self) -> bool:
        """Whether another round is to begin."""
        return not self.over() and (self.rounds is None or self.round < self.rounds)

    def __call__(self, epoch: ScoredEpoch) -> bool:
        """Hear of an epoch, from any thread; ends no training by itself."""
        with self._lock:
            now = self.spent
            if now - self._shown < SHOWN:
                return False
            self._shown = now
            unit, number, most = (
                ("second", int(now), self.seconds) if self.seconds else ("round", self.round, self.rounds)
            )
            whole = max(1, round(most or 1))
            seen = replace(epoch, number=min(number + 1, whole), epochs=whole, unit=unit, fold=0, folds=0, outputs=None)
            self.stopped |= self._told(seen)
            return False
