"""Losses: value, derivative, formula and fused pairs of every row of the table."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from deltaw.equations.activations import ACTIVATIONS, activation
from deltaw.equations.losses import EPSILON, FUSED, LOSSES, fused, loss, one_hot, row_errors, smooth
from deltaw.exceptions import SettingError

SPECS = [*LOSSES, "huber(0.3)", "pinball(0.9)"]

# (o, t) of one output, away from kinks and inside every logarithm's domain.
O = np.array([0.05, 0.2, 0.35, 0.5, 0.77, 0.9])
TARGET_SETS = {
    "hinge": np.array([-1.0, 1.0, 1.0, -1.0, 1.0, -1.0]),
    "poisson": np.array([0.0, 1.0, 4.0, 2.0, 0.0, 7.0]),
}
T = np.array([0.9, 0.3, 0.0, 1.0, 0.1, 0.75])


def pair(spec: str) -> tuple[np.ndarray, np.ndarray]:
    return O[:, None], TARGET_SETS.get(loss(spec).kind, T)[:, None]


def test_the_table_holds_what_is_promised() -> None:
    assert list(LOSSES) == [
        "difference", "absolute", "squared", "huber", "binary_cross_entropy", "cross_entropy", "poisson", "hinge",
        "pinball",
    ]  # fmt: skip
    assert [name for name in LOSSES if not loss(name).minimum] == ["difference"]
    assert set(FUSED) == {
        ("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy"), ("exponential", "poisson"),
    }  # fmt: skip


@pytest.mark.parametrize("spec", SPECS)
def test_derivative_against_differences(spec: str) -> None:
    row, (o, t), h = loss(spec), pair(spec), 1e-4
    numeric = (row.E(o - 2 * h, t) - 8 * row.E(o - h, t) + 8 * row.E(o + h, t) - row.E(o + 2 * h, t)) / (12 * h)
    np.testing.assert_allclose(row.dE(o, t)[:, 0], numeric, rtol=1e-6, atol=1e-11)


@pytest.mark.parametrize("spec", SPECS)
def test_formula_is_E(spec: str) -> None:
    row, (o, t) = loss(spec), pair(spec)
    symbols = dict(zip("ot", sympy.symbols("o t", real=True), strict=True))
    formula = sympy.parse_expr(row.formula, local_dict=symbols)
    assert formula.free_symbols <= set(symbols.values())
    exact = sympy.lambdify(list(symbols.values()), formula, "mpmath")
    with mpmath.workdps(30):
        expected = [
            float(exact(mpmath.mpf(float(a)), mpmath.mpf(float(b)))) for a, b in zip(o[:, 0], t[:, 0], strict=True)
        ]
    np.testing.assert_allclose(row.E(o, t), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("spec", SPECS)
def test_sums_over_outputs_and_keeps_rows_apart(spec: str) -> None:
    row, (o, t) = loss(spec), pair(spec)
    wide_o, wide_t = o.reshape(2, 3), t.reshape(2, 3)
    np.testing.assert_allclose(row.E(wide_o, wide_t), row.E(o, t).reshape(2, 3).sum(axis=1), rtol=1e-14)
    np.testing.assert_array_equal(row.dE(wide_o, wide_t), row.dE(o, t).reshape(2, 3))


def test_against_scikit_learn_and_scipy() -> None:
    from scipy import special
    from sklearn import metrics

    rng = np.random.default_rng(0)
    o, t = rng.normal(size=(20, 1)), rng.normal(size=(20, 1))
    shares, labels = rng.dirichlet(np.ones(4), 20), rng.integers(0, 4, 20)
    counts, rates = rng.poisson(2.0, 20), rng.uniform(0.2, 4, 20)
    signs = rng.choice([-1.0, 1.0], 20)
    yes = rng.uniform(0.02, 0.98, 20)

    def mean(spec: str, o: np.ndarray, t: np.ndarray) -> float:
        return float(loss(spec).E(o.reshape(20, -1), t.reshape(20, -1)).mean())

    cases = {
        "squared": (mean("squared", o, t), metrics.mean_squared_error(t, o) / 2),
        "absolute": (mean("absolute", o, t), metrics.mean_absolute_error(t, o)),
        "pinball": (mean("pinball(0.9)", o, t), metrics.mean_pinball_loss(t, o, alpha=0.9)),
        "huber": (mean("huber(0.7)", o, t), special.huber(0.7, t - o).mean()),
        "hinge": (mean("hinge", o, signs), metrics.hinge_loss(signs, o[:, 0])),
        "cross_entropy": (
            mean("cross_entropy", shares, one_hot(labels, 4)),
            metrics.log_loss(labels, shares, labels=range(4)),
        ),
        "binary_cross_entropy": (mean("binary_cross_entropy", yes, (signs > 0) * 1.0), metrics.log_loss(signs, yes)),
        # Half the deviance is E less its least value, E at o = t.
        "poisson": (
            mean("poisson", rates, counts) - np.mean(counts - special.xlogy(counts, counts)),
            metrics.mean_poisson_deviance(counts, rates) / 2,
        ),
    }
    for name, (ours, theirs) in cases.items():
        assert ours == pytest.approx(theirs, rel=1e-12), name


def test_pinball_is_least_at_the_quantile() -> None:
    t = np.random.default_rng(1).normal(size=99)
    for q in (0.1, 0.5, 0.9):
        row = loss(f"pinball({q})")
        totals = [row.E(np.full((99, 1), guess), t[:, None]).sum() for guess in np.sort(t)]
        assert np.sort(t)[int(np.argmin(totals))] == np.quantile(t, q, method="inverted_cdf")


def test_pinball_of_several_outputs_is_the_sum_of_each() -> None:
    rng = np.random.default_rng(2)
    o, t, levels = rng.normal(size=(9, 3)), rng.normal(size=(9, 3)), (0.1, 0.5, 0.9)
    row, each = loss("pinball(0.1, 0.5, 0.9)"), [loss(f"pinball({q})") for q in levels]
    parts = [(one.E(o[:, [k]], t[:, [k]]), one.dE(o[:, [k]], t[:, [k]])) for k, one in enumerate(each)]
    assert row.E(o, t) == pytest.approx(sum(E for E, _ in parts))
    assert (row.dE(o, t) == np.hstack([dE for _, dE in parts])).all()
    assert loss(row.name).parameters == row.parameters == levels


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_relations_between_losses(o: float, t: float) -> None:
    o_, t_ = np.array([[o]]), np.array([[t]])
    absolute, squared = loss("absolute").E(o_, t_), loss("squared").E(o_, t_)
    assert loss("huber(10.5)").E(o_, t_) == squared
    assert loss("pinball(0.5)").E(o_, t_) == pytest.approx(absolute / 2)
    assert loss("huber(1e-9)").E(o_, t_) / 1e-9 == pytest.approx(absolute, rel=1e-6, abs=1e-8)
    assert abs(loss("difference").E(o_, t_)) == absolute
    assert min(absolute, squared) >= 0


@pytest.mark.parametrize("spec", [s for s in SPECS if loss(s).minimum])
def test_convex_in_the_output(spec: str) -> None:
    row = loss(spec)
    o = np.linspace(0.01, 0.99, 50)[:, None]
    for t in pair(spec)[1].ravel():
        E = row.E(o, np.full_like(o, t))
        assert (E[:-2] + E[2:] >= 2 * E[1:-1] - 1e-12).all()


def test_errors_of_opposite_sign_cancel_in_the_difference_only() -> None:
    o, t = np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])
    assert loss("difference").E(o, t) == 0
    assert loss("absolute").E(o, t) == 1
    assert loss("squared").E(o, t) == 0.25


@pytest.mark.parametrize("spec", ["huber(0.3)", "huber(0.1234567890123)", "pinball(0.9)", "pinball(0.0123456789)"])
def test_the_setting_and_its_name(spec: str) -> None:
    row = loss(spec)
    assert row.kind == spec.split("(")[0]
    assert row.parameter == float(spec.split("(")[1][:-1])
    assert loss(row.name).parameter == row.parameter


@pytest.mark.parametrize(
    "spec", ["huber(0)", "huber(-1)", "pinball(0)", "pinball(1)", "huber('a')", "squared(2)", "mse", 3, "huber(", "a.b"]
)
def test_bad_settings(spec: object) -> None:
    with pytest.raises(SettingError) as caught:
        loss(spec)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def fused_targets(name: str, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Counts for poisson; for the others shares, which need not sum to 1."""
    return rng.poisson(2, shape).astype(float) if name == "poisson" else rng.uniform(0, 1, shape)


