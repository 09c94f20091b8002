"""ZIP archives with a single file."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

from deltaw.exceptions import TableError
from deltaw.speech import say
from deltaw.tables.reading.loading import check_archive, first_line, limit
from deltaw.tables.reading.source import Source
from deltaw.tables.table import listing

FORMATS = (".npy", "xl/", "[Content_Types].xml", "mimetype")  # ends or beginnings of members in formats based on ZIP
LOCKED = 0x1  # flag of an encrypted member


def packed(file: Source) -> Source | None:
    """The file in an archive; None for a format based on ZIP: NumPy's, or a workbook.

    Raises:
        TableError: none or several files, encrypted, or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            members = archive.infolist()
    except Exception:  # damaged: reading it raises the error
        return None
    if any(member.filename.endswith(FORMATS) or member.filename.startswith(FORMATS) for member in members):
        return None
    files = [member for member in members if not member.is_dir() and not _beside(member.filename)]
    expected = say("{name}: expected a ZIP archive with one table in it", name=file.name)
    if len(files) != 1:
        found = listing(member.filename for member in files) if files else say("none")
        raise TableError(expected, found, "unpack it, and give one of its files")
    if files[0].flag_bits & LOCKED:
        raise TableError(expected, say("one that a password locks"), "unpack it")
    check_archive(file.data, file.name, say("a ZIP archive"), limit(file.reading.max_bytes, len(file.data)))
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive, archive.open(files[0]) as member:
            data = member.read(files[0].file_size)  # limited, since `read()` would decompress everything
    except Exception as error:  # damaged, or not supported by this Python
        raise TableError(expected, say("an unreadable one ({reason})", reason=first_line(error)), "unpack it") from None
    return replace(file, data=data, path=Path(files[0].filename))


def _beside(name: str) -> bool:
    """Whether it is a metadata file of an operating system."""
    return name.startswith("__MACOSX/") or Path(name).name.startswith(".")
