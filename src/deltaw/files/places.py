"""Paths of outputs, which never overwrite an input or another output."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from deltaw.exceptions import OutputError, SettingError, no_path
from deltaw.files.atomic import check_writable
from deltaw.given import is_file
from deltaw.speech import say

NONE: dict[str, Path | None] = {}


def check_outputs(
    outputs: Mapping[str, Any], inputs: Iterable[Path], folders: Mapping[str, Path | None] = NONE
) -> None:
    """Raise an error for invalid outputs before any work.

    Args:
        outputs: option -> its path, or None if it was not given; file objects are the caller's affair.
        inputs: all files that the command reads.
        folders: option -> folder that the command creates, or None.

    Raises:
        OutputError: an output is the same file as an input or another output (also by a link, or in another case), or
            cannot be written.
    """
    files = {option: path for option, path in outputs.items() if path is not None and not is_file(path, "write")}
    given = {option: path_of(path, option) for option, path in files.items()}
    sources = list(inputs)
    for option, path in given.items():
        if os.fspath(path) == "-":  # not a name for stdout here
            raise OutputError(
                "{option}: expected a path", "-", "give one; answers without one go to stdout", option=option
            )
    check_inputs_stay(given, sources)
    made = {option: path for option, path in folders.items() if path is not None}
    for (option, path), (other, its) in combinations((given | made).items(), 2):
        if same_file(path, its):
            expected = "{option} {path}: expected another file than {other}"
            raise OutputError(expected, f"{its}", "give each its own", option=option, path=path, other=other)
    for path in given.values():
        check_writable(path)


def check_inputs_stay(outputs: Mapping[str, Path], inputs: Iterable[Path]) -> None:
    """Raise OutputError for an output that is the same file as an input."""
    sources = list(inputs)
    for option, path in outputs.items():
        for source in sources:
            if same_file(path, source):
                same = os.fspath(path) == os.fspath(source)
                found = say("the same file" if same else "the same file as {source}", source=source)
                expected = "{option} {path}: expected another file than the input"
                raise OutputError(expected, found, "give another path", option=option, path=path)


def folder(name: str, given: str | Path) -> Path:
    """The path of a folder. Raises SettingError for anything else, and for "", which would be the current folder."""
    if found := no_path(given):
        raise SettingError("{name}: expected the path of a folder", found, "give one, or leave it out", name=name)
    return Path(given)


def path_of(given: Any, what: str) -> Path:
    """A given path of a file, called `what` in messages.

    Raises SettingError for anything else, and for a slash at the end, which `Path` would drop.
    """
    if found := no_path(given):
        raise SettingError("{what}: expected a path", found, "give one", what=what)
    if isinstance(given, str) and given.endswith(("/", os.sep)):
        raise SettingError("{option}: expected the path of a file", given, "add the file's name", option=what)
    return Path(given)


def place_of(given: Any, what: str, way: str) -> Any:
    """`path_of`, or a file object, if it can be used that way ("read" or "write")."""
    if isinstance(given, bytes | bytearray | memoryview):
        expected, remedy = "{what}: expected a path or a file object", "a file's bytes: io.BytesIO(…)"
        raise SettingError(expected, type(given).__name__, remedy, what=what)
    return given if is_file(given, way) else path_of(given, what)


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths are the same regular file, or would be if both were written."""
    try:
        # `realpath`, since `write_bytes` also accepts no/../x without a folder "no".
        one, other = (each if each.exists() else Path(os.path.realpath(each)) for each in (one, other))
        if one.exists() and other.exists():
            return one.is_file() and one.samefile(other)
        return not one.exists() and not other.exists() and _spelt(one) == _spelt(other)
    except (OSError, ValueError):
        return False


def unfinished(path: Path) -> Path:
    """The path of an interrupted training's result: `NAME.interrupted.deltaw` if `NAME.deltaw` exists."""
    return path.with_name(f"{path.stem}.interrupted{path.suffix}") if path.is_file() else path


def _spelt(path: Path) -> str:
    """A path as compared by file systems that ignore case and Unicode normalization."""
    return unicodedata.normalize("NFC", os.path.realpath(path)).casefold()
