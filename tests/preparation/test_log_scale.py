"""TrainingTargets on a log scale: there and back, finite at the ends, and kept in a file."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.exceptions import ColumnError, ModelFileError
from deltaw.preparation import Target
from deltaw.preparation.scales.logarithm import LogScale
from deltaw.preparation.scales.scaling import SCALINGS, range_onto

above = st.floats(1e-300, 1e300)
FITS = (SCALINGS["standard"].fit, range_onto(0.01, 0.99))


def learnt(numbers: list[float], which: int = 0) -> LogScale:
    x = np.array(numbers)
    return LogScale.fit(FITS[which], x, float(x.min()))


@given(st.lists(above, min_size=2, max_size=30), st.lists(above, min_size=1, max_size=30), st.integers(0, 1))
def test_there_and_back(numbers: list[float], others: list[float], which: int) -> None:
    """As exact as float32 can hold the logarithm, also of numbers that training did not see."""
    scale = learnt(numbers, which)
    for x in (np.array(numbers), np.array(others)):
        z = scale.apply(x)
        assert np.isfinite(z).all()
        step = np.spacing(np.abs(z)) * scale.scale.width + 1e-6 * (1 + np.abs(np.log(x)))
        np.testing.assert_array_less(np.abs(np.log(scale.undo(z)) - np.log(x)), step)


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=30).filter(any))
def test_counts_with_zeros(counts: list[int]) -> None:
    x = np.array([0, *counts], float)
    scale = learnt(x.tolist())
    assert scale.offset == x[x > 0].min()
    np.testing.assert_allclose(scale.undo(scale.apply(x)), x, rtol=3e-5, atol=3e-5 * scale.offset)


def test_of_counts_it_is_the_scale_of_the_rmsle() -> None:
    x = np.arange(50.0)
    assert np.corrcoef(learnt(x.tolist()).apply(x), np.log1p(x))[0, 1] == pytest.approx(1)


@pytest.mark.parametrize("z", [-1e30, -1e9, -50.0, 50.0, 1e9, 1e30])
def test_finite_whatever_a_network_says(z: float) -> None:
    for numbers in ([1.0, 10.0, 1e6], [0.0, 3.0], [1e-300, 1e300], [5.0, 5.0]):
        assert np.isfinite(learnt(numbers).undo(np.array([z]))).all()
        assert np.isfinite(learnt(numbers).apply(np.array([z, 0.0, np.finfo(float).max]))).all()


@given(st.lists(st.floats(1e-3, 1e6), min_size=2, max_size=20), st.floats(-3, 3))
def test_the_slope_is_that_of_undo(numbers: list[float], z: float) -> None:
    scale, h = learnt(numbers), 1e-5
    differences = (scale.undo(np.array([z + h])) - scale.undo(np.array([z - h]))) / (2 * h)
    np.testing.assert_allclose(scale.slope(np.array([z])), differences, rtol=1e-4)


def test_a_target_keeps_it_in_its_document() -> None:
    prices = pl.Series([100.0, 250.5, 1e6, 77.7])
    target = Target.fit(prices, "price", clamp=True, log=77.7)
    plain = Target.fit(prices, "price", clamp=True)
    np.testing.assert_allclose(target.decode(target.encode(prices)).to_numpy(), prices.to_numpy(), rtol=1e-6)
    assert target.decode(np.array([[1e9], [-1e9]])).to_list() == [1e6, 77.7]
    assert Target.from_document(json.loads(json.dumps(target.document()))) == target
    assert set(plain.document()["scale"]) == {"centre", "width", "shift", "bend"}
    assert Target.from_document(plain.document()) == plain
    for wrong in ({"offset": -1.0}, {"offset": float("inf")}, {"offset": None}, {"scale": {}}, {"more": 1}):
        document = target.document() | {"scale": asdict(target.scale) | wrong}
        with pytest.raises(ModelFileError):
            Target.from_document(document)
    assert replace(target, scale=plain.scale, low=plain.low) == plain


def test_numbers_below_0_have_none() -> None:
    with pytest.raises(
        ColumnError, match=r'target "y" for a log scale, found -3; leave target_scale out, or give none'
    ):
        Target.fit(pl.Series([-3.0, 1.0, 2.5]), "y", log=-3.0)
