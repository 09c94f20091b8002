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
        str | None,  # a Path drops the final slash, which means a folder
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|DIR",
            help="Output file: .csv, .tsv, .jsonl, .parquet or .arrow; by default, stdout.",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMNS", help="Columns to copy beside the answers, e.g. id,'name_*'; may be repeated."),
    ] = None,
    row: Annotated[bool, typer.Option("--row/--no-row", help="Whether to number the rows, from 1.")] = True,
    reading: Given,
    safe_csv: Annotated[
        bool,
        typer.Option("--safe-csv", help="For spreadsheets: put an apostrophe before text that begins like a formula."),
    ] = False,
    json: Json = False,
) -> None:
    """Predict every row of a table: a column of answers, and for classes a column for each probability.

    Classes are written as they are, even where a spreadsheet would take one for a formula (=…); see --safe-csv. On
    a terminal, escape sequences are shown as visible text; files get them unchanged.
    """
    from deltaw.cli.commands.predict import predict as run

    run(model, data, output, reading, json, safe_csv, () if keep is None else column_names("--keep", keep), row)


@reading_options
def evaluate(
    model: ModelFile,
    data: Data,
    *,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an HTML report to this file: curves, errors, columns.")
    ] = None,
    reading: Given,
    json: Json = False,
) -> None:
    """Score a model on a table with known answers: every score with its 95% interval, next to a baseline."""
    from deltaw.cli.commands.evaluate import evaluate as run

    run(model, data, reading, report, json)


@reading_options
def importance(
    model: ModelFile,
    data: Data,
    *,
    metric: Annotated[
        str | None, typer.Option(help="The score to look at: auc, log_loss, r2, mae, …; by default, auc or r2.")
    ] = None,
    repeats: Annotated[int, typer.Option(help="How often each column is shuffled.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of the shuffling: same seed, same numbers.")] = 0,
    reading: Given,
    json: Json = False,
) -> None:
    """Show how important each column is to a model: how much the score falls when its cells are shuffled.

    The table needs the answers, and is best one that the model was not trained on.
    """
    from deltaw.cli.commands.importance import importance as run

    run(model, data, reading, metric, repeats, seed, json)


def show(
    model: ModelFile,
    columns: Annotated[
        str | None, typer.Option(metavar="all|N", help="How many columns to list, or all; by default, the first 25.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what is in a model file: network, columns, settings, scores."""
    from deltaw.cli.commands.show import show as run

    run(model, how_many(columns), json)


def export(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file; with --check, the exported file.")],
    check_file: Annotated[Path | None, typer.Argument(metavar="CHECK", help="With --check: its .check.json.")] = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Output file; its extension, .onnx, .c, .mjs, .py or .sql, chooses the format.",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--form",
            "-f",
            help="onnx, c, javascript, python or sql, whatever the extension.",
            autocompletion=completion.forms,
        ),
    ] = None,
    dialect: Annotated[str | None, typer.Option(help="SQL dialect: duckdb or postgres.")] = None,
    table: Annotated[str, typer.Option(metavar="NAME", help="The table that SQL reads from.")] = "data",
    prepared: Annotated[bool, typer.Option("--prepared", help="The network alone, without the preparation.")] = False,
    libm: Annotated[bool, typer.Option("--libm/--no-libm", help="Whether C may call math.h.")] = True,
    int8: Annotated[bool, typer.Option("--int8", help="C with one byte per weight.")] = False,
    test: Annotated[
        str | None, typer.Option(metavar="DATA", help="Rows with answers, to measure what --int8 loses.")
    ] = None,
    check: Annotated[bool | None, typer.Option("--check/--no-check", help="Only run the check, or skip it.")] = None,
    json: Json = False,
) -> None:
    """Export a model, with its preparation, as a file that runs without DeltaW, and check its answers.

    NAME.check.json holds rows with the expected answers; the exported file is run on them now, and later by
    --check.
    """
    from deltaw.cli.commands.export import export as run

    choices = {"dialect": dialect, "table": table, "prepared": prepared, "libm": libm, "int8": int8, "test": test}
    run(model, check_file, output, form, choices, check, json)
