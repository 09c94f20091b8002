"""A compact form of large training tables in memory.

A column of words becomes an Enum of Polars, with one or two bytes per row instead of sixteen. In columns of floats null
becomes NaN, so that they need no validity mask (`deltaw.tables.reading.places`). `as_read` gives a column as it was
read; floats can be used in either form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from deltaw.tables.cells import IN_A_NUMBER, as_written
from deltaw.tables.dates import are_dates
from deltaw.tables.units import with_unit
from deltaw.threads import side_by_side

MANY = 2**18  # rows; smaller tables take little memory
SOME = 2**14  # cells by which it is judged whether words repeat
MOST = 2**15  # distinct words; with more, lookups cost more than the memory is worth


def compacted(frame: pl.DataFrame, rows: int | None = None) -> pl.DataFrame:
    """The compact form of a large table; other tables unchanged. `rows`: of the whole table; None: these."""
    if (len(frame) if rows is None else rows) < MANY:
        return frame
    made = (side_by_side if len(frame) >= MANY else map)(_compacted, frame.get_columns())
    return frame.with_columns(found for found in made if found is not None)


def _compacted(column: pl.Series) -> pl.Series | None:
    """The compact form of a column; None if it stays as it is, as one without values does."""
    if column.dtype == pl.String:
        return as_enum(column) if column.head(SOME).n_unique() < SOME / 2 else None
    gaps = column.dtype.is_float() and 0 < column.null_count() < len(column)
    return column.fill_null(float("nan")) if gaps else None


def as_enum(column: pl.Series) -> pl.Series | None:
    """A column of words as Enum; None if it has too many distinct ones."""
    words = column.unique().drop_nulls()
    return column.cast(pl.Enum(words.sort())) if len(words) <= MOST else None


def are_words(column: pl.Series) -> bool:
    """Whether a column is words, in either form."""
    return column.dtype in (pl.String, pl.Enum)


def are_plain(column: pl.Series) -> bool:
    """Whether a column is an Enum whose words are neither numbers nor dates, so that words can be checked by value."""
    if not isinstance(column.dtype, pl.Enum):
        return False
    words = column.dtype.categories
    some = words.filter(words.str.contains(IN_A_NUMBER))
    if as_written(some).null_count() < len(some) or with_unit(some):
        return False
    return not are_dates(some)


def type_read(column: pl.Series) -> pl.DataType:
    """The type of `as_read`."""
    return pl.String() if column.dtype == pl.Enum else column.dtype


def as_read(column: pl.Series) -> pl.Series:
    """A column as it was read: words, and null for missing values."""
    if column.dtype == pl.Enum:
        return column.cast(pl.String)
    return column.fill_nan(None) if may_have_gaps(column) else column


def may_have_gaps(column: pl.Series) -> bool:
    """Whether a column has NaN: then the sum is NaN, which is cheap to check for each of many files."""
    return column.dtype.is_float() and math.isnan(column.sum() or 0.0)


def all_as_read(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame with all columns `as_read`."""
    changed = [column for column in frame.iter_columns() if column.dtype == pl.Enum or may_have_gaps(column)]
    if not changed:
        return frame
    return frame.with_columns((side_by_side if len(frame) >= MANY else map)(as_read, changed))


def with_common_enums(frames: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """Parts of a table with the same Enum types in all parts."""
    named = [column.name for frame in frames for column in frame.iter_columns() if column.dtype == pl.Enum]
    kinds = {name: _kind([frame.get_column(name) for frame in frames]) for name in dict.fromkeys(named)}
    return [frame.with_columns(pl.col(name).cast(kind) for name, kind in kinds.items()) for frame in frames]


def _kind(columns: Sequence[pl.Series]) -> pl.Enum | type[pl.String]:
    """A type for the words of all parts of a column."""
    if any(column.dtype == pl.String for column in columns):
        return pl.String
    words = [column.dtype.categories for column in columns if isinstance(column.dtype, pl.Enum)]
    known = pl.concat(words).unique().sort()
    return pl.Enum(known) if len(known) <= MOST else pl.String
