"""The bytes of a file, decompressed, with limits on memory and on waiting for a pipe."""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from deltaw.exceptions import InputError, SettingError, TableError, reason
from deltaw.given import is_file, is_path, name_of
from deltaw.numbers import number
from deltaw.speech import say
from deltaw.speech.settings import given_as

GZIP, BZIP2, XZ = b"\x1f\x8b", re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P)"), b"\xfd7zXZ\0"
PACKED = 10  # bytes of these signatures
PACKED_ENDINGS = (".gz", ".bz2", ".xz")
# Bytes read first and checked before the rest, to refuse /dev/zero and endless lines.
HEAD = 1 << 24
CHUNK = 1 << 20
# Of the memory: text takes several times its size while it becomes a table.
SHARE = 1 / 4
# Larger archives may not grow more when decompressed: a decompression bomb. (deflate allows a thousandfold.)
GROWTH, HARMLESS = 100, 1 << 26
PATIENCE = 10.0  # seconds to wait for the writer of a pipe

STDIN, STDIN_NAME = "-", "stdin"  # as a source, and in messages

# Errors of files that cannot be read or decompressed, for `unreadable`.
DAMAGE: tuple[type[Exception], ...] = (OSError, ValueError, EOFError, zlib.error, ImportError)
with suppress(ImportError):  # a Python may be built without it
    from lzma import LZMAError

    DAMAGE = (*DAMAGE, LZMAError)


class NoRowsError(TableError):
    """A table without rows; one of several files of a table may be so."""


def as_path(source: Any) -> Any:
    """A path of any kind as a `Path`; text and other sources unchanged."""
    return Path(os.fsdecode(source)) if isinstance(source, os.PathLike) else source


def located(source: str | Path) -> Path:
    """The path of a source, with ~ and ~user expanded if the user exists."""
    try:
        return Path(source).expanduser()
    except RuntimeError:  # no user of that name
        return Path(source)


