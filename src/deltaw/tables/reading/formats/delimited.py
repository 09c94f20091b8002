"""Delimited text: CSV, TSV and their relatives."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count
from typing import Any, NamedTuple

import polars as pl

from deltaw.exceptions import TableError
from deltaw.speech import say
from deltaw.tables import exact
from deltaw.tables.cells import missing_to_null, typed, with_decimal_points
from deltaw.tables.codes import are_codes, codes_in, has_shorter_integers
from deltaw.tables.held import are_plain, are_words, as_enum, as_read, may_have_gaps
from deltaw.tables.missing import numbers_among
from deltaw.tables.notations import COMMA, COMMAS, OPEN, POINT, Notations, marked
from deltaw.tables.reading.answers import with_words
from deltaw.tables.reading.formats.careful import careful_frame, rows_in_a_cell
from deltaw.tables.reading.formats.encodings import decoded, is_wide
from deltaw.tables.reading.formats.header import has_header, lacking, leaves_out_row_names
from deltaw.tables.reading.formats.heads import (
    above_notes,
    note_on_names,
    note_on_notes,
    note_on_total,
    notes_on_repeated,
    notes_on_rows,
    numbered,
    rows_above,
    rows_at_end,
    rows_below,
    rows_of_names,
    total_at_end,
    without_empty_end,
)
from deltaw.tables.reading.formats.marks import Marks, notes_on_marks
from deltaw.tables.reading.formats.pixels import SMALLEST
from deltaw.tables.reading.formats.printed import BAR, Printed
from deltaw.tables.reading.formats.separators import (
    FORMULA,
    HEAD_RECORDS,
    checked,
    count_of,
    end_of,
    find_delimiter,
    head_of,
    note_on_one_column,
    plain_fields,
    rectangle,
)
from deltaw.tables.reading.loading import NoRowsError
from deltaw.tables.reading.source import Reading
from deltaw.tables.table import check_names

KNOWN = "CSV, JSON, .xlsx, .ods, Parquet, Arrow, NPZ or IDX"  # formats, in messages
UNNAMED = "Unnamed: 0"  # name of a first column without one, which pandas and R write for row names; pandas' own name

SEPARATOR_LINE = re.compile(rb'"?sep=(\t|[!-~])"?\r?\n', re.IGNORECASE)  # a first line for Excel
COMMENT_LINES = re.compile(rb"(?:#[^\n]*\n)*")
NO_TEXT = re.compile(rb"[\x01-\x08\x0e-\x1f]")
DASHES = "a printed table: lines of dashes, and lines without its bars, are no rows"
PLACES = "its fields are read by the places at which they begin"
COMMENTS = ("#", "%", "//")  # what may be before the names, as a field of its own
TYPING_RECORDS = 1_000  # from which Polars guesses types; if wrong, the text is read again


class Records(NamedTuple):
    """The contents of delimited text.

    Attributes:
        frame: typed columns.
        named: whether the file has column names (else they are column_1, column_2, …).
        written: the raw text of all cells, if asked for.
        encoding: the detected one, "" for UTF-8.
        notes: other remarks for the user.
        rounded: names of rounded columns; see `deltaw.tables.reading.halving`.
        decimals: as in `Table`.
    """

    frame: pl.DataFrame
    named: bool
    written: pl.DataFrame | None
    encoding: str
    notes: tuple[str, ...] = ()
    rounded: tuple[str, ...] = ()
    decimals: Mapping[str, str] = {}  # never changed


def read_delimited(data: bytes, source: str, reading: Reading = Reading()) -> Records:  # noqa: B008  # frozen
    """Records of delimited text.

    Args:
        data: the whole file.
        source: the file's name in messages.
        reading: the options.

    Raises:
        TableError: not text, empty, only a header, ragged, or duplicate column names.
        SettingError: the delimiter is not one character, or there is no such encoding.
    """
    missing = reading.missing
    text, encoding = lines(data, source, reading.encoding)
    dialect, text = dialect_of(text, source, reading)
    words = reading.as_text & set(dialect.names)
    guesses = [{"infer_schema": False}] if reading.written else type_guesses(text, dialect, missing, words)
    frame = frame_of(text, dialect, source, missing, guesses)
    if frame.is_empty():
        expected, instead = "{source}: expected rows below the header", "give a file with data rows"
        raise NoRowsError(expected, say("only the header"), instead, source=source)
    note = None
    if b'"' in text and count_of(text, "\n") > len(frame) + dialect.named:
        note = rows_in_a_cell(frame, dialect.separator, dialect.above + dialect.named)
    notations = reading.noted()
    found = typed_frame(frame, dialect, reading, notations)

    def written(names: list[str]) -> pl.DataFrame:
        if all(frame.schema[name] == pl.String for name in names):
            return frame[names]
        return frame_of(text, dialect, source, missing, [{"infer_schema": False}])[names]

    points = notes_on_marks(frame, missing, dialect.separator, dialect.marks, notations.decimals)
    notes = (
        *dialect.notes,
        *([] if note is None else [note]),
        *points,
        *exact.notes(exact.rounded_of_text(found, written)),
    )
    cells = frame if reading.written else None
    return Records(found, dialect.named, cells, encoding, notes, decimals=notations.decimals)


class Dialect(NamedTuple):
    """The format of a text.

    Attributes:
        separator: between fields.
        names: of the columns.
        named: whether the text begins with a header.
        above: number of lines before the text.
        marks: decimal marks.
        notes: on lines that are no rows.
        printed: how, or None.
    """

    separator: str
    names: list[str]
    named: bool
    above: int = 0
    marks: Marks = Marks()
    notes: tuple[str, ...] = ()
    printed: Printed | None = None

    @property
    def notation(self) -> str:
        """The separator with the prefix for the file's decimal marks (`deltaw.tables.notations.notations_by`)."""
        return {COMMA: COMMAS, POINT: OPEN, "": ""}[self.marks.file] + self.separator

    def plain(self, text: bytes) -> bytes:
        """Later text with one separator between fields."""
        return plain_fields(text if self.printed is None else self.printed.plain(text), self.separator)

    @property
    def inside(self) -> Dialect:
        """The format of later text of the same file."""
        return self._replace(named=False)


