"""Checks of a lesson's parameters. Each returns the value, or raises a SettingError of one line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import TypeVar

from deltaw.equations.lookup import finite
from deltaw.exceptions import SettingError

Choice = TypeVar("Choice", str, int)


def number(value: float, what: str, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number from low to high, both allowed."""
    if not low <= finite(value, what) <= high:
        raise SettingError(f"{what}: expected a number {_span(low, high)}", repr(value), "choose another value")
    return float(value)


def whole(value: int, what: str, low: int = 0, high: int | None = None) -> int:
    """A whole number from low to high, both allowed."""
    good = isinstance(value, Integral) and not isinstance(value, bool)
    if not good or value < low or (high is not None and value > high):
        span = _span(low, math.inf if high is None else high)
        raise SettingError(f"{what}: expected a whole number {span}", repr(value), "choose another value")
    return int(value)


def choice(value: Choice, what: str, among: Iterable[Choice]) -> Choice:
    """One of a few values."""
    options = list(among)
    if isinstance(value, bool) or value not in options:
        expected = f"{what}: expected one of {', '.join(map(str, options))}"
        raise SettingError(expected, repr(value), "choose one of these")
    return value


def numbers(text: str, what: str, count: int | Sequence[int] | None = None) -> list[float]:
    """Finite numbers written with commas between them: "0.9,0.1,0.8". `count` says how many, or how many may be."""
    try:
        values = [float(part) for part in text.split(",")]
    except (AttributeError, ValueError):
        values = []
    allowed = None if count is None else [count] if isinstance(count, int) else list(count)
    if not values or not all(map(math.isfinite, values)) or (allowed is not None and len(values) not in allowed):
        many = "" if allowed is None else " or ".join(map(str, allowed)) + " "
        raise SettingError(
            f"{what}: expected {many}finite numbers with commas between them", repr(text), "write them like 0.9,0.1,0.8"
        )
    return values


def _span(low: float, high: float) -> str:
    if math.isinf(high):
        return f"of {low:g} or more"
    return f"of {high:g} or less" if math.isinf(low) else f"from {low:g} to {high:g}"
