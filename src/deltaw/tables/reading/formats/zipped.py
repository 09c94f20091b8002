"""ZIP archives with one table, and perhaps what describes it."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

from deltaw.exceptions import TableError
from deltaw.speech import say
from deltaw.tables.reading.loading import check_archive, limit, without_packing
from deltaw.tables.reading.source import Source
from deltaw.tables.table import clip, listing

FORMATS = (".npy", "xl/", "[Content_Types].xml", "mimetype")  # ends or beginnings of members in formats based on ZIP
LOCKED = 0x1  # flag of an encrypted member
# What holds a table, and what does if no other member does; and what describes one, by its name.
TABLES = (
    ".csv", ".tsv", ".tab", ".data", ".dat", ".parquet", ".arrow", ".feather", ".jsonl", ".ndjson", ".npz", ".xlsx",
)  # fmt: skip
PERHAPS = (".txt", ".json")
ABOUT = re.compile(r"(?i)read.?me|licen[cs]e|copying|notice|meta.?data|datapackage|code.?book|dictionary|description")


def packed(file: Source) -> tuple[Source, tuple[str, ...]] | None:
    """(the table in an archive, notes on other members); None for a format based on ZIP: NumPy's, or a workbook.

    Raises:
        TableError: none or several tables, encrypted, or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            members = archive.infolist()
    except Exception:  # damaged: reading it raises the error
        return None
    if any(member.filename.endswith(FORMATS) or member.filename.startswith(FORMATS) for member in members):
        return None
    there = [member for member in members if not member.filename.endswith("/") and not _beside(member.filename)]
    what = say("a ZIP archive with one table in it")
    expected = say("{name}: expected {what}", name=file.name, what=what)
    files = there if len(there) == 1 else _tables(there)
    if len(files) != 1:
        found = listing(member.filename for member in files or there) if there else say("none")
        raise TableError(expected, found, "unpack it, and give one of its files")
    if files[0].flag_bits & LOCKED:
        raise TableError(expected, say("one that a password locks"), "unpack it")
    check_archive(file.data, file.name, what, limit(file.reading.max_bytes, len(file.data)), "unpack it")
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive, archive.open(files[0]) as member:
        data = member.read(files[0].file_size)  # limited, since `read()` would decompress everything
    others = [member.filename for member in there if member is not files[0]]
    line = 'read from "{name}" in the archive, not {others}'
    notes = (say(line, name=clip(files[0].filename), others=listing(others, 3)),) if others else ()
    return replace(file, data=data, path=Path(files[0].filename)), notes


def _tables(members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The members that are tables by their names."""
    data = [member for member in members if not ABOUT.search(Path(member.filename).name)]
    found = ([member for member in data if _ending(member.filename) in endings] for endings in (TABLES, PERHAPS))
    return next(filter(None, found), [])


def _ending(name: str) -> str:
    return without_packing(Path(name)).suffix.lower()


def _beside(name: str) -> bool:
    """Whether it is a metadata file of an operating system."""
    return name.startswith("__MACOSX/") or Path(name).name.startswith(".")
