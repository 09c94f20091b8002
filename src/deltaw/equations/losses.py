"""The notes' error functions E(o, t) and the others in use: one row each.

E is summed over the outputs of one row of data and averaged over the rows of a batch. `E` returns the sum
over outputs, shape (n,); `dE` returns ∂E/∂o, shape (n, n_out). Any activation may meet any loss: the general
way is dE, then `Activation.chain`. Three pairs have a shorter form without the division that loses digits
when the output saturates; they are rows of their own in FUSED.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.lookup import lookup, positive, reduced
from deltaw.speech import beside, say

Array = NDArray[np.float64]
Term = Callable[[Array, Array], Array]  # of every output, from (o, t)

# Logarithms are taken this far from where they would be infinite: float32 has both edges, ε and 1 − ε, to the bit.
EPSILON = 2.0**-23


@dataclass(frozen=True)
class Loss:
    """One error function.

    dE is E's slope wherever E has one. Outside of `domain` E is a straight line: up along the tangent that it has at
    the edge, or, if that falls, as it is there.

    Attributes:
        name: the row's name with its setting, as `loss("…")` takes it back.
        E: (o, t) -> (n,), summed over the outputs.
        dE: (o, t) -> (n, n_out), ∂E/∂o.
        formula: E of one output in SymPy's language, in o and t.
        targets: what t may be, for messages.
        low, high: the targets' limits.
        domain: the outputs between which E is the formula: EPSILON from where a logarithm would be infinite.
        minimum: False for an E that has none, so that training by it is refused.
        parameters: the row's setting (huber's δ, pinball's q): one for all outputs, one for each, or none.
    """

    name: str
    E: Callable[[Array, Array], Array]
    dE: Callable[[Array, Array], Array]
    formula: str
    targets: str = "any number"
    low: float = -np.inf
    high: float = np.inf
    minimum: bool = True
    parameters: tuple[float, ...] = ()
    domain: tuple[float, float] = (-np.inf, np.inf)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self, loss)

    @property
    def kind(self) -> str:
        """The name without its setting: "pinball" for "pinball(0.9)"."""
        return self.name.split("(")[0]

    def fits(self, n_out: int) -> bool:
        """Whether it has a setting for each of `n_out` outputs, or one for all."""
        return len(self.parameters) in (0, 1, n_out)

    def defined(self, o: Array) -> NDArray[np.bool_]:
        """Where outputs are in the domain."""
        return np.asarray((o >= self.domain[0]) & (o <= self.domain[1]))

    @property
    def of_the_table(self) -> bool:
        """Whether it is a row of LOSSES, and not a user's own, whatever its name."""
        if self.kind not in LOSSES:
            return False
        row = LOSSES[self.kind](*self.parameters)
        return all(getattr(mine, "__code__", mine) is getattr(its, "__code__", its)
                   for mine, its in ((self.E, row.E), (self.dE, row.dE)))  # fmt: skip

    @property
    def parameter(self) -> float:
        """The setting of the first output, 0 where there is none."""
        return self.parameters[0] if self.parameters else 0.0


def _sum(values: Array) -> Array:
    total: Array = np.sum(values, axis=-1)
    return total


def _past_the_edges(E: Term, dE: Term, o: Array, t: Array, domain: tuple[float, float]) -> Array:
    """E of every output, outside of the domain too.

    A step against a tangent that rises leads back into it; one that falls would lead away for ever.
    """
    edge = np.clip(o, *domain)
    return E(edge, t) + np.maximum(0.0, dE(edge, t) * (o - edge))


def _slope_past_the_edges(dE: Term, o: Array, t: Array, domain: tuple[float, float]) -> Array:
    """∂E/∂o of `_past_the_edges`."""
    edge = np.clip(o, *domain)
    slope = dE(edge, t)
    return np.where(slope * (o - edge) < 0.0, 0.0, slope)


