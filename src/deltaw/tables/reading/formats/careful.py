"""Delimited text as Python's csv module reads it: slow, but it knows lines, blank ones and stray quotes too."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import polars as pl

from deltaw.exceptions import TableError
from deltaw.speech import say
from deltaw.tables.table import ABOVE

SEVERAL = 3  # cells of several lines, at most, are looked at


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
    last, begin, seen = 1, 1, 0
    try:
        for record in reader:
            if is_blank(record):
                if width == 1:
                    yield [""]  # where there is but one column, a blank line is a missing value
            else:
                width = width or len(record)
                if reader.line_num > begin:
                    _check_quotes("".join(lines[begin - 1 : reader.line_num]), delimiter, source, above + begin)
                if len(record) != width:
                    title = len(record) > width and 0 < seen <= (ABOVE if width == 1 else 1)
                    nothing = width > 1 and len(record) > width and not "".join(record[width:]).strip()
                    lengths = len(record), above + begin, above + reader.line_num
                    raise _ragged(source, width, *lengths, delimiter, title, nothing)
                yield record
                seen += 1
            last, begin = begin, reader.line_num + 1
        next(csv.reader(lines[last - 1 :], delimiter=delimiter, strict=True))  # strict: its quotes must be closed
    except csv.Error as error:
        found = say("{error} in the record that begins in line {last:,}", error=error, last=above + last)
        raise TableError("{source}: expected delimited text", found, "check its quotes", source=source) from None


def _check_quotes(record: str, delimiter: str, source: str, begin: int) -> None:
    """Raise TableError where a quote runs on over lines and is closed amidst a cell: nobody writes so, but who forgot
    to close it. Of cells of one line 12" and "12" are both taken for text.

    Args:
        record: its lines.
        begin: the number of the first.
    """
    sign = re.escape(delimiter)
    for cell in re.finditer(rf'"((?:[^"]+|"")*+)"([^{sign}\r\n]*)|[^{sign}\r\n]+|.', record, re.DOTALL):
        if cell[1] and "\n" in cell[1] and cell[2].strip():
            first = begin + record.count("\n", 0, cell.start())
            found = say("it closed amidst a cell in line {n:,}", n=first + cell[1].count("\n"))
            remedy = "close it in its cell, or double quotes that belong to the text"
            raise TableError("{source}: expected the quote in line {n:,} closed", found, remedy, source=source, n=first)


def rows_in_a_cell(frame: pl.DataFrame, delimiter: str, above: int) -> str | None:
    """What to say of a cell that holds line ends and as many delimiters as rows would: a quote may be missing.

    Only where a column has no more than a few cells of several lines: else it is one of texts.

    Args:
        frame: the records, text as it stands.
        above: how many lines stand before the first of them.
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
    source: str, expected: int, found: int, begin: int, end: int, delimiter: str, title: bool, nothing: bool
) -> TableError:  # fmt: skip
    """`title`: whether the lines above may be what stands above the names; `nothing`: whether nothing stands in the
    fields that are too many.
    """
    several = end > begin
    remedy = 'mend the line, or put fields that contain "{delimiter}" in quotes'
    if title:
        remedy = 'remove the lines above the column names, or put fields that contain "{delimiter}" in quotes'
    if nothing:
        remedy = 'remove each "{delimiter}" behind its last field, or add them to all lines'
    return TableError(
        "{source}: expected {expected} fields in line {begin:,}, as in the first line",
        f"{found}" + (f" (quoted text runs on to line {end:,})" if several else ""),
        "close its quote" if several else remedy,
        source=source,
        expected=expected,
        begin=begin,
        delimiter=delimiter,
    )


def is_blank(record: list[str]) -> bool:
    """Whether a record has nothing."""
    return len(record) < 2 and not "".join(record).strip()
