"""What somebody gave for a word, a number, a list or a file: arrays and series answer neither `==` nor `in` with a
truth, and a file is a path or an object that is read or written.
"""

from __future__ import annotations

import os
from collections.abc import Container, Sized
from numbers import Integral, Number
from os import PathLike
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


def described(given: object) -> str:
    """A number or a word as it is; of anything else its type, with its length."""
    if given is None or isinstance(given, str | Number):
        return repr(given)
    size = f"[{len(given)}]" if isinstance(given, Sized) else ""
    return f"{type(given).__name__}{size}"


FILE = "file object"  # the name in messages of one without its own


def is_path(given: object) -> TypeGuard[str | PathLike[str]]:
    """Whether it is a path: text, or an object that has one."""
    return isinstance(given, str | PathLike)


def is_file(given: object, way: str = "read") -> bool:
    """Whether it is a file object (BytesIO, an open file, an upload) that is read, or, with "write", written."""
    return not is_path(given) and all(callable(getattr(given, each, None)) for each in (way, "close"))


def name_of(given: Any) -> str:
    """A path as text, and of a file object the name of its file, if it has one."""
    name = given if is_path(given) else getattr(given, "name", None)
    return os.fsdecode(name) if name and is_path(name) else FILE
