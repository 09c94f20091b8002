"""`deltaw predict` and `deltaw evaluate` on rows in pieces, one of them in memory: several files, or slices of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from deltaw.cli.output import documents
from deltaw.cli.output.endings import CSV, WRITERS, ZIPPED
from deltaw.exceptions import OutputError, reason
from deltaw.files import check_outputs
from deltaw.speech import say

if TYPE_CHECKING:
    from deltaw.cli.output.screen import Screen
    from deltaw.models import Model
    from deltaw.tables import Reading, Table


SHRUNK = 4  # files of columns are about so many times smaller than their rows in memory
Pieces = Iterator[tuple[Path, "Table"]]


def pieces(data: str, model: Model, reading: Reading) -> tuple[Path, Pieces] | None:
    """(the folder, where each piece would lie in it and its rows), as the model reads them; None for what is one piece.

    The name of one file of columns is in slices; other files are one piece, whatever their size.
    """
    from deltaw.tables import several, slices

    how = replace(reading, missing=model.missing)
    if (many := several(data)) is not None:
        return many.root, many.pieces(lambda file: model.read(file, reading))
    one = slices(data)
    return None if one is None else (one.root, one.pieces(how))


def are_many(data: str) -> bool:
    """Whether rows are best read in pieces: files of one table, or a file of columns that is large for the memory."""
    from deltaw.tables import several, slices
    from deltaw.tables.loading import limit

    one = None if several(data) is not None else slices(data)
    return several(data) is not None or (one is not None and one.path.stat().st_size > limit(None) // SHRUNK)


def answers(
    model: Model, data: str, folder: Path, reading: Reading, keep: tuple[str, ...], numbered: bool, err: Screen
) -> bool:
    """A file of answers for each piece of the rows, in a folder; whether there are pieces.

    A small file in one piece is none, unless the folder is there.

    Raises:
        OutputError: the folder is that of the rows, or a file of answers cannot be written there. Those before it stay.
    """
    found = pieces(data, model, reading) if folder.is_dir() or are_many(data) else None
    if found is None:
        return False
    root, parts = found
    if folder.resolve() == root.resolve():
        expected = "{output}: expected another folder than that of the rows"
        raise OutputError(expected, say("the same"), "give another path", output=folder)
    writers, rows, files = WRITERS | ZIPPED, 0, 0
    with err.status(say("answering for {data}", data=data)):
        for where, table in parts:
            place = folder / where
            ending = "".join(each.lower() for each in place.suffixes[-2:])
            written = writers.get(ending) or writers.get(place.suffix.lower())
            place = place if written else place.with_name(f"{place.name}.csv")
            _make(place.parent)
            check_outputs({"--output": place}, [root / where])
            kept = documents.kept(table, keep)
            documents.check_cells(kept, written or CSV)
            answered = model.answers(table)
            frame, _ = documents.answers_frame(model, answered, kept, numbered)
            (written or CSV).write(frame, place)
            rows, files = rows + len(answered.values), files + 1
    err.print(say("{n:,} answers written to {files:,} files in {output}", n=rows, files=files, output=folder))
    return True


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected = "{folder}: expected a folder for answers"
        found = reason(error)
        raise OutputError(expected, found, "give another path", folder=folder) from None
