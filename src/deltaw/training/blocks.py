"""Prepared rows in blocks of a file on a disk, for tables larger than memory.

Row i goes to block i mod B, at position i div B, so that each block has a share of every part of the table, however it
is sorted, and all blocks have about the same size. Within runs of rows the order is random: it depends on the seed, and
not on how the table is divided into files or processes.

The file is unnamed, so that it disappears with its process. It is read, not memory-mapped, so that the process's memory
stays bounded.
"""

from __future__ import annotations

import math
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.rows import Rows
from deltaw.equations.encoded import Encoded, Field, is_plain
from deltaw.exceptions import OutputError, reason
from deltaw.numbers import of_bytes
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.threads import side_by_side

Array = NDArray[Any]
Indices = NDArray[np.int64]
Buffers = Sequence[Array]

BLOCK, MOST_BLOCKS = 2**22, 1024  # bytes of a block, unless there would be more blocks than this
RUN = 2**26  # bytes of a run
SPARE = 2**26  # bytes that are left free on the disk
PREFETCHED = 2**19  # bytes of a request to the system: some prefetch no more
ORDER = 1  # the stream of random numbers of the seed, beside others


class Kept(NamedTuple):
    """One array of the rows: (n, *shape) numbers of a type."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def bytes(self) -> int:
        """Bytes per row."""
        return math.prod(self.shape) * self.dtype.itemsize

    @classmethod
    def of(cls, array: Array) -> Kept:
        """The `Kept` of an array (n, …)."""
        return cls(array.shape[1:], array.dtype)


class Piece(NamedTuple):
    """Consecutive rows of a block."""

    block: int
    start: int
    stop: int


class Blocks:
    """Training rows in blocks on a disk; a context manager that removes them.

    Args:
        folder: for the file; not in a file system in memory.
        rows: n, their number.
        fields: of the stored numbers of a row: see `deltaw.equations.encoded`.
        arrays: of a row: stored inputs, target, and weight if rows have different ones (float32).
        seed: of the order of rows.
        sizes: (bytes of a block, bytes of a run); they change the order.

    Attributes:
        count: B, number of blocks.
        run: rows per run, see `write`.
        bytes: of the file.

    Raises:
        OutputError: the folder cannot be written to, or is too full; nothing is written then.
    """

    def __init__(
        self, folder: str | Path, rows: int, fields: Sequence[Field], arrays: Sequence[Kept], seed: int = 0,
        sizes: tuple[int, int] = (BLOCK, RUN),
    ) -> None:  # fmt: skip
        self.folder, self.rows, self.fields, self.arrays, self.seed = Path(folder), rows, tuple(fields), arrays, seed
        each = sum(array.bytes for array in arrays)
        self.bytes = rows * each
        self.count = max(1, min(-(-self.bytes // sizes[0]), MOST_BLOCKS, rows))
        self.run = self.count * max(1, sizes[1] // (each * self.count))
        self.starts = np.cumsum([0, *(self.size(block) for block in range(self.count))])
        self.mean_weight = 1.0
        self._lock, self._written = Lock(), 0
        self._file = _made(self.folder, self.bytes)
        self._offsets = np.cumsum([0, *(rows * array.bytes for array in arrays)]).tolist()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the disk space."""
        with self._lock:
            self._file.close()

    def __len__(self) -> int:
        return self.rows

    def size(self, block: int) -> int:
        """Number of rows of a block."""
        return len(range(block, self.rows, self.count))

    def write(self, arrays: Sequence[Array]) -> None:
        """Write the next run: `run` rows of each array, or fewer in the last run.

        Raises:
            OutputError: the disk is full.
        """
        first, n = self._written, len(arrays[0])
        # Of the run in random order, every `count`-th row goes to a block.
        order = np.random.default_rng([self.seed, ORDER, first // self.run]).permutation(n)
        for number, array in enumerate(arrays):
            whole = np.require(array, self.arrays[number].dtype)
            for block in range(min(self.count, n)):
                dealt = whole[order[block :: self.count]]
                self._put(number, int(self.starts[block]) + first // self.count, dealt)
        self._written += n

    def buffers(self, rows: int) -> Buffers:
        """Reusable buffers for the arrays of `rows` rows."""
        return [np.empty((rows, *array.shape), array.dtype) for array in self.arrays]

    def read(self, pieces: Iterable[Piece], buffers: Buffers | None = None) -> list[Array]:
        """The arrays of some rows, piece by piece, in `buffers` if given."""
        pieces = list(pieces)
        ends = np.cumsum([0, *(piece.stop - piece.start for piece in pieces)]).tolist()
        found = [array[: ends[-1]] for array in buffers or self.buffers(ends[-1])]

        def get(each: tuple[Piece, tuple[int, int]]) -> None:
            piece, (begin, end) = each
            for number, array in enumerate(found):
                self._get(number, self._row(piece), array[begin:end])

        side_by_side(get, zip(pieces, pairwise(ends), strict=True))
        return found

    def prefetch(self, pieces: Iterable[Piece]) -> None:
        """Ask the system to prefetch these rows, without waiting."""
        if sys.platform != "linux":  # others have no call for it
            return
        for piece in pieces:
            for number, array in enumerate(self.arrays):
                begin = self._offsets[number] + self._row(piece) * array.bytes
                end = begin + (piece.stop - piece.start) * array.bytes
                for start in range(begin, end, PREFETCHED):
                    os.posix_fadvise(self._file.fileno(), start, min(PREFETCHED, end - start), os.POSIX_FADV_WILLNEED)

    def rows_of(self, pieces: Iterable[Piece], buffers: Buffers | None = None) -> Rows:
        """`read`, as an engine takes it."""
        stored, targets, *weight = self.read(pieces, buffers)
        X = stored if is_plain(self.fields) else Encoded(stored, self.fields)
        return Rows(X, targets, weight=weight[0].astype(np.float64) / self.mean_weight if weight else None)

    def _row(self, piece: Piece) -> int:
        return int(self.starts[piece.block]) + piece.start

    def _put(self, number: int, row: int, array: Array) -> None:
        data = _bytes(array)
        try:
            with self._lock:
                self._file.seek(self._offsets[number] + row * self.arrays[number].bytes)
                while data:
                    data = data[self._file.write(data) :]
        except OSError as error:
            raise _no_room(self.folder, self.bytes, reason(error)) from None

    def _get(self, number: int, row: int, out: Array) -> None:
        data, place = _bytes(out), self._offsets[number] + row * self.arrays[number].bytes
        while data:
            got = self._read_at(data, place)
            if not got:
                raise _no_room(self.folder, self.bytes, say("rows that are gone"))
            data, place = data[got:], place + got

    def _read_at(self, data: memoryview, place: int) -> int:
        """Read into a buffer at an offset; return the number of bytes read."""
        if hasattr(os, "preadv"):
            return int(os.preadv(self._file.fileno(), [data], place))
        with self._lock:
            self._file.seek(place)
            return int(self._file.readinto(data))


def _bytes(array: Array) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def check_folder(folder: str | Path) -> None:
    """Raise OutputError early if no prepared rows can be written to a folder."""
    _opened(Path(folder)).close()


def _opened(folder: Path) -> Any:
    """An unnamed temporary file, which disappears with its descriptor."""
    try:
        return tempfile.TemporaryFile(dir=folder, prefix=".deltaw-", buffering=0)
    except OSError as error:
        expected = "{folder}: expected a folder for prepared rows"
        raise OutputError(
            expected, reason(error), "give another with {cache}", folder=folder, cache=given_as("cache")
        ) from None


def _made(folder: Path, size: int) -> Any:
    """An unnamed file of this size, allocated. Raises OutputError if the disk is too full."""
    file = _opened(folder)
    try:
        free = shutil.disk_usage(folder).free
        if free < size + SPARE:
            spare = say("{free} free, of which {spare} must stay free", free=of_bytes(free), spare=of_bytes(SPARE))
            raise _no_room(folder, size, spare)
        if hasattr(os, "posix_fallocate") and size:  # now or never
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)
    except OutputError:
        file.close()
        raise
    except OSError as error:
        file.close()
        raise _no_room(folder, size, reason(error)) from None
    return file


def _no_room(folder: Path, size: int, found: str) -> OutputError:
    expected = "{folder}: expected room for {size} of prepared rows"
    return OutputError(
        expected, found, "give another with {cache}", folder=folder, size=of_bytes(size), cache=given_as("cache")
    )
