"""Arrow's stream format, a batch of rows at a time.

A stream is a sequence of messages: the schema, dictionaries and batches. Each is FF FF FF FF, the length of the
metadata, the metadata (a FlatBuffer, with the length of the body), and the body. The schema, the dictionaries so far
and a single batch are a valid stream. See https://arrow.apache.org/docs/format/Columnar.html, "Encapsulated message
format".
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import polars as pl

from deltaw.speech import say

BEGIN = b"\xff\xff\xff\xff"
END = BEGIN + b"\0\0\0\0"
BATCH = 3  # kind of message
# Indices of fields in the tables of Arrow's Message.fbs.
KIND, HEADER, BODY, ROWS = 1, 2, 3, 0


class _Message(NamedTuple):
    """A message: its bytes in the file, its kind, and the number of rows of a batch."""

    start: int
    stop: int
    kind: int
    rows: int


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


def _messages(file: IO[bytes]) -> Iterator[_Message]:
    """All messages. Raises ValueError for an incomplete one."""
    start, end = 0, file.seek(0, io.SEEK_END)
    while start < end:
        file.seek(start)
        try:
            begin, length = struct.unpack("<4si", file.read(8))
            if begin == BEGIN and not length:
                return
            about = file.read(max(length, 0))
            message = _number(about, 0, "<I")
            kind, body = _field(about, message, KIND, "<B"), _field(about, message, BODY, "<q")
            header = _place(about, message, HEADER)
            rows = _field(about, header + _number(about, header, "<I"), ROWS, "<q") if kind == BATCH else 0
        except struct.error:
            raise _none(start) from None
        found = _Message(start, start + 8 + length + body, kind, rows)
        if begin != BEGIN or length < 0 or body < 0 or found.stop > end:
            raise _none(start)
        yield found
        start = found.stop


def _none(place: int) -> ValueError:
    return ValueError(say("no whole message at byte {place:,}", place=place))


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
    return int(struct.unpack_from(form, data, place)[0])
