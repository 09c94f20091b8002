"""Every repair as one types it: the command line takes the options, and Python runs the lines."""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import Network, models
from deltaw.cli import main
from deltaw.cli.commands import train as commands
from deltaw.doctor import Finding, Setup, examine, examine_table
from deltaw.doctor.commands import code, joint_code
from deltaw.doctor.findings import Repair
from deltaw.doctor.trials.changes import OPERATIONS, applied

rng = np.random.default_rng(5)
N = 120
X = rng.normal(size=(N, 4))
KIND = np.where(X[:, 0] * X[:, 1] > 0, "yes", "no")
TABLES = {
    "classification": pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": KIND}),
    "regression": pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": np.sin(X[:, 0]) + X[:, 1]}),
}

# Changes as the rules make them, over every field and operation that a rule uses.
CHANGES: list[dict[str, Any]] = [
    {"learning_rate": 0.0031622776601683794},
    {"epochs": 250},
    {"batch_size": 64},
    {"max_grad_norm": 1.0},
    {"max_grad_norm": None},
    {"hidden_activation": "relu", "init": None},
    {"hidden_activation": "leaky_relu", "init": None},
    {"inputs": "standard", "init": None},
    {"inputs": "unit"},
    {"hidden": [32, 32]},
    {"hidden": []},
    {"l2": 0.01},
    {"l2": 0.0, "optimizer": "adamw(beta1=0.9, beta2=0.95, weight_decay=0.0, decay_schedule='flat_cosine')"},
    {"dropout": 0.0},
    {"dropout": (0.0, 0.15)},
    {"label_smoothing": 0.1},
    {"backward": "gradient"},
    {"seed": 1},
    {"shuffle": True},
    {"learning_rate": 0.01, "optimizer": "adam", "schedule": "cosine"},
    {"drop_columns": (1,)},
    {"drop_columns": (0, 2), "epochs": 9},
]
OF_CLASSES: list[dict[str, Any]] = [
    {"output_activation": "softmax", "loss": "cross_entropy"},
    {"output_activation": "sigmoid", "loss": "binary_cross_entropy", "labels": (0.0, 1.0)},
    {"labels": (0.01, 0.99)},
    {"loss": "squared", "one_hot": 2},
    {"activations": ["relu", "relu", "sigmoid"], "init": None},
    {"balance": True},
]
OF_NUMBERS: list[dict[str, Any]] = [
    {"output_activation": "identity", "loss": "squared"},
    {"targets": "standard"},
    {"targets": ("range", 0.1, 0.9)},
]


def finding(changes: dict[str, Any], rule: str = "leak") -> Finding:
    return Finding("", repair=Repair("", changes), rule=rule)


@cache
def table_setup(task: str) -> Setup:
    return examine_table(TABLES[task], "y", seconds=0).setup


