"""`deltaw export`: a saved model as a file that needs no DeltaW, and the check of its predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deltaw.cli.output.endings import own_kind
from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import stderr, stdout
from deltaw.exceptions import SettingError
from deltaw.export.exporting import Exported, check_name, recheck
from deltaw.export.forms.table import FORMS, dialect_of, form_of
from deltaw.files import check_outputs
from deltaw.speech import say


def export(
    source: Path,
    check_file: Path | None,
    output: Path | None,
    form: str | None,
    choices: dict[str, Any],
    check: bool | None,
    as_json: bool,
) -> None:
    """`deltaw export`; `choices`: of `Model.export`; `check`: True: only check a file; False: without a check."""
    from deltaw import models

    if check:
        _say(_checked(source, check_file), as_json)
        return
    if check_file is not None:
        found = say("{check_file} beside it", check_file=check_file)
        raise SettingError("export: expected one model", found, "give --check to run an exported file again")
    if output is None:
        raise SettingError("--output: expected a file to write", say("none"), "give e.g. -o m.c")
    check_name(output)  # before anything is read
    written = form_of(output, form)
    dialect_of(choices["dialect"], written)
    check_outputs({"--output": output}, (source,))
    own_kind("--output", output, FORMS[written].endings[0])
    with stderr().status(say("exporting {source}", source=source)):
        model = models.load(source)
        done = model.export(output, form=form, inputs=(source,), check=check is None, **choices)
    _say(done, as_json)


def _checked(form_file: Path, check_file: Path | None) -> Exported:
    if check_file is None:
        raise SettingError(
            "--check: expected an exported model and its check", say("one file"), "give m.c m.check.json"
        )
    with stderr().status(say("checking {form_file}", form_file=form_file)):
        return recheck(form_file, check_file)


def _say(done: Exported, as_json: bool) -> None:
    if as_json:
        told = vars(done) | {"files": [str(file) for file in done.files], "notes": list(done.notes)}
        put_json(told)
        return
    screen = stdout()
    screen.print(f"{done.form}: {', '.join(str(file) for file in done.files)}")
    for note in (*done.notes, done.checked):
        screen.print(note)
