"""The rows that a caller gives, read, and looked at whole: before any are divided, and before anything is learnt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, NoReturn

import polars as pl

from deltaw.exceptions import ColumnError, SettingError
from deltaw.models.fitting.deciding.request import Request
from deltaw.models.rows import weights
from deltaw.models.rows.dividing import constraints_of, other_rows, without_group
from deltaw.models.rows.division import Constraints
from deltaw.models.rows.parts import answered
from deltaw.models.rows.time_order import notes_on_order
from deltaw.preparation import Target
from deltaw.preparation.columns.numbers import Number
from deltaw.preparation.task import infer_task
from deltaw.speech import listed, say
from deltaw.tables import Column, Reading, Table, read_as
from deltaw.tables import kinds as kinds_of
from deltaw.tables.choice import as_name, chosen, inputs_asked, kinds_asked
from deltaw.tables.columns import notes_on
from deltaw.tables.held import are_words
from deltaw.tables.reading.answers import to_be_told, told_apart, with_classes
from deltaw.tables.reading.loading import comes_once
from deltaw.tables.strays import gaps_of


@dataclass
class Given:
    """Rows with an answer, and what is known of all of them.

    Attributes:
        table: the rows; see `let_go`.
        columns: of what kind each is, and why.
        whole: the target, as all rows say it is: what kind it is does not depend on how they are divided.
        constraints: what each division has to respect.
        test, validation: tables that were given to score and to choose by, or None.
        weight: the column that says how much a row counts, or None.
        left_out, weightless: how many rows have no answer, and how many more a weight of 0.
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

    def let_go(self) -> Table:
        """The table, without its rows here any more: who still has them keeps parts of them from being freed."""
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
            exact = _as_they_are((name, choices.group, choices.time, weight), request.kinds)
            how = replace(how, unrounded=(*exact, *request.unrounded))
        read_in, how, said = (read_as(source, how), how, ()) if start else _read(source, name, request.task, how)
        bare, everything, weightless = weights.split_off(read_in, weight, name)
        series = bare.column(name)
        choices.check_columns(everything, name)
        drop, columns = inputs_asked((weight, choices.group), request.drop, request.columns, request.kinds)
        table = without_group(chosen(bare, name, drop, columns), choices)
        kinds = kinds_asked(table, name, request.kinds)
        gaps, of_gaps = gaps_of(table.frame, name, kinds) if not start and _can_be_read_again(source) else ((), ())
        if gaps:
            del read_in, bare, everything, series, table  # two of them take twice the memory
            again = cls.read(replace(request, reading=replace(how, missing=(*how.missing, *gaps))))
            return replace(again, table=replace(again.table, notes=(*again.table.notes, *of_gaps)))
        table = weights.attached(table, everything, weight)
        how = replace(how, decimals=read_in.decimals)
        others = {"test": request.test, "validation": request.validation}
        given = (other_rows(rows, by, table, everything, choices, how) for by, rows in others.items())
        test, validation = (each and weights.above_zero(each, weight) for each in given)
        if test is not None and validation is not None and test.frame.equals(validation.frame):
            expected = "validation: expected rows that are not among the test rows"
            raise SettingError(expected, say("the same"), "give others")
        table = table if test is None else replace(table, test=test.frame)
        found = start.columns if start else weights.without_column(kinds_of(table, name, kinds), weight)
        # Looked at whole first: what kind of target it is, and which row is bad, does not depend on the split.
        whole = start.model.target if start else Target.fit(series, name, task=request.task, source=table.name)
        for some in (bare, test, validation):
            if some is not None:
                whole.some_known(some.column(name), some.name)  # raises
        if weight is not None:
            weights.of_rows(read_in.column(weight), table.name, whole.known(read_in.column(name)))  # raises
        constraints = constraints_of(everything, whole, choices)
        table, left_out = answered(table, whole)
        if left_out and not start:  # what a column is, the rows say that are learnt from
            found = weights.without_column(kinds_of(table, name, kinds), weight)
        order = notes_on_order(table.frame, found, choices, table.name) if start is None and test is None else ()
        new = start.notes_on(table.frame) if start else ()
        table = replace(table, notes=(*table.notes, *said, *notes_on(found), *order, *new))
        return cls(table, found, whole, constraints, test, validation, weight, left_out, weightless)


def no_target(table: Table) -> NoReturn:
    """Raise ColumnError, since nobody says which column is to be predicted."""
    names = table.frame.columns
    shown = listed(names[:12]) + (say(", … ({n} in all)", n=len(names)) if len(names) > 12 else "")
    raise ColumnError(
        "{name}: expected the name of the column to predict",
        say("none given; the columns are {shown}", shown=shown),
        "add a target such as {example!r}",
        name=table.name,
        example=names[-1],
    )


def _as_they_are(names: Iterable[str | None], kinds: Any) -> Iterator[str]:
    """Columns that are more than inputs of numbers, and whose numbers stay what they are however large the table is."""
    yield from (name for name in names if isinstance(name, str))
    told = kinds.items() if isinstance(kinds, Mapping) else ()
    yield from (str(as_name(name)) for name, kind in told if kind != Number.kind)


def _read(source: Any, name: str, task: str | None, how: Reading) -> tuple[Table, Reading, tuple[str, ...]]:
    """The rows of a source, how others are to be read as they are, and what is said of words of the target `name` that
    usually mean a missing value.

    Classes that a frame has as text stay text, "0" and "True" too: predictions are compared with its own answers.
    """
    how, said = to_be_told(how, name), tuple[str, ...]()
    table = read_as(source, how)
    answers = table.column(name)
    in_frame = _can_be_read_again(source) and not isinstance(source, (str, PathLike))
    if in_frame and (answers.dtype == pl.Boolean or name in table.decimals) and _are_classes(answers, task):
        as_text = replace(how, words=frozenset({*how.words, name}))
        if are_words((again := read_as(source, as_text)).column(name)):
            table, how, answers = again, as_text, again.column(name)
    if not isinstance(source, Table):  # which was told what is missing when it was read
        answers, said = told_apart(answers, how)
        table = replace(table, frame=table.frame.with_columns(answers))
    return table, with_classes(how, name, answers.unique() if are_words(answers) else ()), said


def _are_classes(answers: pl.Series, task: str | None) -> bool:
    known = answers.drop_nulls()
    return (task or infer_task(known, known.n_unique())[0]) == "classification"


def _can_be_read_again(source: Any) -> bool:
    """Whether a source has the same rows when it is read once more, by other words for what is missing."""
    if isinstance(source, Table) or comes_once(source):  # a table has been read
        return False
    return isinstance(source, (str, PathLike, list, tuple, dict)) or hasattr(type(source), "columns")
