"""Checks that files which are read in parts, or more than once, do not change meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deltaw.exceptions import InputError, TableError
from deltaw.speech import say

Facts = tuple[int, int] | None


def facts(file: Path) -> Facts:
    """Size and modification time of a file; None if there is none."""
    try:
        known = file.stat()
    except OSError:
        return None
    return known.st_size, known.st_mtime_ns


@contextmanager
def unchanged(file: Path, before: Facts) -> Iterator[None]:
    """Raise TableError if the file differs from before, on entry or exit; also instead of an error that came of it."""
    _check(file, before)
    try:
        yield
    except InputError:
        _check(file, before)
        raise
    _check(file, before)


def _check(file: Path, before: Facts) -> None:
    now = facts(file)
    if now is None or now != before:
        raise another(file, say("another file, written since") if now else say("no file any more"))


def another(file: Path, found: str) -> TableError:
    """The error for a changed file."""
    expected = "{file}: expected the file as it was at the beginning"
    return TableError(expected, found, "run it again when nothing writes to it", file=file)