def _difference() -> Loss:
    # The notes' first: errors of opposite sign cancel, and E falls without end as o grows. Shown, never trained.
    return Loss("difference", lambda o, t: _sum(t - o), lambda o, t: -np.ones_like(o), "t - o", minimum=False)


def _absolute() -> Loss:
    return Loss("absolute", lambda o, t: _sum(np.abs(t - o)), lambda o, t: np.sign(o - t), "Abs(t - o)")


def _squared() -> Loss:
    # ½: the notes drop the factor 2 of the derivative, which is the same thing.
    return Loss("squared", lambda o, t: 0.5 * _sum((t - o) ** 2), lambda o, t: o - t, "(t - o)**2/2")


def _huber(delta: float = 1.0) -> Loss:
    """Huber (1964): squared within delta of the target, a straight line beyond."""
    d = positive(delta, "huber's delta")

    def E(o: Array, t: Array) -> Array:
        r = np.abs(t - o)
        return _sum(np.where(r <= d, 0.5 * r * r, d * (r - 0.5 * d)))

    return Loss(
        f"huber({d!r})", E, lambda o, t: np.clip(o - t, -d, d),
        f"Piecewise(((t - o)**2/2, Abs(t - o) <= {d!r}), ({d!r}*(Abs(t - o) - {d!r}/2), True))", parameters=(d,),
    )  # fmt: skip


def _pinball(q: float = 0.5, *more: float) -> Loss:
    """Koenker & Bassett (1978): least where o is the q-quantile of t. Several q: one for each output."""
    levels = tuple(positive(level, "pinball's q", below=1.0) for level in (q, *more))
    each = np.array(levels)
    symbol = repr(levels[0]) if len(levels) == 1 else "q"
    return Loss(
        f"pinball({', '.join(map(repr, levels))})",
        lambda o, t: _sum(np.maximum(each * (t - o), (each - 1.0) * (t - o))),
        lambda o, t: np.where(o < t, -each, np.where(o > t, 1.0 - each, 0.0)),
        f"Max({symbol}*(t - o), ({symbol} - 1)*(t - o))", parameters=levels,
    )  # fmt: skip


def _binary_cross_entropy() -> Loss:
    def E(o: Array, t: Array) -> Array:
        return -(t * np.log(o) + (1.0 - t) * np.log1p(-o))

    def dE(o: Array, t: Array) -> Array:
        return (o - t) / (o * (1.0 - o))

    domain = (EPSILON, 1.0 - EPSILON)
    return Loss(
        "binary_cross_entropy", lambda o, t: _sum(_past_the_edges(E, dE, o, t, domain)),
        lambda o, t: _slope_past_the_edges(dE, o, t, domain),
        "-t*log(o) - (1 - t)*log(1 - o)", "numbers from 0 to 1", 0.0, 1.0, domain=domain,
    )  # fmt: skip


def _cross_entropy() -> Loss:
    def E(o: Array, t: Array) -> Array:
        return -t * np.log(o)

    def dE(o: Array, t: Array) -> Array:
        return -t / o

    domain = (EPSILON, np.inf)
    return Loss(
        "cross_entropy", lambda o, t: _sum(_past_the_edges(E, dE, o, t, domain)),
        lambda o, t: _slope_past_the_edges(dE, o, t, domain),
        "-t*log(o)", "integer labels, or shares from 0 to 1", 0.0, 1.0, domain=domain,
    )  # fmt: skip


def _poisson() -> Loss:
    # The negative log-likelihood of counts t with mean o, without log t!, which does not depend on o.
    def E(o: Array, t: Array) -> Array:
        return o - t * np.log(o)

    def dE(o: Array, t: Array) -> Array:
        return 1.0 - t / o

    domain = (EPSILON, np.inf)
    return Loss(
        "poisson", lambda o, t: _sum(_past_the_edges(E, dE, o, t, domain)),
        lambda o, t: _slope_past_the_edges(dE, o, t, domain),
        "o - t*log(o)", "counts, 0 or more", 0.0, domain=domain,
    )  # fmt: skip


