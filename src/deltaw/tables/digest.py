"""A hash of a table, the same for the same rows and columns whatever the file format."""

from __future__ import annotations

import hashlib
from typing import Any

import polars as pl

from deltaw.tables.table import Table

ROWS_AT_ONCE = 50_000  # rows written at a time


def sha256(table: Table) -> str:
    """SHA-256 of the rows as CSV with a header, then of the test rows; hexadecimal."""
    found = hashlib.sha256()
    for frame in (table.frame, table.test):
        if frame is not None:
            _add(found, frame)
    return found.hexdigest()


def _add(found: Any, frame: pl.DataFrame) -> None:
    # Lists, structs and bytes cannot be written as CSV, and are not used by networks.
    nested = [name for name, kind in frame.schema.items() if kind.is_nested() or kind in (pl.Binary, pl.Object)]
    frame = frame.drop(nested)
    if not frame.width:
        return
    found.update(frame.head(0).write_csv().encode())
    for start in range(0, len(frame), ROWS_AT_ONCE):
        found.update(frame.slice(start, ROWS_AT_ONCE).write_csv(include_header=False).encode())
