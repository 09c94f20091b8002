"""Rows set apart: a partition, in proportion, the same for the same seed."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.models.rows.division import split


@given(st.integers(1, 300), st.floats(0, 0.9), st.integers(0, 5))
def test_a_partition_of_about_that_share(n: int, share: float, seed: int) -> None:
    kept, apart = split(n, share, seed)
    assert np.array_equal(np.sort(np.concatenate([kept, apart])), np.arange(n))
    assert len(kept) >= 1
    assert len(apart) == min(max(round(n * share), share > 0), n - 1)
    assert np.array_equal(split(n, share, seed)[1], apart)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=300), st.floats(0.05, 0.9), st.integers(0, 5))
def test_every_class_in_proportion(classes: list[int], share: float, seed: int) -> None:
    labels = np.unique(classes, return_inverse=True)[1]
    kept, apart = split(len(labels), share, seed, labels)
    rows = np.bincount(labels)
    assert np.array_equal(np.bincount(labels[kept], minlength=len(rows)) > 0, rows > 0)
    taken = np.bincount(labels[apart], minlength=len(rows))
    # One row a class is not for the taking, so the share is of one row fewer; rounding moves each class by one.
    expected = len(apart) * (rows - 1) / max((rows - 1).sum(), 1)
    assert (abs(taken - expected) < 1 + 1e-9).all()


def test_other_seeds_give_other_rows() -> None:
    assert not np.array_equal(split(100, 0.2, 0)[1], split(100, 0.2, 1)[1])


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_to_set_apart(n: int) -> None:
    assert len(split(n, 0.5, 0)[1]) == 0


def test_a_division_takes_little_beside_the_rows() -> None:
    """A set of all rows would take forty bytes of each more."""
    n = 2**18
    labels = np.random.default_rng(0).integers(0, 3, n).astype(np.int32)
    tracemalloc.start()
    split(n, 0.1, 0, labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 36 * n
