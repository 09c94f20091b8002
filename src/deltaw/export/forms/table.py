"""FORMS, the table of forms: their endings, writers and runtimes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deltaw.exceptions import SettingError
from deltaw.export.forms.text import stem_of
from deltaw.export.operations import Program
from deltaw.given import among
from deltaw.languages import language
from deltaw.speech import listed, say
from deltaw.tables.table import nearest

DIALECTS = ("duckdb", "postgres")
"""The kinds of SQL: what `dialect` may be."""


@dataclass(frozen=True)
class Options:
    """Options of some forms.

    Attributes:
        dialect: of SQL.
        table: that SQL reads from.
        libm: whether C may call math.h.
        remarks: more sentences for the head of the C file, as functions that give them in the current language.
    """

    dialect: str = DIALECTS[0]
    table: str = "data"
    libm: bool = True
    remarks: tuple[Callable[[], str], ...] = ()


@dataclass(frozen=True)
class Written:
    """A form in memory: name -> bytes, the main file first; and notes."""

    files: dict[str, bytes]
    notes: tuple[str, ...] = field(default=())


Write = Callable[[Program, Path, Options], Written]


def _python(program: Program, path: Path, options: Options) -> Written:
    from deltaw.export.forms import python

    return Written({path.name: python.write(program).encode("ascii")})


def _javascript(program: Program, path: Path, options: Options) -> Written:
    from deltaw.export.forms import javascript

    return Written({path.name: javascript.write(program).encode("ascii")})


def _c(program: Program, path: Path, options: Options) -> Written:
    from deltaw.export.forms import c

    stem = stem_of(path.stem, c.RESERVED)
    with language("en"):  # files are in English
        files = c.write(program, stem, options.libm, [each() for each in options.remarks])
    takes = say("{size:,} bytes of tables, {stack:,} bytes of the stack", size=files.size, stack=files.stack)
    return Written(
        {path.name: files.source.encode("ascii"), f"{stem}.h": files.header.encode("ascii")},
        (takes, *(each() for each in options.remarks)),
    )


def _onnx(program: Program, path: Path, options: Options) -> Written:
    from deltaw.export.forms import onnx

    return Written({path.name: onnx.write(program)})


def _sql(program: Program, path: Path, options: Options) -> Written:
    from deltaw.export.forms import sql

    return Written({path.name: sql.write(program, options.dialect, options.table).encode()})


@dataclass(frozen=True)
class Form:
    """A row of FORMS.

    Attributes:
        endings: of file names.
        write: from a program to files.
        runs: the runtime that checks its answers.
    """

    endings: tuple[str, ...]
    write: Write
    runs: str


FORMS = {
    "onnx": Form((".onnx",), _onnx, "ONNX Runtime"),
    "c": Form((".c",), _c, "a C compiler"),
    "javascript": Form((".mjs", ".js"), _javascript, "node"),
    "python": Form((".py",), _python, "python -I -S"),
    "sql": Form((".sql",), _sql, "the database"),
}
"""Form -> its endings, what writes it, and what runs it."""


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


def dialect_of(dialect: str | None, form: str) -> str:
    """The dialect of SQL. Raises SettingError for an unknown one, and for one with another form."""
    if dialect is not None and form != "sql":
        raise SettingError("dialect: expected SQL to be written", form, "leave it out")
    if dialect is not None and dialect not in DIALECTS:
        either = listed(DIALECTS, " or ")
        raise SettingError("dialect: expected {either}", repr(dialect), "choose one of these", either=either)
    return dialect or DIALECTS[0]
