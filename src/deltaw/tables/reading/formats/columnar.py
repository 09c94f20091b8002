"""Columnar files: Parquet and Arrow."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import polars as pl

from deltaw.exceptions import InputError, TableError
from deltaw.speech import say
from deltaw.tables.cells import FIRST
from deltaw.tables.held import compacted
from deltaw.tables.reading.changes import facts, unchanged
from deltaw.tables.reading.formats import batches, footers
from deltaw.tables.reading.formats.batches import CELL
from deltaw.tables.reading.frames import INDEX, plain, table_of, unnested, with_valid_decimals
from deltaw.tables.reading.halving import Halves
from deltaw.tables.reading.loading import check_size, first_bytes, first_line, limit, unreadable
from deltaw.tables.reading.panics import quiet_panics
from deltaw.tables.reading.places import in_parts
from deltaw.tables.reading.source import Reading, Source
from deltaw.tables.table import Table, listing

CELLS = 2**24  # of a slice: 128 MiB of numbers
AT_ONCE = 2**20  # cells read at a time from a file on disk, so that no second copy of the frame is in memory


def read_parquet(file: Source) -> Table:
    """Parquet, without the index columns of pandas. Raises TableError, as all functions here."""
    return _columnar(file, "Parquet", pl.read_parquet)


def read_arrow(file: Source) -> Table:
    """Arrow's file format, which is Feather's."""
    return _columnar(file, "Arrow", pl.read_ipc)


def read_arrow_stream(file: Source) -> Table:
    """Arrow's stream format."""
    return _columnar(file, "Arrow", pl.read_ipc_stream)


def _columnar(file: Source, kind: str, reader: Callable[[io.BytesIO], pl.DataFrame]) -> Table:
    most = limit(file.reading.max_bytes)
    with readable(file.name, kind):
        values = check_parts(file.data, file.name, most)
        if kind == "Parquet":
            check_size(file.name, CELL * filled(pl.scan_parquet(io.BytesIO(file.data)), values), most)
        frame = bounded(reader(io.BytesIO(file.data)), file.name, file.reading)
    return without_index(frame, file.name, file.reading, pandas_index(file.data) if kind == "Parquet" else ())


def check_parts(file: Path | bytes, name: str, most: int, at_once: bool = True) -> Counter[str]:
    """How many values each column of a Parquet file has, with all in lists.

    Raises TableError if a file, or unless it is read `at_once` a part of it, takes more than `most` bytes in memory, by
    its metadata, since columns of one value shrink to almost nothing; ValueError for damaged metadata.
    """
    with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as opened:
        if opened.read(len(footers.MAGIC)) == footers.MAGIC:
            parts = footers.groups(opened)
        else:
            parts = [(size, Counter[str]()) for size in batches.sizes(opened)]
    check_size(name, (sum if at_once else max)((0, *(size for size, _ in parts))), most)
    return reduce(add, (values for _, values in parts), Counter[str]())


def filled(lazy: pl.LazyFrame, values: Mapping[str, int], most: int | None = None) -> int:
    """How many cells a scanned file has, or `most` of its rows; `values`: how many a column has, with all in lists."""
    rows = shape(lazy)[0]
    rows = rows if most is None else min(rows, most)
    return sum(_cells(kind, rows, values.get(name, rows)) for name, kind in lazy.collect_schema().items())


def _cells(kind: Any, rows: int, values: int) -> int:
    """How many cells a column has, at most, with so many `values` in lists: a missing array has all of its own."""
    if isinstance(kind, pl.Array):
        return int(kind.size) * _cells(kind.inner, rows, values)
    if several := [getattr(kind, each) for each in ("inner", "key", "value") if hasattr(kind, each)]:  # a list, a map
        return max(_cells(each, values, values) for each in several)
    return max((_cells(each.dtype, rows, values) for each in getattr(kind, "fields", ())), default=rows)


def shape(lazy: pl.LazyFrame) -> tuple[int, int]:
    """Numbers of rows and columns of a scanned file, by its metadata."""
    return lazy.select(pl.len()).collect().item(), len(lazy.collect_schema())


def bounded(frame: pl.DataFrame, name: str, reading: Reading) -> pl.DataFrame:
    """The frame. Raises TableError if its text is larger than the limit once each cell has its own: in a file, a text
    that recurs may stand once.
    """
    text, of_a_list = pl.selectors.string(), pl.selectors.by_dtype(pl.Categorical, pl.Enum)
    words = text.str.len_bytes(), of_a_list.cat.len_bytes(), pl.selectors.binary().bin.size()
    sizes = frame.lazy().select(each.cast(pl.UInt64).sum() for each in words).collect()
    check_size(name, sum(sizes.row(0)) if sizes.width else 0, limit(reading.max_bytes))
    return frame


def _some_columns(path: Path, name: str, reading: Reading, columns: list[str]) -> pl.DataFrame:
    return bounded(pl.read_parquet(path, columns=columns, glob=False), name, reading)


def is_parquet(path: Path) -> bool:
    """Whether this is a plain Parquet file, of which columns can be read one by one."""
    return first_bytes(path) == footers.MAGIC


@dataclass(frozen=True, eq=False)
class Look:
    """The metadata of a Parquet file.

    Attributes:
        lazy: the scanned file.
        rows: number of rows.
        kinds: types of its columns.
        kept: names of the columns that are read.
        index: names of pandas' index columns, which are not read.
    """

    lazy: pl.LazyFrame
    rows: int
    kinds: pl.Schema
    kept: list[str]
    index: tuple[str, ...]


