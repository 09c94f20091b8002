"""A column of any type that other libraries have is used for what it says, or refused in a line that names it."""

from __future__ import annotations

import datetime
import decimal
import fractions
import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from deltaw.exceptions import ColumnError, InputError
from deltaw.preparation.reading import as_days
from deltaw.tables import kinds, read
from deltaw.tables.cells import as_words

X = np.random.default_rng(0).normal(size=40).round(3)
WHOLE = [int(10 * x) for x in X]
WORDS = [f"w{abs(i) % 3}" for i in WHOLE]
DAYS = [datetime.date(2020, 1, 1) + datetime.timedelta(days=i) for i in WHOLE]


def some(values: Any) -> list[Any]:
    return [None if i % 7 == 0 else value for i, value in enumerate(values)]


def arrow(values: Any, kind: str, *arguments: Any) -> Any:
    import pyarrow

    return pd.array(list(values), dtype=pd.ArrowDtype(getattr(pyarrow, kind)(*arguments)))


USED: dict[str, tuple[Any, str]] = {
    "longdouble": (pd.Series(X.astype(np.longdouble)), "number"),
    "longdoubles": (pd.Series([np.longdouble(x) for x in X], dtype=object), "number"),
    "half": (pd.Series(X.astype(np.float16)), "number"),
    "decimals": (pd.Series(some(decimal.Decimal(str(x)) for x in X), dtype=object), "number"),
    "fractions": (pd.Series([fractions.Fraction(i, 7) for i in WHOLE], dtype=object), "number"),
    "ints or None": (pd.Series(some(WHOLE), dtype=object), "number"),
    "Int64": (pd.array(some(WHOLE), dtype="Int64"), "number"),
    "Float64": (pd.array(some(X), dtype="Float64"), "number"),
    "boolean": (pd.array(some(bool(x > 0) for x in X), dtype="boolean"), "boolean"),
    "bools or None": (pd.Series(some(bool(x > 0) for x in X), dtype=object), "boolean"),
    "string": (pd.array(some(WORDS), dtype="string"), "category"),
    "string[pyarrow]": (pd.array(some(WORDS), dtype="string[pyarrow]"), "category"),
    "category": (pd.Categorical(some(WORDS)), "category"),
    "category of ints": (pd.Categorical(WHOLE), "number"),
    "sparse": (pd.arrays.SparseArray(np.maximum(X, 0)), "number"),
    "timedelta": (pd.Series(pd.to_timedelta(X, unit="h")), "number"),
    "zones": (pd.Series(pd.to_datetime(X * 1e8, unit="s", utc=True).tz_convert("Asia/Shanghai")), "date"),
    "dates": (pd.Series(DAYS, dtype=object), "date"),
    "arrow int": (arrow(some(WHOLE), "int64"), "number"),
    "arrow decimal": (arrow((decimal.Decimal(str(x)) for x in X), "decimal128", 9, 3), "number"),
    "Decimal": (pl.Series([decimal.Decimal(str(x)) for x in X]), "number"),
    "Duration": (pl.Series([datetime.timedelta(hours=x) for x in X]), "number"),
    "Time": (pl.Series([datetime.time(abs(i) % 24, 3) for i in WHOLE]), "number"),
    "Enum": (pl.Series(WORDS, dtype=pl.Enum(["w0", "w1", "w2", "w3"])), "category"),
    "Categorical": (pl.Series(WORDS, dtype=pl.Categorical), "category"),
    "Int128": (pl.Series(WHOLE, dtype=pl.Int128), "number"),
    "bytes of text": (pd.Series([word.encode() for word in WORDS]), "category"),
    "NumPy's bytes": (np.array(WORDS, "S").astype(object), "category"),
    "uuids": (pd.Series(some(uuid.UUID(int=abs(i) % 3) for i in WHOLE)), "category"),
    "Object of uuids": (pl.Series(some(uuid.UUID(int=abs(i) % 3) for i in WHOLE), dtype=pl.Object), "category"),
    "Binary of text": (pl.Series(some(f"{x}".encode() for x in X)), "number"),
}
REFUSED: dict[str, Any] = {
    "complex": pd.Series(X + 1j * X),
    "lists": pd.Series([[x, 1.0][: 1 + i % 2] for i, x in enumerate(X)]),
    "bytes": pd.Series([b"\xff\xfe"] * len(X)),
    "objects": pd.Series([object() for _ in X]),
    "List": pl.Series([[x, 1.0][: 1 + i % 2] for i, x in enumerate(X)]),
    "Binary": pl.Series([b"ab"] * len(X) + [b"\xff"])[1:],
    "Object": pl.Series([object() for _ in X], dtype=pl.Object),
}


def frame(column: Any) -> Any:
    make = pl.DataFrame if isinstance(column, pl.Series) else pd.DataFrame
    return make({"of a type": column, "z": X})


@pytest.mark.parametrize("name", USED)
def test_a_type_that_is_used(name: str) -> None:
    column, kind = USED[name]
    found = kinds(read(frame(column)))[0]
    assert (found.name, found.kind) == ("of a type", kind)


