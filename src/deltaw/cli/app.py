"""All commands. Their modules are imported when they run, so that `deltaw --help` is quick."""

from __future__ import annotations

import os
import re
from typing import Annotated, Any

import typer

from deltaw import __version__
from deltaw.cli.declarations.answers import evaluate, export, importance, predict, show
from deltaw.cli.declarations.pages import bench, derive, explain, lab, lesson
from deltaw.cli.declarations.training import crossval, doctor, train, tune
from deltaw.cli.examples import epilog
from deltaw.cli.interrupts import Interruptible
from deltaw.cli.speaking import speaking
from deltaw.exceptions import SettingError

app = typer.Typer(
    name="deltaw",
    cls=Interruptible,
    help="Train small neural networks on tables, use them, and see how good they are.",
    invoke_without_command=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"deltaw {__version__}")
        raise typer.Exit


@app.callback()
@speaking
def deltaw(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Train small neural networks on tables, use them, and see how good they are."""
    _check_environment()
    if "RANK" in os.environ:
        from deltaw.cli.commands.processes import check_alone

        check_alone(context.invoked_subcommand)
    if context.invoked_subcommand is None:
        print(context.get_help())


def _check_environment() -> None:
    """Raise SettingError for environment variables with which a library does not work."""
    os.environ.pop("MPLBACKEND", None)  # our figures need no window, and Matplotlib does not load by a name it lacks
    if re.fullmatch(r"\+?0+", found := os.environ.get("POLARS_MAX_THREADS", "")):
        raise SettingError("POLARS_MAX_THREADS: expected 1 or more", found, "unset it, or give it such a number")


COMMANDS = (
    train, tune, predict, evaluate, importance, show, explain, export, derive, bench, doctor, crossval, lesson, lab,
)  # fmt: skip
# Its own commands, one a lesson, have the help and the language.
ITS_OWN: dict[str, Any] = {
    "add_help_option": False,
    "context_settings": {"ignore_unknown_options": True, "allow_extra_args": True},
}

for command in COMMANDS:
    told = ITS_OWN if command is lesson else {}
    app.command(epilog=epilog(command.__name__), **told)(command if command is lesson else speaking(command))
