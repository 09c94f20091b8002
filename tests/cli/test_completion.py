"""What a shell is offered, asked for as bash asks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import deltaw
from deltaw.cli import main


def asked(line: str) -> dict[str, str]:
    """The variables by which bash asks for the words at the end of a line."""
    return {
        "_DELTAW_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1),
    }  # fmt: skip


def program(folder: Path, *arguments: str, **variables: str) -> list[str]:
    """The words that the program prints in a process of its own."""
    env = os.environ | {"PYTHONPATH": str(Path(deltaw.__file__).parents[1])} | variables
    command = [sys.executable, "-m", "deltaw", *arguments]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=True)
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
def test_what_is_offered(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, words: set[str]
) -> None:
    monkeypatch.chdir(folder)
    for name, value in asked(line).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main([])
    assert not ended.value.code
    out, err = capsys.readouterr()
    assert (set(out.split()), err) == (words, "")


def test_the_program_offers_it(folder: Path) -> None:
    line = "deltaw train flowers.csv --target sp"
    assert set(program(folder, **asked(line))) == {"species", "spines"}


def test_the_script_names_the_program(folder: Path) -> None:
    # Otherwise Typer takes the shell that it finds among the processes above this one, which may be any, or none.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = " ".join(program(folder, "--show-completion", "bash", **named))
    assert "complete -o default -F _deltaw_completion deltaw" in shown
