"""When a search ends: after seconds or rounds, by Ctrl-C, or by a callback."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from time import monotonic

import numpy as np

from deltaw.models.fitting.trainings.epoch_scores import ScoredEpoch
from deltaw.models.fitting.trainings.listeners import Listeners
from deltaw.training.history import Ending

SHOWN = 0.1  # seconds between two states of a bar


class Budget:
    """When a search ends. As a listener it gets every epoch of every network, and passes some of them on.

    Args:
        seconds: by the clock; None: no limit.
        rounds: most rounds; None: no limit.
        listeners: get the seconds that have passed, or the rounds if there is no limit of seconds.

    Attributes:
        round: number of finished rounds.
        interrupted: whether Ctrl-C ended the search.
        stopped: whether a callback ended it.
    """

    def __init__(self, seconds: float | None, rounds: int | None, listeners: Listeners) -> None:
        self.seconds, self.rounds, self.round = seconds, rounds, 0
        self.interrupted = self.stopped = False
        self._listeners, self._began, self._shown, self._lock = listeners, monotonic(), -np.inf, Lock()

    @property
    def ended(self) -> Ending:
        """How the trainings ended, for their history."""
        return "interrupted" if self.interrupted else "callback" if self.stopped else "finished"

    @property
    def spent(self) -> float:
        """Seconds since it began."""
        return monotonic() - self._began

    def over(self) -> bool:
        """Whether the search is to end now."""
        out_of_time = self.seconds is not None and self.spent >= self.seconds
        return out_of_time or self.interrupted or self.stopped

    def allows_another(self) -> bool:
        """Whether another round is to begin."""
        return not self.over() and (self.rounds is None or self.round < self.rounds)

    def __call__(self, epoch: ScoredEpoch) -> bool:
        """Get an epoch, from any thread; never ends a training itself."""
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
            self.stopped |= self._listeners(seen)
            return False
