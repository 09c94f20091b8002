"""Arrow's formats, stream and file: what their metadata say of the batches of rows, and a stream a batch at a time.

A stream is a sequence of messages: the schema, dictionaries and batches. Each is FF FF FF FF, the length of the
metadata, the metadata (a FlatBuffer, with the length of the body), and the body. The schema, the dictionaries so far
and a single batch are a valid stream. A file has a footer that says where its messages begin. See
https://arrow.apache.org/docs/format/Columnar.html, "Encapsulated message format" and "IPC File Format".
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import polars as pl

from deltaw.speech import say

BEGIN = b"\xff\xff\xff\xff"
END = BEGIN + b"\0\0\0\0"
MAGIC = b"ARROW1"  # at both ends of a file
SCHEMA, DICTIONARY, BATCH = 1, 2, 3  # kinds of messages
# Indices of fields in the tables of Arrow's Message.fbs, Schema.fbs and File.fbs.
KIND, HEADER, BODY = 1, 2, 3
ROWS, LENGTHS, BUFFERS, COMPRESSION = 0, 1, 2, 3  # of a RecordBatch
DATA = 1  # of a DictionaryBatch: its RecordBatch
FIELDS, CHILDREN = 1, 5  # of a Schema, and of a Field
FOOTER_SCHEMA, FOOTER_BLOCKS = 1, (2, 3)  # of a Footer

CELL = 8  # bytes of a number in a frame
DEEPEST = 64  # lists within lists; Polars ends the process at some thousands


class _Message(NamedTuple):
    """A message: its bytes in the file, its kind, the number of rows of a batch, and the bytes it takes once read."""

    start: int
    stop: int
    kind: int
    rows: int
    size: int


def batches(file: Path) -> Iterator[pl.DataFrame]:
    """The batches of a stream. Raises ValueError and errors of Polars for an invalid file."""
    known = b""  # the schema and the dictionaries
    with file.open("rb") as opened:
        for message in _messages(opened):
            opened.seek(message.start)
            data = opened.read(message.stop - message.start)
            if message.kind == BATCH:
                yield pl.read_ipc_stream(io.BytesIO(known + data + END))
            else:
                known += data


def size(file: Path) -> tuple[int, int]:
    """Numbers of rows and columns of a stream, by the metadata."""
    with file.open("rb") as opened:
        found = list(_messages(opened))
        opened.seek(0)
        schema = opened.read(found[0].stop) if found else b""
    return sum(each.rows for each in found), pl.read_ipc_stream(io.BytesIO(schema + END)).width


def sizes(file: IO[bytes]) -> list[int]:
    """The bytes that each dictionary and each batch of a stream or a file takes once read.

    Raises ValueError for places or lengths outside of it, and columns nested too deep.
    """
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        return [each.size for each in _messages(file)]
    with within():
        end = file.seek(-4 - len(MAGIC), io.SEEK_END)
        length = _number(file.read(4), 0, "<i")
        file.seek(end - length)
        footer = file.read(length)
        table = _number(footer, 0, "<I")
        _check_fields(footer, _table(footer, table, FOOTER_SCHEMA))
        blocks = [each for field in FOOTER_BLOCKS for each in _vector(footer, table, field, "<qi4xq")]
        if sum(_unsigned(before) for _, before, _ in blocks) > end:  # one is meant often
            raise outside()
        return [_message(file, start, start + before).size for start, before, _ in blocks]


def check_schema(message: bytes) -> None:
    """Raise ValueError for a schema of columns nested too deep, or damaged."""
    with within():
        _message(io.BytesIO(message), 0)


@contextmanager
def within() -> Iterator[None]:
    """What shows that metadata are damaged as a ValueError."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, OverflowError, RecursionError, struct.error, OSError):
        raise outside() from None


def outside() -> ValueError:
    return ValueError(say("places or lengths outside of it"))


def too_deep() -> ValueError:
    return ValueError(say("columns nested more than {n} deep", n=DEEPEST))


def _messages(file: IO[bytes]) -> Iterator[_Message]:
    """All messages of a stream. Raises ValueError for an incomplete one."""
    start, end = 0, file.seek(0, io.SEEK_END)
    while start < end:
        file.seek(start)
        begin = file.read(8)
        if begin == END:
            return
        try:
            found = _message(file, start)
        except (struct.error, OverflowError, OSError):
            raise _none(start) from None
        if not begin.startswith(BEGIN) or found.stop > end or found.stop <= start:
            raise _none(start)
        yield found
        start = found.stop


