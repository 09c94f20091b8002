"""A table in several files ("shards"), given by a pattern or a folder, in the order of their names.

Hive partitions, as written by Hive, Spark and Polars, are columns: `year=2024/city=New%20York/0.parquet` has year and
city. Names that begin with `_` or `.` (`_SUCCESS`) are ignored, and files without rows, of which clusters write many,
are skipped.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from glob import has_magic
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import polars.selectors as cs

from deltaw.exceptions import ColumnError, TableError, no_path, reason
from deltaw.plain import Plain
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.tables import exact
from deltaw.tables.cells import EMPTY, as_words, typed
from deltaw.tables.notations import Notations
from deltaw.tables.reading.answers import in_some_parts
from deltaw.tables.reading.changes import Facts, facts, unchanged
from deltaw.tables.reading.formats.columnar import AT_ONCE, Look, joined_columns, looks, some_of, turns
from deltaw.tables.reading.formats.together import SMALL, Few, Together
from deltaw.tables.reading.halving import Halves
from deltaw.tables.reading.loading import NoRowsError, limit, located, without_packing
from deltaw.tables.reading.sorts import Sorts, as_dates
from deltaw.tables.reading.source import Reading
from deltaw.tables.table import Table, clip, listing

Read = Callable[[Path | Few], Table]
# Extensions of compression formats that cannot be read: an error, since skipping such a file would lose rows silently.
COMPRESSED = (".zst", ".zstd", ".lz4", ".snappy", ".br", ".deflate", ".lzo")
COLUMNS = (b"PAR1", b"ARROW1")  # first bytes of columnar files
ZEROS = bytes(4)  # first bytes of a file whose writing was interrupted
HIDDEN = ("_", ".")  # first characters of ignored files and folders
TURNS, WORTH = 64, 2**14  # most turns in which columns are read, and cells that are worth opening a file again
NO_VALUE = (*EMPTY, "__hive_default_partition__")  # values of a partition that mean null, in lower case


@dataclass(frozen=True)
class Shards(Plain):
    """The files of a table.

    Attributes:
        name: the given pattern or folder.
        root: the folder that contains all files.
        files: in order.
    """

    name: str
    root: Path
    files: tuple[Path, ...]

    def pieces(
        self, read: Read, reading: Reading, columns: Collection[str] | None = None
    ) -> Iterator[tuple[Path, Table | None]]:
        """(path in `root`, table) of each file; None for a file without rows.

        Args:
            read: from a file, or its rows that were read with those of others, to the table.
            reading: the options.
            columns: the names of the columns that `read` returns; None: all.

        Raises TableError if a file has changed since the first was read.
        """
        known, together = self._facts, Together(self.files, reading, columns)
        for file in self.files:
            try:
                with unchanged(file, known[file]):
                    table = replace(self.with_folders(read(together.take(file) or file), file), name=str(file))
            except NoRowsError:
                table = None
            yield file.relative_to(self.root), table

    def _alike(self, read: Read, reading: Reading, sorts: Sorts, columns: Collection[str] | None) -> Iterator[Table]:
        """The table of each file with rows, with the columns of the first, in its order, and the same types.

        Raises ColumnError if a file lacks a column, has another one, or another type: names both files.
        """
        first: Table | None = None
        for _, table in self.pieces(read, reading, columns):
            if table is None:
                continue
            first = first or table
            frame = alike(table, first.frame.columns, first.name)
            sorts.see(frame, table.name)
            sorts.end_of_file()
            yield replace(table, frame=frame)

    def joined(self, read: Callable[[Path | Few, Reading], Table], reading: Reading) -> Table:
        """All files as one table. Raises TableError if they exceed the limit together; see `_alike`."""
        size, most = sum(known[0] for known in self._facts.values() if known), limit(reading.max_bytes)
        if size > most:
            found = say("{size:,} in {n}", size=size, n=len(self.files))
            raise TableError(
                "{name}: expected at most {most:,} bytes in all files", found,
                "raise the limit ({option}) if it is meant", name=self.name, most=most, option=given_as("max_bytes"),
            )  # fmt: skip
        looked = self._looks(reading, size)
        return self._in_turns(looked, reading) if looked else self._at_once(read, reading)

    def _looks(self, reading: Reading, size: int) -> list[Look]:
        """The metadata of each file of a large table whose columns are read in turns; [] if it is read at once: small
        files, other formats than Parquet, different columns or types, or different partitions.
        """
        if reading.sheet is not None or size < SMALL * len(self.files):
            return []
        found = looks(self.files, reading)
        in_like = all(self._folders(file).keys() == self._cells.keys() for file in self.files)
        return found if found and in_like and _turns(found) > 1 else []

    def _in_turns(self, found: list[Look], reading: Reading) -> Table:
        """`_at_once`, a few columns of all files at a time, so that a large table is in memory in compact form only."""
        looked = dict(zip(self.files, found, strict=True))
        first, rows = next(each for each in found if each.rows), sum(each.rows for each in found)
        names = [*first.kept, *(name for name in self._cells if name not in first.kept)]
        halves, notes = Halves.of_table(reading.unrounded, rows, len(names)), dict[str, None]()
        decimals = dict[str, str]()

        def parts() -> Iterator[pl.DataFrame]:
            said = names[len(first.kept) :]  # partitions
            for some in turns(first, max(1, len(first.kinds) // _turns(found))):
                table = self._at_once(partial(_some_of, looked, some), reading, some)
                notes.update(dict.fromkeys(table.notes))
                decimals.update(table.decimals)
                yield table.frame[some + said]
                said = []

        frame = joined_columns(parts(), len(names), halves, reading)[names]
        rounded = tuple(sorted(halves.rounded))
        return Table(frame, self.name, notes=tuple(notes), missing=reading.missing, rounded=rounded, decimals=decimals)

    def _at_once(
        self, read: Callable[[Path | Few, Reading], Table], reading: Reading, columns: Collection[str] | None = None
    ) -> Table:
        """All files as one table, or some of its columns; see `pieces` and `_alike`."""
        sorts, notations = Sorts(reading.words), reading.notations or Notations()
        reading = replace(reading, notations=notations)
        tables = [*self._alike(lambda file: read(file, reading), reading, sorts, columns)]
        if not tables:
            raise self.without_rows
        target = reading.target
        if target in tables[0].frame.columns and in_some_parts((each.column(str(target)) for each in tables), reading):
            sorts.turned.add(str(target))
        if sorts.turned or notations.turned:
            del tables
            notations.turned.clear()
            return self._at_once(read, replace(reading, words=reading.words | sorts.turned | notations.words), columns)
        frames = [as_dates(each.frame, sorts.dates, each.name) for each in tables]
        frame = alongside(_alike_codes(frames)).rechunk()
        notes = dict.fromkeys(note for each in tables for note in each.notes)
        notes |= dict.fromkeys(exact.notes(exact.LargeIntegers(each.frame for each in tables).rounded))
        notes |= dict.fromkeys(self.passed_over(len(self.files) - len(tables)))
        found, marks = tuple(notes), notations.decimals
        return replace(tables[0], frame=frame, name=self.name, notes=found, test=None, written=None, decimals=marks)

    def passed_over(self, n: int) -> tuple[str, ...]:
        """A note on the number of files without rows."""
        return (say("{n:,} of {files:,} files have no rows", n=n, files=len(self.files)),) if n else ()

    @property
    def without_rows(self) -> TableError:
        """The error if no file has rows."""
        found = say("none in {n:,} files", n=len(self.files))
        return NoRowsError("{name}: expected rows", found, "give a table with rows", name=self.name)

    def with_folders(self, table: Table, file: Path) -> Table:
        """The rows of a file, with a column for each partition NAME=VALUE in its path."""
        if not (folders := self._folders(file)):
            return table
        beside = [column for column in table.frame.iter_columns() if column.name in folders]
        there = {column.name: column for column in beside if column.null_count() < len(column)}
        said = {name: value for name, value in folders.items() if name not in there}
        columns = [self._cells[name][value].new_from_index(0, len(table.frame)) for name, value in said.items()]
        other = [name for name, value in folders.items() if name in there and not _says(there[name], value)]
        line = 'column "{column}": files disagree with the names of their folders; the files\' values are used'
        notes = [say(line, column=clip(name)) for name in other]
        written = None if table.written is None else table.written.with_columns(columns)
        return replace(table, frame=table.frame.with_columns(columns), notes=(*table.notes, *notes), written=written)

    def _folders(self, file: Path) -> dict[str, str]:
        """The partitions in a file's path, with URL escapes decoded."""
        folders = (folder.partition("=") for folder in file.relative_to(self.root).parts[:-1] if "=" in folder)
        return {unquote(name): unquote(value) for name, _, value in folders if name}

    @cached_property
    def _facts(self) -> dict[Path, Facts]:
        """Size and time of each file at first."""
        return {file: facts(file) for file in self.files}

    @cached_property
    def _cells(self) -> dict[str, dict[str, pl.Series]]:
        """Partition -> value -> a column of this one cell, of the type that fits all values."""
        values: dict[str, dict[str, None]] = {}
        for file in self.files:
            for name, value in self._folders(file).items():
                values.setdefault(name, {})[value] = None
        columns = {
            name: typed(pl.Series(name, [*words], pl.String), missing=NO_VALUE) for name, words in values.items()
        }
        return {name: {word: columns[name][i : i + 1] for i, word in enumerate(values[name])} for name in values}


