"""Data frames of other libraries, and the conversion of all columns to a few types."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from types import NoneType
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl

from deltaw.exceptions import ColumnError, TableError
from deltaw.speech import say
from deltaw.tables.cells import FIRST, missing_to_null, typed
from deltaw.tables.decimals import valid_decimals
from deltaw.tables.missing import numbers_among
from deltaw.tables.notations import marked
from deltaw.tables.reading.answers import with_words
from deltaw.tables.reading.loading import NoRowsError, first_line
from deltaw.tables.reading.panics import quiet_panics
from deltaw.tables.reading.source import Reading
from deltaw.tables.table import NameOfFrame, Table, check_names

FRAME = "data frame"  # its name in messages
EXTENSION = pl.BaseExtension  # types of other libraries: intervals, periods
LONGEST = 4096  # numbers of a list that become columns
INDEX = re.compile(r"__index_level_\d+__")  # pyarrow's name of an unnamed index of pandas


def from_object(source: Any, reading: Reading) -> Table:
    """The table of a pandas, Polars or pyarrow frame, or any other with support by narwhals or the Arrow C stream.

    Raises TableError as `polars_of`, and for frames without rows.
    """
    levels = [str(name) for name in getattr(getattr(source, "index", None), "names", ()) if name is not None]
    name = NameOfFrame(FRAME, levels) if levels else FRAME
    return table_of(unnested(polars_of(source), name), name, reading)


def unnested(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """The frame with fields of objects in its cells as columns (place.lat, as pandas.json_normalize names them), and
    with the numbers of lists of one length (place.0, place.1); lists of words become text with commas.

    Raises TableError if a column has such a name already.
    """
    while any(parts := [_parts(column) for column in frame.iter_columns()]):
        columns = [each for i, found in enumerate(parts) for each in found or [frame.to_series(i)]]
        check_names((column.name for column in columns), source)
        frame = pl.DataFrame(columns)
    return frame


def _parts(column: pl.Series) -> list[pl.Series]:
    """The columns that a column of objects or lists is in place of; none for others."""
    kind, name = column.dtype, column.name
    if isinstance(kind, pl.Struct):
        return [part.alias(f"{name}.{part.name}") for part in column.struct.unnest()]
    column = column.arr.to_list() if isinstance(kind, pl.Array) else column
    kind = column.dtype
    if not isinstance(kind, pl.List):
        return []
    if kind.inner == pl.String:
        return [column.list.join(", ").alias(name)]
    lengths = column.list.len().drop_nulls().unique()
    longest = lengths[0] if len(lengths) == 1 else 0
    return [column.list.get(i).alias(f"{name}.{i}") for i in range(longest if longest <= LONGEST else 0)]


def polars_of(source: Any) -> pl.DataFrame:
    """A frame of any library as one of Polars, its columns of any types.

    Raises TableError for other objects, and duplicate column names.
    """
    import narwhals as nw

    if isinstance(source, pl.LazyFrame):
        source = source.collect()
    check_names(map(str, getattr(source, "column_names", getattr(source, "columns", ()))), FRAME)
    if isinstance(source, pl.DataFrame):
        return source
    try:
        if nw.dependencies.is_pandas_dataframe(source) and (few := _of_few_rows(source)) is not None:
            return few
        native = nw.from_native(source, eager_only=True, pass_through=True)
        if isinstance(native, nw.DataFrame):
            return _to_polars(native)
        if isinstance(nw.from_native(source, allow_series=True, pass_through=True), nw.Series) and not isinstance(
            source, pl.Series
        ):
            remedy = "give frame.iloc[[0]] for a row, series.to_frame() for a column"
            raise TableError("expected a path or a data frame", say("one row or column of one"), remedy)
        if hasattr(source, "__arrow_c_stream__"):
            with quiet_panics():
                return pl.DataFrame(source)
    except (TableError, ColumnError):
        raise
    except (Exception, pl.exceptions.PanicException) as error:  # of the other library
        expected = "expected a {frame} that Polars can read"
        raise TableError(expected, first_line(error), "simplify its columns", frame=FRAME) from None
    kind = f"{type(source).__module__}.{type(source).__qualname__}".removeprefix("builtins.")
    data = isinstance(source, bytes | bytearray | memoryview)
    remedy = "a file's bytes: io.BytesIO(…)" if data else "put the values in a pandas or Polars frame"
    raise TableError("expected a path or a data frame", kind, remedy)


def _of_few_rows(frame: Any) -> pl.DataFrame | None:
    """A small pandas frame without pyarrow, which takes half a millisecond for a row; None: of other columns than
    NumPy's and text.
    """
    if len(frame) > FIRST:
        return None
    made = {}
    for name, column in frame.items():
        cells = column.to_numpy()
        if cells.dtype.kind == "O":
            words = [None if _is_gap(cell) else cell for cell in cells.tolist()]
            if {*map(type, words)} - {str, NoneType}:
                return None
            try:
                made[str(name)] = pl.Series(words, dtype=pl.String)
            except UnicodeEncodeError:  # half a character, which the other way mends
                return None
        elif isinstance(column.dtype, np.dtype):
            made[str(name)] = series(str(name), cells)
        else:
            return None
    return pl.DataFrame(made)


def _to_polars(frame: Any) -> pl.DataFrame:
    """A narwhals frame as a Polars one; column by column if pyarrow is missing or fails."""
    if not all(isinstance(name, str) for name in frame.columns):
        frame = frame.rename({name: str(name) for name in frame.columns})
    try:
        with quiet_panics():
            found: pl.DataFrame = frame.to_polars()
        if "" in frame.columns:  # which Polars calls column_0
            found = found.rename({found.columns[frame.columns.index("")]: ""})
        own = [name for name, kind in found.schema.items() if isinstance(kind, EXTENSION) or kind == pl.Binary]
        return found.with_columns(_spelt(_column(frame.get_column(name))) for name in own) if own else found
    except (Exception, pl.exceptions.PanicException):
        return pl.DataFrame({column.name: _column(column) for column in frame.iter_columns()})


def _column(column: Any) -> pl.Series:
    """A narwhals column as a Polars one; cells of several types become text."""
    return _of_cells(column.name, [None if gap else cell for cell, gap in zip(column, column.is_null(), strict=True)])


def series(name: str, cells: Any) -> pl.Series:
    """A column from an array or a list, (n,); cells of mixed types become text, masked ones null."""
    if isinstance(cells, np.ma.MaskedArray):
        there = pl.Series(~np.ma.getmaskarray(cells))
        return pl.select(pl.when(there).then(series(name, cells.data)).alias(name)).to_series()
    array = np.asarray(cells)
    if array.dtype.kind == "M" and np.datetime_data(array.dtype)[0] not in ("D", "ns"):
        array = array.astype("datetime64[us]")  # which Polars has, of those that NumPy has
    if array.dtype.kind != "O" and array.ndim == 1:
        with suppress(TypeError, ValueError, pl.exceptions.PolarsError):
            return pl.Series(name, array)
    return _of_cells(name, [None if _is_gap(cell) else cell for cell in array.tolist()])


def _is_gap(cell: Any) -> bool:
    """Whether an object is a missing value of Python, NumPy or pandas."""
    known = cell is None or type(cell).__name__ in ("NAType", "NaTType")  # of pandas, which need not be there
    return known or (isinstance(cell, (float, np.floating, np.datetime64)) and bool(cell != cell))


def _of_cells(name: str, cells: Iterable[Any]) -> pl.Series:
    """A column from cells of any types; mixed types become text."""
    cells = list(map(_narrow, cells))
    try:
        return pl.Series(name, cells)
    except (TypeError, OverflowError, UnicodeEncodeError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if cell is None else _whole(_word(cell)) for cell in cells])


def _whole(text: str) -> str:
    """Text with U+FFFD for a lone surrogate (half an emoji)."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _word(cell: Any) -> str:
    """A cell as text, spelled as by `as_words`: true, 7 for 7.0."""
    if isinstance(cell, bool | np.bool_):
        return str(cell).lower()
    whole = isinstance(cell, float | np.floating) and float(cell).is_integer() and abs(float(cell)) < 2**53
    return str(int(cell)) if whole else str(cell)


