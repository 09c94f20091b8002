"""Delimited text that is larger than the memory, some of its lines at a time."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from deltaw.tables.reading.formats.delimited import (
    HEAD_BYTES,
    Dialect,
    check_head,
    dialect_of,
    frame_of,
    lines,
    plain_spaces,
    type_guesses,
    typed_frame,
)
from deltaw.tables.reading.formats.encodings import is_wide
from deltaw.tables.reading.loading import DAMAGE, GZIP, unreadable
from deltaw.tables.reading.source import Reading
from deltaw.tables.table import check_names

PIECE = 2**25  # bytes of text


def can_be_in_pieces(path: Path) -> bool:
    """Whether its lines end where a byte says so: not of UTF-16. Raises OSError, or gzip's errors."""
    with _opened(path) as file:
        return not is_wide(file.read(HEAD_BYTES))


def pieces(
    path: Path, name: str, reading: Reading, words: Collection[str] = (), size: int = PIECE
) -> Iterator[pl.DataFrame]:
    """The rows of a file in pieces of about so many bytes, each with columns as its own cells say.

    Args:
        words: columns whose cells are words, whatever they look like.

    Raises:
        TableError: as `read_delimited`.
    """
    dialect: Dialect | None = None
    kinds: list[Any] = []
    above = 0
    for data in _cut(path, name, size):
        if dialect is None:
            check_head(data, name, len(data) >= size, reading.encoding)
        text, encoding = lines(data, name, reading.encoding)
        if dialect is None:
            reading = replace(reading, encoding=encoding or reading.encoding)
            dialect, text = dialect_of(text, name, reading)
            check_names(dialect.names, name)
            begin = _end_of_record(text, text.find(b"\n") + 1, len(text)) if dialect.named else 0
            text, above, dialect = text[begin:], dialect.above + text.count(b"\n", 0, begin), dialect.inside
        else:
            text = plain_spaces(text, dialect.separator)
        if not text:
            continue
        guesses = _guesses(text, dialect, reading, kinds, set(words).intersection(dialect.names))
        frame = frame_of(text, dialect, name, reading.missing, guesses, above)
        kinds, above = frame.dtypes, above + text.count(b"\n")
        if len(frame):
            yield typed_frame(frame, dialect, reading.missing, words)


def _guesses(
    text: bytes, dialect: Dialect, reading: Reading, kinds: list[Any], words: set[str]
) -> Iterator[dict[str, Any]]:
    """What Polars is told of types: those of the piece before, or what the first lines say, but for words."""
    if kinds and all(kind == pl.String for name, kind in zip(dialect.names, kinds, strict=True) if name in words):
        yield {"schema_overrides": kinds}
    for guess in type_guesses(text, dialect, reading.missing):
        infers = words and "infer_schema_length" in guess
        yield guess | ({"schema_overrides": dict.fromkeys(words, pl.String)} if infers else {})


def _cut(path: Path, name: str, size: int) -> Iterator[bytes]:
    """The bytes in pieces that end where a record does."""
    rest = b""
    try:
        with _opened(path) as file:
            while part := file.read(size):
                data = rest + part
                end = _last_end(data)
                if end:
                    yield data[:end]
                rest = data[end:]
    except DAMAGE as error:
        raise unreadable(name, error) from None
    if rest.strip():
        yield rest


def _opened(path: Path) -> Any:
    with path.open("rb") as file:
        start = file.read(len(GZIP))
    return gzip.open(path) if start == GZIP else path.open("rb")


def _last_end(data: bytes) -> int:
    """Where the last whole record ends: at a newline outside of quotes, of which there is an even number before it."""
    end = data.rfind(b"\n") + 1
    while end and data.count(b'"', 0, end) % 2:
        end = data.rfind(b"\n", 0, data.rfind(b'"', 0, end)) + 1
    return end


def _end_of_record(data: bytes, end: int, most: int) -> int:
    """Where the first record ends, from the end of its first line on."""
    while 0 < end < most and data.count(b'"', 0, end) % 2:
        end = data.find(b"\n", end) + 1 or most
    return end or most