# --- the command line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TABLES)
def test_train_takes_the_options_and_python_says_the_same(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parsed as `deltaw train` does it, up to a plan whose recipe is the one that Python's words give."""
    TABLES[task].write_csv(tmp_path / "t.csv")
    heard: list[dict[str, Any]] = []
    monkeypatch.setattr(commands, "train", lambda order: heard.append(order.choices) or 0)
    for changes in CHANGES + (OF_CLASSES if task == "classification" else OF_NUMBERS):
        typed = code(finding(changes), table_setup(task))
        assert main(["train", str(tmp_path / "t.csv"), "-t", "y", *shlex.split(typed.command)]) == 0
        by_command = models.plan(TABLES[task], "y", **heard.pop())
        if not typed.python:
            assert changes in ({"shuffle": True},)
            continue
        assert typed.python.startswith("deltaw.fit(table, target, ..., ")
        words = eval(typed.python.replace("deltaw.fit(table, target, ..., ", "dict("))
        by_python = models.plan(TABLES[task], "y", **words)
        assert (by_command.recipe, by_command.seed) == (by_python.recipe, by_python.seed)
        assert by_command.network.sizes == by_python.network.sizes


def test_what_the_options_do_is_what_the_repair_does() -> None:
    """The network and the settings of the changed set-up are those of the plan."""
    setup = table_setup("classification")
    for changes in ({"hidden": [7]}, {"hidden_activation": "tanh", "init": None}, {"learning_rate": 0.25, "l2": 0.5}):
        words = eval(code(finding(changes), setup).python.replace("deltaw.fit(table, target, ..., ", "dict("))
        plan, mended = models.plan(TABLES["classification"], "y", **words), applied(setup, changes)
        assert (
            plan.network.sizes[1:] == mended.network.sizes[1:]
        )  # the inputs are bins, which go by how many rows there are
        assert (plan.recipe.learning_rate, plan.recipe.l2) == (mended.learning_rate, mended.l2)
        assert plan.network.init == mended.network.init


def test_a_column_of_a_table_goes_by_its_name() -> None:
    setup = table_setup("classification")
    assert code(finding({"drop_columns": (1,)}), setup).command == "--drop b"
    assert "drop=('b',)" in code(finding({"drop_columns": (1,)}), setup).python
    assert code(finding({"drop_columns": (), "l2": 0.1}), setup).command == ""  # part of a column cannot be left out
    assert code(finding({"balance": True}), setup).command == "--class-weight balanced"
    assert joint_code([finding({"l2": 0.1}), finding({"l2": 0.2})], setup).command == "--set l2=0.2"


# --- arrays ----------------------------------------------------------------------------------------------------------


def run(python: str, setup: Setup) -> Setup:
    """What the lines train: they are executed, and the call is heard."""
    heard: list[Setup] = []

    def train(net: Network, X: Any, T: Any, rest: Any, **words: Any) -> None:
        assert rest is ...
        heard.append(Setup(net, X, T, **({"loss": setup.loss} | words)))
        deltaw.train(net.copy(), X, T, **(setup.arguments | {"epochs": 1, "validation": None, "sample_weight": None}
                                          | words | {"epochs": 1}))  # fmt: skip

    stub = SimpleNamespace(train=train, Network=Network)
    exec(python, {"np": np, "deltaw": stub, "net": setup.network, "X": setup.X, "T": setup.T})
    return heard.pop()


LABELS = (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        *((changes, {}) for changes in CHANGES if "hidden" not in changes),
        ({"hidden": [32, 32]}, {}),
        ({"fill": "mean"}, {"X": np.where(X > 1.5, np.nan, X)}),
        ({"whole_rows": True}, {"X": np.where(X > 1.5, np.nan, X)}),
        ({"inputs": "standard"}, {"X": 255 * X, "input_scale": 1 / 255}),
        ({"drop_columns": (1,)}, {}),
        ({"drop_rows": (3, 4)}, {}),
        ({"balance": True}, {}),
        ({"balance": True}, {"T": np.eye(2)[LABELS]}),
        ({"one_hot": 2, "loss": "squared"}, {"loss": "squared"}),
        ({"labels": (0.0, 1.0)}, {"T": np.eye(2)[LABELS] * 2 - 1}),
        ({"outputs": 3}, {"T": LABELS + 1}),
        ({"activations": ["relu", "softmax"], "init": None}, {}),
        ({"output_activation": "softmax"}, {"network": Network([4, 8, 2], ["relu", "identity"])}),
        ({"reduction": "mean"}, {}),
        ({"targets": "standard"}, {"T": 1e3 * X[:, :2], "loss": "squared", "task": "regression"}),
        ({"targets": ("range", 0.1, 0.9)}, {"T": 1e3 * X[:, :2], "loss": "squared", "task": "regression"}),
    ],
)
def test_the_lines_of_python_make_the_change(changes: dict[str, Any], words: dict[str, Any]) -> None:
    made = {"network": Network([4, 8, 2], ["relu", "softmax"]), "X": X, "T": LABELS, "loss": "cross_entropy"}
    setup = Setup(**(made | {"batch_size": 32} | words))
    typed = code(finding(changes), setup)
    assert typed.command == ""
    if "dropout" in changes and isinstance(changes["dropout"], tuple):
        changes = {"dropout": (0.15,)}
        typed = code(finding(changes), setup)
    mended, typed_setup = applied(setup, changes), run(typed.python, setup)
    np.testing.assert_allclose(typed_setup.X, mended.X, atol=1e-9)
    np.testing.assert_allclose(typed_setup.T, mended.T, atol=1e-9)
    assert typed_setup.network.sizes == mended.network.sizes
    assert typed_setup.network.activations == mended.network.activations
    assert typed_setup.network.init == mended.network.init
    if mended.sample_weight is not None:
        np.testing.assert_allclose(typed_setup.sample_weight, mended.sample_weight)


def test_every_operation_is_written() -> None:
    """A new row of OPERATIONS needs a line here."""
    from deltaw.doctor.commands import LINES, NETWORK

    assert {*LINES, *NETWORK} - {"reduction"} == set(OPERATIONS)


def test_many_rows_come_from_the_diagnosis() -> None:
    """Hundreds of numbers are not typed: the line finds them."""
    net, words = Network([4, 8, 2], ["relu", "softmax"]), {"loss": "cross_entropy", "batch_size": 32}
    diagnosis = examine(net, X, LABELS, validation=(X[:60], LABELS[:60]), seconds=0, **words)
    found = next(each for each in diagnosis.findings if each.rule == "train_test_overlap")
    python = code(found, diagnosis.setup).python
    heard: dict[str, Any] = {"np": np, "diagnosis": diagnosis, "X": X, "T": LABELS}
    exec(python.rsplit("; deltaw.train", 1)[0], heard)
    assert (len(heard["X"]), len(heard["T"])) == (60, 60)


def test_the_examples_of_the_rules_have_lines_that_run() -> None:
    """Of every rule before training whose repair a program can make."""
    from benchmarks.doctor.page import EXAMPLES
    from deltaw.doctor import RULES, diagnose

    ran = 0
    for rule in RULES:
        if rule.when == "during" or rule.name == "invalid_arguments":
            continue
        setup = EXAMPLES[rule.name].sick
        found = {each.rule: each for each in diagnose(setup, seconds=0).findings}[rule.name]
        python = code(found, setup).python
        assert bool(python) == bool(found.repair and found.repair.changes), rule.name
        if python and "diagnosis" not in python:
            run(python, setup)
            ran += 1
    assert ran > 20


@pytest.mark.usefixtures("undrawn")
def test_every_form_of_the_page_says_it() -> None:
    table = TABLES["classification"]
    page = examine_table(table, "y", seconds=0, init="zeros").page
    for form in (page.text(), page.markdown(), page.html()):
        assert "--set init=none" in form
        assert "deltaw.fit(table, target, ..., init=None)" in form
    repair = page.json()["findings"][0]["repair"]
    assert repair["command"] == "--set init=none"
    assert repair["python"] == "deltaw.fit(table, target, ..., init=None)"
