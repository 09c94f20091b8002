"""The target: the task it sets, there and back, and what cannot be learnt."""

import json
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.exceptions import ColumnError, InputError, ModelFileError, SettingError
from deltaw.preparation import Target
from deltaw.preparation.reading import SOME, places_as_written
from deltaw.tables import BUNDLED, bundled

random = np.random.default_rng(0)

TASKS = [
    (["a", "b"] * 20, "classification"),
    ([True, False] * 20, "classification"),
    ([0, 1] * 20, "classification"),
    ([0, 1, 1, 0], "classification"),
    ([1.0, 2.0] * 20, "classification"),
    (list(range(10)) * 30, "classification"),
    ([float(i) for i in range(3)] * 50, "classification"),
    ([0.5, 1.5, 2.0] * 100, "regression"),
    (list(range(20, 70)) * 20, "regression"),
    (list(range(10)) * 2, "regression"),
    ([*random.poisson(10, 4000).tolist(), 29], "regression"),
    (random.normal(size=50).tolist(), "regression"),
]


@pytest.mark.parametrize(("cells", "task"), TASKS)
def test_task(cells: list[Any], task: str) -> None:
    target = Target.fit(pl.Series(cells), "y")
    assert target.task == task
    assert target.reason


@pytest.mark.parametrize("name", BUNDLED)
def test_tasks_of_the_bundled_sets(name: str) -> None:
    table = bundled(name)
    assert table.target
    target = Target.fit(table.column(table.target), table.target)
    assert target.task == ("regression" if name == "diabetes" else "classification")


def test_the_task_can_be_asked_for() -> None:
    assert Target.fit(pl.Series([1, 2, 3, 4] * 2), "y", task="classification").classes == (1, 2, 3, 4)
    assert Target.fit(pl.Series([0, 1] * 20), "y", task="regression").task == "regression"
    with pytest.raises(ColumnError, match='numbers in target "y" for regression, found "a"'):
        Target.fit(pl.Series(["a", "b"] * 20), "y", task="regression")
    with pytest.raises(SettingError, match="classification or regression"):
        Target.fit(pl.Series([0, 1] * 20), "y", task="clustering")


@pytest.mark.parametrize("cells", [["b", "a", "c"], [3, 1, 2], [True, False], [1.5, 0.5, 2.5], ["1", "é", " x"]])
def test_classes_there_and_back(cells: list[Any]) -> None:
    series = pl.Series("y", cells * 3)
    target = Target.fit(series, "y", task="classification")
    assert list(target.classes) == sorted(c.strip() if isinstance(c, str) else c for c in cells)
    labels = target.encode(series)
    assert labels.dtype == np.int32
    assert labels.shape == (len(series),)
    assert labels.max() == len(cells) - 1
    back = target.decode(labels)
    assert back.name == "y"
    assert back.dtype == series.dtype
    assert back.to_list() == [c.strip() if isinstance(c, str) else c for c in series]
    assert target.decode(target.one_hot(series, 0.01, 0.99)).to_list() == back.to_list()
    again = Target.from_document(json.loads(json.dumps(target.document())))
    assert again == target
    assert again.decode(labels).equals(back)


def test_one_hot() -> None:
    target = Target.fit(pl.Series(["a", "b"] * 2), "y")
    hot = target.one_hot(pl.Series(["b", "a", "b"]), 0.01, 0.99)
    assert hot.dtype == np.float32
    np.testing.assert_array_equal(hot, np.float32([[0.01, 0.99], [0.99, 0.01], [0.01, 0.99]]))


def test_classes_are_the_same_in_any_type() -> None:
    target = Target.fit(pl.Series([0, 1, 2] * 30, dtype=pl.UInt8), "y")
    for series in (pl.Series([2, 0], dtype=pl.Int64), pl.Series([2.0, 0.0]), pl.Series(["2", " 0"])):
        assert target.encode(series).tolist() == [2, 0]


