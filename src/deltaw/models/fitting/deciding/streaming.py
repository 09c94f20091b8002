"""The plan of a training on rows that no memory holds: one pass over them, and a plan made on a sample."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from deltaw import engines, files
from deltaw.exceptions import ColumnError, SettingError
from deltaw.given import is_whole
from deltaw.models import recipes
from deltaw.models.fitting.deciding import asked as asked_for
from deltaw.models.fitting.deciding import planning
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.deciding.warm import Start
from deltaw.models.rows.dividing import FEWEST_CHOOSING, MOST_TEST, MOST_VALIDATION, TEST, Choices
from deltaw.models.rows.extremes import DRAW
from deltaw.models.rows.survey import ENOUGH, Streamed, Survey, survey
from deltaw.numbers import of_bytes
from deltaw.speech import say
from deltaw.tables import Reading, Stream, Table, exact, stream
from deltaw.tables.choice import chosen, inputs_asked, kinds_asked
from deltaw.tables.reading.answers import to_be_told, with_classes
from deltaw.tables.reading.draws import places
from deltaw.tables.reading.streams import SHARE, free
from deltaw.tables.table import Some
from deltaw.training.blocks import check_folder

# What a plan on rows in memory can do, and one on a sample of them cannot; and what leaves it out.
IN_MEMORY = {"folds": (None, 0), "group": (None,), "time": (None,)}
# What a slice, the rows that are held out and the least sample take, about: docs/scale.md.
LEAST = 2**26
DISK = Path("/var/tmp")  # where files lie that are too large for /tmp, which may be memory


def plan(
    source: Any, target: str | None = None, recipe: str = "default", *, memory: int | None = None,
    cache: str | Path | None = None, free: int | None = None, **asked: Any,
) -> Plan:  # fmt: skip
    """Decide everything that `fit` decides, train nothing; see `fit` for the arguments and errors.

    `free`: bytes of memory that are taken to be free; None: as the system says.
    """
    disk = _disk() if cache is None else files.folder("cache", cache)
    found = _to_be_streamed(source, asked, recipe, memory, free)
    if found is None:
        return planning.plan(source, target, recipe, **asked)
    check_folder(disk)
    rows, most = found
    return _streamed(rows, most, disk, target, recipe, asked)


def _to_be_streamed(
    source: Any, asked: Mapping[str, Any], recipe: str, memory: int | None, there: int | None
) -> tuple[Stream, int] | None:
    """The stream of a source that would take more memory than there is for it, and how much that is; else None.

    Raises SettingError for what cannot be asked for then, where somebody has said how much memory there is.
    """
    if memory is not None and not is_whole(memory, 1):
        raise SettingError("memory: expected a number of bytes, 1 or more", repr(memory), "give e.g. 2_000_000_000")
    how, _ = Reading.taken(asked)
    if how.max_bytes is not None and memory is None:
        return None
    begun = Start.of(asked.get("start"))
    rows = stream(source, how if begun is None else begun.reading(how))
    if rows is None:
        return None
    most = int(SHARE * (free() if there is None else there)) if memory is None else int(memory)
    if rows.held <= most:
        return None
    if (wrong := _in_memory_alone(asked, recipe, begun)) is not None:
        if memory is None:
            return None
        raise SettingError(
            "{name}: expected none where rows do not fit into the memory", repr(wrong[1]),
            "leave it out, or allow more memory (--memory)", name=wrong[0],
        )  # fmt: skip
    # What is free is another number each time, and a run that goes on needs the same rows in the same order.
    most = most if memory is not None or most >= ENOUGH else 2 ** (most.bit_length() - 1)
    return replace(rows, memory=most), most


def _in_memory_alone(asked: Mapping[str, Any], recipe: str, begun: Start | None) -> tuple[str, Any] | None:
    """A setting, and its value, that only rows in memory can have."""
    known = recipes.RECIPES.get(recipe, {}).get("regression") if begun is None else begun.model.recipe
    networks = asked.get("networks") or (1 if known is None else known.ensemble_size)
    wrong = ((each, asked[each]) for each, usual in IN_MEMORY.items() if asked.get(each) not in usual)
    return next(wrong, ("networks", networks) if networks != 1 else None)


def _streamed(
    rows: Stream, memory: int, folder: Path, target: str | None, recipe: str, asked: dict[str, Any]
) -> Plan:  # fmt: skip
    test, validation, size = (asked.get(name) for name in ("test", "validation", "test_size"))
    Choices(size, asked.get("folds")).check(test is not None)
    begun, seed = Start.of(asked.get("start")), asked.get("seed", 0)
    asked_for.check_run(seed, engines.on(asked.get("engine", "native"), asked.get("device")), asked.get("threads"))
    recipes.check_names(recipe, {})
    if begun is not None:
        target = begun.model.target.name
    first = next(rows.slices()).table
    name = target if target is not None else asked_for.no_target(first)
    first.column(name)
    weight = asked.get("weight") if begun is None else begun.model.recipe.weight
    used, kinds = _used(first, name, weight, asked)
    if begun is None:
        rows = replace(rows, reading=to_be_told(rows.reading, name))
    seen = survey(rows, used, name, weight, kinds, int(seed), memory)
    if (told := seen.said).words:
        rows = replace(rows, reading=with_classes(rows.reading, name, told.nones if told.are_classes else ()))
    if told.nones and not told.are_classes:
        seen = survey(rows, used, name, weight, kinds, int(seed), memory)
    if not seen.rows:
        expected = '{source}: expected values in target "{name}"'
        none = say("none in {n:,} rows", n=seen.left_out + seen.weightless)
        raise ColumnError(expected, none, "give rows whose answers are known", source=rows.name, name=name)

    share = begun.model.recipe.validation if begun is not None else recipes.RECIPES[recipe]["regression"].validation
    by_share = validation is None or isinstance(validation, int | float | np.number)
    scored = 0 if test is not None else _part(seen.rows, TEST if size is None else size, MOST_TEST)
    share = float(validation) if by_share and validation is not None else share
    rest = seen.rows - scored
    choosing = _part(rest, share, MOST_VALIDATION) if by_share and round(share * rest) >= FEWEST_CHOOSING else 0
    seen.divide(scored + choosing)
    streamed = Streamed(rows, seen, memory, folder)

    given = asked | {"seed": seed, "streamed": streamed, "folds": 0, "test_size": None}
    given |= {"drop": None, "columns": None, "kinds": kinds or None}  # of the others there is nothing left
    if test is None:
        given |= {"test": _table(seen, seen.held_out[:scored], rows)} if scored else {"test_size": 0.0}
    if by_share:
        given |= {"validation": _table(seen, seen.held_out[scored:], rows) if choosing else 0.0}
    made = planning.plan(_table(seen, seen.sample, rows), target, recipe, **given)
    found = dict.fromkeys([*seen.notes, *exact.notes(seen.beyond.rounded)])
    notes = (*found, *told.notes, *_notes(seen, size, scored, memory), *rows.shards.passed_over(len(rows.empty)))
    return replace(
        made,
        table=replace(made.table, notes=(*made.table.notes, *notes)),
        choices=Choices(size, asked.get("folds")),
        test_name=made.test_name if test is not None else None,
        validation_name=None if by_share else made.validation_name,
        left_out=made.left_out + seen.left_out, weightless=made.weightless + seen.weightless,
    )  # fmt: skip


def _used(first: Table, target: str, weight: str | None, asked: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """The columns that are looked at, and what the caller told them to be. Raises as planning does."""
    if weight is not None:
        first.column(weight)
    drop, columns = inputs_asked((weight, None), asked.get("drop"), asked.get("columns"), asked.get("kinds"))
    bare = first if weight is None else replace(first, frame=first.frame.drop(weight))
    table = chosen(bare, target, drop, columns)
    told = kinds_asked(table, target, asked.get("kinds"))
    return [*table.frame.columns, *([] if weight is None else [weight])], told


def _part(rows: int, share: float, most: int) -> int:
    """How many rows a part has."""
    return 0 if not rows or share <= 0 else max(1, round(min(share, most / rows) * rows))


def _table(seen: Survey, frame: pl.DataFrame, rows: Stream) -> Table:
    name = Some(rows.name, places(seen.seed, frame.get_column(DRAW).to_numpy())) if DRAW in frame.columns else rows.name
    marks = rows.notations.decimals
    return Table(frame.drop(DRAW, strict=False), name, missing=rows.reading.missing, decimals=marks)


def _notes(seen: Survey, size: float | None, scored: int, memory: int) -> tuple[str, ...]:
    error = say("medians and quartiles of {n:,} rows, within {error:.2g} % of the rows", n=len(seen.sample),
                error=100 * seen.error)  # fmt: skip
    capped = say("{n:,} rows to score, the most that are held where rows are streamed", n=scored)
    least = say("the rows held at a time take up to {least}, even if --memory allows less",
                least=of_bytes(LEAST))  # fmt: skip
    return (
        *([least] if memory < LEAST else []),
        *([error] if seen.error else []),
        *([capped] if size is not None and scored < round(size * seen.rows) else []),
    )


def _disk() -> Path:
    """A folder on a disk for what is large."""
    return DISK if DISK.is_dir() and os.access(DISK, os.W_OK) else Path(tempfile.gettempdir())
