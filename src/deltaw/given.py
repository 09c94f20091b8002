"""What somebody gave for a word, a number or a list: arrays and series answer neither `==` nor `in` with a truth."""

from __future__ import annotations

from collections.abc import Container
from numbers import Integral
from typing import Any, TypeGuard


def among(given: object, words: Container[Any]) -> bool:
    """Whether it is one of these words, or None where that is one of them; nothing but a word ever is."""
    return (given is None or isinstance(given, str)) and given in words


def is_whole(given: object, least: int, most: float = float("inf")) -> TypeGuard[int]:
    """Whether it is a whole number within these limits, Python's or NumPy's; truth values are none."""
    return isinstance(given, Integral) and not isinstance(given, bool) and least <= int(given) <= most


def several(given: Any) -> tuple[Any, ...] | None:
    """What it holds; None of a text, which is one word, and of what cannot be gone through, as an array without
    dimensions.
    """
    try:
        return None if isinstance(given, str) else tuple(given)
    except TypeError:
        return None