@given(
    st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=40, unique=True),
    st.sampled_from(["standard", ("range", 0.01, 0.99), ("range", -1.0, 1.0)]),
)
def test_numbers_there_and_back(cells: list[float], scaling: Any) -> None:
    series = pl.Series("y", cells)
    target = Target.fit(series, "y", task="regression", scaling=scaling)
    scaled = target.encode(series)
    assert (scaled.dtype, scaled.shape) == (np.float32, (len(cells), 1))
    assert (target.low, target.high) == (min(cells), max(cells))
    spread = target.high - target.low
    np.testing.assert_allclose(target.decode(scaled), cells, atol=1e-6 * (spread + max(map(abs, cells))))
    if scaling == "standard":
        x = np.array(cells)
        np.testing.assert_allclose(scaled[:, 0], (x - x.mean()) / x.std(), rtol=1e-4, atol=1e-5)
    else:
        np.testing.assert_allclose([scaled.min(), scaled.max()], scaling[1:], rtol=1e-5)
    again = Target.from_document(json.loads(json.dumps(target.document())))
    assert again == target
    np.testing.assert_array_equal(again.encode(series), scaled)


def test_clamp() -> None:
    series = pl.Series([1.5, 2.0, 4.5])
    free, clamped = (Target.fit(series, "y", scaling=("range", 0.0, 1.0), clamp=clamp) for clamp in (False, True))
    np.testing.assert_allclose(free.decode(np.array([[-1.0], [0.5], [2.0]])), [-1.5, 3.0, 7.5], rtol=1e-6)
    np.testing.assert_allclose(clamped.decode([-1.0, 0.5, 2.0]), [1.5, 3.0, 4.5], rtol=1e-6)


BAD = [
    ([None, None], ['"y"', "none in 2 rows", "(not_na=)"]),
    ([float("nan")], ["none in 1 row"]),
    (["", " ", None], ["none in 3 rows"]),
    (["a", " ", "a"], ["only a"]),
    ([None, 1.0, float("inf"), 2.5], ["row 3", "finite"]),
    ([1.0, float("inf"), 2.5], ["row 2", "finite"]),
    ([1.0, 1.0, float("-inf")] * 30, ["row 3", "finite"]),
    (["a"] * 5, ["only a"]),
    ([], ["no rows"]),
    ([f"key {i}" for i in range(1000)], ["1,000 classes in 1,000 rows", "identifier"]),
    (["<0.5" if i % 9 == 0 else f"{i}.25" for i in range(90)], ["numbers are mixed with words ('<0.5')", "in na"]),
    (["a", "b", "c"], ["3 classes in 3 rows", "give more rows"]),
    ([[1], [2]], ["List"]),
    ([b"a", b"b"], ["Binary"]),
    ([date(2020, 1, 1), date(2020, 1, 2)], ["dates"]),
]


@pytest.mark.parametrize(("cells", "words"), BAD)
def test_targets_that_cannot_be_learnt(cells: list[Any], words: list[str]) -> None:
    with pytest.raises(ColumnError) as caught:
        Target.fit(pl.Series(cells), "y", source="x.csv")
    message = str(caught.value)
    assert message.startswith("x.csv")
    assert "\n" not in message
    assert not [word for word in words if word not in message], message


STATED: list[tuple[list[Any], str | None, str, str | None]] = [
    (list(range(11)) * 30, None, "classification of 11 whole numbers 0 … 10", "regression"),
    ([1.0, 2.0] * 20, None, "classification of 2 whole numbers 1 … 2", "regression"),
    ([0.5, 1.5] * 20, None, "classification of 2 numbers 0.5 … 1.5", "regression"),
    (list(range(11)) * 30, "classification", "classification of 11 whole numbers 0 … 10", None),
    (list(range(11)) * 30, "regression", "regression, as asked", None),
    (list(range(30)) * 10, None, "regression, 30 different whole numbers in 300 rows", "classification"),
    ([0.5, 1.5, 2.0] * 10, None, "regression, numbers with fractions", None),
    (["b", "a"] * 10, None, "classification of 2 classes, a, b", None),
    ([True, False] * 10, None, "classification of 2 classes, False, True", None),
]


@pytest.mark.parametrize(("cells", "task", "statement", "other"), STATED)
def test_the_task_is_stated(cells: list[Any], task: str | None, statement: str, other: str | None) -> None:
    target = Target.fit(pl.Series(cells), "y", task=task)
    assert (target.statement, target.other_task) == (statement, other)
    if other is not None:  # what is said can be done
        assert Target.fit(pl.Series(cells), "y", task=other).task == other


