"""Writing a file whole or not at all.

The bytes go to a temporary file in the same folder, which is flushed to the disk and then renamed over the target
(`os.replace` is atomic within one file system); at last the folder itself is flushed, so that the new name survives a
power cut. A reader sees the old file or the new one, never half of either.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from deltaw.exceptions import OutputError


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all; the mode follows the umask.

    A symbolic link is written through. Devices and pipes (`/dev/stdout`) cannot be renamed over: they are written to.

    Raises:
        OutputError: the folder is missing or cannot be written, or the disk is full. Nothing is left behind.
    """
    target = Path(os.path.realpath(path))
    try:
        if _is_special(target):
            target.write_bytes(data)
            return
        temporary = _create_beside(target)
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:  # Ctrl-C too: no half-written file stays behind
            with suppress(OSError):
                temporary.unlink()
            raise
        _flush_folder(target.parent)
    except BrokenPipeError:
        raise  # the reader of a pipe has gone: not an error of the output
    except OSError as error:
        raise _refusal(path, error) from error


def check_writable(path: str | Path) -> None:
    """Try whether `path` could be written now, so that an hour of training is not lost at its end.

    Raises:
        OutputError: it could not.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        if _is_special(target):
            return
        _create_beside(target).unlink()
    except OSError as error:
        raise _refusal(path, error) from error


def _create_beside(target: Path) -> Path:
    """Create an empty file beside `target`: its mode is 0666 less the umask, which `tempfile` would not give."""
    temporary = target.parent / f".deltaw-{secrets.token_hex(8)}.tmp"
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return temporary


def _is_special(target: Path) -> bool:
    """Whether `target` exists and is neither a regular file nor a folder: a device, a pipe, a socket."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _flush_folder(folder: Path) -> None:
    """Flush a folder's entries, where the system can (Windows cannot open a folder)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_FOUND: dict[type[OSError], tuple[str, str]] = {
    FileNotFoundError: ("a folder that does not exist", "create the folder or give another path"),
    NotADirectoryError: ("a file where a folder should be", "give another path"),
    IsADirectoryError: ("a folder of that name", "give the path of a file"),
    PermissionError: ("no permission to write there", "give another path"),
}


def _refusal(path: str | Path, error: OSError) -> OutputError:
    found, remedy = _FOUND.get(type(error), (error.strerror or type(error).__name__, "give another path"))
    return OutputError(f"{path}: expected a path that can be written", found, remedy)
