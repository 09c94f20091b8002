"""What a Parquet file takes once read, by its own words: Polars takes that memory, and cannot be asked before.

Its footer, and what stands before each page, is Thrift in the compact protocol. See
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift and
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

import binascii
import io
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Any

from deltaw.tables.reading.formats.batches import CELL, DEEPEST, check_schema, outside, too_deep, within

MAGIC = b"PAR1"  # at both ends; before the last stands the footer's length
HEADER = 2**9  # bytes in which what stands before a page usually ends
ARROW = b"ARROW:schema"  # the key of a schema of Arrow, which Polars reads first
# Types of Thrift.
TRUE, FALSE, BYTE, INTEGERS, DOUBLE, BINARY, LISTS, MAP, STRUCT = 1, 2, 3, (4, 5, 6), 7, 8, (9, 10), 11, 12
# Numbers of fields of Parquet's structs.
SCHEMA, GROUPS, WORDS = 2, 4, 5  # of FileMetaData
WIDTH, NAME, CHILDREN = 2, 4, 5  # of SchemaElement; WIDTH: bytes of a value, also of a missing one, if all have as many
KEY, VALUE = 1, 2  # of KeyValue
CHUNKS, ABOUT = 1, 3  # of RowGroup, and of ColumnChunk
PATH, STORED, FIRST, DICTIONARY = 3, 7, 9, 11  # of ColumnMetaData
UNPACKED, PACKED, OF_ROWS, VALUES = 2, 3, (5, 8), 1  # of PageHeader, and of that of a page of rows


def groups(file: IO[bytes]) -> list[tuple[int, Counter[str]]]:
    """Of each group of rows the bytes that it takes once read, and how many values each column has, with all in lists.

    Raises ValueError for places or lengths outside of the file, and columns nested too deep.
    """
    with within():
        length = file.seek(0, io.SEEK_END)
        file.seek(length - len(MAGIC) - 4)
        size = int.from_bytes(file.read(4), "little")
        file.seek(length - len(MAGIC) - 4 - size)
        about = _struct(file.read(size), 0)[0]
        _check_depth(about[SCHEMA])
        for word in about.get(WORDS, ()):
            if word[KEY] == ARROW:
                with suppress(binascii.Error):
                    check_schema(binascii.a2b_base64(word[VALUE]))
        columns = [[each[ABOUT] for each in group.get(CHUNKS, ())] for group in about.get(GROUPS, ())]
        if sum(chunk[STORED] for group in columns for chunk in group) > length:  # one is meant often
            raise outside()
        widths = {each[NAME]: each[WIDTH] for each in about[SCHEMA] if each.get(WIDTH, 0) > CELL}
        return [_group(file, group, widths) for group in columns]


def _group(file: IO[bytes], chunks: list[dict[int, Any]], widths: dict[bytes, int]) -> tuple[int, Counter[str]]:
    size, values = 0, Counter[str]()
    for chunk in chunks:
        count, unpacked = _pages(file, chunk)
        size += max(widths.get(chunk[PATH][-1], CELL) * count, unpacked)
        values[chunk[PATH][0].decode()] += count
    return size, values


def _pages(file: IO[bytes], chunk: dict[int, Any]) -> tuple[int, int]:
    """The number of values in the pages of a column, and their bytes, decompressed."""
    at, values, unpacked = chunk.get(DICTIONARY) or chunk[FIRST], 0, 0
    end = at + chunk[STORED]
    while at < end:
        page, size = _header(file, at, end - at)
        if page[PACKED] < 0 or page[UNPACKED] < 0:
            raise outside()
        values += sum(page[kind][VALUES] for kind in OF_ROWS if kind in page)
        unpacked += page[UNPACKED]
        at += size + page[PACKED]
    return values, unpacked


def _header(file: IO[bytes], at: int, most: int) -> tuple[dict[int, Any], int]:
    """What stands before a page, and its bytes."""
    size = HEADER
    while True:
        file.seek(at)
        try:
            return _struct(file.read(min(size, most)), 0)
        except IndexError:
            if size >= most:
                raise
            size *= 16


def _check_depth(schema: Iterable[dict[int, Any]]) -> None:
    """Raise ValueError if a column is nested too deep. In the list, what a struct holds follows it."""
    left = list[int]()  # the fields that are to come, of each struct
    for each in schema:
        if left:
            left[-1] -= 1
        left.append(each.get(CHILDREN, 0))
        while left and left[-1] < 1:
            left.pop()
        if len(left) > DEEPEST:
            raise too_deep()


# --- Thrift ---------------------------------------------------------------------------------------------------------


def _struct(data: bytes, at: int) -> tuple[dict[int, Any], int]:
    """The fields of a struct, by their numbers, and where it ends. Raises IndexError if the data end before."""
    fields, number = dict[int, Any](), 0
    while head := data[at]:
        at += 1
        if head >> 4:
            number += head >> 4
        else:
            number, at = _integer(data, at)
        if (kind := head & 15) in (TRUE, FALSE):
            fields[number] = kind == TRUE
        else:
            fields[number], at = _value(data, at, kind)
    return fields, at + 1


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in INTEGERS:
        return _integer(data, at)
    if kind == BINARY:
        size, at = _natural(data, at)
        if at + size > len(data):
            raise IndexError
        return data[at : at + size], at + size
    if kind == STRUCT:
        return _struct(data, at)
    if kind in LISTS:
        head, at = data[at], at + 1
        count, kind = head >> 4, head & 15
        if count == 15:
            count, at = _natural(data, at)
        return _several(data, at, count, (kind,))
    if kind == MAP:
        count, at = _natural(data, at)
        return _several(data, at + 1, 2 * count, divmod(data[at], 16)) if count else ([], at)
    if kind in (TRUE, FALSE, BYTE, DOUBLE):
        size = 8 if kind == DOUBLE else 1
        return data[at + size - 1], at + size
    raise outside()


def _several(data: bytes, at: int, count: int, kinds: tuple[int, ...]) -> tuple[list[Any], int]:
    """Values of these kinds, in turn."""
    found = []
    for i in range(count):
        value, at = _value(data, at, kinds[i % len(kinds)])
        found.append(value)
    return found, at


def _natural(data: bytes, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, the lowest first; the highest bit says that more follow."""
    if (byte := data[at]) < 128:  # as most are
        return byte, at + 1
    number = shift = 0
    while (byte := data[at]) & 128:
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if shift > 63:
            raise outside()
    return number | byte << shift, at + 1


def _integer(data: bytes, at: int) -> tuple[int, int]:
    """A number that may be negative, its sign in the lowest bit."""
    number, at = _natural(data, at)
    return number >> 1 ^ -(number & 1), at
