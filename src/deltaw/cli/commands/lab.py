"""`deltaw lab`: a page in which a network trains live."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltaw.cli import completion
from deltaw.cli.options.training import Options, brings_a_model, not_for_a_model, training_options
from deltaw.speech import say

OF_A_TRAINING = ("target", "recipe", "seed", "engine")  # what an option's default may have left there


@training_options
def lab(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="[DATA | MODEL DATA]",
            help="A table, or a model file and a table with answers; iris if not given.",
            autocompletion=completion.tables,
        ),
    ] = "iris",
    data: Annotated[str | None, typer.Argument(metavar="", help="", show_default=False)] = None,
    *,
    options: Options,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Write it there.")] = Path("lab.html"),
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    empty: Annotated[bool, typer.Option("--empty", help="Without a table: one is dropped on the page.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")] = False,
) -> None:
    """Write the lab: one HTML file in which a network trains live on the table, with every number one click away.

    It needs no server and sends nothing anywhere. Without --recipe the network is small enough to look at.
    """
    import webbrowser

    from deltaw import live
    from deltaw.cli.output.paper import put_json
    from deltaw.cli.output.screen import stderr, stdout

    given = not_for_a_model(context)
    is_model = brings_a_model("lab", source, data, given)
    if is_model:
        options = {name: value for name, value in options.items() if name not in OF_A_TRAINING}
    elif "--recipe" not in given:
        options = options | {"recipe": None}
    with stderr().status(say("writing the lab")):
        written = live.lab(None if empty else source, data, output=output, **options)
    size = written.stat().st_size
    if json:
        put_json({"lab": str(written), "bytes": size})
    else:
        stdout().print(say("{path}: {size:,.0f} kB; open it in a browser", path=written, size=size / 1000))
    if show:
        webbrowser.open(written.resolve().as_uri())
