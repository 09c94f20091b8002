"""Activations: derivative, formula, range and extremes of every row of the table."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deltaw.equations.activations import ACTIVATIONS, activation, softmax
from deltaw.exceptions import SettingError

NAMES = [
    "identity", "step", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus",
    "softsign", "exponential", "softmax",
]  # fmt: skip
ALONE = [name for name in NAMES if name != "softmax"]
POINTS = np.array([-6.0, -3.1, -1.7, -1.0, -0.6, -0.2, -0.03, 0.04, 0.3, 0.9, 1.0, 2.2, 4.0, 5.9])

vectors = hnp.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 6)), elements=st.floats(-1e3, 1e3))


def test_the_table_holds_what_is_promised() -> None:
    assert list(ACTIVATIONS) == NAMES
    assert [name for name, row in ACTIVATIONS.items() if row.coupled] == ["softmax"]
    assert all(row.name == name and activation(name) is row is activation(row) for name, row in ACTIVATIONS.items())


@pytest.mark.parametrize("name", ALONE)
def test_derivative_against_differences(name: str) -> None:
    f, h = ACTIVATIONS[name].f, 1e-3
    numeric = (f(POINTS - 2 * h) - 8 * f(POINTS - h) + 8 * f(POINTS + h) - f(POINTS + 2 * h)) / (12 * h)
    np.testing.assert_allclose(ACTIVATIONS[name].df(POINTS, f(POINTS)), numeric, rtol=1e-6, atol=1e-11)


@pytest.mark.parametrize("name", ALONE)
def test_formula_is_f_and_its_derivative_is_df(name: str) -> None:
    row = ACTIVATIONS[name]
    z = sympy.Symbol("z", real=True)
    formula = sympy.parse_expr(row.formula, local_dict={"z": z})
    assert formula.free_symbols == {z}
    for expression, got in ((formula, row.f(POINTS)), (sympy.diff(formula, z), row.df(POINTS, row.f(POINTS)))):
        exact = sympy.lambdify(z, expression, "mpmath")
        with mpmath.workdps(30):
            np.testing.assert_allclose(
                got, [float(exact(mpmath.mpf(float(x)))) for x in POINTS], rtol=1e-10, atol=1e-15
            )


def test_formula_of_softmax() -> None:
    z, k, j, n = sympy.IndexedBase("z"), *sympy.symbols("k j n", integer=True)
    formula = sympy.parse_expr(ACTIVATIONS["softmax"].formula, local_dict={"z": z, "k": k, "j": j, "n": n})
    values = [0.3, -1.2, 2.0]
    at = {z[i + 1]: value for i, value in enumerate(values)}
    got = softmax(np.array(values))
    for unit in (1, 2, 3):
        of_unit = formula.subs({n: 3, k: unit}).doit()
        assert float(of_unit.subs(at)) == pytest.approx(got[unit - 1], rel=1e-12)
        jacobian = ACTIVATIONS["softmax"].df(np.array(values), got)
        for other in (1, 2, 3):
            slope = float(sympy.diff(of_unit, z[other]).subs(at))
            assert slope == pytest.approx(jacobian[unit - 1, other - 1], rel=1e-10)


@pytest.mark.parametrize("name", ALONE)
def test_chain_is_g_times_slope(name: str) -> None:
    row, rng = ACTIVATIONS[name], np.random.default_rng(0)
    z, g = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    np.testing.assert_array_equal(row.chain(g, z, row.f(z)), g * row.df(z, row.f(z)))


@given(vectors, st.randoms(use_true_random=False))
def test_chain_of_softmax_is_its_whole_jacobian(z: np.ndarray, random) -> None:
    row = ACTIVATIONS["softmax"]
    o = row.f(z)
    g = np.array([[random.uniform(-3, 3) for _ in unit] for unit in z])
    expected = np.einsum("ni,nij->nj", g, row.df(z, o))
    np.testing.assert_allclose(row.chain(g, z, o), expected, rtol=1e-9, atol=1e-13)


@given(vectors)
def test_softmax_is_a_distribution_that_a_shift_leaves_alone(z: np.ndarray) -> None:
    o = softmax(z)
    np.testing.assert_allclose(o.sum(axis=-1), 1, rtol=1e-12)
    np.testing.assert_allclose(softmax(z + 64.0), o, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("name", NAMES)
@given(z=vectors)
def test_outputs_lie_in_the_range(name: str, z: np.ndarray) -> None:
    row = ACTIVATIONS[name]
    with np.errstate(over="ignore"):
        o = row.f(z)
    low, high = row.range
    slack = 4 * np.finfo(float).eps
    assert o.shape == z.shape
    assert (o >= low - slack).all()
    assert (o <= high + slack).all()


@pytest.mark.parametrize("name", ALONE)
def test_the_range_is_no_wider_than_the_outputs(name: str) -> None:
    row = ACTIVATIONS[name]
    z = np.concatenate([np.linspace(-8, 8, 200_001), [-1e8, -1e3, 1e3, 1e8]])
    with np.errstate(over="ignore"):
        o = row.f(z)
    for limit, reached in zip(row.range, (o.min(), o.max()), strict=True):
        if math.isfinite(limit):
            assert reached == pytest.approx(limit, abs=1e-7)
        else:
            assert abs(reached) > 1e5


@pytest.mark.parametrize("name", ALONE)
def test_extreme_signals_stay_numbers(name: str) -> None:
    row, z = ACTIVATIONS[name], np.array([-1e3, -745.0, -40.0, -0.0, 0.0, 40.0, 1e3])
    z = z[:-1] if name == "exponential" else z  # e¹⁰⁰⁰ is past float64
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        o = row.f(z)
        slope = row.df(z, o)
    assert np.isfinite(o).all()
    assert np.isfinite(slope).all()


def test_extreme_signals_of_softmax() -> None:
    z = np.array([[1e3, -1e3, 0.0], [-1e3, -1e3, -1e3], [1e3, 1e3, 1e3]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        np.testing.assert_allclose(softmax(z), [[1, 0, 0], [1 / 3] * 3, [1 / 3] * 3], rtol=1e-15)


def test_against_scipy() -> None:
    from scipy import special

    z = np.linspace(-30, 30, 301)
    np.testing.assert_allclose(ACTIVATIONS["sigmoid"].f(z), special.expit(z), rtol=1e-14)
    np.testing.assert_allclose(ACTIVATIONS["softplus"].f(z), np.logaddexp(0, z), rtol=1e-14)
    np.testing.assert_allclose(softmax(z.reshape(7, -1)), special.softmax(z.reshape(7, -1), axis=1), rtol=1e-13)
    np.testing.assert_allclose(ACTIVATIONS["gelu"].f(z), 0.5 * z * (1 + special.erf(z / math.sqrt(2))), atol=1e-14)


def test_at_zero_the_kinked_ones_have_the_slope_of_the_left() -> None:
    zero = np.zeros(1)
    for name, slope in {
        "step": 0,
        "relu": 0,
        "leaky_relu": 0.01,
        "elu": 1,
        "selu": 1.0507009873554805 * 1.6732632423543772,
    }.items():
        row = ACTIVATIONS[name]
        assert row.f(zero) == 0
        assert row.df(zero, row.f(zero)) == pytest.approx(slope)


@pytest.mark.parametrize(
    ("spec", "words"),
    [("sigmod", "did you mean 'sigmoid'"), ("sigmoid(2)", "sigmoid(2)"), (None, "None"), ("", "expected a name")],
)
def test_unknown_names(spec: object, words: str) -> None:
    with pytest.raises(SettingError, match=r"^activation: ") as caught:
        activation(spec)  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
