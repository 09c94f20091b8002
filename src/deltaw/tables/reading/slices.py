"""Slices of the rows of one large Parquet or Arrow file, whose format gives access to any rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import polars as pl

from deltaw.tables.reading.changes import facts, unchanged
from deltaw.tables.reading.formats.batches import CELL
from deltaw.tables.reading.formats.columnar import CELLS, check_parts, filled, readable, shape
from deltaw.tables.reading.frames import table_of
from deltaw.tables.reading.loading import check_size, first_bytes, limit, located
from deltaw.tables.reading.source import Reading
from deltaw.tables.table import NameOfRows, Table

Scanner = Callable[[Path], pl.LazyFrame]
SCANNERS: dict[bytes, tuple[str, Scanner]] = {  # without glob, since a file name is not a pattern
    b"PAR1": ("Parquet", partial(pl.scan_parquet, glob=False)),
    b"ARRO": ("Arrow", partial(pl.scan_ipc, glob=False)),
}


def slices(
    source: str | Path, reading: Reading, cells: int = CELLS, share: slice = slice(None)
) -> Iterator[tuple[Path, Table]] | None:
    """The slices of a Parquet or Arrow file, each with a name for a file of its own; None for any other source.

    Args:
        source: path of the file.
        reading: how it is read.
        cells: about how many a slice has.
        share: which of the slices.

    Raises:
        TableError: while slices are read: the file cannot be read, or has changed.
    """
    path = located(source)
    found = SCANNERS.get(first_bytes(path))
    return None if found is None else _slices(path, str(source), *found, reading, cells, share)


def _slices(
    path: Path, name: str, kind: str, scan: Scanner, reading: Reading, cells: int, share: slice
) -> Iterator[tuple[Path, Table]]:
    before = facts(path)
    with unchanged(path, before), readable(name, kind):
        check_parts(path, name, limit(reading.max_bytes), at_once=False)
        rows, width = shape(lazy := scan(path))
        each = max(1, cells // max(width, 1))
        check_size(name, CELL * filled(lazy, {}, each), limit(reading.max_bytes))
    for start in range(0, max(rows, 1), each)[share]:
        with unchanged(path, before):
            with readable(name, kind):
                frame = lazy.slice(start, each).collect()
            table = table_of(frame, NameOfRows(name, range(start, start + len(frame))), reading)
        yield Path(f"{path.stem}-{start // each:05}{path.suffix}"), table