@pytest.mark.parametrize("names", FUSED)
def test_fused_pairs_equal_the_general_way(names: tuple[str, str]) -> None:
    rng = np.random.default_rng(3)
    f, row, pair = activation(names[0]), loss(names[1]), FUSED[names]
    z, t = rng.normal(0, 2, (40, 5)), fused_targets(names[1], rng, (40, 5))
    o = f.f(z)
    assert fused(names[0], row) is pair
    np.testing.assert_allclose(pair.E(z, t), row.E(o, t), rtol=1e-11)
    np.testing.assert_allclose(pair.delta(o, t), f.chain(row.dE(o, t), z, o), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(row_errors(z, o, t, names[0], row), pair.E(z, t))


# E of one row by its definition, for mpmath's numbers.
EXACT = {
    "softmax": lambda z, t: (
        -mpmath.fsum(y * (v - mpmath.log(mpmath.fsum(map(mpmath.exp, z)))) for v, y in zip(z, t, strict=True))
    ),
    "sigmoid": lambda z, t: mpmath.fsum(mpmath.log(1 + mpmath.exp(v)) - y * v for v, y in zip(z, t, strict=True)),
    "exponential": lambda z, t: mpmath.fsum(mpmath.exp(v) - y * v for v, y in zip(z, t, strict=True)),
}


@pytest.mark.parametrize("names", FUSED)
def test_fused_error_is_exact_where_the_output_saturates(names: tuple[str, str]) -> None:
    rng, pair = np.random.default_rng(4), FUSED[names]
    z = rng.choice([-1e3, -50.0, 0.5, 50.0, 600.0], (30, 4))
    t = fused_targets(names[1], rng, z.shape)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        E, delta = pair.E(z, t), pair.delta(activation(names[0]).f(z), t)
    assert np.isfinite(delta).all()
    with mpmath.workdps(50):
        exact = [
            float(EXACT[names[0]](*([mpmath.mpf(float(v)) for v in row] for row in rows)))
            for rows in zip(z, t, strict=True)
        ]
    np.testing.assert_allclose(E, exact, rtol=1e-12)


def test_unfused_pairs_take_the_general_way() -> None:
    for name in ACTIVATIONS:
        for kind in LOSSES:
            assert (fused(name, loss(kind)) is not None) == ((name, kind) in FUSED)


LOGARITHMIC = {
    "binary_cross_entropy": (EPSILON, 1 - EPSILON),
    "cross_entropy": (EPSILON, np.inf),
    "poisson": (EPSILON, np.inf),
}


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("activation_name", ACTIVATIONS)
def test_delta_is_the_slope_of_E_wherever_there_is_one(activation_name: str, spec: str) -> None:
    """δ = ∂E/∂z by differences, where outputs have no logarithm, too: at all z that are not beside a corner."""
    rng, f, row = np.random.default_rng(5), activation(activation_name), loss(spec)
    z = rng.uniform(-3, 3, (400, 3))
    t = np.clip(rng.choice([0.0, 0.25, 1.0, 4.0, -1.0], z.shape), row.low, row.high)

    def E(z: np.ndarray) -> np.ndarray:
        return row_errors(z, f.f(z), t, f.name, row)

    def slopes(h: float) -> np.ndarray:
        steps = h * np.eye(3)
        return np.stack([(E(z + step) - E(z - step)) / (2 * h) for step in steps], axis=1)

    o, pair = f.f(z), fused(f.name, row)
    delta = pair.delta(o, t) if pair else f.chain(row.dE(o, t), z, o)
    fine, coarse = slopes(1e-5), slopes(1e-3)
    scale = np.maximum(np.abs(fine).max(axis=1, keepdims=True), 1.0)
    smooth = np.abs(fine - coarse) < 1e-3 * scale
    assert smooth.mean() > 0.95
    assert (np.abs(delta - fine)[smooth] < np.broadcast_to(2e-3 * scale, z.shape)[smooth]).all()


@pytest.mark.parametrize("name", LOGARITHMIC)
@given(o=st.floats(-1e4, 1e4), t=st.floats(0, 1), further=st.floats(0, 1e3))
def test_past_the_edge_of_a_logarithm(name: str, o: float, t: float, further: float) -> None:
    """Nothing is less further out than at the edge, and a step against the slope leads back, or nowhere."""
    row, (low, high) = loss(name), LOGARITHMIC[name]
    edge = min(max(o, low), high)
    beyond = o + np.sign(o - edge) * further

    def E(o: float) -> float:
        return float(row.E(np.array([[o]]), np.array([[t]]))[0])

    slope = float(row.dE(np.array([[o]]), np.array([[t]]))[0, 0])
    assert np.isfinite([E(o), slope]).all()
    assert E(edge) <= E(o) <= E(beyond) or edge == o
    assert slope * (o - edge) >= 0


@pytest.mark.parametrize("name", LOGARITHMIC)
def test_training_comes_back_from_past_the_edge(name: str) -> None:
    """One number learnt from far outside of the logarithm's domain, where an error of slope 0 would leave it."""
    row, t = loss(name), np.full((1, 1), 0.25)
    for o in (np.full((1, 1), start) for start in (-2.0, 3.0)):
        for _ in range(400):
            o = o - 0.01 * np.sign(row.dE(o, t))  # as Adam steps: by the slope's sign
        assert abs(o[0, 0] - (0.25 if name != "cross_entropy" else o[0, 0])) <= 0.011
        assert o[0, 0] > 0


def test_one_hot() -> None:
    np.testing.assert_array_equal(one_hot(np.array([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])


@given(st.floats(0, 0.99), st.integers(2, 6))
def test_smoothing_keeps_the_sum_and_gives_every_class_its_share(share: float, classes: int) -> None:
    T = smooth(one_hot(np.arange(classes), classes), share, loss("cross_entropy"))
    np.testing.assert_allclose(T.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(np.diag(T), 1 - share + share / classes, rtol=1e-14)
    np.testing.assert_allclose(T[0, 1], share / classes, rtol=1e-12, atol=1e-300)


def test_smoothing_keeps_every_row_to_itself() -> None:
    T = np.array([[3.0, 0.0, 0.0], [0.0, 0.0, 0.6]])
    np.testing.assert_allclose(smooth(T, 0.5, loss("squared")), [[2.0, 0.5, 0.5], [0.1, 0.1, 0.4]])


def test_smoothing_of_yes_and_no_goes_to_a_half() -> None:
    T = np.array([[0.0, 1.0, 1.0]])
    np.testing.assert_allclose(smooth(T, 0.2, loss("binary_cross_entropy")), [[0.1, 0.9, 0.9]])
    assert smooth(T, 0.0, loss("cross_entropy")) is T
