"""The folder of a run's checkpoints: its files, which of them are kept, and its lock."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from deltaw.exceptions import OutputError, SettingError, reason
from deltaw.speech import say

if sys.platform != "win32":
    import fcntl

KEPT = 2  # files: the last one, and one in case it is damaged
NAME = re.compile(r"checkpoint-(\d{6,18})\.safetensors")


def file_of(folder: Path, number: int) -> Path:
    """The path of the checkpoint with this number."""
    return folder / f"checkpoint-{number:06d}.safetensors"


def make(folder: Path) -> None:
    """Make the folder if it does not exist. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected = "{folder}: expected a folder for checkpoints"
        raise OutputError(expected, reason(error), "give another path", folder=folder) from None


def last_in(folder: Path) -> Path | None:
    """The last checkpoint in a folder; None if there is none, or the folder cannot be read."""
    with suppress(OSError):
        found = listed(folder)
        return found[max(found)] if found else None
    return None


def listed(folder: Path) -> dict[int, Path]:
    """The checkpoints of a folder by their numbers."""
    with os.scandir(folder) as entries:
        found = [(NAME.fullmatch(entry.name), Path(entry.path)) for entry in entries]
    return {int(name[1]): path for name, path in found if name is not None}


def keep_last(folder: Path) -> None:
    """Remove all checkpoints but the last few."""
    with suppress(OSError):
        found = listed(folder)
        for number in sorted(found)[:-KEPT]:
            found[number].unlink()


def alone(folder: Path) -> int | None:
    """A lock on the folder, released with the process. Raises SettingError if another run has it."""
    if sys.platform != "win32":
        held = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            found, remedy = say("one that another training writes to"), "wait for that, or give another"
            raise SettingError("{folder}: expected a folder of its own", found, remedy, folder=folder) from None
        except OSError:  # a file system without locks
            pass
        return held
    return None
