"""Files of columns that have types: Parquet and Arrow."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import IO

import polars as pl

from deltaw.exceptions import TableError
from deltaw.speech import say
from deltaw.tables.cells import FIRST
from deltaw.tables.held import held
from deltaw.tables.notations import Notations
from deltaw.tables.reading.changes import facts, unchanged
from deltaw.tables.reading.frames import INDEX, plain, table_of, with_marks_held
from deltaw.tables.reading.halving import Halves
from deltaw.tables.reading.loading import check_size, first_line, limit, unreadable
from deltaw.tables.reading.panics import quiet_panics
from deltaw.tables.reading.places import in_parts
from deltaw.tables.reading.source import Reading, Source
from deltaw.tables.table import Table, listing

PARQUET = b"PAR1"
CELL = 8  # bytes of a number in a frame
AT_ONCE = 2**20  # cells that are read at a time where a file lies on a disk: beside them there is nothing but the frame


def read_parquet(file: Source) -> Table:
    """Parquet; what pandas says there to be its index is no column. Raises TableError, as all here do."""
    with quiet_panics():
        index = _index_of_pandas(io.BytesIO(file.data))
    return _columnar(file, "Parquet", pl.read_parquet, pl.scan_parquet, index)


def lies_as_parquet(path: Path) -> bool:
    """Whether a path is that of a plain Parquet file, of which some columns can be read without the others."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(4) == PARQUET
    except (OSError, ValueError):  # what cannot be looked at, who reads it refuses
        return False


@dataclass(frozen=True, eq=False)
class Look:
    """What a Parquet file says of itself.

    Attributes:
        lazy: what has looked.
        rows: how many it has.
        kinds: the types of its columns.
        kept: those that are read.
        index: those that are pandas' index, and are not.
    """

    lazy: pl.LazyFrame
    rows: int
    kinds: pl.Schema
    kept: list[str]
    index: tuple[str, ...]


def look(path: Path, name: str, reading: Reading) -> Look:
    """The look at a file that lies there. Raises TableError for one that is too large, and what Polars does."""
    check_size(name, path.stat().st_size, most := limit(reading.max_bytes))
    lazy = pl.scan_parquet(path, glob=False)
    rows, kinds = lazy.select(pl.len()).collect().item(), lazy.collect_schema()
    names = kinds.names()
    check_size(name, CELL * rows * len(names), most)
    index = _that_is_none(index_of_pandas(path), names)
    kept = [each for each in names if each not in index and not INDEX.fullmatch(each)] or names
    return Look(lazy, rows, kinds, kept, index)