def _hinge() -> Loss:
    return Loss(
        "hinge", lambda o, t: _sum(np.maximum(0.0, 1.0 - t * o)), lambda o, t: np.where(t * o < 1.0, -t, 0.0),
        "Max(0, 1 - t*o)", "-1 or 1", -1.0, 1.0,
    )  # fmt: skip


LOSSES: dict[str, Callable[..., Loss]] = {
    "difference": _difference,
    "absolute": _absolute,
    "squared": _squared,
    "huber": _huber,
    "binary_cross_entropy": _binary_cross_entropy,
    "cross_entropy": _cross_entropy,
    "poisson": _poisson,
    "hinge": _hinge,
    "pinball": _pinball,
}


def loss(spec: str | Loss) -> Loss:
    """The row named `spec`, e.g. "squared" or "huber(0.5)". Raises SettingError for one that is not in the table."""
    return lookup(LOSSES, spec, Loss, "loss")


def titled(name: str) -> str:
    """What an error is called in a sentence: "cross-entropy"; in Chinese beside the name that one types."""
    kind = name.split("(")[0]
    return beside(say(kind.replace("_", "-")), name.removeprefix(kind))


@dataclass(frozen=True)
class Fused:
    """An activation and a loss whose ∂E/∂z is short and stable.

    Attributes:
        E: (z, t) -> (n,), from z, so that no logarithm of a rounded output is taken.
        delta: (o, t) -> (n, n_out), ∂E/∂z.
    """

    E: Callable[[Array, Array], Array]
    delta: Callable[[Array, Array], Array]


def _softmax_cross_entropy(z: Array, t: Array) -> Array:
    top = np.max(z, axis=-1, keepdims=True)
    log_sum = top[..., 0] + np.log(_sum(np.exp(z - top)))
    E: Array = _sum(t) * log_sum - _sum(t * z)
    return E


FUSED: dict[tuple[str, str], Fused] = {
    # t need not sum to 1 (o Σt − t); where it does, as one-hot rows do, this is o − t.
    ("softmax", "cross_entropy"): Fused(_softmax_cross_entropy, lambda o, t: o * _sum(t)[..., None] - t),
    ("sigmoid", "binary_cross_entropy"): Fused(
        lambda z, t: _sum(np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z))) - t * z), lambda o, t: o - t
    ),
    ("exponential", "poisson"): Fused(lambda z, t: _sum(np.exp(z) - t * z), lambda o, t: o - t),
}


def fused(activation_name: str, row: Loss) -> Fused | None:
    """The fused row of this pair, or None."""
    return FUSED.get((activation_name, row.kind))


def row_errors(z: Array, o: Array, t: Array, activation_name: str, row: Loss) -> Array:
    """E of every row of data, (n,), by the pair's own row if it has one."""
    pair = fused(activation_name, row)
    return pair.E(z, t) if pair else row.E(o, t)


def one_hot(labels: NDArray[np.integer], n_out: int) -> Array:
    """Integer labels (n,) -> (n, n_out) with a 1 in the label's place."""
    T = np.zeros((len(labels), n_out))
    T[np.arange(len(labels)), labels] = 1.0
    return T


def smooth(T: Array, share: float, row: Loss) -> Array:
    """Label smoothing (Szegedy et al. 2016, section 7): this share of every target given to "don't know".

    That is an even spread over the outputs; where every output is a yes or no of its own, it is ½.
    """
    if not share:
        return T
    unknown = 0.5 if row.kind == "binary_cross_entropy" else np.mean(T, axis=-1, keepdims=True)
    return T * (1.0 - share) + share * unknown


__all__ = ["EPSILON", "FUSED", "LOSSES", "Fused", "Loss", "fused", "loss", "one_hot", "row_errors", "smooth"]
