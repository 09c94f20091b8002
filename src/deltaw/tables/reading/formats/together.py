"""Many small Parquet files of one table in one call of Polars, which takes about as long as for one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import polars.selectors as cs

from deltaw.tables.reading.formats.columnar import AT_ONCE, check_parts, filled, pandas_index, shape, without_index
from deltaw.tables.reading.loading import limit
from deltaw.tables.reading.panics import quiet_panics
from deltaw.tables.reading.source import Reading
from deltaw.tables.table import Table

SMALL = 2**16  # bytes of a file
MOST = 256  # files that are open at a time
ENDINGS = (".parquet", ".pq", "")
FILE = "\0file"  # name of the column with the file of each row


class Few(NamedTuple):
    """The rows of a small file, read with those of others, and its index columns."""

    file: Path
    frame: pl.DataFrame
    without: tuple[str, ...]

    def table(self, reading: Reading) -> Table:
        """The table, as by `parquet_at`. Raises NoRowsError if it is empty."""
        return without_index(self.frame, str(self.file), reading, self.without)


class Together:
    """The files of a table, in order, each asked for once.

    Args:
        files: in order.
        reading: the options.
        columns: names of the wanted columns (all, if a file has none of them); None: all.
    """

    def __init__(self, files: Sequence[Path], reading: Reading, columns: Collection[str] | None = None) -> None:
        self._files, self._columns, self._next = files, columns, 0
        # Options that have to be checked for each file.
        self._alone = reading.max_bytes is not None or reading.sheet is not None or reading.encoding is not None
        self._found: dict[Path, Few] = {}

    def take(self, file: Path) -> Few | None:
        """The rows of a file; None for one that has to be read alone: large, of another format, with other columns, or
        damaged (reading it raises the error).
        """
        if self._next < len(self._files) and file == self._files[self._next]:
            few = [*takewhile(_is_small, self._files[self._next : self._next + MOST])]
            self._next += max(len(few), 1)
            if len(few) > 1 and not self._alone:
                with suppress(Exception, pl.exceptions.PanicException), quiet_panics():
                    self._found = {each.file: each for each in _read(few, self._columns)}
        return self._found.pop(file, None)


def _is_small(file: Path) -> bool:
    try:
        return file.suffix.lower() in ENDINGS and file.stat().st_size <= SMALL
    except OSError:  # reading it raises the error
        return False


def cells(files: Sequence[Path]) -> int | None:
    """The number of cells of files with the same columns; None if Polars cannot tell."""
    with suppress(Exception, pl.exceptions.PanicException), quiet_panics():
        rows, width = shape(_scanned(files))
        return rows * (width - 1)
    return None


def _scanned(files: Sequence[Path]) -> pl.LazyFrame:
    return pl.scan_parquet([*files], glob=False, hive_partitioning=False, include_file_paths=FILE)


def _read(files: Sequence[Path], columns: Collection[str] | None) -> Iterable[Few]:
    """The rows of each file; [] if they are many after all. Polars raises errors if columns or types differ."""
    values = sum((check_parts(file, str(file), limit(None)) for file in files), Counter[str]())
    lazy = _scanned(files)
    if filled(lazy, values) > AT_ONCE:
        return []
    there = lazy.collect_schema().names()
    wanted = [name for name in there if name != FILE and (columns is None or name in columns)]
    frame = (lazy.select(cs.by_name(*wanted, FILE)) if wanted else lazy).collect().rechunk()
    whose = frame.drop_in_place(FILE).rle().struct.unnest()
    counts = dict(zip(whose["value"].to_list(), whose["len"].to_list(), strict=True))
    if len(counts) < len(whose) or not counts.keys() <= set(map(str, files)):
        return []  # rows of a file are not contiguous, or its name differs
    ends = np.cumsum([counts.get(str(file), 0) for file in files]).tolist()
    parts = zip(files, [0, *ends], ends, strict=False)
    return [Few(file, frame[begin:end], pandas_index(file)) for file, begin, end in parts]
