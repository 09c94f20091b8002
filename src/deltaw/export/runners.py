"""Running exported forms, by an interpreter, a compiler or a library, if it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from deltaw.exceptions import DeltaWError, InputError, MissingError, OutputError, reason
from deltaw.export.forms.c import field_names, literal, prefix
from deltaw.export.operations import titles
from deltaw.export.proof import Check
from deltaw.speech import say
from deltaw.speech.settings import given_as

TENSORS: dict[str, Any] = {"number": np.float64, "date": np.float64, "feature": np.float32, "word": object}
SECONDS = 300  # time limit for all rows
SCRIPTS = Path(__file__).with_name("scripts")  # which say a form's answers to the rows of a check
Answers = tuple[list[Any], list[Any] | None]  # of each row; the place of its label

C = """
#include <stdio.h>
#include "{stem}.h"
static const struct {stem}_row rows[] = {{
{rows}
}};
int main(void) {{
  float out[{upper}_OUTPUTS];
  int i, j;
  for (i = 0; i < {n}; i++) {{
    printf("%d", {stem}_predict(&rows[i], out));
    for (j = 0; j < {upper}_OUTPUTS; j++) printf(" %.9g", (double)out[j]);
    printf("\\n");
  }}
  return 0;
}}
"""
FLAGS = ("-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic")


@contextmanager
def trial() -> Iterator[Path]:
    """A temporary folder to run a form in. Raises OutputError where the system gives no room, or no process."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    except OSError as error:
        if isinstance(error, DeltaWError):
            raise
        remedy, option = "name another folder by TMPDIR, or give {option}", given_as("check", False)
        where = tempfile.tempdir or "TMPDIR"
        expected = "{folder}: expected room to run the form in"
        raise OutputError(expected, reason(error), remedy, folder=where, option=option) from None


def python(path: Path, check: Check) -> Answers:
    return _by_script([sys.executable, "-I", "-S"], "answers.py", path, check)


def javascript(path: Path, check: Check) -> Answers:
    return _by_script([_program("node", "javascript: expected node")], "answers.mjs", path, check)


def c(path: Path, check: Check, compiler: str = "") -> Answers:
    """C: compiled with a main function that has the rows."""
    with trial() as folder:
        program = built(path, c_main(path, check), FLAGS, folder, compiler)
        lines = [line.split() for line in _run([str(program)]).splitlines()]
    labels = [int(line[0]) for line in lines]
    return [list(map(float, line[1:])) for line in lines], labels if check["labels"] is not None else None


def c_main(path: Path, check: Check, template: str = C) -> str:
    """A C main file for a form; `template` has {stem}, {upper}, {n} and {rows}."""
    stem, kinds = prefix(path), dict(zip(check["columns"], check["kinds"], strict=True))
    names, given = field_names(check["columns"], check["blocks"]), titles(check["columns"], check["blocks"])
    places = {column: i for i, column in enumerate(check["columns"])}

    def cell(row: list[Any], column: str) -> str:
        value = row[places[column]]
        if kinds[column] == "word":
            return "0" if value is None else literal(value)
        return "0.0 / 0.0" if value is None else repr(float(value))

    def field(row: list[Any], title: str) -> str:
        cells = ", ".join(cell(row, column) for column in given[title])
        return f".{names[title]} = {cells if given[title] == (title,) else f'{{{cells}}}'}"

    rows = ",\n".join(f"  {{{', '.join(field(row, title) for title in given)}}}" for row in check["rows"])
    return template.format(stem=stem, upper=stem.upper(), rows=rows, n=len(check["rows"]))


def built(path: Path, main: str, flags: Sequence[str], folder: Path, compiler: str = "") -> Path:
    """Compile a C form with a main file in a folder."""
    compiler = compiler or next(filter(shutil.which, ("cc", "gcc", "clang")), "")
    _program(compiler or "cc", "c: expected a C compiler")
    source, program = folder / "main.c", folder / "main"
    source.write_text(main, encoding="ascii")
    _run([compiler, *flags, f"-I{path.parent}", str(source), str(path), "-o", str(program), "-lm"])
    return program


def onnx(path: Path, check: Check) -> Answers:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingError("onnx: expected onnxruntime", say("none"), "pip install onnxruntime") from error
    alone = onnxruntime.SessionOptions()
    alone.intra_op_num_threads = 1  # so few rows are said sooner than threads are started
    session = onnxruntime.InferenceSession(path.read_bytes(), alone, providers=["CPUExecutionProvider"])
    found = session.run(None, tensors(check))
    if check["labels"] is None:
        return found[0].tolist(), None
    return found[1].tolist(), [check["classes"].index(str(each)) for each in found[0].tolist()]


