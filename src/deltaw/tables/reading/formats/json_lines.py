"""JSON: an object per line, an array of objects or of lists, or one object that is a table (`rows_within`).

Names are columns, with null if an object lacks one.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import polars as pl

from deltaw.exceptions import TableError
from deltaw.speech import say
from deltaw.tables.reading.formats.encodings import decoded
from deltaw.tables.reading.formats.header import has_header
from deltaw.tables.reading.formats.separators import HEAD_RECORDS
from deltaw.tables.reading.frames import table_of, unnested
from deltaw.tables.reading.loading import check_size, limit
from deltaw.tables.reading.source import Source
from deltaw.tables.table import Table, check_names, clip

ENOUGH = 10  # cells of a column, rather than of a list in a row
CELL = 8  # bytes of a number in a frame
# A backslash, a surrogate pair, or a lone surrogate, as in tweets that were cut inside an emoji.
HALF = re.compile(rb"\\\\|\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(\\u[dD][89a-fA-F]\w\w)")
LINE_END = re.compile(r"\r\n?|\n")  # unlike `splitlines`, not U+2028, which may stand in a text
REMEDY = "give JSON Lines (an object a line), an array of objects, or CSV"


def read_json(file: Source) -> Table:
    """The table of a JSON file; objects in cells become columns, lists are kept; lone surrogates become U+FFFD.

    Raises:
        TableError: a line that is not an object, or too large a table.
    """
    data, title = decoded(file.data, file.name, file.reading.encoding)
    if b"\\ud" in data or b"\\uD" in data:
        data = HALF.sub(lambda found: b"\\ufffd" if found[1] else found[0], data)
    most = limit(file.reading.max_bytes)
    notes = [say("read as {encoding}", encoding=title)] if title else []
    frame = None if data.lstrip()[:1] == b"[" else _of_lines(data, file.name, most)
    if frame is None or (len(frame) <= 1 and (not frame.width or any(kind.is_nested() for kind in frame.dtypes))):
        rows, within = _objects(data.decode(), file.name)
        notes += [] if within is None else [say('the rows are those of "{name}" in the file', name=clip(within))]
        frame = _of_objects(rows, file.name, most)
    return table_of(unnested(frame, file.name), file.name, file.reading, notes)


def _of_lines(data: bytes, source: str, most: int) -> pl.DataFrame | None:
    """The frame as read by Polars; None if it fails (NaN, or a damaged line). Raises TableError as `_loads`."""
    try:
        _loads(data.lstrip().partition(b"\n")[0], source)  # Polars does not tell of a doubled name
    except _NoJSONError:
        return None
    try:
        schema = pl.scan_ndjson(io.BytesIO(data), infer_schema_length=None).collect_schema()
        check_size(source, CELL * len(schema) * (data.count(b"\n") + 1), most)
        return pl.read_ndjson(io.BytesIO(data), schema=schema)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None


class _NoJSONError(Exception):
    """What is wrong with a text that is no JSON."""


def _loads(text: str | bytes, source: str) -> Any:
    """`json.loads`, but a name that an object has twice is a TableError, since one of its cells would be lost; raises
    _NoJSONError for other text.
    """
    twice = list[list[str]]()

    def noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        twice.extend([[name for name, _ in pairs]] if len(found) < len(pairs) else [])
        return found

    try:
        whole = json.loads(text, object_pairs_hook=noted)
    except RecursionError:
        raise _NoJSONError(say("lists nested without end")) from None
    except ValueError as error:
        raise _NoJSONError(str(error).replace("line 1 column", "column")) from None
    for names in twice:
        check_names(names, source)
    return whole


def _objects(text: str, source: str) -> tuple[list[dict[str, Any]], str | None]:
    """(the rows as read by Python, the name that they have in a single object). Raises TableError if there are none."""
    expected = say("{source}: expected JSON Lines or an array of objects", source=source)
    try:
        whole = _loads(text, source)
    except _NoJSONError as mistake:
        if text.lstrip().startswith("["):
            raise TableError(expected, say("JSON with a mistake ({error})", error=mistake), "mend it") from None
        rows = [(number, line) for number, line in enumerate(LINE_END.split(text), 1) if line.strip()]
        return [_object(line, number, source) for number, line in rows], None
    if isinstance(whole, dict):
        if (found := rows_within(whole)) is None:
            raise TableError(expected, say("a single object"), REMEDY)
        return found
    if _are(whole, list) and len({*map(len, whole)}) == 1:
        return _of_lists(whole, source), None
    for number, each in enumerate(whole if isinstance(whole, list) else [whole], 1):
        if not isinstance(each, dict):
            raise TableError(expected, say("{sort} as element {number:,}", sort=_sort(each), number=number), REMEDY)
    return whole, None


def rows_within(whole: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None] | None:
    """The rows of one JSON object, and the name under which it has them, if any; None if it is no table.

    These are tables: the only list of objects in it ({"count": 2, "results": [{…}, {…}]}); columns as lists of one
    length, in it or in the only object in it that has several such of ENOUGH numbers; and what pandas' `to_json` writes
    by columns ({"age": {"0": 31, "1": 44}}), by rows or split. If any value is neither a list nor an object, it is a
    row.
    """
    if (rows := _of_columns(whole)) is not None:
        return rows, None
    names, cells = whole.get("columns"), whole.get("data")
    if isinstance(names, list) and isinstance(cells, list) and _are(cells, list) and {*map(len, cells)} == {len(names)}:
        rows = [dict(zip(map(str, names), row, strict=True)) for row in cells]
        return (rows, None) if len(rows[0]) == len(names) else None  # of two columns of one name, one would be lost
    if within := [name for name, each in whole.items() if isinstance(each, list) and _are(each, dict)]:
        return (whole[within[0]], within[0]) if len(within) == 1 else None
    parts = [(name, _of_columns(each) or []) for name, each in whole.items() if isinstance(each, dict)]
    if len(found := [(rows, name) for name, rows in parts if len(rows) >= ENOUGH and len(rows[0]) > 1]) == 1:
        return found[0]
    values = list(whole.values())
    alike = _are(values, dict) and all(each.keys() == values[0].keys() for each in values)
    if alike and (by_rows := _count(whole)) != _count(values[0]):
        return (values if by_rows else [{name: whole[name][key] for name in whole} for key in values[0]]), None
    return ([whole], None) if any(not isinstance(each, (list, dict)) for each in values) else None


def _of_columns(columns: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of columns as lists of one length; None for others."""
    values = list(columns.values())
    if not _are(values, list) or len({*map(len, values)}) > 1 or any(map(_has_nested, values)):
        return None
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _of_lists(rows: list[list[Any]], source: str) -> list[dict[str, Any]]:
    """The rows of lists of one length, of which the first may have the names."""
    head = [["" if cell is None else str(cell) for cell in row] for row in rows[:HEAD_RECORDS]]
    named = len(rows) > 1 and has_header(head)
    names = head[0] if named else [f"column_{i + 1}" for i in range(len(head[0]))]
    check_names(names, source)
    return [dict(zip(names, row, strict=True)) for row in rows[named:]]


