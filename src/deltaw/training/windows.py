"""The rows of an epoch as windows: what is in memory at a time of rows that lie in blocks on a disk.

An epoch goes through the blocks in an order of chance, and a window is the next so many rows of it, in an order of
chance of their own: whole batches but for the last one of the epoch. Both orders follow from the seed, the epoch and
the window's number alone, so that a training goes on within an epoch, and any process can say what any other trains on.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.rows import Rows
from deltaw.training.blocks import Blocks, Piece, Room

Indices = NDArray[np.int64]

WINDOW = 2**26  # bytes of a window; one is in memory
BLOCKS_IN_ORDER, ROWS_IN_ORDER = 2, 3  # what the seed is for, beside other generators of the same seed


class Windows:
    """The order in which windows, and the rows within them, are trained on; see the module.

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
        """How many rows an epoch has."""
        return self.blocks.rows

    def __len__(self) -> int:
        """How many windows an epoch has."""
        return -(-self.rows // self.each)

    def size(self, number: int) -> int:
        """How many rows a window has; `number` counts from 0."""
        return min(self.each, self.rows - number * self.each)

    def pieces(self, epoch: int, number: int) -> list[Piece]:
        """Where its rows lie; both count from 0."""
        order = np.random.default_rng([self.seed, BLOCKS_IN_ORDER, epoch]).permutation(self.blocks.count)
        ends = np.cumsum(np.diff(self.blocks.starts)[order])
        return list(_between(order, ends, number * self.each, number * self.each + self.size(number)))

    def order(self, epoch: int, number: int) -> Indices:
        """In which order its rows are trained on, as they come out of `pieces`."""
        return np.random.default_rng([self.seed, ROWS_IN_ORDER, epoch, number]).permutation(self.size(number))

    def take(self, epoch: int, number: int, room: Room | None = None) -> tuple[Rows, Indices]:
        """Its rows, in the room or in one of their own, and their order.

        Raises:
            OutputError: the disk does not give them.
        """
        return self.blocks.rows_of(self.pieces(epoch, number), room), self.order(epoch, number)


class Ahead:
    """Windows one after the other in the same room, while the system brings the next one from the disk.

    Nothing of this process runs beside the core: a thread that reads wants a processor on which a thread of the core is
    awaited by the others, so that all wait for it. Copying a window out of the system's memory takes a twentieth of the
    time of training on it, on all processors and into memory that is not new.
    """

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self._room = windows.blocks.room(windows.size(0))

    def take(self, epoch: int, number: int, more: bool = True) -> tuple[Rows, Indices]:
        """`Windows.take`, there until the next one is taken; with `more`, the one after it is asked for."""
        windows = self.windows
        found = windows.take(epoch, number, self._room)
        if more:
            after = (epoch, number + 1) if number + 1 < len(windows) else (epoch + 1, 0)
            windows.blocks.call_up(windows.pieces(*after))
        return found


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
