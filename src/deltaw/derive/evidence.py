"""The last lines of a derivation against numbers: central differences, the equations, and one step of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp  # type: ignore[import-untyped]
from numpy.typing import NDArray

from deltaw.derive.formulas import CONSTANTS, activation_formula, evaluated, j, k, loss_formula, mul, total
from deltaw.derive.lines import delta, w
from deltaw.derive.verification import World, single
from deltaw.equations import backprop
from deltaw.equations.activations import Activation, activation
from deltaw.equations.losses import Loss, loss
from deltaw.exceptions import MissingError
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.training import train

Array = NDArray[np.float64]

UNITS = 3  # of every layer of the random network
H = 1e-3  # step of the differences: five points, so their error is H⁴ E⁽⁵⁾/30 and rounding 1e-16 E / H
STENCIL = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}
TRIES = 2000
NEAR = 1e-9  # this far from a corner its two slopes are taken
JUMP = 1e-6  # slopes that differ less have no corner between them


@dataclass(frozen=True)
class Evidence:
    """The derived formulas against another way to the same numbers, over all weights and biases of a network.

    Attributes:
        against: that other way.
        difference: the largest, as a share of the largest ∂E/∂w (or of 1, if that is less); None where it could not
            be had.
        note: why it could not, or how exact that way is.
    """

    against: str
    difference: float | None
    note: str = ""


@dataclass(frozen=True)
class Corner:
    """A place where a formula has no slope.

    Attributes:
        what, where: "|t − o|" at "o = t".
        left, right: the slopes at either side.
        equations, native: what the engines take there; native is None where the core is not installed.
    """

    what: str
    where: str
    left: float
    right: float
    equations: float
    native: float | None


@dataclass(frozen=True)
class Start:
    """A network with one row of data, all exact in float32."""

    network: Network
    x: Array
    t: Array


def gather(names: Sequence[str], row: Loss, deltas: tuple[Any, Any]) -> tuple[Evidence, ...]:
    """The derived formulas against each other way to the gradient of a random network.

    Nothing where E is nowhere defined.

    Args:
        names: the activation of each layer.
        deltas: the derived δ_k of the output layer and δ_j of a hidden one.
    """
    found_start = find_start(names, row)
    if found_start is None:
        return ()
    start, numeric = found_start
    derived = derived_gradient(start, deltas)
    scale = max(1.0, *(float(np.abs(g).max()) for g in derived))

    def apart(other: Sequence[Array]) -> float:
        return _apart(derived, other) / scale

    network = start.network
    signals = network.signals(start.x)
    got = backprop.backward(signals, start.t, network.weights, network.rows, row)
    found = [
        Evidence("central differences of E", apart(numeric), f"five points, {number(H)} apart"),
        Evidence("equations.backprop.backward", apart([*got.dW, *got.db]), "float64"),
    ]
    if row.minimum and not row.of_the_table:
        found.append(Evidence("ΔW of one native step, α = 1", None, "the native engine has built-in errors only"))
    elif row.minimum:
        try:
            found.append(Evidence("ΔW of one native step, α = 1", apart(native_step(start, row)), "float32"))
        except MissingError:
            found.append(Evidence("ΔW of one native step, α = 1", None, "the compiled core is not installed"))
    else:
        found.append(Evidence("ΔW of one native step, α = 1", None, "`deltaw.train` refuses this loss"))
    return tuple(found)


def _apart(one: Sequence[Array], other: Sequence[Array]) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


def find_start(names: Sequence[str], row: Loss) -> tuple[Start, list[Array]] | None:
    """A random network for which E is defined and smooth, and its gradient by differences: all dW, then all db.

    None if there is none: a step's outputs 0 and 1, say, have no logarithms of o and 1 − o.
    """
    flat = "step" in names or (not row.minimum and names[-1] == "softmax")
    rng = np.random.default_rng(0)
    formula = _numeric_error(row)
    for _ in range(TRIES):
        start = _random_start(rng, names, row)
        o = start.network.forward(start.x)
        with np.errstate(all="ignore"):
            exact = formula(o, start.t)
        if not np.isclose(exact, row.E(o, start.t)[0], rtol=1e-9, atol=0):  # a logarithm of what is not above 0
            continue
        fine, coarse = (differences(start, row, h) for h in (H, 2 * H))
        size = max(float(np.abs(g).max()) for g in fine)
        # Across a corner the two steps would not agree.
        if _apart(fine, coarse) < 1e-7 * max(size, 1.0) and (size > 1e-3 or flat):
            return start, fine
    return None


def _random_start(rng: np.random.Generator, names: Sequence[str], row: Loss) -> Start:
    def single(values: Any) -> Array:
        return np.asarray(values, np.float32).astype(np.float64)

    network = Network([UNITS] * (len(names) + 1), list(names))
    network.weights = [single(rng.uniform(-1, 1, (UNITS, UNITS))) for _ in names]
    network.biases = [single(rng.uniform(-1, 1, UNITS)) for _ in names]
    shape = (1, UNITS)
    if row.kind == "cross_entropy":
        t = rng.dirichlet(np.ones(UNITS), 1)
    elif np.isfinite(row.high):
        t = rng.uniform(row.low, row.high, shape)
    else:
        t = rng.exponential(1.0, shape) if np.isfinite(row.low) else rng.normal(0, 1, shape)
    t = single(t)
    if row.kind == "cross_entropy":
        t[0, -1] = 1.0 - t[0, :-1].sum()
    return Start(network, single(rng.uniform(-1, 1, shape)), t)


def _numeric_error(row: Loss) -> Any:
    """E of a row by the table's formula, without the edges that the table's function keeps."""
    out, target = sp.symbols("o t", real=True)
    each = sp.lambdify([out, target], evaluated(loss_formula(row, out, target)), "numpy")
    return lambda o, t: float(np.sum(each(o, t)))


def differences(start: Start, row: Loss, h: float) -> list[Array]:
    """∂E/∂ of every weight and bias by the five-point formula."""
    network = start.network.copy()
    arrays = [*network.weights, *network.biases]
    slopes = []
    for array in arrays:
        slope = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            for step, weight in STENCIL.items():
                array[place] = kept + step * h
                slope[place] += weight * row.E(network.forward(start.x), start.t)[0] / h
            array[place] = kept
        slopes.append(slope)
    return slopes


def derived_gradient(start: Start, deltas: tuple[Any, Any]) -> list[Array]:
    """∂E/∂ of every weight and bias by the derived formulas: δ from the output back, then δ oᵀ."""
    network, signals = start.network, start.network.signals(start.x)
    layers = len(network.weights)
    found: list[Array] = []
    for l in reversed(range(layers)):
        letter = "k" if l == layers - 1 else "j"
        values = _named(f"o@{letter}", signals.o[l][0]) | _named(f"z@{letter}", signals.z[l][0])
        if letter == "k":
            values |= _named("t", start.t[0])
        else:
            values |= _named("δ@k", found[0]) | _named("w@k", network.weights[l + 1].T)
        found.insert(0, _evaluate(deltas[letter == "j"], letter, values))
    return [*(np.outer(d, a[0]) for d, a in zip(found, signals.a, strict=False)), *found]


def _named(name: str, values: Array) -> dict[Any, float]:
    """The letters of a quantity's units, or of all links between two layers, and their numbers."""
    return {single(name, *(place + 1 for place in index)): float(value) for index, value in np.ndenumerate(values)}


