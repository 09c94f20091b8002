"""`deltaw derive`, and the page of derivations that it wrote."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from commands import Run, refused
from deltaw import explain
from deltaw.cli import main

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "derivations.md"


def test_json_is_one_document_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "--activation", "tanh", "--error", "huber(0.5)", "--layers", "1", "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert (document["activation"], document["loss"], document["hidden"]) == ("tanh", "huber(0.5)", None)
    assert document["lines"][-1]["text"] == "∂E/∂b_k = δ_k"
    assert "\n" not in out.rstrip("\n")
    assert err == ""


@pytest.mark.parametrize(("name", "start"), [("a.html", "<!doctype html>"), ("a.md", "# ∂E/∂w"), ("a.txt", "∂E/∂w")])
def test_the_ending_says_the_format(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, start: str) -> None:
    assert main(["derive", "--layers", "1", "--output", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    assert capsys.readouterr().out == ""


def test_what_cannot_be_minimised_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "-a", "step", "-e", "difference", "-l", "1"]) == 0
    assert "This pairing cannot be minimised" in capsys.readouterr().out


@pytest.mark.parametrize(("options", "message"), [
    ("-a tahn", "did you mean 'tanh'"),
    ("-e sqared", "did you mean 'squared'"),
    ("--hidden no", "found 'no'"),
    ("--layers 0", "found 0"),
    ("--layers two", "expected a whole number, found 'two'"),
    ("--format pdf", "--format: expected one of text, markdown, html, json"),
    ("--output nowhere/a.md", "a folder that does not exist"),
    ("--activaton tanh", "No such option"),
])  # fmt: skip
def test_bad_input(run: Run, options: str, message: str) -> None:
    assert message in refused(run("derive", *options.split()))


COMMANDS = re.findall(
    r"^  deltaw derive -a (\S+) +-e (\S+) +-f markdown(?: --layers (\d))?$", DOCUMENT.read_text(), re.M
)


def test_the_commands_of_the_document_are_seen() -> None:
    assert len(COMMANDS) == 2


@pytest.mark.parametrize(("activation", "error", "layers"), COMMANDS)
def test_the_document_holds_what_the_program_derives(activation: str, error: str, layers: str) -> None:
    d = explain.derivation(activation, error, int(layers or 2))
    text = DOCUMENT.read_text(encoding="utf-8")
    place = text.index(f"## {d.page.title}".replace("_", "\\_"))
    for line in d.lines:
        place = text.find(f"$$\n{line.latex}\n$$", place + 1)
        assert place > 0, line.text
