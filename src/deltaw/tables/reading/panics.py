"""Panics of Polars, which it raises of what it does not know, and Rust prints before that."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Polars would panic at times of a zone like +05:30, of which it needs to know nothing: they are kept as those of UTC.
ANY_ZONE = "POLARS_IGNORE_TIMEZONE_PARSE_ERROR"


@contextmanager
def quiet_panics() -> Iterator[None]:
    """What Rust prints of a panic, before Python hears of it, goes nowhere."""
    os.environ.setdefault(ANY_ZONE, "1")
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (AttributeError, OSError):  # no stderr at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
