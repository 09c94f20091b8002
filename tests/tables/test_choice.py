"""Columns by names and patterns: what is kept, and what is refused."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.exceptions import ColumnError, InputError, SettingError
from deltaw.tables import Block, Table
from deltaw.tables.choice import checked_selection, with_selected_columns

NAMES = ["id", "sub_1", "sub_2", "x", "sub_y", "a*b", "last, first"]
FRAME = pl.DataFrame({name: [i, i + 1] for i, name in enumerate(NAMES)})
TABLE = Table(FRAME, "rows.csv", test=FRAME)


def kept(**choice: Any) -> list[str]:
    table = with_selected_columns(TABLE, "sub_y", **choice)
    assert table.test is not None
    assert table.test.columns == table.frame.columns
    return [name for name in table.frame.columns if name != "sub_y"]


CHOICES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["id", "sub_1", "sub_2", "x", "a*b", "last, first"]),
    ({"drop": "id"}, ["sub_1", "sub_2", "x", "a*b", "last, first"]),
    ({"drop": ["id", "last, first"]}, ["sub_1", "sub_2", "x", "a*b"]),
    ({"drop": "sub_*"}, ["id", "x", "a*b", "last, first"]),
    ({"drop": ("sub_[1]", "?")}, ["id", "sub_2", "a*b", "last, first"]),
    ({"drop": "a*b"}, ["id", "sub_1", "sub_2", "x", "last, first"]),
    ({"columns": ["x", "id"]}, ["id", "x"]),
    ({"columns": ["x", "sub_y"]}, ["x"]),
    ({"columns": "sub_*"}, ["sub_1", "sub_2"]),
    ({"columns": "sub_*", "drop": "sub_2"}, ["sub_1"]),
    ({"columns": "*", "drop": "sub_*"}, ["id", "x", "a*b", "last, first"]),
]


@pytest.mark.parametrize(("choice", "names"), CHOICES)
def test_what_is_kept(choice: dict[str, Any], names: list[str]) -> None:
    assert kept(**choice) == names


REFUSED: list[tuple[dict[str, Any], type[InputError], list[str]]] = [
    ({"drop": "ix"}, ColumnError, ['"ix"', 'did you mean "']),
    ({"drop": "sub1"}, ColumnError, ['"sub1"', 'did you mean "sub_1"?']),
    ({"drop": "zzz"}, ColumnError, ['"zzz"', "give one of these names"]),
    ({"columns": ["x", "sub1"]}, ColumnError, ['did you mean "sub_1"?']),
    ({"drop": "subs_*"}, ColumnError, ['that "subs_*" matches', 'did you mean "sub_']),
    ({"columns": "z*"}, ColumnError, ['that "z*" matches', "a pattern of these names"]),
    ({"drop": "sub_y"}, SettingError, ['the target "sub_y"']),
    ({"drop": "*_y"}, SettingError, ['the target "sub_y"']),
    ({"columns": "sub_y"}, SettingError, ["none that is kept"]),
    ({"columns": ["x", "id"], "drop": "x"}, SettingError, ['"x" in both']),
    ({"columns": ["x", "id"], "drop": "sub_1"}, ColumnError, ["of the columns asked for", '"sub_1"']),
    ({"columns": "sub_*", "drop": "x*"}, ColumnError, ["of the columns asked for", '"x*"']),
    ({"drop": "*"}, SettingError, ["none that is kept"]),
    ({"drop": 3}, ColumnError, ['a column "3"']),
    ({"drop": 3.5}, SettingError, ["drop: expected names"]),
    ({"drop": []}, SettingError, ["drop: expected names"]),
    ({"columns": [None]}, SettingError, ["columns: expected names"]),
    ({"columns": {"x": 1}}, SettingError, ["columns: expected names"]),
]


@pytest.mark.parametrize(("choice", "error", "words"), REFUSED)
def test_what_is_refused(choice: dict[str, Any], error: type[InputError], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        kept(**choice)
    message = str(caught.value)
    assert "\n" not in message
    assert not [word for word in words if word not in message], message


@given(less=st.sets(st.sampled_from(["id", "sub_1", "sub_2", "x", "a*b"]), min_size=1))
def test_to_drop_some_is_to_keep_the_others(less: set[str]) -> None:
    others = [name for name in NAMES if name not in less]
    assert kept(drop=sorted(less)) == kept(columns=others)


def test_blocks_go_by_their_names_and_lose_their_shape_with_a_part() -> None:
    pixels = tuple(f"p{i}" for i in range(4))
    frame = pl.DataFrame({name: [0, 1] for name in (*pixels, "x", "y")})
    table = Table(frame, "images", blocks=(Block("pixels", pixels, 0, 255, (2, 2)),))
    assert with_selected_columns(table, "y", columns="pixels").frame.columns == [*pixels, "y"]
    assert with_selected_columns(table, "y", columns="pixels").blocks == table.blocks
    without = with_selected_columns(table, "y", drop="pixels")
    assert (without.frame.columns, without.blocks) == (["x", "y"], ())
    part = with_selected_columns(table, "y", columns="pixels", drop="p3")
    assert part.blocks == (Block("pixels", pixels[:3], 0, 255, (3,)),)


def test_of_several_wrong_columns_the_first_is_named() -> None:
    for names in (("weight", "group"), ("group", "weight")):
        with pytest.raises(SettingError, match=f'"{names[0]}", which is not to be used'):
            checked_selection(names, None, None, {"weight": "number", "group": "number"})