def tensors(check: Check) -> dict[str, Any]:
    """The rows as ONNX inputs: a tensor (rows, columns) for each column, or block of columns."""
    columns = dict(zip(check["columns"], zip(*check["rows"], strict=True), strict=True))
    kinds, fed = dict(zip(check["columns"], check["kinds"], strict=True)), {}
    for title, names in titles(check["columns"], check["blocks"]).items():
        kind = kinds[names[0]]
        empty: Any = "" if kind == "word" else np.nan
        cells = [[empty if cell is None else cell for cell in columns[name]] for name in names]
        fed[title] = np.array(cells, TENSORS[kind]).T
    return fed


def sql(path: Path, check: Check) -> Answers:
    """SQL: DuckDB in memory; PostgreSQL is not run."""
    if check["dialect"] != "duckdb":
        raise MissingError("sql: expected a PostgreSQL to make a table in", say("none"), "run the statement there")
    try:
        import duckdb
    except ImportError as error:
        raise MissingError("sql: expected duckdb", say("none"), "pip install duckdb") from error
    try:
        with duckdb.connect(config={"threads": 1}) as database:
            for statement in (*table_of(check), answers_of(path, check)):
                rows = database.execute(statement).fetchall()
    except duckdb.Error as error:
        raise InputError("{name}: expected a form that runs", str(error), "make it again", name="DuckDB") from None
    return answers_in(rows, check)


ROW = "deltaw check row"  # the name of the rows' numbers, if it is `free`
SQL_TYPES = {"word": "VARCHAR", "date": "TIMESTAMP"}  # all else is a number


def table_of(check: Check) -> list[str]:
    """Statements that create a table of the check's rows."""
    from deltaw.export.forms.sql import free, name_of, quoted

    def cell(value: Any, kind: str) -> str:
        if value is None:
            return "NULL"
        if kind == "date":
            return f"TIMESTAMP '{datetime(1970, 1, 1) + timedelta(seconds=round(value * 86_400))}'"
        return quoted(value) if kind == "word" else f"'{value!r}'"  # its column's type reads it, all rows at once

    types = [SQL_TYPES.get(kind, "DOUBLE PRECISION") for kind in check["kinds"]]
    columns = [f"{name_of(name)} {kind}" for name, kind in zip(check["columns"], types, strict=True)]
    rows = (f"({', '.join([str(i), *map(cell, row, check['kinds'])])})" for i, row in enumerate(check["rows"]))
    table = name_of(check["table"])
    number = name_of(free(ROW, check["columns"]))
    made = f"CREATE TEMPORARY TABLE {table} ({', '.join([f'{number} INTEGER', *columns])});"
    return [made, f"INSERT INTO {table} VALUES\n" + ",\n".join(rows) + ";"]


def answers_of(path: Path, check: Check) -> str:
    """A query for row numbers and the columns added by a file's statement, in order."""
    from deltaw.export.forms.sql import free, name_of

    statement = path.read_bytes().decode().rstrip().removesuffix(";")  # names and words may have any line ends
    bare = check["labels"] is None and len(next(row for row in check["answers"] if row)) > 1
    names = (
        [f"output_{i}" for i in range(len(next(row for row in check["answers"] if row)))] if bare else ["prediction"]
    )
    shares = [f"probability_{each}" for each in check["classes"]]
    chosen = ", ".join(f"CAST(a.{name_of(name)} AS VARCHAR)" for name in (*names, *shares))
    number = name_of(free(ROW, check["columns"]))
    return f"SELECT {chosen} FROM (\n{statement}\n) AS a ORDER BY a.{number}"


def answers_in(rows: list[Any], check: Check) -> Answers:
    """The answers in the result of `answers_of`."""
    if check["labels"] is None:
        return [list(map(float, row)) for row in rows], None
    truths = {"true": "True", "false": "False"} if {*check["classes"]} == {"True", "False"} else {}
    labels = [check["classes"].index(truths.get(row[0], row[0])) for row in rows]
    return [list(map(float, row[1:])) for row in rows], labels


def _by_script(command: list[str], script: str, path: Path, check: Check) -> Answers:
    with trial() as folder:
        (data := folder / "check.json").write_text(json.dumps(check), encoding="utf-8")
        found = json.loads(_run([*command, str(SCRIPTS / script), str(path.resolve()), str(data)]))
    return found["answers"], found["labels"]


def _program(name: str, expected: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingError(expected, say("none"), say("install it, or give {option}", option=given_as("check", False)))
    return found


def _run(command: list[str]) -> str:
    name = Path(command[0]).name
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS)
    except subprocess.TimeoutExpired:
        expected, option = "{name}: expected the answers to all rows in {n} s", given_as("check", False)
        raise InputError(expected, say("none"), "give {option}", name=name, n=SECONDS, option=option) from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        line = next((each for each in said if "error" in each.lower()), said[-1])
        raise InputError("{name}: expected a form that runs", line, "make it again", name=name)
    return done.stdout


RUNNERS: dict[str, Callable[[Path, Check], Answers]] = {
    "onnx": onnx, "c": c, "javascript": javascript, "python": python, "sql": sql,
}  # fmt: skip
