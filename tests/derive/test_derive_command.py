"""`deltaw derive`, and the page that shows formulas of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from commands import Run, refused
from deltaw import explain
from deltaw.cli import main

DOCS = Path(__file__).parents[2] / "docs"
FORMULA = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.M)


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
    assert "This combination cannot be minimised" in capsys.readouterr().out


@pytest.mark.parametrize(("options", "message"), [
    ("-a tahn", "did you mean 'tanh'"),
    ("-e sqared", "did you mean 'squared'"),
    ("--hidden no", "found 'no'"),
    ("--layers 0", "found 0"),
    ("--layers two", "expected a whole number, found 'two'"),
    ("--format pdf", "--format: expected one of text, markdown, html, json"),
    ("--output nowhere/a.md", "a folder that does not exist"),
    ("--activaton tanh", "there is no --activaton (did you mean --activation?)"),
])  # fmt: skip
def test_bad_input(run: Run, options: str, message: str) -> None:
    assert message in refused(run("derive", *options.split()))


@pytest.mark.parametrize("name", ["derivations.md", "derivations.zh.md"])
def test_the_page_has_formulas_that_are_derived(name: str) -> None:
    derived = [explain.derivation("sigmoid", "squared"), explain.derivation("softmax", "cross_entropy", layers=1)]
    shown = FORMULA.findall((DOCS / name).read_text(encoding="utf-8"))
    assert len(shown) == 12
    assert set(shown) <= {formula for each in derived for formula in FORMULA.findall(each.page.markdown())}
