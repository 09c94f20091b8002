"""TableClassifier and TableRegressor on tables as they come: answers that are missing, columns and kinds by choice."""

from __future__ import annotations

import datetime
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone

import deltaw
from deltaw.exceptions import InputError
from deltaw.sklearn import MLPRegressor, TableClassifier, TableRegressor

QUICK: dict[str, Any] = {"hidden": (6,), "epochs": 4, "random_state": 0}
N = 60
RNG = np.random.default_rng(0)
X = pd.DataFrame({"x": RNG.normal(size=N), "word": RNG.choice(["a", "b"], N)})
NUMBERS = 3 * X["x"].to_numpy()
WORDS = np.where(NUMBERS > 0, "up", "down")
GONE = np.arange(N) % 4 == 1


def with_none(values: Any) -> list[Any]:
    return [None if gone else value for value, gone in zip(values.tolist(), GONE, strict=True)]


ANSWERS = {
    "NaN": np.where(GONE, np.nan, NUMBERS),
    "None": with_none(NUMBERS),
    "words": np.array(with_none(WORDS), object),
    "numbers of classes": with_none((NUMBERS > 0).astype(int)),
    "pandas": pd.Series(with_none(WORDS), dtype="category"),
    "pandas, nullable": pd.Series(with_none((NUMBERS > 0).astype(int)), dtype="Int64"),
    "pandas' strings": pd.Series(with_none(WORDS), dtype="string"),
    "Polars": pl.Series(with_none(WORDS)),
}


@pytest.mark.parametrize("sort", ANSWERS)
def test_rows_without_an_answer_are_left_out(sort: str) -> None:
    y = ANSWERS[sort]
    made = TableRegressor(**QUICK) if sort in {"NaN", "None"} else TableClassifier(**QUICK)
    made.fit(X, y)
    assert made.n_left_out_ == GONE.sum()
    known = pd.Series(list(y))[~GONE].tolist()
    other = type(made)(**QUICK).fit(X[~GONE], known)
    np.testing.assert_array_equal(made.predict(X), other.predict(X))
    assert other.n_left_out_ == 0
    assert made.score(X, y) == pytest.approx(made.score(X[~GONE], known))
    weight = np.arange(1.0, N + 1)
    assert made.score(X, y, weight) == pytest.approx(made.score(X[~GONE], known, weight[~GONE]))


@pytest.mark.parametrize("y", [np.full(N, np.nan), [None] * N])
def test_no_answer_at_all(y: Any) -> None:
    for made in (TableClassifier(**QUICK), TableRegressor(**QUICK)):
        with pytest.raises(InputError, match=f"y: expected answers, found none in {N} rows"):
            made.fit(X, y)


