"""Text with one record a line: CSV, TSV and their relatives."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from deltaw.exceptions import SettingError, TableError
from deltaw.tables.cells import MISSING, typed
from deltaw.tables.formats.pixels import SMALLEST
from deltaw.tables.table import check_names

# Candidates for the delimiter; of those that explain the first lines equally well, the first is taken. The comma comes
# late because it is also a decimal sign (1,5;2,5), the space last because words contain it.
DELIMITERS = ("\t", ";", "|", ",", " ")
DELIMITER_NAMES = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}

# The least share of the first lines that must have the same number of fields for a delimiter to be believed.
AGREEMENT = {"\t": 0.5, ";": 0.5, "|": 0.5, ",": 0.5, " ": 0.95}

BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

HEAD_RECORDS, HEAD_BYTES = 200, 1 << 22  # what is looked at to find the delimiter and the header
TYPING_RECORDS = 1_000  # what Polars looks at to guess types; a wrong guess costs a second reading, nothing else


def read_delimited(data: bytes, source: str, delimiter: str | None = None) -> tuple[pl.DataFrame, bool]:
    """Records of delimited text as typed columns.

    Args:
        data: the whole file.
        source: the file's name for messages.
        delimiter: one character, or its name; None finds it.

    Returns:
        The frame, and whether its column names come from the file (else they are column_1, column_2, …).

    Raises:
        TableError: not UTF-8, empty, only a header, ragged, or with two columns of one name.
        SettingError: `delimiter` is not one character.
    """
    text = _decoded(data, source)
    separator = _checked(delimiter) or find_delimiter(text)
    text = _unaligned(text) if separator == " " else text
    head = _head(text, separator)
    if not head:
        raise TableError(f"{source}: expected a header and rows", "only quotes and spaces", "give a file with rows")
    named = has_header(head)
    names = _names(head[0], source) if named else [f"column_{i + 1}" for i in range(len(head[0]))]
    frame = _regular_frame(text, separator, names, named, head)
    if frame is None:
        frame = _careful_frame(text, separator, names, named, source)
    if frame.is_empty():
        raise TableError(f"{source}: expected rows below the header", "only the header", "give a file with data rows")
    words = [column for column in frame.iter_columns() if column.dtype == pl.String]
    return frame.with_columns(typed(column, separator) for column in words), named


def check_head(head: bytes, source: str, more: bool) -> None:
    """Refuse by its first bytes what is no text of lines, before all of it is read.

    Args:
        head: the first bytes.
        source: the file's name for messages.
        more: whether the file goes on.

    Raises:
        TableError: binary data, or a line without an end.
    """
    if not any(head.startswith(mark) for mark, encoding in BYTE_ORDER_MARKS if encoding == "utf-16"):
        _refuse_zero(head.find(b"\0"), source)
    if more and b"\n" not in head and b"\r" not in head:
        found = f"a first line of more than {len(head):,} bytes"
        raise TableError(f"{source}: expected a table with a line for each row", found, "give a file with line ends")


def _refuse_zero(position: int, source: str) -> None:
    if position >= 0:
        found = f"binary data (a zero byte at position {position:,})"
        raise TableError(f"{source}: expected a table", found, "give CSV, TSV, Parquet, Arrow, NPZ or IDX")


def _checked(delimiter: str | None) -> str | None:
    delimiter = DELIMITER_NAMES.get(delimiter or "", delimiter)
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'):
        raise SettingError("delimiter: expected one character", f'"{delimiter}"', 'give "," or ";" or "tab", say')
    return delimiter


def _decoded(data: bytes, source: str) -> bytes:
    """The text as UTF-8 without a byte order mark, its lines ending in a newline and none of them blank at the end."""
    if not data.strip():
        raise TableError(f"{source}: expected a table", "an empty file", "give a file with a header and rows")
    encoding = next((encoding for mark, encoding in BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise TableError(
            f"{source}: expected text in UTF-8",
            f"byte 0x{data[error.start]:02x} at position {error.start:,} (line {data.count(10, 0, error.start) + 1:,})",
            "save it as UTF-8, e.g. with iconv -f WINDOWS-1252 -t UTF-8",
        ) from None
    _refuse_zero(text.find("\0"), source)
    if encoding != "utf-8":
        data = text.encode()
    if b"\r" in data and b"\n" not in data:  # line ends of the old Mac
        data = data.replace(b"\r", b"\n")
    return data.rstrip(b"\r\n") + b"\n"


def _unaligned(text: bytes) -> bytes:
    """Text whose columns are aligned by spaces or tabs, with one space between fields."""
    return re.sub(rb"^ +| +(?=\r?$)|(?<= ) +", b"", text.replace(b"\t", b" "), flags=re.MULTILINE)


def _head(text: bytes, delimiter: str) -> list[list[str]]:
    """The first records that are not blank."""
    head = _cut(text).decode()
    records = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        return list(islice((record for record in records if not _is_blank(record)), HEAD_RECORDS))
    except csv.Error:  # a field longer than csv's limit: the delimiter is wrong, or the quotes are
        return [[head]]


def _is_blank(record: list[str]) -> bool:
    return len(record) < 2 and not "".join(record).strip()


def _cut(text: bytes) -> bytes:
    """The first lines."""
    return text if len(text) <= HEAD_BYTES else text[: text.rfind(b"\n", 0, HEAD_BYTES) + 1] or text


def find_delimiter(text: bytes) -> str:
    """The delimiter that gives most of the first lines the same number of fields (more than one); else the comma."""

    def agreement(delimiter: str) -> float:
        widths = [len(record) for record in _head(_unaligned(head) if delimiter == " " else head, delimiter)]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        share = widths.count(usual) / len(widths) if usual > 1 else 0.0
        return share if share >= AGREEMENT[delimiter] else 0.0

    head = _cut(text)
    shares = {delimiter: agreement(delimiter) for delimiter in DELIMITERS}
    best = max(shares, key=lambda delimiter: shares[delimiter])  # the first of equals
    return best if shares[best] > 0 else ","


def has_header(head: list[list[str]]) -> bool:
    """Whether the first record names the columns rather than being data itself.

    It is data if it has only numbers. It also is data if every column that is numeric below it starts with a number
    and one of its cells cannot be a name: a number with a fraction, or a word that the column repeats. So
    "country,2019,2020" above numbers is a header, and "5.1,3.5,setosa" above more flowers is not.
    """
    first = [cell.strip() for cell in head[0]]
    if any(map(_is_number, first)) and all(_is_number(cell) or _is_missing(cell) for cell in first):
        return False
    below = [[record[j].strip() for record in head[1:] if j < len(record)] for j in range(len(first))]
    numeric = [any(map(_is_number, cells)) and all(_is_number(c) or _is_missing(c) for c in cells) for cells in below]
    columns = list(zip(first, below, numeric, strict=True))
    if any(is_numeric and not _is_number(cell) for cell, _, is_numeric in columns):
        return True
    return not any("." in cell if is_numeric else cell and cell in cells for cell, cells, is_numeric in columns)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and not _is_missing(cell)


def _is_missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING


def _names(header: list[str], source: str) -> list[str]:
    names = [cell.strip() or f"column_{i + 1}" for i, cell in enumerate(header)]
    check_names(names, source)
    return names


def _regular_frame(
    text: bytes, delimiter: str, names: list[str], named: bool, head: list[list[str]]
) -> pl.DataFrame | None:
    """The frame as Polars reads it, or None where quotes, blank lines or ragged lines call for a careful reading.

    Polars pads records that are too short with nulls, so the fields are counted before it sees the text.
    """
    records = rectangle(text, delimiter, len(names))
    if records == 0 or not text[: text.index(b"\n")].strip():
        return None
    for guess in _type_guesses(head, named):
        try:
            frame = pl.read_csv(
                io.BytesIO(text), separator=delimiter, has_header=named, new_columns=names, **guess
            ).with_columns(cs.float().fill_nan(None))
        except pl.exceptions.PolarsError:  # a later cell is not of the guessed type
            continue
        if frame.shape == (records - named, len(names)):
            return frame
    return None


def _type_guesses(head: list[list[str]], named: bool) -> Iterator[dict[str, Any]]:
    """How to tell Polars the columns' types, the quickest first; the last always fits."""
    cells = [cell for record in head[named:] for cell in record]
    if len(head[0]) >= SMALLEST and all(cell.isdecimal() and len(cell) <= 3 for cell in cells):
        yield {"schema_overrides": [pl.UInt8] * len(head[0])}  # an eighth of the memory: these are likely pixels
    spellings = [spelling for word in MISSING for spelling in (word, word.upper(), word.capitalize())] + ["NaN"]
    yield {"infer_schema_length": TYPING_RECORDS}
    yield {"infer_schema_length": TYPING_RECORDS, "null_values": spellings}
    yield {"infer_schema": False}


