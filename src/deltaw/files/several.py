"""Many files, each whole or not at all. Who waits for the disk after each of them waits most of the time: several small
ones are on their way at once, and a folder is looked through and flushed once.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Self

from deltaw.files.atomic import flush_folder, write_bytes

AT_ONCE, WAITING = 4, 64  # files that are being written, and that are written or wait for it
SMALL = 2**18  # bytes of a file that may wait


class Several:
    """A context: on leaving it all files are on the disk. Raises OutputError for the first that could not be written;
    others before and behind it may be there.
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
        """See `write_bytes`; what it raises may come at a later call."""
        if path.parent in self._folders and len(data) <= SMALL:
            spoken = copy_context()  # errors say it in the language of who writes
            self._coming.append(self._threads.submit(lambda: spoken.run(write_bytes, path, data, True)))
            self._wait(WAITING)
            return
        self._wait(0)
        write_bytes(path, data, path.parent in self._folders)
        self._folders.add(path.parent)

    def _wait(self, most: int) -> None:
        """Until so many are on their way at most."""
        while len(self._coming) > most:
            self._coming.popleft().result()
