"""Activation functions o = f(z): one row each, with derivative, range and formula.

`df(z, o)` gets both z and o = f(z), since many derivatives are shortest in o: the notes' o(1 − o).
`chain(g, z, o)` turns g = ∂E/∂o into ∂E/∂z. For a function of one z it is g · f'(z); softmax, where every
output depends on every z, goes through its whole Jacobian.

A NaN in z is a NaN in o, and f(±∞) is the limit. A row of softmax with a NaN, with +∞ or with nothing but −∞ in it
has no limit, or none that all ways agree on: it is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.lookup import lookup

Array = NDArray[np.float64]
inf = math.inf

LEAK = 0.01  # slope of leaky_relu below zero
SELU_ALPHA = 1.6732632423543772  # Klambauer et al. 2017, section 2: keeps mean 0 and variance 1
SELU_SCALE = 1.0507009873554805
SHUT = -800.0  # where every gate has long shut: z times it is 0 there, and at −∞ no product of infinity and 0


@dataclass(frozen=True)
class Activation:
    """One activation function.

    Attributes:
        f: o = f(z); arrays of any shape, units in the last axis.
        df: f'(z) from (z, o), same shape; for softmax the Jacobian ∂o_i/∂z_j, one more axis at the end.
        range: the interval of outputs (limits that are only approached included).
        formula: f in SymPy's language, in z (for softmax in z[k] of n units).
    """

    name: str
    f: Callable[[Array], Array]
    df: Callable[[Array, Array], Array]
    range: tuple[float, float]
    formula: str
    coupled: bool = False

    def __reduce__(self) -> tuple[Callable[[str], Activation], tuple[str]]:
        return activation, (self.name,)  # functions without a name cannot be pickled; the row is found by its own

    def chain(self, g: Array, z: Array, o: Array) -> Array:
        """∂E/∂z from g = ∂E/∂o; all (n, units)."""
        if self.coupled:
            # Σ_i g_i ∂o_i/∂z_j with the softmax Jacobian o_i(1[i=j] − o_j), multiplied out.
            g_z: Array = o * (g - np.sum(g * o, axis=-1, keepdims=True))
            return g_z
        return g * self.df(z, o)


def _gated(z: Array, gate: Array) -> Array:
    return np.maximum(z, SHUT) * gate


def _sigmoid(z: Array) -> Array:
    small = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def _softplus(z: Array) -> Array:
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def _softsign(z: Array) -> Array:
    z = np.clip(z, -1e30, 1e30)  # 1 − 1e-30 is 1
    return z / (1.0 + np.abs(z))


def _elu(z: Array) -> Array:
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0.0)))


def _selu(z: Array) -> Array:
    return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0.0)))


def _normal_cdf(z: Array) -> Array:
    from scipy.special import ndtr  # imported here: only gelu needs SciPy

    o: Array = ndtr(z)
    return o


def _normal_density(z: Array) -> Array:
    return np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def _mish_slope(z: Array, o: Array) -> Array:
    w = np.tanh(_softplus(z))
    return w + z * (1.0 - w * w) * _sigmoid(z)


def softmax(z: Array) -> Array:
    """exp(z_k) / Σ exp(z_j), shifted by the largest z so that nothing overflows."""
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    o: Array = e / np.sum(e, axis=-1, keepdims=True)
    return o


def _softmax_jacobian(z: Array, o: Array) -> Array:
    return o[..., :, None] * (np.eye(o.shape[-1]) - o[..., None, :])


_ROWS = (
    Activation("identity", lambda z: z, lambda z, o: np.ones_like(z), (-inf, inf), "z"),
    # The step has slope 0 wherever it has one: it can decide, but gradient descent cannot train through it.
    Activation(
        "step", lambda z: np.heaviside(z, 0.0), lambda z, o: np.zeros_like(z), (0.0, 1.0),
        "Piecewise((1, z > 0), (0, True))",
    ),
    Activation("sigmoid", _sigmoid, lambda z, o: o * (1.0 - o), (0.0, 1.0), "1/(1 + exp(-z))"),
    Activation("tanh", np.tanh, lambda z, o: 1.0 - o * o, (-1.0, 1.0), "tanh(z)"),
    Activation(
        "relu", lambda z: np.maximum(z, 0.0), lambda z, o: np.where(z > 0, 1.0, 0.0), (0.0, inf),
        "Piecewise((z, z > 0), (0, True))",
    ),
    Activation(
        "leaky_relu", lambda z: np.where(z > 0, z, LEAK * z), lambda z, o: np.where(z > 0, 1.0, LEAK), (-inf, inf),
        f"Piecewise((z, z > 0), ({LEAK}*z, True))",
    ),
    Activation(
        "elu", _elu, lambda z, o: np.where(z > 0, 1.0, o + 1.0), (-1.0, inf),
        "Piecewise((z, z > 0), (exp(z) - 1, True))",
    ),
    Activation(
        "selu", _selu, lambda z, o: np.where(z > 0, SELU_SCALE, o + SELU_SCALE * SELU_ALPHA),
        (-SELU_SCALE * SELU_ALPHA, inf),
        f"{SELU_SCALE}*Piecewise((z, z > 0), ({SELU_ALPHA}*(exp(z) - 1), True))",
    ),
    Activation(
        "gelu", lambda z: _gated(z, _normal_cdf(z)), lambda z, o: _normal_cdf(z) + z * _normal_density(z),
        (-0.16997120747990366, inf), "z*(1 + erf(z/sqrt(2)))/2",
    ),
    Activation(
        "silu", lambda z: _gated(z, _sigmoid(z)), lambda z, o: _sigmoid(z) * (1.0 + z * (1.0 - _sigmoid(z))),
        (-0.2784645427610738, inf), "z/(1 + exp(-z))",
    ),
    Activation(
        "mish", lambda z: _gated(z, np.tanh(_softplus(z))), _mish_slope, (-0.30884341301725043, inf),
        "z*tanh(log(1 + exp(z)))",
    ),
    Activation("softplus", _softplus, lambda z, o: _sigmoid(z), (0.0, inf), "log(1 + exp(z))"),
    Activation(
        "softsign", _softsign, lambda z, o: (1.0 + np.abs(z)) ** -2, (-1.0, 1.0),
        "z/(1 + Abs(z))",
    ),
    Activation("exponential", np.exp, lambda z, o: o, (0.0, inf), "exp(z)"),
    Activation("softmax", softmax, _softmax_jacobian, (0.0, 1.0), "exp(z[k])/Sum(exp(z[j]), (j, 1, n))", coupled=True),
)  # fmt: skip

ACTIVATIONS: dict[str, Activation] = {row.name: row for row in _ROWS}
_MAKERS: dict[str, Callable[[], Activation]] = {row.name: partial(lambda row: row, row) for row in _ROWS}


def activation(spec: str | Activation, what: str = "activation") -> Activation:
    """The row named `spec`. Raises SettingError, which names `what`, for a name that is not in the table."""
    return lookup(_MAKERS, spec, Activation, what)
