"""Rows as people have them: what the model says of a table, the forms say of its cells, whatever stands in them."""

from __future__ import annotations

import csv
import json
import math
import runpy
import shutil
import subprocess
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import zoo
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_forms import written
from test_program import program_of

from deltaw.tables.cells import TRUTHS

NODE = """
import { readFileSync } from "node:fs";
const form = await import(process.argv[2]);
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map((row) => form.answer(row))));
"""
TRIED = NODE.replace("form.answer(row)", "{ try { form.answer(row); return true } catch { return false } }")
SCHEMA = {
    "size": pl.Float64, "weight": pl.Float64, "count": pl.Int64, "colour": pl.String, "odd": pl.String,
    "sunny": pl.Boolean, "answer": pl.String, "day": pl.Date, "written": pl.String, "time": pl.Datetime("us"),
}  # fmt: skip

numbers = st.none() | st.floats(allow_infinity=False)
words = (
    st.none() | st.sampled_from(["red", " green ", "Blue 中", "NA", "", "?", "never", *zoo.ODD]) | st.text(max_size=8)
)
rows = st.fixed_dictionaries(
    {
        "size": numbers,
        "weight": numbers,
        "count": st.none() | st.integers(-5, 9),
        "colour": words,
        "odd": words,
        "sunny": st.none() | st.booleans(),
        "answer": st.none() | st.sampled_from(["Yes", "no", "YES ", "true", "1", "perhaps", "n/a"]),
        "day": st.none() | st.dates(date(1, 1, 1), date(9999, 12, 31)),
        "written": st.none() | st.just("24.12.2021 18:30") | st.just(" 1.2.2022 01:05"),
        "time": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
    }
)

TRUTH_WORDS = {word for pair in TRUTHS for word in pair}


@cache
def form(name: str, folder: Path) -> dict[str, Any]:
    return runpy.run_path(str(written("python", program_of(zoo.model(name)), folder)))


@settings(max_examples=150)
@given(row=rows)
@example(row=dict.fromkeys(SCHEMA))
def test_python_says_of_odd_rows_what_the_model_says(row: dict[str, Any], tmp_path_factory: Any) -> None:
    model = zoo.model("target grade")
    folder = tmp_path_factory.getbasetemp()
    expected = model.answers(pl.DataFrame([row], schema=SCHEMA), engine="reference").probabilities
    np.testing.assert_allclose(form("target grade", folder)["answer"](row), expected[0], rtol=1e-5, atol=2e-7)


def table(folder: Path) -> Path:
    path = folder / "rows.csv"
    zoo.frame(80, seed=11).drop(*zoo.TARGETS).write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S-05:30")
    return path


@pytest.mark.parametrize("name", ["target grade", "missing numbers", "notes grade"])
def test_python_reads_a_file_as_the_model_does(name: str, tmp_path: Path) -> None:
    """Cells of text: numbers, words, truth values and dates as a CSV has them."""
    path, model = table(tmp_path), zoo.model(name)
    answer = runpy.run_path(str(written("python", program_of(model), tmp_path)))["answer"]
    with path.open(encoding="utf-8", newline="") as file:
        found = [answer(row) for row in csv.DictReader(file)]
    expected = model.answers(model.read(path), engine="reference").probabilities
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-7)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_javascript_reads_a_file_as_the_model_does(tmp_path: Path) -> None:
    path, model = table(tmp_path), zoo.model("target grade")
    script = tmp_path / "run.mjs"
    script.write_text(NODE, encoding="ascii")
    with path.open(encoding="utf-8", newline="") as file:
        cells = json.dumps([*csv.DictReader(file)])
    module = written("javascript", program_of(model), tmp_path)
    done = subprocess.run(["node", script, module], input=cells, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    expected = model.answers(model.read(path), engine="reference").probabilities
    np.testing.assert_allclose(json.loads(done.stdout), expected, rtol=1e-5, atol=2e-7)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_javascript_knows_the_first_years(tmp_path: Path) -> None:
    """Which `Date.UTC` takes for those of the twentieth century."""
    (script := tmp_path / "run.mjs").write_text(NODE, encoding="ascii")
    model = zoo.model("target grade")
    rows = [dict.fromkeys(SCHEMA) | {"day": day} for day in (date(1, 1, 1), date(99, 12, 31), date(100, 1, 1))]
    cells = json.dumps([row | {"day": row["day"].isoformat()} for row in rows])
    module = written("javascript", program_of(model), tmp_path)
    done = subprocess.run(["node", script, module], input=cells, capture_output=True, text=True, encoding="utf-8")
    expected = model.answers(pl.DataFrame(rows, schema=SCHEMA), engine="reference").probabilities
    np.testing.assert_allclose(json.loads(done.stdout), expected, rtol=1e-5, atol=2e-7)


@pytest.mark.parametrize("cell", ["YES", "yEs", " nO\t", "tRue", "否\u3000", "N/a", " nA", "Null ", "perhaps", ""])
def test_onnx_reads_words_as_python_does(cell: str, tmp_path: Path) -> None:
    """Yes and no, and what means a missing value, whatever their capitals and the blanks around them."""
    pytest.importorskip("onnx", reason="needs onnx")
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    made = program_of(zoo.model("target grade"))
    row = {"size": 3.0, "answer": cell, "colour": "red" if cell.strip().lower() in TRUTH_WORDS else cell}
    kinds = made.kinds
    cells = {name: row.get(name, "" if kind == "word" else math.nan) for name, kind in kinds.items()}
    fed = {name: np.array([[x]], object if kinds[name] == "word" else np.float64) for name, x in cells.items()}
    path = written("onnx", made, tmp_path)
    _, found = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, fed)
    np.testing.assert_allclose(found[0], form("target grade", tmp_path)["answer"](cells), rtol=1e-5, atol=2e-7)


def test_sql_reads_words_whatever_blanks_stand_around_them(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="needs duckdb")
    model = zoo.model("target grade")
    rows = [dict.fromkeys(SCHEMA) | {"colour": f"{blank}red{blank}"} for blank in ("", "\t", "\r\n", "\xa0", "\u3000")]
    data = pl.DataFrame(rows, schema=SCHEMA)
    statement = written("sql", program_of(model), tmp_path).read_text(encoding="utf-8")
    with duckdb.connect(config={"threads": 1}) as database:
        database.register("data", data.to_arrow())
        found = [row[-3:] for row in database.execute(statement).fetchall()]
    np.testing.assert_allclose(found, model.answers(data, engine="reference").probabilities, rtol=1e-5, atol=2e-7)
    assert len({*found}) == 1


@pytest.mark.parametrize("cell", ["many", "1e999", math.inf, "1_000"])
def test_python_refuses_what_is_no_number(cell: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        runpy.run_path(str(written("python", program_of(zoo.model("target grade")), tmp_path)))["answer"](
            dict.fromkeys(SCHEMA) | {"size": cell}
        )


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_javascript_refuses_what_is_no_number(tmp_path: Path) -> None:
    """Which `Number` takes for one, where a model does not."""
    (script := tmp_path / "run.mjs").write_text(TRIED, encoding="ascii")
    cells = ["0x1F", "0b1", "0o7", "1_000", [], [5], "Infinity", " 5 ", "+5", "5e0"]
    rows = json.dumps([dict.fromkeys(SCHEMA) | {"size": cell} for cell in cells])
    module = written("javascript", program_of(zoo.model("target grade")), tmp_path)
    done = subprocess.run(["node", script, module], input=rows, capture_output=True, text=True, encoding="utf-8")
    assert json.loads(done.stdout) == [False] * 7 + [True] * 3
