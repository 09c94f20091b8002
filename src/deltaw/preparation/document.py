"""Checks of a preparation's JSON document, beyond the types that `deltaw.schema` knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deltaw.schema import agrees, check

Check = Callable[[Any], bool]


def is_count(value: Any) -> bool:
    return type(value) is int and value > 0


def is_index(value: Any) -> bool:
    return type(value) is int and value >= 0


def between(low: float, high: float) -> Check:
    return lambda value: agrees(value, float) and low <= value <= high


def distinct(schema: Any) -> Check:
    """Lists without duplicates."""
    return lambda value: agrees(value, [schema]) and len(set(value)) == len(value)


def fields(document: Any, schema: dict[str, Any], what: str, usual: Mapping[str, Any] = {}) -> dict[str, Any]:
    """The fields of a JSON object, called `what` in messages, with lists as tuples. Raises ModelFileError.

    Fields in `usual` may be missing, and then have that value.
    """
    known = {**usual, **document} if isinstance(document, dict) else document
    check(known, schema, what)
    return {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}


def frozen(value: Any) -> Any:
    """JSON data with tuples for lists, also those within others."""
    if isinstance(value, dict):
        return {name: frozen(each) for name, each in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value