def _are(values: list[Any], kind: type) -> bool:
    return bool(values) and all(isinstance(each, kind) for each in values)


def _has_nested(values: list[Any]) -> bool:
    return any(isinstance(each, (list, dict)) for each in values)


def _count(names: Iterable[str]) -> bool:
    """Whether these are numbers of rows rather than names of columns."""
    return all(name.isdigit() for name in names)


def _object(line: str, number: int, source: str) -> dict[str, Any]:
    expected = say("{source}: expected a JSON object in line {number:,}", source=source, number=number)
    try:
        found = _loads(line, source)
    except _NoJSONError as mistake:
        raise TableError(expected, say("a mistake ({reason})", reason=mistake), "mend the line") from None
    if not isinstance(found, dict):
        raise TableError(expected, _sort(found), REMEDY)
    return found


SORTS = {list: "a list", str: "text", bool: "a boolean", type(None): "null", dict: "an object"}


def _sort(value: Any) -> str:
    return say(SORTS.get(type(value), "a number"))


def _of_objects(rows: list[dict[str, Any]], source: str, most: int) -> pl.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    check_size(source, CELL * len(rows) * len(names), most)
    return pl.DataFrame({name: _column(name, [row.get(name) for row in rows]) for name in names})


def _column(name: str, cells: list[Any]) -> pl.Series:
    """A column; mixed types and integers beyond 64 bits become text."""
    with suppress(TypeError, pl.exceptions.PolarsError):
        found = pl.Series(name, cells, strict=False)
        if found.null_count() == cells.count(None):
            return found
    return pl.Series(name, [None if cell is None else str(cell) for cell in cells])
