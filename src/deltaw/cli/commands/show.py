"""`deltaw show`: the contents of a model file."""

from __future__ import annotations

from pathlib import Path

from deltaw.cli.output import documents, text
from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import stdout


def show(model_file: Path, columns: float | None, as_json: bool) -> None:
    """`deltaw show`; `columns`: how many to list; None: as many as one screen takes."""
    from deltaw import models

    model = models.load(model_file)
    if as_json:
        put_json(documents.model_file(model))
    else:
        text.print_model(stdout(), model, model_file, columns)
