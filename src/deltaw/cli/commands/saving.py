"""Output files of `deltaw train` and `deltaw tune`: the model and its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaw.cli.options.keeping import interrupted
from deltaw.cli.output.endings import PAGES, ending, own_kind
from deltaw.exceptions import SettingError
from deltaw.files import check_outputs
from deltaw.speech import say

if TYPE_CHECKING:
    from deltaw.cli.output.screen import Screen
    from deltaw.models import Model


def check(
    data: str, choices: Mapping[str, Any], outputs: Mapping[str, Path | None], quiet: bool, verbose: bool,
    start: Path | None = None, folders: Mapping[str, Path | None] | None = None,
) -> None:  # fmt: skip
    """Raise InputError or OutputError before training if an output cannot be written.

    Args:
        outputs: option -> file, `--output` and `--report` among them.
        start: another input file.
        folders: option -> output folder.
    """
    from deltaw.tables import origins

    if quiet and verbose:
        raise SettingError("--quiet: expected no --verbose with it", say("both"), "leave one of the two out")
    given = [choices[each] for each in ("test", "validation") if isinstance(choices.get(each), str)]
    sources = [path for source in (data, *given) for path in origins(source)]
    check_outputs(outputs, [*sources, *([start] if start else [])], folders or {})
    own_kind("--output", outputs["--output"])
    if outputs["--report"] is not None:
        ending("--report", outputs["--report"], PAGES)


@contextmanager
def saved(model: Model, output: Path, report: Path | None, err: Screen) -> Iterator[None]:
    """Save a model and its report; an interruption after the model is saved says so."""
    model.save(output)
    with interrupted(lambda: say("interrupted; the model is saved in {model}", model=output)):
        if report is not None:
            from deltaw import report as html

            with err.status(say("writing the report")):
                html.write(report, model)
        yield
