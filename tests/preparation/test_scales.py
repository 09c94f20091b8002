"""Scales against scikit-learn's scalers and the paper's formula."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from deltaw.preparation.scales.scaling import SCALINGS, Scale, fit_scale

X = np.random.default_rng(0).lognormal(3, 2, 401)


def scaled(name: str, x: Any, at: Any = None) -> Any:
    row, values = SCALINGS[name], np.asarray(x, float)
    return fit_scale(row.fit, np.sort(values) if row.sorts else values, row.bend).apply(
        np.asarray(x if at is None else at, float)
    )


@pytest.mark.parametrize(
    ("name", "scaler"),
    [
        ("unit", MinMaxScaler((0.01, 0.99))),
        ("symmetric", MinMaxScaler((-1, 1))),
        ("standard", StandardScaler()),
    ],
)
def test_as_scikit_learn(name: str, scaler: Any) -> None:
    np.testing.assert_allclose(scaled(name, X), scaler.fit_transform(X[:, None])[:, 0], rtol=2e-6, atol=1e-7)


def test_robust_is_the_papers_formula() -> None:
    z = RobustScaler().fit_transform(X[:, None])[:, 0]
    np.testing.assert_allclose(scaled("robust", X), z / np.sqrt(1 + (z / 3) ** 2), rtol=2e-6)


def test_robust_without_a_quartile_range() -> None:
    x = np.array([0.0] * 8 + [4.0])
    np.testing.assert_allclose(scaled("robust", x), [0.0] * 8 + [2 / np.sqrt(1 + 4 / 9)], rtol=1e-6)


def test_constants_go_to_the_middle() -> None:
    middles = {"unit": 0.5, "symmetric": 0.0, "standard": 0.0, "robust": 0.0, "piecewise": 0.0, "none": 0.1}
    for name, middle in middles.items():
        np.testing.assert_allclose(scaled(name, [0.1] * 7), middle, atol=1e-7)


@pytest.mark.parametrize("name", sorted(set(SCALINGS) - {"none"}))
@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e160, 1e300])
def test_the_size_of_the_numbers_says_nothing(name: str, size: float) -> None:
    """Nor where their squares are no floats any more."""
    np.testing.assert_allclose(scaled(name, X / X.max() * size), scaled(name, X), rtol=1e-5, atol=1e-6)


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(sorted(SCALINGS)),
)
def test_finite_for_all_finite_numbers(x: list[float], later: float, name: str) -> None:
    row = SCALINGS[name]
    scale = fit_scale(row.fit, np.array(x), row.bend)
    for values in (x, [later]):
        y = scale.apply(np.array(values))
        assert np.isfinite(y).all()
        assert np.isfinite(scale.undo(y)).all()
    if name in ("unit", "symmetric") and max(map(abs, x)) < 1e307:  # beyond, the width is no float any more
        assert (scale.apply(np.array(x)) >= row.low - 1e-5).all()
        assert (scale.apply(np.array(x)) <= row.high + 1e-5).all()


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=30), st.sampled_from(sorted(SCALINGS)))
def test_order_is_kept(x: list[float], name: str) -> None:
    assert (np.diff(scaled(name, np.sort(x))) >= 0).all()


def test_the_clip_is_smooth_and_bounded() -> None:
    y = Scale(0.0, 1.0, bend=True).apply(np.array([-1e300, -1e6, -3, 0, 0.01, 3, 1e6, 1e300]))
    np.testing.assert_allclose(y, [-3, -3, -3 / np.sqrt(2), 0, 0.01, 3 / np.sqrt(2), 3, 3], rtol=1e-4)


@given(st.floats(-1000, 1000))
def test_bend_and_back(z: float) -> None:
    scale = Scale(5.0, 2.0, bend=True)
    back = scale.undo(scale.apply(np.array([5 + 2 * z])))
    # float32 keeps 2⁻²⁴ of y; towards ±3 the slope dz/dy = (1 + (z/3)²)^(3/2) magnifies it
    np.testing.assert_allclose(back, 5 + 2 * z, atol=2 * 4e-7 * (1 + (z / 3) ** 2) ** 1.5 + 1e-6)
