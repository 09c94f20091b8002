"""The recipe: finite, invertible, plain data, and blind to everything but the training rows."""

import json
import tracemalloc
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from deltaw.exceptions import ColumnError, ModelFileError, SettingError
from deltaw.preparation import Preparation
from deltaw.preparation.scales.scaling import SCALINGS
from deltaw.tables import Block, Column, Table, kinds

ALL = sorted(SCALINGS)
INVERTIBLE = [name for name in ALL if name != "none"]

CELLS = {
    "number": st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
    "whole": st.integers(-(10**6), 10**6),
    "huge": st.floats(allow_nan=False, allow_infinity=False),
    "word": st.sampled_from(["red", "green", "blue", "grey", "1", "2.5", "a,b"]),
    "truth": st.booleans(),
    "yes": st.sampled_from(["yes", "no"]),
    "day": st.dates(date(1950, 1, 1), date(2050, 1, 1)),
    "time": st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)).map(lambda t: t.replace(microsecond=0)),
}
KIND = {
    "number": "number", "whole": "number", "huge": "number", "word": "category", "truth": "boolean", "yes": "boolean",
    "day": "date", "time": "date",
}  # fmt: skip


@st.composite
def frames(draw: Any, without: tuple[str, ...] = (), rows: int = 30) -> pl.DataFrame:
    """A frame with a column of each of some sorts; about a tenth of the cells missing in some columns."""
    n = draw(st.integers(2, rows))
    sorts = draw(st.lists(st.sampled_from(sorted(set(CELLS) - set(without))), min_size=1, max_size=5, unique=True))
    columns = {}
    for sort in sorts:
        cell = st.one_of(CELLS[sort], st.none()) if draw(st.booleans()) else CELLS[sort]
        columns[sort] = draw(st.lists(cell, min_size=n, max_size=n))
    types = {"number": pl.Float64, "whole": pl.Int64, "huge": pl.Float64, "truth": pl.Boolean, "day": pl.Date,
             "time": pl.Datetime("us"), "word": pl.String, "yes": pl.String}  # fmt: skip
    return pl.DataFrame(columns, schema={name: types[name] for name in columns})


def columns_of(frame: pl.DataFrame) -> list[Column]:
    return [Column(name, KIND[name], "for the test") for name in frame.columns]


@given(train=frames(), scaling=st.sampled_from(ALL), data=st.data())
def test_always_finite_and_of_the_promised_form(train: pl.DataFrame, scaling: str, data: st.DataObject) -> None:
    prep = Preparation.fit(train, columns_of(train), scaling)
    X = prep.transform(train)
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    assert X.shape == (len(train), len(prep.feature_names))
    assert np.isfinite(X).all()
    assert len(set(prep.feature_names)) == len(prep.feature_names)
    other = data.draw(
        st.builds(lambda seed: train.sample(len(train), with_replacement=True, seed=seed), st.integers(0, 9))
    )
    assert np.isfinite(prep.transform(other.with_columns(pl.all().shift(1)))).all()


@given(train=frames(without=("huge",)), scaling=st.sampled_from(["unit", "symmetric"]))
def test_ranges_of_the_notes(train: pl.DataFrame, scaling: str) -> None:
    low, high = {"unit": (0.01, 0.99), "symmetric": (-1, 1)}[scaling]
    X = Preparation.fit(train, columns_of(train), scaling).transform(train)
    assert X.min() >= low - 1e-6
    assert X.max() <= high + 1e-6


@given(train=frames(), scaling=st.sampled_from(ALL))
def test_the_document_makes_the_same_recipe(train: pl.DataFrame, scaling: str) -> None:
    prep = Preparation.fit(train, columns_of(train), scaling)
    again = Preparation.from_document(json.loads(json.dumps(prep.document(), allow_nan=False)))
    assert again == prep
    assert again.feature_names == prep.feature_names
    np.testing.assert_array_equal(again.transform(train), prep.transform(train))


@given(train=frames(), scaling=st.sampled_from(ALL), seed=st.integers(0, 99))
def test_rows_are_transformed_one_by_one(train: pl.DataFrame, scaling: str, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(train))
    prep = Preparation.fit(train, columns_of(train), scaling)
    np.testing.assert_array_equal(prep.transform(train[order.tolist()]), prep.transform(train)[order])
    alone = np.concatenate([prep.transform(train[i : i + 1]) for i in range(len(train))])
    np.testing.assert_array_equal(alone, prep.transform(train))


