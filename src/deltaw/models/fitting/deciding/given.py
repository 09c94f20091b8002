"""The rows of a request: read and checked as a whole, before they are divided and anything is fitted on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, NoReturn

import polars as pl

from deltaw.exceptions import ColumnError, SettingError
from deltaw.models.fitting.deciding.request import Request
from deltaw.models.rows import weights
from deltaw.models.rows.dividing import constraints_of, given_rows, without_group
from deltaw.models.rows.division import Constraints
from deltaw.models.rows.parts import with_known_target
from deltaw.models.rows.time_order import notes_on_identifiers, notes_on_order, with_times
from deltaw.preparation import Target
from deltaw.preparation.columns.numbers import Number
from deltaw.preparation.task import infer_task
from deltaw.speech import listed, say
from deltaw.tables import Column, Reading, Table, read_as
from deltaw.tables import kinds as kinds_of
from deltaw.tables.choice import as_name, checked_selection, kinds_by_column, with_selected_columns
from deltaw.tables.columns import note_on_unit, notes_on
from deltaw.tables.held import are_words, as_read
from deltaw.tables.reading.answers import keeping_missing_words, missing_words_to_null, with_classes
from deltaw.tables.reading.loading import comes_once
from deltaw.tables.strays import gaps_of


@dataclass
class Given:
    """Rows with a target value.

    Attributes:
        table: the rows; see `take_table`.
        columns: their kinds, and why.
        whole: the target of all rows: whether it is one of classes, and of which, does not depend on the division.
        constraints: of each division of the rows.
        test, validation: tables that were given for these; None: none.
        weight: the column of row weights, or None.
        left_out, weightless: numbers of rows without a target value, and with a weight of 0: neither are in `table`.
    """

    table: Table
    columns: tuple[Column, ...]
    whole: Target
    constraints: Constraints
    test: Table | None
    validation: Table | None
    weight: str | None
    left_out: int
    weightless: int

    def take_table(self) -> Table:
        """The table, of which nothing is kept here, so that its rows can be freed part by part."""
        table, self.table = self.table, replace(self.table, frame=self.table.frame.clear())
        return table

    @classmethod
    def read(cls, request: Request) -> Given:
        """Read the source, test and validation rows of a request; raises InputError for what cannot be used."""
        source, how, start, choices = request.source, request.reading, request.start, request.choices
        name, weight = request.target, request.weight
        if name is None:  # the source says which
            source = read_as(source, how)
            name = source.target or no_target(source)
        if request.streamed is None and not comes_once(source):
            exact = _not_rounded((name, choices.group, choices.time, weight), request.kinds)
            how = replace(how, unrounded=(*exact, *request.unrounded))
        read_in, how, said = (read_as(source, how), how, ()) if start else _read(source, name, request.task, how)
        bare, everything, weightless = weights.split_off(read_in, weight, name)
        series = bare.column(name)
        choices.check_columns(everything, name)
        drop, columns = checked_selection((weight, choices.group), request.drop, request.columns, request.kinds)
        table = without_group(with_selected_columns(bare, name, drop, columns), choices)
        kinds = kinds_by_column(table, name, request.kinds)
        gaps, of_gaps = gaps_of(table.frame, name, kinds) if not start and _can_be_read_again(source) else ((), ())
        if gaps:
            del read_in, bare, everything, series, table  # two of them take twice the memory
            again = cls.read(replace(request, reading=replace(how, missing=(*how.missing, *gaps))))
            return replace(again, table=replace(again.table, notes=(*again.table.notes, *of_gaps)))
        table = weights.attached(table, everything, weight)
        how = replace(how, decimals=read_in.decimals)
        others = {"test": request.test, "validation": request.validation}
        given = (given_rows(rows, by, table, everything, choices, how) for by, rows in others.items())
        test, validation = (each and weights.above_zero(each, weight) for each in given)
        if test is not None and validation is not None and test.frame.equals(validation.frame):
            expected = "validation: expected rows that are not among the test rows"
            raise SettingError(expected, say("the same rows"), "give others")
        table = table if test is None else replace(table, test=test.frame)

        def columns_of(table: Table) -> tuple[Column, ...]:
            return with_times(weights.without_column(kinds_of(table, name, kinds), weight), choices)

        found = start.columns if start else columns_of(table)
        # Of all rows: what the target is, and which row is wrong, does not depend on the division.
        whole = start.model.target if start else Target.fit(series, name, task=request.task, source=table.name)
        for some in (bare, test, validation):
            if some is not None:
                whole.some_known(some.column(name), some.name)  # raises
        if weight is not None:
            weights.of_rows(read_in.column(weight), table.name, whole.known(read_in.column(name)))  # raises
        constraints = constraints_of(everything, whole, choices)
        table, left_out = with_known_target(table, whole)
        if left_out and not start:  # rows without a target value say nothing of the kinds of columns
            found = columns_of(table)
        order = notes_on_order(table.frame, found, choices, table.name) if start is None and test is None else ()
        if start is None:
            order = (*order, *notes_on_identifiers(table.frame, found, whole, table.name))
        new = start.notes_on(table.frame) if start else ()
        if whole.unit and (without := note_on_unit(as_read(series).drop_nulls(), whole.unit)):
            said = (*said, without)
        table = replace(table, notes=(*table.notes, *said, *notes_on(found), *order, *new))
        return cls(table, found, whole, constraints, test, validation, weight, left_out, weightless)


def no_target(table: Table) -> NoReturn:
    """Raise ColumnError, since no target is given."""
    names = table.frame.columns
    shown = listed(names[:12]) + (say(", … ({n} in all)", n=len(names)) if len(names) > 12 else "")
    raise ColumnError(
        "{name}: expected the name of the column to predict",
        say("none given; the columns are {shown}", shown=shown),
        "add a target such as {example!r}",
        name=table.name,
        example=names[-1],
    )


def _not_rounded(names: Iterable[str | None], kinds: Any) -> Iterator[str]:
    """Columns whose numbers are not rounded in a large table, since they are not (only) inputs."""
    yield from (name for name in names if isinstance(name, str))
    given = kinds.items() if isinstance(kinds, Mapping) else ()
    yield from (str(as_name(name)) for name, kind in given if kind != Number.kind)


def _read(source: Any, name: str, task: str | None, how: Reading) -> tuple[Table, Reading, tuple[str, ...]]:
    """(the rows of a source, how other rows are to be read like these, notes on words in the target `name` that usually
    mean a missing value).

    Classes that a frame has as text stay text, "0" and "True" too: predictions are compared with its own answers.
    """
    how, said = keeping_missing_words(how, name), tuple[str, ...]()
    in_frame = _can_be_read_again(source) and not isinstance(source, (str, PathLike))
    table = read_as(source, replace(how, written=in_frame))
    answers, written, table = table.column(name), table.written, replace(table, written=None)
    if written is not None and (answers.dtype == pl.Boolean or name in table.decimals) and _are_classes(answers, task):
        as_text = replace(how, words=frozenset({*how.words, name}))
        if are_words(text := read_as(written[[name]], as_text).column(name)):
            decimals = {each: mark for each, mark in table.decimals.items() if each != name}
            table, how, answers = replace(table, frame=table.frame.with_columns(text), decimals=decimals), as_text, text
    if not isinstance(source, Table):  # which was told what is missing when it was read
        answers, said = missing_words_to_null(answers, how)
        table = replace(table, frame=table.frame.with_columns(answers))
    return table, with_classes(how, name, answers.unique() if are_words(answers) else ()), said


def _are_classes(answers: pl.Series, task: str | None) -> bool:
    known = answers.drop_nulls()
    return (task or infer_task(known, known.n_unique())[0]) == "classification"


def _can_be_read_again(source: Any) -> bool:
    """Whether a source can be read again, with other words for missing values."""
    if isinstance(source, Table) or comes_once(source):  # a table has been read
        return False
    return isinstance(source, (str, PathLike, list, tuple, dict)) or hasattr(type(source), "columns")
