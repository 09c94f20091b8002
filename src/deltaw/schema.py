"""A small strict checker of JSON documents, such as those in model files.

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
a function            a value for which it is true
====================  ==================================================================
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from deltaw.exceptions import ModelFileError
from deltaw.speech import listed, say

_NAMES: dict[Any, str] = {
    object: "anything",
    None: "none",
    str: "text",
    bool: "true or false",
    int: "a whole number",
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
    """Compare `value` with `schema`.

    Args:
        value: what `json.loads` returned.
        schema: see the table above.
        where: the file, for the message.

    Raises:
        ModelFileError: names the first place that differs.
    """
    if (difference := _compare(value, schema)) is not None:
        found = repr(difference.found)
        raise ModelFileError(
            "{where}: expected {wanted} at {place} of the model's description",
            found if len(found) <= 60 else found[:57] + "...",
            "the file is damaged or was not written by DeltaW",
            where=where, wanted=difference.wanted, place=difference.place or "the top",
        )  # fmt: skip


def agrees(value: Any, schema: Any) -> bool:
    """Whether `value` is what `schema` describes."""
    return _compare(value, schema) is None


def _compare(value: Any, schema: Any) -> _Difference | None:
    """The first place where `value` differs from `schema`; None if they agree."""
    if isinstance(schema, list) and type(value) is list:
        parts = [(i, each, schema[0]) for i, each in enumerate(value)]
    elif isinstance(schema, dict) and type(value) is dict:
        fields = {name.removesuffix("?"): item for name, item in schema.items() if name is not str}
        missing = [name for name in schema if name is not str and name[-1:] != "?" and name not in value]
        unknown = [] if str in schema else [name for name in value if name not in fields]
        if missing or unknown:
            wanted = say("a field {name!r}", name=missing[0]) if missing else say("no field {name!r}", name=unknown[0])
            return _Difference("", wanted, sorted(value))
        parts = [(name, each, fields.get(name, schema.get(str))) for name, each in value.items()]
    else:
        return None if _is(value, schema) else _Difference("", describe(schema), value)
    found = ((key, _compare(each, item)) for key, each, item in parts)
    return next((each._replace(place=f"/{key}{each.place}") for key, each in found if each is not None), None)


def _is(value: Any, schema: Any) -> bool:
    """Whether they agree, if they are not both lists, or both objects."""
    if isinstance(schema, tuple):
        return any(agrees(value, item) for item in schema)
    if schema is None or isinstance(schema, type):
        return bool(_IS[schema](value))
    return bool(schema(value)) if callable(schema) else type(value) is type(schema) and value == schema


def describe(schema: Any) -> str:
    """A schema in words: "a whole number or none"."""
    if isinstance(schema, tuple):
        values = listed(dict.fromkeys(describe(each) for each in schema if each is not None), " or ")
        return say("{values} or none", values=values) if None in schema else values
    if isinstance(schema, (list, dict)):
        return say("a list") if isinstance(schema, list) else say("an object")
    if schema is None or isinstance(schema, type):
        return say(_NAMES[schema])
    return say("another value") if callable(schema) else repr(schema)