def look(path: Path, name: str, reading: Reading) -> Look:
    """The metadata of a file. Raises TableError if it is too large, and errors of Polars."""
    check_size(name, path.stat().st_size, most := limit(reading.max_bytes))
    values = check_parts(path, name, most)
    lazy = pl.scan_parquet(path, glob=False)
    (rows, _), kinds = shape(lazy), lazy.collect_schema()
    check_size(name, CELL * filled(lazy, values), most)
    names = kinds.names()
    index = _named_index(pandas_index(path), names)
    kept = [each for each in names if each not in index and not INDEX.fullmatch(each)] or names
    return Look(lazy, rows, kinds, kept, index)


def parquet_at(path: Path, name: str, reading: Reading) -> Table:
    """`read_parquet` of a file on disk, a few columns at a time."""
    with unchanged(path, facts(path)), readable(name, "Parquet"):
        found = look(path, name, reading)
        each = max(1, AT_ONCE // max(found.rows, 1))
        if len(found.kinds) <= each or any(kind.is_nested() for kind in found.kinds.values()):
            return without_index(bounded(found.lazy.collect(), name, reading), name, reading, found.index)

        halves, notations = Halves.of_table(reading.unrounded, found.rows, len(found.kinds)), reading.noted()
        reading = replace(with_valid_decimals(found.lazy.head(FIRST).collect(), reading), notations=notations)
        read = (_some_columns(path, name, reading, some) for some in turns(found, each))
        # With `written`, conversion waits until all columns are there.
        parts = read if reading.written else (plain(part, name, reading) for part in read)
        frame = joined_columns(parts, len(found.kinds), halves, reading)[found.kept]
    notes = _notes(found.index)
    if reading.written:
        return table_of(frame, name, reading, notes)
    rounded, missing = tuple(sorted(halves.rounded)), reading.missing
    return Table(frame, name, notes=notes, missing=missing, rounded=rounded, decimals=notations.decimals)


def turns(found: Look, each: int) -> list[list[str]]:
    """The names of the columns, `each` at a time; text first, since reading it takes most memory."""
    order = sorted(found.kept, key=lambda name: found.kinds[name].is_numeric())
    return [order[i : i + each] for i in range(0, len(order), each)]


def joined_columns(parts: Iterable[pl.DataFrame], width: int, halves: Halves, reading: Reading) -> pl.DataFrame:
    """One frame of the columns of all parts, each rounded and compacted before the next is read; `width`: of all."""
    small = map(halves.of, parts)
    own = small if reading.unrounded is None else map(compacted, small)
    return reduce(pl.DataFrame.hstack, (in_parts(part, width) for part in own))


def some_of(path: Path, name: str, reading: Reading, found: Look, columns: list[str]) -> Table:
    """Some columns of a file. Raises NoRowsError if it has no rows."""
    with readable(name, "Parquet"):
        part = _some_columns(path, name, reading, columns) if found.rows else pl.DataFrame()
    return table_of(part, name, reading, _notes(found.index))


def looks(files: Sequence[Path], reading: Reading) -> list[Look]:
    """The metadata of each file of a table; [] unless all are readable Parquet files with the same columns and types.
    (Whoever reads them then raises the error, or joins them.)
    """
    with suppress(Exception, pl.exceptions.PanicException), quiet_panics():
        if all(map(is_parquet, files)):
            found = [look(file, str(file), reading) for file in files]
            kinds = [{name: each.kinds[name] for name in each.kept} for each in found if each.rows]
            flat = not any(kind.is_nested() for each in kinds for kind in each.values())
            return found if flat and all(each == kinds[0] for each in kinds) else []
    return []


def without_index(frame: pl.DataFrame, name: str, reading: Reading, index: tuple[str, ...]) -> Table:
    """The table of a frame without pandas' index columns, with what objects and lists in its cells hold as columns."""
    index = _named_index(index, frame.columns)
    frame = frame.drop(index)
    table = table_of(flat := unnested(frame, name), name, reading, _notes(index))
    parts = [each for each in flat.iter_columns() if each.name not in frame.columns]
    return replace(table, written=frame.hstack(parts)) if parts and reading.written else table


def _named_index(index: tuple[str, ...], names: list[str]) -> tuple[str, ...]:
    """The index columns that have a name of their own (others are always dropped); () if these are all columns."""
    found = tuple(each for each in index if each in names and not INDEX.fullmatch(each))
    return () if len(found) == len(names) else found


def _notes(index: tuple[str, ...]) -> tuple[str, ...]:
    return (say("without {index}, the index of pandas", index=listing(index)),) if index else ()


def pandas_index(file: Path | bytes) -> tuple[str, ...]:
    """The index columns by pandas' metadata in a Parquet file; () for none, or a file that cannot be read."""
    with suppress(Exception, pl.exceptions.PanicException), quiet_panics():
        with file.open("rb") if isinstance(file, Path) else io.BytesIO(file) as opened:  # Polars would expand patterns
            metadata = json.loads(pl.read_parquet_metadata(opened)["pandas"])
        return tuple(name for name in metadata["index_columns"] if isinstance(name, str))
    return ()


@contextmanager
def readable(name: str, kind: str) -> Iterator[None]:
    """Errors of Polars about a damaged file as a TableError that names it."""
    try:
        with quiet_panics():
            yield
    except (FileNotFoundError, PermissionError) as error:
        raise unreadable(name, error) from None
    except InputError:
        raise
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, MemoryError) as error:
        found = say("an unreadable file ({reason})", reason=first_line(error))
        raise TableError("{name}: expected {kind}", found, "write it again", name=name, kind=kind) from None
