"""Everything that DeltaW raises on purpose.

::

    DeltaWError
    ├── InputError (ValueError)      what was given cannot be used; the command line exits with 2
    │   ├── SettingError             an argument or option: its name, type or value
    │   ├── TableError               a file or frame: missing, unreadable, ragged, empty
    │   ├── ColumnError              a column: missing, of another kind, a bad cell in it
    │   └── ModelFileError           a .deltaw file: truncated, foreign, or tampered with
    ├── MissingError (ImportError)   an optional part that is not installed
    └── OutputError (OSError)        a result that could not be written

    KeyboardInterrupt
    └── TrainingInterrupted          Ctrl-C during training; carries what was learnt until then

Every message is one line and says, in this order: what was expected, what was found, what to do. It quotes at most
`QUOTED` characters of a name, a cell or a value, whoever raises it. An error says it in the language that is chosen
where it is raised: `expected` and `remedy` are sentences of `deltaw.speech`, with the values for their fields by name,
`found` is anybody's data, or said already:

    raise TableError("{path}: expected a header", say("{n} rows", n=0), "give a table with one", path=path)
"""

from __future__ import annotations

import errno
import os
import re
import signal
from typing import Any

from deltaw.signs import one_line
from deltaw.speech import say

QUOTED = 200  # characters of anybody's data
PART = 400  # characters of a part of a message, in which there are words of ours too
_DATA = re.compile(rf'"[^"]{{{QUOTED + 1},}}"|\S{{{QUOTED + 1},}}')


class DeltaWError(Exception):
    """The root of all errors that DeltaW raises on purpose.

    Attributes:
        expected, found, remedy: what was expected, what was found, what to do: the parts of its line, which is `str`
            of it, in the language that is chosen.
    """

    def __init__(self, expected: str, found: str = "", remedy: str = "", /, **values: object) -> None:
        said, remedy = say(expected, **values), say(remedy, **values)
        self.expected, self.found, self.remedy = short(said), short(found, QUOTED), short(remedy)
        message = say("{expected}, found {found}", expected=self.expected, found=self.found)
        message = message if self.found else self.expected
        message = say("{message}; {remedy}", message=message, remedy=self.remedy) if self.remedy else message
        super().__init__(message)


# What systems say most often, each in its own language or in English.
_SYSTEM: dict[int, str] = {
    errno.ENOENT: "no such file",
    errno.EISDIR: "a folder",
    errno.ENOTDIR: "a file where a folder should be",
    errno.EEXIST: "a file of that name",
    errno.EACCES: "no permission",
    errno.EROFS: "a place that is read-only",
    errno.ENOSPC: "No space left on device",
    errno.EPIPE: "no reader at the other end",
    errno.EIO: "an input/output error",
    errno.ENAMETOOLONG: "a name that is too long",
}
_UNNUMBERED = {FileNotFoundError: errno.ENOENT, PermissionError: errno.EACCES}  # as Polars raises them


def reason(error: OSError) -> str:
    """What the system found, in the language that is chosen where it is one of the usual faults."""
    known = _SYSTEM.get(error.errno or _UNNUMBERED.get(type(error), 0))
    return say(known) if known else error.strerror or str(error)


def short(text: str, length: int = PART) -> str:
    """Text as one line of at most `length` visible signs, `QUOTED` of them of a word or of what stands in quotes."""
    text = _DATA.sub(lambda match: _cut(match[0], QUOTED), one_line(" ".join(text.split())))
    return _cut(text, length)


def _cut(text: str, length: int) -> str:
    """Without its middle: the ends say most of a path."""
    end = length // 3
    return text if len(text) <= length else f"{text[: length - 1 - end]}…{text[-end:]}"


def no_path(given: object) -> str:
    """What keeps something from being the path of a file on any system; "" where nothing does."""
    if not isinstance(given, str | os.PathLike):
        return repr(given)
    text = os.fspath(given)
    if isinstance(text, bytes) or not text:
        return repr(text)
    try:
        os.fsencode(text)
    except UnicodeEncodeError:  # half of a letter of UTF-16
        return say("a character that file names cannot have, in {name}", name=ascii(text))
    return say("a zero byte in {name}", name=ascii(text)) if "\0" in text else ""


class InputError(DeltaWError, ValueError):
    """What was given cannot be used: bad data, a bad file or a bad argument."""


class SettingError(InputError):
    """An argument or option whose name, type or value cannot be used."""


class TableError(InputError):
    """A table that is missing, unreadable, ragged or empty."""


class ColumnError(InputError):
    """A column that is missing or of another kind, or a bad cell in it."""


class ModelFileError(InputError):
    """A model file that is truncated, foreign or tampered with."""


class MissingError(DeltaWError, ImportError):
    """An optional part that is not installed; the message says how to install it."""


class OutputError(DeltaWError, OSError):
    """A result that could not be written; nothing half-written is left behind."""


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training. The network keeps what it learnt up to the last whole batch.

    Attributes:
        history: the `deltaw.training.History` up to the interruption.
        model: the unfinished `deltaw.Model` where `deltaw.fit` was interrupted, else None.
        signal: the number of the signal that it was ended `by`: SIGINT, or SIGTERM where there are checkpoints.
    """

    def __init__(self, history: Any = None, model: Any = None, by: int | None = None) -> None:
        super().__init__(say("training interrupted; the progress so far is kept"))
        self.history, self.model = history, model
        self.signal = int(signal.SIGINT if by is None else by)
