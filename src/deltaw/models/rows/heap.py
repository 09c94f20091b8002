"""Freed memory that the C library keeps for reuse."""

from __future__ import annotations

import sys
from contextlib import suppress

MANY = 2**18  # rows: fewer do not leave enough to be worth a call


def trim_heap(rows: int) -> None:
    """Return freed memory to the system, if there are that many rows.

    glibc keeps freed arrays of up to 32 MiB of every thread; other C libraries keep little.
    """
    if rows >= MANY and sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
