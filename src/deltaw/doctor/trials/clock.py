"""Time limits of trials.

A training's time is the processor time, if that is less than the wall time: a busy machine does not cut it short, up to
a factor of LOADED. In addition, everything inside `within(seconds)` ends by the wall clock: a running training stops
after its next epoch, and none begins without time left. Like a cancel scope, the deadline need not be passed along.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter, process_time

LOADED = 1.5  # wall time over the time limit, on a busy machine

_END: ContextVar[float] = ContextVar("deadline, by perf_counter", default=float("inf"))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All trials inside end after `seconds` of wall time, or at an earlier deadline around them."""
    token = _END.set(min(_END.get(), perf_counter() + seconds))
    try:
        yield
    finally:
        _END.reset(token)


def left() -> float:
    """Seconds until the deadline; infinite without one, 0 or less after it."""
    return _END.get() - perf_counter()


class Clock:
    """The time that one training has spent."""

    def __init__(self) -> None:
        self._wall, self._processor = perf_counter(), process_time()

    @property
    def spent(self) -> float:
        """Seconds of processor time (all threads) or wall time, whichever is less."""
        return min(perf_counter() - self._wall, process_time() - self._processor)

    def over(self, seconds: float) -> bool:
        """Whether the seconds are spent, or LOADED times as many of wall time, or the deadline has passed."""
        return self.spent > seconds or perf_counter() - self._wall > LOADED * seconds or left() <= 0
