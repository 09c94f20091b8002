"""`deltaw explain`: one row of a table through a saved model, number by number."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from deltaw.exceptions import SettingError
from deltaw.files import check_writable, write_bytes

# The format that the ending of an output file asks for.
ENDINGS = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json", ".txt": "text"}


def explain(
    model_file: Path,
    data: str,
    link: str | None,
    form: str | None,
    output: Path | None,
    delimiter: str | None,
    choices: dict[str, Any],
) -> None:
    """`deltaw explain`."""
    from deltaw import models
    from deltaw.explain import prediction
    from deltaw.pages import FORMATS
    from deltaw.tables import read

    form = form or ("text" if output is None else ENDINGS.get(output.suffix.lower(), "text"))
    if form not in FORMATS:
        raise SettingError(f"--format: expected one of {', '.join(FORMATS)}", repr(form), "choose one of these")
    place = None if link is None else _place(link)
    if output is not None:
        check_writable(output)
    err = Console(stderr=True, highlight=False, markup=False)
    with err.status(f"explaining {data}"):
        found = prediction(models.load(model_file), read(data, delimiter), **choices)
        if place is None:
            page = found.page
        elif found.step is None:
            expected = f'--link: expected a row of {found.source} whose "{found.model.target.name}" is known'
            raise SettingError(expected, f"row {found.row:,} without", "add the column: a link is judged by the error")
        else:
            page = found.step.link(*place).page
        width = Console().width
        document = page.text(width) if form == "text" and output is None else page.render(form)
    if output is None:
        sys.stdout.write(document)
    else:
        write_bytes(output, document.encode())
        err.print(f"explanation written to {output}", soft_wrap=True)


def _place(text: str) -> tuple[int, int, int | Literal["bias"]]:
    """ "2,0,1" -> (2, 0, 1); "2,0,bias" -> (2, 0, "bias")."""
    try:
        layer, to, of = (part.strip() for part in text.split(","))
        return int(layer), int(to), "bias" if of == "bias" else int(of)
    except ValueError:
        expected = "--link: expected LAYER,TO,OF in whole numbers (OF may be bias)"
        raise SettingError(expected, repr(text), "give e.g. 2,0,1") from None
