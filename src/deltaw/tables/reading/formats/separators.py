"""The delimiter of text: detected, and counted at the speed of memory."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice

import numpy as np

from deltaw.exceptions import SettingError
from deltaw.tables.reading.formats.careful import is_blank

# Candidates; of equally good ones the first is taken. The comma comes late since it is also a decimal mark (1,5;2,5),
# the space since it is in texts, and signs that seldom are delimiters last (Hive's is \x01).
DELIMITERS = ("\t", ";", "|", ",", " ", "^", "~", "\x01")
DELIMITER_NAMES = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}

# A line of fields at fixed places, between which stand several blanks; a tab among them is one more.
ALIGNED = re.compile(rb"^.*\S  +\S.*$", re.MULTILINE)
# Least share of the first records with the same number of fields.
AGREEMENT = {"\t": 0.5, ";": 0.5, "|": 0.5, ",": 0.5, " ": 0.95, "^": 1.0, "~": 1.0, "\x01": 1.0}

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


def plain_spaces(text: bytes, separator: str) -> bytes:
    """Text with single spaces between fields, if the separator is a space."""
    return _unaligned(text) if separator == " " else text


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
    """The delimiter by which most of the first records have the same number of fields (more than one); else a comma."""

    def agreement(delimiter: str) -> float:
        widths = [len(record) for record in head_of(_unaligned(head) if delimiter == " " else head, delimiter)]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        # R's header has no name for the row names, NumPy's has a # before the names.
        other = widths[:1] in ([usual - 1], [usual + 1]) and {*widths[1:]} == {usual}
        share = (widths.count(usual) + (other and usual > 2)) / len(widths) if usual > 1 else 0.0
        if delimiter == " " and other and widths[0] == 1:  # a column of 12 kg
            return 0.0
        return share if share >= AGREEMENT[delimiter] else 0.0

    head = _cut(text)
    best, most = ",", 0.0
    for delimiter in DELIMITERS:
        there = delimiter.encode() in head or (delimiter == " " and b"\t" in head)
        if there and (share := agreement(delimiter)) > most:  # the first of equally good ones
            best, most = delimiter, share
        if most == 1.0:  # `_unaligned` is slow
            break
    lines, aligned = count_of(head, "\n"), len(ALIGNED.findall(head)) if best == "\t" else 0
    return " " if aligned > lines / 2 and agreement(" ") >= most else best


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
