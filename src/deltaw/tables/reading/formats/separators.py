"""The delimiter of text: detected, and counted at the speed of memory."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice

import numpy as np

from deltaw.exceptions import SettingError
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.tables.reading.formats.careful import is_blank

# Candidates; of equally good ones the first is taken. The comma comes late since it is also a decimal mark (1,5;2,5),
# the space since it is in texts, and signs that seldom are delimiters last (Hive's is \x01).
DELIMITERS = ("\t", ";", "|", ",", " ", "^", "~", "\x01")
FOUND, OTHERS = ",;\t|", ":/&!"  # signs between fields that are found unless a line is quoted, and that are not
FEWEST_LINES = 3  # of a single field that may hold several
DELIMITER_NAMES = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}

# A line of fields at fixed places, between which stand several blanks; a tab among them is one more.
ALIGNED = re.compile(rb"\S  +\S")
# Least share of the first records with the same number of fields.
AGREEMENT = {"\t": 0.5, ";": 0.5, "|": 0.5, ",": 0.5, " ": 0.95, "^": 1.0, "~": 1.0, "\x01": 1.0}

# A field in quotes beside any of the delimiters, and a record, which may have several lines in quotes.
QUOTED = re.compile(rb"""(?<![^\t;|, ^~\x01\n])"(?:[^"]|"")*+"(?![^\t;|, ^~\x01\r\n])""")
RECORD = re.compile(rb"(?:" + QUOTED.pattern + rb"|[^\n\"]++|\")*+\n")
# Signs that are surely between fields (in a group): text has a blank behind them, &amp; is a sign, 1,5 a number.
PARTS = {";": re.compile(rb"&#?\w+;|(;(?! ))"), "|": re.compile(rb"(\|(?! ))")}
PARTS[","] = re.compile(rb"(?<![\w.,-])[+-]?[\d.]*\d,\d+(?![\w.,-])|(,(?! ))")

# A formula that is only a text, as programs write it for Excel: ="007". The regular expression is Python's and Polars'.
FORMULA = r'^="([^"]*)"$'
HEAD_RECORDS, HEAD_BYTES = 200, 1 << 22  # by which delimiter and header are detected
PIECE = 1 << 18  # bytes counted at a time, which stay in the cache


def checked(delimiter: str | None) -> str | None:
    """The given delimiter, by its name or itself. Raises SettingError if it is not one character."""
    if not isinstance(delimiter, str | None):
        raise SettingError("delimiter: expected one character", repr(delimiter), 'give "," or ";" or "tab", say')
    delimiter = DELIMITER_NAMES.get(delimiter or "", delimiter)
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'):
        raise SettingError("delimiter: expected one character", f'"{delimiter}"', 'give "," or ";" or "tab", say')
    return delimiter


def plain_fields(text: bytes, separator: str) -> bytes:
    """Text with single spaces between fields, if the separator is a space; else without spaces before quoted fields,
    and with quotes in these doubled that have a backslash before them, as MySQL and Spark write.
    """
    if separator == " ":
        return _unaligned(text)
    sign = re.escape(separator).encode()
    before, behind = rb"(?<![^\n" + sign + rb"])", rb"(?=[\r\n" + sign + rb"])"
    if re.search(rb'\\"(?![\r\n"' + sign + rb"])", text):
        escaped = before + rb'"(?:[^"\\]|\\.|"")*+"' + behind
        text = re.sub(escaped, lambda field: field[0].replace(b'\\"', b'""'), text, flags=re.DOTALL)
    if not re.search(sign + rb' +"(?!")', text):  # within a field quotes are doubled
        return text
    field = rb'"(?:[^"]|"")*+"'
    return re.sub(rb"(" + before + field + rb")|(?<=" + sign + rb") +(?=" + field + behind + rb")", rb"\1", text)


def _unaligned(text: bytes) -> bytes:
    """Text with columns aligned by spaces or tabs, with single spaces instead."""
    return re.sub(rb"^ +| +(?=\r?$)|(?<= ) +", b"", text.replace(b"\t", b" "), flags=re.MULTILINE)


def head_of(text: bytes, delimiter: str) -> list[list[str]]:
    """The first records that are not blank."""
    head = _cut(text).decode()
    records = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    first = list(islice((record for record in records if not is_blank(record)), HEAD_RECORDS))
    return [[re.sub(FORMULA, r"\1", cell) for cell in record] for record in first] if '="' in head else first


