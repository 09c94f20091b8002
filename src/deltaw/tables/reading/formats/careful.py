"""Delimited text as Python's csv module reads it: slow, but it knows lines, blank ones and stray quotes too."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import polars as pl

from deltaw.exceptions import TableError
from deltaw.speech import say


def careful_frame(text: bytes, delimiter: str, names: list[str], named: bool, source: str, above: int) -> pl.DataFrame:
    """The frame as Python's csv module reads it: slow, but it knows lines, blank ones and stray quotes too."""
    records = list(_records(text, delimiter, source, 0 if named else len(names), above))
    return pl.DataFrame(records[named:], schema=dict.fromkeys(names, pl.String), orient="row")


def _records(text: bytes, delimiter: str, source: str, width: int, above: int) -> Iterator[list[str]]:
    """Records that are not blank. Raises TableError for the first one that has another width than the first record.

    Args:
        width: of the first record; 0: as it is.
        above: how many lines the file has before the text.
    """
    lines = io.StringIO(text.decode(), newline="").readlines()
    reader = csv.reader(lines, delimiter=delimiter)
    last, begin = 1, 1
    try:
        for record in reader:
            if is_blank(record):
                if width == 1:
                    yield [""]  # where there is but one column, a blank line is a missing value
            else:
                width = width or len(record)
                if len(record) != width:
                    raise _ragged(source, width, len(record), above + begin, above + reader.line_num, delimiter)
                yield record
            last, begin = begin, reader.line_num + 1
        next(csv.reader(lines[last - 1 :], delimiter=delimiter, strict=True))  # strict: its quotes must be closed
    except csv.Error as error:
        found = say("{error} in the record that begins in line {last:,}", error=error, last=above + last)
        raise TableError("{source}: expected delimited text", found, "check its quotes", source=source) from None


def _ragged(source: str, expected: int, found: int, begin: int, end: int, delimiter: str) -> TableError:
    several = end > begin
    return TableError(
        "{source}: expected {expected} fields in line {begin:,}, as in the first line",
        f"{found}" + (f" (quoted text runs on to line {end:,})" if several else ""),
        "close its quote" if several else 'mend the line, or put fields that contain "{delimiter}" in quotes',
        source=source,
        expected=expected,
        begin=begin,
        delimiter=delimiter,
    )


def is_blank(record: list[str]) -> bool:
    """Whether a record has nothing."""
    return len(record) < 2 and not "".join(record).strip()
