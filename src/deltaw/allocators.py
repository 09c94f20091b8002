"""Memory that was let go goes back to the system, sooner than allocators give it back by themselves."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# What the allocator in Polars' wheels reads when it is loaded. By itself it keeps for half a second what was let go; in
# that time the inputs of a million rows are made, and table and inputs would be held together. docs/scale.md has what
# it saves, and what it costs: at once costs system calls, a tenth of a second none that can be measured.
CONF, AT_ONCE, SOON = "_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0", "dirty_decay_ms:100,muzzy_decay_ms:0"
# The C library's is asked to when much was let go (`deltaw.models.rows.heap`); what it keeps for each thread it
# would not give back, so all threads have one arena.
ARENA_MAX = -8  # <malloc.h>


def give_back() -> None:
    """Have Polars and the C library do so at once, unless they run already or the user has said otherwise: where a
    command holds a whole table.
    """
    if "polars" not in sys.modules:
        os.environ.setdefault(CONF, AT_ONCE)
    if sys.platform == "linux" and "MALLOC_ARENA_MAX" not in os.environ:
        import ctypes

        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(ARENA_MAX, 1)


@contextmanager
def giving_back() -> Iterator[None]:
    """Polars, if it is loaded in here for the first time, does so soon, unless the user has said otherwise. Nothing of
    it stays in the environment, which other programs inherit.
    """
    if "polars" in sys.modules or CONF in os.environ:
        yield
        return
    os.environ[CONF] = SOON
    try:
        yield
    finally:
        os.environ.pop(CONF, None)
