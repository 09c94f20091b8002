"""Detecting the encoding of text.

UTF-8, UTF-16 and ISO-2022 have a recognisable form. In other encodings of Chinese, Japanese and Korean nearly all bytes
are valid: the one is chosen whose characters are mostly frequent ones of its language (`letters`). Encodings of one
byte a sign (Windows-1252, KOI8-U, …) accept any bytes: one is chosen if its signs stand where a language has them, and
those of all others do not (`alphabets`). Else the user has to choose, and is shown a word in each.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from deltaw.exceptions import SettingError, TableError
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.tables.reading.formats.alphabets import Alphabet, alphabet_of
from deltaw.tables.reading.formats.letters import JAPANESE, KOREAN, SIMPLIFIED, TRADITIONAL
from deltaw.tables.table import clip, suggested

UTF8 = "utf-8"
MARKS = (
    (codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip

# Encodings with escape sequences in ASCII bytes, of e-mail and older systems.
ESCAPED = ((b"\x1b$)C", "iso2022_kr", "ISO-2022-KR"), (b"\x1b$", "iso2022_jp_ext", "ISO-2022-JP"))


class Language(NamedTuple):
    """An encoding that is recognised by its characters.

    Attributes:
        codec: Python's name of its largest variant.
        title: its usual name.
        frequent: frequent characters of the language.
    """

    codec: str
    title: str
    frequent: frozenset[str]


LANGUAGES = (
    Language("gb18030", "GB18030", SIMPLIFIED),
    Language("big5hkscs", "Big5", TRADITIONAL | {c for c in SIMPLIFIED if c.encode("big5", "ignore")}),
    Language("cp932", "Shift_JIS", JAPANESE),
    Language("euc_jp", "EUC-JP", JAPANESE),
    Language("cp949", "EUC-KR", KOREAN),
)
# Least share of frequent characters (wrong encodings reach a third of it, see tests/tables/reading/test_encodings.py),
# their least number, and the least ratio to the second best share.
SHARE, FEWEST, LEAD = 0.4, 2, 1.5
SAMPLE = 1 << 16  # bytes of lines with other characters than ASCII that are checked

# Offered to the user if none is detected, in this order: SHOWN of them that decode the word differently.
OFFERED = ("windows-1252", "windows-1250", "windows-1251", "gb18030", "big5", "shift_jis", "euc-kr", "windows-1253")
SHOWN = 4
COMMON = (*OFFERED, "utf-8", "utf-16", "gbk", "euc-jp", "latin-1", "iso-8859-15", "koi8-r")  # for "did you mean"
BOMS = re.compile(rb"(?:\xef\xbb\xbf)*")  # several, if several programs have written one
UNPRINTABLE = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x80-\xff]")
# A line with such bytes, found from its beginning alone: a line may be as long as a file.
BEYOND = re.compile(rb"(?<![^\r\n])[^\r\n\x80-\xff]*[\x80-\xff][^\r\n]*")
SEPARATOR, WORD = re.compile(rb"[\x00-\x2f;|]"), 12  # end of a word, and most bytes on each side of the wrong byte


def decoded(
    data: bytes, source: str, encoding: str | None = None, before: tuple[int, int] = (0, 0)
) -> tuple[bytes, str]:
    """(the text as UTF-8 without a byte order mark, the name of the detected encoding, "" for UTF-8).

    Args:
        data: the whole file.
        source: its name in messages.
        encoding: Python's name of one; None: detected.
        before: numbers of bytes and lines of the file before these, if they are a piece of it.

    Raises:
        TableError: invalid bytes in the encoding, or none detected.
        SettingError: an encoding that Python does not know.
    """
    if encoding is not None:
        asked = say("{encoding}, as asked", encoding=encoding)
        return _as_utf8(_strictly(data, codec(encoding), source, asked, before)), ""
    found = marked(data) or _wide(data) or UTF8
    if found == UTF8 and data.isascii():  # without a copy
        return _unescaped(data) or (data, "")
    try:
        text = data.decode(found)
    except UnicodeDecodeError as error:
        language = _language(data) if found == UTF8 and not _is_damaged(data) else None
        if language is None:
            raise _unknown(data, source, found, error, before) from None
        why = say("{encoding}, as most of it is", encoding=language.title)
        return _as_utf8(_strictly(data, language.codec, source, why, before)), language.title
    if found == UTF8:
        return data[len(BOMS.match(data)[0]) :], ""  # type: ignore[index]  # it always matches
    return _as_utf8(text), found.upper()


def _unescaped(data: bytes) -> tuple[bytes, str] | None:
    """The result of `decoded` for text with escape sequences; None for other text."""
    for sequence, name, title in ESCAPED if b"\x1b" in data else ():
        with suppress(UnicodeDecodeError):
            if sequence in data:
                return _as_utf8(data.decode(name)), title
    return None


def _as_utf8(text: str) -> bytes:
    return text.lstrip("\ufeff").encode()


def codec(name: str) -> str:
    """Python's name of the encoding. Raises SettingError for an unknown one, or one that is not for text."""
    try:
        found = codecs.lookup(name)
        if not found._is_text_encoding:
            raise LookupError
    except (LookupError, TypeError, ValueError):
        remedy = suggested(str(name), COMMON, say("give e.g. gb18030, utf-16 or windows-1252"))
        raise SettingError("encoding: expected one that Python knows", clip(repr(name)), remedy) from None
    return found.name