@given(train=frames(without=("huge",)), scaling=st.sampled_from(ALL), seed=st.integers(0, 99))
def test_the_order_of_training_rows_does_not_matter(train: pl.DataFrame, scaling: str, seed: int) -> None:
    shuffled = train.sample(len(train), shuffle=True, seed=seed)
    one, two = (Preparation.fit(f, columns_of(train), scaling).transform(train) for f in (train, shuffled))
    np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)  # the mean depends on the order by roundings


@given(train=frames(without=("huge",)), scaling=st.sampled_from(INVERTIBLE))
def test_inverse(train: pl.DataFrame, scaling: str) -> None:
    prep = Preparation.fit(train, columns_of(train), scaling)
    back = prep.inverse(prep.transform(train))
    assert back.columns == train.columns
    for name in train.columns:
        raw, found = train[name], back[name]
        np.testing.assert_array_equal(raw.is_null(), found.is_null(), err_msg=name)
        raw, found = raw.drop_nulls(), found.drop_nulls()
        spread = (
            raw.to_physical().max() - raw.to_physical().min() if len(raw) and KIND[name] in ("number", "date") else 0
        )  # type: ignore[operator]
        if KIND[name] == "number" and not SCALINGS[scaling].bend:
            np.testing.assert_allclose(found, raw, atol=1e-6 * (spread + abs(raw.mean() or 0)) + 1e-9)  # type: ignore[arg-type]
        elif KIND[name] == "boolean":
            assert found.to_list() == raw.to_list()
        elif KIND[name] == "category":
            frequent = {
                word for word, rows in zip(*np.unique(raw.to_list(), return_counts=True), strict=True) if rows >= 2
            }
            assert found.to_list() == [word if word in frequent else "(other)" for word in raw]


@pytest.mark.parametrize("scaling", [name for name in ALL if SCALINGS[name].bend])
def test_inverse_of_bent_scaling_within_the_clip(scaling: str) -> None:
    train = pl.DataFrame({"number": np.random.default_rng(0).normal(50, 10, 500)})
    prep = Preparation.fit(train, columns_of(train), scaling)
    np.testing.assert_allclose(prep.inverse(prep.transform(train))["number"], train["number"], rtol=1e-5)


@pytest.mark.parametrize("scaling", ALL)
def test_dates_come_back(scaling: str) -> None:
    days = pl.date_range(date(2019, 12, 1), date(2022, 2, 1), "1d", eager=True).alias("day")
    frame = pl.DataFrame({"day": days, "text": days.dt.strftime("%d.%m.%Y")}).with_columns(
        pl.when(pl.col("day").dt.day() != 3).then("text").alias("text")
    )
    columns = kinds(Table(frame, "x"))
    assert [column.kind for column in columns] == ["date", "date"]
    back = (prep := Preparation.fit(frame, columns, scaling)).inverse(prep.transform(frame))
    assert back["day"].equals(days)
    assert back["text"].null_count() == frame["text"].null_count()
    assert set(back["text"].drop_nulls()) <= set(days)


@pytest.mark.parametrize(("cells", "good"), [
    (["31.01.2024", "01.02.2024"], True),
    (["2024-01-31 00:00:00", "2024-02-01 00:00:00"], True),
    (["2024-01-31T00:00:00Z", None, "2024-02-01T00:00:00Z"], True),
    (["2024-01-31", "01.02.2024"], False),
    (["31/01/2024", "01/02/2024"], False),
    (["2024-01-31 00:00:00", "soon"], False),
])  # fmt: skip
def test_rows_may_write_dates_in_another_way_that_is_sure(cells: list[str | None], good: bool) -> None:
    """With a slash a part of the rows could mean another month: it stays refused."""
    days = [str(date(2024, 1, 1 + i)) for i in range(30)]
    column = Column("d", "date", "", format="%Y-%m-%d")
    made = Preparation.fit(pl.DataFrame({"d": days}), (column,), "standard")
    frame = pl.DataFrame({"d": cells})
    if not good:
        with pytest.raises(ColumnError, match="expected a date, year-month-day in row"):
            made.transform(frame)
        return
    same = pl.DataFrame({"d": [cell and ("2024-01-31", "2024-02-01")[i > 0] for i, cell in enumerate(cells)]})
    np.testing.assert_array_equal(made.transform(frame), made.transform(same))


