"""`Table`, and the errors that name its columns and cells."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from unicodedata import normalize

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.exceptions import ColumnError, TableError
from deltaw.notebook import fragment, heading, table
from deltaw.speech import listed, say
from deltaw.tables.missing import MISSING

SHOWN_ROWS, SHOWN_COLUMNS = 8, 20  # in a notebook
SHORT = 4  # characters: in shorter names one wrong character is a large part
HEADER_ROWS = 20  # first rows in which column names may be


@dataclass(frozen=True)
class Block:
    """Columns that share one scale, such as the pixels of an image.

    Attributes:
        name: what messages and feature lists call the block.
        columns: names of its columns, row by row of the image.
        low, high: smallest and largest value that the scale allows (0 and 255 for a byte).
        shape: shape of one row's values, e.g. (28, 28); its product is `len(columns)`.
    """

    name: str
    columns: tuple[str, ...]
    low: float
    high: float
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Rows to learn from, as `deltaw.tables.read` returns them.

    Attributes:
        frame: the rows, as typed columns; missing cells are null, never NaN. Large training tables may have the
            compact form of `deltaw.tables.held`.
        name: in messages: the path as the user typed it, or "data frame".
        test: the source's own test rows, with the same columns, or None.
        target: the column to be predicted, if the source says so, or None.
        blocks: groups of columns that share one scale.
        notes: remarks on the source for the user, e.g. "read as GB18030".
        missing: the words for a missing value.
        written: the rows of `frame` as raw text, if `Reading.written` asked for them and the source has text.
        rounded: names of columns rounded to float32; see `Reading.unrounded`.
        decimals: decimal mark, "," or ".", of each column of numbers in text.
    """

    frame: pl.DataFrame
    name: str
    test: pl.DataFrame | None = None
    target: str | None = None
    blocks: tuple[Block, ...] = ()
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = MISSING
    written: pl.DataFrame | None = None
    rounded: tuple[str, ...] = ()
    decimals: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        test = "" if self.test is None else f", {len(self.test):,} rows to test"
        target = "" if self.target is None else f", target {self.target!r}"
        return f"Table({self.name!r}: {len(self.frame):,} rows of {self.frame.width:,} columns{test}{target})"

    def _repr_html_(self) -> str:
        """A table for a notebook: the first rows and columns."""
        columns = list(self.frame.head(SHOWN_ROWS).iter_columns())[:SHOWN_COLUMNS]
        cells = [["" if cell is None else clip(str(cell)) for cell in column] for column in columns]
        numbers = [i for i, column in enumerate(columns) if column.dtype.is_numeric()]
        names = [clip(column.name) for column in columns]
        return fragment(heading(repr(self)), table(names, zip(*cells, strict=True), numbers))

    def column(self, name: str) -> pl.Series:
        """The column called `name`. Raises ColumnError, with the nearest name, if there is none."""
        if name not in self.frame.columns:
            raise self._missing(name)
        return self.frame.get_column(name)

    def _missing(self, name: str) -> ColumnError:
        """The error for a missing column: also says if a later row has the names, and the notes on the source."""
        error = missing_column(name, self.frame.columns, self.name)
        found, remedy = error.found, error.remedy
        rows = self.frame.head(HEADER_ROWS).rows()
        first = next((row for row, cells in enumerate(rows) if name in cells), None)
        if first is not None and _are_names(rows, first, name):
            remedy = say("row {row} below has it: remove the lines above the column names", row=first + 1)
        found = say("{found} ({notes})", found=found, notes=listed(self.notes)) if self.notes else found
        return ColumnError(error.expected, found, remedy)


def with_frames(table: Table, made: Callable[[pl.DataFrame], pl.DataFrame]) -> Table:
    """The table with a function applied to its rows and its test rows."""
    return replace(table, frame=made(table.frame), test=None if table.test is None else made(table.test))


def total_rows(table: Table) -> int:
    """The number of rows and test rows."""
    return len(table.frame) + (0 if table.test is None else len(table.test))


def _are_names(rows: list[tuple[Any, ...]], row: int, name: str) -> bool:
    """Whether a row with this cell may be the header: distinct words, and the cell does not recur below it."""
    cells, place = [cell for cell in rows[row] if cell is not None], rows[row].index(name)
    words = all(isinstance(cell, str) for cell in cells) and len({*cells}) == len(cells)
    return words and not any(other[place] == name for other in rows[row + 1 :])


