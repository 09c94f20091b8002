"""A small strict checker for the JSON documents in model files.

A schema is plain data that looks like what it describes:

====================  ==================================================================
schema                what it accepts
====================  ==================================================================
``str``, ``bool``     a value of exactly that type (``True`` is no ``int``)
``int``               an integer
``float``             an integer or a finite float
``None``              null
``object``            anything
``("a", 1)``          any one of these: values or schemas
``[item]``            a list of items
``{str: item}``       an object with any keys
``{"a": x, "b?": y}`` an object with exactly these keys; those ending in ``?`` may be missing
====================  ==================================================================
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from deltaw.exceptions import ModelFileError
from deltaw.speech import listed, say

_NAMES: dict[Any, str] = {
    object: "anything",
    None: "null",
    str: "a string",
    bool: "true or false",
    int: "an integer",
    float: "a finite number",
}

_IS: dict[Any, Any] = {
    object: lambda value: True,
    None: lambda value: value is None,
    str: lambda value: type(value) is str,
    bool: lambda value: type(value) is bool,
    int: lambda value: type(value) is int,
    float: lambda value: type(value) is int or (type(value) is float and math.isfinite(value)),
}


class _Difference(NamedTuple):
    place: str  # such as /layers/0/units
    wanted: str
    found: Any


def check(value: Any, schema: Any, where: str) -> None:
    """Hold `value` against `schema`.

    Args:
        value: what `json.loads` returned.
        schema: see the table above.
        where: the file, for the message.

    Raises:
        ModelFileError: naming the first place that differs.
    """
    difference = _compare(value, schema, "")
    if difference is not None:
        found = repr(difference.found)
        raise ModelFileError(
            "{where}: expected {wanted} at {place} of the model's description",
            found if len(found) <= 60 else found[:57] + "...",
            "the file is damaged or was not written by DeltaW",
            where=where,
            wanted=difference.wanted,
            place=difference.place or "the top",
        )


def agrees(value: Any, schema: Any) -> bool:
    """Whether `value` is what `schema` describes."""
    return _compare(value, schema, "") is None


def _compare(value: Any, schema: Any, place: str) -> _Difference | None:
    """The first place where `value` differs from `schema`; None where they agree."""
    if isinstance(schema, tuple):
        good = any(_compare(value, item, place) is None for item in schema)
    elif isinstance(schema, list) and type(value) is list:
        return _first(_compare(item, schema[0], f"{place}/{i}") for i, item in enumerate(value))
    elif isinstance(schema, dict) and type(value) is dict:
        return _compare_fields(value, schema, place)
    elif schema is None or isinstance(schema, type):
        good = _IS[schema](value)
    else:
        good = type(value) is type(schema) and value == schema
    return None if good else _Difference(place, describe(schema), value)


def _compare_fields(value: dict[str, Any], schema: dict[Any, Any], place: str) -> _Difference | None:
    if str in schema:
        fields = dict.fromkeys(value, schema[str])
    else:
        fields = {name.removesuffix("?"): item for name, item in schema.items()}
        missing = [name for name in schema if not name.endswith("?") and name not in value]
        unknown = [name for name in value if name not in fields]
        if missing or unknown:
            wanted = say("a field {name!r}", name=missing[0]) if missing else say("no field {name!r}", name=unknown[0])
            return _Difference(place, wanted, sorted(value))
    return _first(_compare(value[name], item, f"{place}/{name}") for name, item in fields.items() if name in value)


def _first(differences: Iterable[_Difference | None]) -> _Difference | None:
    return next((found for found in differences if found is not None), None)


def describe(schema: Any) -> str:
    """A schema in words: "an integer or null"."""
    if isinstance(schema, tuple):
        return listed(dict.fromkeys(map(describe, schema)), " or ", " or ")
    if isinstance(schema, (list, dict)):
        return say("a list") if isinstance(schema, list) else say("an object")
    return say(_NAMES[schema]) if schema is None or isinstance(schema, type) else repr(schema)
