"""`read`: the reader of a source, by its content and name; errors for sources that none reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from io import TextIOBase
from pathlib import Path
from typing import Any

from deltaw.exceptions import SettingError, TableError
from deltaw.forks import refuse_after_fork
from deltaw.given import is_file, is_path, name_of
from deltaw.speech import say
from deltaw.tables.held import all_as_read, compacted
from deltaw.tables.missing import check_for_all
from deltaw.tables.reading.bundled import BUNDLED, bundled
from deltaw.tables.reading.changes import facts, unchanged
from deltaw.tables.reading.containers import contained
from deltaw.tables.reading.formats import pieces
from deltaw.tables.reading.formats.arrays import idx_header, read_idx, read_npz, siblings
from deltaw.tables.reading.formats.columnar import (
    is_parquet,
    parquet_at,
    read_arrow,
    read_arrow_stream,
    read_parquet,
)
from deltaw.tables.reading.formats.delimited import KNOWN, Records, check_head, read_delimited
from deltaw.tables.reading.formats.encodings import codec, is_wide
from deltaw.tables.reading.formats.json_lines import read_json
from deltaw.tables.reading.formats.pixels import find_images
from deltaw.tables.reading.formats.together import Few
from deltaw.tables.reading.formats.workbooks import EXCEL, read_workbook
from deltaw.tables.reading.formats.zipped import packed
from deltaw.tables.reading.frames import from_object
from deltaw.tables.reading.halving import halved
from deltaw.tables.reading.loading import (
    DAMAGE,
    HEAD,
    PACKED,
    STDIN,
    STDIN_NAME,
    as_path,
    is_packed,
    limit,
    load,
    located,
    unpacked,
    without_packing,
)
from deltaw.tables.reading.shards import ZEROS, Shards, shards
from deltaw.tables.reading.source import Reading, Source
from deltaw.tables.reading.totals import with_notes_on_odd_rows
from deltaw.tables.table import Table, nearest


def read(
    source: Any,
    delimiter: str | None = None,
    max_bytes: int | None = None,
    *,
    encoding: str | None = None,
    na: Any = None,
    not_na: Any = None,
    sheet: str | None = None,
) -> Table:
    """A table from a file or a data frame.

    Args:
        source: a path (CSV, TSV or other delimited text, JSON Lines or an array of objects, .xlsx, .ods, Parquet,
            Arrow/Feather, NPZ, IDX; each may be compressed with gzip, bzip2 or xz, or the one table in a ZIP archive),
            several files of one table by a pattern ("shards/*.parquet") or their folder (NAME=VALUE/ in it are
            columns), "-" for standard input, the name of a bundled data set where no file has that name, a pandas,
            Polars or pyarrow frame, a list of rows ({"age": 31}) or a dict of columns ({"age": [31]}), a structured
            array, a file object (BytesIO, an open file), which is read to its end, its format told by its content, or a
            Table, which is returned as it is.
        delimiter: between the fields of delimited text; None: detected. Ignored for other sources.
        max_bytes: limit of a file's bytes, decompressed; None: a quarter of the memory, and for archives that grow more
            than a hundredfold 64 MiB.
        encoding: of text, a name of Python ("gb18030", "windows-1252"); None: detected (UTF-8, UTF-16, GB18030, Big5,
            Shift_JIS, EUC-JP, EUC-KR, Windows-1252 and its relatives), see `Table.notes`.
        na: more words for a missing value, besides the usual ones (`deltaw.tables.missing.MISSING`); also numbers
            (-999).
        not_na: words among the usual ones that are not missing values.
        sheet: of a workbook; None: the first with rows.

    Raises:
        TableError: no such file, or one that is empty, ragged, unreadable, too large or of an unknown format.
        SettingError: an invalid argument: `delimiter` is not one character, no such encoding or sheet, …
        MissingError: a workbook, without fastexcel.
        InputError: this process was forked after Polars had started its threads; see `deltaw.forks`.

    Examples:
        >>> import deltaw
        >>> deltaw.read("iris").frame.shape                        # a Polars frame
        (150, 5)
    """
    words = {"na": na, "not_na": not_na, "sheet": sheet}
    return read_as(source, Reading.of(delimiter=delimiter, encoding=encoding, max_bytes=max_bytes, **words))


def read_as(source: Any, reading: Reading) -> Table:
    """`read` with the options in a `Reading`."""
    found = _read_as(source, reading)
    check_for_all(reading.named, found.frame.columns)
    table = halved(found if found is source else with_notes_on_odd_rows(found), reading.unrounded)
    return table if reading.unrounded is None else replace(table, frame=compacted(table.frame))


def _read_as(source: Any, reading: Reading) -> Table:
    refuse_after_fork()
    if isinstance(source, Table):
        return source
    if reading.encoding is not None:
        codec(reading.encoding)
    if isinstance(source, Few):
        return source.table(reading)
    source = as_path(source)
    if not is_file(source) and not is_path(source):
        return from_object(contained(source), reading)
    # In valid UTF-8 for the model file, since file names may be any bytes.
    name, path = name_of(source).encode(errors="backslashreplace").decode(), located(name_of(source))
    place: Any = path
    if is_file(source):
        place = source
        if isinstance(source, TextIOBase):  # decoded already
            reading = replace(reading, encoding=None)
    elif source == STDIN:
        name, path, place = STDIN_NAME, Path(STDIN_NAME), None
    elif name in BUNDLED and not path.is_file():
        return bundled(name)
    elif (found := several(source)) is not None:
        return found.joined(lambda file, how: _as_read(_read_as(file, how)), reading)
    elif reading.sheet is None and is_parquet(path):
        return parquet_at(path, name, reading)
    elif (table := _large_text(path, name, reading)) is not None:
        return table
    try:
        data = load(place, name, reading.max_bytes, lambda head: _look(head, path, name, reading))
    except (FileNotFoundError, NotADirectoryError):
        absent = say("a link whose target does not exist") if path.is_symlink() else say("no file of this name")
        raise TableError(say("{name}: expected a file", name=name), absent, _instead(path)) from None
    format = _format(data, path)
    if reading.sheet is not None and not _is_workbook(data):
        raise SettingError("sheet: expected a workbook", say("{name}, which has none", name=name), "leave it out")
    return format.read(Source(data, name, path, reading))


def _as_read(table: Table) -> Table:
    """The table of one of several files, without Enum types, which would differ from file to file."""
    return replace(table, frame=all_as_read(table.frame))


def several(source: str | Path) -> Shards | None:
    """The files of a pattern or a folder; None for a single source. Raises TableError if there are none."""
    return None if source == STDIN or str(source) in BUNDLED else shards(source, ENDINGS)


def origins(source: str) -> tuple[Path, ...]:
    """All files that `read` would read for `source`, including siblings of IDX files; () for a bundled data set."""
    if source == STDIN:
        return ()
    path = located(source)
    with suppress(TableError):  # `read` raises it
        if (found := several(source)) is not None:
            return found.files
    with suppress(*DAMAGE):  # `read` raises an error
        if not path.is_file():
            return () if source in BUNDLED else (path,)
        with path.open("rb") as file:
            if unpacked(file.peek(PACKED)[:PACKED], file).read(2) == b"\0\0":
                return (path, *(each for each in siblings(path) if each.is_file()))
    return (path,)


def _instead(path: Path) -> str:
    folder = path.parent
    if {*path.parts} & ADDRESSES:
        return say("download it, or give the frame that pandas or Polars reads there")
    if not folder.is_dir():
        return say("there is no folder {folder} either", folder=folder)
    near = nearest(path.name, [each.name for each in _listed(folder) if each != path] + list(BUNDLED))
    if near is None:
        return say("check the path")
    return say("did you mean {near}?", near=near if near in BUNDLED else path.with_name(near))


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # no permission to look
        return []


def ending(path: Path) -> str:
    """The extension of a file name in lower case, ignoring .gz, .bz2 and .xz."""
    return without_packing(path).suffix.lower()


def _read_archive(file: Source) -> Table:
    if (found := packed(file)) is not None:
        inside, notes = found
        _look(inside.data[:HEAD], inside.path, inside.name, inside.reading)
        if packed(inside) is not None:  # which may be a copy of this one, without an end
            expected = say("{name}: expected a ZIP archive with one table in it", name=file.name)
            raise TableError(expected, say("a ZIP archive"), "unpack it")
        table = _format(inside.data, inside.path).read(inside)
        return replace(table, notes=(*notes, *table.notes)) if notes else table
    cut_off = ending(file.path) in WORKBOOKS and b".npy" not in file.data  # a truncated workbook
    if _is_workbook(file.data) or cut_off:
        return read_workbook(file)
    return read_npz(file.data, file.name, limit(file.reading.max_bytes, len(file.data)))


def _is_workbook(data: bytes) -> bool:
    return data.startswith(b"PK") and (EXCEL in data or OPEN_DOCUMENT in data)


def _read_idx(file: Source) -> Table:
    return read_idx(file.data, file.name, file.path, partial(load, max_bytes=file.reading.max_bytes))


def _read_text(file: Source) -> Table:
    return _of_records(read_delimited(file.data, file.name, file.reading), file.name, file.reading)


def _of_records(found: Records, name: str, reading: Reading) -> Table:
    frame, target, blocks = find_images(found.frame, found.named)
    written = found.written if frame.columns == found.frame.columns else None
    notes = (say("read as {encoding}", encoding=found.encoding),) if found.encoding else ()
    notes = (*notes, *found.notes)
    return Table(frame, name, None, target, blocks, notes, reading.missing, written, found.rounded, found.decimals)


def _large_text(path: Path, name: str, reading: Reading) -> Table | None:
    """The table of a large file of delimited text, read in pieces; None for sources that are read at once."""
    if reading.written or reading.sheet is not None:
        return None
    try:
        if not path.is_file() or not pieces.LARGE < path.stat().st_size <= limit(reading.max_bytes):
            return None
        with path.open("rb") as file:
            head = file.read(HEAD)
        if is_packed(head) or _format(head, path) is not TEXT or is_wide(head):
            return None
    except (OSError, ValueError):  # reading it raises the error
        return None
    _refuse_foreign(head, name)
    _look_at_text(head, name, reading)
    with unchanged(path, facts(path)):
        found = pieces.joined(path, name, reading)
    return None if found is None else _of_records(found, name, reading)


def _look(head: bytes, path: Path, name: str, reading: Reading) -> None:
    _refuse_foreign(head, name)
    _format(head, path).look(head, name, reading)


def _refuse_foreign(head: bytes, name: str) -> None:
    for beginning, found, remedy in FOREIGN:
        if re.match(beginning, head):
            raise TableError(say("{name}: expected {known}", name=name, known=say(KNOWN)), say(found), remedy)


def _look_at_json(head: bytes, name: str, reading: Reading) -> None:
    check_head(head, name, False, reading.encoding)  # may be a single line


def _look_at_text(head: bytes, name: str, reading: Reading) -> None:
    check_head(head, name, len(head) == HEAD, reading.encoding)


@dataclass(frozen=True)
class Format:
    """A file format: the pattern of its first bytes, its extensions, its reader.

    `look` gets the first bytes, the file's name and the options, and raises an error before the rest is read.
    """

    signature: bytes
    endings: tuple[str, ...]
    read: Callable[[Source], Table]
    look: Callable[[bytes, str, Reading], object] = lambda head, name, reading: None


BINARY, BEGIN = re.compile(rb"[\0-\x08\x0e-\x1f]"), 1 << 12  # what no text has, and the bytes that are looked at
WORKBOOKS = (".xlsx", ".xlsm", ".ods")
IDX = rb"\0\0[\x08\x09\x0b-\x0e]"  # two zeros and the type of its numbers

# The first bytes decide, then the extension; everything else is delimited text.
FORMATS = (
    Format(b"PAR1", (".parquet", ".pq"), read_parquet),
    Format(b"ARROW1", (".arrow", ".feather", ".ipc"), read_arrow),
    Format(b"\xff\xff\xff\xff", (".arrows",), read_arrow_stream),
    Format(b"PK\x03\x04|PK\x05\x06", (".npz", *WORKBOOKS), _read_archive),
    Format(IDX, (".idx", ".idx1-ubyte", ".idx3-ubyte"), _read_idx, lambda head, name, _: idx_header(head, name)),
    Format(rb"\{", (".jsonl", ".ndjson"), read_json, _look_at_json),
    Format(rb"\[\s*[\[{\]]", (".json",), read_json, _look_at_json),  # a column name may begin with [, too
)
TEXT = Format(b"", (".csv", ".tsv", ".txt"), _read_text, _look_at_text)
ENDINGS = set[str]().union(*(each.endings for each in (*FORMATS, TEXT)))
ADDRESSES = {"http:", "https:", "ftp:", "s3:", "gs:", "hf:"}  # first parts of URLs
OPEN_DOCUMENT = b"vnd.oasis.opendocument.spreadsheet"  # a member's text, uncompressed in the archive

COMPRESSED = "a file compressed by another method than gzip, bzip2 or xz"
UNPACK = "unpack it, or compress it with gzip"

# A header could begin with @relation, too, but not with a line @attribute below it.
ARFF = rb"(?i)(\xef\xbb\xbf)?(\s|%[^\n]*\n){0,9999}@relation\b[^\n]*\n(\s|%[^\n]*\n){0,9999}@attribute\s"

# A number, and index:value of several inputs.
LIBSVM = rb"[+-]?\d[\d.eE+-]*(\s+qid:\d+)?( +\d+:[+-]?[\d.][\d.eE+-]*){2,} *(#[^\n]*)?\r?\n"

# What begins a dump of a database, below remarks.
SQL = (
    rb"(?i)(?:\s|--[^\n]*\n|/\*[^*]*\*/;?){0,999}+"
    rb"(?:(?:create|drop|lock) (?:table|database)|insert into|begin transaction;|pragma foreign_keys|set \w+ ?= ?\S+;"
    rb"|copy \S+ \([^)]*\) from stdin;)"
)

# Files of other formats, by a pattern of their first bytes that no header of a table matches; the first match counts.
FOREIGN = (
    (rb"\0{12}\xc2\xea\x81\x60|HEADER RECORD\*{7}LIB", "a table of SAS", "write it as CSV, e.g. by pandas.read_sas"),
    (ZEROS, "zero bytes, as a disk leaves them where a write was broken off", "write or fetch the file again"),
    (rb"\$FL[23]@", "a table of SPSS", "write it as CSV, e.g. by pandas.read_spss"),
    (
        rb"<stata_dta>|[\x69-\x73][\x01\x02]\x01\0",
        "a table of Stata",
        "write it as CSV, e.g. by pandas.read_stata",
    ),
    (b"MATLAB 5.0 MAT-file", "a file of MATLAB", "write it as CSV: writetable in MATLAB, scipy.io.loadmat in Python"),
    (LIBSVM, "a sparse file (LIBSVM)", "write it as CSV, e.g. by sklearn.datasets.load_svmlight_file"),
    (SQL, "a file of SQL statements", "run them in a database, and write the table as CSV"),
    (ARFF, "an ARFF file (Weka)", "write it as CSV, or read it with scipy.io.arff"),
    (rb"RDX[23]\nX\n|[XAB]\n\0\0\0[\2\3]", "an object of R", "write it as CSV: write.csv in R"),
    (
        rb"(?s)PK\x03\x04.{26}mimetypeapplication/vnd\.oasis\.opendocument(?!\.spreadsheet)",
        "an OpenDocument file",
        "save it as .xlsx or CSV",
    ),
    (rb"\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|\x1f\x9d|7z\xbc\xaf\x27\x1c|Rar!", COMPRESSED, UNPACK),
    (rb"\x1f\x8b\x08|BZh[1-9]1AY|\xfd7zXZ\0", "a file that is compressed twice", "unpack it once"),
    (rb"(?s).{257}ustar[\0 ]", "a tar archive", "unpack it, and give one of its files"),
    (rb"(?s)ORC.{0,99}?[\0-\b\x0e-\x1f]", "an ORC file", "write it as Parquet"),
    (b"Obj\x01", "an Avro file", "write it as Parquet"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the old kind (.xls)", "save it as .xlsx or CSV"),
    (rb"FEA1\0", "Feather version 1", "save it as version 2 or as Parquet"),
    (b"\x93NUMPY", "a single NumPy array", "put it in an NPZ: numpy.savez(file, X=…, y=…)"),
    (b"\x89HDF", "HDF5", "write it as CSV, e.g. by pandas.read_hdf"),
    (b"SQLite format 3", "an SQLite database", "write the table as CSV"),
    (rb"(?s).{8}DUCK.{1,3}?\0", "a DuckDB database", "write the table as Parquet: COPY t TO 't.parquet'"),
    (b"\x89PNG", "a picture", "give a table with one row an image"),
    (b"\xff\xd8\xff", "a picture", "give a table with one row an image"),
    (b"%PDF", "a PDF", "write its table as CSV"),
    (b"\x80\x04", "a Python pickle", "write it as Parquet: a pickle can run any program"),
    (b"\x80\x05", "a Python pickle", "write it as Parquet: a pickle can run any program"),
    # A column name may begin with <, but then a delimiter follows.
    (rb"(?i)<([!?]|html)|<[^,;\t|\r\n]*([\r\n]|\Z)", "HTML or XML", "write its table as CSV"),
)


def _format(data: bytes, path: Path) -> Format:
    by_content = (each for each in FORMATS if re.match(each.signature, data))
    by_name = next((each for each in FORMATS if ending(path) in each.endings), TEXT)
    misnamed = by_name.look is Format.look and not BINARY.search(data, 0, BEGIN)  # CSV called .xlsx
    return next(by_content, None) or (TEXT if misnamed else by_name)