def end_of(text: bytes, delimiter: str, records: int) -> int:
    """The end of the first records that are not blank, and of the blank lines below them."""
    left, lines = records, (line.decode() for line in io.BytesIO(text))
    reader = csv.reader(lines, delimiter=delimiter)
    while left:
        left -= not is_blank(next(reader))
    rest = text[sum(map(len, islice(io.BytesIO(text), reader.line_num))) :]
    return len(text) - len(rest.lstrip(b"\r\n"))


def _cut(text: bytes) -> bytes:
    """The first lines of a text."""
    return text if len(text) <= HEAD_BYTES else text[: text.rfind(b"\n", 0, HEAD_BYTES) + 1] or text


def find_delimiter(text: bytes) -> str:
    """The delimiter by which most of the first records have the same number of fields (more than one); else a comma.

    Signs in quotes do not count. Of equally good ones a tab is taken, else the one that parts most fields: commas
    in numbers, signs before a blank and entities may be parts of a field.
    """
    lines = (QUOTED.sub(b"x", found[0]) for found in RECORD.finditer(_cut(text)))
    records = [*islice((line for line in lines if line.strip()), HEAD_RECORDS)]

    def parts(delimiter: str) -> int:
        signs = PARTS.get(delimiter)
        return 0 if signs is None else sum(map(bool, signs.findall(b"\n".join(records))))

    def goodness(delimiter: str) -> tuple[float, bool, int]:
        sign = delimiter.encode()
        widths = [len(record.split()) if delimiter == " " else 1 + record.count(sign) for record in records]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        # R's header has no name for the row names, NumPy's has a # before the names.
        other = widths[:1] in ([usual - 1], [usual + 1]) and {*widths[1:]} == {usual}
        share = widths.count(usual) / len(widths) if usual > 1 else 0.0
        of_units = delimiter == " " and other and widths[0] == 1  # a column of 12 kg
        if of_units or (1.0 if other and usual > 2 else share) < AGREEMENT[delimiter]:
            return 0.0, False, 0
        return share, delimiter == "\t", parts(delimiter)

    best = max(DELIMITERS, key=goodness)
    if not (share := goodness(best)[0]):
        return ","
    aligned = sum(map(bool, map(ALIGNED.search, records))) if best == "\t" else 0
    return " " if aligned > len(records) / 2 and goodness(" ")[0] >= share else best


def note_on_one_column(head: list[list[str]], asked: bool) -> tuple[str, ...]:
    """A note on lines of a single field that seem to hold several; `asked`: with the delimiter that was given."""
    lines = [record[0].strip() for record in head]
    if len(head[0]) > 1 or len(lines) < FEWEST_LINES:
        return ()
    if all("  " in line for line in lines):
        return (say("its fields seem to begin at fixed places: write it as CSV, e.g. by pandas.read_fwf"),)
    there = (sign for sign in FOUND + OTHERS if sign in lines[0] and len({line.count(sign) for line in lines}) == 1)
    if (sign := next(there, "")) and (asked or sign in OTHERS):
        line = 'its lines seem to have fields with "{sign}" between them: {option} if so'
        return (say(line, sign=sign, option=given_as("delimiter", sign)),)
    return (say("each line seems to stand in quotes as a whole: remove these"),) if sign else ()


def count_of(text: bytes, sign: str) -> int:
    """The number of occurrences of an ASCII character."""
    buffer, code = np.frombuffer(text, np.uint8), ord(sign)
    return sum(int(np.count_nonzero(buffer[start : start + PIECE] == code)) for start in range(0, len(text), PIECE))


def rectangle(text: bytes, delimiter: str, width: int) -> int:
    """The number of records if each has `width` fields, else 0; also 0 for some texts with quotes inside fields."""
    buffer, quoted, inside = np.frombuffer(text, np.uint8), b'"' in text, False
    records, begun = 0, np.empty(0, bool)
    for start in range(0, len(buffer), PIECE):
        piece = buffer[start : start + PIECE]
        line_ends = piece == ord("\n")
        ends = line_ends | (piece == ord(delimiter))
        if quoted:  # by the parity of quotes, since a doubled quote closes and opens again
            within = np.logical_xor.accumulate(piece == ord('"')) ^ inside
            inside = bool(within[-1])
            ends &= ~within
        fields = np.concatenate([begun, line_ends[ends]])  # whether each is the last of its line
        whole = len(fields) // width
        lines, begun = fields[: whole * width].reshape(whole, width), fields[whole * width :]
        if not lines[:, -1].all() or np.count_nonzero(lines) != whole:
            return 0
        records += whole
    return 0 if inside or len(begun) else records
