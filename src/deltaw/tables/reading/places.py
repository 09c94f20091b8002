"""Large tables in parts whose memory returns to the system as soon as they are freed.

Allocators keep freed memory. While a table becomes a network's inputs, part by part, both would be in memory at once.
So the numbers of a part are in anonymous memory maps, which bypass the allocator.
"""

from __future__ import annotations

import contextlib
import mmap
import sys
from collections.abc import Iterable
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.number)

HUGE_PAGE = 2**21  # bytes; first access takes much less than that of 512 small pages
PART = 2**20  # cells of a part, over all columns
# Numeric types that need no conversion.
NUMBERS = (pl.Float64, pl.Float32, pl.Int64, pl.Int32, pl.Int16, pl.Int8, pl.UInt64, pl.UInt32, pl.UInt16, pl.UInt8)


def in_parts(frame: pl.DataFrame, width: int | None = None) -> pl.DataFrame:
    """The same rows in parts; `width`: number of columns of the table, if these are only some of them."""
    rows = max(1, PART // max(width or frame.width, 1))
    parts = [apart(frame.slice(start, rows)) for start in range(0, len(frame), rows)]
    return pl.concat(parts, rechunk=False) if parts else frame


def apart(frame: pl.DataFrame) -> pl.DataFrame:
    """A copy of the rows; columns of numbers without nulls in memory maps."""
    numbers = {
        column.name: column.to_numpy()
        for column in frame.iter_columns()
        if column.dtype in NUMBERS and not column.null_count()
    }
    ends = np.cumsum([0, *(-(-column.nbytes // 8) * 8 for column in numbers.values())]).tolist()
    room, own = _pages(ends[-1]), dict[str, pl.Series]()
    for (name, column), first in zip(numbers.items(), ends, strict=False):
        place = room[first : first + column.nbytes].view(column.dtype)
        place[:] = column
        own[name] = pl.Series(name, place)
    rest = frame.drop(numbers)
    rest = pl.concat([rest.head(1), rest.slice(1)], rechunk=True)  # of two pieces, so that Polars copies
    return pl.DataFrame({name: own[name] if name in own else rest.get_column(name) for name in frame.columns})


def in_pages(pieces: Iterable[NDArray[Number]], kind: np.dtype[Number], most: int) -> NDArray[Number]:
    """Pieces of an array, of at most `most` numbers together, as one array in a memory map."""
    room, place = _pages(most * kind.itemsize).view(kind), 0
    for piece in pieces:
        room[place : place + len(piece)] = piece
        place += len(piece)
    return room[:place]


def _pages(size: int) -> NDArray[np.uint8]:
    """A memory map of `size` bytes, unmapped when it is no longer referenced."""
    if not size:
        return np.empty(0, np.uint8)
    if sys.platform == "win32":
        pages = mmap.mmap(-1, size)
    else:
        pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if size >= 2 * HUGE_PAGE and hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):  # a kernel may not support it
                pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, np.uint8)
