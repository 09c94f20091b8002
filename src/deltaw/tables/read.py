"""From a path or a data frame to a table: which reader it needs, and what to say where none fits."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from deltaw.exceptions import TableError
from deltaw.forks import refuse_after_fork
from deltaw.tables.bundled import BUNDLED, bundled
from deltaw.tables.formats.arrays import idx_header, read_idx, read_npz, siblings
from deltaw.tables.formats.delimited import check_head, read_delimited
from deltaw.tables.formats.pixels import find_images
from deltaw.tables.frames import from_object, plain
from deltaw.tables.loading import GZIP, HEAD, check_size, limit, load, located
from deltaw.tables.table import Table, nearest


@dataclass(frozen=True)
class Source:
    """A file that is being read: its bytes, decompressed; its name for messages; its path; what the caller wants."""

    data: bytes
    name: str
    path: Path
    delimiter: str | None
    max_bytes: int | None


def read(source: Any, delimiter: str | None = None, max_bytes: int | None = None) -> Table:
    """A table from a file or a data frame.

    Args:
        source: a path (CSV, TSV or other delimited text, Parquet, Arrow/Feather, NPZ, IDX; each may be compressed with
            gzip), the name of a bundled data set where no file has that name, a pandas, Polars or pyarrow frame, or a
            Table, which is returned as it is.
        delimiter: what separates the fields of delimited text; None finds it. Other sources have no use for it.
        max_bytes: a file of more bytes, decompressed, is refused; None: a quarter of the memory, and of archives that
            grow more than a hundredfold at most 64 MiB.

    Raises:
        TableError: no such file, or one that is empty, ragged, unreadable, too large or of an unknown format.
        SettingError: `delimiter` is not one character, or `max_bytes` no whole number, 1 or more.
        InputError: this process was forked after Polars had started its threads; see `deltaw.forks`.
    """
    refuse_after_fork()
    if isinstance(source, Table):
        return source
    if not isinstance(source, str | Path):
        return from_object(source)
    # As text that UTF-8 has: a model file keeps it, and a file's name may be any bytes.
    name, path = str(source).encode(errors="backslashreplace").decode(), located(source)
    if name in BUNDLED and not path.is_file():
        return bundled(name)
    try:
        data = load(path, name, max_bytes, lambda head: _format(head, path).look(head, name))
    except IsADirectoryError:
        raise TableError(f"{name}: expected a file", "a directory", _inside(path)) from None
    except (FileNotFoundError, NotADirectoryError):
        raise TableError(f"{name}: expected a file", "none of this name", _instead(path)) from None
    return _format(data, path).read(Source(data, name, path, delimiter, max_bytes))


def origins(source: str) -> tuple[Path, ...]:
    """Every file that `read` would read for `source`: IDX files have siblings, a bundled set has none."""
    path = located(source)
    with suppress(OSError, EOFError, zlib.error):  # what cannot be looked at, `read` refuses
        if not path.is_file():
            return () if source in BUNDLED else (path,)
        with path.open("rb") as file:
            start = gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == GZIP else file
            if start.read(2) == b"\0\0":
                return (path, *(each for each in siblings(path) if each.is_file()))
    return (path,)


def _inside(path: Path) -> str:
    files = [each for each in _listed(path) if each.is_file() and _ending(each) in ENDINGS]
    return f"give a file in it, e.g. {files[0]}" if files else "give the path of a CSV, Parquet, Arrow, NPZ or IDX file"


def _instead(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no directory {folder} either"
    near = nearest(path.name, [each.name for each in _listed(folder)] + list(BUNDLED))
    return f"did you mean {near if near in BUNDLED else path.with_name(near)}?" if near else "check the path"


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # no permission to look
        return []


def _ending(path: Path) -> str:
    """The ending of the file's name in lower case, .gz aside."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _read_parquet(file: Source) -> Table:
    return _columnar(file, "Parquet", pl.read_parquet, pl.scan_parquet)


def _read_arrow(file: Source) -> Table:
    return _columnar(file, "Arrow", pl.read_ipc, pl.scan_ipc)


def _read_arrow_stream(file: Source) -> Table:
    return _columnar(file, "Arrow", pl.read_ipc_stream)


