"""Output formats by the ending of the file name; unknown endings are refused before any work."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Collection
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deltaw.exceptions import SettingError
from deltaw.files import write_bytes
from deltaw.speech import listed, say

if TYPE_CHECKING:
    import polars as pl

MODEL, PAGES = ".deltaw", (".html", ".htm")  # PAGES: of reports and diagnoses


class Writer(NamedTuple):
    """How a table of predictions is written.

    Attributes:
        method: of the data frame.
        settings: its arguments.
        lists: whether cells may be lists or structs.
        text: whether it is a text format, which has no bytes in cells and may be compressed.
    """

    method: str
    settings: dict[str, Any]
    lists: bool = True
    text: bool = True

    def write(self, frame: pl.DataFrame, path: Path, write: Callable[[Path, bytes], None] = write_bytes) -> None:
        """Write the file whole or not at all. Raises OutputError."""
        buffer = io.BytesIO()
        getattr(frame, self.method)(buffer, **self.settings)
        data = buffer.getvalue()
        write(path, gzip.compress(data, mtime=0) if path.suffix.lower() == GZIP else data)


GZIP = ".gz"
CSV, JSON = Writer("write_csv", {}, lists=False), Writer("write_ndjson", {})
WRITERS = {
    ".csv": CSV,
    ".tsv": Writer("write_csv", {"separator": "\t"}, lists=False),
    ".jsonl": JSON,
    ".ndjson": JSON,
    ".parquet": Writer("write_parquet", {}, text=False),
    ".arrow": Writer("write_ipc", {}, text=False),
    ".feather": Writer("write_ipc", {}, text=False),
}
ZIPPED = {ending + GZIP: writer for ending, writer in WRITERS.items() if writer.text}


def writer(option: str, path: Path | None) -> Writer:
    """The row of WRITERS; CSV for stdout and without an ending. Raises SettingError for unknown endings."""
    found = "" if path is None else ending(option, path, {**WRITERS, **ZIPPED})
    return (WRITERS | ZIPPED).get(found, CSV)


def own_kind(option: str, path: Path | None, usual: str = MODEL) -> None:
    """Raise SettingError for a path with the ending of a table, a model or a page, other than `usual`."""
    from deltaw.tables.reading.loading import without_packing
    from deltaw.tables.reading.read import ENDINGS
    from deltaw.tables.reading.read import ending as ending_of

    others = {*ENDINGS, MODEL, *PAGES} - {*(PAGES if usual in PAGES else [usual])}
    if path is not None and ending_of(path) in others:
        expected, instead = "{option} {path}: expected a name that no other kind of file has", "call it e.g. {name}"
        name = without_packing(path).stem + usual
        raise SettingError(expected, repr(ending_of(path)), instead, option=option, path=path, name=name)


def ending(option: str, path: Path, known: Collection[str]) -> str:
    """The ending of a path in lower case, or "". Raises SettingError for an unknown one."""
    suffixes = [each.lower() for each in path.suffixes[-2:]]
    found = "".join(suffixes) if suffixes[-1:] == [GZIP] else "".join(suffixes[-1:])
    if found and found not in known:
        near = get_close_matches(found, known, 1)
        remedy = say("did you mean {near}?", near=near[0]) if near else say("choose one of these")
        line = "{option} {path}: expected a name that ends in {known}"
        raise SettingError(say(line, option=option, path=path, known=listed(known)), repr(found), remedy)
    return found
