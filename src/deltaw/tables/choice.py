"""The columns and kinds that the user selects, by names and by patterns such as sub_*."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from deltaw.exceptions import ColumnError, SettingError
from deltaw.given import several
from deltaw.speech import listed, say
from deltaw.speech.settings import given_as
from deltaw.tables.given_kinds import READ_AS
from deltaw.tables.table import Block, Table, clip, listing, missing_column, nearest, suggested, with_frames

Names = str | Iterable[str] | None
Known = Mapping[str, tuple[str, ...]]  # name of a column or block -> its columns

SIGNS = "*?["  # of patterns, see `fnmatch`


def with_selected_columns(table: Table, target: str, drop: Names = None, columns: Names = None) -> Table:
    """The table with the selected columns and the target, which no pattern matches.

    Args:
        table: the name of a block selects all its columns.
        target: the column to be predicted.
        drop: columns to leave out.
        columns: the only ones to keep, except for those in `drop`; None keeps all.

    Raises:
        SettingError: the target, all columns, or one in `columns` would be left out; not a name.
        ColumnError: no column has that name, or matches that pattern.
    """
    if drop is None and columns is None:
        return table
    only, less = names_of("columns", columns), names_of("drop", drop)
    known, source = _inputs(table, target), table.name
    if columns is not None:
        known, source = (
            _kept(known, _matching(only, known, target, source)),
            say("{source}, of the columns asked for", source=source),
        )
    for name in less:
        if name == target or (name not in known and fnmatchcase(target, name) and not _matches(name, known)):
            raise SettingError(
                "drop: expected columns to learn from", say('the target "{target}"', target=clip(target)), "keep it"
            )
        if name in only:
            raise SettingError(
                "drop: expected no column that {columns} names", say('"{name}" in both', name=clip(name)),
                "leave one of them out", columns=given_as("columns"),
            )  # fmt: skip
    gone = {place for name in _matching(less, known, target, source) for place in known[name]}
    places = {place for columns_of in known.values() for place in columns_of} - gone
    if not places:
        expected = say("{name}: expected a column to learn from besides the target", name=table.name)
        raise SettingError(expected, say("none that is kept"), "leave out fewer")
    names = [name for name in table.frame.columns if name in places or name == target]
    return replace(with_frames(table, lambda frame: frame[names]), blocks=tuple(_parts(table.blocks, places)))


def checked_selection(
    names: Iterable[str | None], drop: Names, columns: Names, kinds: Mapping[str, str] | None
) -> tuple[Names, Names]:
    """`drop` and `columns` without the columns `names`, such as weights, which are not inputs and may be in either.

    Raises SettingError if one of these is given a kind, or would be the only input.
    """
    _check_kinds(kinds)
    apart = [name for name in names if name is not None]
    less, only = names_of("drop", drop), names_of("columns", columns)
    kept = tuple(name for name in only if name not in apart)
    for what, asked in (("kinds", kinds or ()), ("columns", () if kept else only)):
        for name in (name for name in apart if name in asked):
            expected = say("{what}: expected columns to learn from", what=what)
            raise SettingError(expected, say('"{name}", which is not to be used', name=clip(str(name))), "leave it out")
    return tuple(name for name in less if name not in apart) or None, kept or None


def kinds_by_column(table: Table, target: str, kinds: Mapping[str, str] | None) -> dict[str, str]:
    """The kind of each column that the user gave one, by name or pattern; the last match wins.

    Raises:
        SettingError: an unknown kind, or not a mapping; the target, or part of a block.
        ColumnError: no column has that name, or matches that pattern.
    """
    _check_kinds(kinds)
    asked: dict[str, str] = {}
    known, in_blocks = _inputs(table, target), {name for block in table.blocks for name in (block.name, *block.columns)}
    for name, kind in (kinds or {}).items():
        name = as_name(name)
        if kind not in READ_AS:
            expected = say('kind of "{name}": expected one of {read_as}', name=clip(str(name)), read_as=listed(READ_AS))
            raise SettingError(expected, repr(kind), suggested(str(kind), READ_AS, say("choose one of these")))
        if name == target:
            raise SettingError(
                "kinds: expected columns to learn from", say('the target "{name}"', name=clip(name)), "give a task"
            )
        for each in _matching(names_of("kinds", name), known, target, table.name):
            if each in in_blocks:
                found = say('"{each}", which is one of numbers on one scale', each=clip(each))
                raise SettingError("kinds: expected a column of its own", found, "leave it out")
            asked[each] = kind
    return asked


def matching_columns(table: Table, names: Iterable[str]) -> tuple[str, ...]:
    """The columns that match names and patterns, each once; possibly the target. Raises ColumnError if one has none."""
    known = {block.name: block.columns for block in table.blocks} | {name: (name,) for name in table.frame.columns}
    return tuple(dict.fromkeys(place for name in _matching(names, known, None, table.name) for place in known[name]))


def as_name(given: Any) -> Any:
    """Column names of pandas may be integers, or tuples (a MultiIndex), which become strings: 3 is "3"."""
    return str(given) if isinstance(given, int | np.integer | tuple) and not isinstance(given, bool) else given


def names_of(what: str, given: Any) -> tuple[str, ...]:
    """One name or several as a tuple. Raises SettingError for anything else."""
    names = () if given is None else given if isinstance(given, tuple) else as_name(given)  # a tuple of names
    names = (names,) if isinstance(names, str) else names
    found = None if isinstance(names, Mapping) else several(names)
    names = (given,) if found is None else tuple(map(as_name, found))
    if not all(isinstance(name, str) for name in names) or (given is not None and not names):
        raise SettingError("{what}: expected names of columns", repr(given), 'give e.g. ["id", "sub_*"]', what=what)
    return names


def _inputs(table: Table, target: str) -> Known:
    return {block.name: block.columns for block in table.blocks} | {
        name: (name,) for name in table.frame.columns if name != target
    }


def _kept(known: Known, names: Iterable[str]) -> Known:
    """The entries all of whose columns are named."""
    places = {place for name in names for place in known[name]}
    return {name: columns for name, columns in known.items() if places.issuperset(columns)}


def _matching(names: Iterable[str], known: Known, target: str | None, source: str) -> list[str]:
    """The known names that match. Raises ColumnError for a name or pattern without a match."""
    found: list[str] = []
    for name in names:
        if name == target:
            continue
        matches = [name] if name in known else _matches(name, known)
        if not matches and any(sign in name for sign in SIGNS):
            near = nearest(name.translate(dict.fromkeys(map(ord, SIGNS))), known)
            remedy = say('did you mean "{near}"?', near=near) if near else say("give a pattern of these names")
            expected = say('{source}: expected columns that "{name}" matches', source=source, name=clip(name))
            raise ColumnError(expected, say("the columns {known}", known=listing(known)), remedy)
        if not matches:
            raise missing_column(name, known, source)
        found += matches
    return found


def _matches(pattern: str, known: Known) -> list[str]:
    return [name for name in known if fnmatchcase(name, pattern)]


def _parts(blocks: Iterable[Block], places: set[str]) -> Iterable[Block]:
    """The remaining columns of each block, without the image's shape if some are gone."""
    for block in blocks:
        kept = tuple(name for name in block.columns if name in places)
        if kept:
            yield block if kept == block.columns else replace(block, columns=kept, shape=(len(kept),))


def _check_kinds(kinds: object) -> None:
    if kinds is not None and not isinstance(kinds, Mapping):
        raise SettingError("kinds: expected a kind for each column", repr(kinds), 'give e.g. {"year": "number"}')
