"""Large delimited text in pieces, since all of it would take more memory than the table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import polars.selectors as cs

from deltaw.exceptions import TableError
from deltaw.tables import exact
from deltaw.tables.codes import codes_in
from deltaw.tables.held import compacted, type_read, with_common_enums
from deltaw.tables.reading.formats.delimited import (
    Dialect,
    Records,
    check_head,
    dialect_of,
    frame_of,
    lines,
    type_guesses,
    typed_frame,
)
from deltaw.tables.reading.formats.encodings import is_wide
from deltaw.tables.reading.formats.marks import notes_on_marks
from deltaw.tables.reading.formats.separators import DELIMITERS, HEAD_BYTES, count_of
from deltaw.tables.reading.halving import Halves
from deltaw.tables.reading.loading import CHUNK, DAMAGE, PACKED, unpacked, unreadable
from deltaw.tables.reading.places import apart
from deltaw.tables.reading.shards import alongside
from deltaw.tables.reading.source import Reading
from deltaw.tables.table import Table, check_names
from deltaw.threads import in_order

PIECE = 2**25  # bytes of text
LARGE, SMALL = 2**27, 2**22  # bytes of a file from which on it is read in pieces, and of these pieces
FEW_CELLS = 2**18  # about the cells of a small piece


def can_be_in_pieces(path: Path) -> bool:
    """Whether line ends are single bytes, as they are not in UTF-16. Raises one of DAMAGE."""
    with _opened(path) as file:
        return not is_wide(file.read(HEAD_BYTES))


def pieces(path: Path, name: str, reading: Reading, size: int = PIECE) -> Iterator[Table]:
    """The rows of a file in pieces of about `size` bytes, each with types by its own cells.

    Raises:
        TableError: as `read_delimited`.
    """
    for piece in _raw(path, name, reading, size):
        dialect, notations = piece.dialect, reading.noted()
        frame = typed_frame(piece.frame, dialect, reading, notations)
        points = notes_on_marks(piece.frame, reading.missing, dialect.separator, dialect.marks, notations.decimals)
        notes = (*dialect.notes, *points, *exact.notes(piece.large))
        yield Table(frame, name, notes=notes, missing=reading.missing)


def joined(path: Path, name: str, reading: Reading, text: Collection[str] = ()) -> Records | None:
    """The result of `read_delimited` of the whole file, from pieces with memory of their own.

    Read again if later rows show that columns are words, or should not be rounded. None if pieces are not enough: for
    errors, for columns that are still of mixed types, and for detecting the encoding.

    Args:
        path: of the file.
        name: in messages.
        reading: the options.
        text: columns that are read as text, since pieces have different types.
    """
    as_text = replace(reading, words=reading.words | set(text))
    try:
        halves, rows = Halves(["*"], 0), 0

        def small() -> Iterator[_Piece]:
            nonlocal halves, rows
            first = 0
            for each in _raw(path, name, as_text, _small(path), in_order):
                if not first and reading.unrounded is not None:
                    rows = _lines(path) - each.dialect.above - each.named  # or fewer, with newlines in cells
                    halves = Halves.of_table(reading.unrounded, rows, each.frame.width)
                yield each._replace(frame=halves.of(each.frame, first))
                first += len(each.frame)

        found = [each._replace(frame=apart(compacted(each.frame, rows))) for each in small()]
    except (TableError, OSError):  # reading the whole file gives a better message
        return None
    mixed, wrongly = _mixed([piece.frame for piece in found]), halves.wrongly
    if not found or any(piece.encoding for piece in found) or (mixed and text):
        return None
    if mixed or wrongly:
        del found
        again = None if reading.unrounded is None else (*reading.unrounded, *wrongly)
        return joined(path, name, replace(reading, unrounded=again), text or mixed)
    parts, dialect = with_common_enums([piece.frame for piece in found]), found[0].dialect
    large = [*exact.LargeIntegers(parts).rounded, *(name for piece in found for name in piece.large)]
    frame = alongside(parts).with_columns(cs.by_dtype(pl.Null).cast(pl.String))
    notations = reading.noted()
    typed = typed_frame(frame, dialect, reading, notations)
    points = notes_on_marks(frame, reading.missing, dialect.separator, dialect.marks, notations.decimals)
    found_out = (*dialect.notes, *points, *exact.notes(dict.fromkeys(large))), tuple(sorted(halves.rounded))
    return Records(typed, found[0].named, None, "", *found_out, notations.decimals)


def _small(path: Path) -> int:
    """The bytes of a small piece: fewer for short numbers, which take more memory than their text."""
    with path.open("rb") as file:
        head = file.read(CHUNK)
    cells = count_of(head, "\n") + max(count_of(head, each) for each in DELIMITERS)
    return max(SMALL // 2, min(SMALL, len(head) * FEW_CELLS // max(cells, 1)))


def _lines(path: Path) -> int:
    """The number of lines of a file."""
    with path.open("rb") as file:
        return sum(count_of(part, "\n") for part in iter(partial(file.read, CHUNK), b""))


def _mixed(frames: list[pl.DataFrame]) -> list[str]:
    """Names of columns with different types, not all numeric, ignoring parts without values."""
    found = []
    for columns in zip(*(frame.iter_columns() for frame in frames), strict=True):
        kinds = {type_read(column) for column in columns if column.null_count() < len(column)}
        if len(kinds) > 1 and not all(kind.is_numeric() for kind in kinds):
            found.append(columns[0].name)
    return found


class _Piece(NamedTuple):
    """Rows with raw text, their format, whether the file has a header, and the detected encoding.

    `large`: names of float columns with integers beyond 2^53.
    """

    frame: pl.DataFrame
    dialect: Dialect
    named: bool
    encoding: str
    large: list[str]


def _raw(
    path: Path, name: str, reading: Reading, size: int = PIECE, mapped: Callable[..., Any] = map
) -> Iterator[_Piece]:
    """`pieces` before text is converted; each is expected to have the types of the last one.

    `mapped`: `map`, or `in_order` for several threads.
    """
    cut = _cut(path, name, size)
    if (data := next(cut, None)) is None:
        return
    check_head(data, name, len(data) >= size, reading.encoding)
    text, encoding = lines(data, name, reading.encoding)
    reading = replace(reading, encoding=encoding or reading.encoding)
    dialect, text = dialect_of(text, name, reading)
    check_names(dialect.names, name)
    begin = _end_of_record(text, text.find(b"\n") + 1, len(text)) if dialect.named else 0
    named, head = dialect.named, dialect.above + text.count(b"\n", 0, begin)
    text, dialect = text[begin:], dialect.inside
    kinds = list[Any]()
    begun = len(data), count_of(data, "\n")

    def piece(text: bytes, encoding: str, kinds: list[Any], above: int) -> _Piece:
        words = set(reading.as_text & set(dialect.names))  # may have grown
        guesses = _guesses(text, dialect, reading, kinds, words)
        frame = frame_of(text, dialect, name, reading.missing, guesses, above)
        large = exact.rounded_of_text(frame, partial(_words, text, dialect, name, reading))
        return _Piece(frame, dialect, named, encoding, large)

    if text:
        first = piece(text, encoding, [], head)
        kinds = first.frame.dtypes
        if len(first.frame):
            yield first
        del first
    del data, text

    def others() -> Iterator[tuple[bytes, list[Any], tuple[int, int]]]:
        before = begun  # bytes and lines of the file
        for each in cut:
            yield each, kinds, before
            before = before[0] + len(each), before[1] + count_of(each, "\n")

    def later(given: tuple[bytes, list[Any], tuple[int, int]]) -> _Piece | None:
        data, kinds, before = given
        text, encoding = lines(data, name, reading.encoding, before)
        text = dialect.plain(text)
        return piece(text, encoding, kinds, before[1]) if text else None

    for found in mapped(later, others()):
        if found is not None:
            kinds = found.frame.dtypes
            if len(found.frame):
                yield found


def _words(text: bytes, dialect: Dialect, name: str, reading: Reading, columns: list[str]) -> pl.DataFrame:
    """The raw text of some columns."""
    return frame_of(text, dialect, name, reading.missing, [{"infer_schema": False}])[columns]


def _guesses(
    text: bytes, dialect: Dialect, reading: Reading, kinds: list[Any], words: set[str]
) -> Iterator[dict[str, Any]]:
    """Guesses of types: those of the previous piece, then by the first lines."""
    if kinds and all(kind == pl.String for name, kind in zip(dialect.names, kinds, strict=True) if name in words):
        codes = dict.fromkeys(codes_in(text, *dialect[:3], reading.missing), pl.String)
        yield {"schema_overrides": dict(zip(dialect.names, kinds, strict=True)) | codes}
    yield from type_guesses(text, dialect, reading.missing, words)


def _cut(path: Path, name: str, size: int) -> Iterator[bytes]:
    """The bytes in pieces that end at the end of a record."""
    rest = b""
    try:
        with _opened(path) as file:
            while data := file.read(size):
                data = rest + data
                end = _last_end(data)
                data, rest = data[:end], data[end:]  # the only copy
                if data:
                    yield data
    except DAMAGE as error:
        raise unreadable(name, error) from None
    if rest.strip():
        yield rest


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        yield unpacked(file.peek(PACKED)[:PACKED], file)


def _last_end(data: bytes) -> int:
    """The end of the last complete record: a newline after an even number of quotes."""
    end = data.rfind(b"\n") + 1
    while end and data.count(b'"', 0, end) % 2:
        end = data.rfind(b"\n", 0, data.rfind(b'"', 0, end)) + 1
    return end


def _end_of_record(data: bytes, end: int, most: int) -> int:
    """The end of the first record; `end`: of its first line."""
    while 0 < end < most and data.count(b'"', 0, end) % 2:
        end = data.find(b"\n", end) + 1 or most
    return end or most
