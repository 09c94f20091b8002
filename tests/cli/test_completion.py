"""What a shell is offered, asked for as bash asks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import deltaw


def offered(folder: Path, line: str) -> list[str]:
    """The words for the end of a line."""
    env = os.environ | {
        "PYTHONPATH": str(Path(deltaw.__file__).parents[1]), "_DELTAW_COMPLETE": "complete_bash",
        "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "deltaw"], env=env, cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shell")
    columns = {"species": ["a", "b"], "spines": [1, 2], "height": [1, 2], "spi\x1b[2Jtitle": [1, 2]}
    pl.DataFrame(columns).write_csv(folder / "flowers.csv")
    (folder / "broken.csv").write_text('"')
    return folder


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("deltaw tr", {"train"}),
        ("deltaw train --no", {"--not-na"}),
        ("deltaw train --recipe n", {"notes"}),
        ("deltaw train flowers.csv --set dropout", {"dropout=", "dropout_schedule="}),
        ("deltaw train flowers.csv --target sp", {"species", "spines"}),
        ("deltaw train nowhere.csv --target sp", set()),
        ("deltaw train broken.csv --target sp", set()),
        ("deltaw train --metric balanced", {"balanced_accuracy"}),
        ("deltaw train iris --engine r", {"reference"}),
        ("deltaw train d", {"digits", "diabetes"}),
        ("deltaw evaluate model.deltaw f", {"flowers.csv"}),
        ("deltaw lesson ne", {"network", "neuron"}),
    ],
)
def test_what_is_offered(folder: Path, line: str, words: set[str]) -> None:
    assert set(offered(folder, line)) == words


def test_the_script_names_the_program(folder: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(Path(deltaw.__file__).parents[1])}
    command = [sys.executable, "-m", "deltaw", "--show-completion", "bash"]
    shown = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    assert "complete -o default -F _deltaw_completion deltaw" in shown