def _of_bytes(column: pl.Series) -> pl.Series:
    """Bytes as text where all are (NumPy's S, SciPy's ARFF, older writers of Parquet), else as they are."""
    with suppress(pl.exceptions.PolarsError):
        words = column.cast(pl.String)
        return column if words.str.contains("\0", literal=True).any() else words
    return column


def _spelt(column: pl.Series) -> pl.Series:
    """Objects as text, such as intervals."""
    if column.dtype != pl.Object:
        return column
    return pl.Series(column.name, [None if cell is None else str(cell) for cell in column], pl.String)


def _narrow(cell: Any) -> Any:
    """A cell unchanged, except for a longdouble as a float, a period of pandas as its start, and a UUID as text."""
    if isinstance(cell, np.longdouble):
        return float(cell)
    if isinstance(cell, UUID):
        return str(cell)
    return cell.to_timestamp() if hasattr(cell, "to_timestamp") else cell


def table_of(frame: pl.DataFrame, source: str, reading: Reading, notes: Iterable[str] = ()) -> Table:
    """The table of a typed frame. Raises TableError as `plain`."""
    if index := [name for name in frame.columns if INDEX.fullmatch(name)]:
        frame = frame.drop(index)
    written, notations = frame if reading.written else None, reading.noted()
    found = plain(frame, source, replace(reading, notations=notations))
    return Table(found, source, None, None, (), tuple(notes), reading.missing, written, decimals=notations.decimals)


