"""What somebody gave for a word or a list: arrays and series answer neither `==` nor `in` with a truth."""

from __future__ import annotations

from collections.abc import Container
from typing import Any


def among(given: object, words: Container[Any]) -> bool:
    """Whether it is one of these words, or None where that is one of them; nothing but a word ever is."""
    return (given is None or isinstance(given, str)) and given in words


def several(given: Any) -> tuple[Any, ...] | None:
    """What it holds; None of a text, which is one word, and of what cannot be gone through, as an array without
    dimensions.
    """
    try:
        return None if isinstance(given, str) else tuple(given)
    except TypeError:
        return None
