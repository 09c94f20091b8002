"""The commands that train."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from deltaw.cli import completion
from deltaw.cli.config import given as given_by_file
from deltaw.cli.config import text as config_text
from deltaw.cli.declarations.parameters import Data, Json, LikeTrain, Model, Quiet, Report, Rows, Verbose
from deltaw.cli.options.keeping import Keeping, before_training, interrupted, keeping_options
from deltaw.cli.options.row import Options
from deltaw.cli.options.training import not_for_a_model, training_options
from deltaw.cli.options.values import read_bytes
from deltaw.cli.settings import list_settings


@keeping_options
@training_options
def train(
    context: typer.Context,
    data: Data = "digits",
    *,
    options: Options,
    keeping: Keeping,
    output: Model = Path("model.deltaw"),
    report: Report = None,
    doctor: Annotated[
        bool, typer.Option("--doctor", help="First look for what may keep the network from learning.")
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Append the run to this file as JSON Lines: settings, data, each epoch, scores."
        ),
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
            help=(
                "Read options from this TOML file, by the same names, e.g. epochs = 20; the command line takes "
                "precedence."
            ),
        ),
    ] = None,
    settings: Annotated[
        bool,
        typer.Option(
            "--settings", is_eager=True, callback=list_settings, help="List all settings that --set accepts, and exit."
        ),
    ] = False,
    print_config: Annotated[
        bool,
        typer.Option("--print-config", help="Print all options, given or decided, as a file for --config, and exit."),
    ] = False,
) -> None:
    """Train a network on a table, score it on rows that it never saw, and save it."""
    with interrupted(partial(before_training, keeping)):  # to load what trains takes a while
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
        float | None, typer.Option(help="How many seconds to search; by default 60, unless --rounds is given.")
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(metavar="N", help="Search in N rounds of eight candidates: same N, same model.")
    ] = None,
    members: Annotated[
        int, typer.Option(metavar="N", help="At most how many networks to average; 1: a single one.")
    ] = 16,
    output: Model = Path("model.deltaw"),
    report: Report = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Search for settings that suit a table, train with them, and show which of them mattered.

    A setting that you give is not tuned. On the validation rows the result is never worse than the recipe. The saved
    model is scored on rows used neither for training nor for choosing.
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
    rows: Annotated[int, typer.Option(help="Use at most this many rows for the examination's training.")] = 10_000,
    seconds: Annotated[float, typer.Option(help="About how many seconds to train; 0 trains nothing.")] = 10.0,
    repair: Annotated[
        bool, typer.Option("--repair", help="Try the repairs (30 s more) and show what they improve.")
    ] = False,
    member: Annotated[
        int, typer.Option(metavar="NUMBER", help="Which network to examine, from 1, if the model has several.")
    ] = 1,
    memory: Annotated[
        str | None,
        typer.Option(metavar="BYTES", help="Look at a sample of the rows if they need more memory, e.g. 2G."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the diagnosis as an HTML page with figures.")
    ] = None,
    json: Json = False,
) -> None:
    """Find out why a network does not learn from a table: the cause, the evidence, the repair."""
    from deltaw.cli.commands.doctor import doctor as run

    target, recipe = options.pop("target", None), options.pop("recipe")
    given, most = not_for_a_model(context), read_bytes("--memory", memory)
    run(source, data, target, recipe, rows, seconds, repair, html, json, options, given, member, most)


@training_options
def crossval(
    data: LikeTrain,
    *,
    options: Options,
    repeats: Annotated[int, typer.Option(help="How often the division into folds is repeated.")] = 1,
    json: Json = False,
) -> None:
    """Cross-validate a recipe on a table: the scores of each fold, their mean and their spread.

    Nothing is saved. By default, there are 5 folds.
    """
    from deltaw.cli.commands.crossval import crossval as run

    target, recipe, folds = options.pop("target", None), options.pop("recipe"), options.pop("folds", None)
    run(data, target, recipe, folds, repeats, json, options)
