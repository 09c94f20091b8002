"""Dropout masks that every engine can make again: Srivastava et al. (2014), inverted.

A unit is kept with probability 1 − rate, and then divided by it, so that nothing changes when the network is
used. The random bits come from Philox 4×32-10 (Salmon et al. 2011), which turns a key and a counter into bits
without any state: the mask of a step and layer is the same whoever makes it, in whatever order. Its words of 32 bits
are what vector instructions multiply; JAX, PyTorch and TensorFlow draw their masks by it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.lookup import NUMBER, positive
from deltaw.equations.schedules import Schedule, schedule
from deltaw.exceptions import SettingError
from deltaw.given import several

Array = NDArray[np.float64]

BITS = 16  # random bits a unit; a block of Philox is 128 bits, so 8 units
UNITS_PER_BLOCK = 128 // BITS
ROUNDS = 10
FACTORS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
KEY_STEPS = 0x9E3779B9, 0xBB67AE85
HALF, WORD = np.uint64(32), np.uint64(0xFFFFFFFF)
DRAW = np.uint64((1 << BITS) - 1)


@dataclass(frozen=True)
class Dropout:
    """Which share of each hidden layer's outputs is dropped, and how that share moves during training.

    Attributes:
        rate: one rate for all hidden layers, or one for each; from 0 up to, not including, 1.
        schedule: multiplies the rates during training, as it would a learning rate: "flat_cosine" lets them fade.
    """

    rate: float | Sequence[float] = 0.0
    schedule: str | Schedule = "constant"

    def rates(self, hidden_layers: int) -> tuple[float, ...]:
        """One rate for each hidden layer. Raises SettingError for a wrong number of them or a wrong rate."""
        given = [self.rate] * hidden_layers if isinstance(self.rate, NUMBER) else self.rate
        each = several(given) if isinstance(given, (Sequence, np.ndarray)) else None
        if each is None or len(each) != hidden_layers:
            expected = "dropout: expected one rate, or one for each hidden layer ({hidden_layers})"
            found = repr(self.rate)
            raise SettingError(expected, found, "give as many as there are hidden layers", hidden_layers=hidden_layers)
        schedule(self.schedule)
        return tuple(positive(rate, "dropout rate", or_zero=True, below=1.0) for rate in each)


def threshold(rate: float) -> int:
    """Units whose 16 random bits are below this are dropped; the rate is rounded to a 65536th, and stays below 1."""
    return min(round(rate * (1 << BITS)), (1 << BITS) - 1)


def mask(key: int, step: int, layer: int, rows: int, units: int, rate: float) -> Array:
    """The factors of one layer's outputs in one step, (rows, units): 0 or 1 / (1 − rate).

    Args:
        key: 64 bits drawn from the user's seed.
        step: the training step, counted from 0 over all epochs.
        layer: which layer's outputs, counted from 0.
    """
    return factors(np.arange(rows * blocks(units), dtype=np.uint64), key, step, layer, units, threshold(rate))


def blocks(units: int) -> int:
    """Blocks of Philox that a row takes: every row begins a new one."""
    return -(-units // UNITS_PER_BLOCK)


def factors(counters: NDArray[np.uint64], key: int, step: int, layer: int, units: int, cut: int) -> Array:
    """`mask` for the rows whose blocks these are, in the order of the batch: row r has r · blocks and what follows.

    `cut` is the rate's `threshold`.
    """
    words = philox(counters, layer, step, key)
    draws = np.stack([words & DRAW, words >> np.uint64(BITS)], axis=-1)  # of a word the low bits first
    kept = draws.reshape(-1, blocks(units) * UNITS_PER_BLOCK)[:, :units] >= cut
    return np.where(kept, 1.0 / (1.0 - cut / (1 << BITS)), 0.0)


def philox(first: NDArray[np.uint64], second: int, last: int, key: int) -> NDArray[np.uint64]:
    """The blocks of the counters (first, second, low half of `last`, high half), (n, 4): words of 32 bits.

    A round multiplies words 0 and 2 and mixes the halves of the products with the other words and the key, which
    goes on by a step of its own: section 3.3 and table 2 of the paper. Words of 64 bits with a sign give the same.
    """
    x0 = first & WORD
    x1, x2, x3 = (np.full_like(x0, word & 0xFFFFFFFF) for word in (second, last, last >> 32))
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(ROUNDS):
        p0, p1 = x0 * FACTORS[0], x2 * FACTORS[1]
        x0, x1 = (p1 >> HALF) & WORD ^ x1 ^ np.uint64(k0), p1 & WORD
        x2, x3 = (p0 >> HALF) & WORD ^ x3 ^ np.uint64(k1), p0 & WORD
        k0, k1 = (k0 + KEY_STEPS[0]) & 0xFFFFFFFF, (k1 + KEY_STEPS[1]) & 0xFFFFFFFF
    return np.stack([x0, x1, x2, x3], axis=-1)
