"""How a large table is held that is learnt from: in less room than it is read in, until the network's inputs are made.

A column of words is held by their numbers, one byte a row, or two, instead of sixteen: an Enum of Polars. Of numbers
with gaps a gap is no number (NaN), so that they lie as those without do (`deltaw.tables.reading.places`). Who asks what
a cell says, asks `as_read`; numbers may be taken as they are held.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from deltaw.tables.cells import IN_A_NUMBER, as_written
from deltaw.tables.dates import DATE_FORMATS, read_dates
from deltaw.tables.units import with_unit
from deltaw.threads import side_by_side

MANY = 2**18  # rows: fewer take little
SOME = 2**14  # cells that tell whether words come again and again
MOST = 2**15  # different words: of more, to look them up costs more than their room is worth


def held(frame: pl.DataFrame, rows: int | None = None) -> pl.DataFrame:
    """The columns of a large table as they are held; of others as they are.

    `rows`: how many the table has, of which these are some; None: these.
    """
    if (len(frame) if rows is None else rows) < MANY:
        return frame
    made = (side_by_side if len(frame) >= MANY else map)(_held, frame.get_columns())
    return frame.with_columns(found for found in made if found is not None)


def _held(column: pl.Series) -> pl.Series | None:
    """None for a column that stays as it is, as one without a value, which may be of any kind."""
    if column.dtype == pl.String:
        return by_numbers(column) if column.head(SOME).n_unique() < SOME / 2 else None
    gaps = column.dtype.is_float() and 0 < column.null_count() < len(column)
    return column.fill_null(float("nan")) if gaps else None


def by_numbers(column: pl.Series) -> pl.Series | None:
    """A column of words by their numbers; None where they are too many."""
    words = column.unique().drop_nulls()
    return column.cast(pl.Enum(words.sort())) if len(words) <= MOST else None


def are_words(column: pl.Series) -> bool:
    """Whether a column is one of words, however they are held."""
    return column.dtype in (pl.String, pl.Enum)


def are_plain(column: pl.Series) -> bool:
    """Whether a column is held by its words, none of which is a number, or a day: to ask of each once is enough."""
    return isinstance(column.dtype, pl.Enum) and _are_words_alone(column.dtype.categories)


def _are_words_alone(words: pl.Series) -> bool:
    some = words.filter(words.str.contains(IN_A_NUMBER))
    if as_written(some).null_count() < len(some) or with_unit(some):
        return False
    return not any(read_dates(some, spelling).is_not_null().any() for spelling in DATE_FORMATS if len(some))


def type_read(column: pl.Series) -> pl.DataType:
    """The type of a column as it was read."""
    return pl.String() if column.dtype == pl.Enum else column.dtype


def as_read(column: pl.Series) -> pl.Series:
    """A column as it was read: words, and null where there is a gap."""
    if column.dtype == pl.Enum:
        return column.cast(pl.String)
    return column.fill_nan(None) if may_have_gaps(column) else column


def may_have_gaps(column: pl.Series) -> bool:
    """Whether the sum is no number, as it is where a cell is none: many files of one table are looked at one by one."""
    return column.dtype.is_float() and math.isnan(column.sum() or 0.0)


def all_as_read(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame with all columns `as_read`."""
    changed = [column for column in frame.iter_columns() if column.dtype == pl.Enum or may_have_gaps(column)]
    if not changed:
        return frame
    return frame.with_columns((side_by_side if len(frame) >= MANY else map)(as_read, changed))


def alike(frames: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """Parts of a table, each with numbers for the words that it has, with the same numbers in all."""
    named = [column.name for frame in frames for column in frame.iter_columns() if column.dtype == pl.Enum]
    kinds = {name: _kind([frame.get_column(name) for frame in frames]) for name in dict.fromkeys(named)}
    return [frame.with_columns(pl.col(name).cast(kind) for name, kind in kinds.items()) for frame in frames]


def _kind(columns: Sequence[pl.Series]) -> pl.Enum | type[pl.String]:
    """One type that has the words of all parts of a column."""
    if any(column.dtype == pl.String for column in columns):
        return pl.String
    words = [column.dtype.categories for column in columns if isinstance(column.dtype, pl.Enum)]
    known = pl.concat(words).unique().sort()
    return pl.Enum(known) if len(known) <= MOST else pl.String
