"""`deltaw predict` and `deltaw evaluate` on rows in pieces, one of them in memory: several files, or slices of one."""

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


SHRUNK = 4  # files of columns are about so many times smaller than their rows in memory
TOGETHER = 2**16  # cells of small pieces that are answered together
Piece = tuple[Path, "Table | None"]
Pieces = Iterator[Piece]


def pieces(data: str, model: Model, reading: Reading) -> tuple[Path, Pieces] | None:
    """(the folder, where each piece would lie in it and its rows), as the model reads them; None for what is one piece.

    Files need to have in common what the model reads. Of a file without rows there is None in the place of these.

    One file of columns or of text is in slices; of another format it is one piece, whatever its size. Of several
    processes that torchrun has started each has its own: rank r pieces r, r + world, …
    """
    from deltaw.models.contents import reading_of
    from deltaw.preparation.columns.block import BlockOfNumbers
    from deltaw.tables import several, slices, stream

    how, here = reading_of(model, reading), ranks.own()
    if (many := several(data)) is not None:
        many = replace(many, files=many.files[here.rank :: here.world])
        return many.root, many.pieces(lambda file: model.read(file, reading), how)
    if (one := slices(data)) is not None:
        return one.root, one.pieces(how, share=slice(here.rank, None, here.world))
    pictures = any(isinstance(step, BlockOfNumbers) for step in model.preparation.steps)  # whose columns are renamed
    text = None if pictures or how.written else stream(data, how)
    if text is None:
        return None
    path, rows = Path(data), text.once(how.words, model.preparation.input_names)
    parts = islice(enumerate(rows), here.rank, None, here.world)
    return path.parent, ((Path(f"{path.name.split('.')[0]}-{i:05}.csv"), part.table) for i, part in parts)


def are_many(data: str) -> bool:
    """Whether rows are best read in pieces: files of one table, or a file that is large for the memory."""
    from deltaw.tables import Reading, several, slices, stream
    from deltaw.tables.reading.loading import limit

    if several(data) is not None:
        return True
    with suppress(OSError, ValueError):
        large = Path(data).stat().st_size > limit(None) // SHRUNK
        return large and (slices(data) or stream(data, Reading())) is not None
    return False


def answers(
    model: Model, data: str, to: str, reading: Reading, keep: tuple[str, ...], numbered: bool, err: Screen
) -> bool:
    """A file of answers for each piece of the rows, in the folder `to`; whether there are pieces.

    A small file in one piece is none, unless the folder is there, or `to` ends with a slash.

    Raises:
        OutputError: the folder is that of the rows, or lies in it and would be read with them the next time; two files
            of answers would have one name; or one cannot be written there. Those before it stay.
    """
    folder = Path(to)
    with _of_answers(folder):
        there = folder.is_dir() or to.endswith(SLASHES)
    in_pieces = ranks.here().gathered(there or are_many(data))[0]  # the first process says for all
    found = pieces(data, model, reading) if in_pieces else None
    if found is None:
        return False
    root, parts = found
    _check_folder(folder, root, data)
    rows, empty, frame = 0, list[Path](), None
    made = list[Path]()
    with _what_stays(made, folder), err.status(say("answering for {data}", data=data)), Several() as several:
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


@contextmanager
def _what_stays(made: Sequence[Path], folder: Path) -> Iterator[None]:
    """Who is interrupted within has the answers that were written until then, each file whole."""
    try:
        yield
    except KeyboardInterrupt:
        if not made:
            raise
        line = "interrupted; {files:,} files in {output} are complete: run the same command again"
        raise KeyboardInterrupt(say(line, files=len(made), output=folder)) from None


def _answered(model: Model, parts: Pieces) -> Iterator[tuple[Path, Table | None, DataFrame]]:
    """The pieces, each with its answers: those of small ones are made together, a call for the rows of all."""
    from polars import DataFrame, concat

    from deltaw.tables.reading.streams import gathered

    for some in gathered(parts, partial(_cells, model), TOGETHER, _alike):
        made, tables = list[DataFrame](), [table for _, table in some if table is not None]
        if len(tables) > 1:
            with suppress(InputError):  # each by itself says in which file it is, and in which row
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
    """How many cells a piece has; of one that is answered alone, as a large one."""
    table = piece[1]
    if table is None:
        return 0
    alone = table.test is not None or not model.preparation.reads_alone(table.frame)
    return math.inf if alone else math.prod(table.frame.shape)


def _alike(waiting: Sequence[Piece], piece: Piece) -> bool:
    """Whether a piece's rows can be answered as one table with those of the pieces that wait."""
    last = next((table for _, table in reversed(waiting) if table is not None), None)
    return last is None or piece[1] is None or piece[1].frame.schema == last.frame.schema


def _check_folder(folder: Path, root: Path, data: str) -> None:
    """Raise OutputError for a folder of answers that cannot be."""
    from deltaw.tables import several
    from deltaw.tables.reading.shards import is_shown

    many, whole, rows = several(data), folder.resolve(), root.resolve()
    files = () if many is None else many.files
    expected = "{output}: expected another folder than that of the rows"
    if whole == rows:
        raise OutputError(expected, say("the same"), "give another path", output=folder)
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
    """Raise TableError where nothing was found in any of several files."""
    from deltaw.tables import several

    if not found and (many := several(data)) is not None:
        raise many.without_rows


def _no_answers(model: Model, data: str, numbered: bool) -> DataFrame:
    """What files of answers hold, where no file of this process has rows. Raises TableError where no other's has."""
    from polars import DataFrame

    if ranks.own().world == 1:
        some_rows((), data)
    usual = model.answers_in_turn(model.preparation.usual_row())
    return documents.answers_frame(model, usual, DataFrame(), numbered)[0]


def _answers_for(folder: Path, where: Path) -> tuple[Path, Writer]:
    """Where answers for the rows of a file go, and how they are written: CSV where the ending says nothing."""
    place, writers = folder / where, WRITERS | ZIPPED
    ending = "".join(each.lower() for each in place.suffixes[-2:])
    written = writers.get(ending) or writers.get(place.suffix.lower())
    return place if written else place.with_name(f"{place.name}.csv"), written or CSV


def _place(folder: Path, where: Path, root: Path) -> tuple[Path, Writer]:
    """The same, in a folder that is there, and not over the rows."""
    place, writer = _answers_for(folder, where)
    _make(place.parent)
    check_inputs_stay({"--output": place}, [root / where])
    return place, writer


def _make(folder: Path) -> None:
    with _of_answers(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _of_answers(folder: Path) -> Iterator[None]:
    """What the system says against a folder, as an OutputError."""
    try:
        yield
    except OSError as error:
        expected = "{folder}: expected a folder for answers"
        found = reason(error)
        raise OutputError(expected, found, "give another path", folder=folder) from None
