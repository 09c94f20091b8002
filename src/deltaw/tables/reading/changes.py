"""Files that are read in parts, or more than once, and have to be the same all the while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deltaw.exceptions import InputError, TableError
from deltaw.speech import say

Facts = tuple[int, int] | None


def facts(file: Path) -> Facts:
    """What the system knows of a file, by which one that was written to is told: its size and time; None for none."""
    try:
        known = file.stat()
    except OSError:
        return None
    return known.st_size, known.st_mtime_ns


@contextmanager
def unchanged(file: Path, before: Facts) -> Iterator[None]:
    """What is read within is of the file as it was before.

    Raises:
        TableError: it is not. Where what was read of it makes no sense it is looked at as well: that is why.
    """
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
    """That a file is not what it was."""
    return TableError(
        "{file}: expected the file as it was at the beginning",
        found,
        "run it again when nothing writes to it",
        file=file,
    )
