"""Windows of an epoch: the rows in memory at a time, of rows in blocks on a disk.

An epoch visits the blocks in random order; a window is the next rows of that order, shuffled, in whole batches
except at the end of the epoch. Both orders depend only on the seed, the epoch and the window's number, so that a
training can be resumed within an epoch, and every process knows the rows of all others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.rows import Rows
from deltaw.training.blocks import Blocks, Buffers, Piece

Indices = NDArray[np.int64]

WINDOW = 2**26  # bytes of a window; one is in memory
BLOCKS_IN_ORDER, ROWS_IN_ORDER = 2, 3  # streams of random numbers of the same seed


class Windows:
    """The order of windows, and of the rows within them; see the module.

    Args:
        blocks: the rows.
        batch_size: rows of a batch.
        seed: of the orders.
        size: bytes of a window, approximately, but at least a batch.

    Attributes:
        each: rows of a window, except the last one of an epoch: a multiple of the batch size.
    """

    def __init__(self, blocks: Blocks, batch_size: int, seed: int, size: int = WINDOW) -> None:
        self.blocks, self.seed = blocks, seed
        row = max(1, blocks.bytes // max(blocks.rows, 1))
        self.each = batch_size * max(1, size // (row * batch_size))

    @property
    def rows(self) -> int:
        """Rows per epoch."""
        return self.blocks.rows

    def __len__(self) -> int:
        """Windows per epoch."""
        return (self.rows - 1) // self.each + 1

    def size(self, number: int) -> int:
        """Rows of a window; `number` counts from 0."""
        return min(self.each, self.rows - number * self.each)

    def pieces(self, epoch: int, number: int) -> list[Piece]:
        """The pieces of blocks with its rows; both arguments count from 0."""
        order = np.random.default_rng([self.seed, BLOCKS_IN_ORDER, epoch]).permutation(self.blocks.count)
        ends = np.cumsum(np.diff(self.blocks.starts)[order])
        return list(_between(order, ends, number * self.each, number * self.each + self.size(number)))

    def order(self, epoch: int, number: int) -> Indices:
        """The order in which its rows are trained on, as indices into `pieces`."""
        return np.random.default_rng([self.seed, ROWS_IN_ORDER, epoch, number]).permutation(self.size(number))

    def take(self, epoch: int, number: int, buffers: Buffers | None = None) -> tuple[Rows, Indices]:
        """Its rows, in `buffers` if given, and their order.

        Raises:
            OutputError: they cannot be read from the disk.
        """
        return self.blocks.rows_of(self.pieces(epoch, number), buffers), self.order(epoch, number)


class Ahead:
    """Windows one after the other in the same buffers, while the system prefetches the next one from the disk.

    Nothing of this process runs beside the core: a thread that reads wants a processor on which a thread of the core is
    awaited by the others, so that all wait for it. Copying a window out of the system's memory takes a twentieth of the
    time of training on it, on all processors and into memory that is not new.
    """

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self._buffers = windows.blocks.buffers(windows.size(0))

    def take(self, epoch: int, number: int, more: bool = True) -> tuple[Rows, Indices]:
        """`Windows.take`; the rows are valid until the next call. `more`: prefetch the following window."""
        windows = self.windows
        found = windows.take(epoch, number, self._buffers)
        if more:
            after = (epoch, number + 1) if number + 1 < len(windows) else (epoch + 1, 0)
            windows.blocks.prefetch(windows.pieces(*after))
        return found


def _between(order: Indices, ends: Indices, start: int, stop: int) -> Iterator[Piece]:
    """Rows start … stop of blocks that lie one after the other in this order, each ending at `ends`."""
    for place in range(int(np.searchsorted(ends, start, side="right")), len(order)):
        begin, end = int(ends[place - 1]) if place else 0, int(ends[place])
        if begin >= stop:
            return
        yield Piece(int(order[place]), max(start, begin) - begin, min(stop, end) - begin)
