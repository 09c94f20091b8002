"""Output of a page: to stdout or a file, in the given format or that of the file's ending."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deltaw.cli.output import screen
from deltaw.cli.output.endings import ending
from deltaw.exceptions import SettingError
from deltaw.files import check_outputs, write_bytes
from deltaw.pages import FORMATS, Page
from deltaw.signs import visible_json
from deltaw.speech import listed, say

# Ending of an output file -> format.
ENDINGS = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json", ".txt": "text"}


def chosen(form: str | None, output: Path | None, inputs: Iterable[Path] = ()) -> str:
    """The format. Raises SettingError or OutputError if it is unknown, or the file cannot be written or is an input."""
    check_outputs({"--output": output}, inputs)
    if form not in (None, *FORMATS):
        raise SettingError(
            "--format: expected one of {formats}", repr(form), "choose one of these", formats=listed(FORMATS)
        )
    known = [each for each, means in ENDINGS.items() if form in (None, means)]
    found = "" if output is None else ending("--output", output, known)
    return form or ENDINGS.get(found, "text")


def put(page: Page, form: str, output: Path | None) -> None:
    """Print the page, as wide as the terminal, or write it to the file."""
    if output is None:
        screen.put(page.text(screen.stdout().page_width) if form == "text" else page.render(form))
        return
    write_bytes(output, page.render(form).encode())
    screen.stderr().print(say("written to {output}", output=output))


def put_json(document: Any) -> None:
    """Print one JSON document; NaN or infinity is an internal error."""
    screen.put(visible_json(json.dumps(document, ensure_ascii=False, allow_nan=False)) + "\n")