def _message(file: IO[bytes], start: int, body: int | None = None) -> _Message:
    """The message at a place, whose `body` begins at another, or after it.

    Raises ValueError, and errors of `struct` and of files for one that has places or lengths outside of it.
    """
    file.seek(start)
    begin, length = struct.unpack("<4si", file.read(8))
    if begin != BEGIN:  # as files had it before 2019
        length = file.seek(start + 4) and struct.unpack("<i", begin)[0]
    about = file.read(max(length, 0))
    body = file.tell() if body is None else body
    message = _number(about, 0, "<I")
    kind, rows, size = _field(about, message, KIND, "<B"), 0, 0
    header = _table(about, message, HEADER)
    if kind == SCHEMA:
        _check_fields(about, header)
    elif kind in (DICTIONARY, BATCH):
        rows = _field(about, header, ROWS, "<q") if kind == BATCH else 0
        size = _size(file, about, header if kind == BATCH else _table(about, header, DATA), body)
    return _Message(start, body + _field(about, message, BODY, "<q"), kind, rows, size)


def _size(file: IO[bytes], about: bytes, batch: int, body: int) -> int:
    """The bytes that a batch takes: each array has its values and its buffers, which may be compressed."""
    values = sum(_unsigned(length) for length, _ in _vector(about, batch, LENGTHS, "<qq"))
    buffers = [(place, length) for place, length in _vector(about, batch, BUFFERS, "<qq") if length]
    stored = sum(_unsigned(length) for _, length in buffers)
    if _place(about, batch, COMPRESSION):
        for place, length in buffers:
            file.seek(body + place)
            unpacked = struct.unpack("<q", file.read(8))[0]  # -1: it is not compressed
            stored += 0 if unpacked == -1 else _unsigned(unpacked) - length
    return max(CELL * values, stored)


def _unsigned(number: int) -> int:
    if number < 0:
        raise OverflowError
    return number


def _check_fields(data: bytes, schema: int) -> None:
    """Raise ValueError if fields are nested too deep, or one is a child of several, which may make billions of few."""
    level, seen = _tables(data, schema, FIELDS), 0
    for _ in range(DEEPEST):
        if not level:
            return
        seen += len(level)
        if seen > len(data) / 4:  # a field takes more bytes than that
            break
        level = [child for field in level for child in _tables(data, field, CHILDREN)]
    raise too_deep()


def _none(place: int) -> ValueError:
    return ValueError(say("no whole message at byte {place:,}", place=place))


def _tables(data: bytes, table: int, field: int) -> list[int]:
    """The positions of the tables in a vector of them."""
    first = _place(data, table, field)
    first += _number(data, first, "<I") + 4 if first else 0
    return [first + 4 * i + offset for i, (offset,) in enumerate(_vector(data, table, field, "<I"))]


def _vector(data: bytes, table: int, field: int, form: str) -> list[tuple[int, ...]]:
    """The elements of a field that is a vector; [] if it is absent."""
    if not (place := _place(data, table, field)):
        return []
    place += _number(data, place, "<I")
    count, first = _number(data, place, "<I"), place + 4
    return list(struct.iter_unpack(form, data[first : first + count * struct.calcsize(form)]))


def _table(data: bytes, table: int, field: int) -> int:
    """The position of the table that a field is. Raises struct.error if it is absent."""
    if not (place := _place(data, table, field)):
        raise struct.error
    return place + int(_number(data, place, "<I"))


def _field(data: bytes, table: int, field: int, form: str) -> int:
    """A field of a table that is a number; 0 if it is absent."""
    place = _place(data, table, field)
    return _number(data, place, form) if place else 0


def _place(data: bytes, table: int, field: int) -> int:
    """The position of a field of a table; 0 if it is absent."""
    known = table - _number(data, table, "<i")
    offset = _number(data, known + 4 + 2 * field, "<H") if 4 + 2 * field < _number(data, known, "<H") else 0
    return table + offset if offset else 0


def _number(data: bytes, place: int, form: str) -> int:
    if place < 0:  # which would count from the end
        raise struct.error
    return int(struct.unpack_from(form, data, place)[0])
