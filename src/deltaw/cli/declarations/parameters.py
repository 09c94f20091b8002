"""Parameters that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltaw.cli import completion
from deltaw.exceptions import SettingError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
Format = Annotated[
    str | None,
    typer.Option("--format", "-f", help="text, markdown, html or json; by default, chosen by the output's extension."),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Output file; by default, stdout.")]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file written by `deltaw train`.")]


def _no_model(context: typer.Context, data: str) -> str:
    """The DATA of a command that is not the file of a model. Raises SettingError, as for exchanged arguments."""
    if data.endswith(".deltaw") and not context.resilient_parsing:
        takes_both = any(each.name == "model" for each in context.command.params)
        both, alone = "give a model first, and then its table: MODEL DATA", "give the table to learn from"
        raise SettingError("DATA: expected a table", data, both if takes_both else alone)
    return data


def form_of(json: bool, form: str | None) -> str | None:
    """The format that --json or --format asks for. Raises SettingError where they ask for two."""
    if json and form not in (None, "json"):
        raise SettingError("--json: expected no other --format with it", repr(form), "leave one of the two out")
    return "json" if json else form


Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A table: CSV, JSON, .xlsx, .ods, Parquet, Arrow, NPZ, IDX; a folder or pattern of files; - for stdin; or "
        "digits, iris, wine, breast_cancer, diabetes, which come along.",
        autocompletion=completion.tables,
        callback=_no_model,
    ),
]
# Of the commands that train.
LikeTrain = Annotated[
    str,
    typer.Argument(metavar="DATA", help="A table, as for train.", autocompletion=completion.tables, callback=_no_model),
]
Model = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to save the model.")]
Report = Annotated[Path | None, typer.Option(metavar="FILE", help="Write an HTML report to this file.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors on stderr.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print one line per epoch on stderr.")]
# Behind MODEL, where that may stand in the place of DATA.
Rows = Annotated[str | None, typer.Argument(metavar="", help="", hidden=True)]
