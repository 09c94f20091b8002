"""Quantiles of sorted values are NumPy's, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.preparation.scales.quantiles import MANY, inverted_cdf, linear_quantiles, median, partial_sort

# Half of a number near the smallest is not exact, neither here nor in what it is held against.
NUMBERS = st.floats(-1e300, 1e300).map(lambda x: x if abs(x) > 1e-300 else 0.0)
VALUES = st.lists(NUMBERS, min_size=1, max_size=60)
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=5)


@given(VALUES, SHARES)
def test_as_numpy_has_them(x: list[float], q: list[float]) -> None:
    np.testing.assert_array_equal(linear_quantiles(np.sort(x), np.array(q)), np.quantile(x, q))
    np.testing.assert_array_equal(inverted_cdf(np.sort(x), np.array(q)), np.quantile(x, q, method="inverted_cdf"))


@given(VALUES)
def test_the_median_of_huge_numbers_too(x: list[float]) -> None:
    assert median(np.sort(x)) == np.median(np.array(x) / 2) * 2


def test_of_nothing() -> None:
    assert median(np.empty(0)) == 0.0


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=60), SHARES)
def test_of_float32_they_are_those_of_the_same_numbers_in_float64(x: list[float], q: list[float]) -> None:
    small, large = np.sort(np.array(x, np.float32)), np.sort(np.array(x))
    np.testing.assert_array_equal(linear_quantiles(small, np.array(q)), linear_quantiles(large, np.array(q)))
    np.testing.assert_array_equal(inverted_cdf(small, np.array(q)), inverted_cdf(large, np.array(q)))
    assert median(small) == median(large)


@given(VALUES, SHARES)
def test_values_need_not_be_sorted_where_nobody_looks(x: list[float], q: list[float]) -> None:
    ordered, placed, shares = np.sort(x), np.array(x), np.array(q)
    partial_sort(placed, shares)
    np.testing.assert_array_equal(linear_quantiles(placed, shares), linear_quantiles(ordered, shares))
    np.testing.assert_array_equal(inverted_cdf(placed, shares), inverted_cdf(ordered, shares))
    assert (placed[0], placed[-1], median(placed)) == (ordered[0], ordered[-1], median(ordered))


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_of_many_values_a_sample_says_where_to_look(kind: type[np.floating]) -> None:
    n, draws, shares = MANY + 7, np.random.default_rng(0), np.linspace(0, 1, 5)
    normal = draws.normal(size=n)
    tied = np.where(normal < 0.3, 0.0, normal)
    for x in (normal, np.exp(9 * normal), tied, np.arange(n), np.arange(n) % 16, normal * 0):
        placed, ordered = np.array(x, kind), np.sort(np.array(x, kind))
        partial_sort(placed, shares, np.array([0.5]))
        np.testing.assert_array_equal(linear_quantiles(placed, shares), linear_quantiles(ordered, shares))
        np.testing.assert_array_equal(inverted_cdf(placed, shares), inverted_cdf(ordered, shares))
        assert (placed.min(), placed.max(), median(placed)) == (ordered[0], ordered[-1], median(ordered))


def test_nothing_is_put_in_order() -> None:
    partial_sort(np.empty(0), np.array([0.5]))