def _some_of(looked: Mapping[Path, Look], columns: list[str], file: Path | Few, reading: Reading) -> Table:
    """These columns of a file, or of its rows that were read with those of others."""
    if isinstance(file, Few):
        return file.table(reading)
    return some_of(file, str(file), reading, looked[file], columns)


def _turns(found: list[Look]) -> int:
    """The number of turns in which columns are read: with at least WORTH cells per file and AT_ONCE cells in all."""
    cells = sum(each.rows * len(each.kinds) for each in found)
    return min(TURNS, cells // AT_ONCE, cells // (WORTH * len(found)))


def shards(source: str | Path, endings: Collection[str]) -> Shards | None:
    """The files of a pattern or a folder; None for the name of one file.

    Raises:
        TableError: there are none, or the source is not a path ("" would be the current folder).
    """
    if found := no_path(source):
        raise TableError("expected the path of a table", found, "give a file, a pattern or a folder")
    path, name = located(source), str(source)
    try:
        is_folder, is_pattern = path.is_dir(), has_magic(name) and not path.exists()
    except (OSError, ValueError):  # reading it raises the error
        return None
    try:
        return _found(path, name, endings, is_folder) if is_folder or is_pattern else None
    except OSError as error:
        expected, instead = "{name}: expected a file that can be read", "check its path and permissions"
        raise TableError(expected, reason(error), instead, name=error.filename or name) from None


def _found(path: Path, name: str, endings: Collection[str], is_folder: bool) -> Shards:
    """The files. Raises OSError for an inaccessible folder or file, since skipping it would lose rows silently."""
    if is_folder:
        root, files = path, [*_within(path)]
        remedy = say("give a folder of tables, or a pattern such as '{folder}/*.csv'", folder=name)
    else:
        root = _root(path)
        files = [*root.glob(str(path.relative_to(root)))]
        remedy = say("check the pattern, and put it in quotes")
    found = [file for file in files if (_is_shard(file, root, endings) or _is_bare(file, root)) and _is_plain(file)]
    for file in files:
        bare = file.with_suffix("")
        if file.suffix.lower() in COMPRESSED and _is_shard(bare, root, endings) and bare not in found:
            expected, instead = (
                "{file}: expected a table as it is, or with gzip, bzip2 or xz",
                "decompress it, or write it again",
            )
            raise TableError(expected, file.suffix, instead, file=file)
    if not found:
        raise TableError(say("{name}: expected files of tables", name=name), say("none"), remedy)
    return Shards(name, root, tuple(sorted(found, key=str)))


def _within(folder: Path) -> Iterator[Path]:
    """All files, except those in hidden folders. Raises OSError."""

    def refuse(error: OSError) -> None:
        raise error

    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [each for each in folders if not each.startswith(HIDDEN)]
        yield from (Path(place, each) for each in files)


def _is_plain(file: Path) -> bool:
    """Whether it is a regular file. Raises OSError for a broken link, unlike `Path.is_file`."""
    return stat.S_ISREG(file.stat().st_mode)


def _root(pattern: Path) -> Path:
    """The part of a pattern before its first wildcard, or an existing folder whose name looks like a pattern."""
    plain = [part for part in pattern.parents if not has_magic(str(part)) or part.is_dir()]
    return plain[0] if plain else Path()


def is_shown(file: Path, root: Path) -> bool:
    """Whether neither the file nor a folder below `root` is hidden."""
    return not any(part.startswith(HIDDEN) for part in file.relative_to(root).parts)


def _is_shard(file: Path, root: Path, endings: Collection[str]) -> bool:
    return is_shown(file, root) and without_packing(file).suffix.lower() in endings


def _is_bare(file: Path, root: Path) -> bool:
    """Whether it is a columnar file without an extension, as of Hive, or an interrupted one (an error later)."""
    if file.suffix or not is_shown(file, root) or not file.is_file():
        return False
    with file.open("rb") as opened:
        return opened.read(6).startswith((*COLUMNS, ZEROS))


def alike(table: Table, names: list[str], first: str) -> pl.DataFrame:
    """The frame with the columns of the first file. Raises ColumnError for a missing or an additional column."""
    if table.frame.columns == names:
        return table.frame
    there, known = set(table.frame.columns), set(names)
    for name in names:
        if name not in there:
            found = say("the columns {known}", known=listing(table.frame.columns))
            instead = "give files of one table, each with the column names"
            raise ColumnError(
                '{source}: expected a column "{name}"', found, instead, source=table.name, name=clip(name)
            )
    more = [name for name in table.frame.columns if name not in known]
    if more:
        expected = "{name}: expected the columns of {first}"
        found = say('"{column}" as well', column=clip(more[0]))
        raise ColumnError(expected, found, "leave it out, or give files of one table", name=table.name, first=first)
    return table.frame[names]


def _alike_codes(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """The frames with columns of codes in some and numbers in others converted by their cells in all frames."""
    for name in frames[0].columns:
        columns = [frame.get_column(name) for frame in frames]
        sorts = {each.dtype == pl.String for each in columns if each.null_count() < len(each)}
        if len(sorts) > 1 and all(each.dtype == pl.String or each.dtype.is_numeric() for each in columns):
            whole = typed(pl.concat([as_words(each) for each in columns]), missing=EMPTY)
            first = 0
            for i, frame in enumerate(frames):
                frames[i] = frame.with_columns(whole[first : first + len(frame)])
                first += len(frame)
    return frames


def alongside(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Concatenation of frames with the same columns; numeric columns get a common type."""
    found = [_plain(frame) for frame in frames if frame.width]
    return pl.concat(found, how="vertical_relaxed") if found else pl.DataFrame()


def joined(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Concatenation of parts of a table; columns without values become text if the types differ."""
    if all(part.schema == parts[0].schema for part in parts):
        return pl.concat(parts) if len(parts) > 1 else parts[0]
    return alongside(parts).with_columns(cs.by_dtype(pl.Null).cast(pl.String))


def _says(column: pl.Series, folder: str) -> bool:
    """Whether all present cells of a column equal the value of a partition, in any spelling."""
    cells = column.drop_nulls().unique()
    if cells.dtype.is_numeric():
        number = pl.Series([folder]).cast(pl.Float64, strict=False)[0]
        return bool(number is not None and (cells == number).all())
    words = as_words(cells).str.to_lowercase()
    return bool((words.str.starts_with(folder.lower()) if cells.dtype.is_temporal() else words == folder.lower()).all())


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the type Null for columns without values."""
    empty = [column.name for column in frame.iter_columns() if column.null_count() == len(column)]
    nulls = [pl.Series(name, [None] * len(frame), dtype=pl.Null) for name in empty]
    return frame.with_columns(nulls) if nulls else frame
