"""Columns by choice: what is left out is no column of the model, and the doctor finds the same division again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small import QUICK

import deltaw
from deltaw import models
from deltaw.doctor import examine_model


@pytest.mark.parametrize("choice", [{"drop": ["price", "siz?"]}, {"columns": ["id", "colour", "sunny"]}])
def test_as_if_the_columns_were_not_there(table: pl.DataFrame, choice: dict[str, object], tmp_path: Path) -> None:
    model = deltaw.fit(table, "grade", **choice, **QUICK)
    few = table.drop("price", "size")
    assert models.document(model) == models.document(deltaw.fit(few, "grade", **QUICK))
    assert "price" not in model.preparation.column_names
    for rows in (table, few, few.drop("id")):
        np.testing.assert_array_equal(model.predict(rows), model.predict(table))
    model.save(tmp_path / "m.deltaw")
    again = models.replan(deltaw.load(tmp_path / "m.deltaw"), table)
    assert again is not None
    plan = models.plan(table, "grade", **choice, **QUICK)
    for part in ("training", "validation", "test"):
        np.testing.assert_array_equal(getattr(again, part).X, getattr(plan, part).X)
    assert len(examine_model(model, table, seconds=0).setup.X) == len(plan.training)


def test_part_of_a_picture_is_no_picture() -> None:
    model = deltaw.fit("digits", columns=blocks()[0], **QUICK | {"epochs": 1})
    assert model.picture is not None
    first = deltaw.read("digits").blocks[0].columns[0]
    part = deltaw.fit("digits", drop=first, **QUICK | {"epochs": 1})
    assert part.picture is None
    assert part.network.sizes[0] == 63


def blocks() -> list[str]:
    return [block.name for block in deltaw.read("digits").blocks]
