"""Random numbers for the rows of a table by their indices, invertible: the index of a row by its number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GOLDEN, LAST = 0x9E3779B97F4A7C15, 31  # SplitMix64
MIX = (30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)


def drawn(seed: int, first: int, count: int) -> NDArray[np.uint64]:
    """A random number for each of `count` rows from index `first` on, (count,), by the seed and the index alone.

    SplitMix64 at counters seed + index: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators".
    """
    z = (np.arange(first, first + count, dtype=np.uint64) + _start(seed)) * np.uint64(GOLDEN)
    for shift, factor in MIX:
        z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(z ^ (z >> np.uint64(LAST)))


def places(seed: int, draws: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The index of each row (n,) by its random number, the inverse of `drawn`."""
    z = _unshifted(draws, LAST)
    for shift, factor in reversed(MIX):
        z = _unshifted(z * np.uint64(pow(factor, -1, 2**64)), shift)
    return (z * np.uint64(pow(GOLDEN, -1, 2**64)) - _start(seed)).astype(np.int64)


def _start(seed: int) -> np.uint64:
    return np.uint64((seed * 0xD1342543DE82EF95 + 1) % 2**64)


def _unshifted(z: NDArray[np.uint64], shift: int) -> NDArray[np.uint64]:
    """The inverse of x -> x ^ (x >> shift); each round finds `shift` more bits, from the highest on."""
    x = z
    for _ in range(64 // shift):
        x = z ^ (x >> np.uint64(shift))
    return x
