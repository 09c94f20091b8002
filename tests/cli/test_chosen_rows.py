"""Rows and columns by choice: answers that are missing, columns to leave out, kinds that are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from deltaw.cli import main

QUICK = ["--engine", "reference", "--hidden", "8", "--epochs", "4"]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a folder with rows.csv: (exit status, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    table().write_csv("rows.csv")

    def call(command: str) -> tuple[int, str, str]:
        status = main(command.split())
        return status, *capsys.readouterr()

    return call


def table(n: int = 120) -> pl.DataFrame:
    """Every fourth row has no grade."""
    rng = np.random.default_rng(0)
    x, word = rng.normal(size=n), rng.choice(["a", "b"], n)
    grade = [None if i % 4 == 0 else "high" if value > 0 else "low" for i, value in enumerate(x)]
    return pl.DataFrame(
        {"user": rng.permutation(n) + 1000, "x": x, "word": word, "sub_1": x, "sub_2": -x, "grade": grade}
    )


SAID = "30 of 120 rows have no grade: left out"


def train(more: str = "") -> str:
    return f"train rows.csv -t grade {' '.join(QUICK)} {more}"


def test_rows_without_an_answer_are_counted_once(run: Run) -> None:
    status, out, err = run(train("--json"))
    assert status == 0
    assert err.count(SAID) == 1
    document = json.loads(out)
    assert document["rows_left_out"] == 30
    assert sum(document["origin"][f"{part}_rows"] for part in ("training", "validation", "test")) == 90
    for command in (
        "evaluate model.deltaw rows.csv",
        "evaluate model.deltaw rows.csv --report report.html",
        "importance model.deltaw rows.csv",
        "doctor model.deltaw rows.csv --seconds 0",
        "doctor rows.csv -t grade --seconds 0",
    ):
        status, out, err = run(f"{command} --json")
        assert status == 0, err
        assert err.count(SAID) == 1
        assert json.loads(out)["rows_left_out"] == 30
    assert "90 rows of rows.csv" in run("evaluate model.deltaw rows.csv")[1]
    assert json.loads(run("predict model.deltaw rows.csv --json")[1])["predictions"][120:] == []


def test_where_none_is_missing_nothing_is_said(run: Run) -> None:
    table().drop_nulls().write_csv("rows.csv")
    for command in (train("--json"), "evaluate model.deltaw rows.csv --json"):
        status, out, err = run(command)
        assert status == 0
        assert "left out" not in err
        assert json.loads(out)["rows_left_out"] == 0