def rectangle(text: bytes, delimiter: str, width: int) -> int:
    """The number of records if each has `width` fields, else 0; at the speed of memory.

    Right for text whose quotes enclose whole fields; quotes within fields may make it 0, which is looked into then.
    """
    buffer = np.frombuffer(text, np.uint8)
    line_ends, field_ends = buffer == ord("\n"), buffer == ord(delimiter)
    if b'"' in text:  # a doubled quote closes and opens again, so the parity of quotes tells inside from outside
        inside = np.logical_xor.accumulate(buffer == ord('"'))
        if inside[-1]:
            return 0
        line_ends &= ~inside
        field_ends &= ~inside
    ends = np.flatnonzero(line_ends)
    starts = np.concatenate([[0], ends[:-1] + 1])
    if np.count_nonzero(field_ends) != len(ends) * (width - 1):
        return 0
    # As many delimiters as a rectangle has: it is one if each line's first and last lie within the line.
    delimiters = np.flatnonzero(field_ends).reshape(len(ends), width - 1)
    within = (delimiters[:, :1] >= starts[:, None]).all() and (delimiters[:, -1:] < ends[:, None]).all()
    return len(ends) if within else 0


def _careful_frame(text: bytes, delimiter: str, names: list[str], named: bool, source: str) -> pl.DataFrame:
    """The frame as Python's csv module reads it: slow, but it knows lines, blank ones and stray quotes too."""
    records = list(_careful_records(text, delimiter, source))
    return pl.DataFrame(records[named:], schema=dict.fromkeys(names, pl.String), orient="row")


