"""What stands between the fields of delimited text: found, and counted at the speed of memory."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice

import numpy as np

from deltaw.exceptions import SettingError
from deltaw.tables.reading.formats.careful import is_blank

# Candidates for the delimiter; of those that explain the first lines equally well, the first is taken. The comma comes
# late because it is also a decimal sign (1,5;2,5), the space last because words contain it.
DELIMITERS = ("\t", ";", "|", ",", " ")
DELIMITER_NAMES = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}

# The least share of the first lines that must have the same number of fields for a delimiter to be believed.
AGREEMENT = {"\t": 0.5, ";": 0.5, "|": 0.5, ",": 0.5, " ": 0.95}

HEAD_RECORDS, HEAD_BYTES = 200, 1 << 22  # what is looked at to find the delimiter and the header
PIECE = 1 << 18  # bytes that are looked at together: they stay in the cache


def checked(delimiter: str | None) -> str | None:
    """What a caller says stands between fields. Raises SettingError for what is not one character."""
    if not isinstance(delimiter, str | None):
        raise SettingError("delimiter: expected one character", repr(delimiter), 'give "," or ";" or "tab", say')
    delimiter = DELIMITER_NAMES.get(delimiter or "", delimiter)
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'):
        raise SettingError("delimiter: expected one character", f'"{delimiter}"', 'give "," or ";" or "tab", say')
    return delimiter


def plain_spaces(text: bytes, separator: str) -> bytes:
    """Text whose fields one separator parts, where that is a space."""
    return _unaligned(text) if separator == " " else text


def _unaligned(text: bytes) -> bytes:
    """Text whose columns are aligned by spaces or tabs, with one space between fields."""
    return re.sub(rb"^ +| +(?=\r?$)|(?<= ) +", b"", text.replace(b"\t", b" "), flags=re.MULTILINE)


def head_of(text: bytes, delimiter: str) -> list[list[str]]:
    """The first records that are not blank."""
    head = _cut(text).decode()
    records = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        return list(islice((record for record in records if not is_blank(record)), HEAD_RECORDS))
    except csv.Error:  # a field longer than csv's limit: the delimiter is wrong, or the quotes are
        return [[head]]


def _cut(text: bytes) -> bytes:
    """The first lines of a text."""
    return text if len(text) <= HEAD_BYTES else text[: text.rfind(b"\n", 0, HEAD_BYTES) + 1] or text


def find_delimiter(text: bytes) -> str:
    """The delimiter that gives most of the first lines the same number of fields (more than one); else the comma."""

    def agreement(delimiter: str) -> float:
        widths = [len(record) for record in head_of(_unaligned(head) if delimiter == " " else head, delimiter)]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        short = widths[:1] == [usual - 1]  # names, of which R leaves out that of row names
        share = (widths.count(usual) + (short and usual > 2)) / len(widths) if usual > 1 else 0.0
        return share if share >= AGREEMENT[delimiter] else 0.0

    head = _cut(text)
    best, most = ",", 0.0
    for delimiter in DELIMITERS:
        there = delimiter.encode() in head or (delimiter == " " and b"\t" in head)  # which becomes one
        if there and (share := agreement(delimiter)) > most:  # the first of equals
            best, most = delimiter, share
        if most == 1.0:  # to know the columns that spaces align, all of the head would be written anew
            break
    return best


def count_of(text: bytes, sign: str) -> int:
    """How often a sign of one byte stands there, at the speed of memory."""
    buffer, code = np.frombuffer(text, np.uint8), ord(sign)
    return sum(int(np.count_nonzero(buffer[start : start + PIECE] == code)) for start in range(0, len(text), PIECE))


def rectangle(text: bytes, delimiter: str, width: int) -> int:
    """The number of records if each has `width` fields, else 0; at the speed of memory.

    Right for text whose quotes enclose whole fields; quotes within fields may make it 0, which is looked into then.
    """
    buffer, quoted, inside = np.frombuffer(text, np.uint8), b'"' in text, False
    records, begun = 0, np.empty(0, bool)
    for start in range(0, len(buffer), PIECE):
        piece = buffer[start : start + PIECE]
        line_ends = piece == ord("\n")
        ends = line_ends | (piece == ord(delimiter))
        if quoted:  # a doubled quote closes and opens again, so the parity of quotes tells inside from outside
            within = np.logical_xor.accumulate(piece == ord('"')) ^ inside
            inside = bool(within[-1])
            ends &= ~within
        fields = np.concatenate([begun, line_ends[ends]])  # of each whether it ends its line
        whole = len(fields) // width
        lines, begun = fields[: whole * width].reshape(whole, width), fields[whole * width :]
        if not lines[:, -1].all() or np.count_nonzero(lines) != whole:
            return 0
        records += whole
    return 0 if inside or len(begun) else records
