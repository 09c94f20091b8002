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
from deltaw.models.contents import picture_of
from deltaw.report import html


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
    for one, other in ((again, plan), (again.observed, plan.observed)):
        np.testing.assert_array_equal(one.training.X, other.training.X)
    np.testing.assert_array_equal(again.observed.test.X, plan.observed.test.X)
    assert len(examine_model(model, table, seconds=0).setup.X) == len(plan.training)


def test_part_of_a_picture_is_no_picture() -> None:
    model = deltaw.fit("digits", columns=blocks()[0], **QUICK | {"epochs": 1})
    assert picture_of(model) is not None
    first = deltaw.read("digits").blocks[0].columns[0]
    part = deltaw.fit("digits", drop=first, **QUICK | {"epochs": 1})
    assert picture_of(part) is None
    assert part.network.sizes[0] == 63


def blocks() -> list[str]:
    return [block.name for block in deltaw.read("digits").blocks]


def test_kinds_that_are_told_are_kept(table: pl.DataFrame, tmp_path: Path) -> None:
    users = table.with_columns(id=pl.int_range(pl.len()) % 20 + 1, stars=pl.int_range(pl.len()) % 2)
    kinds = {"id": "category", "sunny": "category", "stars": "boolean"}
    model = deltaw.fit(users, "grade", kinds=kinds, columns=["size", *kinds], **QUICK)
    assert model.preparation.kinds == {"id": "category", "size": "number", "sunny": "category", "stars": "boolean"}
    assert "id=7" in model.preparation.feature_names
    model.save(tmp_path / "m.deltaw")
    loaded = deltaw.load(tmp_path / "m.deltaw")
    assert loaded.preparation == model.preparation
    np.testing.assert_array_equal(loaded.predict(users), model.predict(users))
    again = models.replan(loaded, users)
    assert again is not None
    np.testing.assert_array_equal(
        again.training.X, models.plan(users, "grade", kinds=kinds, columns=["size", *kinds], **QUICK).training.X
    )


def test_an_identifier_is_used_where_asked(table: pl.DataFrame) -> None:
    assert "id" not in models.plan(table, "grade", **QUICK).preparation.input_names
    for kind in ("number", "category"):
        assert "id" in models.plan(table, "grade", kinds={"id": kind}, **QUICK).preparation.input_names


def test_a_kind_found_told_again_changes_nothing(table: pl.DataFrame) -> None:
    plan = models.plan(table, "grade", **QUICK)
    told = models.plan(table, "grade", kinds=plan.preparation.kinds, **QUICK)
    assert told.preparation == plan.preparation


@pytest.mark.usefixtures("undrawn")
def test_told_kinds_are_explained_and_reported(table: pl.DataFrame) -> None:
    users = table.with_columns(
        id=pl.int_range(pl.len()) % 20 + 1,
        stars=pl.int_range(pl.len()) % 2,
        day=pl.lit("2020-01-") + (pl.int_range(pl.len()) % 9 + 1).cast(pl.String).str.zfill(2),
        words=(1 + pl.int_range(pl.len()) % 7).cast(pl.String) + ",000",
    )
    kinds = {"id": "category", "sunny": "category", "stars": "boolean", "day": "category", "words": "number"}
    model = deltaw.fit(users, "price", kinds=kinds, **QUICK)
    assert {each.column for each in model.importance(users).columns} >= set(kinds)
    assert all(model.dependence(users, name) is not None for name in kinds)
    assert "stars" in html(model)
    assert deltaw.explain.prediction(model, users, 3).page.text()
    assert examine_model(model, users, seconds=0).page.text()


def test_what_is_no_input_may_be_dropped_by_its_name(table: pl.DataFrame) -> None:
    """Weights, groups and times are told apart from inputs, so that to leave them out as such changes nothing."""
    rows = table.with_columns(w=pl.Series(np.linspace(1, 2, len(table))), day=pl.Series(range(len(table))))
    for asked, names in (({"weight": "w"}, ["w"]), ({"group": "colour"}, ["colour"]), ({"time": "day"}, ["day"])):
        kept, dropped = (deltaw.fit(rows, "grade", drop=drop, **asked, **QUICK) for drop in (None, names))
        if "time" not in asked:
            assert models.document(kept) == models.document(dropped)
        assert names[0] not in dropped.preparation.column_names
        for each in (kept, dropped):
            assert models.replan(each, rows) is not None


def test_columns_that_a_frame_calls_by_numbers(table: pl.DataFrame) -> None:
    """pandas does, where nobody names them; here they are called "0", "1", ..."""
    frame = table.to_pandas()
    names = {name: i for i, name in enumerate(frame.columns)}
    numbered = frame.rename(columns=names)
    named = frame.rename(columns={name: str(i) for name, i in names.items()})
    asked = {"drop": [names["price"]], "kinds": {np.int64(names["size"]): "category"}, "group": names["sunny"]}
    texts = {"drop": str(names["price"]), "kinds": {str(names["size"]): "category"}, "group": str(names["sunny"])}
    model = deltaw.fit(numbered, names["grade"], **asked, **QUICK)
    again = deltaw.fit(named, str(names["grade"]), **texts, **QUICK)
    assert models.document(model) == models.document(again)
    with pytest.raises(deltaw.InputError, match="target: expected a column's name, found True"):
        deltaw.fit(numbered, True, **QUICK)  # type: ignore[arg-type]
    with pytest.raises(deltaw.InputError, match=r"found Series; put it into the table .* deltaw\.sklearn"):
        deltaw.fit(numbered, numbered[names["grade"]], **QUICK)
