"""Memory that was let go goes back to the system at once, where a command holds a whole table."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

# What the allocator in Polars' wheels reads when it is loaded. By itself it keeps for half a second what was let go; in
# that time the inputs of a million rows are made, and table and inputs would be held together. docs/scale.md has what
# it saves, and what it costs.
CONF, AT_ONCE = "_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0"
# The C library's is asked to when much was let go (`deltaw.models.rows.allocated`); what it keeps for each thread it
# would not give back, so all threads have one arena.
ARENA_MAX = -8  # <malloc.h>


def give_back() -> None:
    """Have Polars and the C library do so, unless they run already or the user has said otherwise."""
    if "polars" not in sys.modules:
        os.environ.setdefault(CONF, AT_ONCE)
    if sys.platform == "linux" and "MALLOC_ARENA_MAX" not in os.environ:
        import ctypes

        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(ARENA_MAX, 1)
