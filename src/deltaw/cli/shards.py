"""`deltaw predict` and `deltaw evaluate` on a table in several files: one of them in memory at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deltaw.cli.output import documents
from deltaw.cli.output.endings import CSV, WRITERS, ZIPPED
from deltaw.exceptions import OutputError
from deltaw.files import check_outputs
from deltaw.speech import say

if TYPE_CHECKING:
    from deltaw.cli.output.screen import Screen
    from deltaw.models import Model
    from deltaw.tables import Reading
    from deltaw.tables.shards import Shards


def answers(
    model: Model, shards: Shards, folder: Path, reading: Reading, keep: tuple[str, ...], numbered: bool, err: Screen
) -> None:
    """A file of answers for each file of rows, called as it is, in a folder that is made where there is none.

    Raises:
        OutputError: the folder is that of the rows, or a file of answers cannot be written there. Those before it stay.
    """
    if folder.resolve() == shards.root.resolve():
        expected = "{output}: expected another folder than that of the rows"
        raise OutputError(expected, say("the same"), "give another path", output=folder)
    writers, rows = WRITERS | ZIPPED, 0
    with err.status(say("answering for {data}", data=shards.name)):
        tables = shards.tables(lambda file: model.read(file, reading))
        for file, table in zip(shards.files, tables, strict=True):
            place = folder / file.relative_to(shards.root)
            ending = "".join(each.lower() for each in place.suffixes[-2:])
            written = writers.get(ending) or writers.get(place.suffix.lower())
            place = place if written else place.with_name(f"{place.name}.csv")
            _make(place.parent)
            check_outputs({"--output": place}, [file])
            kept = documents.kept(table, keep)
            documents.check_cells(kept, written or CSV)
            found = model.answers(table)
            frame, _ = documents.answers_frame(model, found, kept, numbered)
            (written or CSV).write(frame, place)
            rows += len(found.values)
    files = len(shards.files)
    err.print(say("{n:,} answers written to {files:,} files in {output}", n=rows, files=files, output=folder))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        expected = "{folder}: expected a folder for answers"
        found = say("a file of that name") if isinstance(error, FileExistsError) else error.strerror or str(error)
        raise OutputError(expected, found, "give another path", folder=folder) from None