def _careful_records(text: bytes, delimiter: str, source: str) -> Iterator[list[str]]:
    """Records that are not blank. Raises TableError for the first one that has another width than the first record."""
    lines = io.StringIO(text.decode(), newline="").readlines()
    reader = csv.reader(lines, delimiter=delimiter)
    width, last, begin = 0, 1, 1
    try:
        for record in reader:
            if _is_blank(record):
                if width == 1:
                    yield [""]  # where there is but one column, a blank line is a missing value
            else:
                width = width or len(record)
                if len(record) != width:
                    raise _ragged(source, width, len(record), begin, reader.line_num, delimiter)
                yield record
            last, begin = begin, reader.line_num + 1
        next(csv.reader(lines[last - 1 :], delimiter=delimiter, strict=True))  # strict: its quotes must be closed
    except csv.Error as error:
        found = f"{error} in the record that begins in line {last:,}"
        raise TableError(f"{source}: expected delimited text", found, "check its quotes") from None


def _ragged(source: str, expected: int, found: int, begin: int, end: int, delimiter: str) -> TableError:
    several = end > begin
    return TableError(
        f"{source}: expected {expected} fields in line {begin:,}, as in the first line",
        f"{found}" + (f" (quoted text runs on to line {end:,})" if several else ""),
        "close its quote" if several else f'mend the line, or put fields that contain "{delimiter}" in quotes',
    )
