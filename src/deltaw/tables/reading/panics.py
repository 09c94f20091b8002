"""Panics of Polars: Rust prints a message before Python gets the exception."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Polars panics at times with a zone such as +05:30, unless it is told to ignore that; we convert them to UTC anyway.
ANY_ZONE = "POLARS_IGNORE_TIMEZONE_PARSE_ERROR"


@contextmanager
def quiet_panics() -> Iterator[None]:
    """Discard what Rust prints on stderr."""
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
