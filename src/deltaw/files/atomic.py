"""Writing a file whole or not at all.

The bytes go to a temporary file in the same folder, which is flushed to the disk and then renamed over the target
(`os.replace` is atomic within one file system); at last the folder itself is flushed, so that the new name survives a
power cut. A reader sees the old file or the new one, never half of either.

Who is killed in between leaves the temporary file. Its writer holds a lock on it that dies with the process, so the
next save to that folder knows which ones nobody writes any more, and removes them.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path

from deltaw.exceptions import OutputError, no_path
from deltaw.speech import say

if sys.platform != "win32":  # which removes no file that is open: there the name itself is the lock
    import fcntl

TEMPORARY = re.compile(r"\.deltaw-[0-9a-f]{16}\.tmp")
# Names of what is open already: /dev/stdout, /dev/fd/3, /proc/self/fd/3. Their file may be anything, also one that is
# appended to; nothing is renamed over it.
DESCRIPTOR = re.compile(r"/dev/(?P<name>stdout|stderr)|/(dev|proc/self)/fd/(?P<number>\d+)")
STANDARD = {"stdout": 1, "stderr": 2}
TRIED = 2**16  # bytes that there has to be room for


def write_bytes(path: str | Path, data: bytes, one_of_several: bool = False) -> None:
    """Write `data` to `path` whole or not at all.

    `one_of_several`: its folder is looked through for what others left, and flushed, by the caller, once.

    A new file's mode follows the umask; one that is replaced keeps its mode, and its owner and group where the system
    lets us give them. A symbolic link is written through. Pipes, descriptors (`/dev/stdout`) and the null device
    cannot be renamed over: they are written to. Other devices are refused: what was there would be lost, or this is.

    Raises:
        OutputError: the folder is missing or cannot be written, the file is marked as read-only, or the disk is full.
            Nothing is left behind.
    """
    target = _target(path)
    try:
        if (stream := _stream(path)) is not None:
            with open(stream, "wb", closefd=isinstance(stream, Path)) as file:
                file.write(data)
            return
        if not one_of_several:
            _remove_left_over(target.parent)
        before = _replaceable(target)
        temporary, descriptor = _create_beside(target)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                _keep_mode(descriptor, before)
                os.fsync(descriptor)
                if sys.platform != "win32":  # under the lock: nobody may take it for left over
                    temporary.replace(target)
            if sys.platform == "win32":  # which renames no file that is open
                temporary.replace(target)
        except BaseException:  # Ctrl-C too: no half-written file stays behind
            with suppress(OSError):
                temporary.unlink()
            raise
        if not one_of_several:
            flush_folder(target.parent)
    except BrokenPipeError:
        raise  # the reader of a pipe has gone: not an error of the output
    except OSError as error:
        raise _refusal(path, error) from error


def check_writable(path: str | Path) -> None:
    """Try whether `path` could be written now, so that an hour of training is not lost at its end.

    Raises:
        OutputError: it could not.
    """
    target = _target(path)
    try:
        if (stream := _stream(path)) is not None:
            _check_stream(stream)
            return
        _replaceable(target)
        temporary, descriptor = _create_beside(target)
        try:
            os.write(descriptor, bytes(TRIED))  # a full disk has a place for a name
        finally:
            os.close(descriptor)
            temporary.unlink()
    except OSError as error:
        raise _refusal(path, error) from error


def _target(path: str | Path) -> Path:
    """Where a path leads. Raises OutputError for what is none."""
    if found := no_path(path):
        raise OutputError("expected the path of a file", found, "give one")
    try:
        return Path(os.path.realpath(path))
    except OSError as error:  # a current folder that is no more
        raise _refusal(path, error) from error


def _replaceable(target: Path) -> os.stat_result | None:
    """What is at `target` now, or None. Raises OSError for a folder, and for a file that its mode keeps from us."""
    try:
        before = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(before.st_mode):
        raise IsADirectoryError(21, say("it is a folder"))
    # The superuser may write everything; a file without any permission to write is kept from him too.
    if not before.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise _ReadOnlyError(13, "read-only")
    return before


class _DeviceError(OSError):
    """A disk, a terminal, /dev/full: nothing that a file is written to."""


class _ReadOnlyError(PermissionError):
    """The file itself is not to be written, though its folder may be."""


def _keep_mode(descriptor: int, before: os.stat_result | None) -> None:
    """Give the new file the owner, group and mode of the one that it replaces."""
    if before is None or sys.platform == "win32":
        return
    now = os.fstat(descriptor)
    for owner, group in ((before.st_uid, before.st_gid), (-1, before.st_gid)):
        if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
            with suppress(OSError):
                os.fchown(descriptor, owner, group)
                break
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))  # last: a change of owner takes bits of the mode away


def _create_beside(target: Path) -> tuple[Path, int]:
    """An empty file beside `target`, open for writing and locked: its name and its descriptor.

    Its mode is 0666 less the umask, which `tempfile` would not give.
    """
    while True:
        temporary = target.parent / f".deltaw-{secrets.token_hex(8)}.tmp"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        descriptor = os.open(temporary, flags, 0o666)
        if sys.platform != "win32":
            with suppress(OSError):  # a file system without locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not os.fstat(descriptor).st_nlink:  # somebody took it for left over before it was locked
                os.close(descriptor)
                continue
        return temporary, descriptor


def _remove_left_over(folder: Path) -> None:
    """Remove the temporary files of writers that are gone; those of others, and what is in doubt, stay."""
    with suppress(OSError), os.scandir(folder) as entries:
        for name in [name for entry in entries if (name := entry.name)[0] == "." and TEMPORARY.fullmatch(name)]:
            with suppress(OSError):
                _remove_unlocked(folder / name)


def _remove_unlocked(path: Path) -> None:
    """Remove a temporary file unless it is locked. Raises OSError where it is, or where nobody can tell."""
    if sys.platform == "win32":
        path.unlink()
    else:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
        finally:
            os.close(descriptor)


def _stream(path: str | Path) -> Path | int | None:
    """What is written to rather than replaced: a descriptor, or the path of a pipe, a socket or the null device; else
    None. Raises OSError for another device.
    """
    if found := DESCRIPTOR.fullmatch(os.fspath(path)):
        return STANDARD.get(found["name"]) or int(found["number"])
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return None
    if (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)) and not Path(path).samefile(os.devnull):
        raise _DeviceError
    return None if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else Path(path)


def _check_stream(stream: Path | int) -> None:
    """Raise OSError for what is not open, or not to be written to."""
    if isinstance(stream, Path):
        if not os.access(stream, os.W_OK):
            raise PermissionError
    elif sys.platform == "win32":
        os.fstat(stream)
    elif fcntl.fcntl(stream, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise PermissionError


def flush_folder(folder: Path) -> None:
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
    _DeviceError: ("a device", "give the path of a file"),
    _ReadOnlyError: ("a file that is read-only", "allow writing to it, or give another path"),
}


def _refusal(path: str | Path, error: OSError) -> OutputError:
    found, remedy = _FOUND.get(type(error), (error.strerror or type(error).__name__, "give another path"))
    return OutputError(say("{path}: expected a path that can be written", path=path), say(found), remedy)
