"""FORMS, the table of forms: their endings, writers and runtimes."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from deltaw.exceptions import SettingError
from deltaw.export.forms import Options, Written
from deltaw.export.operations import Program
from deltaw.given import among
from deltaw.speech import listed, say
from deltaw.tables.table import nearest

DIALECTS = ("duckdb", "postgres")
"""The SQL dialects."""


@dataclass(frozen=True)
class Form:
    """A row of FORMS.

    Attributes:
        name: of its module in `forms`, which is imported when it is used.
        endings: of file names.
        runs: the runtime that checks its answers.
    """

    name: str
    endings: tuple[str, ...]
    runs: str

    def write(self, program: Program, path: Path, options: Options) -> Written:
        """The form of a program, in memory, its main file called as `path`.

        Raises:
            SettingError: a program that it cannot express.
            MissingError: a library that writes it is not installed.
        """
        written: Written = import_module(f"deltaw.export.forms.{self.name}").write(program, path, options)
        return written


_ROWS = (
    Form("onnx", (".onnx",), "ONNX Runtime"),
    Form("c", (".c",), "a C compiler"),
    Form("javascript", (".mjs", ".js"), "node"),
    Form("python", (".py",), "python -I -S"),
    Form("sql", (".sql",), "the database"),
)
FORMS = {row.name: row for row in _ROWS}
"""Form -> its endings, writer and runtime."""


def form_of(path: Path, form: str | None = None) -> str:
    """The form's name: as given, or by the ending of the path. Raises SettingError for an unknown one."""
    if form is not None:
        if not among(form, FORMS):
            near = nearest(form, FORMS) if isinstance(form, str) else None
            remedy = say("did you mean {near}?", near=near) if near else say("choose one of these")
            raise SettingError(say("form: expected one of {forms}", forms=listed(FORMS)), repr(form), remedy)
        return form
    endings = {ending: name for name, row in FORMS.items() for ending in row.endings}
    if path.suffix.lower() not in endings:
        found = repr(path.suffix) if path.suffix else say("none in {name!r}", name=path.name)
        raise SettingError(
            "export: expected the ending {either}", found, "or give a form", either=listed(endings, " or ")
        )
    return endings[path.suffix.lower()]


def check_form(option: str, only: str, form: str) -> None:
    """Raise SettingError for an option of one form that was given with another."""
    if form != only:
        expected = "{option}: expected {form} to be written"
        raise SettingError(expected, form, "leave it out", option=option, form=only.upper())


def dialect_of(dialect: str | None, form: str) -> str:
    """The dialect of SQL. Raises SettingError for an unknown one, and for one with another form."""
    if dialect is not None:
        check_form("dialect", "sql", form)
    if dialect is not None and dialect not in DIALECTS:
        either = listed(DIALECTS, " or ")
        raise SettingError("dialect: expected {either}", repr(dialect), "choose one of these", either=either)
    return dialect or DIALECTS[0]
