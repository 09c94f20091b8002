"""`deltaw predict` and `deltaw evaluate` on rows in pieces, one in memory at a time: files, or slices of one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from deltaw.cli.once import SLASHES
from deltaw.cli.options.keeping import interrupted
from deltaw.cli.output import documents
from deltaw.cli.output.endings import CSV, WRITERS, ZIPPED, Writer
from deltaw.engines import ranks
from deltaw.exceptions import InputError, OutputError, reason
from deltaw.files import Several, check_inputs_stay
from deltaw.speech import say

if TYPE_CHECKING:
    from polars import DataFrame

    from deltaw.cli.output.screen import Screen
    from deltaw.models import Model
    from deltaw.tables import Reading, Table


SHRUNK = 4  # memory over file size of columnar formats, about
CELLS_AT_ONCE = 2**16  # cells of small pieces that are predicted together
Piece = tuple[Path, "Table | None"]
Pieces = Iterator[Piece]


def pieces(data: str, model: Model, reading: Reading) -> tuple[Path, Pieces] | None:
    """(folder, pairs of a piece's path in it and its rows); None if the rows are one piece.

    The files need to have the columns that the model reads. A file without rows has None for its rows. A single file of
    text or columns is read in slices, in other formats it is one piece. Of several processes started by torchrun, rank
    r has the pieces r, r + world, …
    """
    from deltaw.models.contents import reading_of
    from deltaw.preparation.columns.block import BlockOfNumbers
    from deltaw.tables import several, slices, stream
    from deltaw.tables.reading.loading import located

    how, here = reading_of(model, reading), ranks.own()
    if (many := several(data)) is not None:
        many = replace(many, files=many.files[here.rank :: here.world])
        return many.root, many.pieces(lambda file: model.read(file, reading), how)
    if (one := slices(data, how, share=slice(here.rank, None, here.world))) is not None:
        return located(data).parent, one
    pictures = any(isinstance(step, BlockOfNumbers) for step in model.preparation.steps)  # whose columns are renamed
    text = None if pictures or how.written else stream(data, how)
    if text is None:
        return None
    path, rows = located(data), text.once(how.words, model.preparation.input_names)
    parts = islice(enumerate(rows), here.rank, None, here.world)
    return path.parent, ((Path(f"{path.name.split('.')[0]}-{i:05}.csv"), part.table) for i, part in parts)


def are_many(data: str) -> bool:
    """Whether to read rows in pieces: several files, or a file that is large for the memory."""
    from deltaw.tables import Reading, several, slices, stream
    from deltaw.tables.reading.loading import limit

    if several(data) is not None:
        return True
    with suppress(OSError, ValueError):
        large = Path(data).stat().st_size > limit(None) // SHRUNK
        return large and (slices(data, Reading()) or stream(data, Reading())) is not None
    return False


def answers(
    model: Model, data: str, to: str, reading: Reading, keep: tuple[str, ...], numbered: bool, err: Screen
) -> bool:
    """Write a file of predictions for each piece of the rows into the folder `to`; return whether there are pieces.

    A small single file is not in pieces, unless the folder exists, or `to` ends with a slash.

    Raises:
        OutputError: the folder is that of the rows, or inside it; two files of predictions would have the same name; or
            one cannot be written. Files written before stay.
    """
    folder = Path(to)
    with _of_answers(folder):
        there = folder.is_dir() or to.endswith(SLASHES)
    in_pieces = ranks.here().gathered(there or are_many(data))[0]  # the first process decides for all
    found = pieces(data, model, reading) if in_pieces else None
    if found is None:
        return False
    root, parts = found
    _check_folder(folder, root, data)
    rows, empty, frame = 0, list[Path](), None
    made = list[Path]()
    with (
        interrupted(partial(_what_stays, made, folder)),
        err.status(say("predicting {data}", data=data)),
        Several() as several,
    ):
        for where, table, said in _answered(model, parts):
            if table is None:
                empty.append(where)  # what it would hold, others say
                continue
            place, writer = _place(folder, where, root)
            kept = documents.kept(table, keep)
            documents.check_cells(kept, writer)
            frame, _ = documents.beside(said, kept, numbered)
            writer.write(frame, place, several.write)
            made.append(place)
            rows += len(frame)
        frame = _no_answers(model, data, numbered) if frame is None and empty else frame
        for where in empty:
            assert frame is not None
            place, writer = _place(folder, where, root)
            writer.write(frame.clear(), place, several.write)
            made.append(place)
    here = ranks.here()
    counts = here.gathered((rows, len(made)))  # who has failed ends those who wait here
    rows, files = map(sum, zip(*counts, strict=True))
    if here.rank == 0:
        err.print(say("{n:,} answers written to {files:,} files in {output}", n=rows, files=files, output=folder))
    return True


def _what_stays(made: Sequence[Path], folder: Path) -> str:
    """The message of an interruption: files written until then are complete."""
    line = "interrupted; {files:,} files in {output} are complete: run the same command again"
    return say(line, files=len(made), output=folder) if made else ""


def _answered(model: Model, parts: Pieces) -> Iterator[tuple[Path, Table | None, DataFrame]]:
    """The pieces with their predictions; small pieces are predicted together."""
    from polars import DataFrame, concat

    from deltaw.tables.reading.streams import gathered

    for some in gathered(parts, partial(_cells, model), CELLS_AT_ONCE, _alike):
        made, tables = list[DataFrame](), [table for _, table in some if table is not None]
        if len(tables) > 1:
            with suppress(InputError):  # read one by one, for the file and row in the message
                whole = replace(tables[0], frame=concat([table.frame for table in tables]))
                found, first = documents.answers_alone(model, model.answers_in_turn(whole)), 0
                for rows in (len(table.frame) for table in tables):
                    made.append(found[first : first + rows])
                    first += rows
        for where, table in some:
            if table is None or made:
                yield where, table, DataFrame() if table is None else made.pop(0)
            else:
                yield where, table, documents.answers_alone(model, model.answers_in_turn(table))


def _cells(model: Model, piece: Piece) -> float:
    """Number of cells of a piece; infinite for one that has to be predicted alone."""
    table = piece[1]
    if table is None:
        return 0
    alone = table.test is not None or not model.preparation.reads_alone(table.frame)
    return math.inf if alone else math.prod(table.frame.shape)


def _alike(waiting: Sequence[Piece], piece: Piece) -> bool:
    """Whether a piece can be predicted as one table with the waiting ones."""
    last = next((table for _, table in reversed(waiting) if table is not None), None)
    return last is None or piece[1] is None or piece[1].frame.schema == last.frame.schema


def _check_folder(folder: Path, root: Path, data: str) -> None:
    """Raise OutputError for an invalid folder of predictions."""
    from deltaw.tables import several
    from deltaw.tables.reading.shards import is_shown

    many, whole, rows = several(data), folder.resolve(), root.resolve()
    files = () if many is None else many.files
    expected = "{output}: expected another folder than that of the rows"
    if whole == rows:
        raise OutputError(expected, say("the same folder"), "give another path", output=folder)
    inside = whole.is_relative_to(rows) and Path(data).is_dir() and is_shown(whole, rows)
    if inside or any(file.resolve().is_relative_to(whole) for file in files):
        raise OutputError(expected, say("one in it"), "give another path", output=folder)
    places: dict[Path, Path] = {}
    for file in files:
        place = _answers_for(folder, file.relative_to(root))[0]
        if (other := places.setdefault(place, file)) != file:
            found = say("{file} as well as {other}", file=file, other=other)
            raise OutputError("{place}: expected the answers for one file", found, "rename one of the two", place=place)


def some_rows(found: Sequence[object], data: str) -> None:
    """Raise TableError if no file has rows."""
    from deltaw.tables import several

    if not found and (many := several(data)) is not None:
        raise many.without_rows


def _no_answers(model: Model, data: str, numbered: bool) -> DataFrame:
    """Empty predictions, if no file of this process has rows. Raises TableError if no other process has any either."""
    from polars import DataFrame

    if ranks.own().world == 1:
        some_rows((), data)
    usual = model.answers_in_turn(model.preparation.usual_row())
    return documents.answers_frame(model, usual, DataFrame(), numbered)[0]


def _answers_for(folder: Path, where: Path) -> tuple[Path, Writer]:
    """The path and the writer of a file's predictions; CSV without a known ending."""
    place, writers = folder / where, WRITERS | ZIPPED
    ending = "".join(each.lower() for each in place.suffixes[-2:])
    written = writers.get(ending) or writers.get(place.suffix.lower())
    return place if written else place.with_name(f"{place.name}.csv"), written or CSV


def _place(folder: Path, where: Path, root: Path) -> tuple[Path, Writer]:
    """The same; makes the folder, and raises OutputError for the path of an input."""
    place, writer = _answers_for(folder, where)
    _make(place.parent)
    check_inputs_stay({"--output": place}, [root / where])
    return place, writer


def _make(folder: Path) -> None:
    with _of_answers(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _of_answers(folder: Path) -> Iterator[None]:
    """An OSError about the folder as an OutputError."""
    try:
        yield
    except OSError as error:
        expected = "{folder}: expected a folder for answers"
        found = reason(error)
        raise OutputError(expected, found, "give another path", folder=folder) from None