@pytest.mark.parametrize("cells", [[1.0, None, 2.5, float("nan"), 4.0] * 5, ["a", " ", "b", None, "a"] * 5])
def test_missing_answers_say_nothing(cells: list[Any]) -> None:
    series = pl.Series("y", cells)
    target = Target.fit(series, "y")
    known = target.known(series)
    assert known.tolist() == [True, False, True, False, True] * 5
    assert target == Target.fit(series.filter(known), "y")
    encoded = target.encode(series, gaps=True)
    np.testing.assert_array_equal(encoded[known], target.encode(series.filter(known)))
    assert all(value == -1 or np.isnan(value) for value in encoded[~known].ravel())
    with pytest.raises(ColumnError, match=r"a value for the target in row 2 .*missing"):
        target.encode(series)
    assert target.some_known(series).tolist() == known.tolist()
    with pytest.raises(ColumnError, match="none in 1 row"):
        target.some_known(series[1:2])


def test_classes_that_no_model_file_holds() -> None:
    with pytest.raises(ColumnError, match=r"below 2\^63 as classes .* found 9223372036854775809; turn"):
        Target.fit(pl.Series([2**63, 2**63 + 1] * 20), "y")


def test_a_million_classes() -> None:
    with pytest.raises(ColumnError, match="1,000,000 classes"):
        Target.fit(pl.select(pl.int_range(1_000_000).cast(pl.String)).to_series(), "y")


def test_answers_that_training_did_not_see() -> None:
    target = Target.fit(pl.Series(["setosa", "virginica"] * 5), "species")
    with pytest.raises(ColumnError, match='row 2 of column "species", found "virginca"; did you mean virginica'):
        target.encode(pl.Series(["setosa", "virginca"]))
    with pytest.raises(ColumnError, match=r"in row 1 .*missing"):
        target.encode(pl.Series([None, "setosa"]))
    with pytest.raises(ColumnError, match=r"a number in row 1"):
        Target.fit(pl.Series([1.5, 2.5, 3.0]), "y").encode(pl.Series(["much", "little"]))


@pytest.mark.parametrize("scaling", ["range", ("range", 1.0, 0.0), ("range", 1.0), "unit"])
def test_unknown_scaling(scaling: Any) -> None:
    with pytest.raises(SettingError, match="standard"):
        Target.fit(pl.Series([1.5, 2.5, 3.0]), "y", scaling=scaling)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("classes"),
        lambda d: d.update(task="other"),
        lambda d: d.update(classes=["b", "a"]),
        lambda d: d.update(classes=["a", 1]),
        lambda d: d.update(classes=["a"]),
        lambda d: d.update(classes=[[1], [2]]),
        lambda d: d.update(classes=[0.5, float("nan")]),
        lambda d: d.update(low=float("inf")),
        lambda d: d.update(scale={}),
        lambda d: d.update(name=3),
        lambda d: d.update(task="regression"),
    ],
)
def test_documents_that_are_no_targets(change: Any) -> None:
    document = json.loads(json.dumps(Target.fit(pl.Series(["a", "b"] * 3), "y").document()))
    change(document)
    with pytest.raises(ModelFileError, match=r"^target"):
        Target.from_document(document)


@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=3)), max_size=12))
def test_any_target_is_learnt_or_refused_in_one_line(cells: list[Any]) -> None:
    series = pl.Series("y", cells, strict=False)
    try:
        target = Target.fit(series, "y")
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    known = target.some_known(series)
    assert np.isfinite(target.encode(series, gaps=True)[known]).all()


def test_words_held_by_numbers_have_the_places_of_text() -> None:
    text = pl.Series([*["no", "yes", None] * SOME, "no"])
    held = text.cast(pl.Enum(["elsewhere", "no", "yes"]))  # a part of a table may have fewer words than the whole
    for known in (["yes", "no"], ["no", "other", "yes"]):
        found = [places_as_written(each, known, -1) for each in (text, held)]
        assert found[0] is not None
        assert found[1] is not None
        assert (found[0] == found[1]).all()
    assert places_as_written(held, ["yes"], -1) is None
