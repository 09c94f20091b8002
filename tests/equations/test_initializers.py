"""Initial weights: variance, bounds, shape and seeds of every rule."""

from __future__ import annotations

import math

import numpy as np
import pytest

from deltaw.equations.initializers import INITIALIZERS, initializer
from deltaw.exceptions import SettingError

N_OUT, N_IN = 300, 500  # 150,000 draws: a variance is within 1 % (2.7 standard errors), a mean within 0.01 deviations

VARIANCES = {
    "notes": 1 / N_IN,
    "xavier_normal": 2 / (N_IN + N_OUT),
    "xavier_uniform": 2 / (N_IN + N_OUT),
    "he_normal": 2 / N_IN,
    "he_uniform": 2 / N_IN,
    "lecun_normal": 1 / N_IN,
    "lecun_uniform": 1 / N_IN,
    "normal": 0.05**2,
    "normal(0.2)": 0.2**2,
    "uniform": 0.05**2 / 3,
    "uniform(0.3)": 0.3**2 / 3,
}
CONSTANTS = {"zeros": 0.0, "ones": 1.0, "constant(-2.5)": -2.5, "constant(3)": 3.0}


def draw(spec: str, seed: int = 0, n_out: int = N_OUT, n_in: int = N_IN) -> np.ndarray:
    return initializer(spec).draw(np.random.default_rng(seed), n_out, n_in)


def test_the_tables_of_this_test_are_complete() -> None:
    assert {spec.split("(")[0] for spec in (*VARIANCES, *CONSTANTS)} == set(INITIALIZERS)


@pytest.mark.parametrize("spec", VARIANCES)
def test_variance_and_mean(spec: str) -> None:
    W = draw(spec)
    assert W.shape == (N_OUT, N_IN)
    assert W.dtype == np.float64
    assert W.var() == pytest.approx(VARIANCES[spec], rel=0.01)
    assert abs(W.mean()) < 0.01 * W.std()


@pytest.mark.parametrize("spec", [s for s in VARIANCES if "uniform" in s])
def test_uniform_fills_its_bounds(spec: str) -> None:
    W, bound = draw(spec), math.sqrt(3 * VARIANCES[spec])
    assert np.abs(W).max() <= bound
    assert W.max() > 0.999 * bound
    assert W.min() < -0.999 * bound
    counts = np.histogram(W, bins=10, range=(-bound, bound))[0]
    assert counts == pytest.approx(np.full(10, W.size / 10), rel=0.03)


@pytest.mark.parametrize("spec", [s for s in VARIANCES if "uniform" not in s])
def test_normal_is_normal(spec: str) -> None:
    from scipy import stats

    z = draw(spec).ravel() / math.sqrt(VARIANCES[spec])
    assert stats.kstest(z[::10], "norm").pvalue > 0.01


@pytest.mark.parametrize("spec", CONSTANTS)
def test_constants(spec: str) -> None:
    W = draw(spec, n_out=3, n_in=2)
    assert W.shape == (3, 2)
    assert W.dtype == np.float64
    assert (CONSTANTS[spec] == W).all()


@pytest.mark.parametrize("spec", VARIANCES)
def test_seeds(spec: str) -> None:
    np.testing.assert_array_equal(draw(spec, seed=3, n_out=4, n_in=5), draw(spec, seed=3, n_out=4, n_in=5))
    assert (draw(spec, seed=3, n_out=4, n_in=5) != draw(spec, seed=4, n_out=4, n_in=5)).all()


@pytest.mark.parametrize("spec", [*VARIANCES, *CONSTANTS])
def test_name_reads_back(spec: str) -> None:
    row = initializer(spec)
    assert initializer(row) is row
    assert initializer(row.name).name == row.name
    rngs = np.random.default_rng(0), np.random.default_rng(0)
    np.testing.assert_array_equal(initializer(row.name).draw(rngs[0], 3, 2), row.draw(rngs[1], 3, 2))


@pytest.mark.parametrize(
    "spec",
    ["normal(-1)", "uniform('a')", "constant('x')", "constant(1e999)", "constant", "zeros(1)", "he", "glorot", 1],
)
def test_bad_settings(spec: object) -> None:
    with pytest.raises(SettingError, match=r"^(init|normal|uniform|constant)") as caught:
        initializer(spec)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
