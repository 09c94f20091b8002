"""Where results go: never over what they are made of, nor over each other."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from deltaw.exceptions import OutputError, SettingError, no_path
from deltaw.files.atomic import check_writable
from deltaw.given import among
from deltaw.speech import say

NONE: dict[str, Path | None] = {}


def check_outputs(
    outputs: Mapping[str, Path | None], inputs: Iterable[Path], folders: Mapping[str, Path | None] = NONE
) -> None:
    """Refuse, before anything is done, outputs that cannot be or that would destroy something.

    Args:
        outputs: option -> its path, or None where it was not given.
        inputs: every file that the command reads.
        folders: the same of folders that it makes.

    Raises:
        OutputError: an output is an input's file, another output's or a folder (by another name too: a link, another
            letter case), or cannot be written.
    """
    given = {option: path_of(path, option) for option, path in outputs.items() if path is not None}
    sources = list(inputs)
    for option, path in given.items():
        if os.fspath(path) == "-":  # standard input where a table is read; no output is called so
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
    """Raise OutputError for an output that is an input's file, by another name too."""
    sources = list(inputs)
    for option, path in outputs.items():
        for source in sources:
            if same_file(path, source):
                found = (
                    say("the same file")
                    if os.fspath(path) == os.fspath(source)
                    else say("the same file as {source}", source=source)
                )
                expected = "{option} {path}: expected another file than the input"
                raise OutputError(expected, found, "give another path", option=option, path=path)


def folder(name: str, given: str | Path) -> Path:
    """The path of a folder. Raises SettingError for the empty text, which as a path is the current folder."""
    if among(given, ("",)):
        raise SettingError("{name}: expected the path of a folder", repr(""), "give one, or leave it out", name=name)
    return path_of(given, name)


def path_of(given: Any, what: str) -> Path:
    """What somebody gave as a path, called `what` in messages. Raises SettingError for what is none."""
    if found := no_path(given):
        raise SettingError("{what}: expected a path", found, "give one", what=what)
    return Path(given)


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths are one file, or would be if both were written; devices and pipes are nobody's file."""
    try:
        # `write_bytes` finds its way by no/../x, too, where there is no folder "no".
        one, other = (each if each.exists() else Path(os.path.realpath(each)) for each in (one, other))
        if one.exists() and other.exists():
            return one.is_file() and one.samefile(other)
        return not one.exists() and not other.exists() and _spelt(one) == _spelt(other)
    except (OSError, ValueError):
        return False


def unfinished(path: Path) -> Path:
    """Where the result of an interrupted training goes: beside the one that is there, `NAME.interrupted.deltaw`."""
    return path.with_name(f"{path.stem}.interrupted{path.suffix}") if path.is_file() else path


def _spelt(path: Path) -> str:
    """A path as a file system would compare it that knows neither letter case nor two ways to write an accent."""
    return unicodedata.normalize("NFC", os.path.realpath(path)).casefold()
