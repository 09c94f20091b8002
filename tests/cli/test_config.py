"""A run in a file: the same words as the options, and the same model, to the bit."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import Run, refused
from deltaw.cli import config

NAMES = ["a,b", ' "q" ', "id", "#x = 1", "\x9b2J\u202e", "学习", "c=d"]
QUICK = ["--engine", "native", "--hidden", "4", "--epochs", "2"]


def table() -> pl.DataFrame:
    columns = {name: [float((i * (k + 3)) % 23) for i in range(120)] for k, name in enumerate(NAMES)}
    return pl.DataFrame(columns | {"y": [f"class {i % 2}" for i in range(120)]})


def as_(name: str, kind: str) -> str:
    return '"' + f"{name}={kind}".replace('"', '""') + '"'


@pytest.mark.parametrize(
    "options",
    [
        [*QUICK, "--task", "classification", "--seed", "3", "--metric", "auc"],
        [*QUICK, "-r", "notes"],
        [*QUICK, "--set", "bias=false", "--set", "optimizer=adam(beta1=0.8)", "--set", "init=zeros"],
        [*QUICK, "--drop", '"a,b",id', "--as", as_("c=d", "category"), "--as", as_(NAMES[4], "category"),
         "--max-bytes", "1M", "--test-size", "0.3", "--set", "patience=2"],
        ["--engine", "native", "--epochs", "1", "--hidden", "none"],
    ],
    ids=["given", "notes", "settings", "columns", "no hidden layer"],
)  # fmt: skip
def test_a_run_that_is_written_down_gives_the_same_bits(run: Run, options: list[str]) -> None:
    table().write_csv("d.csv")
    assert run("train", "d.csv", "-t", "y", *options, "-o", "first.deltaw")[0] == 0
    status, written, err = run("train", "d.csv", "-t", "y", *options, "--print-config")
    assert (status, err) == (0, "")
    Path("run.toml").write_text(written, encoding="utf-8")
    assert run("train", "--config", "run.toml", "-o", "second.deltaw")[0] == 0
    assert Path("first.deltaw").read_bytes() == Path("second.deltaw").read_bytes()
    assert run("train", "--config", "run.toml", "--print-config")[1] == written
    assert written.replace("\n", "").isprintable()


def test_the_command_line_wins(run: Run) -> None:
    text = (
        'epochs = 9\nhidden = [5, 6]\nengine = "reference"\njson = true\nset = { dropout = 0.5, activation = "tanh" }\n'
    )
    Path("run.toml").write_text(f'data = "iris"\n{text}learning_rate = 0.5')
    document = json.loads(run("train", "--config", "run.toml")[1])
    recipe = document["recipe"]
    assert (recipe["epochs"], recipe["hidden"], recipe["dropout"], recipe["learning_rate"]) == (9, [5, 6], 0.5, 0.5)
    more = ["--epochs", "2", "--set", "dropout=0.1", "--set", "learning_rate=0.25"]
    recipe = json.loads(run("train", "--config", "run.toml", *more)[1])["recipe"]
    assert (recipe["epochs"], recipe["hidden"], recipe["learning_rate"]) == (2, [5, 6], 0.25)
    assert (recipe["dropout"], recipe["activation"]) == (0.1, "tanh")  # of settings each is for itself
    assert json.loads(run("train", "--config", "run.toml", "--epochs", "2", "wine")[1])["target"] == "cultivar"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("epoch = 3", "expected options of deltaw train, found 'epoch'; did you mean 'epochs'?"),
        ("[set]\ndropot = 0.1", "did you mean 'dropout'?"),
        ('config = "other.toml"', "expected options of deltaw train, found 'config'"),
        ("epochs = 'many'", "--epochs"),
        ("epochs = true", "epochs: expected a value, found True"),
        ("json = 1", "json: expected true or false, found 1"),
        ("epochs = ", "expected TOML"),
        ("epochs = 1\nepochs = 2", "expected TOML"),
        ("hidden = ['a']", "--hidden: expected units"),
        ("as = { x = 'colour' }", "x"),
        (b"\xff\xfe", "expected TOML"),
        ("epochs = " + "[" * 5000, "expected TOML"),
        ("epochs = " + "1" * 5000, "expected TOML"),
        ("epochs = 0x" + "f" * 5000, "expected TOML"),
        ("#" * 2**20 + "\nepochs = 1", "found more than 1,048,576 bytes"),
        (None, "expected a file"),
        ('output = "new/"', "--output: expected the path of a file, found new/"),
    ],
)
def test_a_wrong_file_is_one_line(run: Run, content: Any, said: str) -> None:
    if content is not None:
        Path("run.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert said in refused(run("train", "iris", *QUICK[:2], "--config", "run.toml"))
    assert not Path("model.deltaw").exists()


def test_a_file_may_begin_with_a_byte_order_mark(run: Run) -> None:
    Path("run.toml").write_bytes(b"\xef\xbb\xbfepochs = 1\r\n")
    assert "epochs = 1\n" in run("train", "iris", "--config", "run.toml", "--print-config")[1]


ANY = st.recursive(  # what a file of options can hold, and a few levels more
    st.text(st.characters(blacklist_categories=["Cs"])) | st.integers(-(2**62), 2**62) | st.booleans()
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(blacklist_categories=["Cs"])), inner),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(st.text(st.characters(blacklist_categories=["Cs"])), ANY))
def test_what_is_written_is_read_back(values: dict[str, Any]) -> None:
    assert tomllib.loads("\n".join(config._lines(values))) == values


def test_names_with_commas_keep_their_weights(run: Run) -> None:
    rows = {"a": [float(i % 7) for i in range(60)], "b": [("p,1", 'q="2')[i * 7 % 3 % 2] for i in range(60)]}
    pl.DataFrame(rows).write_csv("d.csv")
    asked = """"p,1=2","q=""2=3\""""
    assert run("train", "d.csv", "-t", "b", *QUICK, "--class-weight", asked, "-o", "first.deltaw")[0] == 0
    _, written, _ = run("train", "d.csv", "-t", "b", *QUICK, "--class-weight", asked, "--print-config")
    assert tomllib.loads(written)["class-weight"] == {"p,1": 2.0, 'q="2': 3.0}
    Path("run.toml").write_text(written)
    assert run("train", "--config", "run.toml", "-o", "second.deltaw")[0] == 0
    assert Path("first.deltaw").read_bytes() == Path("second.deltaw").read_bytes()
