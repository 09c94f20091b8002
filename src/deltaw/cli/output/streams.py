"""stdout and stderr that take every byte or remember why not, and never stop a command in its middle.

Python writes to an unbuffered stdout (PYTHONUNBUFFERED, -u) once and does not look at how much was taken: a full disk
cuts the answers, and nobody hears of it. Here whatever is printed, by whomever, goes through `_Whole`.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Streams:
    """Both streams while a command runs.

    Attributes:
        error: why stdout is not whole, or None. A reader that has gone (`deltaw show … | head -1`) is no error: he has
            seen enough, and the command goes on to its end as if he read.
    """

    def __init__(self) -> None:
        self._out: _Whole | None = None

    @property
    def error(self) -> OSError | None:
        return None if self._out is None else self._out.error


@contextmanager
def whole() -> Iterator[Streams]:
    """Make `sys.stdout` and `sys.stderr` such streams; a stream that somebody has put in their place stays."""
    streams, before = Streams(), (sys.stdout, sys.stderr)
    _occupy_closed()
    sys.stdout, streams._out = _wrapped(sys.stdout)
    sys.stderr, _ = _wrapped(sys.stderr)
    try:
        yield streams
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def _occupy_closed() -> None:
    """Let no file of ours become descriptor 1 or 2 where the caller closed them (`>&-`): others print there."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


def _wrapped(stream: Any) -> tuple[Any, _Whole | None]:
    if stream is None:  # closed by the caller: what is printed goes nowhere
        return io.TextIOWrapper(Path(os.devnull).open("wb"), "utf-8", "backslashreplace"), None
    raw = getattr(getattr(stream, "buffer", None), "raw", getattr(stream, "buffer", None))
    if not isinstance(raw, io.RawIOBase):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        return stream, None
    stream.flush()
    ours = _Whole(raw)
    lines = stream.line_buffering or getattr(stream, "write_through", False)
    text = io.TextIOWrapper(io.BufferedWriter(ours), stream.encoding, "backslashreplace", line_buffering=lines)
    return text, ours


class _Whole(io.RawIOBase):
    """A descriptor that takes all it is given; after the first failure it takes all the rest to nowhere."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._gone = False
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        left = memoryview(data).cast("B")
        size = len(left)
        while left and not self._gone:
            try:
                taken = self._raw.write(left)
            except BrokenPipeError:
                self._gone = True
            except OSError as error:
                self._gone, self.error = True, error
            else:
                if taken is None:  # of a terminal or pipe that does not wait
                    select.select([], [self._raw], [])
                left = left[taken or 0 :]
        return size

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return bool(self._raw.isatty())

    def fileno(self) -> int:
        return int(self._raw.fileno())