def first_bytes(path: Path) -> bytes:
    """The first four bytes of a file; none if it is no regular file or cannot be read (reading it raises the error)."""
    with suppress(OSError, ValueError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(4)
    return b""


def load(
    source: Any,
    name: str | None = None,
    max_bytes: int | None = None,
    look: Callable[[bytes], object] = lambda head: None,
) -> bytes:
    """The file's bytes, decompressed if they are gzip, bzip2 or xz.

    Args:
        source: the path of a file, a pipe or a device; a file object, whose text counts as UTF-8; None: standard input.
        name: in messages.
        max_bytes: limit of the decompressed bytes; None: see `limit`.
        look: called with the first HEAD bytes, decompressed, to raise an error before the rest is read.

    Raises:
        TableError: unreadable, a damaged archive, empty, or too large.
        FileNotFoundError, NotADirectoryError, IsADirectoryError: no such file, for the caller's own message.
        SettingError: `max_bytes` is not a positive integer.
    """
    name = name or (STDIN_NAME if source is None else name_of(source))
    most = limit(max_bytes)
    try:
        with _opened(source, name) as file:
            size = _size(file)
            if size is not None and size > most:
                raise _too_large(name, most, f"{size:,}")
            start = file.read(PACKED)  # `peek` may get a single byte from a pipe
            stream: Any = io.BufferedReader(_After(start, file))
            if is_packed(start):
                stream, most = unpacked(start, stream), limit(max_bytes, size)
            data = _read(stream, most, name, look)
    except (TableError, FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise
    except DAMAGE as error:
        raise unreadable(name, error) from None
    if not data:
        once = source is None or is_file(source)
        found = say("nothing to read, or nothing more: it is read once") if once else say("an empty file")
        remedy = "go back to its beginning: file.seek(0)" if is_file(source) else "give a file with a header and rows"
        raise NoRowsError("{name}: expected a table", found, remedy, name=name)
    return data


def is_packed(start: bytes) -> bool:
    """Whether a file with these first bytes is compressed in a format that `unpacked` reads."""
    return start.startswith((GZIP, XZ)) or BZIP2.match(start) is not None


def unpacked(start: bytes, file: Any) -> Any:
    """The file, with first bytes `start`, decompressed on the fly. Raises ImportError without that library."""
    if start.startswith(GZIP):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(XZ):
        import lzma

        return lzma.LZMAFile(file)
    if BZIP2.match(start):
        import bz2

        return bz2.BZ2File(file)
    return file


def without_packing(path: Path) -> Path:
    """The path without the extension of a compression format."""
    return path.with_suffix("") if path.suffix.lower() in PACKED_ENDINGS else path


def unreadable(name: str, error: Exception) -> TableError:
    """An error in DAMAGE as a TableError."""
    if not isinstance(error, (ValueError, ImportError)) and getattr(error, "errno", None) is None:
        expected, remedy = "{name}: expected a whole gzip, bzip2 or xz file", "compress or fetch it again"
        return TableError(expected, str(error), remedy, name=name)
    expected, remedy = "{name}: expected a file that can be read", "check its path and permissions"
    return TableError(expected, reason(error) if isinstance(error, OSError) else str(error), remedy, name=name)


def limit(max_bytes: int | None, compressed: int | None = None) -> int:
    """The limit of a source's bytes: the user's `max_bytes`, or by the memory, and for archives by their `compressed`
    size.
    """
    if max_bytes is None:
        room = int(SHARE * memory())
        return room if compressed is None else min(room, max(HARMLESS, GROWTH * compressed))
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 1:
        raise SettingError("max_bytes: expected a whole number, 1 or more", repr(max_bytes), "give e.g. 8_000_000_000")
    return max_bytes


def check_size(name: str, size: int, most: int) -> None:
    """Raise TableError if `size` is larger than `most`."""
    if size > most:
        raise _too_large(name, most, f"{size:,}")


def check_archive(data: bytes, name: str, what: str, most: int, remedy: str = "write it again") -> None:
    """Raise TableError for a ZIP archive that is unreadable, larger than `most`, of members with one name, or not
    compressed by deflate (other decompressors of Python may return more than is asked for).
    """
    of_one = say("{name}: expected {what}", name=name, what=what)
    with undamaged(name, what, say(remedy)), zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        check_size(name, sum(member.file_size for member in members), most)
        if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
            raise TableError(of_one, say("one compressed by another method than deflate"), "unpack it")
        for member in members:  # others than Python read more of a member than it is said to have
            size, member.file_size = member.file_size, member.file_size + 1
            with archive.open(member) as file:
                if sum(map(len, iter(partial(file.read, CHUNK), b""))) != size:
                    raise TableError(of_one, say("a member of another size than it says"), "write it again")
        if len({member.filename.lower() for member in members}) < len(members):  # readers differ in which they take
            raise TableError(of_one, say("two members of one name"), "write it again")


@contextmanager
def undamaged(name: str, what: str, remedy: str) -> Iterator[None]:
    """Any error of a library about a damaged file as a TableError."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        found = say("an unreadable one ({reason})", reason=first_line(error))
        raise TableError("{name}: expected {what}", found, remedy, name=name, what=what) from None


def first_line(error: BaseException) -> str:
    """The message of another library's error."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def memory() -> int:
    """Bytes of memory of the machine, or of the container or the process (`ulimit -v`) if it has a limit."""
    found = [8 << 30]  # if the system does not say
    if sys.platform != "win32":
        with suppress(OSError, ValueError):
            found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
            import resource

            own = resource.getrlimit(resource.RLIMIT_AS)[0]
            found += [own] if own != resource.RLIM_INFINITY else []
    for place in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # "max" without a limit
            found.append(int((Path("/sys/fs/cgroup") / place).read_bytes()))
    return min(found)


def _read(stream: Any, most: int, name: str, look: Callable[[bytes], object]) -> bytes:
    parts = [stream.read(min(HEAD, most + 1))]
    look(parts[0])
    size = len(parts[0])
    while size <= most and (part := stream.read(CHUNK)):
        parts.append(part)
        size += len(part)
    if size > most:
        raise _too_large(name, most, say("more"))
    return b"".join(parts)


def _too_large(name: str, most: int, found: str) -> TableError:
    return TableError(
        "{name}: expected at most {most:,} bytes (decompressed)", found, "raise the limit ({option}) if it is meant",
        name=name, most=most, option=given_as("max_bytes"),
    )  # fmt: skip


def _size(file: Any) -> int | None:
    """Size of a regular file; None for others."""
    try:
        about = os.fstat(file.fileno())
    except OSError:  # a replaced stdin
        return None
    return about.st_size if stat.S_ISREG(about.st_mode) else None


@contextmanager
def _stdin(name: str) -> Iterator[Any]:
    """Standard input, which stays open. Raises TableError if it is closed or a terminal."""
    if sys.stdin is None or sys.stdin.closed:
        raise TableError("{name}: expected a table", say("standard input closed"), "send one: … | deltaw …", name=name)
    if sys.stdin.isatty():
        raise TableError(
            "{name}: expected a table from a pipe or a file", say("a terminal"), "send one: … | deltaw …", name=name
        )
    yield sys.stdin.buffer


def comes_once(source: Any) -> bool:
    """Whether a source can be read only once: standard input, a pipe, or a file object."""
    if isinstance(source, (list, tuple)):
        return any(map(comes_once, source))
    try:
        return is_file(source) or (is_path(source) and (source == STDIN or Path(source).is_fifo()))
    except OSError:  # not a file name
        return False


def _opened(source: Any, name: str) -> AbstractContextManager[Any]:
    if source is None:
        return _stdin(name)
    if is_file(source):
        return io.BufferedReader(_Given(source, name))
    return _pipe(source, name) if source.is_fifo() else source.open("rb")


def _pipe(path: Path, name: str) -> io.BufferedReader:
    """A pipe, once it has a writer: a blocking `open` would wait for one forever."""
    if sys.platform == "win32":
        raise AssertionError("no file is a pipe on Windows")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    until = time.monotonic() + PATIENCE
    first = b""
    try:
        while not first and time.monotonic() < until:
            try:
                first = os.read(descriptor, 1)
            except BlockingIOError:  # there is a writer
                break
            if not first:
                time.sleep(0.02)
        else:
            if not first:
                found = say("a pipe that nothing was written to for {patience} seconds", patience=number(PATIENCE))
                raise TableError("{name}: expected a file", found, "start the writing program first", name=name)
        os.set_blocking(descriptor, True)
    except BaseException:
        os.close(descriptor)
        raise
    return io.BufferedReader(_After(first, io.FileIO(descriptor), closes=True))


class _Given(io.RawIOBase):
    """A file object of the caller's, which stays open."""

    def __init__(self, file: Any, name: str) -> None:
        self._file, self._name, self._rest = file, name, memoryview(b"")

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            found = self._file.read(len(buffer))
            found = found.encode("utf-8", "surrogateescape") if isinstance(found, str) else found
            if not isinstance(found, bytes | bytearray | memoryview):  # of an asynchronous file, a coroutine
                expected, remedy = (
                    "{name}: expected a file whose read() gives bytes or text",
                    "open it with open(…, 'rb')",
                )
                raise TableError(expected, type(found).__name__, remedy, name=self._name)
            self._rest = memoryview(found)
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def readable(self) -> bool:
        return True


class _After(io.RawIOBase):
    """A file some of whose bytes were read already; `closes`: whether closing this closes it."""

    def __init__(self, first: bytes, file: Any, closes: bool = False) -> None:
        self._first, self._file, self._closes = first, file, closes

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        if self._first:
            buffer[: len(self._first)], taken = self._first, len(self._first)
            self._first = b""
            return taken
        return self._file.readinto(buffer)  # type: ignore[no-any-return]

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._file.fileno())

    def close(self) -> None:
        if self._closes:
            self._file.close()
        super().close()
