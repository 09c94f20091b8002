"""The commands and their options. What they need is imported when they run: `deltaw --help` loads none of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from deltaw import __version__
from deltaw.cli import completion
from deltaw.cli.commands.lab import lab
from deltaw.cli.config import given as given_by_file
from deltaw.cli.config import text as config_text
from deltaw.cli.examples import epilog
from deltaw.cli.interrupts import Interruptible
from deltaw.cli.options.keeping import Keeping, keeping_options
from deltaw.cli.options.training import (
    Given,
    Options,
    column_names,
    how_many,
    not_for_a_model,
    reading_options,
    training_options,
)
from deltaw.cli.settings import list_settings
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

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file that `deltaw train` wrote.")]
Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A table: CSV, JSON Lines, .xlsx, Parquet, Arrow, NPZ, IDX; or - for stdin.",
        autocompletion=completion.tables,
    ),
]


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
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
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
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to save the model.")] = Path("model.deltaw"),
    report: Annotated[Path | None, typer.Option(help="Write an HTML report there, in one file.")] = None,
    doctor: Annotated[bool, typer.Option("--doctor", help="Examine first why it may not learn.")] = False,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append the run there as JSON lines: settings, data, each epoch, scores."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but what is an error.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say a line an epoch on stderr.")] = False,
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
    from deltaw.cli.commands.train import train as run

    as_file = partial(config_text, context, data, dict(options)) if print_config else None
    target, recipe = options.pop("target", None), options.pop("recipe")
    raise typer.Exit(
        run(data, target, recipe, output, report, json, doctor, options, quiet, verbose, log, as_file, keeping)
    )


@app.command()
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
    from deltaw.cli.commands.train import predict as run

    run(model, data, output, reading, json, safe_csv, () if keep is None else column_names("--keep", keep), row)


@app.command()
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
    from deltaw.cli.commands.train import evaluate as run

    run(model, data, reading, report, json)


@app.command()
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


@app.command()
def show(
    model: ModelFile,
    columns: Annotated[
        str | None, typer.Option(metavar="all|N", help="List all columns, or so many; the first 25 if not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what is in a model file: network, columns, settings, scores."""
    from deltaw.cli.commands.train import show as run

    run(model, how_many(columns), json)


@app.command()
@reading_options
def explain(
    model: ModelFile,
    data: Data,
    *,
    row: Annotated[int, typer.Option(help="Which row, counted from 1, without the header.")] = 1,
    link: Annotated[
        str | None,
        typer.Option(
            metavar="LAYER,TO,OF",
            help="Only this weight, by the chain rule: layers from 1, units from 0, OF may be bias.",
        ),
    ] = None,
    learning_rate: Annotated[float, typer.Option(help="α of the step that is shown.")] = 0.1,
    backward: Annotated[
        str | None, typer.Option(help="gradient, or notes: their split error; as the model was trained if not given.")
    ] = None,
    member: Annotated[
        int, typer.Option(metavar="NUMBER", help="Of a model of several networks, the one to show, from 1.")
    ] = 1,
    against: Annotated[
        int | None, typer.Option(metavar="ROW", help="Hold the row against this one; else what is typical of training.")
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", "-f", help="text, markdown, html or json; by the output's ending.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there; stdout if not given.")
    ] = None,
    reading: Given,
    json: Json = False,
) -> None:
    """Show every number between a row of a table and the answer, what pushed it, and what the row would teach."""
    from deltaw.cli.commands.explain import explain as run

    choices = {"row": row, "learning_rate": learning_rate, "backward": backward, "against": against, "member": member}
    run(model, data, link, "json" if json else format, output, reading, choices)


@app.command()
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
    check: Annotated[bool | None, typer.Option("--check/--no-check", help="Only the proof, or none.")] = None,
    json: Json = False,
) -> None:
    """Write a model, from the raw row to the answer, as a file that needs no DeltaW, and prove that it says the same.

    NAME.check.json has rows and the answers expected; the form is run on them, and later by --check.
    """
    from deltaw.cli.commands.export import export as run

    choices = {"dialect": dialect, "table": table, "prepared": prepared, "libm": libm, "int8": int8}
    run(model, check_file, output, form, choices, check, json)


