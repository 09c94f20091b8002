"""What several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deltaw.cli import completion

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
Format = Annotated[
    str | None, typer.Option("--format", "-f", help="text, markdown, html or json; by the output's ending.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there; stdout if not given.")
]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file that `deltaw train` wrote.")]
Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A table: CSV, JSON Lines, .xlsx, Parquet, Arrow, NPZ, IDX; or - for stdin.",
        autocompletion=completion.tables,
    ),
]
