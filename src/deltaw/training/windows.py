"""The rows of an epoch as windows: what is in memory at a time of rows that lie in blocks on a disk.

An epoch goes through the blocks in an order of chance, and a window is the next so many rows of it, in an order of
chance of their own: whole batches but for the last one of the epoch. Both orders follow from the seed, the epoch and
the window's number alone, so that a training goes on within an epoch, and any process can say what any other trains on.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.rows import Rows
from deltaw.training.blocks import Blocks, Piece

Indices = NDArray[np.int64]

WINDOW = 2**26  # bytes of a window; two are in memory, one of them being read
BLOCKS_IN_ORDER, ROWS_IN_ORDER = 2, 3  # what the seed is for, beside other generators of the same seed


class Windows:
    """See above.

    Args:
        blocks: where the rows lie.
        batch_size: rows of a batch.
        seed: of the orders.
        size: bytes of a window, about; a batch is in one.

    Attributes:
        each: rows of a window, the last one of an epoch aside: a multiple of the batch.
    """

    def __init__(self, blocks: Blocks, batch_size: int, seed: int, size: int = WINDOW) -> None:
        self.blocks, self.seed = blocks, seed
        row = max(1, blocks.bytes // max(blocks.rows, 1))
        self.each = batch_size * max(1, size // (row * batch_size))

    @property
    def rows(self) -> int:
        """Of an epoch."""
        return self.blocks.rows

    def __len__(self) -> int:
        """How many there are in an epoch."""
        return -(-self.rows // self.each)

    def size(self, number: int) -> int:
        """Rows of the window of that number, from 0."""
        return min(self.each, self.rows - number * self.each)

    def pieces(self, epoch: int, number: int) -> list[Piece]:
        """Where its rows lie; both count from 0."""
        order = np.random.default_rng([self.seed, BLOCKS_IN_ORDER, epoch]).permutation(self.blocks.count)
        ends = np.cumsum(np.diff(self.blocks.starts)[order])
        return list(_between(order, ends, number * self.each, number * self.each + self.size(number)))

    def order(self, epoch: int, number: int) -> Indices:
        """In which order its rows are trained on, as they come out of `pieces`."""
        return np.random.default_rng([self.seed, ROWS_IN_ORDER, epoch, number]).permutation(self.size(number))

    def take(self, epoch: int, number: int) -> tuple[Rows, Indices]:
        """Its rows and their order. Raises OutputError where the disk does not give them."""
        return self.blocks.rows_of(self.pieces(epoch, number)), self.order(epoch, number)


class Ahead:
    """Windows one after the other, the next one read by a thread while the core trains on this one."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self._thread = ThreadPoolExecutor(1, "deltaw-windows")
        self._coming: tuple[tuple[int, int], Future[tuple[Rows, Indices]]] | None = None

    def take(self, epoch: int, number: int, more: bool = True) -> tuple[Rows, Indices]:
        """`Windows.take`; with `more`, the one after it is begun, which may be the first of the next epoch."""
        place, coming = (epoch, number), self._coming
        window = coming[1] if coming is not None and coming[0] == place else self._begin(place)
        after = (epoch, number + 1) if number + 1 < len(self.windows) else (epoch + 1, 0)
        found = window.result()
        self._coming = (after, self._begin(after)) if more else None
        return found

    def close(self) -> None:
        """Wait for what is being read."""
        self._thread.shutdown(cancel_futures=True)

    def _begin(self, place: tuple[int, int]) -> Future[tuple[Rows, Indices]]:
        return self._thread.submit(partial(copy_context().run, self.windows.take, *place))


def _between(order: Indices, ends: Indices, start: int, stop: int) -> Iterator[Piece]:
    """Rows start … stop of blocks that lie one after the other in this order, each ending at `ends`."""
    for place in range(int(np.searchsorted(ends, start, side="right")), len(order)):
        end = int(ends[place])
        begin = end - _size(ends, place)
        if begin >= stop:
            return
        yield Piece(int(order[place]), max(start, begin) - begin, min(stop, end) - begin)


def _size(ends: Indices, place: int) -> int:
    return int(ends[place] - (ends[place - 1] if place else 0))
