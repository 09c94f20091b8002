"""Initial weights: one row each. W has shape (n_out, n_in).

The notes ask for small random weights that are not zero and not so large that the activation saturates.
Every variance-scaling rule is of the form variance = scale / fan; the rows differ in scale, fan and shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.lookup import finite, lookup, positive, reduced

Array = NDArray[np.float64]
Generator = np.random.Generator


@dataclass(frozen=True)
class Initializer:
    """One rule for initial weights: `draw(rng, n_out, n_in)` returns W of shape (n_out, n_in)."""

    name: str
    draw: Callable[[Generator, int, int], Array]

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self, initializer)


def _normal(rng: Generator, n_out: int, n_in: int, std: float) -> Array:
    return rng.normal(0.0, std, (n_out, n_in))


def _uniform(rng: Generator, n_out: int, n_in: int, bound: float) -> Array:
    return rng.uniform(-bound, bound, (n_out, n_in))


def _constant(rng: Generator, n_out: int, n_in: int, value: float) -> Array:
    return np.full((n_out, n_in), value)


# A uniform distribution on ±b has variance b²/3: the same variance takes a bound √3 times the deviation.
_SHAPES: dict[str, tuple[Callable[[Generator, int, int, float], Array], float]] = {
    "normal": (_normal, 1.0),
    "uniform": (_uniform, math.sqrt(3.0)),
}
_FANS: dict[str, tuple[float, Callable[[int, int], float]]] = {
    "xavier": (1.0, lambda n_out, n_in: (n_in + n_out) / 2),  # Glorot & Bengio 2010, equations 12 and 16
    "he": (2.0, lambda n_out, n_in: n_in),  # He et al. 2015, equation 10
    "lecun": (1.0, lambda n_out, n_in: n_in),  # LeCun et al. 1998, Efficient BackProp, section 4.6
}


def _scaled(family: str, shape: str) -> Initializer:
    scale, fan = _FANS[family]
    draw, width = _SHAPES[shape]
    return Initializer(
        f"{family}_{shape}",
        lambda rng, n_out, n_in: draw(rng, n_out, n_in, width * math.sqrt(scale / fan(n_out, n_in))),
    )


def _notes() -> Initializer:
    # Small and around zero: the more links lead into a unit, the smaller each must be. Deviation 1/√n_in.
    return Initializer("notes", lambda rng, n_out, n_in: _normal(rng, n_out, n_in, n_in**-0.5))


def _fixed(value: float) -> Initializer:
    value = finite(value, "constant's value")
    return Initializer(f"constant({value!r})", partial(_constant, value=value))


INITIALIZERS: dict[str, Callable[..., Initializer]] = {
    "notes": _notes,
    **{f"{family}_{shape}": partial(_scaled, family, shape) for family in _FANS for shape in _SHAPES},
    "normal": lambda std=0.05: Initializer(
        f"normal({std!r})", partial(_normal, std=positive(std, "normal's std", or_zero=True))
    ),
    "uniform": lambda bound=0.05: Initializer(
        f"uniform({bound!r})", partial(_uniform, bound=positive(bound, "uniform's bound", or_zero=True))
    ),
    "zeros": lambda: Initializer("zeros", partial(_constant, value=0.0)),
    "ones": lambda: Initializer("ones", partial(_constant, value=1.0)),
    "constant": _fixed,
}


def initializer(spec: str | Initializer) -> Initializer:
    """The row named `spec`, e.g. "he_normal" or "uniform(0.1)". Raises SettingError for any other."""
    return lookup(INITIALIZERS, spec, Initializer, "init")
