"""Rows in Python's own containers are the table that a frame of them is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import deltaw
from deltaw.exceptions import InputError
from deltaw.sklearn import TableClassifier
from deltaw.tables import read

FRAME = pl.DataFrame({"age": [31, 45, 28, 60] * 20, "city": ["a", None, "b", "a"] * 20, "y": ["no", "yes"] * 40})
RECORDS = np.array([(31, "a"), (45, "b")], dtype=[("age", "i4"), ("city", "U1")])


def test_rows_and_columns_by_name() -> None:
    for source in (FRAME.to_dicts(), tuple(FRAME.to_dicts()), FRAME.to_dict(as_series=False), FRAME.to_dict()):
        assert read(source).frame.equals(FRAME)
    assert read(RECORDS).frame.to_dict(as_series=False) == {"age": [31, 45], "city": ["a", "b"]}
    rows = [{"age": 31}, {"city": "b", "age": 4.5}, {1: None, "city": "c"}]
    assert read(rows).frame.rows() == [(31, None, None), (4.5, "b", None), (None, "c", None)]
    assert read(rows).frame.columns == ["age", "city", "1"]


def test_what_a_masked_array_hides_is_missing() -> None:
    masked = np.ma.array(RECORDS, mask=[(True, False), (False, True)])
    for source in (masked, {name: masked[name] for name in ("age", "city")}):
        assert read(source).frame.rows() == [(None, "a"), (45, None)]


BAD: list[tuple[Any, str]] = [
    ({"age": [1, 2], "city": ["a"]}, "expected as many cells in every column, found from 1 to 2"),
    ({"age": 31, "city": "a"}, 'expected a list of cells for each column, found int for "age"; give [{…}] for one row'),
    ({"age": np.array(31)}, 'expected a list of cells for each column, found ndarray for "age"'),
    ({"age": np.ndarray}, 'expected a list of cells for each column, found type for "age"'),
    ({"age": np.zeros((3, 2), np.longdouble)}, 'in column "age", found '),
    ([{"age": 31}, 45], "expected rows that all have column names, found int among them"),
    ([], "expected a path or a data frame"),
    ([[31, "a"]], "expected a path or a data frame"),
    ({}, "expected columns with rows"),
]


@pytest.mark.parametrize(("source", "said"), BAD)
def test_what_is_no_table(source: Any, said: str) -> None:
    with pytest.raises(InputError) as error:
        read(source)
    assert said in str(error.value)


def test_a_model_and_an_estimator_answer_for_a_row() -> None:
    model = deltaw.fit(FRAME.to_dicts(), "y", epochs=2, folds=0, verbose=False)
    wanted = model.predict(FRAME.head(1))
    assert model.predict([{"age": 31, "city": "a"}]).tolist() == wanted.tolist()
    X, y = FRAME.drop("y"), FRAME["y"].to_list()
    made = TableClassifier(epochs=2, random_state=0).fit(X.to_dicts(), y)
    assert made.feature_names_in_.tolist() == ["age", "city"]
    np.testing.assert_array_equal(made.predict_proba(RECORDS), made.predict_proba(pd.DataFrame(RECORDS)))
    with pytest.raises(InputError, match="a name of its own for every column"):
        made.fit(X.to_pandas().set_axis(["a", "a"], axis=1), y)
