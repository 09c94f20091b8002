"""A word among numbers or days that says a gap: the column is of numbers, and the word is missing, here and later."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import deltaw
from deltaw.models import plan
from deltaw.speech.settings import by_command
from deltaw.tables.strays import gaps_among, gaps_of

NUMBERS = [f"{value:.2f}" for value in np.random.default_rng(0).normal(size=60)]
DAYS = [str(day)[:10] for day in pd.date_range("2024-01-31", periods=60)]
UNITS = [f"{value} kg" for value in NUMBERS]


def among(cells: list[str], *words: str) -> pl.Series:
    return pl.Series("x", [*cells, *words])


@pytest.mark.parametrize("cells", [NUMBERS, DAYS, UNITS], ids=["numbers", "days", "units"])
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["n.a."] * 20, {"n.a.": 20}),
        (["k.A.", "K.A.", "-"], {"k.a.": 2, "-": 1}),
        (["无数据"] * 2, {"无数据": 2}),
        (["*"], {"*": 1}),
        (["twelve"], {}),  # once: a mistake
        (["a", "b", "c", "d"] * 3, {}),  # four of them are words
        (["n.a."] * 70, {}),  # more than numbers
        (["<5"] * 3, {}),  # has a digit
        (["x"] * 3, {}),  # the column's name, as where files are joined with their first lines
        ([], {}),
    ],
)
def test_what_says_a_gap(cells: list[str], words: list[str], found: dict[str, int]) -> None:
    assert gaps_among(among(cells, *words)) == found


@pytest.mark.parametrize(
    "cells",
    [
        ["01067", "80331", "20095", "04109"] * 5,  # codes
        ["A12", "B7", "C9"] * 20,
        ["12 Main St", "7 High St"] * 20,
        ["2024-01-31", "12", "5"] * 20,
        ["yes", "no"] * 20,
    ],
)
def test_other_columns_have_none(cells: list[str]) -> None:
    assert gaps_among(among(cells, "n.a.", "n.a.")) == {}


def test_few_different_numbers_are_codes_beside_a_common_word() -> None:
    """4, 6, 8 and "electric" are four kinds of engines; "n.a." in a fiftieth of the cells is a gap all the same."""
    assert gaps_among(among(["4", "6", "8"] * 20, *["electric"] * 20)) == {}
    assert gaps_among(among(["4", "6", "8"] * 40, "n.a.", "n.a.")) == {"n.a.": 2}
    assert gaps_among(among(["4", "6", "8"] * 40, "n.a.", "n.a."), few=False) == {}  # a target's are classes


def test_a_class_of_the_target_is_none() -> None:
    frame = pl.DataFrame({"x": [*NUMBERS, "-", "-"], "y": ["+", "-"] * 31})
    assert gaps_of(frame, "y", {}) == ((), ())
    assert gaps_of(frame.with_columns(y=pl.lit("+")), "y", {})[0] == ("-",)
    assert gaps_of(frame.with_columns(y=pl.lit("+")), "y", {"x": "category"}) == ((), ())


def test_what_is_said_can_be_typed() -> None:
    """A name with a blank is one word of a shell's only in quotes; a word is quoted as the language quotes."""
    frame = pl.DataFrame({"Test 1": [*NUMBERS, "-", "-"], "y": ["no", "yes"] * 31})
    with by_command():
        assert gaps_of(frame, "y", {})[1][0].endswith("--as 'Test 1=category' if not")
    with deltaw.language("zh"):
        assert "写着“-”" in gaps_of(frame, "y", {})[1][0]


def table(rows: int = 200, word: str = "n.a.") -> pl.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.normal(size=rows)
    cells = [word if i % 8 == 0 else f"{value:.3f}" for i, value in enumerate(x)]
    y = [f"{np.where(i % 8 == 0, 3.0, value):.3f}" for i, value in enumerate(x)]
    return pl.DataFrame({"x": cells, "side": rng.choice(["left", "right"], rows), "y": y})


@pytest.mark.parametrize("kind", ["csv", "frame", "pandas"])
def test_a_table_with_such_a_word(kind: str, tmp_path: Path) -> None:
    """Learnt as numbers; the word has an input of its own, is said once, and means the same in rows to come."""
    frame, path = table(), tmp_path / "t.csv"
    frame.write_csv(path)
    source: Any = {"csv": path, "frame": frame, "pandas": frame.to_pandas()}[kind]
    made = plan(source, "y", folds=0)
    assert {column.name: column.kind for column in made.columns} == {"x": "number", "side": "category"}
    assert sum('"x" has "n.a." in 25 of 200 cells' in note for note in made.table.notes) == 1
    model = deltaw.fit(source, "y", folds=0, epochs=40, verbose=False)
    model.save(tmp_path / "m.deltaw")
    rows = pl.DataFrame({"x": ["N.A.", None, "0.5"], "side": ["left"] * 3})
    answers = deltaw.load(tmp_path / "m.deltaw").predict(rows)
    assert answers[0] == answers[1]
    assert answers[0] == pytest.approx(3.0, abs=0.5)
    assert answers[2] == pytest.approx(0.5, abs=0.3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """And says what to do, instead of waiting for what nobody writes."""
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    writer = Thread(target=lambda: pipe.write_text(table().write_csv()))
    writer.start()
    made = plan(str(pipe), "y", folds=0)
    writer.join()
    assert made.columns[0].kind == "category"
    wanted = '"x" is read as categories, since 25 of its 200 cells are not numbers'
    assert any(wanted in note for note in made.table.notes)


def test_answers_that_are_not_known(tmp_path: Path) -> None:
    frame = table().select(pl.col("y").alias("x"), "side", pl.col("x").alias("y"))
    made = plan(frame, "y", folds=0)
    assert (made.target.task, made.left_out) == ("regression", 25)
    assert any('"y" has "n.a." in 25 of 200 cells' in note for note in made.table.notes)


def test_said_as_a_category_it_is_one() -> None:
    made = plan(table(), "y", folds=0, kinds={"x": "category"})
    assert [column.kind for column in made.columns] == ["category", "category"]
