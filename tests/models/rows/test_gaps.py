"""Rows without an answer are left out, wherever answers are needed, and counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from small import QUICK, frame
from test_fit import weights

import deltaw
from deltaw import models
from deltaw.doctor import examine_model
from deltaw.exceptions import ColumnError
from deltaw.tables import Table, read

NO_ANSWER = {"grade": " NA ", "price": float("nan")}


@pytest.fixture(params=["grade", "price"])
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def gaps(target: str) -> pl.DataFrame:
    """Every fifth answer is missing, in two ways."""
    rows = frame().drop(({"grade", "price"} - {target}).pop())
    row = pl.int_range(pl.len())
    there = pl.when(row % 5 > 0).then(pl.col(target))
    spelt = pl.when(row % 10 == 0).then(pl.lit(NO_ANSWER[target])).otherwise(there)
    return rows.with_columns(spelt.alias(target))


def known(gaps: pl.DataFrame) -> pl.DataFrame:
    return gaps.filter(pl.int_range(pl.len()) % 5 > 0)


def test_as_if_the_rows_were_not_there(gaps: pl.DataFrame, target: str) -> None:
    plan = models.plan(gaps, target, **QUICK)
    assert (plan.left_out, plan.rows, len(plan.table.frame)) == (48, 192, 192)
    with_gaps, without = models.run(plan), deltaw.fit(known(gaps), target, **QUICK)
    assert weights(with_gaps) == weights(without)
    assert models.document(with_gaps) == models.document(without)
    assert models.plan(known(gaps), target, **QUICK).left_out == 0


def test_scores_and_worth_are_those_of_the_other_rows(gaps: pl.DataFrame, target: str) -> None:
    model = deltaw.fit(known(gaps), target, **QUICK)
    assert model.evaluate(gaps).document() == model.evaluate(known(gaps)).document()
    assert model.evaluate(gaps).rows == 192
    assert model.importance(gaps).document() == model.importance(known(gaps)).document()
    assert len(model.predict(gaps)) == 240


def test_the_same_division_is_found_again(gaps: pl.DataFrame, target: str) -> None:
    plan = models.plan(gaps, target, folds=0, validation=0.4, **QUICK)
    model = models.run(plan)
    again = models.replan(model, gaps)
    assert again is not None
    for part in ("training", "validation", "test"):
        np.testing.assert_array_equal(getattr(again, part).X, getattr(plan, part).X)
        np.testing.assert_array_equal(getattr(again, part).T, getattr(plan, part).T)
    assert again.left_out == plan.left_out
    assert len(examine_model(model, gaps, seconds=0).setup.X) == len(plan.training)
    others = gaps[:150]
    assert models.replan(model, others) is None
    seen = examine_model(model, others, seconds=0).setup
    assert len(seen.X) + len(seen.test[0]) == 120


def test_of_a_table_with_test_rows_both_parts(gaps: pl.DataFrame, target: str) -> None:
    rows = read(gaps).frame
    parts = {"frame": rows[:180], "test": rows[180:]}
    plan = models.plan(Table(name="a table", **parts), target, **QUICK)
    assert (plan.left_out, plan.rows) == (48, 192)
    assert plan.test is not None
    assert len(plan.test) == 48
    no_answers = replace(plan.table, test=gaps[180:].with_columns(pl.lit(None).alias(target)))
    assert models.run(models.plan(no_answers, target, **QUICK)).scores is None


def test_messages_name_the_row_of_the_file(gaps: pl.DataFrame, target: str) -> None:
    model = deltaw.fit(known(gaps), target, **QUICK)
    bad: dict[str, Any] = {"size": gaps.with_columns(size=pl.lit("7")).with_row_index("row").with_columns(
        size=pl.when(pl.col("row") == 7).then(pl.lit("big")).otherwise(pl.col("size"))
    )}  # fmt: skip
    with pytest.raises(ColumnError, match='row 8 of column "size"'):
        model.evaluate(bad["size"])
    wrong = gaps.with_columns(
        pl.when(pl.int_range(pl.len()) == 7)
        .then(pl.lit("what"))
        .otherwise(pl.col(target).cast(pl.String))
        .alias(target)
    )
    with pytest.raises(ColumnError, match=f'row 8 of column "{target}"'):
        model.evaluate(wrong)
    if target == "price":
        with pytest.raises(ColumnError, match='row 8 of column "price"'):
            models.plan(wrong, "price", task="regression")


def test_no_answer_at_all(gaps: pl.DataFrame, target: str) -> None:
    model = deltaw.fit(known(gaps), target, **QUICK)
    none = gaps.filter(pl.int_range(pl.len()) % 5 == 0)
    for what in (
        lambda: deltaw.fit(none, target),
        lambda: model.evaluate(none),
        lambda: model.importance(none),
        lambda: examine_model(model, none),
    ):
        with pytest.raises(ColumnError, match="none in 48 rows") as caught:
            what()
        assert "\n" not in str(caught.value)