def parquet_at(path: Path, name: str, reading: Reading) -> Table:
    """`read_parquet` of a file that lies there, some columns after the others."""
    with unchanged(path, facts(path)), readable(name, "Parquet"):
        found = look(path, name, reading)
        each = max(1, AT_ONCE // max(found.rows, 1))
        if len(found.kinds) <= each:
            return without_index(found.lazy.collect(), name, reading, found.index)

        halves, told = Halves.of_table(reading.unrounded, found.rows, len(found.kinds)), Notations(in_parts=False)
        reading = replace(with_marks_held(found.lazy.head(FIRST).collect(), reading), notations=told)
        read = (pl.read_parquet(path, columns=some, glob=False) for some in turns(found, each))
        # Cells that are wanted as they are written, too, become a table's when all of them are there.
        parts = read if reading.written else (plain(part, name, reading) for part in read)
        frame = beside(parts, len(found.kinds), halves, reading)[found.kept]
    if reading.written:
        return table_of(frame, name, reading, _notes(found.index))
    notes, rounded = _notes(found.index), tuple(sorted(halves.rounded))
    return Table(frame, name, notes=notes, missing=reading.missing, rounded=rounded, decimals=told.decimals)


def turns(found: Look, each: int) -> list[list[str]]:
    """The columns of a file, `each` of them at a time.

    Words take most while they are read: they come first, when there is little beside them.
    """
    order = sorted(found.kept, key=lambda name: found.kinds[name].is_numeric())
    return [order[i : i + each] for i in range(0, len(order), each)]


def beside(parts: Iterable[pl.DataFrame], width: int, halves: Halves, reading: Reading) -> pl.DataFrame:
    """The columns of a table as it has them, of those that are read one after the other.

    Args:
        parts: some columns each.
        width: how many there are in all.
        halves: rounds them.
        reading: how they are read.
    """
    small = map(halves.of, parts)
    own = small if reading.unrounded is None else map(held, small)
    return reduce(pl.DataFrame.hstack, (in_parts(part, width) for part in own))


def some_of(path: Path, name: str, reading: Reading, found: Look, columns: list[str]) -> Table:
    """Some columns of a file that lies there. Raises NoRowsError where it has no rows, whatever its columns."""
    with readable(name, "Parquet"):
        part = pl.read_parquet(path, columns=columns, glob=False) if found.rows else pl.DataFrame()
    return table_of(part, name, reading, _notes(found.index))


def looks(files: Sequence[Path], reading: Reading) -> list[Look]:
    """The look at each file of a table; none where one is no Parquet file that can be read, or has other columns, or of
    other types, than those before it: who reads them all says what is wrong, or what they are together.
    """
    found = list[Look]()
    with suppress(Exception, pl.exceptions.PanicException), quiet_panics():
        for file in files:
            if not lies_as_parquet(file):
                return []
            found.append(look(file, str(file), reading))
        kinds = [{name: each.kinds[name] for name in each.kept} for each in found if each.rows]
        return found if all(each == kinds[0] for each in kinds) else []
    return []


def read_arrow(file: Source) -> Table:
    """Arrow's file format, which is Feather's."""
    return _columnar(file, "Arrow", pl.read_ipc, pl.scan_ipc)


def read_arrow_stream(file: Source) -> Table:
    """Arrow's stream."""
    return _columnar(file, "Arrow", pl.read_ipc_stream)


def _columnar(
    file: Source,
    kind: str,
    reader: Callable[[io.BytesIO], pl.DataFrame],
    scanner: Callable[[io.BytesIO], pl.LazyFrame] | None = None,
    index: tuple[str, ...] = (),
) -> Table:
    with readable(file.name, kind):
        if scanner is not None:  # what the file says of itself: columns of one value shrink to almost nothing
            lazy = scanner(io.BytesIO(file.data))
            cells = lazy.select(pl.len()).collect().item() * len(lazy.collect_schema())
            check_size(file.name, CELL * cells, limit(file.reading.max_bytes))
        frame = reader(io.BytesIO(file.data))
    return without_index(frame, file.name, file.reading, index)


def without_index(frame: pl.DataFrame, name: str, reading: Reading, index: tuple[str, ...]) -> Table:
    """The table of a frame, without what pandas calls its index."""
    index = _that_is_none(index, frame.columns)
    return table_of(frame.drop(index) if index else frame, name, reading, _notes(index))


def _that_is_none(index: tuple[str, ...], names: list[str]) -> tuple[str, ...]:
    """The columns that are left out, since pandas calls them its index; those that it has named itself always are."""
    found = tuple(each for each in index if each in names and not INDEX.fullmatch(each))
    return () if len(found) == len(names) else found


def _notes(index: tuple[str, ...]) -> tuple[str, ...]:
    return (say("without {index}, the index of pandas", index=listing(index)),) if index else ()


def index_of_pandas(path: Path) -> tuple[str, ...]:
    """The columns that pandas' own note in the file calls its index."""
    with quiet_panics():
        return written_index(path)


def written_index(path: Path) -> tuple[str, ...]:
    """The same; what is printed of a panic is the caller's to keep quiet."""
    with path.open("rb") as file:  # of a name Polars would make a pattern
        return _index_of_pandas(file)


def _index_of_pandas(file: IO[bytes]) -> tuple[str, ...]:
    with suppress(Exception):  # a file that cannot be read is refused by who reads its columns
        note = json.loads(pl.read_parquet_metadata(file)["pandas"])
        return tuple(name for name in note["index_columns"] if isinstance(name, str))
    return ()


@contextmanager
def readable(name: str, kind: str) -> Iterator[None]:
    """What Polars raises of a damaged file of a kind, as a TableError that names it."""
    try:
        with quiet_panics():
            yield
    except (FileNotFoundError, PermissionError) as error:
        raise unreadable(name, error) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, TableError):
            raise
        found = say("an unreadable file ({reason})", reason=first_line(error))
        raise TableError("{name}: expected {kind}", found, "write it anew", name=name, kind=kind) from None