def missing_column(name: str, known: Iterable[str], source: str, needed: str = "") -> ColumnError:
    """The error for a column that `source` lacks: names the nearest one, or lists the existing ones.

    `needed`: as what a model needs it, "input" or "answers", so that no other name will do.
    """
    known = list(known)
    alike = any(normalize("NFC", each) == normalize("NFC", str(name)) for each in known)
    near = nearest(str(name), known)
    instead = 'did you mean "{near}"?' if near else "give one of these names"
    if needed:
        instead = 'rename "{near}" if it is meant' if near else "rename the column that is meant, or add an empty one"
        if needed == "answers" and not near:
            instead = "rename the column that has the answers, or add one"
    if alike:
        instead = "rename the one that looks the same: its letters differ in Unicode normalization (NFC, NFD)"
    if isinstance(source, NameOfFrame) and name in source.levels:
        instead = "it is in the index: call frame.reset_index()"
    found = say("the columns {known}", known=listing(known))
    return ColumnError('{source}: expected a column "{name}"', found, instead, source=source, name=name, near=near)


def check_names(names: Iterable[str], source: str) -> None:
    """Raise TableError for a duplicate name, a lone surrogate, and a name that Polars takes for a regex (^…$)."""
    places: dict[str, int] = {}
    for i, name in enumerate(names):
        expected, found, instead = "", f'"{clip(name)}"', "rename the column"
        if places.setdefault(name, i) != i:
            expected, instead = "{source}: expected a name of its own for every column", "rename one of them"
            found = say('"{name}" for columns {place} and {i}', name=clip(name), place=places[name] + 1, i=i + 1)
        elif not name.isascii() and name != name.encode(errors="replace").decode():
            expected, found = "{source}: expected column names without half a character", clip(repr(name))
        elif name.startswith("^") and name.endswith("$"):
            expected = "{source}: expected column names that are no patterns (^…$)"
        if expected:
            raise TableError(expected, found, instead, source=source)


class NameOfRows(str):
    """The name of a table, if only some of its rows are passed on.

    Attributes:
        places: index of each of these in the table, for messages.
    """

    places: Sequence[int] | NDArray[np.int64]

    def __new__(cls, name: str, places: Sequence[int] | NDArray[np.int64] = ()) -> NameOfRows:
        """Of the table called `name`."""
        made = super().__new__(cls, name)
        made.places = places
        return made


class NameOfFrame(str):
    """The name of a frame of pandas, with the names in its index, which are not those of columns."""

    levels: tuple[str, ...]

    def __new__(cls, name: str, levels: Iterable[str] = ()) -> NameOfFrame:
        made = super().__new__(cls, name)
        made.levels = tuple(levels)
        return made


def name_of_rows(source: str, rows: slice | NDArray[np.bool_]) -> str:
    """The name of some of the rows of `source`."""
    return NameOfRows(source, np.asarray(source.places)[rows]) if isinstance(source, NameOfRows) else source


def cell_error(
    source: str, column: str, row: int, expected: str, found: object, remedy: str, **values: object
) -> ColumnError:
    """The error for an invalid cell; `row` counts from 0, and in the message from 1, without the header.

    `expected` and `remedy` are sentences, as an error's, the latter with `values`; `found` is None for a missing cell.
    """
    shown = say("a missing one") if found is None else f'"{found}"' if isinstance(found, str) else str(found)
    places = getattr(source, "places", ())
    row = 1 + (int(places[row]) if row < len(places) else row)
    line = '{source}: expected {expected} in row {row:,} of column "{column}"'
    wanted = say(line, source=source, expected=say(expected), row=row, column=column)
    return ColumnError(wanted, clip(shown), say(remedy, **values))


def refuse_cell(wrong: pl.Series, cells: pl.Series, source: str, expected: str, remedy: str, **values: object) -> None:
    """Raise `cell_error` for the first wrong cell of a column, if any."""
    if wrong.any():
        row = wrong.arg_max() or 0
        raise cell_error(source, cells.name, row, expected, cells[row], remedy, **values)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that begins with `name` or is most similar to it, ignoring case; None if none is close."""
    folded = {each.casefold(): each for each in known}
    if name and len(whole := [each for each in folded if each.startswith(name.casefold())]) == 1:
        return folded[whole[0]]
    short = not name.isascii() and len(name) < SHORT  # one of two Chinese characters is a word by itself
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5 if short else 0.6)
    return folded[close[0]] if close else None


def suggested(name: str, known: Iterable[str], otherwise: str) -> str:
    """The remedy for an unknown name: "did you mean …?", or `otherwise` if no known name is close."""
    near = nearest(name, known)
    return say("did you mean {near}?", near=near) if near else otherwise


def listing(names: Iterable[object], limit: int = 8) -> str:
    """Names for a message: at most `limit`, and the number of others."""
    names = list(names)
    shown = listed(clip(str(each), 40) for each in names[:limit])
    return say("{shown} and {n:,} more", shown=shown, n=len(names) - limit) if len(names) > limit else shown


def clip(text: str, length: int = 60) -> str:
    """`text`, cut off at `length` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"
