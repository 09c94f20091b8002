"""Atomic writing of a file.

The bytes are written to a temporary file in the same folder, which is flushed to disk and renamed over the target
(`os.replace` is atomic within a file system); then the folder is flushed, so that the new name survives a power cut. A
reader sees either the old file or the new one.

A process that is killed in between leaves the temporary file. The writer's lock on it ends with the process, so that
the next write to that folder can tell, and remove it.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from deltaw.exceptions import OutputError, no_path
from deltaw.given import is_file, name_of
from deltaw.speech import say

if sys.platform != "win32":  # which does not remove open files: no lock is needed
    import fcntl

TEMPORARY = re.compile(r"\.deltaw-[0-9a-f]{16}\.tmp")
# Open file descriptors, written to rather than replaced, since they may be a file that is appended to.
DESCRIPTOR = re.compile(r"/dev/(?P<name>stdout|stderr)|/(dev|proc/self)/fd/(?P<number>\d+)")
STANDARD = {"stdout": 1, "stderr": 2}
TRIED = 2**16  # bytes for which the disk needs to have space, if no more are known


def write_bytes(path: Any, data: bytes, one_of_several: bool = False) -> None:
    """Write `data` to `path` atomically, or to a file object.

    `one_of_several`: the caller flushes the folder, and removes temporary files, once for all.

    A new file's mode follows the umask; a replaced one keeps its mode, and its owner and group if the system permits. A
    symbolic link is followed. Pipes, descriptors (`/dev/stdout`) and the null device cannot be replaced, and are
    written to. Other devices are an error.

    Raises:
        OutputError: the folder is missing or cannot be written, the file is marked as read-only, or the disk is full.
            Nothing is left behind.
    """
    if is_file(path, "write"):
        _give(path, data)
        return
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
                if sys.platform != "win32":  # while it is locked
                    temporary.replace(target)
            if sys.platform == "win32":  # which does not rename open files
                temporary.replace(target)
        except BaseException:  # including Ctrl-C
            with suppress(OSError):
                temporary.unlink()
            raise
        if not one_of_several:
            flush_folder(target.parent)
    except BrokenPipeError:
        raise  # the reader of a pipe has closed it: not an error
    except OSError as error:
        raise _refusal(path, error) from error


def _give(file: Any, data: bytes) -> None:
    """Write to a file object, which may take it in parts."""
    rest = memoryview(data)
    try:
        while rest:
            taken = file.write(rest)
            rest = rest[len(rest) if taken is None else taken :]
    except TypeError:  # a file of text
        expected = say("{name}: expected a file object for bytes", name=name_of(file))
        raise OutputError(expected, say("one for text"), "open it with 'wb'") from None
    except (OSError, ValueError) as error:  # closed, or opened for reading
        raise _refusal(name_of(file), error if isinstance(error, OSError) else OSError(0, str(error))) from error


def check_writable(path: str | Path, size: int = TRIED) -> None:
    """Check that so many bytes can be written to `path`, before a long training. Raises OutputError."""
    target = _target(path)
    try:
        if (stream := _stream(path)) is not None:
            _check_stream(stream)
            return
        _replaceable(target)
        temporary, descriptor = _create_beside(target)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(bytes(size))  # all of it: a full disk may still have space for a name, or for a page
        finally:
            temporary.unlink()
    except OSError as error:
        raise _refusal(path, error) from error


def _target(path: str | Path) -> Path:
    """The real path. Raises OutputError if it is not a path."""
    if found := no_path(path):
        raise OutputError("expected the path of a file", found, "give one")
    try:
        return Path(os.path.realpath(path))
    except OSError as error:  # the current folder was removed
        raise _refusal(path, error) from error


def _replaceable(target: Path) -> os.stat_result | None:
    """The existing file, or None. Raises OSError for a folder, and for a read-only file."""
    try:
        before = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(before.st_mode):
        raise IsADirectoryError(21, say("it is a folder"))
    # For the superuser, who may write everything, read-only files are read-only, too.
    if not before.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise _ReadOnlyError(13, "read-only")
    return before


class _DeviceError(OSError):
    """A device other than the null device: a disk, a terminal, /dev/full."""


class _ReadOnlyError(PermissionError):
    """The file is read-only, though its folder may be writable."""


def _keep_mode(descriptor: int, before: os.stat_result | None) -> None:
    """Give the new file the owner, group and mode of the replaced one."""
    if before is None or sys.platform == "win32":
        return
    now = os.fstat(descriptor)
    for owner, group in ((before.st_uid, before.st_gid), (-1, before.st_gid)):
        if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
            with suppress(OSError):
                os.fchown(descriptor, owner, group)
                break
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))  # last, since a change of owner clears bits of the mode


def _create_beside(target: Path) -> tuple[Path, int]:
    """(name, descriptor) of an empty file in the same folder, open for writing and locked, with mode 0666 minus the
    umask, unlike that of `tempfile`.
    """
    while True:
        temporary = target.parent / f".deltaw-{secrets.token_hex(8)}.tmp"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        descriptor = os.open(temporary, flags, 0o666)
        if sys.platform != "win32":
            with suppress(OSError):  # a file system without locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not os.fstat(descriptor).st_nlink:  # another process removed it before it was locked
                os.close(descriptor)
                continue
        return temporary, descriptor


def _remove_left_over(folder: Path) -> None:
    """Remove the temporary files of killed processes."""
    with suppress(OSError), os.scandir(folder) as entries:
        for name in [name for entry in entries if (name := entry.name)[0] == "." and TEMPORARY.fullmatch(name)]:
            with suppress(OSError):
                _remove_unlocked(folder / name)


def _remove_unlocked(path: Path) -> None:
    """Remove a temporary file. Raises OSError if it is locked, or the file system has no locks."""
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
    """A descriptor, or the path of a pipe, a socket or the null device, if it has to be written to rather than
    replaced; else None. Raises OSError for other devices.
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
    """Raise OSError if it is not open, or not writable."""
    if isinstance(stream, Path):
        if not os.access(stream, os.W_OK):
            raise PermissionError
    elif sys.platform == "win32":
        os.fstat(stream)
    elif fcntl.fcntl(stream, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise PermissionError


def flush_folder(folder: Path) -> None:
    """Flush a folder's entries, if the system can (Windows cannot open a folder)."""
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
