"""stdout and stderr that write every byte, or remember the error without interrupting the command.

Python writes to an unbuffered stdout (PYTHONUNBUFFERED, -u) once, ignoring partial writes: a full disk truncates the
output silently. Here all output goes through `_Whole`.
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
        error: why stdout is incomplete, or None. A closed pipe (`deltaw show … | head -1`) is not an error.
    """

    def __init__(self) -> None:
        self._out: _Whole | None = None

    @property
    def error(self) -> OSError | None:
        return None if self._out is None else self._out.error


@contextmanager
def whole() -> Iterator[Streams]:
    """Replace `sys.stdout` and `sys.stderr`, unless they have been replaced already."""
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
    """Open descriptors 1 and 2 if the caller closed them (`>&-`), so that no file of ours gets these numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


def _wrapped(stream: Any) -> tuple[Any, _Whole | None]:
    if stream is None:  # closed by the caller: nothing is printed
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
    """A raw stream that writes everything; after the first error it discards the rest."""

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
