"""Workbooks (.xlsx of Excel, .ods of LibreOffice): a sheet with column names in the first row, or below a title."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import polars as pl
import polars.selectors as cs

from deltaw.exceptions import MissingError, SettingError, TableError
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.tables.reading.formats.heads import (
    FEWEST_NAMES,
    FEWEST_SUMMED,
    are_notes,
    note_on_names,
    note_on_notes,
    note_on_total,
    notes_on_repeated,
    notes_on_rows,
    numbered,
    rows_above,
    rows_below,
    rows_of_names,
)
from deltaw.tables.reading.formats.open_document import OpenDocument, cells_of
from deltaw.tables.reading.formats.sheets import Sheets
from deltaw.tables.reading.frames import table_of
from deltaw.tables.reading.loading import check_archive, check_size, limit, undamaged
from deltaw.tables.reading.source import Source
from deltaw.tables.strays import says_total
from deltaw.tables.table import HEADER_ROWS, Table, listing, suggested

MOST_BELOW = 50  # rows of notes below a table
EXCEL = b"xl/workbook"  # a member's name, uncompressed in the archive
CELL = 32  # bytes of a cell in fastexcel
FIRST_DAY = datetime(1900, 1, 1)  # before it are times of a clock, without a day
EXACT = 2**53  # integers are exact up to here, since workbooks store floating-point numbers
UNNAMED = "__UNNAMED__"  # prefix of fastexcel's name for an unnamed column


def read_workbook(file: Source) -> Table:
    """The given sheet, or the first with rows.

    Raises:
        MissingError: fastexcel is not installed.
        TableError: the workbook is unreadable, too large, or without rows.
        SettingError: there is no such sheet.
    """
    check_archive(file.data, file.name, say("a workbook"), limit(file.reading.max_bytes, len(file.data)))
    try:
        import fastexcel
    except ImportError:
        wanted = "{name}: expected fastexcel, which reads workbooks"
        install = 'install it: pip install "deltaw[excel]"; or save the sheet as CSV'
        raise MissingError(wanted, say("none installed"), install, name=file.name) from None
    for library in ("fastexcel", "calamine"):  # they warn about empty columns, and sheets that are charts
        logging.getLogger(library).setLevel(logging.CRITICAL)
    with undamaged(file.name, say("a workbook"), say("save it anew")):
        check_size(file.name, CELL * (cells := cells_of(file.data)), limit(file.reading.max_bytes))  # read all at once
        sheets = Sheets(file.data) if EXCEL in file.data else OpenDocument(cells)
        book = fastexcel.read_excel(file.data)
        names = list(book.sheet_names)
        order = sorted(names, key=sheets.hidden.__contains__)  # those that are shown first
        if (asked := file.reading.sheet) not in (None, *names):
            line = "sheet: expected one of the sheets of {source} ({names})"
            expected = say(line, source=file.name, names=listing(names))
            raise SettingError(expected, repr(asked), suggested(str(asked), names, say("choose one of these")))
        name, frame, above, of_rows = _first_with_rows(book, sheets, order if asked is None else [asked], file)
    if name is None:
        found = say("none in {names}", names=listing(names)) if asked is None else say('none in "{asked}"', asked=asked)
        raise TableError("{name}: expected a sheet with a header and rows", found, "give another sheet", name=file.name)
    others, notes = [each for each in names if each != name], []
    if others and asked is None:
        line = 'read from its sheet "{name}", not {others}; {option} to change'
        notes.append(say(line, name=name, others=listing(others), option=given_as("sheet")))
    notes += of_rows
    notes += sheets.without_values(name, above + 1)
    return table_of(_tidy(frame), file.name, file.reading, notes)


def _first_with_rows(
    book: Any, sheets: Sheets | OpenDocument, names: list[str], file: Source
) -> tuple[str | None, pl.DataFrame, int, tuple[str, ...]]:
    """(name of the first sheet with rows, its cells, number of rows above the column names, notes on rows).

    Raises TableError if its cells lie too far apart for the memory, as with one in the last row of the last column.
    """
    for name in names:
        if CELL * (area := sheets.area(name)) > limit(file.reading.max_bytes):
            expected = say('{source}: expected cells side by side in the sheet "{name}"', source=file.name, name=name)
            found = say("a rectangle of {cells:,} around them", cells=area)
            raise TableError(expected, found, "delete the rows and columns far from the table")
        top = book.load_sheet(name, header_row=None, skip_rows=0, n_rows=HEADER_ROWS, dtypes="string")
        rows = [["" if cell is None else cell for cell in row] for row in top.to_polars().rows()]
        above = rows_above(rows)
        over, joined = rows_of_names(rows[above:], file.reading.missing)
        repeated = () if over or not rows[above:] else notes_on_repeated(rows[above])
        over, joined = (1, rows[above]) if repeated else (over, joined)
        first, above = above, above + over - bool(joined)  # the rows of the names, or those above the one that has them
        head = [joined, *rows[above + 1 :]] if joined else rows[above:]
        below = head[1:][: rows_below(head, file.reading.missing)]
        # Types by all rows.
        whole: dict[str, Any] = {"header_row": above, "skip_rows": len(below) or None, "schema_sample_rows": None}
        if joined:
            titles = numbered([title or f"{UNNAMED}{i}" for i, title in enumerate(joined)])
            whole |= {"header_row": None, "column_names": titles, "skip_rows": above + 1 + len(below)}
        notes = notes_on_rows(0 if joined and not repeated else above, below)
        notes += repeated or (note_on_names(first, over, joined),) if joined else ()
        frame = book.load_sheet(name, **whole).to_polars()
        if frame.is_empty():
            continue
        end = len(frame)
        if cell := _note_below(frame, blank := _first_blank(frame)):
            end, notes = blank, (*notes, note_on_notes(cell))
        if word := _total_at(frame[:end]):
            end, notes = end - 1, (*notes, note_on_total(word))
        frame = frame if end == len(frame) else book.load_sheet(name, **whole, n_rows=end).to_polars()
        return name, frame, above, notes
    return None, pl.DataFrame(), 0, ()


def _first_blank(frame: pl.DataFrame) -> int:
    """Index of the first row without a value; the number of rows if there is none."""
    blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    return int(blank.arg_max() or 0) if blank.any() else len(frame)


def _note_below(frame: pl.DataFrame, end: int) -> str:
    """The first of the notes from this row on; "" if there are rows of the table."""
    rows = [["" if cell is None else str(cell) for cell in row] for row in frame[end:].head(MOST_BELOW).rows()]
    below = frame.width >= FEWEST_NAMES and len(frame) - end <= MOST_BELOW and are_notes(rows, frame.width)
    return next(row[0] for row in rows if row[0]) if below else ""


def _total_at(frame: pl.DataFrame) -> str:
    """The first word of the last row, if it says that the row is a total, and if no other row has it; else ""."""
    column = next((each for each in frame.iter_columns() if each[-1] is not None), None)
    if column is None or column.dtype != pl.String or len(frame) <= FEWEST_SUMMED or not says_total(word := column[-1]):
        return ""
    return word if (column == word).sum() == 1 else ""


def _tidy(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without empty rows and unnamed empty columns, and with integers as such."""
    frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    empty = [name for name in frame.columns if name.startswith(UNNAMED) and frame[name].is_null().all()]
    frame = frame.drop(empty).rename(
        {name: f"column_{i + 1}" for i, name in enumerate(frame.columns) if name.startswith(UNNAMED)}, strict=False
    )
    clock = [column.name for column in frame.select(cs.datetime()).iter_columns() if column.max() < FIRST_DAY]  # type: ignore[operator]
    frame = frame.with_columns((pl.col(clock) - pl.col(clock).dt.truncate("1d")).dt.total_seconds()) if clock else frame
    whole = [column.name for column in frame.select(cs.float()).iter_columns() if _is_whole(column)]
    return frame.with_columns(frame[name].cast(pl.Int64) for name in whole)


def _is_whole(column: pl.Series) -> bool:
    return bool((column.is_finite() & (column == column.round()) & (column.abs() < EXACT)).all())
