"""The callbacks of a training as one: they get each epoch, and some of them its start and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from deltaw.exceptions import SettingError
from deltaw.given import several
from deltaw.models.fitting.trainings.epoch_scores import ScoredEpoch
from deltaw.models.model import Model
from deltaw.progress import Silent

Callback = Callable[[ScoredEpoch], object]
Listener = Callable[[ScoredEpoch], bool] | None  # gets each epoch, and ends the training by True; None: no listener


class Listeners:
    """The callbacks of a training as one. Those with a method `started`, `ended` or `failed` get these events, too.

    Args:
        callbacks: see `deltaw.fit`.

    Raises:
        SettingError: they are no list of functions.
    """

    def __init__(self, callbacks: Iterable[Callback]) -> None:
        if (found := several(callbacks)) is None or not all(map(callable, found)):
            raise SettingError("callbacks: expected a list of functions", repr(callbacks), "write [function]")
        self._callbacks = found

    @property
    def of_epochs(self) -> Listener:
        """These listeners, or None if no callback wants epochs: then none has to be scored during training."""
        return self if any(type(callback) is not Silent for callback in self._callbacks) else None

    @property
    def of_each(self) -> bool:
        """Whether a callback wants each epoch of each training in turn; a progress bar does not."""
        return any(not isinstance(callback, Silent) or callback.of_each for callback in self._callbacks)

    def __iter__(self) -> Iterator[Callback]:
        return iter(self._callbacks)

    def __call__(self, epoch: ScoredEpoch) -> bool:
        """Pass an epoch to all callbacks; True if one of them wants to stop."""
        answers = [callback(epoch) for callback in self._callbacks]
        return any(isinstance(answer, (bool, np.bool_)) and bool(answer) for answer in answers)

    def followed(self, plan: Any, train: Callable[[], Model]) -> Model:
        """The model that `train` makes by a `Plan`; its start and its end, or its error, are events."""
        self._notify("started", plan)
        try:
            model = train()
        except BaseException as error:
            self._notify("failed", error)
            raise
        self._notify("ended", model)
        return model

    def _notify(self, event: str, what: object) -> None:
        for callback in self._callbacks:
            if (method := getattr(callback, event, None)) is not None:
                method(what)