def _columnar(
    file: Source,
    kind: str,
    reader: Callable[[io.BytesIO], pl.DataFrame],
    scanner: Callable[[io.BytesIO], pl.LazyFrame] | None = None,
) -> Table:
    try:
        with _quiet_panics():
            if scanner is not None:  # what the file says of itself: columns of one value shrink to almost nothing
                lazy = scanner(io.BytesIO(file.data))
                cells = lazy.select(pl.len()).collect().item() * len(lazy.collect_schema())
                check_size(file.name, CELL * cells, limit(file.max_bytes))
            frame = reader(io.BytesIO(file.data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, TableError):
            raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TableError(f"{file.name}: expected {kind}", f"an unreadable file ({reason})", "write it anew") from None
    return Table(plain(frame, file.name), file.name)


@contextmanager
def _quiet_panics() -> Iterator[None]:
    """Polars is told of a damaged file by a panic, which Rust prints before Python hears of it: to nowhere, here."""
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


def _read_npz(file: Source) -> Table:
    if b"xl/workbook" in file.data:
        raise _unknown(file.name, "an Excel workbook", "save the sheet as CSV")
    return read_npz(file.data, file.name, limit(file.max_bytes, len(file.data)))


def _read_idx(file: Source) -> Table:
    return read_idx(file.data, file.name, file.path, partial(load, max_bytes=file.max_bytes))


def _read_text(file: Source) -> Table:
    frame, named = read_delimited(file.data, file.name, file.delimiter)
    frame, target, blocks = find_images(frame, named)
    return Table(frame, file.name, target=target, blocks=blocks)


def _look_at_text(head: bytes, name: str) -> None:
    for signature, found, remedy in FOREIGN:
        if head.startswith(signature):
            raise _unknown(name, found, remedy)
    check_head(head, name, len(head) == HEAD)


def _unknown(name: str, found: str, remedy: str) -> TableError:
    return TableError(f"{name}: expected CSV, Parquet, Arrow, NPZ or IDX", found, remedy)


@dataclass(frozen=True)
class Format:
    """A kind of file: how its bytes begin, how its name ends, what reads it, and what looks at its first bytes.

    `look` is given these and the file's name; it raises where they show that the rest need not be read.
    """

    signature: bytes
    endings: tuple[str, ...]
    read: Callable[[Source], Table]
    look: Callable[[bytes, str], object] = lambda head, name: None


# What a file begins with decides; where that says nothing its name does, and everything else is delimited text.
FORMATS = (
    Format(b"PAR1", (".parquet", ".pq"), _read_parquet),
    Format(b"ARROW1", (".arrow", ".feather", ".ipc"), _read_arrow),
    Format(b"\xff\xff\xff\xff", (".arrows",), _read_arrow_stream),
    Format(b"PK\x03\x04", (".npz",), _read_npz),
    Format(b"\0\0", (".idx", ".idx1-ubyte", ".idx3-ubyte"), _read_idx, idx_header),
)
TEXT = Format(b"", (".csv", ".tsv", ".txt"), _read_text, _look_at_text)
ENDINGS = set[str]().union(*(each.endings for each in (*FORMATS, TEXT)))
CELL = 8  # bytes of a number in a frame

# Files that are often given by mistake.
FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "save the sheet as CSV"),
    (b"FEA1", "Feather of version 1", "write it anew as version 2 or as Parquet"),
    (b"\x93NUMPY", "a single NumPy array", "put it in an NPZ: numpy.savez(file, X=…, y=…)"),
    (b"\x89HDF", "HDF5", "write it as Parquet or CSV"),
    (b"SQLite format 3", "an SQLite database", "write the table as CSV"),
    (b"\x89PNG", "a picture", "give a table with one row an image"),
    (b"\xff\xd8\xff", "a picture", "give a table with one row an image"),
    (b"%PDF", "a PDF", "write its table as CSV"),
    (b"\x80\x04", "a Python pickle", "write it as Parquet: a pickle can run any program"),
    (b"\x80\x05", "a Python pickle", "write it as Parquet: a pickle can run any program"),
    (b"{", "JSON", "write it as CSV"),
    (b"[", "JSON", "write it as CSV"),
    (b"<", "HTML or XML", "write its table as CSV"),
)


def _format(data: bytes, path: Path) -> Format:
    by_content = (each for each in FORMATS if data.startswith(each.signature))
    by_name = (each for each in FORMATS if _ending(path) in each.endings)
    return next(by_content, None) or next(by_name, None) or TEXT
