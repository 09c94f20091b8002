"""Tables larger than memory, in slices of rows: columnar files and delimited text, one or several."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import polars as pl
import polars.selectors as cs

from deltaw.exceptions import InputError
from deltaw.forks import refuse_after_fork
from deltaw.tables.cells import as_words
from deltaw.tables.notations import Notations
from deltaw.tables.reading.changes import Facts, facts, unchanged
from deltaw.tables.reading.formats.batches import BEGIN, CELL, batches, size
from deltaw.tables.reading.formats.columnar import CELLS, check_parts, filled, pandas_index, readable, shape
from deltaw.tables.reading.formats.pieces import PIECE, can_be_in_pieces, pieces
from deltaw.tables.reading.formats.together import MOST, Few, Together, cells
from deltaw.tables.reading.frames import table_of
from deltaw.tables.reading.loading import DAMAGE, STDIN, as_path, check_size, limit, located, memory, unreadable
from deltaw.tables.reading.read import TEXT, ending, several
from deltaw.tables.reading.shards import Shards, alike
from deltaw.tables.reading.slices import SCANNERS
from deltaw.tables.reading.sorts import Sorts, as_dates
from deltaw.tables.reading.source import Reading
from deltaw.tables.table import NameOfRows, Table, cell_error

# Most memory of a training at once: bytes per cell of columnar files, and per byte of text. Measured: docs/scale.md.
OF_A_CELL, OF_A_BYTE = 24, 6
# A slice has one cell per so many bytes of the allowed memory, and of text one byte per so many cells: text takes
# several times its size, and several slices are in memory at a time.
FOR_A_CELL, FOR_A_BYTE, FEWEST = 64, 2, 2**18
LEAST_TEXT = 2**20  # bytes; smaller slices cost more time than they save memory
SHARE = 1 / 2  # of the free memory, by default

T = TypeVar("T")
END: Any = object()


class Slice(NamedTuple):
    """Some rows of a stream.

    Attributes:
        table: with a name such that messages have the row in its file.
        file: that contains them.
        first: number of rows of the stream before them.
    """

    table: Table
    file: Path
    first: int


@dataclass(frozen=True)
class Stream:
    """The files of a table.

    Attributes:
        shards: the files.
        reading: the options.
        facts: size and time of each file when the stream was made, which must not change.
        memory: bytes that may be used; None: all.
        empty: files found to have no rows.
        dates: names of columns whose text is read as dates, as in other files; more may be added in the first pass,
            whose earlier slices are text.
        notations: of numbers, by the slices so far; the caller has to handle columns that turn.
    """

    shards: Shards
    reading: Reading
    facts: dict[Path, Facts] = field(repr=False)
    memory: int | None = None
    empty: set[Path] = field(default_factory=set, repr=False)
    dates: set[str] = field(default_factory=set, repr=False)
    notations: Notations = field(default_factory=Notations, repr=False)
    estimate: list[int] = field(default_factory=list, repr=False)  # `held`, once it is known

    @property
    def name(self) -> str:
        """The table's name in messages."""
        return self.shards.name

    @property
    def held(self) -> int:
        """About how many bytes a training on all rows at once would need; estimated once."""
        if not self.estimate:
            self.estimate.append(sum(map(_held_by, self._some_files())))
        return self.estimate[0]

    def _some_files(self) -> Iterator[Sequence[Path]]:
        files = self.shards.files
        return (files[start : start + MOST] for start in range(0, len(files), MOST))

    @property
    def cells(self) -> int:
        """About how many cells a slice has."""
        return CELLS if self.memory is None else min(CELLS, max(FEWEST, self.memory // FOR_A_CELL))

    @property
    def text(self) -> int:
        """About how many bytes of text a slice has."""
        return PIECE if self.memory is None else max(LEAST_TEXT, self.cells // FOR_A_BYTE)

    def slices(self, words: Set[str] = frozenset(), columns: Collection[str] | None = None) -> Iterator[Slice]:
        """The rows in order, in slices, each with the columns of the first.

        Args:
            words: names of columns whose cells are words; more may be added meanwhile.
            columns: names of the wanted columns; None: all.

        Raises:
            TableError: a file cannot be read, or has changed.
            ColumnError: a file lacks a column, has another one, or another type.
        """
        like: tuple[str, list[str]] | None = None
        sorts, reading = Sorts(words), replace(self.reading, words=words, notations=self.notations)
        first, together = 0, Together(self.shards.files, reading, columns)
        for file in self.shards.files:
            begin = 0
            with unchanged(file, self.facts[file]):
                few = together.take(file)
                for part in _frames(file, self, reading, columns) if few is None else _of_few(few, reading):
                    table = _some(self.shards.with_folders(part, file), columns)
                    like = like or (str(file), table.frame.columns)
                    frame = as_dates(alike(table, like[1], like[0]), self.dates, str(file))
                    sorts.see(frame, str(file))
                    self.dates.update(sorts.dates)
                    frame = _spelt(as_dates(frame, sorts.dates, str(file)), words)
                    name = NameOfRows(str(file), range(begin, begin + len(frame)))
                    yield Slice(Table(frame, name, notes=table.notes, missing=self.reading.missing), file, first)
                    first, begin = first + len(frame), begin + len(frame)
            sorts.end_of_file()
            self.empty.update([file] if not begin else [])
        if like is None:
            raise self.shards.without_rows

    def once(self, words: Set[str], names: Collection[str]) -> Iterator[Slice]:
        """`slices` for a single pass: also raises ColumnError if a later slice shows that numbers in one of the columns
        `names` were read in the wrong notation.
        """
        for part in self.slices(words):
            for name in sorted(self.notations.turned.keys() & {*names}):
                row, cell = self.notations.turned[name]
                expected, instead = "a number written as those before it", "write numbers with a point for decimals"
                raise cell_error(part.table.name, name, row, expected, cell, instead)
            yield part


def stream(source: object, reading: Reading) -> Stream | None:
    """The stream of a source; None for one that has to be read at once: not a file, or of another format.

    Raises:
        TableError: a pattern or a folder has no files, or a file cannot be read.
    """
    source = as_path(source)
    if not isinstance(source, str | Path) or source == STDIN:
        return None
    refuse_after_fork()
    found = several(source)
    if found is None:
        path = located(source)
        with suppress(OSError, ValueError):
            if path.is_file():
                found = Shards(str(source), path.parent, (path,))
    if found is None or not all(_can_be_sliced(file, reading) for file in found.files):
        return None
    return Stream(found, reading, {file: facts(file) for file in found.files})


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The items, each made by another thread while the previous one is used."""
    with ThreadPoolExecutor(1, "deltaw-ahead") as thread:
        make = partial(copy_context().run, next, items, END)
        coming = thread.submit(make)
        while (item := coming.result()) is not END:
            coming = thread.submit(make)
            yield item


def gathered(
    items: Iterable[T],
    size: Callable[[T], float],
    enough: float,
    beside: Callable[[Sequence[T], T], bool] = lambda waiting, item: True,
) -> Iterator[list[T]]:
    """The items in batches, in order, since a call takes about as long for one small file as for several.

    A batch ends when its total size reaches `enough`, before an item that reaches it alone, and before one that is not
    to be `beside` the waiting ones. If `items` raises InputError, the waiting ones come first.
    """
    waiting, total = list[T](), 0.0
    try:
        for item in items:
            own = size(item)
            if waiting and (own >= enough or not beside(waiting, item)):
                yield waiting
                waiting, total = [], 0.0
            waiting.append(item)
            total += own
            if total >= enough:
                yield waiting
                waiting, total = [], 0.0
    except InputError:
        if waiting:
            yield waiting
        raise
    if waiting:
        yield waiting


def free() -> int:
    """Bytes of free memory, if the system tells; else half of the memory."""
    limit = memory()
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_bytes().splitlines()
        available = next(1024 * int(line.split()[1]) for line in lines if line.startswith(b"MemAvailable"))
        used = 0
        with suppress(OSError, ValueError):
            used = int(Path("/sys/fs/cgroup/memory.current").read_bytes())
        return max(min(available, limit - used), 0)
    with suppress(OSError, ValueError, AttributeError):
        if sys.platform != "win32":
            return min(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), limit)
    return limit // 2


def _frames(file: Path, rows: Stream, reading: Reading, columns: Collection[str] | None) -> Iterator[Table]:
    """The rows of a file, of columnar files only the wanted columns (if it has any of them)."""
    name = str(file)
    found = _in_columns(file, rows.cells, columns)
    if found is None:
        yield from pieces(file, name, reading, size=rows.text)
        return
    kind, frames = found
    while True:
        with readable(name, kind):
            part = next(frames, None)
        if part is None:
            return
        yield table_of(part, name, reading)


def _of_few(few: Few, reading: Reading) -> Iterator[Table]:
    """The rows of a small file, if it has any."""
    if len(few.frame):
        yield few.table(reading)


def _some(table: Table, columns: Collection[str] | None) -> Table:
    """The table with the wanted columns."""
    if columns is None:
        return table
    return replace(table, frame=table.frame[[name for name in table.frame.columns if name in columns]])


def _spelt(frame: pl.DataFrame, words: Set[str]) -> pl.DataFrame:
    """The frame with numbers as words in the columns `words`."""
    numbers = [column for column in frame.iter_columns() if column.name in words and column.dtype.is_numeric()]
    return frame.with_columns(map(as_words, numbers)) if numbers else frame


def _in_columns(file: Path, cells: int, columns: Collection[str] | None) -> tuple[str, Iterator[pl.DataFrame]] | None:
    """(format, rows of about `cells` cells at a time) of a columnar file; None for text."""
    if (begin := _begin(file)) == BEGIN:
        return "Arrow", _cut(batches(file), cells)
    scanner = SCANNERS.get(begin)
    return None if scanner is None else (scanner[0], _scanned(file, *scanner, cells, columns))


def _scanned(
    file: Path, kind: str, scan: Callable[[Path], pl.LazyFrame], cells: int, columns: Collection[str] | None
) -> Iterator[pl.DataFrame]:
    lazy = scan(file)
    index = pandas_index(file) if kind == "Parquet" else ()
    lazy = lazy.drop(index) if index and len(index) < len(lazy.collect_schema()) else lazy
    there = lazy.collect_schema().names()
    wanted = [name for name in there if columns is None or name in columns]
    lazy = lazy.select(cs.by_name(wanted)) if wanted and wanted != there else lazy
    rows, width = shape(lazy)
    each = max(1, cells // max(width, 1))
    check_size(str(file), CELL * filled(lazy, {}, each), limit(None))
    for start in range(0, rows, each):
        yield lazy.slice(start, each).collect()


def _cut(frames: Iterator[pl.DataFrame], cells: int) -> Iterator[pl.DataFrame]:
    """The frames cut into parts of about `cells` cells."""
    for frame in frames:
        yield from frame.iter_slices(max(1, cells // max(frame.width, 1)))


def _begin(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(4)
    except OSError as error:
        raise unreadable(str(file), error) from None


def _can_be_sliced(file: Path, reading: Reading) -> bool:
    """Whether a file can be read in slices. Raises TableError if it cannot be read."""
    if (begin := _begin(file)) in (*SCANNERS, BEGIN):
        with readable(str(file), SCANNERS[begin][0] if begin in SCANNERS else "Arrow"):
            check_parts(file, str(file), limit(reading.max_bytes), at_once=False)
        return True
    if not file.stat().st_size:
        return True
    try:
        return ending(file) in TEXT.endings and can_be_in_pieces(file)
    except DAMAGE as error:
        raise unreadable(str(file), error) from None


def _held_by(files: Sequence[Path]) -> int:
    known = cells(files)
    return sum(map(_held, files)) if known is None else OF_A_CELL * known


def _held(file: Path) -> int:
    if (begin := _begin(file)) == BEGIN:
        with readable(str(file), "Arrow"):
            return OF_A_CELL * math.prod(size(file))
    if (scanner := SCANNERS.get(begin)) is None:
        return OF_A_BYTE * file.stat().st_size
    with readable(str(file), scanner[0]):
        return OF_A_CELL * math.prod(shape(scanner[1](file)))
