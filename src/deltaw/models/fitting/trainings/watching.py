"""Who is told of a training: functions that get each epoch, and watchers who hear of its start and end too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from deltaw.exceptions import SettingError
from deltaw.given import several
from deltaw.models.fitting.trainings.judge import ScoredEpoch
from deltaw.models.model import Model
from deltaw.progress import Silent

Callback = Callable[[ScoredEpoch], object]
Heard = Callable[[ScoredEpoch], bool] | None  # who hears of each epoch, and may end the training; None: nobody does


class Watchers:
    """The callbacks of a training, of which those with `started`, `ended` or `failed` hear of that too.

    Args:
        callbacks: see `deltaw.fit`.

    Raises:
        SettingError: they are no list of functions.
    """

    def __init__(self, callbacks: Iterable[Callback]) -> None:
        if (told := several(callbacks)) is None or not all(map(callable, told)):
            raise SettingError("callbacks: expected a list of functions", repr(callbacks), "write [function]")
        self._told = told

    @property
    def heard(self) -> Heard:
        """These watchers, or None if there are none: then no epoch need be scored for them."""
        return self if any(type(callback) is not Silent for callback in self._told) else None

    @property
    def of_each(self) -> bool:
        """Whether somebody is to hear of each epoch of each training in its turn: whatever is no progress bar."""
        return any(not isinstance(callback, Silent) or callback.of_each for callback in self._told)

    def __iter__(self) -> Iterator[Callback]:
        return iter(self._told)

    def __call__(self, epoch: ScoredEpoch) -> bool:
        """Tell of an epoch; whether one of them wants to stop. All are told, also after one that does."""
        answers = [callback(epoch) for callback in self._told]
        return any(isinstance(answer, (bool, np.bool_)) and bool(answer) for answer in answers)

    def started(self, plan: Any) -> None:
        """Tell what is going to be done: the `Plan`."""
        self._tell("started", plan)

    def ended(self, model: Model) -> None:
        """Tell what came of it: the `Model`, whose history says how it ended."""
        self._tell("ended", model)

    def failed(self, error: BaseException) -> None:
        """Tell that nothing came of it."""
        self._tell("failed", error)

    def _tell(self, event: str, what: object) -> None:
        for callback in self._told:
            if (method := getattr(callback, event, None)) is not None:
                method(what)
