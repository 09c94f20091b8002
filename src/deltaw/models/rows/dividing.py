"""The rule by which the rows of a table are divided, from its size and the caller's choices.

The final network is trained on all rows, for as many epochs as the folds' networks found best; scores are of
predictions by networks that were not trained on the rows. Measured by benchmarks/recipe/every_row.py, see
docs/scores.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw.exceptions import ColumnError, InputError, SettingError
from deltaw.given import is_whole
from deltaw.models.answers import rows_of, truth
from deltaw.models.rows.division import Constraints, Division, Indices
from deltaw.preparation import Target
from deltaw.preparation.reading import as_days, as_numbers
from deltaw.speech import listed, say
from deltaw.tables import Reading, Table, read_as
from deltaw.tables.cells import as_words
from deltaw.tables.held import all_as_read, are_words, as_read
from deltaw.tables.table import clip, listing, missing_column, with_frames

if TYPE_CHECKING:
    import polars as pl

FOLDS = 5
CROSS_VALIDATION_ROWS = 5_000  # fewer are cross-validated
REFIT_ROWS = 50_000  # fewer: one part is held out for the scores, then all rows are trained on; else that part is lost
FEWEST_ROWS = 10  # for folds
SHARED_PARTS = 8  # networks; of this many or more, two have the same part held out
FEWEST_CHOOSING = 20  # validation rows: fewer cannot choose an epoch
FEWEST_OBSERVED = 8  # validation rows of a training whose network is not kept
TEST = 0.2  # share of the rows
MOST_TEST, MOST_VALIDATION = 10_000, 5_000  # rows: more would add little


@dataclass(frozen=True)
class Choices:
    """How the caller wants the rows divided.

    Attributes:
        test_size: share of the rows to hold out for the scores; None: by the rule.
        folds: number of cross-validation folds; None: by the rule.
        group: column of groups, whose rows are never split apart.
        time: column of times: rows are scored by networks trained on earlier rows only.
    """

    test_size: float | None = None
    folds: int | None = None
    group: str | None = None
    time: str | None = None

    def check(self, test: bool) -> None:
        """Raise SettingError for choices that are not allowed or exclude each other; `test`: test rows are given."""
        size, folds = self.test_size, self.folds
        if size is not None and (
            isinstance(size, bool) or not isinstance(size, (int, float, np.number)) or not 0 <= size <= 0.9
        ):
            raise SettingError("test_size: expected a share of the rows from 0 to 0.9", repr(size), "give 0.2")
        if folds is not None and not is_whole(folds, 0):
            raise SettingError("folds: expected a whole number, 0 or more", repr(folds), "give 5, or leave it out")
        ways = {"test": test, "test_size": size is not None, "folds": bool(folds)}
        if sum(ways.values()) > 1:
            found = listed([name for name, given in ways.items() if given], " and ")
            raise SettingError("expected one way to choose the test rows", found, "give only one of them")
        for name, other in (("time", test and "test"), ("time", self.group is not None and "group")):
            if self.time is not None and other:
                raise SettingError(
                    "{name}: expected no other option that chooses the test rows",
                    other,
                    "leave one of them out",
                    name=name,
                )
        for name in ("group", "time"):
            column = getattr(self, name)
            if column is not None and not isinstance(column, str):
                raise SettingError("{name}: expected the name of a column", repr(column), "give one name", name=name)

    def check_columns(self, table: Table, target: str) -> None:
        """Raise ColumnError for an unknown column, SettingError for the target or a column of a block."""
        in_blocks = {name for block in table.blocks for name in (block.name, *block.columns)}
        for what, name in (("group", self.group), ("time", self.time)):
            if name is None:
                continue
            if name in in_blocks:
                raise SettingError(
                    "{what}: expected a column of its own",
                    say('"{name}" on one scale', name=clip(name)),
                    "leave it out",
                    what=what,
                )
            table.column(name)
            if name == target:
                raise SettingError(
                    "{what}: expected another column than the target", f'"{clip(name)}"', "leave it out", what=what
                )


def without_group(table: Table, choices: Choices) -> Table:
    """The table without the column of groups, which is no input."""
    group = choices.group
    return table if group is None else with_frames(table, lambda frame: frame.drop(group, strict=False))


def given_rows(rows: Any, what: str, table: Table, everything: Table, choices: Choices, how: Reading) -> Table | None:
    """Test or validation rows that are given beside a table, with its columns; None if none are given.

    Args:
        rows: as `deltaw.read` takes them, or None.
        what: "test" or "validation".
        table: the table with the columns that are used.
        everything: the table as it was read.
        choices: how its rows are divided.
        how: how `rows` are read.

    Raises:
        InputError: they cannot be read, are empty, or equal the table.
        ColumnError: a column of the table is missing.
        SettingError: a group has rows in both.
    """
    if rows is None:
        return None
    # What is text in the table may look like numbers in other rows.
    texts = frozenset(column.name for column in table.frame.iter_columns() if are_words(column))
    other = read_as(rows, replace(how, words=texts))
    frame = all_as_read(rows_of(other))
    there = set(frame.columns)
    for name in [*table.frame.columns, *([choices.group] if choices.group else [])]:
        if name not in there:
            raise missing_column(name, frame.columns, other.name)
    same = all(as_read(ours).equals(frame.get_column(ours.name)) for ours in table.frame.iter_columns())
    if not len(frame) or same:
        found = say("the same rows") if len(frame) else say("none")
        raise SettingError(
            "{what}: expected rows that are not among the training rows", found, "give others", what=what
        )
    if choices.group is not None:
        ours, theirs = (set(as_words(each.get_column(choices.group))) for each in (everything.frame, frame))
        if common := sorted(map(str, ours & theirs)):
            expected = say("{what}: expected groups that have no row in {name}", what=what, name=everything.name)
            raise SettingError(expected, listing(common, 3), "remove these rows from one of the two")
    return Table(frame[table.frame.columns], other.name)


def constraints_of(table: Table, target: Target, choices: Choices) -> Constraints:
    """Classes, groups and times of the rows with a target value.

    Raises:
        SettingError: only one group, or only one time.
        ColumnError: times that are neither numbers nor dates, or missing.
    """
    series = table.column(target.name)
    known = target.known(series, table.name)
    labels = truth(target, series.filter(known), table.name) if target.task == "classification" else None
    groups = times = None
    if choices.group is not None:
        words = as_words(table.column(choices.group).filter(known))
        groups = words.rank("dense").fill_null(0).to_numpy().astype(np.int64)
        _expect_several(groups, "group", choices.group, "groups")
    if choices.time is not None:
        times = _times(table.column(choices.time), table.name)[known]
        _expect_several(times, "time", choices.time, "times")
    return Constraints(int(known.sum()), labels, groups, times)


def group_numbers(
    frame: pl.DataFrame, group: str | None, time: str | None, rows: NDArray[np.bool_], source: str
) -> NDArray[Any] | None:
    """The groups of some rows of a later table, or of a piece of one, which are drawn together for intervals.

    A hash of each cell in the column of groups, or blocks of times (`Constraints.groups_of`); None without such a
    column, or if a row has no time.
    """
    if group in frame.columns:
        return np.asarray(as_words(frame.get_column(str(group))).hash().to_numpy()[rows])
    if time not in frame.columns or not rows.any():
        return None
    try:
        times = _times(frame.get_column(str(time)), source)[rows]
    except InputError:
        return None
    return Constraints(len(times), times=times).groups_of(np.arange(len(times)))


def _expect_several(values: NDArray[Any], what: str, column: str, name: str) -> None:
    if len(values) and (values == values[0]).all():
        raise SettingError(
            "{what}: expected several {name}",
            say('one in column "{column}"', column=clip(column)),
            "choose another column",
            what=what,
            name=name,
        )


def _times(column: pl.Series, source: str) -> NDArray[np.float64]:
    """Times as numbers or days, (n,). Raises ColumnError if they are neither."""
    found = None
    for reading in (as_numbers, as_days):
        try:
            found = reading(column, source)
            break
        except InputError:
            continue
    if found is None:
        expected = say(
            '{source}: expected numbers or dates in column "{name}", to put rows in order',
            source=source,
            name=clip(column.name),
        )
        raise ColumnError(expected, f"{clip(str(column.drop_nulls()[0]))}", "choose another column for time")
    if np.isnan(found).any():
        row = int(np.isnan(found).argmax()) + 1
        expected = say(
            '{source}: expected a time in every row of column "{name}"', source=source, name=clip(column.name)
        )
        raise ColumnError(expected, say("none in row {row:,}", row=row), "fill it in, or remove the row")
    return found


@dataclass(frozen=True)
class Layout:
    """How the rows are divided.

    Attributes:
        kept: the rows of the final network.
        folds: the rows of the trainings before it; see `Plan.folds`.
    """

    kept: Division
    folds: tuple[Division, ...] = ()


def divided(
    constraints: Constraints, choices: Choices, share: float, seed: int, test: bool, validation: bool, networks: int = 1
) -> Layout:
    """Divide the rows: the rule.

    Args:
        constraints: of all rows.
        choices: the caller's.
        share: share of the rows for validation, if there are no folds; 0: no best epoch is chosen.
        seed: of the divisions.
        test, validation: whether such rows are given.
        networks: how many are trained; each of several has its own fold held out, unless rows are ordered by time.
    """
    rows, none = np.arange(constraints.rows), np.empty(0, np.int64)
    asked, count = choices.test_size, fold_count(choices, constraints, networks)
    scores = not test and asked is None  # whether scores come from these rows

    def held_out(rows: Indices) -> tuple[Indices, Indices]:
        return constraints.apart(rows, min(TEST, MOST_TEST / max(len(rows), 1)), seed)

    if test or (scores and count):
        rest, tested = rows, none
    else:
        rest, tested = held_out(rows) if asked is None else constraints.apart(rows, asked, seed)
    chooses = share > 0 and not validation and len(rest) >= FEWEST_CHOOSING
    if count > 1 and (scores or chooses):
        folds = constraints.folds(rest, count, seed + 2)
        if scores or sum(len(each.test) for each in folds) >= FEWEST_CHOOSING:  # by time, the earliest rows are in none
            return Layout(Division(rest, none, tested), folds)
    learnt, test_rows = held_out(rest) if count == 1 and scores else (rest, none)
    learnt, chosen_by = validation_split(learnt, constraints, share if chooses else 0.0, seed + 1)
    if count == 1 and (len(test_rows) or len(chosen_by)):
        return Layout(Division(rest, none, tested), (Division(learnt, chosen_by, test_rows),))
    return Layout(Division(learnt, chosen_by, tested))


def observed(constraints: Constraints, share: float, seed: int, test: bool) -> Division:
    """One training with validation and test rows, in place of a training on all rows."""
    scored = 0.0 if test else min(TEST, MOST_TEST / max(constraints.rows, 1))
    rest, tested = constraints.apart(np.arange(constraints.rows), scored, seed)
    return Division(*validation_split(rest, constraints, share, seed + 1, FEWEST_OBSERVED), tested)


def validation_split(
    rows: Indices, constraints: Constraints, share: float, seed: int, fewest: int = FEWEST_CHOOSING
) -> tuple[Indices, Indices]:
    """(training rows, validation rows); no validation rows if there would be too few."""
    if round(share * len(rows)) < fewest:
        return rows, rows[:0]
    return constraints.apart(rows, min(share, MOST_VALIDATION / len(rows)), seed)


def held_out_parts(networks: int) -> int:
    """Number of parts of the rows of which each network has one held out.

    Of SHARED_PARTS networks or more, two hold out the same part: an eighth of few rows is too few to choose an epoch.
    """
    return networks if networks < SHARED_PARTS else (networks + 1) // 2


def fold_count(choices: Choices, constraints: Constraints, networks: int) -> int:
    """Number of folds. Raises SettingError if the rows cannot be divided into as many as the caller asks for."""
    most = constraints.most_folds
    if networks > 1:
        none = constraints.times is not None or constraints.rows < FEWEST_ROWS or most < 2
        each, alone = (0 if none else min(count, most) for count in (held_out_parts(networks), networks))
        if choices.folds == alone:
            return alone
        if choices.folds not in (None, 0, each):
            expected = say(
                "folds: expected {each}, as {networks} networks have", each=each or "none", networks=networks
            )
            raise SettingError(expected, f"{choices.folds:,}", "leave it out")
        return 0 if choices.folds == 0 else each
    if choices.folds is not None:
        if choices.folds > max(most, 1):
            what = (
                say("time")
                if constraints.times is not None
                else say("group")
                if constraints.groups is not None
                else say("row")
            )
            found = say("{folds:,} for {most:,} {what}s", folds=choices.folds, most=most, what=what)
            raise SettingError(
                "folds: expected at most one for each {what}", found, "give {most}", what=what, most=max(most, 1)
            )
        return int(choices.folds)
    if constraints.rows < FEWEST_ROWS or most < 2:
        return 0
    return min(FOLDS, most) if constraints.rows < CROSS_VALIDATION_ROWS else int(constraints.rows < REFIT_ROWS)