@pytest.mark.parametrize("name", REFUSED)
def test_a_type_that_is_refused(name: str) -> None:
    with pytest.raises(
        ColumnError, match=r'column "of a type", found the type .*; drop or convert the column'
    ) as caught:
        kinds(read(frame(REFUSED[name])))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [pl.Date, pl.Datetime("ms"), pl.Datetime("us")])
@pytest.mark.parametrize("stamp", [2**31 - 1, -(2**31), 2**63 - 1, -(2**63)])  # infinity, in databases
def test_a_date_that_no_calendar_has(kind: Any, stamp: int) -> None:
    days = pl.Series([*range(30), None, stamp])
    if kind == pl.Date:
        days = days.clip(-(2**31), 2**31 - 1).cast(pl.Int32)
    elif abs(stamp) < 2**32:
        return  # some weeks
    rows = read(pl.DataFrame({"d": days.cast(kind), "z": days}))
    for use in (lambda: kinds(rows), lambda: as_days(rows.frame["d"], "rows")):
        with pytest.raises(ColumnError, match=r'a date of the years 1 to 9999 in row 32 of column "d", found -?\d+-'):
            use()


@pytest.mark.parametrize("make", [pl.Series, pd.Series])
def test_fields_of_objects_are_columns(make: Any) -> None:
    column = make([{"a": {"deep": x}, "b": "uv"[i % 2]} if i % 5 else None for i, x in enumerate(X)])
    found = read(frame(column)).frame
    assert found.columns == ["of a type.a.deep", "of a type.b", "z"]
    assert found["of a type.a.deep"].to_list() == [x if i % 5 else None for i, x in enumerate(X)]


@pytest.mark.parametrize("kind", [pl.List(pl.Float64), pl.Array(pl.Float64, 2)])
def test_numbers_of_lists_that_are_all_as_long_are_columns(kind: Any) -> None:
    pairs = [[x, -x] if i % 5 else None for i, x in enumerate(X)]
    found = read(frame(pl.Series(pairs, dtype=kind))).frame
    assert found.columns == ["of a type.0", "of a type.1", "z"]
    assert found["of a type.1"].to_list() == [-x if i % 5 else None for i, x in enumerate(X)]


def test_lists_within_objects_and_lists(tmp_path: Path) -> None:
    rows = [{"place": {"at": [[i, i + 1]], "tags": ["new", "hot"][: i % 3] or None}, "y": i} for i in range(9)]
    (path := tmp_path / "t.json").write_text(json.dumps(rows))
    for source in (path, rows):
        found = read(source).frame
        assert found.columns == ["place.at.0.0", "place.at.0.1", "place.tags", "y"]
        assert found["place.tags"].to_list() == [None, "new", "new, hot"] * 3
        assert found["place.at.0.1"].to_list() == [*range(1, 10)]


def test_lists_of_several_lengths_are_refused_where_they_are_used() -> None:
    made = {"a": [[1.0], [1.0, 2.0]], "b": [1, 2]}
    for each in (made, pl.DataFrame(made), made | {"a": [*map(np.array, made["a"])]}):
        with pytest.raises(ColumnError, match='booleans in column "a", found the type List'):
            kinds(read(each))


def test_fields_that_have_a_name_of_a_column_are_refused() -> None:
    with pytest.raises(InputError, match=r'found "a.b" for columns 1 and 2'):
        read(pl.DataFrame({"a": [{"b": 1}], "a.b": [2]}))


@pytest.mark.parametrize("cells", [[True, "maybe"], [7.0, "x"], [np.float64(7), np.bool_(False), "x"], [7, "x"]])
def test_cells_of_several_types_say_the_same_alone(cells: list[Any]) -> None:
    """True among words was "True", and "true" alone: a word that no model knew."""

    def words(some: list[Any]) -> list[str | None]:
        return as_words(read(pd.DataFrame({"c": pd.Series(some, dtype=object)})).column("c")).to_list()

    assert [words([cell])[0] for cell in cells] == words(cells)


def test_an_array_of_cells_of_several_types() -> None:
    """They ended in an error of Polars'."""
    from deltaw.sklearn import TableClassifier

    rows = np.array([[True, 1.0], ["no", 2.0], [7.0, 3.0], [None, 4.0]] * 15, object)
    made = TableClassifier(epochs=2, hidden=3, random_state=0).fit(rows, np.arange(60) % 4 == 0)
    np.testing.assert_array_equal(made.predict_proba(rows)[:1], made.predict_proba(rows[:1]))


def test_wide_numbers_in_an_array() -> None:
    from deltaw.sklearn import TableClassifier

    wide = np.stack([X, -X], axis=1).astype(np.longdouble)
    y = X > 0
    settings: dict[str, Any] = {"epochs": 2, "hidden": 3, "random_state": 0}
    found = TableClassifier(**settings).fit(wide, y).predict_proba(wide)
    np.testing.assert_array_equal(
        found, TableClassifier(**settings).fit(wide.astype(float), y).predict_proba(wide.astype(float))
    )
