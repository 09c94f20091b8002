"""Bins against the paper's formula, and what a number's place in them tells."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.equations.encoded import Encoded
from deltaw.exceptions import ModelFileError
from deltaw.preparation import Preparation
from deltaw.preparation.arithmetic import arithmetic
from deltaw.preparation.scales.bins import (
    FEWEST_ROWS,
    are_edges,
    count,
    fields,
    fit_edges,
    most_bins,
    position,
    positions,
)
from deltaw.tables import Column, Table, kinds

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def features(x: Any, edges: tuple[float, ...]) -> np.ndarray:
    if not edges:
        return np.empty((len(x), 0), np.float32)
    return Encoded(np.column_stack(positions(np.asarray(x, float), edges)), fields(edges)).toarray()


def test_the_papers_formula() -> None:
    rng = np.random.default_rng(0)
    x, edges = rng.normal(size=3000), tuple(np.sort(rng.normal(size=9)).tolist())
    b = np.array(edges)
    wanted = np.clip((x[:, None] - b[:-1]) / (b[1:] - b[:-1]), 0, 1)
    np.testing.assert_allclose(features(x, edges), wanted, atol=1e-6)
    np.testing.assert_allclose(position(x, edges), wanted.sum(axis=1), atol=1e-9)


def test_as_many_rows_in_each_bin() -> None:
    x = np.random.default_rng(0).lognormal(size=1200)
    edges = fit_edges(np.sort(x), 8)
    assert count(edges) == 8
    assert (edges[0], edges[-1]) == (x.min(), x.max())
    assert set(edges) <= set(x)
    counts, _ = np.histogram(x, edges)
    assert set(counts) <= set(range(149, 152))


def test_equal_quantiles_make_one_edge() -> None:
    assert fit_edges(np.sort([0.0] * 70 + [1.0, 2.0, 3.0] * 10), 10) == (0.0, 1.0, 2.0, 3.0)


@pytest.mark.parametrize("x", [[], [3.0] * 100, [0.0, 1.0] * 50])
def test_none_where_they_say_no_more_than_the_number(x: list[float]) -> None:
    assert fit_edges(np.sort(x), 8) == ()


def test_how_many() -> None:
    assert most_bins(1, 10**6) == most_bins(8, 10**6) == (16, 16, 64)
    assert most_bins(16, 10**6) == (8, 8, 32)
    assert most_bins(1000, 10**6) == (4, 4, 16)
    assert most_bins(1, 3 * FEWEST_ROWS) == (3, 16, 30)
    assert most_bins(0, 2 * FEWEST_ROWS) == (2, 16, 20)
    assert most_bins(1, 10**6, finer=True) == (64, 64, 64)
    assert most_bins(1, 300, finer=True) == (20, 64, 50)


@given(st.lists(FINITE, max_size=40), st.integers(0, 12), st.lists(FINITE, min_size=1, max_size=5))
def test_within_0_and_1_in_order_and_whole(x: list[float], most: int, later: list[float]) -> None:
    edges = fit_edges(np.sort(x), most)
    assert are_edges(list(edges))
    assert count(edges) <= most
    if not edges:
        return
    at = np.sort([*x, *later])
    f = features(at, edges)
    assert ((f >= 0) & (f <= 1)).all()
    assert (np.diff(f, axis=1) <= 0).all()  # a bin is entered where the one before it has been passed
    assert (np.diff(f.sum(axis=1)) >= 0).all()
    assert ((f > 0) & (f < 1)).sum(axis=1).max() <= 1


@given(st.lists(FINITE, min_size=2, max_size=60), st.integers(2, 20), st.lists(FINITE, max_size=20))
def test_a_place_is_what_numpy_interpolates(x: list[float], most: int, others: list[float]) -> None:
    edges = fit_edges(np.sort(x), most)
    if not edges:
        return
    at = np.array([*x, *others])
    wanted = np.interp(at / 2, np.array(edges) / 2, np.arange(len(edges)))
    np.testing.assert_array_equal(position(at, edges), wanted)


@pytest.mark.parametrize(
    "edges",
    [[1.0, 1.0], [2.0, 1.0], [0.0, 5e-324], ["a"], [float("nan")], "12", 3, np.arange(257.0).tolist()],
)
def test_what_are_no_edges(edges: Any) -> None:
    assert not are_edges(edges)


def table() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    size = rng.normal(20, 5, 600).tolist()
    size[5] = None
    return pl.DataFrame(
        {
            "size": size,
            "same": [1.5] * 600,
            "half": [i % 2 for i in range(600)],
            "day": [date(2023, 1, 1) + timedelta(days=2 * i) for i in range(600)],
            "word": [f"w{i % 30}" for i in range(600)],
        }
    )


COLUMNS = [
    Column(name, kind, "for the test")
    for name, kind in zip(table().columns, ("number", "number", "number", "date", "category"), strict=True)
]


def prepared() -> Preparation:
    return Preparation.fit(table(), COLUMNS, "piecewise")


def test_they_stand_beside_the_scaled_number() -> None:
    prep, robust = prepared(), Preparation.fit(table(), COLUMNS, "robust")
    bins = [name for name in prep.feature_names if " bin " in name]
    assert bins == [*(f"size bin {k}" for k in range(1, 11)), *(f"day days bin {k}" for k in range(1, 11))]
    X = dict(zip(prep.feature_names, prep.transform(table()).T, strict=True))
    others = dict(zip(robust.feature_names, robust.transform(table()).T, strict=True))
    assert list(others) == [name for name in prep.feature_names if name not in bins]
    for name, values in others.items():
        weight = 30**-0.5 if name.startswith("word=") else 1.0
        np.testing.assert_allclose(X[name], weight * values, rtol=1e-6)
    assert [line.features for line in prep.describe()] == [12, 1, 1, 15, 31]
    assert "piecewise-linear over 10 bins" in prep.describe()[0].treatment
    assert "bins" not in prep.describe()[1].treatment
    assert "0.18 instead of 1" in prep.describe()[4].treatment


def test_there_and_back() -> None:
    prep, frame = prepared(), table()
    back = prep.inverse(prep.transform(frame))
    assert back["size"].is_null().to_list() == frame["size"].is_null().to_list()
    np.testing.assert_allclose(back["size"].drop_nulls(), frame["size"].drop_nulls(), rtol=1e-5)
    assert back["day"].equals(frame["day"])
    assert back["word"].equals(frame["word"])


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (0, {"edges": [2.0, 1.0]}),
        (0, {"edges": "12"}),
        (3, {"edges": [1.0, 1.0]}),
        (4, {"weight": 0.0}),
        (4, {"weight": 2.0}),
    ],
)
def test_a_file_with_bins_that_cannot_be(place: int, change: dict[str, Any]) -> None:
    document = json.loads(json.dumps(prepared().document()))
    document["steps"][place] |= change
    with pytest.raises(ModelFileError, match=rf"^preparation, step {place + 1}"):
        Preparation.from_document(document)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (-1e300, "is below all 10 bins, which all get 0"),
        (1e300, "is above all 10 bins, which all get 1"),
        (18.0, "% of the way through bin "),
        (None, "% of the way through bin "),
    ],
)
def test_it_is_told_in_which_bin_a_number_lies(size: float | None, words: str) -> None:
    prep = prepared()
    row = table()[:1].with_columns(pl.Series("size", [size], pl.Float64))
    lines = [line for line in arithmetic(prep, row) if line.column == "size"]
    assert [line.feature.partition(" ")[2][:3] for line in lines] == ["", "bin", "(mi"]
    assert words in lines[1].arithmetic
    passed = prep.transform(row)[0, 1:11].sum()
    if "through bin" in words:
        k = int(lines[1].feature.rpartition(" ")[2])
        share = float(lines[1].arithmetic.partition(" is ")[2].partition("%")[0])
        assert passed == pytest.approx(k - 1 + share / 100, abs=0.006)
        assert f"through bin {k} of 10" in lines[1].arithmetic


def test_many_words_are_hushed_and_few_are_not() -> None:
    frame = pl.DataFrame({"few": [f"w{i % 20}" for i in range(210)], "many": [f"w{i % 21}" for i in range(210)]})
    prep = Preparation.fit(frame, kinds(Table(frame, "x")), "piecewise")
    X = prep.transform(frame)
    np.testing.assert_allclose(X.max(axis=1), 1.0)
    np.testing.assert_allclose(X[:, 21:].max(axis=1), 21**-0.5, rtol=1e-6)
    (line,) = (line for line in arithmetic(prep, frame[:1]) if line.column == "many")
    assert "one-hot, 0.21822 instead of 1 for 21 words" in line.arithmetic
