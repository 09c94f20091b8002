"""What each help says is so: its examples run, and its lists are those of the code."""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer

import deltaw
from commands import Run
from deltaw.cli import main
from deltaw.cli.app import app
from deltaw.cli.examples import EXAMPLES, LONG
from deltaw.cli.speaking import PANEL_OF
from deltaw.models.recipes import RECIPES, Recipe, choose
from deltaw.models.settings import meanings, settings
from deltaw.speech import say

COMMANDS: Any = typer.main.get_command(app)
ALL = [line for lines in EXAMPLES.values() for line in lines]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Beside which the examples run: flowers.csv, and a model as the first of them makes, but small."""
    folder = tmp_path_factory.mktemp("examples")
    frame = deltaw.read("iris").frame
    names = [name.split(" (")[0].replace(" ", "_") for name in frame.columns]
    flowers = frame.rename(dict(zip(frame.columns, names, strict=True))).with_row_index("id")
    flowers = flowers.with_columns(pl.col("id").cast(pl.Int64))
    flowers.write_csv(folder / "flowers.csv")
    deltaw.fit(flowers, "species", drop="id*", hidden=8, epochs=8, folds=2).save(folder / "small.deltaw")
    return folder


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("line", [line for line in ALL if line not in LONG])
def test_examples_run(
    line: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    if "model.deltaw" in line:
        shutil.copy("small.deltaw", "model.deltaw")
    program, *arguments = shlex.split(line.replace("--seconds 2", "--seconds 0.5"))
    assert program == "deltaw"
    assert main(arguments) == 0, capsys.readouterr().err
    assert all(Path(each).exists() for each in arguments if each.endswith((".html", ".csv", ".jsonl", ".deltaw")))


@pytest.mark.slow
@pytest.mark.parametrize("line", sorted(LONG))
def test_long_examples_run(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert main(shlex.split(line)[1:]) == 0


@pytest.mark.parametrize("command", sorted(COMMANDS.commands))
def test_every_help_ends_with_examples(run: Run, command: str) -> None:
    assert 2 <= len(EXAMPLES[command]) <= 4
    text = " ".join(run(command, "--help")[1].split())
    assert all(line in text for line in EXAMPLES[command])


def test_settings_are_those_of_the_recipe(run: Run) -> None:
    names = [field.name for field in fields(Recipe) if field.name != "name"]
    assert [each.name for each in settings()] == names
    assert set(meanings()) == {"name", *names}  # the docstring speaks of all of them, and of nothing else
    status, out, err = run("train", "--settings")
    assert (status, err) == (0, "")
    assert set(names) <= set(out.split())
    for each in settings():
        assert set(each.defaults) == set(RECIPES)
        assert each.values


def test_limits_are_those_that_hold() -> None:
    said = {each.name: each.values for each in settings()}
    assert said["dropout"] == "a finite number, 0 to 0.95 or none"
    assert choose("default", "classification", {"dropout": 0.95}).dropout == 0.95
    with pytest.raises(deltaw.InputError):
        choose("default", "classification", {"dropout": 0.96})
    assert said["patience"] == "waves, a whole number, 1 or more or none"
    for name in said["optimizer"].split(", "):
        choose("default", "classification", {"optimizer": name})


def test_panels_are_of_options_that_exist() -> None:
    assert {*PANEL_OF} <= {each.name for each in COMMANDS.commands["train"].params}


def test_a_flag_has_no_type_in_help(run: Run) -> None:
    for command in COMMANDS.commands:
        assert "bool" not in re.sub(r"\bboolean\b", "", run(command, "--help")[1])


def test_no_word_of_a_chinese_help_is_lost_where_lines_are_broken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    for name, command in COMMANDS.commands.items():
        shown = re.sub(r"[\s│]", "", run(name, "--help", "--lang", "zh")[1])
        with deltaw.language("zh"):
            said = [say(" ".join(each.help.split())) for each in command.params if each.help and each.name != "words"]
        assert [text for text in said if re.sub(r"\s", "", text) not in shown] == []
