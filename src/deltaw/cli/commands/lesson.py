"""`deltaw lesson`: a command for each lesson, with an option for each parameter."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from deltaw.cli.declarations.parameters import Json
from deltaw.cli.examples import epilog
from deltaw.cli.interrupts import Interruptible
from deltaw.cli.output import screen
from deltaw.cli.output.endings import PAGES, ending
from deltaw.cli.output.paper import put, put_json
from deltaw.cli.speaking import translated
from deltaw.exceptions import SettingError
from deltaw.files import check_outputs, write_bytes
from deltaw.lessons import LESSONS, Entry, Parameter
from deltaw.speech import listed, say
from deltaw.tables import origins

Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the lesson as an HTML page, in one file.")
]
Lang = Annotated[str | None, typer.Option("--lang", help="en or zh; by default, that of the locale.")]
# The options that every lesson has.
SHARED = {"lang": (Lang, None), "html": (Html, None), "as_json": (Json, False)}


def lesson(arguments: Sequence[str]) -> None:
    """`deltaw lesson …`."""
    try:
        group = translated(typer.main.get_command(commands()))
        group(args=list(arguments), prog_name="deltaw lesson", standalone_mode=False)
    except Exception as error:
        # For an unknown option Typer lists similar ones only.
        context, option = getattr(error, "ctx", None), getattr(error, "option_name", None)
        if type(error).__name__ != "NoSuchOption" or context is None:
            raise
        known = [name for parameter in context.command.params for name in parameter.opts if name.startswith("--")]
        expected, found, remedy = "{command_path}: expected an option of {known}", str(option), "choose one of these"
        raise SettingError(expected, found, remedy, command_path=context.command_path, known=listed(known)) from None


def commands() -> typer.Typer:
    """A command for each lesson; without one, a list of the lessons."""
    app = typer.Typer(
        cls=Interruptible,
        add_completion=False,
        pretty_exceptions_enable=False,
        invoke_without_command=True,
        subcommand_metavar="NAME [OPTIONS]",
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=epilog("lesson"),
    )
    app.callback(help="Lessons on how a network works and learns, each run on the real engine.")(_list)
    for entry in LESSONS.values():
        app.command(entry.name, help=entry.title(), rich_help_panel=say("Lessons"))(_command(entry))
    return app


def _list(context: typer.Context, lang: Lang = None, html: Html = None, as_json: Json = False) -> None:
    given = [name for name in SHARED if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"]
    if context.invoked_subcommand is not None:  # what stands before its name counts as if it stood behind it
        context.default_map = {context.invoked_subcommand: {name: context.params[name] for name in given}}
        return
    if html is not None:
        raise SettingError(
            "--html: expected a lesson to write", say("none"), "name one, e.g. deltaw lesson line --html FILE"
        )
    rows = [
        {"number": i, "name": name, "title": entry.title(lang)} for i, (name, entry) in enumerate(LESSONS.items(), 1)
    ]
    if as_json:
        put_json({"lessons": rows})
        return
    out = screen.stdout()
    width = max((len(name) for name in LESSONS), default=0)
    for row in rows:
        out.print(f"{row['number']:>2}  {row['name']:<{width}}  {row['title']}")


def _command(entry: Entry) -> Callable[..., None]:
    """The function of a lesson's command: its own parameters, then those of all lessons."""

    def run(lang: str | None, html: Path | None, as_json: bool, **settings: Any) -> None:
        # The lessons that read a table call it "data".
        check_outputs({"--html": html}, origins(str(settings["data"])) if "data" in settings else ())
        if html is not None:
            ending("--html", html, PAGES)
        err = screen.stderr()
        with err.status(entry.title(lang)):
            page = entry.function(lang=lang, **settings).page
        if html is not None:
            write_bytes(html, page.html().encode())
            err.print(say("lesson written to {html}", html=html))
        if as_json:
            put_json(page.json())
        elif html is None:
            put(page, "text", None)

    own = {
        p.name: (Annotated[p.kind, typer.Option(_option(p), help=entry.help(p.name))], p.default)
        for p in entry.parameters
    }
    options = own | SHARED
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for name, (kind, default) in options.items()
        ]
    )
    run.__annotations__ = {name: kind for name, (kind, _) in options.items()}
    return run


def _option(parameter: Parameter) -> str:
    """ "--learning-rate"; "--bias/--no-bias" for a boolean."""
    name = parameter.option
    return f"{name}/--no-{name[2:]}" if parameter.kind is bool else name
