"""Memory that was let go, and that the C library keeps in case it is wanted again."""

from __future__ import annotations

import sys
from contextlib import suppress

MANY = 2**18  # rows: of fewer nothing worth a call is kept


def give_back(rows: int) -> None:
    """Give it back to the system, where so many rows are held: arrays of up to 32 MiB, of every thread.

    Only glibc keeps much, and has a word for it.
    """
    if rows >= MANY and sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
