"""The commands that use a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltaw.cli import completion
from deltaw.cli.declarations.parameters import Data, Json, ModelFile
from deltaw.cli.options.row import Given
from deltaw.cli.options.training import reading_options
from deltaw.cli.options.values import column_names, how_many


@reading_options
def predict(
    model: ModelFile,
    data: Data,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A .csv, .tsv, .jsonl, .parquet or .arrow file; stdout if not given."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMNS", help="Put these beside the answers, e.g. id,'name_*'; again for more."),
    ] = None,
    row: Annotated[bool, typer.Option("--row/--no-row", help="Whether rows have their number, from 1.")] = True,
    reading: Given,
    safe_csv: Annotated[
        bool, typer.Option("--safe-csv", help="For spreadsheets: an apostrophe before texts that begin like a formula.")
    ] = False,
    json: Json = False,
) -> None:
    """Answer for every row of a table: a column of answers, and for classes one of each probability.

    Classes are written as they are, also where a spreadsheet would take one for a formula (=…); see --safe-csv.
    Only a terminal gets what it would obey (escape sequences) in visible signs.
    """
    from deltaw.cli.commands.predict import predict as run

    run(model, data, output, reading, json, safe_csv, () if keep is None else column_names("--keep", keep), row)


@reading_options
def evaluate(
    model: ModelFile,
    data: Data,
    *,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an HTML report there: curves, errors, columns.")
    ] = None,
    reading: Given,
    json: Json = False,
) -> None:
    """Score a model on a table whose answers are known: every score, with a 95 % interval, beside a guess."""
    from deltaw.cli.commands.evaluate import evaluate as run

    run(model, data, reading, report, json)


@reading_options
def importance(
    model: ModelFile,
    data: Data,
    *,
    metric: Annotated[
        str | None, typer.Option(help="The score that falls: auc, log_loss, r2, mae, …; auc or r2 if not given.")
    ] = None,
    repeats: Annotated[int, typer.Option(help="How often the cells of a column change rows.")] = 5,
    seed: Annotated[int, typer.Option(help="Of these changes: the same seed gives the same numbers.")] = 0,
    reading: Given,
    json: Json = False,
) -> None:
    """Say what each column is worth to a model: how much its score falls where the column says nothing any more.

    The table has the answers, and is best one that the model was not trained on.
    """
    from deltaw.cli.commands.importance import importance as run

    run(model, data, reading, metric, repeats, seed, json)


def show(
    model: ModelFile,
    columns: Annotated[
        str | None, typer.Option(metavar="all|N", help="List all columns, or so many; the first 25 if not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what is in a model file: network, columns, settings, scores."""
    from deltaw.cli.commands.show import show as run

    run(model, how_many(columns), json)


def export(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file; with --check, what was exported.")],
    check_file: Annotated[Path | None, typer.Argument(metavar="[CHECK]", help="With --check: its .check.json.")] = None,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help=".onnx, .c, .mjs, .py or .sql: the form.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--form", "-f", help="The form, whatever the ending.", autocompletion=completion.forms),
    ] = None,
    dialect: Annotated[str | None, typer.Option(help="Of SQL: duckdb or postgres.")] = None,
    table: Annotated[str, typer.Option(metavar="NAME", help="The table that SQL reads from.")] = "data",
    prepared: Annotated[bool, typer.Option("--prepared", help="The network alone, without the preparation.")] = False,
    libm: Annotated[bool, typer.Option("--libm/--no-libm", help="Whether C may call math.h.")] = True,
    int8: Annotated[bool, typer.Option("--int8", help="C with a byte for each weight.")] = False,
    test: Annotated[str | None, typer.Option(metavar="DATA", help="Rows with answers: what --int8 loses.")] = None,
    check: Annotated[bool | None, typer.Option("--check/--no-check", help="Only the proof, or none.")] = None,
    json: Json = False,
) -> None:
    """Write a model, from the raw row to the answer, as a file that needs no DeltaW, and prove that it says the same.

    NAME.check.json has rows and the answers expected; the form is run on them, and later by --check.
    """
    from deltaw.cli.commands.export import export as run

    choices = {"dialect": dialect, "table": table, "prepared": prepared, "libm": libm, "int8": int8, "test": test}
    run(model, check_file, output, form, choices, check, json)