def dialect_of(text: bytes, source: str, reading: Reading) -> tuple[Dialect, bytes]:
    """(the format by the first lines, the text of the records). Raises TableError."""
    given = SEPARATOR_LINE.match(text)
    begin = given.end() if given else _after_comments(text)
    text, above = text[begin:], count_of(text[:begin], "\n")  # lines before the text
    separator = checked(reading.delimiter) or (given[1].decode() if given else "")
    printed = Printed.of(text) if separator in ("", BAR) else None
    text = text if printed is None else printed.plain(text)
    told, asked = DASHES, separator
    separator = separator or (BAR if printed else find_delimiter(text))
    if not asked and not printed and len(next(iter(head_of(text, separator)), ())) == 1:
        told, printed = PLACES, Printed.aligned(text)
        separator, text = (BAR, printed.plain(text)) if printed else (separator, text)
    text = plain_fields(text, separator)
    head = above_notes(head_of(text, separator))
    if not head:
        expected, instead = "{source}: expected a header and rows", "give a file with rows"
        raise TableError(expected, say("only quotes and spaces"), instead, source=source)
    if len(head[0]) > 1:  # in a single column a blank line is a missing value
        blank = len(text) - len(text.lstrip(b"\r\n"))
        above, text = above + count_of(text[:blank], "\n"), text[blank:]
    title = rows_above(head)
    if title:
        end, head = end_of(text, separator, title), head[title:]
        text, above = text[end:], above + count_of(text[:end], "\n")
    over, joined = rows_of_names(head, reading.missing)
    begins = above
    if over:
        end, head = end_of(text, separator, over), [*([joined] if joined else []), *head[over:]]
        text, above = record(joined, separator) + text[end:], above + count_of(text[:end], "\n") - bool(joined)
    below = rows_below(head, reading.missing)
    apart = title or (over and not joined) or (begin and not given)
    notes = notes_on_rows(above if apart else 0, head[1 : 1 + below])
    notes += (note_on_names(begins, over, joined),) if joined else ()
    notes += (say(told),) if printed else ()
    if below:
        begin, end = (end_of(text, separator, count) for count in (1, 1 + below))
        text, above = text[:begin] + text[end:], above + count_of(text[begin:end], "\n")
        head = [head[0], *head[1 + below :]]
    named = has_header(head, reading.missing)
    if named and (more := lacking(head)):  # all rows end with more separators than the header
        end = len(text[: text.index(b"\n")].rstrip(b"\r"))
        text, head[0] = text[:end] + more * separator.encode() + text[end:], head[0] + [""] * more
    elif named and head[0][0] in COMMENTS and {len(record) + 1 for record in head[1:]} == {len(head[0])}:
        text, head[0] = text[text.index(separator.encode()) + 1 :], head[0][1:]  # as numpy.savetxt marks the names
    elif named and leaves_out_row_names(head, surely := separator not in ", " or text.partition(b"\n")[2][:1] == b'"'):
        text, head[0] = separator.encode() + text, ["", *head[0]]
        notes += () if surely else (say("the first column, which counts the rows, has no name in the header"),)
    if len(head[0]) > 1:
        text = without_empty_end(text, separator)
    if (end := rows_at_end(text, separator, len(head[0]))) < len(text):
        cell = text[end:].decode().strip(separator + '" \r\n').partition("\n")[0].rstrip(separator + '" \r')
        text, notes = text[:end], (*notes, note_on_notes(cell))
    if word := total_at_end(text, separator):
        text, notes = text[: text.rfind(b"\n", 0, -1) + 1], (*notes, note_on_total(word))
    notes += note_on_one_column(head, bool(reading.delimiter))
    names = _names(head[0], source) if named else [f"column_{i + 1}" for i in range(len(head[0]))]
    notes += notes_on_repeated(head[0]) if named else ()
    marks = Marks.of(head[named:], names, separator, reading.missing, reading.decimals)
    return Dialect(separator, names, named, above, marks, notes, printed), text


