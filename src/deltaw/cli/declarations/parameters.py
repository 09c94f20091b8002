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
# Of the commands that train.
LikeTrain = Annotated[
    str, typer.Argument(metavar="DATA", help="A table, as for train.", autocompletion=completion.tables)
]
Model = Annotated[Path, typer.Option("--output", "-o", help="Where to save the model.")]
Report = Annotated[Path | None, typer.Option(help="Write an HTML report there, in one file.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but what is an error.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say a line an epoch on stderr.")]
# Behind MODEL, where that may stand in the place of DATA.
Rows = Annotated[str | None, typer.Argument(metavar="", help="", hidden=True)]
