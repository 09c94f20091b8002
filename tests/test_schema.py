"""The JSON checker: each row of its table accepts what it says, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from deltaw.exceptions import ModelFileError
from deltaw.schema import check

# schema, values that it accepts, values that it refuses
CASES: list[tuple[Any, list[Any], list[Any]]] = [
    (str, ["", "a"], [1, None, []]),
    (bool, [True, False], [0, 1, "true"]),
    (int, [0, -5, 10**30], [True, 1.0, "1"]),
    (float, [0, 1.5, -1e300], [True, float("inf"), float("nan"), "1"]),
    (None, [None], [0, "", False]),
    (object, [None, 1, [1], {"a": 1}], []),
    (("a", 1, None), ["a", 1, None], ["b", 2, True, 1.0]),
    ([int], [[], [1, 2]], [1, [1, "2"], {}]),
    ({str: int}, [{}, {"a": 1}], [[], {"a": "1"}]),
    (lambda value: value == 2, [2, 2.0], [1, "2", None]),
    ({"a": (None, len)}, [{"a": None}, {"a": [1]}], [{"a": ""}]),
    (
        {"a": int, "b?": [str]},
        [{"a": 1}, {"a": 1, "b": ["x"]}],
        [{}, {"b": []}, {"a": 1, "c": 2}, {"a": 1, "b": [1]}, []],
    ),
]


@pytest.mark.parametrize(("schema", "accepted", "refused"), CASES)
def test_each_row(schema: Any, accepted: list[Any], refused: list[Any]) -> None:
    for value in accepted:
        check(value, schema, "m.deltaw")
    for value in refused:
        with pytest.raises(ModelFileError, match=r"m\.deltaw"):
            check(value, schema, "m.deltaw")


def test_the_message_names_the_place() -> None:
    schema = {"layers": [{"units": int}]}
    with pytest.raises(ModelFileError, match=r"expected a whole number at /layers/1/units .* found 'many'"):
        check({"layers": [{"units": 2}, {"units": "many"}]}, schema, "m.deltaw")
    with pytest.raises(ModelFileError, match="a field 'units' at /layers/0"):
        check({"layers": [{}]}, schema, "m.deltaw")
