"""SIGTERM, by which services and schedulers end a process: as after Ctrl-C, what runs ends in order."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self


class Terminable:
    """A context in which SIGTERM raises KeyboardInterrupt, where nobody else has made something of it.

    Attributes:
        signal: SIGTERM, once it has come; else None.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGTERM"):
            before = signal.getsignal(signal.SIGTERM)
            if before == signal.SIG_DFL or isinstance(getattr(before, "__self__", None), Terminable):
                self._before = before
                signal.signal(signal.SIGTERM, self._terminated)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def _terminated(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.SIGTERM
        raise KeyboardInterrupt
