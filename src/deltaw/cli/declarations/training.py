"""The commands that train, or say how that would go."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from deltaw.cli import completion
from deltaw.cli.config import given as given_by_file
from deltaw.cli.config import text as config_text
from deltaw.cli.declarations.parameters import Json, LikeTrain, Model, Quiet, Report, Rows, Verbose
from deltaw.cli.options.keeping import Keeping, before_training, keeping_options
from deltaw.cli.options.row import Options
from deltaw.cli.options.training import not_for_a_model, training_options
from deltaw.cli.options.values import read_bytes
from deltaw.cli.settings import list_settings


@keeping_options
@training_options
def train(
    context: typer.Context,
    data: Annotated[
        str,
        typer.Argument(
            metavar="[DATA]",
            help="A table: CSV, JSON Lines, .xlsx, Parquet, Arrow, NPZ, IDX; - for stdin; or digits, iris, wine, "
            "breast_cancer, diabetes.",
            autocompletion=completion.tables,
        ),
    ] = "digits",
    *,
    options: Options,
    keeping: Keeping,
    output: Model = Path("model.deltaw"),
    report: Report = None,
    doctor: Annotated[bool, typer.Option("--doctor", help="Examine first why it may not learn.")] = False,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append the run there as JSON lines: settings, data, each epoch, scores."),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            is_eager=True,
            callback=given_by_file,
            help="Take options from this TOML file, by the same words, e.g. epochs = 20; those given here win.",
        ),
    ] = None,
    settings: Annotated[
        bool,
        typer.Option(
            "--settings", is_eager=True, callback=list_settings, help="List all that --set may name, and exit."
        ),
    ] = False,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print all that was given or decided as such a file, and exit.")
    ] = False,
) -> None:
    """Train a network on a table, score it on rows that it never saw, and save it."""
    with before_training(keeping):  # to load what trains takes a while
        from deltaw.cli.commands.train import Order
        from deltaw.cli.commands.train import train as run

    as_file = partial(config_text, context, data, dict(options)) if print_config else None
    target, recipe = options.pop("target", None), options.pop("recipe")
    raise typer.Exit(
        run(Order(data, target, recipe, output, report, json, doctor, options, quiet, verbose, log, as_file, keeping))
    )


@training_options
def tune(
    data: LikeTrain,
    *,
    options: Options,
    seconds: Annotated[
        float | None, typer.Option(help="How long it tries settings, by the clock; 60 if --rounds is not given.")
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(metavar="N", help="So many times eight candidates: the same N, the same model.")
    ] = None,
    members: Annotated[
        int, typer.Option(metavar="N", help="At most so many networks answer together; 1: a single one.")
    ] = 16,
    output: Model = Path("model.deltaw"),
    report: Report = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Find settings for a table, train by them, and say what mattered; never worse than the recipe where it chooses.

    A setting that is given is not tuned. Rows that neither are learnt from nor choose score what is saved.
    """
    from deltaw.cli.commands.tune import tune as run

    target, recipe = options.pop("target", None), options.pop("recipe")
    budget = {"seconds": seconds, "rounds": rounds, "members": members}
    raise typer.Exit(run(data, target, recipe, output, report, json, quiet, verbose, options | budget))


@training_options
def doctor(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="DATA | MODEL DATA",
            help="A table, or a model file and a table.",
            autocompletion=completion.tables,
        ),
    ],
    data: Rows = None,
    *,
    options: Options,
    rows: Annotated[int, typer.Option(help="The training under observation sees at most so many.")] = 10_000,
    seconds: Annotated[float, typer.Option(help="It lasts about so long; 0 trains nothing.")] = 10.0,
    repair: Annotated[bool, typer.Option("--repair", help="Try the repairs: 30 s more. Say what they bring.")] = False,
    member: Annotated[
        int, typer.Option(metavar="NUMBER", help="Of a model of several networks, the one to examine, from 1.")
    ] = 1,
    memory: Annotated[
        str | None,
        typer.Option(metavar="BYTES", help="Of rows that would take more, e.g. 2G, look at a sample."),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as a page with figures.")] = None,
    json: Json = False,
) -> None:
    """Say why a network does not learn from a table: the cause, the evidence, the repair."""
    from deltaw.cli.commands.doctor import doctor as run

    target, recipe = options.pop("target", None), options.pop("recipe")
    given, most = not_for_a_model(context), read_bytes("--memory", memory)
    run(source, data, target, recipe, rows, seconds, repair, html, json, options, given, member, most)


@training_options
def crossval(
    data: LikeTrain,
    *,
    options: Options,
    repeats: Annotated[int, typer.Option(help="How often the rows are divided anew.")] = 1,
    json: Json = False,
) -> None:
    """Say how good a recipe is on a table: mean and spread over folds, each by a network that had not seen it.

    Nothing is saved. Without --folds there are 5.
    """
    from deltaw.cli.commands.crossval import crossval as run

    target, recipe, folds = options.pop("target", None), options.pop("recipe"), options.pop("folds", None)
    run(data, target, recipe, folds, repeats, json, options)
