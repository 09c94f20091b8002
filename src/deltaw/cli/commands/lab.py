"""`deltaw lab`: an HTML page in which a network trains live."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deltaw.cli.options.training import brings_a_model
from deltaw.cli.output.endings import PAGES, own_kind
from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import stderr, stdout
from deltaw.speech import say

OF_A_TRAINING = ("target", "recipe", "seed", "engine")  # options that a saved model does not take


def lab(
    source: str,
    data: str | None,
    output: Path,
    show: bool,
    empty: bool,
    as_json: bool,
    options: dict[str, Any],
    given: list[str],
) -> None:
    """`deltaw lab`; `given`: options that a saved model does not take."""
    import webbrowser

    from deltaw import live

    own_kind("--output", output, PAGES[0])
    is_model = brings_a_model("lab", source, data, given)
    if is_model:
        options = {name: value for name, value in options.items() if name not in OF_A_TRAINING}
    elif "--recipe" not in given:
        options = options | {"recipe": None}
    with stderr().status(say("writing the lab")):
        written = live.lab(None if empty else source, data, output=output, **options)
    size = written.stat().st_size
    if as_json:
        put_json({"lab": str(written), "bytes": size})
    else:
        stdout().print(say("{path}: {size:,.0f} kB; open it in a browser", path=written, size=size / 1000))
    if show:
        webbrowser.open(written.resolve().as_uri())
