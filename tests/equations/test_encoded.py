"""Rows that are encoded: the inputs that they stand for, as the paper and as one-hot has them, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder

from deltaw import InputError
from deltaw.equations.encoded import Encoded, Field, is_plain
from deltaw.equations.scaled import Scaled
from deltaw.preparation.scales.bins import position
from deltaw.preparation.scales.scaling import Scale


@given(edges=st.lists(st.integers(-50, 50), min_size=2, max_size=9, unique=True).map(sorted), x=st.floats(-60, 60))
def test_bins_are_the_papers(edges: list[int], x: float) -> None:
    """Gorishniy et al. 2022, equation 1: (x − b) / (b' − b), cut off at 0 and 1."""
    before, after = np.array(edges[:-1]), np.array(edges[1:])
    wanted = np.clip((x - before) / (after - before), 0, 1)
    position = np.interp(x, edges, np.arange(len(edges)))
    bins = Encoded([[position]], [Field("bins", len(before))]).toarray()
    np.testing.assert_allclose(bins[0], wanted, atol=1e-5)


def test_slots_are_one_hot() -> None:
    words = np.random.default_rng(0).integers(0, 5, 40)
    wanted = OneHotEncoder(categories=[range(5)], sparse_output=False).fit_transform(words[:, None])
    np.testing.assert_array_equal(Encoded(words[:, None], [Field("slots", 5)]).toarray(), wanted)
    loud = Encoded(words[:, None], [Field("slots", 5, 0.75, 0.25)])
    np.testing.assert_array_equal(loud.toarray(), 0.25 + wanted / 2)


def test_a_matrix_to_whoever_asks() -> None:
    stored = np.array([[0.5, 2.25, 1, 7], [1, 0, 0, 8], [-1, 4, 2, 9]], np.float32)
    X = Encoded(stored, [Field(), Field("bins", 4), Field("slots", 3, 0.5), Field()])
    wanted = [[0.5, 1, 1, 0.25, 0, 0, 0.5, 0, 7], [1, 0, 0, 0, 0, 0.5, 0, 0, 8], [-1, 1, 1, 1, 1, 0, 0, 0.5, 9]]
    np.testing.assert_array_equal(X.toarray(), wanted)
    assert (X.shape, len(X), X.nbytes, is_plain(X.fields)) == ((3, 9), 3, 48, False)
    for rows in (slice(1, 3), np.array([2, 0, 2]), np.array([True, False, True])):
        np.testing.assert_array_equal(X[rows], np.array(wanted, np.float32)[rows])
    assert np.asarray(X, np.float64).dtype == np.float64
    plain = Encoded(stored, [Field()] * 4)
    assert is_plain(plain.fields)
    assert plain.toarray() is plain.stored


@given(
    x=st.lists(st.floats(width=32, allow_infinity=False), min_size=1, max_size=20),
    edges=st.lists(st.integers(-50, 50), min_size=2, max_size=9, unique=True).map(sorted),
    bend=st.booleans(),
    indicator=st.sampled_from([(), (0.01, 0.99)]),
)
def test_what_is_kept_raw_is_a_number_and_its_bins(
    x: list[float], edges: list[int], bend: bool, indicator: tuple[float, ...]
) -> None:
    """As a column's scale and its bins say, to the bit; what is missing counts as `fill`, and may be indicator."""
    ends = tuple(map(float, edges))
    field = Field("scaled", len(edges) + bool(indicator), scaled=Scaled(0.3, 1.7, 0.25, bend, 5.5, ends, indicator))
    raw = Encoded(np.array([x, x], np.float32).T, [field, Field()])
    X = raw.unfolded()
    assert [each.kind for each in X.fields] == ["number", "bins", *["number"] * bool(indicator), "number"]
    known = np.where(np.isnan(x), 5.5, x)
    gaps = [np.where(np.isnan(x), indicator[1], indicator[0])] if indicator else []
    wanted = np.array([Scale(0.3, 1.7, 0.25, bend).apply(known), position(known, ends), *gaps, x], np.float32)
    assert X.stored.T.tobytes() == wanted.tobytes()
    assert raw.toarray().tobytes() == X.toarray().tobytes()
    assert raw.joined(X).stored.tobytes() == X.joined(raw).stored.tobytes()
    assert raw[:1].joined(raw[1:]).fields == raw.fields


@pytest.mark.parametrize(
    ("x", "field", "said"),
    [
        (4.5, Field("bins", 4), "a number from 0 to 4 for 4 bins, found 4.5 at row 1, column 0"),
        (-0.1, Field("bins", 4), "a number from 0 to 4"),
        (4, Field("slots", 4), "a whole number from 0 to 3 for 4 slots, found 4.0 at row 1"),
        (1.5, Field("slots", 4), "a whole number from 0 to 3"),
        (np.inf, Field("bins", 4), "found inf at row 1"),
    ],
)
def test_what_lies_in_no_field_is_named(x: float, field: Field, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Encoded([[0.0], [x]], [field]).check()


def test_of_many_rows_the_first_that_lies_in_no_field_is_named() -> None:
    rows = Encoded(np.ones((5000, 3), np.float32), [Field(), Field("bins", 4), Field("slots", 4)])
    rows.check()
    rows.stored[7, 0] = np.nan  # which `check` lets be
    rows.check()
    for row, column, x in ((4999, 2, 1.5), (4100, 1, 4.5), (2047, 2, 4.0), (11, 1, -1.0)):
        rows.stored[row, column] = x
        with pytest.raises(InputError, match=f"{x} at row {row}, column {column}"):
            rows.check()


@pytest.mark.parametrize(
    ("stored", "fields"),
    [
        (np.zeros((3, 2)), [Field()]),
        (np.zeros(3), [Field()]),
        (np.zeros((3, 0)), []),
        (np.zeros((3, 1)), [Field("number", 2)]),
        (np.zeros((3, 1)), [Field("bins", 0)]),
        (np.zeros((3, 1)), [Field("words", 2)]),
        (np.zeros((3, 1)), [Field("slots", 2**24 + 1)]),
        (np.zeros((3, 1)), [Field("scaled", 2)]),
        (np.zeros((3, 1)), [Field("scaled", 1, scaled=Scaled(edges=(0.0, 1.0)))]),
        (np.zeros((3, 1)), [Field("scaled", 2, scaled=Scaled(edges=(1.0, 0.0)))]),
        (np.zeros((3, 1)), [Field("scaled", 1, scaled=Scaled(width=0.0))]),
        (np.zeros((3, 1)), [Field("scaled", 2, scaled=Scaled(indicator=(0.0,)))]),
        (np.zeros((3, 1)), [Field("scaled", 1, scaled=Scaled(indicator=(0.0, 1.0)))]),
    ],
)
def test_fields_that_cannot_be(stored: np.ndarray, fields: list[Field]) -> None:
    with pytest.raises(InputError):
        Encoded(stored, fields)
