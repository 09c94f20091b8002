"""SIGTERM, by which services and schedulers end a process: as after Ctrl-C, what runs ends in order.

Both are noted as well: libraries (and Python 3.11, where a class is made) turn a KeyboardInterrupt into other errors.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

DEFAULT_HANDLERS: dict[Any, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}


class Terminable:
    """A context in which SIGTERM raises KeyboardInterrupt as SIGINT does, unless it has another handler.

    Attributes:
        signal: SIGINT or SIGTERM, once it has come; else None.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._before = dict[signal.Signals, Any]()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number, usual in DEFAULT_HANDLERS.items():
                before = signal.getsignal(number)
                if before == usual or isinstance(getattr(before, "__self__", None), Terminable):
                    self._before[number] = before
                    signal.signal(number, self._ended)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _ended(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        raise KeyboardInterrupt
