"""How a setting is given, for sentences: as an option if the command line speaks, else as an argument in Python."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_COMMAND: ContextVar[bool] = ContextVar("deltaw_command", default=False)  # whether the command line speaks

# Settings whose option is not called as they are.
NAMES = {"kinds": "as", "columns": "only", "check": "no-check"}


@contextmanager
def by_command() -> Iterator[None]:
    """In it, `given_as` says options of the command line."""
    before = _COMMAND.set(True)
    try:
        yield
    finally:
        _COMMAND.reset(before)


def given_as(name: str, *value: Any) -> str:
    """ "--as age=number" or "kinds={'age': 'number'}"; without a value, "--cache" or "cache="."""
    if not _COMMAND.get():
        return f"{name}={value[0]!r}" if value else f"{name}="
    return " ".join(map(quoted, words_of(name, *value)))


def words_of(name: str, *value: Any) -> list[str]:
    """The words of the command line that give a setting: an option, and its value if that is not all it says."""
    option = f"--{NAMES.get(name, name).replace('_', '-')}"
    if not value or isinstance(value[0], bool):
        return [option]
    if isinstance(value[0], Mapping):
        return [word for pair in value[0].items() for word in (option, "=".join(pair))]
    text = value_of(value[0])
    return [f"{option}={text}"] if text.startswith("-") else [option, text]


def value_of(value: Any) -> str:
    """A value as options take it; lists as CSV."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Iterable) and not isinstance(value, str):
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(value)
        return text.getvalue()
    return f"{value:g}" if isinstance(value, float) else str(value)


def quoted(word: str) -> str:
    """A word quoted for a shell; in double quotes if it contains single ones."""
    return f'"{word}"' if "'" in word and not set(word) & set('"$`\\!') else shlex.quote(word)
