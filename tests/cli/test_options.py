"""One table of options for `train` and `doctor`."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from deltaw import models
from deltaw.cli.app import app
from deltaw.cli.options.row import Options, Row
from deltaw.cli.options.training import TRAINING, not_for_a_model, training_options
from deltaw.models.recipes import Recipe
from deltaw.tables.reading.source import WORDS


def names(command: str) -> list[str]:
    commands: Any = typer.main.get_command(app)
    return [parameter.name for parameter in commands.commands[command].params]


def test_both_commands_have_every_row_in_order() -> None:
    for command in ("train", "doctor"):
        assert [name for name in names(command) if name in TRAINING] == list(TRAINING)
        assert "options" not in names(command)


def test_rows_are_arguments_of_fit_or_settings() -> None:
    arguments = inspect.signature(models.fit).parameters
    known = {*arguments, *inspect.signature(Recipe).parameters, *WORDS, "recipe", "setting"}
    assert set(TRAINING) <= known
    for name, parameter in inspect.signature(models.plan).parameters.items():
        if name in TRAINING:
            assert TRAINING[name].default == parameter.default


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command with one more row than there is: what it gets for its arguments, and what is not for a model."""
    monkeypatch.setitem(
        TRAINING, "leave", Row(Annotated[list[str] | None, typer.Option(help="Not these.")], read=tuple, of_file=True)
    )
    small, got = typer.Typer(), []

    @small.command()
    @training_options
    def command(context: typer.Context, data: str = "digits", *, options: Options, json: bool = False) -> None:
        got.append((data, options, json, not_for_a_model(context)))

    def call(*arguments: str) -> Any:
        found = CliRunner().invoke(small, list(arguments), catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return got[-1]

    return call


DEFAULTS = {"recipe": "default", "seed": 0, "engine": "native"}


def test_a_row_is_all_that_an_option_takes(called: Any) -> None:
    assert called() == ("digits", DEFAULTS, False, [])
    assert called("--data", "x.csv", "--leave", "a", "--leave", "b", "--delimiter", ";", "--json") == (
        "x.csv", DEFAULTS | {"leave": ("a", "b"), "delimiter": ";"}, True, [],
    )  # fmt: skip


def test_what_was_given_by_name_wins(called: Any) -> None:
    _, options, _, not_of_models = called(
        "--set", "epochs=3", "--set", "dropout=0.5", "--set", "seed=7", "--epochs", "9", "--hidden", "none", "-t", "y"
    )
    assert options == DEFAULTS | {"epochs": 9, "dropout": 0.5, "seed": 7, "hidden": (), "target": "y"}
    assert set(not_of_models) == {"--set", "--epochs", "--hidden", "--target"}
    assert called("--seed", "1", "--set", "seed=7")[1]["seed"] == 1
