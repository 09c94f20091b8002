"""How a gradient becomes a ΔW: one class each, the equation first, then the code in the same letters.

g is ∂E/∂W, α the learning rate, t = 1, 2, 3, … the step. `delta` returns ΔW and the new state; nothing is
changed in place. W_new = W + ΔW stands in `backprop.update`, with the weight decay that AdamW adds to it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.lookup import lookup, positive
from deltaw.equations.schedules import Schedule, schedule

Array = NDArray[np.float64]
State = tuple[Array, ...]


@dataclass(frozen=True)
class Optimizer:
    """Base class. `slots` is the number of arrays in the state of each W."""

    slots: ClassVar[int] = 0
    weight_decay: ClassVar[float] = 0.0
    decay_schedule: ClassVar[str] = "constant"

    def delta(self, g: Array, state: State, alpha: float, t: int) -> tuple[Array, State]:
        """ΔW and the new state, from the gradient g and the state before; all of W's shape."""
        raise NotImplementedError

    def zeros(self, W: Array) -> State:
        """The state before the first step."""
        return tuple(np.zeros_like(W) for _ in range(self.slots))

    @property
    def name(self) -> str:
        """The name in OPTIMIZERS: "adam" for Adam(); of a user's own class its name."""
        return next((name for name, row in OPTIMIZERS.items() if row is type(self)), type(self).__name__)

    @property
    def spec(self) -> str:
        """The text from which `optimizer` makes an equal object: "adam(beta1=0.9, …)"."""
        return f"{self.name}({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in fields(self))})"


@dataclass(frozen=True)
class SGD(Optimizer):
    """The notes' own: ΔW = −α g."""

    def delta(self, g: Array, state: State, alpha: float, t: int) -> tuple[Array, State]:
        return -alpha * g, ()


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Polyak (1964): v ← μ v − α g;  ΔW = v."""

    momentum: float = 0.9
    slots: ClassVar[int] = 1

    def __post_init__(self) -> None:
        positive(self.momentum, f"{self.name}'s momentum", or_zero=True, below=1.0)

    def delta(self, g: Array, state: State, alpha: float, t: int) -> tuple[Array, State]:
        v = self.momentum * state[0] - alpha * g
        return v, (v,)


@dataclass(frozen=True)
class Nesterov(Momentum):
    """Sutskever et al. (2013), section 2, from the looked-ahead point: v ← μ v − α g;  ΔW = μ v − α g."""

    def delta(self, g: Array, state: State, alpha: float, t: int) -> tuple[Array, State]:
        v = self.momentum * state[0] - alpha * g
        return self.momentum * v - alpha * g, (v,)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Kingma & Ba (2015), algorithm 1: m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  ΔW = −α m̂ / (√v̂ + ε).

    m̂ = m/(1−β₁ᵗ) and v̂ = v/(1−β₂ᵗ) undo the pull towards the zeros that m and v start from.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    slots: ClassVar[int] = 2

    def __post_init__(self) -> None:
        positive(self.beta1, f"{self.name}'s beta1", or_zero=True, below=1.0)
        positive(self.beta2, f"{self.name}'s beta2", or_zero=True, below=1.0)
        positive(self.epsilon, f"{self.name}'s epsilon")

    def delta(self, g: Array, state: State, alpha: float, t: int) -> tuple[Array, State]:
        m = self.beta1 * state[0] + (1.0 - self.beta1) * g
        v = self.beta2 * state[1] + (1.0 - self.beta2) * g * g
        m_hat = m / (1.0 - self.beta1**t)
        v_hat = v / (1.0 - self.beta2**t)
        return -alpha * m_hat / (np.sqrt(v_hat) + self.epsilon), (m, v)


@dataclass(frozen=True)
class AdamW(Adam):
    """Loshchilov & Hutter (2019), algorithm 2: Adam's ΔW, and −α λ W beside it, outside of m and v.

    λ is `weight_decay`, times the factor of `decay_schedule` at that moment. Biases do not decay.
    """

    weight_decay: float = 0.01  # type: ignore[misc]
    decay_schedule: str | Schedule = "constant"  # type: ignore[misc,assignment]

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self.weight_decay, "adamw's weight_decay", or_zero=True)
        schedule(self.decay_schedule)


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """Tieleman & Hinton (2012), lecture 6e: s ← ρ s + (1−ρ) g²;  ΔW = −α g / (√s + ε)."""

    rho: float = 0.9
    epsilon: float = 1e-8
    slots: ClassVar[int] = 1

    def __post_init__(self) -> None:
        positive(self.rho, "rmsprop's rho", or_zero=True, below=1.0)
        positive(self.epsilon, "rmsprop's epsilon")

    def delta(self, g: Array, state: State, alpha: float, t: int) -> tuple[Array, State]:
        s = self.rho * state[0] + (1.0 - self.rho) * g * g
        return -alpha * g / (np.sqrt(s) + self.epsilon), (s,)


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Duchi, Hazan & Singer (2011), figure 1, diagonal: s ← s + g²;  ΔW = −α g / (√s + ε)."""

    epsilon: float = 1e-8
    slots: ClassVar[int] = 1

    def __post_init__(self) -> None:
        positive(self.epsilon, "adagrad's epsilon")

    def delta(self, g: Array, state: State, alpha: float, t: int) -> tuple[Array, State]:
        s = state[0] + g * g
        return -alpha * g / (np.sqrt(s) + self.epsilon), (s,)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSProp,
    "adagrad": Adagrad,
}


def optimizer(spec: str | Optimizer) -> Optimizer:
    """The row named `spec`, e.g. "adam" or "momentum(0.8)". Raises SettingError for any other."""
    return lookup(OPTIMIZERS, spec, Optimizer, "optimizer")
