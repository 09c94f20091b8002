"""The plan for a table that does not fit into memory: one pass over all rows, then a plan for a sample of them."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from deltaw import files
from deltaw.exceptions import ColumnError, SettingError
from deltaw.given import is_whole
from deltaw.models import recipes
from deltaw.models.fitting.deciding import planning
from deltaw.models.fitting.deciding.given import no_target
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.deciding.request import Request
from deltaw.models.rows.dividing import FEWEST_CHOOSING, MOST_TEST, MOST_VALIDATION, TEST
from deltaw.models.rows.extremes import DRAW
from deltaw.models.rows.survey import ENOUGH, Streamed, Survey, survey
from deltaw.numbers import of_bytes
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.tables import Stream, Table, exact, stream
from deltaw.tables.choice import checked_selection, kinds_by_column, with_selected_columns
from deltaw.tables.reading.answers import keeping_missing_words, with_classes
from deltaw.tables.reading.draws import places
from deltaw.tables.reading.streams import SHARE, free
from deltaw.tables.table import NameOfRows
from deltaw.training.blocks import check_folder

# Arguments that need all rows in memory, and their values that do not.
IN_MEMORY = {"folds": (None, 0), "group": (None,), "time": (None,)}
LEAST = 2**26  # bytes that a slice, the held-out rows and the smallest sample take, about: docs/scale.md
DISK = Path("/var/tmp")  # for large files: /tmp may be in memory


def plan(
    source: Any, target: str | None = None, recipe: str = "default", *, memory: int | None = None,
    cache: str | Path | None = None, free: int | None = None, lean: int | None = None, **asked: Any,
) -> Plan:  # fmt: skip
    """Decide everything that `fit` decides, train nothing; see `fit` for the arguments and errors.

    `lean`: how many inputs may be looked at when the raw rows of a file have been let go, while the network's inputs
    are made of them; None: all, since none are let go. `free`: see `planned`.
    """
    return planned(replace(Request.of(source, target, recipe, **asked), lean=lean), memory, cache, free)


def planned(
    request: Request, memory: int | None = None, cache: str | Path | None = None, free: int | None = None
) -> Plan:
    """The plan of a request: of rows in memory, or of a sample where they would take more of it than there is.

    Args:
        memory, cache: see `deltaw.fit`.
        free: bytes of memory that are taken to be free; None: as the system says.

    Raises:
        InputError: as `deltaw.fit`.
    """
    disk = _disk() if cache is None else files.folder("cache", cache)
    found = _to_be_streamed(request, memory, free)
    if found is None:
        return planning.planned(request)
    check_folder(disk)
    return _streamed(request, *found, disk)


def _to_be_streamed(request: Request, memory: int | None, there: int | None) -> tuple[Stream, int] | None:
    """(the stream of a source that needs more memory than is allowed, the bytes that are allowed), or None.

    Raises SettingError for an argument that needs all rows in memory, if the caller has limited the memory.
    """
    if memory is not None and not is_whole(memory, 1):
        raise SettingError("memory: expected a number of bytes, 1 or more", repr(memory), "give e.g. 2_000_000_000")
    if request.reading.max_bytes is not None and memory is None:
        return None
    rows = stream(request.source, request.reading)
    if rows is None:
        return None
    most = int(SHARE * (free() if there is None else there)) if memory is None else int(memory)
    if rows.held <= most:
        return None
    if (wrong := _in_memory_alone(request)) is not None:
        if memory is None:
            return None
        raise SettingError(
            "{name}: expected none where rows do not fit into the memory", repr(wrong[1]),
            "leave it out, or allow more memory ({memory})", name=wrong[0], memory=given_as("memory"),
        )  # fmt: skip
    # Rounded, since what is free differs each time, and a resumed run needs the same rows in the same order.
    most = most if memory is not None or most >= ENOUGH else 2 ** (most.bit_length() - 1)
    return replace(rows, memory=most), most


def _in_memory_alone(request: Request) -> tuple[str, Any] | None:
    """An argument that needs all rows in memory, and its value; None: there is none."""
    usual = recipes.RECIPES[request.recipe]["regression"].ensemble_size
    networks = request.settings.get("networks") or usual
    wrong = ((name, getattr(request, name)) for name, none in IN_MEMORY.items() if getattr(request, name) not in none)
    return next(wrong, ("networks", networks) if networks != 1 else None)


def _streamed(request: Request, rows: Stream, memory: int, folder: Path) -> Plan:
    first = next(rows.slices()).table
    name, weight = no_target(first) if request.target is None else request.target, request.weight
    first.column(name)
    used, kinds = _used(first, name, request)
    if request.start is None:
        rows = replace(rows, reading=keeping_missing_words(rows.reading, name))
    seen = survey(rows, used, name, weight, kinds, request.seed, memory)
    if (words := seen.said).words:
        rows = replace(rows, reading=with_classes(rows.reading, name, words.nones if words.are_classes else ()))
    if words.nones and not words.are_classes:
        seen = survey(rows, used, name, weight, kinds, request.seed, memory)
    if not seen.rows:
        expected = '{source}: expected values in target "{name}"'
        none = say("none in {n:,} rows", n=seen.left_out + seen.weightless)
        raise ColumnError(expected, none, "give rows whose answers are known", source=rows.name, name=name)

    size = request.test_size
    scored = 0 if request.test is not None else _part(seen.rows, TEST if size is None else size, MOST_TEST)
    share, rest, choosing = _share(request), seen.rows - scored, 0
    if request.validation is None and round(share * rest) >= FEWEST_CHOOSING:
        choosing = _part(rest, share, MOST_VALIDATION)
    seen.divide(scored + choosing)

    # Other columns have not been read, and the rows are already divided.
    sample = replace(
        request, source=_table(seen, seen.sample, rows), target=name, drop=None, columns=None, kinds=kinds or None,
        streamed=Streamed(rows, seen, memory, folder), folds=0, test_size=None,
    )  # fmt: skip
    if scored:
        sample = replace(sample, test=_table(seen, seen.held_out[:scored], rows))
    elif request.test is None:
        sample = replace(sample, test_size=0.0)
    if choosing:
        sample = replace(sample, validation=_table(seen, seen.held_out[scored:], rows))
    elif request.validation is None:
        sample = replace(sample, settings={**request.settings, "validation": 0.0})
    made = planning.planned(sample)
    found = dict.fromkeys([*seen.notes, *exact.notes(seen.beyond.rounded)])
    notes = (*found, *words.notes, *_notes(seen, size, scored, memory), *rows.shards.passed_over(len(rows.empty)))
    return replace(
        made,
        table=replace(made.table, notes=(*made.table.notes, *notes)),
        choices=request.choices,
        test_name=None if request.test is None else made.test_name,
        validation_name=None if request.validation is None else made.validation_name,
        left_out=made.left_out + seen.left_out, weightless=made.weightless + seen.weightless,
    )  # fmt: skip


def _share(request: Request) -> float:
    """The share of the rows that chooses the best weights."""
    usual = recipes.RECIPES[request.recipe]["regression"].validation  # as for classes
    return float(request.settings.get("validation", usual))


def _used(first: Table, target: str, request: Request) -> tuple[list[str], dict[str, str]]:
    """(the columns to read, the kinds that the caller gave them). Raises as planning does."""
    weight = request.weight
    if weight is not None:
        first.column(weight)
    drop, columns = checked_selection((weight, None), request.drop, request.columns, request.kinds)
    bare = first if weight is None else replace(first, frame=first.frame.drop(weight))
    table = with_selected_columns(bare, target, drop, columns)
    given_kinds = kinds_by_column(table, target, request.kinds)
    return [*table.frame.columns, *([] if weight is None else [weight])], given_kinds


def _part(rows: int, share: float, most: int) -> int:
    """Number of rows of a part."""
    return 0 if not rows or share <= 0 else max(1, round(min(share, most / rows) * rows))


def _table(seen: Survey, frame: pl.DataFrame, rows: Stream) -> Table:
    name = rows.name
    if DRAW in frame.columns:
        name = NameOfRows(name, places(seen.seed, frame.get_column(DRAW).to_numpy()))
    marks = rows.notations.decimals
    return Table(frame.drop(DRAW, strict=False), name, missing=rows.reading.missing, decimals=marks)


def _notes(seen: Survey, size: float | None, scored: int, memory: int) -> tuple[str, ...]:
    error = say("medians and quartiles of {n:,} rows, within {error:.2g}% of the rows", n=len(seen.sample),
                error=100 * seen.error)  # fmt: skip
    capped = say("{n:,} rows to score, the most that are held where rows are streamed", n=scored)
    least = say("the rows held at a time take up to {least}, even if {memory} allows less",
                least=of_bytes(LEAST), memory=given_as("memory"))  # fmt: skip
    return (
        *([least] if memory < LEAST else []),
        *([error] if seen.error else []),
        *([capped] if size is not None and scored < round(size * seen.rows) else []),
    )


def _disk() -> Path:
    """A folder on a disk for what is large."""
    return DISK if DISK.is_dir() and os.access(DISK, os.W_OK) else Path(tempfile.gettempdir())
