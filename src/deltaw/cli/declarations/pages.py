"""The commands that write a document or a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltaw.cli import completion
from deltaw.cli.declarations.parameters import Data, Format, Json, ModelFile, Output, Rows, form_of
from deltaw.cli.options.row import Given, Options
from deltaw.cli.options.training import not_for_a_model, reading_options, training_options
from deltaw.exceptions import SettingError
from deltaw.speech import listed


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
        str | None, typer.Option(help="gradient, or notes (their split error); by default, as the model was trained.")
    ] = None,
    member: Annotated[
        int, typer.Option(metavar="NUMBER", help="Which network to show, from 1, if the model has several.")
    ] = 1,
    against: Annotated[
        int | None,
        typer.Option(metavar="ROW", help="Compare with this row; by default, with what is typical of training."),
    ] = None,
    format: Format = None,
    output: Output = None,
    reading: Given,
    json: Json = False,
) -> None:
    """Explain the answer to one row: every number on the way, each column's contribution, and the ΔW of one step."""
    from deltaw.cli.commands.explain import explain as run

    choices = {"row": row, "learning_rate": learning_rate, "backward": backward, "against": against, "member": member}
    run(model, data, link, form_of(json, format), output, reading, choices)


def derive(
    activation: Annotated[
        str, typer.Option("--activation", "-a", help="Activation of the output layer: sigmoid, …")
    ] = "sigmoid",
    error: Annotated[str, typer.Option("--error", "--loss", "-e", help="The error function: squared, …")] = "squared",
    layers: Annotated[int, typer.Option("--layers", "-l", help="Layers of weights; all but the last are hidden.")] = 2,
    hidden: Annotated[
        str | None, typer.Option(help="Activation of the hidden layers; by default, the output's.")
    ] = None,
    format: Format = None,
    output: Output = None,
    json: Json = False,
) -> None:
    """Derive ∂E/∂w and ΔW line by line from the error and activation functions, with every line checked."""
    from deltaw.cli.commands.derive import derive as run

    run(activation, error, layers, hidden, form_of(json, format), output)


def lesson(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME [OPTIONS]", help="A lesson and its options.", autocompletion=completion.lessons),
    ] = None,
) -> None:
    """Lessons on how a network works and learns: `deltaw lesson` lists them, `deltaw lesson line` runs one."""
    from deltaw.cli.commands.lesson import lesson as run

    run(words or [])


def bench(
    only: Annotated[
        list[str] | None, typer.Option(metavar="WORKLOAD", help="Only these; may be repeated or separated by commas.")
    ] = None,
    peers: Annotated[
        list[str] | None,
        typer.Option(metavar="PEER", help="Compare with only these; may be repeated or separated by commas."),
    ] = None,
    threads: Annotated[str | None, typer.Option(help="Numbers of threads to try, e.g. 1,2.")] = None,
    runs: Annotated[int, typer.Option(help="Runs of each, taken in turn; the median is reported.")] = 3,
    mnist: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="MNIST as .npz; without it, digits take its place."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Plot the cost against rows, width and depth to this file (.svg, .png)."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Finish within a minute: fewer rows, workloads and peers.")
    ] = False,
    list_: Annotated[
        bool, typer.Option("--list", help="List the workloads and the peers, and measure nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Measure DeltaW side by side with NumPy, scikit-learn, PyTorch and JAX on this machine."""
    from deltaw.cli.commands.bench import bench as run

    run(_names(only), _names(peers), _counts(threads), runs, mnist, plot, quick, list_, json)


@training_options
def lab(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="DATA | MODEL DATA",
            help="A table, or a model file and a table with answers.",
            autocompletion=completion.tables,
        ),
    ] = "iris",
    data: Rows = None,
    *,
    options: Options,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Output file.")] = Path("lab.html"),
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    empty: Annotated[bool, typer.Option("--empty", help="Without a table: drop one on the page.")] = False,
    json: Json = False,
) -> None:
    """Write the lab: one HTML file in which a network trains live on the table, with every number one click away.

    It needs no server and sends nothing anywhere. Without --recipe the network is small enough to look at.
    """
    from deltaw.cli.commands.lab import lab as run

    given = not_for_a_model(context)
    by = context.get_parameter_source("source")
    table = [source] if by is not None and by.name == "COMMANDLINE" else []
    if empty and (named := [*table, *filter(None, [data]), *given]):
        raise SettingError("--empty: expected no table with it", listed(named), "leave one of the two out")
    run(source, data, output, show, empty, json, options, given)


def _names(given: list[str] | None) -> tuple[str, ...]:
    """["a,b", "c"] -> ("a", "b", "c")."""
    return tuple(name.strip() for text in given or [] for name in text.split(",") if name.strip())


def _counts(text: str | None) -> tuple[int, ...]:
    """ "1,2" -> (1, 2)."""
    try:
        return () if text is None else tuple(int(count) for count in text.split(","))
    except ValueError:
        raise SettingError("--threads: expected whole numbers", repr(text), "give e.g. 1,2") from None
