"""Validation of JSON data: exact names, exact types, finite numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from deltaw.exceptions import ModelFileError
from deltaw.speech import listed, say

Check = Callable[[Any], bool]


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def is_place(value: Any) -> bool:
    """Whether it is an index, or None."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def between(low: float, high: float) -> Check:
    return lambda value: is_number(value) and low <= value <= high


def one_of(*allowed: Any) -> Check:
    return lambda value: isinstance(value, str) and value in allowed


def list_of(check: Check, distinct: bool = False) -> Check:
    """A check for lists of any length; `distinct`: without duplicates."""
    return lambda value: (
        isinstance(value, list) and all(map(check, value)) and not (distinct and len(set(value)) < len(value))
    )


def holds(document: Any, checks: Mapping[str, Check]) -> bool:
    """Whether it is a JSON object with exactly the fields in `checks`, each passing its check."""
    return (
        isinstance(document, dict)
        and set(document) == set(checks)
        and all(check(document[name]) for name, check in checks.items())
    )


def fields(document: Any, checks: Mapping[str, Check], what: str, usual: Mapping[str, Any] = {}) -> dict[str, Any]:
    """The fields of a JSON object, which must be exactly those in `checks`, each passing its check.

    Fields in `usual` may be missing, as in files of earlier versions, and then have that value.

    Raises:
        ModelFileError: `document` is not an object, or a field is missing, unknown or invalid.
    """
    remedy = say("the file was not written by this program, or was changed since")
    if not isinstance(document, Mapping):
        raise ModelFileError(say("{what}: expected an object", what=what), type(document).__name__, remedy)
    document = {**usual, **document}
    if set(document) != set(checks):
        found = ", ".join(sorted(map(str, document))) or "nothing"
        raise ModelFileError(
            say("{what}: expected the fields {checks}", what=what, checks=listed(sorted(checks))),
            found[:200],
            remedy,
        )
    for name, check in checks.items():
        if not check(document[name]):
            raise ModelFileError(
                say('{what}: expected another value of "{name}"', what=what, name=name),
                repr(document[name])[:60],
                remedy,
            )
    return {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
