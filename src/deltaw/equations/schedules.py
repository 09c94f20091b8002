"""How the learning rate moves during training: α at a step is `learning_rate` times the schedule's factor.

`factor(epoch, tau)` gets the step's place in time twice: in epochs, counted as a fraction from 0, and as the
share τ of the whole training, from 0 up to 1. Both are arrays; so is what comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.lookup import lookup, positive, reduced

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Schedule:
    """One schedule; `schedule(name)` makes an equal one.

    `waves`: the shares of the training after which α has come down to 0 and rises again, but for its first steps.
    """

    name: str
    factor: Callable[[Array, Array], Array]
    waves: tuple[float, ...] = ()

    def ends(self, epochs: int) -> tuple[int, ...]:
        """The last epoch of each wave, in a training of `epochs`."""
        return tuple(dict.fromkeys(max(1, round(share * epochs)) for share in self.waves))

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self, schedule)

    def __repr__(self) -> str:
        return repr(self.name)


def _constant() -> Schedule:
    return Schedule("constant", lambda epoch, tau: np.ones_like(tau))


def _step(drop: float = 0.5, every: float = 10) -> Schedule:
    """drop^⌊epoch / every⌋"""
    drop, every = positive(drop, "step's drop"), positive(every, "step's every")
    return Schedule(f"step({drop!r}, {every!r})", lambda epoch, tau: drop ** np.floor(epoch / every))


def _exponential(decay: float = 0.95) -> Schedule:
    """decay^epoch"""
    decay = positive(decay, "exponential's decay")
    return Schedule(f"exponential({decay!r})", lambda epoch, tau: decay**epoch)


def _inverse_time(decay: float = 0.1) -> Schedule:
    """1 / (1 + decay · epoch)"""
    decay = positive(decay, "inverse_time's decay", or_zero=True)
    return Schedule(f"inverse_time({decay!r})", lambda epoch, tau: 1.0 / (1.0 + decay * epoch))


def _fall(x: Array) -> Array:
    """Half a cosine wave: 1 at x = 0, 0 at x = 1."""
    return 0.5 * (1.0 + np.cos(np.pi * x))


def _cosine() -> Schedule:
    """½ (1 + cos πτ); Loshchilov & Hutter (2017), equation 5, without restarts"""
    return Schedule("cosine", lambda epoch, tau: _fall(tau))


def _flat_cosine(flat: float = 0.5) -> Schedule:
    """1 for the first share `flat`, then a cosine down to 0"""
    flat = positive(flat, "flat_cosine's flat", or_zero=True, below=1.0)
    return Schedule(f"flat_cosine({flat!r})", lambda epoch, tau: _fall(np.maximum(0.0, tau - flat) / (1.0 - flat)))


def _one_cycle(warm_up: float = 0.3, start: float = 0.04, end: float = 1e-4) -> Schedule:
    """from `start` up to 1 over the first share `warm_up`, then down to `end`; Smith & Topin (2018)"""
    warm_up = positive(warm_up, "one_cycle's warm_up", below=1.0)
    start = positive(start, "one_cycle's start", or_zero=True)
    end = positive(end, "one_cycle's end", or_zero=True)

    def factor(epoch: Array, tau: Array) -> Array:
        up = 1.0 + (start - 1.0) * _fall(np.minimum(tau / warm_up, 1.0))
        down = end + (1.0 - end) * _fall(np.maximum(tau - warm_up, 0.0) / (1.0 - warm_up))
        return np.where(tau < warm_up, up, down)

    return Schedule(f"one_cycle({warm_up!r}, {start!r}, {end!r})", factor)


def _coslog() -> Schedule:
    """½ (1 − cos(2π log₂(1 + 15τ))): four waves, each about twice as long; Holzmüller et al. (2024), section 3"""

    def factor(epoch: Array, tau: Array) -> Array:
        return np.asarray(0.5 * (1.0 - np.cos(2.0 * np.pi * np.log2(1.0 + 15.0 * tau))))

    return Schedule("coslog", factor, waves=(3 / 15, 7 / 15))


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "constant": _constant,
    "step": _step,
    "exponential": _exponential,
    "inverse_time": _inverse_time,
    "cosine": _cosine,
    "flat_cosine": _flat_cosine,
    "one_cycle": _one_cycle,
    "coslog": _coslog,
}


def schedule(spec: str | Schedule, what: str = "schedule") -> Schedule:
    """The row named `spec`, e.g. "cosine" or "step(0.5, every=3)". Raises SettingError, which names `what`, else."""
    return lookup(SCHEDULES, spec, Schedule, what)


def factors(row: Schedule, first_step: int, steps: int, steps_per_epoch: int, epochs: int) -> Array:
    """The factor of each of `steps` steps from `first_step` (0 is the first of all), shape (steps,)."""
    step = np.arange(first_step, first_step + steps, dtype=np.float64)
    return row.factor(step / steps_per_epoch, step / (steps_per_epoch * epochs))
