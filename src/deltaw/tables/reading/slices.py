"""One large file of columns, some of its rows at a time: Parquet and Arrow say where each row lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from deltaw.tables.reading.changes import facts, unchanged
from deltaw.tables.reading.formats.columnar import readable
from deltaw.tables.reading.frames import table_of
from deltaw.tables.reading.loading import located
from deltaw.tables.reading.source import Reading
from deltaw.tables.table import Some, Table

CELLS = 2**24  # of a slice: 128 MiB of numbers
SCANNERS: dict[bytes, tuple[str, Callable[[Path], pl.LazyFrame]]] = {  # a file's name is no pattern
    b"PAR1": ("Parquet", partial(pl.scan_parquet, glob=False)),
    b"ARRO": ("Arrow", partial(pl.scan_ipc, glob=False)),
}


@dataclass(frozen=True)
class Slices:
    """The rows of a file, in slices.

    Attributes:
        name: as it was given.
        path: of the file.
        kind: what it is, for messages.
        scanner: Polars' own for it.
    """

    name: str
    path: Path
    kind: str
    scanner: Callable[[Path], pl.LazyFrame]

    @property
    def root(self) -> Path:
        """The folder in which it lies."""
        return self.path.parent

    def pieces(self, reading: Reading, cells: int = CELLS, share: slice = slice(None)) -> Iterator[tuple[Path, Table]]:
        """Each slice, of about so many cells, and what a file of its own would be called, in `root`; of all, a share.

        Raises:
            TableError: the file cannot be read, or changes meanwhile.
        """
        before = facts(self.path)
        with unchanged(self.path, before), readable(self.name, self.kind):
            lazy = self.scanner(self.path)
            rows, width = lazy.select(pl.len()).collect().item(), len(lazy.collect_schema())
        each = max(1, cells // max(width, 1))
        for number, start in list(enumerate(range(0, max(rows, 1), each)))[share]:
            with unchanged(self.path, before):
                with readable(self.name, self.kind):
                    frame = lazy.slice(start, each).collect()
                table = table_of(frame, Some(self.name, range(start, start + len(frame))), reading)
            yield Path(f"{self.path.stem}-{number:05}{self.path.suffix}"), table


def slices(source: str | Path) -> Slices | None:
    """The slices of a Parquet or an Arrow file; None for any other source."""
    path = located(source)
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            found = SCANNERS.get(file.read(4))
    except (OSError, ValueError):  # what cannot be looked at, who reads it refuses
        return None
    return None if found is None else Slices(str(source), path, *found)
