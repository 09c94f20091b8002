"""Delimited text by Python's csv module: slow, but it tells lines, blank lines and stray quotes apart."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import polars as pl

from deltaw.exceptions import TableError
from deltaw.speech import say
from deltaw.tables.table import HEADER_ROWS

SEVERAL = 3  # multi-line cells of a column that are checked at most
csv.field_size_limit(2**31 - 1)  # the process's; 128 KiB of it are less than a page of a site in a cell


def careful_frame(text: bytes, delimiter: str, names: list[str], named: bool, source: str, above: int) -> pl.DataFrame:
    """The records as columns of text; `above`: number of lines of the file before the text. Raises TableError."""
    records = list(_records(text, delimiter, source, 0 if named else len(names), above))
    return pl.DataFrame(records[named:], schema=dict.fromkeys(names, pl.String), orient="row")


def _records(text: bytes, delimiter: str, source: str, width: int, above: int) -> Iterator[list[str]]:
    """Records that are not blank, each of `width` fields; 0: as many as the first. Raises TableError."""
    lines = io.StringIO(text.decode(), newline="").readlines()
    reader = csv.reader(lines, delimiter=delimiter)
    last, begin, seen = 1, 1, 0
    try:
        for record in reader:
            if is_blank(record):
                if width == 1:
                    yield [""]  # in a single column a blank line is a missing value
            else:
                width = width or len(record)
                if reader.line_num > begin:
                    _check_quotes("".join(lines[begin - 1 : reader.line_num]), delimiter, source, above + begin)
                if len(record) != width:
                    raise _ragged(record, width, seen, above + begin, above + reader.line_num, delimiter, source)
                yield record
                seen += 1
            last, begin = begin, reader.line_num + 1
        next(csv.reader(lines[last - 1 :], delimiter=delimiter, strict=True))  # strict: its quotes must be closed
    except csv.Error as error:
        found = say("{error} in the record that begins in line {last:,}", error=error, last=above + last)
        raise TableError("{source}: expected delimited text", found, "check its quotes", source=source) from None


def _check_quotes(record: str, delimiter: str, source: str, begin: int) -> None:
    """Raise TableError if a quote runs over lines and ends inside a cell: it was not closed. (Within one line 12" and
    "12" are both text.) `record`: its lines; `begin`: number of the first.
    """
    sign = re.escape(delimiter)
    for cell in re.finditer(rf'"((?:[^"]+|"")*+)"([^{sign}\r\n]*)|[^{sign}\r\n]+|.', record, re.DOTALL):
        if cell[1] and "\n" in cell[1] and cell[2].strip():
            first = begin + record.count("\n", 0, cell.start())
            found = say("it closed amidst a cell in line {n:,}", n=first + cell[1].count("\n"))
            remedy = "close it in its cell, or double quotes that belong to the text"
            raise TableError("{source}: expected the quote in line {n:,} closed", found, remedy, source=source, n=first)


def rows_in_a_cell(frame: pl.DataFrame, delimiter: str, above: int) -> str | None:
    """A note on a multi-line cell with as many delimiters as rows would have: a quote may be missing. None for columns
    with more than SEVERAL such cells, which are long texts.

    Args:
        frame: the records as raw text.
        delimiter: between fields.
        above: number of lines before the first record.
    """
    texts = [column for column in frame.iter_columns() if column.dtype == pl.String]
    ends = pl.DataFrame([column.str.count_matches("\n", literal=True).fill_null(0) for column in texts])
    for column, count in zip(texts, ends.iter_columns(), strict=True):
        rows = count.gt(0).arg_true().to_list()
        for row in rows if len(rows) <= SEVERAL and frame.width > 2 else ():
            if column[row].count(delimiter) == count[row] * (frame.width - 1):
                line = above + 1 + row + int(ends[:row].sum().sum_horizontal()[0] or 0)
                note = (
                    'line {line:,}: a cell of column "{column}" holds what looks like {n:,} rows; is a quote missing?'
                )
                return say(note, line=line, column=column.name, n=1 + count[row])
    return None


def _ragged(
    record: list[str], width: int, seen: int, begin: int, end: int, delimiter: str, source: str
) -> TableError:  # fmt: skip
    """The error for a record of another width than the first, in lines `begin` to `end`, after `seen` others."""
    found, remedy = f"{len(record)}", 'mend the line, or put fields that contain "{delimiter}" in quotes'
    title = 0 < seen <= (HEADER_ROWS if width == 1 else 1) or len(record) > 2 * width  # perhaps above the names
    if seen and len(record) > width and title:
        remedy = 'remove the lines above the column names, or put fields that contain "{delimiter}" in quotes'
        if seen == 1 and len(record) == width + 1 > 2:
            remedy = (
                "remove the lines above the column names, or name the first column there, or put fields that "
                'contain "{delimiter}" in quotes'
            )
    if 1 < width < len(record) and not "".join(record[width:]).strip():
        remedy = 'remove each "{delimiter}" behind its last field, or add them to all lines'
    if end > begin:
        found, remedy = say("{n} (quoted text runs on to line {end:,})", n=found, end=end), "close its quote"
    wanted = "{source}: expected {expected} fields in line {begin:,}, as in the first line"
    return TableError(wanted, found, remedy, source=source, expected=width, begin=begin, delimiter=delimiter)


def is_blank(record: list[str]) -> bool:
    """Whether a record is empty."""
    return len(record) < 2 and not "".join(record).strip()
