"""How long trials may last, on a machine that does other things too.

A training is charged the processor's time where that is less than the time on the wall: a machine that is loaded a
little does not cut it short. What stands inside `within(seconds)` ends by the wall all the same: a training that runs
stops at its next epochs, and none is begun that has no time left. As with a cancel scope, whoever calls need not pass
the end along.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter, process_time

LOADED = 1.5  # times as long by the wall as was meant, on a loaded machine

_END: ContextVar[float] = ContextVar("when it must have ended, by perf_counter", default=float("inf"))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All trials inside end after so many seconds by the wall, or with those around them, whichever is sooner."""
    token = _END.set(min(_END.get(), perf_counter() + seconds))
    try:
        yield
    finally:
        _END.reset(token)


def left() -> float:
    """Seconds until the nearest end; infinite outside of any, 0 or less once it has passed."""
    return _END.get() - perf_counter()


class Clock:
    """What one training has spent since it was made."""

    def __init__(self) -> None:
        self._wall, self._processor = perf_counter(), process_time()

    @property
    def spent(self) -> float:
        """Seconds: of the processor, all threads together, or by the wall, whichever are fewer."""
        return min(perf_counter() - self._wall, process_time() - self._processor)

    def over(self, seconds: float) -> bool:
        """Whether so many are spent, or half as many more by the wall, or the end has come."""
        return self.spent > seconds or perf_counter() - self._wall > LOADED * seconds or left() <= 0
