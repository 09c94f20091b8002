"""Atomic writing of many files: small ones by several threads, since most of the time is waiting for the disk, and with
a single flush of each folder.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Self

from deltaw.files.atomic import flush_folder, write_bytes

AT_ONCE, WAITING = 4, 64  # threads, and most pending files
SMALL = 2**18  # bytes of a file that may be pending


class Several:
    """A context manager: at its end all files are on disk. Raises OutputError for the first that could not be written;
    others may have been.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "deltaw-writes")
        self._coming: deque[Future[None]] = deque()
        self._folders = set[Path]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if error is None:
                self._wait(0)
        finally:
            self._threads.shutdown()
            for folder in self._folders:
                flush_folder(folder)

    def write(self, path: Path, data: bytes) -> None:
        """See `write_bytes`; its errors may be raised by a later call."""
        if path.parent in self._folders and len(data) <= SMALL:
            spoken = copy_context()  # for the language of errors
            self._coming.append(self._threads.submit(lambda: spoken.run(write_bytes, path, data, True)))
            self._wait(WAITING)
            return
        self._wait(0)
        write_bytes(path, data, path.parent in self._folders)
        self._folders.add(path.parent)

    def _wait(self, most: int) -> None:
        """Wait until at most `most` files are pending."""
        while len(self._coming) > most:
            self._coming.popleft().result()