def record(cells: list[str], separator: str) -> bytes:
    """A line with these cells; none without cells."""
    csv.writer(line := io.StringIO(), delimiter=separator, lineterminator="\n").writerows([cells] if cells else [])
    return line.getvalue().encode()


def _after_comments(text: bytes) -> int:
    """The beginning of the last of many comment lines (#), since it may have the names; 0 if there are not many."""
    comments = COMMENT_LINES.match(text)[0]  # type: ignore[index]  # it always matches
    many = len(comments) < len(text) and count_of(comments, "\n") >= HEAD_RECORDS // 2
    return comments.rfind(b"\n", 0, -1) + 1 if many else 0


def frame_of(
    text: bytes, dialect: Dialect, source: str, missing: tuple[str, ...],
    guesses: Iterable[dict[str, Any]] | None = None, above: int | None = None,
) -> pl.DataFrame:  # fmt: skip
    """The records as read by Polars, or else by Python, with raw text. Raises TableError.

    Args:
        guesses: of types.
        above: number of lines before the text, if not the dialect's.
    """
    separator, names, named, before, *_ = dialect
    if guesses is None:
        guesses = type_guesses(text, dialect, missing)
    frame = _regular_frame(text, separator, names, named, guesses)
    if frame is not None:
        frame = _with_late_codes(frame, text, dialect, missing)
    else:
        frame = careful_frame(text, separator, names, named, source, before if above is None else above)
    return frame.with_columns(pl.col(pl.String).str.replace(FORMULA, "$1")) if b'="' in text else frame


def _with_late_codes(frame: pl.DataFrame, text: bytes, dialect: Dialect, missing: tuple[str, ...]) -> pl.DataFrame:
    """The frame with text in columns of codes whose first records have no leading zeros: if later integers have fewer
    digits, the text is read again.
    """
    whole = (column for column in frame.iter_columns() if column.dtype == pl.Int64)
    late = [column.name for column in whole if has_shorter_integers(column)]
    if not late:
        return frame
    kinds = {name: pl.String if name in late else kind for name, kind in frame.schema.items()}
    guesses: list[dict[str, Any]] = [{"schema_overrides": kinds}, {"infer_schema": False}]
    again = _regular_frame(text, dialect.separator, dialect.names, dialect.named, guesses)
    if again is None:
        return frame
    return frame.with_columns(again[name] for name in late if are_codes(missing_to_null(again[name], missing)))


def typed_frame(frame: pl.DataFrame, dialect: Dialect, reading: Reading, notations: Notations) -> pl.DataFrame:
    """The frame with each column converted by its cells, except for `reading.words`; adds to `notations`."""
    missing = reading.missing
    numbers = [column for column in frame.iter_columns() if column.dtype.is_numeric() and numbers_among(missing)]
    texts = [column for column in frame.iter_columns() if are_words(column)]
    notations.see(frame, dialect.notation)
    made = [_typed(column, dialect, reading, notations) for column in texts]
    made += [missing_to_null(column, missing) for column in numbers]
    same = all(a is b for a, b in zip([*texts, *numbers], made, strict=True))
    return frame if same else frame.with_columns(made)


def _typed(column: pl.Series, dialect: Dialect, reading: Reading, notations: Notations) -> pl.Series:
    """A converted column of text; words stay Enum."""
    notation = marked(dialect.notation, dialect.marks.known.get(column.name))
    if are_plain(column) and isinstance(column.dtype, pl.Enum):  # convert each distinct word
        each = column.dtype.categories
        if typed(each, notation, reading.missing).equals(each):
            return column
    text = as_read(column)
    if column.name in reading.words:
        found = missing_to_null(text, reading.missing)
        found = found if reading.notations is None else with_decimal_points(found, notation, notations)
    else:
        found = typed(text, notation, reading.missing, notations)
    found = with_words(found, text, reading)
    held = as_enum(found) if column.dtype == pl.Enum and found.dtype == pl.String else None
    return found if held is None else held


