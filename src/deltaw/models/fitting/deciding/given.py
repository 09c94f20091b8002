"""The rows that a caller gives, read, and looked at whole: before any are divided, and before anything is learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, NamedTuple

from deltaw.exceptions import SettingError
from deltaw.models.fitting.deciding.warm import Start
from deltaw.models.rows import weights
from deltaw.models.rows.dividing import Choices, other_rows, ties_of, without_group
from deltaw.models.rows.division import Ties
from deltaw.models.rows.parts import answered
from deltaw.models.rows.time_order import notes_on_order
from deltaw.preparation import Target
from deltaw.speech import say
from deltaw.tables import Column, Reading, Table, read_as
from deltaw.tables import kinds as kinds_of
from deltaw.tables.choice import Names, chosen, inputs_asked, kinds_asked
from deltaw.tables.columns import notes_on
from deltaw.tables.held import are_words
from deltaw.tables.reading.answers import to_be_told, told_apart, with_classes
from deltaw.tables.reading.loading import comes_once
from deltaw.tables.strays import gaps_of


class OfColumns(NamedTuple):
    """What a caller says of columns: see `fit`."""

    target: str
    weight: str | None
    task: str | None
    drop: Names
    columns: Names
    kinds: Mapping[str, str] | None


@dataclass
class Given:
    """Rows with an answer, and what is known of all of them.

    Attributes:
        table: the rows; see `let_go`.
        columns: of what kind each is, and why.
        whole: the target, as all rows say it is: what kind it is does not depend on how they are divided.
        ties: what each division has to respect.
        test, validation: tables that were given to score and to choose by, or None.
        weight: the column that says how much a row counts, or None.
        left_out, weightless: how many rows have no answer, and how many more a weight of 0.
    """

    table: Table
    columns: tuple[Column, ...]
    whole: Target
    ties: Ties
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
    def read(
        cls, source: Any, told: OfColumns, beside: Mapping[str, Any], choices: Choices, how: Reading,
        start: Start | None,
    ) -> Given:  # fmt: skip
        """Read a source, and `beside` it "test" and "validation"; raises InputError for what cannot be used."""
        name, weight = told.target, told.weight
        read_in, how, said = (read_as(source, how), how, ()) if start else _read(source, name, how)
        bare, everything, weightless = weights.split_off(read_in, weight, name)
        series = bare.column(name)
        choices.check_columns(everything, name)
        drop, columns = inputs_asked((weight, choices.group), told.drop, told.columns, told.kinds)
        table = without_group(chosen(bare, name, drop, columns), choices)
        kinds = kinds_asked(table, name, told.kinds)
        gaps, of_gaps = gaps_of(table.frame, name, kinds) if not start and _can_be_read_again(source) else ((), ())
        if gaps:
            del read_in, bare, everything, series, table  # two of them take twice the memory
            again = cls.read(source, told, beside, choices, replace(how, missing=(*how.missing, *gaps)), start)
            return replace(again, table=replace(again.table, notes=(*again.table.notes, *of_gaps)))
        table = weights.attached(table, everything, weight)
        how = replace(how, decimals=read_in.decimals)
        others = (other_rows(beside[by], by, table, everything, choices, how) for by in ("test", "validation"))
        test, validation = (each and weights.above_zero(each, weight) for each in others)
        if test is not None and validation is not None and test.frame.equals(validation.frame):
            expected = "validation: expected rows that are not among the test rows"
            raise SettingError(expected, say("the same"), "give others")
        table = table if test is None else replace(table, test=test.frame)
        found = start.columns if start else weights.without_column(kinds_of(table, name, kinds), weight)
        # Looked at whole first: what kind of target it is, and which row is bad, does not depend on the split.
        whole = start.model.target if start else Target.fit(series, name, task=told.task, source=table.name)
        for some in (bare, test, validation):
            if some is not None:
                whole.some_known(some.column(name), some.name)  # raises
        if weight is not None:
            weights.of_rows(read_in.column(weight), table.name, whole.known(read_in.column(name)))  # raises
        ties = ties_of(everything, whole, choices)
        table, left_out = answered(table, whole)
        if left_out and not start:  # what a column is, the rows say that are learnt from
            found = weights.without_column(kinds_of(table, name, kinds), weight)
        order = notes_on_order(table.frame, found, choices, table.name) if start is None and test is None else ()
        new = start.notes_on(table.frame) if start else ()
        table = replace(table, notes=(*table.notes, *said, *notes_on(found), *order, *new))
        return cls(table, found, whole, ties, test, validation, weight, left_out, weightless)


def _read(source: Any, name: str, how: Reading) -> tuple[Table, Reading, tuple[str, ...]]:
    """The rows of a source, how others are to be read as they are, and what is said of words of the target `name` that
    usually mean a missing value.
    """
    how, said = to_be_told(how, name), tuple[str, ...]()
    table = read_as(source, how)
    answers = table.column(name)
    if not isinstance(source, Table):  # which was told what is missing when it was read
        answers, said = told_apart(answers, how)
        table = replace(table, frame=table.frame.with_columns(answers))
    return table, with_classes(how, name, answers.unique() if are_words(answers) else ()), said


def _can_be_read_again(source: Any) -> bool:
    """Whether a source has the same rows when it is read once more, by other words for what is missing."""
    if isinstance(source, Table) or comes_once(source):  # a table has been read
        return False
    return isinstance(source, (str, PathLike, list, tuple, dict)) or hasattr(type(source), "columns")
