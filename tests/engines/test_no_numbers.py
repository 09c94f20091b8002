"""NaN stays NaN and f(±∞) is the limit: in the equations, and in the core on every instruction set."""

from __future__ import annotations

import numpy as np
import pytest

from deltaw import Network, Predictor, engines
from deltaw.engines import Rows
from deltaw.engines.native import NativeEngine, instruction_sets
from deltaw.engines.protocol import Plan
from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import optimizer
from starts import TRAINABLE

NAN, INF = np.nan, np.inf
# A NaN of another bit pattern too: arithmetic on exponents must not make a number of it.
ODD_NAN = np.array([0x7FC00001, 0xFFC01234], np.uint32).view(np.float32)
UNITS = 37  # more than two vectors of every width, and a part of one

# f(−∞) and f(∞); where there is none, NaN.
LIMITS: dict[str, tuple[float, float]] = {
    "identity": (-INF, INF), "step": (0, 1), "sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, INF),
    "leaky_relu": (-INF, INF), "elu": (-1, INF), "selu": (-1.05070099 * 1.67326324, INF), "gelu": (0, INF),
    "silu": (0, INF), "mish": (0, INF), "softplus": (0, INF), "softsign": (-1, 1), "exponential": (0, INF),
    "softmax": (0, NAN),
}  # fmt: skip


def outputs(name: str, z: np.ndarray, instruction_set: str | None) -> np.ndarray:
    """f(z) by an engine: an identity layer of weight 1 and bias 0 for each unit, in front of the activation."""
    if instruction_set is None:
        with np.errstate(all="ignore"):
            return np.asarray(ACTIVATIONS[name].f(z.astype(np.float64)))
    network = Network([1, len(z)], name)
    network.weights, network.biases = [np.ones((len(z), 1))], [np.zeros(len(z))]
    plan = Plan(loss=loss("squared"), optimizer=optimizer("sgd"), batch_size=1)
    machine = NativeEngine(network, plan, instruction_set)
    machine.trainer.write(0, -1, np.ones((len(z), 1), np.float32), z.astype(np.float32))
    return np.asarray(machine.trainer.predict(np.zeros((1, 1), np.float32), 1)[0])


WAYS = [None, *instruction_sets()]


def test_the_table_of_limits_is_whole() -> None:
    assert list(LIMITS) == list(ACTIVATIONS)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_stays_nan_and_infinity_has_its_limit(name: str, way: str | None) -> None:
    rng = np.random.default_rng(0)
    for what, wanted in ((NAN, NAN), *((nan, NAN) for nan in ODD_NAN), (-INF, LIMITS[name][0]), (INF, LIMITS[name][1])):
        for place in (0, 5, 16, UNITS - 1):
            z = rng.normal(size=UNITS).astype(np.float32)
            usual = outputs(name, z, way)
            z[place] = what
            got = outputs(name, z, way)
            np.testing.assert_allclose(got[place], wanted, atol=1e-30, rtol=1e-6, err_msg=f"{what} at {place}")
            if name != "softmax":
                np.testing.assert_array_equal(np.delete(got, place), np.delete(usual, place))


@pytest.mark.parametrize("way", WAYS)
def test_large_signals_are_those_of_the_equations(way: str | None) -> None:
    z = np.array(
        [-3e38, -1e4, -200, -120, -100, -90, -88, -86, -60, -20, 20, 60, 86, 88, 88.3, 89, 100, 120, 1e4, 3e38]
    )
    for name in ACTIVATIONS:
        exact = outputs(name, z, None)
        with np.errstate(over="ignore"):
            got = outputs(name, z, way).astype(np.float32)
            np.testing.assert_allclose(got, exact.astype(np.float32), rtol=2e-5, atol=1e-8, err_msg=name)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("loss_name", TRAINABLE)
def test_losses_of_no_number(loss_name: str, way: str | None) -> None:
    """E of a row with a NaN in it is NaN, by the general way and by a fused pair; with infinity as in the equations."""
    t = np.array([[0.25] * UNITS])
    for activation in ("identity", "softmax", "sigmoid", "exponential"):
        network = Network([UNITS, UNITS], activation)
        network.weights, network.biases = [np.eye(UNITS)], [np.zeros(UNITS)]
        plan = Plan(loss=loss(loss_name), optimizer=optimizer("sgd"), batch_size=1)
        exact = engines.make("reference", network, plan)
        machine = exact if way is None else NativeEngine(network, plan, way)
        for what in (NAN, -INF, INF):
            for place in (0, UNITS - 1):
                b = np.full(UNITS, 0.3)
                b[place] = what
                E = []
                for each in (exact, machine):
                    if each is exact:
                        exact.parameters.b[0] = b
                    else:
                        machine.trainer.write(0, -1, np.eye(UNITS, dtype=np.float32), b.astype(np.float32))
                    E.append(each.evaluate(Rows(np.zeros((1, UNITS), np.float32), t))[0])
                assert np.isnan(E[0]) or not np.isnan(what)
                assert np.isnan(E[1]) or not np.isnan(what), (activation, place)
                if np.isfinite(E[0]):
                    assert E[1] == pytest.approx(E[0], rel=1e-5), (activation, what, place)
                else:
                    assert not np.isfinite(E[1]), (activation, what, place)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("loss_name", ["binary_cross_entropy", "cross_entropy", "poisson"])
def test_losses_where_outputs_have_no_logarithm(loss_name: str, way: str | None) -> None:
    """E and its gradient are those of the equations, within, beside and far past the edge."""
    rng, row = np.random.default_rng(1), loss(loss_name)
    o = np.concatenate([[0.0, 1.0, 1e-8, -1e-7, 0.3], rng.uniform(-4, 4, UNITS - 5)])
    network = Network([1, UNITS], "identity")
    network.weights, network.biases = [np.zeros((UNITS, 1))], [o]
    plan = Plan(loss=row, optimizer=optimizer("sgd"), batch_size=1)
    machine = engines.make("reference", network, plan) if way is None else NativeEngine(network, plan, way)
    for t in rng.permuted(np.tile([0.0, 0.25, 1.0], (20, UNITS)), axis=1)[:, None, :UNITS]:
        rows = Rows(np.zeros((1, 1), np.float32), t)
        single = o.astype(np.float32).astype(np.float64)[None]
        assert machine.evaluate(rows)[0] == pytest.approx(float(row.E(single, t)[0]), rel=1e-5)
        E, _, db = machine.gradient(rows)
        assert pytest.approx(float(row.E(single, t)[0]), rel=1e-5) == E
        np.testing.assert_allclose(db[0], row.dE(single, t)[0], rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("sizes", [(4, 1), (40, 33, 3)])
@pytest.mark.parametrize("rows", [1, 3, 100])
def test_the_predictor_gives_nan_for_nan(rows: int, sizes: tuple[int, ...]) -> None:
    for output in ("identity", "softmax", "sigmoid"):
        network = Network(list(sizes), ["relu"] * (len(sizes) - 2) + [output], seed=1)
        X = np.random.default_rng(0).normal(size=(rows, sizes[0])).astype(np.float32)
        predict = Predictor(network)
        usual = predict(X)
        X[rows // 2, 2] = NAN
        got = predict(X)
        assert np.isnan(got[rows // 2]).all()
        rest = np.arange(rows) != rows // 2
        np.testing.assert_array_equal(got[rest], usual[rest])
