"""From a path or a data frame to a table: which reader it needs, and what to say where none fits."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from deltaw.exceptions import TableError
from deltaw.tables.arrays import read_idx, read_npz
from deltaw.tables.bundled import BUNDLED, bundled
from deltaw.tables.delimited import read_delimited
from deltaw.tables.frames import from_object, plain
from deltaw.tables.pixels import find_images
from deltaw.tables.table import Table, nearest

GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Source:
    """A file that is being read: its bytes, decompressed; its name for messages; its path; the wanted delimiter."""

    data: bytes
    name: str
    path: Path
    delimiter: str | None


def read(source: Any, delimiter: str | None = None) -> Table:
    """A table from a file or a data frame.

    Args:
        source: a path (CSV, TSV or other delimited text, Parquet, Arrow/Feather, NPZ, IDX; each may be compressed with
            gzip), the name of a bundled data set where no file has that name, a pandas, Polars or pyarrow frame, or a
            Table, which is returned as it is.
        delimiter: what separates the fields of delimited text; None finds it. Other sources have no use for it.

    Raises:
        TableError: no such file, or one that is empty, ragged, unreadable or of an unknown format.
        ColumnError: a column of numbers with a few cells that are none, or of a type that is not understood.
        SettingError: `delimiter` is not one character.
    """
    if isinstance(source, Table):
        return source
    if not isinstance(source, str | Path):
        return from_object(source)
    name, path = str(source), Path(source).expanduser()
    if name in BUNDLED and not path.is_file():
        return bundled(name)
    file = Source(load(path, name), name, path, delimiter)
    return _reader(file)(file)


def load(path: Path, name: str | None = None) -> bytes:
    """The file's bytes, decompressed where they are gzip. `name` is what messages call it. Raises TableError."""
    name = name or str(path)
    try:
        data = path.read_bytes()
    except IsADirectoryError:
        raise TableError(f"{name}: expected a file", "a directory", _inside(path)) from None
    except (FileNotFoundError, NotADirectoryError):
        raise TableError(f"{name}: expected a file", "none of this name", _instead(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TableError(
            f"{name}: expected a file that can be read", reason, "check its path and permissions"
        ) from None
    try:
        data = gzip.decompress(data) if data.startswith(GZIP) else data
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f"{name}: expected a whole gzip file", str(error), "compress or fetch it again") from None
    if not data:
        raise TableError(f"{name}: expected a table", "an empty file", "give a file with a header and rows")
    return data


def _inside(path: Path) -> str:
    files = sorted(each for each in path.iterdir() if each.is_file() and _ending(each) in ENDINGS)
    return f"give a file in it, e.g. {files[0]}" if files else "give the path of a CSV, Parquet, Arrow, NPZ or IDX file"


def _instead(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no directory {folder} either"
    near = nearest(path.name, [each.name for each in folder.iterdir()] + list(BUNDLED))
    return f"did you mean {near if near in BUNDLED else path.with_name(near)}?" if near else "check the path"


def _ending(path: Path) -> str:
    """The ending of the file's name in lower case, .gz aside."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _read_parquet(file: Source) -> Table:
    return _columnar(file, "Parquet", pl.read_parquet)


def _read_arrow(file: Source) -> Table:
    return _columnar(file, "Arrow", pl.read_ipc)


def _read_arrow_stream(file: Source) -> Table:
    return _columnar(file, "Arrow", pl.read_ipc_stream)


def _columnar(file: Source, kind: str, reader: Callable[[io.BytesIO], pl.DataFrame]) -> Table:
    try:
        frame = reader(io.BytesIO(file.data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TableError(f"{file.name}: expected {kind}", f"an unreadable file ({reason})", "write it anew") from None
    return Table(plain(frame, file.name), file.name)


def _read_npz(file: Source) -> Table:
    if b"xl/workbook" in file.data:
        raise _unknown(file, "an Excel workbook", "save the sheet as CSV")
    return read_npz(file.data, file.name)


def _read_idx(file: Source) -> Table:
    return read_idx(file.data, file.name, file.path, load)


def _read_text(file: Source) -> Table:
    for signature, found, remedy in FOREIGN:
        if file.data.startswith(signature):
            raise _unknown(file, found, remedy)
    frame, named = read_delimited(file.data, file.name, file.delimiter)
    frame, target, blocks = find_images(frame, named)
    return Table(frame, file.name, target=target, blocks=blocks)


def _unknown(file: Source, found: str, remedy: str) -> TableError:
    return TableError(f"{file.name}: expected CSV, Parquet, Arrow, NPZ or IDX", found, remedy)


@dataclass(frozen=True)
class Format:
    """A kind of binary file: how its bytes begin, how its name ends, and what reads it."""

    signature: bytes
    endings: tuple[str, ...]
    read: Callable[[Source], Table]


# What a file begins with decides; where that says nothing its name does, and everything else is delimited text.
FORMATS = (
    Format(b"PAR1", (".parquet", ".pq"), _read_parquet),
    Format(b"ARROW1", (".arrow", ".feather", ".ipc"), _read_arrow),
    Format(b"\xff\xff\xff\xff", (".arrows",), _read_arrow_stream),
    Format(b"PK\x03\x04", (".npz",), _read_npz),
    Format(b"\0\0", (".idx", ".idx1-ubyte", ".idx3-ubyte"), _read_idx),
)
ENDINGS = {".csv", ".tsv", ".txt"}.union(*(each.endings for each in FORMATS))

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


def _reader(file: Source) -> Callable[[Source], Table]:
    by_content = (each.read for each in FORMATS if file.data.startswith(each.signature))
    by_name = (each.read for each in FORMATS if _ending(file.path) in each.endings)
    return next(by_content, None) or next(by_name, None) or _read_text