def test_dates_know_the_calendar() -> None:
    train = pl.DataFrame({"day": [date(2020, 1, 1), date(2020, 7, 1), date(2021, 12, 31), date(2022, 1, 1)]})
    prep = Preparation.fit(train, columns_of(train), "standard")
    X = dict(zip(prep.feature_names, prep.transform(train).T, strict=True))
    assert X["day year cos"][0] > 0.99
    assert X["day year cos"][1] < -0.99
    np.testing.assert_allclose(X["day year cos"][2], X["day year cos"][3], atol=0.02)
    for name in ("year", "week"):
        np.testing.assert_allclose(X[f"day {name} sin"] ** 2 + X[f"day {name} cos"] ** 2, 1, atol=1e-6)


def test_statistics_are_those_of_the_training_rows_alone() -> None:
    train = pl.DataFrame({"number": [1.0, 2.0, 3.0, None], "word": ["red", "red", "blue", "blue"]})
    test = pl.DataFrame({"number": [1000.0, None], "word": ["green", None]})
    prep = Preparation.fit(train, columns_of(train), "unit")
    before = json.dumps(prep.document())
    X = prep.transform(test)
    assert json.dumps(prep.document()) == before
    assert prep.feature_names == ("number", "number (missing)", "word=blue", "word=red", "word=(other)")
    expected = [[0.01 + 0.98 * (1000 - 1) / 2, 0.01, 0.01, 0.01, 0.99], [0.5, 0.99, 0.01, 0.01, 0.99]]
    np.testing.assert_allclose(X, expected, rtol=1e-6)


def test_missing_numbers_without_a_missing_one_in_training() -> None:
    train = pl.DataFrame({"number": [1.0, 2.0, 6.0]})
    prep = Preparation.fit(train, columns_of(train), "none")
    np.testing.assert_array_equal(prep.transform(pl.DataFrame({"number": [None, 4.0]})), [[2.0], [4.0]])


