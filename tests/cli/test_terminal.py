"""What reaches a terminal: no command of anybody's but Rich's own, and every number whole."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.cli import main
from deltaw.cli.output import documents, text
from deltaw.cli.output.screen import Screen
from deltaw.models.settings import written
from deltaw.signs import HIDDEN
from deltaw.tables.cells import UNSEEN
from whole import WIDTHS, missing

CLI = Path(text.__file__).parents[1]
QUICK = ["--engine", "native", "--hidden", "4", "--epochs", "2"]
TITLE = "\x1b]0;X\x07"  # sets the title of the window
NASTY = [TITLE, "\x9b31mred", "a\u202egpj.exe", "[b]:warning:[/b]", "new\nline", "tab\tbed", "ze\u200bro", "[/nothing]"]
# What Rich itself sends: colours, hiding the cursor, going up a line and erasing it.
OWN = re.compile(r"\x1b\[(?:[\d;]*m|\?25[lh]|\d*[AK]|1G)")
PRINTS = {"print", "typer.echo", "sys.stdout", "sys.stderr", "Console", "rich.print"}
CHILD = """
import json, sys
from deltaw.cli import main
for arguments in json.loads(sys.argv[1]):
    print(main(arguments), "is the status of", arguments[0], flush=True)
"""


def hostile(rows: int = 60) -> pl.DataFrame:
    """A table whose columns and classes try everything."""
    rng = np.random.default_rng(0)
    numbers = {name: rng.normal(size=rows).round(3) for name in NASTY}
    classes = [TITLE, ":warning:", "=cmd|' /C calc'!A0", "\x9b2J", "学习\u202e"]
    label = np.where(rng.random(rows) < 0.5, numbers[TITLE] > 0, rng.integers(0, 5, rows))
    return pl.DataFrame(numbers | {"[i]class": [classes[int(i)] for i in label]})


def in_a_terminal(commands: list[list[str]], folder: Path) -> str:
    """What a terminal is sent when these commands run in it, both streams."""
    import pty

    ours, theirs = pty.openpty()
    env = os.environ | {
        "TERM": "xterm-256color", "COLUMNS": "100", "PYTHONPATH": str(Path(deltaw.__file__).parents[1]),
    }  # fmt: skip
    command = [sys.executable, "-c", CHILD, json.dumps(commands)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=env) as child:
        os.close(theirs)
        sent = b""
        while True:
            try:
                sent += (part := os.read(ours, 65536))
            except OSError:  # the terminal is closed: how Linux says that the child has ended
                break
            if not part:
                break
        os.close(ours)
    assert child.returncode == 0, sent.decode(errors="replace")
    return sent.decode("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals")
def test_names_command_no_terminal(tmp_path: Path) -> None:
    data = "[b]\x1b]0;X\x07:warning:\u202e.csv"
    hostile().write_csv(tmp_path / data)
    target = ["--target", "[i]class"]
    sent = in_a_terminal(
        [
            ["train", data, *target, *QUICK, "-o", "m.deltaw"],
            ["train", data, *target, *QUICK, "-o", "m.deltaw", "--json"],
            ["show", "m.deltaw"],
            ["show", "m.deltaw", "--json"],
            ["evaluate", "m.deltaw", data],
            ["explain", "m.deltaw", data],
            ["explain", "m.deltaw", data, "--format", "markdown"],
            ["predict", "m.deltaw", data],
            ["predict", "m.deltaw", data, "--json"],
            ["doctor", data, *target, *QUICK, "--seconds", "0.2"],
            ["train", "[/b]\x1b[2J\udcff.csv"],
            ["train", data, "--target", TITLE + "\n"],
        ],
        tmp_path,
    )
    assert re.findall(r"^(\d) is the status of", sent, re.M) == ["0"] * 10 + ["2"] * 2
    plain = OWN.sub("", sent).replace("\r\n", "\n").replace("\r", "")
    assert {sign for sign in plain if unicodedata.category(sign) in HIDDEN} == {"\n"}
    assert "⚠" not in plain
    for shown in (r"\x1b]0;X\x07", r"\x9b31mred", r"a\u202egpj.exe", "[b]:warning:[/b]", "new line", r"\udcff.csv"):
        assert shown in plain


@pytest.mark.parametrize("arguments", [["lesson"], ["show", "--help"]])
def test_a_terminal_of_unknown_width_is_told_all(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for width in ("80", "0"):
        monkeypatch.setenv("COLUMNS", width)
        assert main(arguments) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != ""


def test_a_pipe_gets_the_answers_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    frame = hostile()
    frame.write_csv("d.csv")
    assert main(["train", "d.csv", "-t", "[i]class", *QUICK, "-o", "m.deltaw"]) == 0
    capsys.readouterr()
    assert main(["predict", "m.deltaw", "d.csv"]) == 0
    answers = pl.read_csv(io.BytesIO(capsys.readouterr().out.encode()))
    assert answers["prediction"].to_list() == deltaw.load("m.deltaw").predict("d.csv").tolist()
    classes = {re.sub(f"[{UNSEEN}]", "", name) for name in frame["[i]class"]}
    assert set(answers.columns[2:]) == {f"probability_{name}" for name in classes}


FORMULAS = {"=1+1": "'=1+1", "+x": "'+x", "-2+3": "'-2+3", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "＝1": "'＝1",
            "-1.5": "-1.5", "a=b": "a=b", "'": "'", "": "", "+4e-3": "+4e-3"}  # fmt: skip


def test_a_spreadsheet_finds_no_formula() -> None:
    frame = pl.DataFrame({"prediction": list(FORMULAS), "=x": [-1.5] * len(FORMULAS)})
    safe = documents.safe(frame)
    assert safe["prediction"].to_list() == list(FORMULAS.values())
    assert safe.columns == ["prediction", "'=x"]
    assert safe["'=x"].to_list() == [-1.5] * len(FORMULAS)
    numbers = pl.DataFrame({"prediction": [-1.5, 2.0]})
    assert documents.safe(numbers).equals(numbers)


def test_answers_are_data_unless_they_shall_be_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"x": [1.0, 2.0] * 20, "y": ["=1+1", "@x"] * 20}).write_csv("d.csv")
    assert main(["train", "d.csv", "-t", "y", *QUICK, "-o", "m.deltaw"]) == 0
    for option, mark in (([], ""), (["--safe-csv"], "'")):
        for output in ("out.csv", "out.tsv"):
            assert main(["predict", "m.deltaw", "d.csv", *option, "-o", output]) == 0
            answers = pl.read_csv(output, separator="\t" if output == "out.tsv" else ",")
            assert set(answers["prediction"]) <= {f"{mark}=1+1", f"{mark}@x"}
            assert answers["probability_=1+1"].dtype == pl.Float64
    capsys.readouterr()
    for other in (["-o", "out.parquet"], ["--json"]):
        assert main(["predict", "m.deltaw", "d.csv", "--safe-csv", *other]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert "--safe-csv: expected answers as .csv or .tsv" in err
    assert not Path("out.parquet").exists()


def test_commands_print_by_the_screen_alone() -> None:
    """A new command cannot forget what `Screen` does."""
    said_there = {"screen.py", "__init__.py", "streams.py"}  # these have the line of an error, and the streams
    printed = [
        (path.name, ast.unparse(node))
        for path in sorted(CLI.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if path.name not in said_there and isinstance(node, (ast.Name, ast.Attribute)) and ast.unparse(node) in PRINTS
    ]
    assert printed == [("app.py", "print")] * 2  # the version, and the help


def test_train_says_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    diagnosis = SimpleNamespace(line="risk, this: that.", evidence=SimpleNamespace(refusal=None))
    monkeypatch.setattr("deltaw.cli.commands.doctor.examined", lambda plan, seconds: diagnosis)
    for found, said in (("", ["risk, this: that"]), ("fault, so", ["risk, this: that", "fault, so"])):
        monkeypatch.setattr("deltaw.doctor.outcome", lambda model, plan, found=found: found)
        assert main(["train", "iris", *QUICK]) == 0
        lines = capsys.readouterr().err.splitlines()
        assert [line for line in lines if line.startswith("doctor")] == [
            f"doctor   {each}; see deltaw doctor" for each in said
        ]


# --- numbers --------------------------------------------------------------------------------------------------------


@cache
def scored(classes: int) -> deltaw.Model:
    rng = np.random.default_rng(1)
    frame = pl.DataFrame(
        {f"a rather long name of column {i}": rng.normal(1e5, 1e4, 300).round(3) for i in range(6)}
        | {"kind of thing": [f"class number {i}" for i in rng.integers(0, classes, 300)]}
    )
    return deltaw.fit(frame, "kind of thing", engine="native", hidden=(4,), epochs=2)


@pytest.mark.parametrize("width", [40, *WIDTHS])
@pytest.mark.parametrize("classes", [3, 11, 20])
def test_scores_and_columns_stand_whole(classes: int, width: int) -> None:
    model, out = scored(classes), io.StringIO()
    text.print_model(Screen(file=out, width=width), model, Path("m.deltaw"))
    tokens = Counter(out.getvalue().split())
    scores = model.scores
    assert scores is not None
    assert scores.confusion is not None
    wanted = [metric.show(each[metric.name]) for metric in scores.first for each in (scores, scores.baseline)]
    if classes <= text.MAX_CONFUSION:
        wanted += [str(n) for n in scores.confusion.ravel() if n]
        wanted += [f"{100 * share:.3g}%" for share in (*scores.recall, *scores.precision) if not np.isnan(share)]
    wanted += [written(value) for value in model.recipe.document().values() if isinstance(value, (int, float))]
    assert Counter(wanted) - tokens == {}
    assert "number" in tokens


@pytest.mark.parametrize(
    ("classes", "before", "behind", "shown"),
    [
        (3, 80, 0, "class_aaa… aaaaaaaaa2"),
        (20, 80, 0, "class_aaaaaaa…aaaaaaaaaaaa12"),
        (3, 12, 12, "class_aaaaaaaaaaaa2aaaaaaaaaaaa"),  # whole: they differ in their middle alone
    ],
)
def test_long_names_of_classes_lack_their_middle(classes: int, before: int, behind: int, shown: str) -> None:
    """In a terminal; JSON has them whole."""
    found, out = scored(classes).scores, io.StringIO()
    assert found is not None
    names = [f"class_{before * 'a'}{i}{behind * 'a'}" for i in range(classes)]
    long = replace(found, classes=names)
    text.print_scores(Screen(file=out, width=80), long, "rows", ())
    assert {*shown.split()} <= {*out.getvalue().split()}
    assert all(len(line) <= 80 for line in out.getvalue().splitlines())
    assert [each["class"] for each in documents.scores(long)["classes"]] == names


def test_a_line_is_broken_at_blanks_and_a_path_stays_whole() -> None:
    path = "/a/very/long/path/of/a/model/that/no/line/holds.deltaw"
    said = f"64 epochs in 0.0358 s (171,537 samples/s), weights of epoch 37 kept, in {path} (1,234,567 bytes)"
    for terminal in (True, False):
        out = io.StringIO()
        Screen(file=out, width=40, force_terminal=terminal).print(said)
        shown = out.getvalue()
        assert shown.split() == said.split()
        lines = shown.splitlines()
        assert all(len(line) <= 40 or line == path for line in lines) if terminal else lines == [said]


def test_explanations_and_diagnoses_stand_whole() -> None:
    iris = deltaw.fit("iris", engine="native", hidden=(4,), epochs=2)
    pages = [
        deltaw.explain.prediction(iris, "iris", row=7).page,
        deltaw.explain.derivation("softmax", "cross_entropy").page,
        deltaw.doctor.examine_table("iris", engine="native", seconds=0.3).page,
    ]
    for page in pages:
        assert [missing(page, page.text(width), width) for width in (40, *WIDTHS)] == [{}] * 4