@app.command()
def derive(
    activation: Annotated[str, typer.Option("--activation", "-a", help="Of the output layer: sigmoid, …")] = "sigmoid",
    error: Annotated[str, typer.Option("--error", "--loss", "-e", help="The error function: squared, …")] = "squared",
    layers: Annotated[int, typer.Option("--layers", "-l", help="Layers of weights; all but the last are hidden.")] = 2,
    hidden: Annotated[
        str | None, typer.Option(help="Activation of the hidden layers; the output's if not given.")
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", "-f", help="text, markdown, html or json; by the output's ending.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there; stdout if not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Derive ∂E/∂w and ΔW line by line from the error and activation functions, with every line checked."""
    from deltaw.cli.commands.derive import derive as run

    run(activation, error, layers, hidden, "json" if json else format, output)


@app.command()
def bench(
    only: Annotated[
        list[str] | None, typer.Option(metavar="WORKLOAD", help="Only these; again for more, or commas between them.")
    ] = None,
    peers: Annotated[
        list[str] | None, typer.Option(metavar="PEER", help="Only these beside DeltaW; again for more, or commas.")
    ] = None,
    threads: Annotated[str | None, typer.Option(help="Numbers of threads to try, e.g. 1,2.")] = None,
    runs: Annotated[int, typer.Option(help="Runs of each, in turn; the median counts.")] = 3,
    mnist: Annotated[
        Path | None, typer.Option(metavar="FILE", help="MNIST as .npz; ../shared/data/mnist.npz if it is there.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the cost against rows, width and depth there (.svg, .png)."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Within a minute: fewer rows, workloads and peers.")] = False,
    list_: Annotated[
        bool, typer.Option("--list", help="List the workloads and the peers, and measure nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Measure DeltaW side by side with NumPy, scikit-learn, PyTorch and JAX on this machine."""
    from deltaw.cli.commands.bench import bench as run

    run(_names(only), _names(peers), _counts(threads), runs, mnist, plot, quick, list_, json)


@app.command()
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
    data: Annotated[str | None, typer.Argument(metavar="", help="", show_default=False)] = None,
    *,
    options: Options,
    rows: Annotated[int, typer.Option(help="The training under observation sees at most so many.")] = 10_000,
    seconds: Annotated[float, typer.Option(help="It lasts about so long; 0 trains nothing.")] = 10.0,
    repair: Annotated[bool, typer.Option("--repair", help="Try the repairs: 30 s more. Say what they bring.")] = False,
    member: Annotated[
        int, typer.Option(metavar="NUMBER", help="Of a model of several networks, the one to examine, from 1.")
    ] = 1,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as a page with figures.")] = None,
    json: Json = False,
) -> None:
    """Say why a network does not learn from a table: the cause, the evidence, the repair."""
    from deltaw.cli.commands.doctor import doctor as run

    target, recipe = options.pop("target", None), options.pop("recipe")
    run(source, data, target, recipe, rows, seconds, repair, html, json, options, not_for_a_model(context), member)


@app.command()
@training_options
def crossval(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A table, as for train.", autocompletion=completion.tables)
    ],
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


@app.command(add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def lesson(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME] [OPTIONS]", help="Of the lesson.", autocompletion=completion.lessons),
    ] = None,
) -> None:
    """Lessons on how a network works and learns: `deltaw lesson` lists them, `deltaw lesson line` runs one."""
    from deltaw.cli.commands.lesson import lesson as run

    run(words or [])


app.command()(lab)

for command in app.registered_commands:
    command.epilog = epilog(str(command.name or getattr(command.callback, "__name__", "")))
    if command.callback is not None and command.callback is not lesson:  # whose own commands have it
        command.callback = speaking(command.callback)


def _names(given: list[str] | None) -> tuple[str, ...]:
    """["a,b", "c"] -> ("a", "b", "c")."""
    return tuple(name.strip() for text in given or [] for name in text.split(",") if name.strip())


def _counts(text: str | None) -> tuple[int, ...]:
    """ "1,2" -> (1, 2)."""
    try:
        return () if text is None else tuple(int(count) for count in text.split(","))
    except ValueError:
        raise SettingError("--threads: expected whole numbers", repr(text), "give e.g. 1,2") from None