def plain(frame: pl.DataFrame, source: str, reading: Reading = Reading()) -> pl.DataFrame:  # noqa: B008  # frozen
    """The frame with columns of the types that the rest of the program knows, and null for missing values.

    These are integers, floats, Boolean, String, Date and Datetime (in UTC). Categories become words, decimals and
    integers of more than 64 bits floats, durations seconds, and times of day seconds since midnight. Lists, structs and
    objects are unchanged, and an error when such a column is used (`check_type`).

    Args:
        frame: any Polars frame.
        source: its name in messages.
        reading: words for missing values, columns that stay text, notations of numbers in text.

    Raises:
        TableError: no rows or no columns.
    """
    if frame.is_empty():
        found = say("no columns") if frame.width == 0 else say("only column names")
        raise NoRowsError("{source}: expected columns with rows", found, "give a table with rows", source=source)
    check_names(frame.columns, source)
    columns, markers = frame.get_columns(), bool(numbers_among(reading.missing))
    reading = with_valid_decimals(frame, reading)
    converted = [each if _is_plain(each, markers) else _converted(each, reading) for each in columns]
    same = all(a is b for a, b in zip(columns, converted, strict=True))
    return frame if same else pl.DataFrame(dict(zip(frame.columns, converted, strict=True)))


def with_valid_decimals(frame: pl.DataFrame, reading: Reading) -> Reading:
    """The reading with the decimal marks of training that still hold, judged by the first rows (`valid_decimals`)."""
    known = reading.decimals or {}
    some = [frame[name].head(FIRST) for name in known if frame.schema.get(name) == pl.String]
    return replace(reading, decimals=valid_decimals([missing_to_null(each, reading.missing) for each in some], known))


def _is_plain(column: pl.Series, markers: bool) -> bool:
    """Whether a column needs no conversion; `markers`: whether some numbers are missing values."""
    kind = column.dtype
    if kind in (pl.Boolean, pl.Date):
        return True
    if markers or not (kind.is_float() or kind.is_integer()) or kind == pl.Int128:
        return False
    return kind.is_integer() or not math.isnan(column.sum() or 0.0)  # the sum is NaN where a number is


def _of_objects(column: pl.Series) -> pl.Series:
    """Objects as floats if all are longdoubles, as text if all are UUIDs; else unchanged."""
    cells = [_narrow(cell) for cell in column]
    if all(cell is None or isinstance(cell, float) for cell in cells):
        return pl.Series(column.name, cells, pl.Float64).fill_nan(None)
    return pl.Series(column.name, cells) if all(cell is None or isinstance(cell, str) for cell in cells) else column


def _moments(column: pl.Series) -> pl.Series:
    """Times in UTC, since other files, and rows to be predicted, may have other zones."""
    kind = column.dtype
    bare = pl.Datetime(kind.time_unit) if isinstance(kind, pl.Datetime) else pl.Datetime("us")
    stamps, most = column.cast(pl.Int64), 2**53 if bare.time_unit == "ms" else 2**63 - 1  # microseconds are 64 bits too
    return stamps.clip(-most, most).cast(bare).cast(pl.Datetime("us"))


# (whether it is for a type, the conversion of a column).
CONVERSIONS: tuple[tuple[Callable[[Any], bool], Callable[[pl.Series], pl.Series]], ...] = (
    (lambda kind: kind.is_float(), lambda column: column.fill_nan(None)),
    (lambda kind: kind == pl.Int128 or kind.is_decimal(), lambda column: column.cast(pl.Float64)),
    (lambda kind: kind.is_integer() or kind in (pl.Boolean, pl.Date), lambda column: column),
    (lambda kind: kind in (pl.Categorical, pl.Enum, pl.Null), lambda column: column.cast(pl.String)),
    (lambda kind: kind == pl.Datetime, _moments),
    (lambda kind: kind == pl.Duration, lambda column: column.dt.total_microseconds() / 1e6),
    (lambda kind: kind == pl.Time, lambda column: column.cast(pl.Int64) / 1e9),
    (lambda kind: kind == pl.Object, _of_objects),
)


def _converted(column: pl.Series, reading: Reading) -> pl.Series:
    column = _of_bytes(column) if column.dtype == pl.Binary else column
    if column.dtype == pl.String and column.name not in reading.words:
        notation = marked(",", (reading.decimals or {}).get(column.name))
        return with_words(typed(column, notation, reading.missing, reading.notations), column, reading)
    convert = next((convert for matches, convert in CONVERSIONS if matches(column.dtype)), lambda column: column)
    written = convert(column)
    return with_words(missing_to_null(written, reading.missing), written, reading)
