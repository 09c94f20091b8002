"""docs/export.md: its examples run, in their order, and its table has every form."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import polars as pl
import pytest

import deltaw
from deltaw.cli import main
from deltaw.export import FORMS

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def test_every_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = deltaw.read("iris").frame
    frame.with_row_index("id").with_columns(pl.col("id").cast(pl.Int64)).write_csv(tmp_path / "flowers.csv")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    blocks = re.findall(r"```(console|python)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 4
    for language, text in blocks:
        if language == "python":
            exec(compile(text, str(PAGE), "exec"), {})
            continue
        for line in text.splitlines():
            program, *arguments = shlex.split(line.removeprefix("$ "))
            assert program == "deltaw"
            assert main(arguments) == 0, line
    sys.modules.pop("flowers", None)
    assert {"flowers.c", "flowers.h", "flowers.py", "flowers.sql", "network.c"} <= {p.name for p in tmp_path.iterdir()}


def test_every_form_is_in_the_table() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for form in FORMS.values():
        assert any(line.startswith("|") and all(f"`{ending}`" in line for ending in form.endings) for line in lines)