def _evaluate(formula: Any, letter: str, values: dict[Any, float]) -> Array:
    """A formula of one unit's δ, for each of the units."""
    shorthands = {"s@j": lambda unit: total(mul(w("k", unit, k), delta("k", k)), k)}
    numbers = {name: sp.Float(value) for name, value in values.items()}
    numbers |= {name: sp.Float(value) for value, name in CONSTANTS.items()}
    made = []
    for unit in range(1, UNITS + 1):
        world = World([], shorthands, UNITS, at={j if letter == "j" else k: unit})
        made.append(float(world.ground(formula).xreplace(numbers).evalf()))
    return np.array(made)


def native_step(start: Start, row: Loss) -> list[Array]:
    """The gradient as the native engine's first step has it: −ΔW at α = 1."""
    network = start.network.copy()
    train(network, start.x, start.t, loss=row, learning_rate=1.0, epochs=1, shuffle=False)
    before = [*start.network.weights, *start.network.biases]
    return [old - new for old, new in zip(before, [*network.weights, *network.biases], strict=True)]


def corners(f: Activation) -> list[Corner]:
    """The places where f has no slope."""
    if f.coupled:
        return []
    at = sp.Symbol("z", real=True)
    found = []
    for place in _edges(activation_formula(f, at), at):
        left, taken, right = (float(f.df(v, f.f(v))[0]) for v in _around(place))
        if abs(left - right) > JUMP:
            native = _native_delta(f, loss("squared"), place, float(f.f(np.array([place]))[0]) - 1.0)
            found.append(Corner(f"{f.name}(z)", f"z = {number(place)}", left, right, taken, native))
    return found


def loss_corners(row: Loss) -> list[Corner]:
    """The places where E has no slope, for a target of 1."""
    at = sp.Symbol("o", real=True)
    found = []
    for place in _edges(loss_formula(row, at, sp.S.One), at):
        left, taken, right = (float(row.dE(v[None], np.ones((1, 1)))[0, 0]) for v in _around(place))
        if abs(left - right) > JUMP:
            native = _native_delta(activation("identity"), row, place, 1.0)
            found.append(Corner(row.name, f"o = {number(place)} for t = 1", left, right, taken, native))
    return found


def _around(place: float) -> list[Array]:
    return [np.array([place + step]) for step in (-NEAR, 0.0, NEAR)]


def _edges(formula: Any, x: Any) -> list[float]:
    """Where a condition of the formula changes sides, or what stands between |…| is 0."""
    formula = evaluated(formula)
    inside = {edge.args[0] for edge in formula.atoms(sp.Abs)}
    inside |= {r.lhs - r.rhs for r in formula.atoms(sp.core.relational.Relational)}
    return sorted({float(root) for edge in inside for root in sp.solve(edge, x) if root.is_real})


def _native_delta(f: Activation, row: Loss, z: float, t: float) -> float | None:
    """δ of the native engine for one unit at exactly this z, read from its bias after a step."""
    network = Network([1, 1], f.name)
    network.weights, network.biases = [np.zeros((1, 1))], [np.array([z])]
    try:
        train(network, [[1.0]], [[t]], loss=row, learning_rate=1.0, epochs=1)
    except MissingError:
        return None
    return float(z - network.biases[0][0])
