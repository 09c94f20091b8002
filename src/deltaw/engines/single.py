"""float32, which the engines that are quick compute in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.exceptions import InputError
from deltaw.numbers import typed
from deltaw.speech import say
from deltaw.speech.settings import given_as


def in_order(array: Any, dtype: Any) -> NDArray[Any]:
    """The same numbers as an engine reads them: of this type, in C order, each at a multiple of its size."""
    return np.require(array, dtype, ["C_CONTIGUOUS", "ALIGNED"])


def single(array: Any, what: str = "state") -> NDArray[np.float32]:
    """The numbers in float32, in C order: the array itself where it is that. Raises InputError for one beyond."""
    with np.errstate(over="ignore", invalid="ignore"):
        found: NDArray[np.float32] = in_order(array, np.float32)
        suspect = found is not array and not np.isfinite(found.sum())
    if suspect:
        bad = np.argwhere(np.isinf(found) & np.isfinite(array))
        if len(bad):
            raise InputError(
                "{what}: expected numbers that float32 can hold, to ±3.4e38",
                say("{asarray} at {bad}", asarray=typed(np.asarray(array)[tuple(bad[0])]), bad=tuple(map(int, bad[0]))),
                "scale the data, or use {engine}",
                what=what,
                engine=given_as("engine", "reference"),
            )
    return found
