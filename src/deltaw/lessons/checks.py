"""Checks of a lesson's parameters. Each returns the value, or raises a SettingError of one line."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral
from typing import TypeVar

import numpy as np

from deltaw.equations.lookup import finite
from deltaw.exceptions import SettingError
from deltaw.numbers import number as shown
from deltaw.speech import listed, say

Choice = TypeVar("Choice", str, int)


def number(value: float, what: str, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number from low to high, both allowed."""
    if not low <= finite(value, what) <= high:
        raise SettingError(
            "{what}: expected a number {span}", repr(value), "choose another value", what=what, span=_span(low, high)
        )
    return float(value)


def whole(value: int, what: str, low: int = 0, high: int | None = None) -> int:
    """A whole number from low to high, both allowed."""
    good = isinstance(value, Integral) and not isinstance(value, bool)
    if not good or value < low or (high is not None and value > high):
        span = _span(low, math.inf if high is None else high)
        raise SettingError(
            "{what}: expected a whole number {span}", repr(value), "choose another value", what=what, span=span
        )
    return int(value)


def seeds(first: int, runs: int, most: int = 20) -> range:
    """The seeds of the runs, from `first` on."""
    count = whole(runs, "runs", 1, most)
    return range(whole(first, "seed"), first + count)


def choice(value: Choice, what: str, among: Iterable[Choice]) -> Choice:
    """One of a few values."""
    options = list(among)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value not in options:
        expected = say("{what}: expected one of {options}", what=what, options=listed(map(str, options)))
        raise SettingError(expected, repr(value), "choose one of these")
    return value


def flag(value: bool, what: str) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise SettingError("{what}: expected True or False", repr(value), "give one of these", what=what)
    return bool(value)


def numbers(text: str, what: str, count: int | range) -> list[float]:
    """Finite numbers written with commas between them: "0.9,0.1,0.8". `count` says how many, or how many may be."""
    try:
        values = [float(part) for part in text.split(",")]
    except (AttributeError, ValueError):
        values = []
    allowed = range(count, count + 1) if isinstance(count, int) else count
    if len(values) not in allowed or not all(map(math.isfinite, values)):
        many = str(allowed[0]) if len(allowed) == 1 else say("{low} to {high}", low=allowed[0], high=allowed[-1])
        expected = say("{what}: expected {many} finite numbers with commas between them", what=what, many=many)
        raise SettingError(expected, repr(text), "write them like 0.9,0.1,0.8")
    return values


def _span(low: float, high: float) -> str:
    if math.isinf(high):
        return say("of {low} or more", low=shown(low))
    if math.isinf(low):
        return say("of {high} or less", high=shown(high))
    return say("from {low} to {high}", low=shown(low), high=shown(high))