def test_categories_rare_missing_and_many() -> None:
    words = ["a"] * 3 + ["b"] * 2 + ["once", None]
    prep = Preparation.fit(pl.DataFrame({"word": words}), [Column("word", "category", "")], "symmetric")
    assert prep.feature_names == ("word=a", "word=b", "word=(other)", "word=(missing)")
    X = prep.transform(pl.DataFrame({"word": ["b", "once", "never", None]}))
    np.testing.assert_array_equal(X, [[-1, 1, -1, -1], [-1, -1, 1, -1], [-1, -1, 1, -1], [-1, -1, -1, 1]])
    assert prep.inverse(X)["word"].to_list() == ["b", "(other)", "(other)", None]
    many = pl.DataFrame({"word": [f"w{i:03}" for i in range(300) for _ in range(2 + i // 100)]})
    prep = Preparation.fit(many, [Column("word", "category", "")], "none")
    assert prep.feature_names == (*(f"word=w{i}" for i in range(200, 300)), "word=(other)")


def test_a_category_is_the_same_in_any_type() -> None:
    train = pl.DataFrame({"word": ["1", "1", "2", "2", "x", "x"]})
    prep = Preparation.fit(train, columns_of(train), "none")
    expected = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
    for series in ([1, 2, 3], [1.0, 2.0, 3.5], ["1 ", " 2", "y"]):
        np.testing.assert_array_equal(prep.transform(pl.DataFrame({"word": series})), expected)


def test_yes_and_no() -> None:
    train = pl.DataFrame({"yes": ["Yes", "no", None, "no"], "truth": [True, False, True, False]})
    prep = Preparation.fit(train, columns_of(train), "standard")
    assert prep.feature_names == ("yes", "yes (missing)", "truth")
    X = prep.transform(train)
    np.testing.assert_array_equal(X, [[1, 0, 1], [0, 0, 0], [0.5, 1, 1], [0, 0, 0]])
    assert prep.inverse(X).rows() == train.rows()
    other = pl.DataFrame({"yes": ["YES", "perhaps"], "truth": ["True", "false"]})
    np.testing.assert_array_equal(prep.transform(other), [[1, 0, 1], [0.5, 1, 0]])


PIXELS = Block("pixels", tuple(f"p{i}" for i in range(4)), 0.0, 255.0, (2, 2))


@pytest.mark.parametrize("scaling", ALL)
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64])
def test_blocks(scaling: str, dtype: Any) -> None:
    raw = np.array([[0, 10, 20, 255], [0, 1, 2, 3], [0, 0, 0, 7]])
    frame = pl.DataFrame(raw.astype(dtype), schema=PIXELS.columns)
    prep = Preparation.fit(frame, [Column("pixels", "number", "")], scaling, [PIXELS])
    X = prep.transform(frame)
    expected = {
        "unit": 0.01 + 0.98 * raw / 255,
        "symmetric": -1 + 2 * raw / 255,
        "standard": (raw - raw.mean()) / raw.std(),
        "robust": (raw - raw.mean()) / raw.std(),
        "piecewise": (raw - raw.mean()) / raw.std(),
        "none": raw,
    }[scaling]
    np.testing.assert_allclose(X, expected, rtol=1e-5, atol=1e-6)
    assert prep.feature_names == prep.input_names == PIXELS.columns
    np.testing.assert_allclose(prep.inverse(X).to_numpy(), raw, atol=1e-4)
    assert Preparation.from_document(prep.document()) == prep
    holes = frame.with_columns(pl.when(pl.col("p0") != 0).then("p0").alias("p0"))
    np.testing.assert_array_equal(prep.transform(holes), X)


def test_columns_in_another_order_and_extra_ones() -> None:
    train = pl.DataFrame({"number": [1.0, 2.0, 3.0], "word": ["red", "red", "blue"]})
    columns = [*columns_of(train), Column("note", "text", "3 distinct values")]
    prep = Preparation.fit(train, columns)
    other = train.select("word", pl.lit("x").alias("note"), pl.lit(1).alias("new"), "number")
    np.testing.assert_array_equal(prep.transform(other), prep.transform(train))
    assert prep.extra(other) == ("new",)
    assert prep.extra(train) == ()


def test_describe_tells_what_becomes_of_every_column() -> None:
    frame = pl.DataFrame(
        {"id": range(30), "age": [*range(20, 49), None], "city": ["Rome", "Oslo", None] * 10, "same": ["x"] * 30}
    )
    lines = Preparation.fit(frame, kinds(Table(frame, "x"))).describe()
    assert [(line.column, line.kind, line.features) for line in lines] == [
        ("age", "number", 2), ("city", "category", 4), ("id", "identifier", 0), ("same", "constant", 0)
    ]  # fmt: skip
    assert all(line.treatment for line in lines)
    assert "always x" in lines[-1].treatment


NUMBERS = pl.DataFrame(
    {"age": [20.0, 30.0, 40.0], "city": ["Rome", "Rome", "Oslo"], "day": [date(2020, 1, d) for d in (1, 2, 3)]}
)
WRONG = [
    (NUMBERS.drop("age").with_columns(Age=1.0), ['"age"', 'rename "Age"']),
    (NUMBERS.with_columns(age=pl.Series(["20", "old", "x"])), ['row 2 of column "age"', '"old"', "number"]),
    (NUMBERS.with_columns(age=pl.Series([1.0, 2.0, float("inf")])), ['row 3 of column "age"', "finite", "inf"]),
    (NUMBERS.with_columns(age="day"), ['"age"', "numbers", "Date"]),
    (NUMBERS.with_columns(day=pl.lit("soon")), ['row 1 of column "day"', '"soon"']),
    (NUMBERS.with_columns(day=pl.lit(3)), ['"day"', "dates"]),
]


@pytest.mark.parametrize(("frame", "words"), WRONG)
def test_rows_that_do_not_fit_end_in_one_line(frame: pl.DataFrame, words: list[str]) -> None:
    prep = Preparation.fit(NUMBERS, kinds(Table(NUMBERS, "x")))
    with pytest.raises(ColumnError) as caught:
        prep.transform(frame, source="new.csv")
    message = str(caught.value)
    assert message.startswith("new.csv")
    assert "\n" not in message
    assert not [word for word in words if word not in message], message


def test_numbers_written_as_text_are_numbers_still() -> None:
    prep = Preparation.fit(NUMBERS, kinds(Table(NUMBERS, "x")))
    written = NUMBERS.with_columns(pl.Series("age", ["20", " 30.0", "40"]), pl.col("day").dt.strftime("%Y-%m-%d"))
    np.testing.assert_array_equal(prep.transform(written), prep.transform(NUMBERS))


def test_nothing_to_learn_from() -> None:
    frame = pl.DataFrame({"review": [f"a long review of the thing number {i}" for i in range(20)]})
    with pytest.raises(ColumnError, match=r"review \(text"):
        Preparation.fit(frame, kinds(Table(frame, "x")))


def test_unknown_scaling() -> None:
    with pytest.raises(SettingError, match="robust"):
        Preparation.fit(NUMBERS, kinds(Table(NUMBERS, "x")), "rubust")


def test_columns_without_a_value_or_with_one_in_the_training_rows() -> None:
    frame = pl.DataFrame({"number": [None, None, None], "whole": [3, 3, 3], "word": [None, None, None]}).cast(
        {"number": pl.Float64, "word": pl.String}
    )
    for scaling in ALL:
        prep = Preparation.fit(frame, columns_of(frame), scaling)
        assert np.isfinite(prep.transform(frame)).all()
        later = pl.DataFrame({"number": [1e300, 1.0], "whole": [4, -4], "word": ["a", "b"]})
        assert np.isfinite(prep.transform(later)).all()


DOCUMENT = Preparation.fit(NUMBERS, kinds(Table(NUMBERS, "x"))).document()


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("steps"),
        lambda d: d.update(more=1),
        lambda d: d.update(scaling="other"),
        lambda d: d.update(steps=[]),
        lambda d: d["steps"].append(d["steps"][0]),
        lambda d: d["steps"].append(3),
        lambda d: d["steps"][0].update(kind="other"),
        lambda d: d["steps"][0].update(kind=["number"]),
        lambda d: d["steps"][0].pop("fill"),
        lambda d: d["steps"][0].update(fill="3"),
        lambda d: d["steps"][0].update(fill=float("nan")),
        lambda d: d["steps"][0].update(indicator=1),
        lambda d: d["steps"][0]["scale"].update(width=0),
        lambda d: d["steps"][0]["scale"].update(width=float("inf")),
        lambda d: d["steps"][0]["scale"].pop("bend"),
        lambda d: d["steps"][1].update(words=["a", "a"]),
        lambda d: d["steps"][1].update(words=["a", 1]),
        lambda d: d["steps"][1].update(words="ab"),
        lambda d: d["left_out"].append({"column": "x"}),
    ],
)
def test_documents_that_are_no_recipes(change: Any) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    change(document)
    with pytest.raises(ModelFileError, match=r"^preparation"):
        Preparation.from_document(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


@given(data=st.data(), value=JSON)
def test_any_change_of_a_document_is_refused_or_means_something(data: st.DataObject, value: Any) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    place = data.draw(st.sampled_from([document, *document["steps"], document["steps"][0]["scale"]]))
    place[data.draw(st.sampled_from(sorted(place)))] = value
    try:
        prep = Preparation.from_document(document)
    except ModelFileError:
        return
    prep.document()


def test_a_name_that_polars_takes_for_all() -> None:
    frame = pl.DataFrame({"*": [0.5, 1.5], "word": ["red", "red"], "": [True, False]})
    kinds_ = [
        Column(name, kind, "") for name, kind in zip(frame.columns, ("number", "category", "boolean"), strict=True)
    ]
    prep = Preparation.fit(frame, kinds_, "none")
    assert prep.inverse(prep.transform(frame)).rows() == frame.rows()


def test_frames_are_left_as_they_were() -> None:
    before = NUMBERS.clone()
    prep = Preparation.fit(NUMBERS, kinds(Table(NUMBERS, "x")))
    prep.transform(NUMBERS)
    assert_frame_equal(NUMBERS, before)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_float32_and_the_same_numbers_in_float64_say_the_same(scaling: str) -> None:
    """In whichever size a column is put in order."""
    x = np.random.default_rng(0).lognormal(3, 2, 500).astype(np.float32)
    x[::50] = np.nan
    small = pl.DataFrame({"x": x}).with_columns(pl.col("x").fill_nan(None))
    made = [Preparation.fit(each, kinds(Table(each, "t")), scaling) for each in (small, small.cast(pl.Float64))]
    assert made[0].steps == made[1].steps


def test_a_fit_takes_little_beside_the_columns() -> None:
    """Of each column that is looked at a copy to be put in order, in its own size, and no more."""
    n = 2**18
    frame = pl.DataFrame({"x": np.random.default_rng(0).normal(size=n).astype(np.float32)})
    columns = kinds(Table(frame, "t"))
    tracemalloc.start()
    Preparation.fit(frame, columns, "piecewise")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * n  # a column of float64 alone