@pytest.mark.parametrize("y", [[None] * N, pd.Series([None, 1.0] * (N // 2) + [1.0] * (N % 2), dtype=object)])
def test_a_network_on_arrays_says_that_answers_are_missing(y: Any) -> None:
    with pytest.raises(ValueError, match="Input y contains NaN"):
        MLPRegressor().fit(np.ones((N, 1)), y)


@pytest.mark.parametrize("made", [TableClassifier(**QUICK), TableRegressor(**QUICK)])
def test_several_answers_a_row_are_refused(made: Any) -> None:
    with pytest.raises(InputError, match="y: expected one answer a row, found 2; train an estimator for each"):
        made.fit(X, np.stack([NUMBERS, NUMBERS], axis=1))


@pytest.mark.parametrize("y", [np.arange(N).astype("M8[us]"), np.arange(N).astype("m8[us]")])
@pytest.mark.parametrize("library", [pd.Series, pl.Series])
def test_times_are_no_numbers_until_somebody_says_the_unit(y: Any, library: Any) -> None:
    with pytest.raises(InputError, match=r"y: expected numbers, found .*; give them in a unit") as caught:
        TableRegressor(**QUICK).fit(X, library(y))
    with pytest.raises(InputError, match=r"y: expected numbers, found .*; give them in a unit"):
        MLPRegressor().fit(np.ones((N, 1)), library(y))
    remedy = str(caught.value).partition("a unit: ")[2]  # which works
    TableRegressor(**QUICK).fit(X, eval(remedy, {"y": y, "np": np}))


@pytest.mark.parametrize(
    ("y", "found"),
    [(np.where(GONE, "gone", "there"), "text"), ([datetime.date(2024, 1, 1 + i % 9) for i in range(N)], "date")],
)
def test_words_and_days_are_no_numbers(y: Any, found: str) -> None:
    with pytest.raises(InputError, match=f"y: expected numbers, found {found}; use a classifier for classes"):
        TableRegressor(**QUICK).fit(X, y)


@pytest.mark.parametrize("make", [bool, np.bool_, int, float])
def test_answers_may_come_as_objects(make: Any) -> None:
    y = np.array([make(each) for each in GONE], dtype=object)
    for answers in (y, np.where(np.arange(N) % 9 == 0, None, y)):  # with a missing one, as before
        found = TableClassifier(**QUICK).fit(X, answers).predict(X)
        assert found.dtype == np.array([make(1)]).dtype


def test_an_infinite_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="infinity"):
        TableRegressor(**QUICK).fit(X, np.where(GONE, np.inf, NUMBERS))


def test_columns_by_choice() -> None:
    wide = X.assign(sub_1=NUMBERS, sub_2=-NUMBERS, target=1.0)
    for choice in ({"drop": ["sub_*", "target"]}, {"columns": ("x", "word")}):
        made = TableClassifier(**choice, **QUICK).fit(wide, WORDS)
        np.testing.assert_array_equal(made.predict(wide), TableClassifier(**QUICK).fit(X, WORDS).predict(X))
        assert clone(made).get_params() == made.get_params()
    with pytest.raises(InputError, match='did you mean "word"'):
        TableClassifier(drop="wrod", **QUICK).fit(X, WORDS)
    with pytest.raises(ValueError, match="'drop' parameter"):
        TableClassifier(drop=3, **QUICK).fit(X, WORDS)


def test_frames_that_are_read_later_and_those_of_pyarrow() -> None:
    """The columns of a lazy frame are asked once, without Polars' warning; pyarrow's `columns` are no names."""
    frame = pl.from_pandas(X)
    with warnings.catch_warnings(action="error"):
        model = TableClassifier(**QUICK).fit(frame.lazy(), WORDS)
        assert (model.predict(frame.lazy()) == model.predict(frame)).all()
        deltaw.fit(frame.with_columns(y=pl.Series(WORDS)).lazy(), "y", hidden=(6,), epochs=4)
    twice = frame.to_arrow().rename_columns(["x", "x"])
    with pytest.raises(InputError, match='found "x" for columns 1 and 2'):
        TableClassifier(**QUICK).fit(twice, WORDS)


def test_kinds_that_are_told() -> None:
    users = X.assign(user=np.arange(N) % 6)
    made = TableClassifier(kinds={"user": "category"}, **QUICK).fit(users, WORDS)
    assert made.model_.preparation.kinds["user"] == "category"
    assert clone(made).get_params()["kinds"] == {"user": "category"}
    with pytest.raises(InputError, match="did you mean category"):
        TableClassifier(kinds={"user": "categry"}, **QUICK).fit(users, WORDS)
    with pytest.raises(ValueError, match="'kinds' parameter"):
        TableClassifier(kinds="user", **QUICK).fit(users, WORDS)


@pytest.mark.parametrize("fitted", [np.asarray, pd.DataFrame])
def test_columns_without_names_are_those_of_their_places(fitted: Any) -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = TableClassifier(hidden=4, epochs=3).fit(fitted(X), X[:, 0] > 0)
    for rows in (X, pd.DataFrame(X), pl.DataFrame(X, schema=["a", "b", "c"])):
        np.testing.assert_array_equal(model.predict_proba(rows), model.predict_proba(fitted(X)))


def test_names_that_are_taken_away() -> None:
    """SHAP sets `feature_names_in_` to None, by which scikit-learn means that there are none."""
    made = TableClassifier(**QUICK).fit(X, WORDS)
    expected = made.predict_proba(X)
    made.feature_names_in_ = None
    np.testing.assert_array_equal(made.predict_proba(X.to_numpy()), expected)
    np.testing.assert_array_equal(made.predict_proba(X.set_axis(["p", "q"], axis=1)), expected)


class NamedArray:
    """An array whose Arrow stream has a row for each number, as that of xarray's DataArray."""

    ndim = 2

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.shape = values, values.shape

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self.values, dtype)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pl.DataFrame({"value": self.values.ravel()}).__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("made", [TableRegressor(**QUICK), MLPRegressor(max_iter=2, random_state=0)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_array_with_names_is_an_array(made: Any) -> None:
    plain = RNG.normal(size=(N, 3))
    expected = clone(made).fit(plain, NUMBERS).predict(plain)
    np.testing.assert_array_equal(made.fit(NamedArray(plain), NUMBERS).predict(NamedArray(plain)), expected)


def test_cells_are_read_as_those_that_were_learnt_from() -> None:
    """A row alone has the answer that it has among others, whatever its text could mean without them."""
    size = np.resize(["2 kg", "many", "12,5 kg"], N)
    rows = pd.DataFrame({"size": size, "price": np.resize(["1,234", "500", "2,750"], N)})
    made = TableRegressor(**QUICK).fit(rows, np.resize([1.0, 5.0, 9.0], N))
    assert made.to_model().decimals == {"price": "."}
    alone = [made.predict(rows.iloc[[i]])[0] for i in range(3)]
    np.testing.assert_array_equal(alone, made.predict(rows)[:3])
    np.testing.assert_array_equal(alone, made.to_model().predict(rows.head(3).to_dict("list")))
    assert len(set(alone)) == 3
