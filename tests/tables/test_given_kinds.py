"""Columns as the kinds that the user says: what can be, and the first cell that cannot."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.exceptions import ColumnError, InputError, SettingError
from deltaw.preparation import Preparation, Target
from deltaw.preparation.reading import as_numbers
from deltaw.tables import Block, Column, Table, kinds, read
from deltaw.tables.choice import kinds_by_column
from deltaw.tables.columns import KINDS, LEFT_OUT
from deltaw.tables.given_kinds import READ_AS

N = 40


def told(cells: list[Any], kind: str) -> tuple[Column, np.ndarray[Any, Any]]:
    """The column as it was told, and the inputs made of it."""
    frame = pl.DataFrame({"c": cells, "y": [0.5] * len(cells)})
    (column,) = kinds(Table(frame, "x.csv"), "y", {"c": kind})
    return column, Preparation.fit(frame, [column], "none").transform(frame)


def test_the_kinds_are_those_that_are_used() -> None:
    assert set(READ_AS) == set(KINDS) - set(LEFT_OUT)


CAN: list[tuple[list[Any], str, str]] = [
    (list(range(N)), "number", "number"),  # found: an identifier
    ([f"{i},000" for i in range(1, N)] + [None], "number", "number"),
    ([True, False] * 10, "number", "number"),
    ([3] * 10, "number", "number"),
    ([1, 2, None] * 10, "category", "category"),
    ([1.0, 2.5] * 10, "category", "category"),
    ([f"user {i}" for i in range(N)], "category", "category"),
    ([date(2020, 1, 1), date(2021, 1, 1)] * 10, "category", "category"),
    ([1, 0, None] * 10, "boolean", "boolean"),
    ([1.0, 0.0] * 10, "boolean", "boolean"),
    (["Y", "n", "y"] * 10, "boolean", "boolean"),
    (["yes"] * 10, "boolean", "boolean"),
    (["31.12.2020", "01.01.2021"] * 10, "date", "date"),
    ([datetime(2020, 1, 1, 12), None] * 10, "date", "date"),
]


@pytest.mark.parametrize(("cells", "kind", "found"), CAN)
def test_what_can_be(cells: list[Any], kind: str, found: str) -> None:
    column, X = told(cells, kind)
    assert column.kind == found
    assert "as asked" in column.reason
    assert np.isfinite(X).all()


def test_what_it_means() -> None:
    np.testing.assert_array_equal(told(list(range(N)), "number")[1][:, 0], np.arange(N))
    assert told([1, 2, 3] * 10, "category")[1].shape == (30, 4)
    assert told(["01.02.2020", "03.04.2021"] * 10, "date")[0].format == "%d.%m.%Y"
    assert set(told([1, 0] * 10, "boolean")[1][:, 0]) <= {-1.0, 0.0, 1.0}


CANNOT: list[tuple[list[Any], str, str]] = [
    (["1", None, "two", "3", "x"], "number", 'expected a number in row 3 of column "c", found "two"'),
    ([None, date(2020, 1, 1)], "number", 'expected a number in row 2 of column "c", found 2020-01-01'),
    ([0, 1, 2, 1], "boolean", 'expected 1 or 0 in row 3 of column "c", found "2"'),
    (["yes", "no", "perhaps"], "boolean", 'expected yes or no in row 3 of column "c", found "perhaps"'),
    ([None, 20200101, 20200102], "date", 'expected a date in row 2 of column "c", found 20200101'),
    (["red", "blue"], "date", 'expected a date in row 1 of column "c", found "red"'),
    (["2020-01-31", "soon"], "date", 'expected a date, year-month-day in row 2 of column "c", found "soon"'),
    ([None, None], "number", 'expected values in column "c", whose kind was set to number, found none in 2 rows'),
]


@pytest.mark.parametrize(("cells", "kind", "message"), CANNOT)
def test_the_first_cell_that_cannot_be(cells: list[Any], kind: str, message: str) -> None:
    with pytest.raises(ColumnError) as caught:
        told(cells, kind)
    assert f"x.csv: {message}" in str(caught.value)
    assert "\n" not in str(caught.value)


FRAME = pl.DataFrame({name: [1, 2] for name in ("id", "sub_1", "sub_2", "p1", "p2", "y")})
TABLE = Table(FRAME, "x.csv", blocks=(Block("pixels", ("p1", "p2"), 0, 9, (2,)),))


def test_names_and_patterns() -> None:
    asked = {"sub_*": "category", "sub_2": "number"}
    assert kinds_by_column(TABLE, "y", asked) == {"sub_1": "category", "sub_2": "number"}
    assert kinds_by_column(TABLE, "y", None) == {}


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"id": "categry"}, SettingError, ["number, category, boolean, date", "did you mean category?"]),
        ({"id": "identifier"}, SettingError, ["number, category, boolean, date"]),
        ({"id": 3}, SettingError, ["number, category, boolean, date"]),
        ({"sub": "number"}, ColumnError, ['did you mean "sub_']),
        ({"x*": "number"}, ColumnError, ['"x*" matches']),
        ({"y": "number"}, SettingError, ['the target "y"']),
        ({"p1": "number"}, SettingError, ['"p1"', "on one scale"]),
        ({"pixels": "number"}, SettingError, ['"pixels"', "on one scale"]),
        ({3: "number"}, ColumnError, ['a column "3"']),
        ({3.5: "number"}, SettingError, ["expected names of columns"]),
        ("number", SettingError, ["kinds: expected a kind for each column"]),
    ],
)
def test_what_is_refused(asked: Any, error: type[InputError], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        kinds_by_column(TABLE, "y", asked)
    message = str(caught.value)
    assert "\n" not in message
    assert not [word for word in words if word not in message], message


@pytest.mark.parametrize("written", ["{}.5", "{},5", "1.{:03},5", "{},000"])
def test_a_word_among_numbers_is_named_where_the_column_is_used(written: str) -> None:
    cells = [written.format(i) for i in range(N)]
    cells[6] = "seven"
    frame = pl.DataFrame({"c": cells, "y": [0.5] * N})
    with pytest.raises(ColumnError, match='a number in row 7 of column "c", found "seven"'):
        kinds(Table(frame, "x.csv"), "y")
    with pytest.raises(ColumnError, match='a number in row 7 of column "c", found "seven"'):
        told(cells, "number")
    with pytest.raises(ColumnError, match='a number in row 7 of column "c", found "seven"'):
        as_numbers(frame["c"], "x.csv")
    assert told(cells, "category")[0].kind == "category"


def test_lists_are_refused_where_they_are_used() -> None:
    frame = read(pl.DataFrame({"many": [[1, 2], [3], [4]] * 20, "x": [0.5, 1.5, 2.5] * 20, "y": ["a", "b", "a"] * 20}))
    refused = 'expected numbers, text, dates or booleans in column "many", found the type List'
    for use in (
        lambda: kinds(frame, "y"),
        lambda: kinds(frame, "y", {"many": "category"}),
        lambda: kinds(frame, "y", {"many": "number"}),
        lambda: Target.fit(frame.column("many"), "many"),
        lambda: deltaw.fit(frame, "many"),
    ):
        with pytest.raises(ColumnError, match=refused):
            use()
    model = deltaw.fit(frame, "y", drop="many", engine="native", epochs=1, hidden=2)
    assert len(model.predict(frame)) == len(model.predict(frame.frame.drop("many"))) == 60
    assert model.evaluate(frame).rows == 60
    lists = frame.frame.drop("x").rename({"many": "x"})
    with pytest.raises(ColumnError, match="the type List"):
        model.predict(lists)
    told_words = deltaw.fit(frame, "y", drop="many", kinds={"x": "category"}, engine="native", epochs=1, hidden=2)
    with pytest.raises(ColumnError, match=refused.replace("many", "x")):
        told_words.predict(lists)