def marked(data: bytes) -> str | None:
    """The encoding by the byte order mark, or None."""
    return next((encoding for mark, encoding in MARKS if data.startswith(mark)), None)


def is_wide(head: bytes) -> bool:
    """Whether text with these first bytes is in an encoding with zero bytes, such as UTF-16."""
    return (marked(head) or UTF8) != UTF8 or _wide(head) is not None


def _wide(data: bytes) -> str | None:
    """UTF-16 without a byte order mark, in which ASCII characters have zeros in one half of the bytes; or None.

    Printable ASCII with a few zeros is rather damaged than Chinese.
    """
    head = data[:4096]
    halves = {"utf-16-le": head[1::2].count(0), "utf-16-be": head[::2].count(0)}
    encoding = max(halves, key=lambda each: halves[each])
    if halves[encoding] < len(head) / (40 if UNPRINTABLE.search(head) else 4) or not head:
        return None
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return None
    odd = sum(unicodedata.category(sign) in ("Cc", "Cn", "Co") and sign not in "\t\r\n" for sign in text)
    return encoding if ("\n" in text or "\r" in text) and not odd else None


def _strictly(data: bytes, encoding: str, source: str, expected: str, before: tuple[int, int]) -> str:
    try:
        text = data.decode(encoding)
        text.encode()  # halves of signs, which some encodings can write
        return text
    except UnicodeDecodeError as error:
        found, advice = _wrong_byte(data, error.start, before), "mend the line, or give another"
    except UnicodeError as error:
        found, advice = say("other bytes ({error})", error=error), "give another"
    raise TableError("{source}: expected text in {expected}", found, advice, source=source, expected=expected)


def _wrong_byte(data: bytes, position: int, before: tuple[int, int]) -> str:
    """A byte and its place in the file."""
    line = before[1] + data.count(b"\n", 0, position) + 1
    place = say("at position {position:,} (line {line:,})", position=before[0] + position, line=line)
    return say("byte 0x{data:02x} {place}", data=data[position], place=place)


def _is_damaged(data: bytes) -> bool:
    """Whether most bytes beyond ASCII are UTF-8, and some are not."""
    beyond = len(data.translate(None, bytes(range(128))))
    return 2 * len(data.decode(errors="ignore").encode().translate(None, bytes(range(128)))) > beyond


def _language(data: bytes) -> Language | Alphabet | None:
    """The encoding in which some lines have mostly frequent characters, or usual pairs of signs; None if none is
    clearly ahead, or one of each kind is.
    """
    lines = islice(BEYOND.finditer(data), SAMPLE)
    sample, size = [], 0
    for line in lines:
        sample.append(line[0][:SAMPLE])
        size += len(sample[-1])
        if size >= SAMPLE:
            break
    shares = sorted(((_share(sample, each), each) for each in LANGUAGES), key=lambda pair: -pair[0])
    (best, language), (second, _) = shares[:2]
    alphabet = alphabet_of(sample)
    if best < SHARE or best < LEAD * second:
        return alphabet
    return language if alphabet is None else None


def _share(lines: Iterable[bytes], language: Language) -> float:
    """The share of frequent characters beyond ASCII; 0 if a line is invalid, or there are too few."""
    try:
        text = b"\n".join(lines).decode(language.codec)
    except UnicodeDecodeError:
        return 0.0
    letters = [sign for sign in text if not sign.isascii() and sign.isalpha()]
    frequent = sum(sign in language.frequent for sign in letters)
    return frequent / len(letters) if frequent >= FEWEST else 0.0


def _unknown(data: bytes, source: str, encoding: str, error: UnicodeDecodeError, before: tuple[int, int]) -> TableError:
    """The error if no encoding is detected, which shows the word in several encodings."""
    line, place = _line(data, error.start)
    left, right = SEPARATOR.split(line[:place])[-1], SEPARATOR.split(line[place:])[0]
    word = left[-WORD:] + right[:WORD]
    readings: dict[str, str] = {}
    for name in OFFERED if encoding == UTF8 else ():
        with suppress(UnicodeDecodeError):
            line.decode(name)
            readings.setdefault(word.decode(name), name)
    shown = ", ".join(f'{name} ("{text}")' for text, name in list(readings.items())[:SHOWN])
    found = _wrong_byte(data, error.start, before)
    advice = "mend it, or give the encoding ({option}) that reads it right: {shown}, …" if shown else "mend the line"
    wanted = "{source}: expected text in {upper}"
    return TableError(
        wanted, found, advice, source=source, upper=encoding.upper(), shown=shown, option=given_as("encoding")
    )


def _line(data: bytes, position: int) -> tuple[bytes, int]:
    """(the line with a byte, the position of the byte in it)."""
    begin, end = data.rfind(b"\n", 0, position) + 1, data.find(b"\n", position)
    return data[begin : len(data) if end < 0 else end], position - begin
