"""Memory that was let go goes back to the system at once, where a command holds a whole table."""

from __future__ import annotations

import os
import sys

# What the allocator in Polars' wheels reads when it is loaded. By itself it keeps for half a second what was let go; in
# that time the inputs of a million rows are made, and table and inputs would be held together. docs/scale.md has what
# it saves, and what it costs.
CONF, AT_ONCE = "_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0"


def give_back() -> None:
    """Have Polars do so, unless it is loaded already or the user has said otherwise."""
    if "polars" not in sys.modules:
        os.environ.setdefault(CONF, AT_ONCE)