def check_head(head: bytes, source: str, more: bool, encoding: str | None = None) -> None:
    """Raise TableError for binary data and endless lines, before the whole file is read.

    Args:
        head: the first bytes.
        source: the file's name in messages.
        more: whether the file is longer.
        encoding: given by the user, or None.
    """
    if encoding is None and not is_wide(head):
        _refuse_zero(head, source)
    if more and b"\n" not in head and b"\r" not in head:
        found = say("a first line of more than {n:,} bytes", n=len(head))
        raise TableError(
            "{source}: expected a table with a line for each row", found, "give a file with line ends", source=source
        )


def _refuse_zero(data: bytes, source: str, before: int = 0) -> None:
    if (position := data.find(b"\0")) >= 0:
        found = say("binary data (a zero byte at position {position:,})", position=before + position)
        remedy = say("give {known}", known=say(KNOWN))
        if b"\n" in data[:position] and not NO_TEXT.search(data, 0, position):
            found = say("a zero byte at position {position:,}, amidst text", position=before + position)
            remedy = say("remove such bytes, which loggers leave where their power failed")
        raise TableError(say("{source}: expected a table", source=source), found, remedy)


def lines(data: bytes, source: str, encoding: str | None, before: tuple[int, int] = (0, 0)) -> tuple[bytes, str]:
    r"""(the text as UTF-8 with \n at line ends and no blank lines at the end, its encoding); see `decoded`."""
    data, found = decoded(data, source, encoding, before)
    if not data or data.isspace():
        raise NoRowsError(
            "{source}: expected a table", say("an empty file"), "give a file with a header and rows", source=source
        )
    _refuse_zero(data, source, before[0])
    if b"\r" in data and b"\n" not in data:  # line ends of old Macs
        data = data.replace(b"\r", b"\n")
    whole = data.endswith(b"\n") and not data.endswith((b"\n\n", b"\n\r\n"))
    return data if whole else data.rstrip(b"\r\n") + b"\n", found


def _names(header: list[str], source: str) -> list[str]:
    cells = [cell.strip() for cell in header]
    free = (name for name in chain([UNNAMED], (f"{UNNAMED}.{i}" for i in count(1))) if name not in cells)
    names = numbered([cell or (f"column_{i + 1}" if i else next(free)) for i, cell in enumerate(cells)])
    check_names(names, source)
    return names


def _regular_frame(
    text: bytes, delimiter: str, names: list[str], named: bool, guesses: Iterable[dict[str, Any]]
) -> pl.DataFrame | None:
    """The frame as read by Polars, or None if quotes, blank lines or ragged lines need `careful_frame`.

    Polars pads short records with nulls, so fields are counted. Without quotes the total number of separators, and no
    null in the last column, show that no record is too short, and therefore none too long.
    """
    quoted, width, ends = b'"' in text, len(names), count_of(text, "\n")
    records = rectangle(text, delimiter, width) if quoted else ends
    if records == 0 or not text[: text.index(b"\n")].strip():
        return None
    if not quoted and count_of(text, delimiter) != ends * (width - 1):
        return None
    for guess in guesses:
        try:
            frame = pl.read_csv(io.BytesIO(text), separator=delimiter, has_header=named, new_columns=names, **guess)
        except (pl.exceptions.PolarsError, OSError):  # another type in a later cell; or text that looks like zlib
            continue
        if frame.shape == (records - named, width):
            gaps = [column.fill_nan(None) for column in frame.iter_columns() if may_have_gaps(column)]
            frame = frame.with_columns(gaps) if gaps else frame
            complete = quoted or not frame.to_series(-1).null_count()
            return frame if complete or rectangle(text, delimiter, width) else None
    return None


def type_guesses(
    text: bytes, dialect: Dialect, missing: tuple[str, ...], words: Iterable[str] = ()
) -> Iterator[dict[str, Any]]:
    """Arguments of Polars for the columns' types, the fastest first; the last always fits. `words`: columns of text.

    With decimal commas a point may be a thousands separator, unknown to Polars: everything is read as text.
    """
    if dialect.marks.file == COMMA:
        yield {"infer_schema": False}
        return
    head, named = head_of(text, dialect.separator), dialect.named
    cells = [cell for record in head[named:] for cell in record]
    if len(head[0]) >= SMALLEST and all(cell.isdecimal() and len(cell) <= 3 for cell in cells):
        yield {"schema_overrides": [pl.UInt8] * len(head[0])}  # probably pixels
    spellings = [spelling for word in missing for spelling in (word, word.upper(), word.capitalize())]
    spellings += ["NaN"] if "nan" in missing else []
    words = [*words, *(name for name, mark in dialect.marks.known.items() if mark == COMMA)]
    codes = codes_in(text, *dialect[:3], missing)
    guess = {"infer_schema_length": TYPING_RECORDS, "schema_overrides": dict.fromkeys([*words, *codes], pl.String)}
    yield guess
    yield guess | {"null_values": spellings}
    yield {"infer_schema": False}
