"""The export forms compared: file size, and microseconds a row.

Each is run on the rows of its own proof by what runs it, in turn, and medians count. A row alone: from the cells to the
answer of one row after another. Of many: all rows at once, where the form takes many.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from statistics import median
from typing import Any

import polars as pl

from deltaw.engines.predictor import Predictor
from deltaw.export import runners
from deltaw.export.exporting import export
from deltaw.export.forms.table import FORMS
from deltaw.export.proof import check_of
from deltaw.models import Model, fit
from deltaw.speech import say

SETS = ("breast_cancer", "digits")
EPOCHS = 3  # its score does not matter here
C = """
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "{stem}.h"
static const struct {stem}_row rows[] = {{
{rows}
}};
int main(int count, char **arguments) {{
  float out[{upper}_OUTPUTS];
  double sum = 0;
  long done = 0, i;
  const double clocks = atof(arguments[count - 1]) * CLOCKS_PER_SEC;
  const clock_t start = clock();
  while ((double)(clock() - start) < clocks) {{
    for (i = 0; i < {n}; i++) {stem}_predict(&rows[i], out), sum += (double)out[0];
    done += {n};
  }}
  printf("%g %g\\n", 1e6 * (double)(clock() - start) / CLOCKS_PER_SEC / (double)done, sum);
  return 0;
}}
"""

Seconds = float
Timed = Callable[[Seconds], float]  # microseconds a row, of a run that lasts about so long


@dataclass(frozen=True)
class FormTimes:
    """One form of one model.

    Attributes:
        table: the bundled set that the model is of.
        network: its units.
        way: a name in WAYS.
        size: bytes of the file.
        alone, many: microseconds a row, of every run; () where it is not run so.
    """

    table: str
    network: str
    way: str
    size: int
    alone: tuple[float, ...]
    many: tuple[float, ...]

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self) | {"typical_alone": self.typical_alone, "typical_many": self.typical_many}

    @property
    def typical_alone(self) -> float | None:
        """Of the median run."""
        return median(self.alone) if self.alone else None

    @property
    def typical_many(self) -> float | None:
        return median(self.many) if self.many else None


@dataclass(frozen=True)
class Way:
    """A row of WAYS.

    Attributes:
        title: for the table.
        form: of FORMS; "" for the model itself.
        ready: from the forms that were written to what measures a row alone, and one of many; None: it is not run so.
        lacks: what must be installed, "" where all is there.
    """

    title: str
    form: str
    ready: Callable[[Forms], tuple[Timed | None, Timed | None]]
    lacks: Callable[[], str] = lambda: ""


@dataclass(frozen=True)
class Forms:
    """Everything to be run: the model, the files m.* in a folder, the rows as a table and as in the check.

    Attributes:
        kept: closes what ways open.
    """

    model: Model
    folder: Path
    check: dict[str, Any]
    frame: pl.DataFrame
    kept: ExitStack

    def file(self, form: str) -> Path:
        """Where a form lies."""
        return self.folder / f"m{FORMS[form].endings[0] if form else '.deltaw'}"


def measure(runs: int, seconds: Seconds, tell: Callable[[str], None]) -> tuple[list[FormTimes], list[str]]:
    """Every form of a model of each set: times, and a remark on each that is not measured."""
    lacking = {name: lacks for name, way in WAYS.items() if (lacks := way.lacks())}
    found = [row for table in SETS for row in _of(table, [n for n in WAYS if n not in lacking], runs, seconds, tell)]
    titles = {name: say(WAYS[name].title) for name in lacking}
    return found, [
        say("{name} left out: {reason}", name=titles[name], reason=reason) for name, reason in lacking.items()
    ]


def _of(table: str, ways: list[str], runs: int, seconds: Seconds, tell: Callable[[str], None]) -> list[FormTimes]:
    with ExitStack() as kept:
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="deltaw-bench-")))
        tell(say("export: {table}, writing the files", table=table))
        model = fit(table, epochs=EPOCHS, folds=1, seed=0)
        forms = _written(model, ways, folder, kept)
        calls = {name: WAYS[name].ready(forms) for name in ways}
        times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in ways}
        for number in range(runs):
            tell(say("export: {table}, run {number} of {runs}", table=table, number=number + 1, runs=runs))
            for name, each in calls.items():
                for place, call in zip(times[name], each, strict=True):
                    if call is not None:
                        place.append(call(seconds))
        network = "-".join(map(str, model.network.sizes))
        return [
            FormTimes(
                table, network, name, forms.file(WAYS[name].form).stat().st_size, tuple(alone), tuple(many)
            )
            for name, (alone, many) in times.items()
        ]  # fmt: skip


def _written(model: Model, ways: list[str], folder: Path, kept: ExitStack) -> Forms:
    check = check_of(model.program())
    (folder / "m.check.json").write_text(json.dumps(check), encoding="utf-8")
    for form in dict.fromkeys(WAYS[name].form for name in ways):
        if form:
            export(model, folder / f"m{FORMS[form].endings[0]}", check=False)
        else:
            model.save(folder / "m.deltaw")
    frame = pl.DataFrame(
        [
            pl.Series(name, cells, pl.Float64)
            for name, cells in zip(check["columns"], zip(*check["rows"], strict=True), strict=True)
        ]
    )
    return Forms(model, folder, check, frame, kept)


# --- how each is run ------------------------------------------------------------------------------------------------


def _timed(call: Callable[[], object], rows: int) -> Timed:
    def run(seconds: Seconds) -> float:
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            call()
            done += rows
        return 1e6 * (time.perf_counter() - start) / done

    return run


def _printed(*command: object) -> Timed:
    """The first number that a program prints, called with the seconds."""

    def run(seconds: Seconds) -> float:
        done = subprocess.run([*map(str, command), str(seconds)], capture_output=True, text=True, check=True)
        return float(done.stdout.split()[0])

    return run


def _frames(forms: Forms) -> tuple[Timed, Timed]:
    model, frame, one = forms.model, forms.frame, forms.frame[:1]
    return _timed(lambda: model.predict(one), 1), _timed(lambda: model.predict(frame), len(frame))


def _prepared(forms: Forms) -> tuple[Timed, Timed]:
    X = forms.model.preparation.transform(forms.frame)
    predictors = [Predictor(network, threads=1) for network in forms.model.members]
    return (
        _timed(lambda: [each(X[:1]) for each in predictors], 1),
        _timed(lambda: [each(X) for each in predictors], len(X)),
    )


def _onnx(forms: Forms) -> tuple[Timed, Timed]:
    import onnxruntime

    path = forms.file("onnx")
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    fed = runners.tensors(forms.check)
    first = {title: cells[:1].copy() for title, cells in fed.items()}
    return _timed(lambda: session.run(None, first), 1), _timed(lambda: session.run(None, fed), len(forms.frame))


def _c(forms: Forms) -> tuple[Timed, None]:
    path = forms.file("c")
    program = runners.built(path, runners.c_main(path, forms.check, C), ["-std=c99", "-O2"], forms.folder)
    return _printed(program), None


def _script(form: str, *command: str) -> Callable[[Forms], tuple[Timed, None]]:
    script = Path(__file__).parent / f"scripts/measure{FORMS[form].endings[0]}"
    return lambda forms: (_printed(*command, script, forms.file(form), forms.folder / "m.check.json"), None)


def _sql(before: str) -> Callable[[Forms], tuple[None, Timed]]:
    def ready(forms: Forms) -> tuple[None, Timed]:
        import duckdb

        database, check = forms.kept.enter_context(duckdb.connect()), forms.check | {"table": "data"}
        for statement in runners.table_of(check):
            database.execute(statement)
        query = before + runners.answers_of(forms.file("sql"), check)
        return None, _timed(lambda: database.execute(query).fetchall(), len(forms.frame))

    return ready


def _package(name: str) -> Callable[[], str]:
    return lambda: "" if find_spec(name) else say("not installed; pip install {package}", package=name)


def _program(*names: str) -> Callable[[], str]:
    return lambda: "" if any(map(which, names)) else say("not installed: {program}", program=names[0])


WAYS = {
    "model": Way("DeltaW, Model.predict of a data frame", "", _frames),
    "predictor": Way("DeltaW, Predictor of prepared rows, one thread", "", _prepared),
    "onnx": Way("ONNX Runtime", "onnx", _onnx, lambda: _package("onnx")() or _package("onnxruntime")()),
    "c": Way("C, cc -O2", "c", _c, _program("cc", "gcc", "clang")),
    "javascript": Way("JavaScript, node", "javascript", _script("javascript", "node"), _program("node")),
    "python": Way("Python", "python", _script("python", "python3", "-S"), _program("python3")),
    "sql": Way("SQL, DuckDB", "sql", _sql(""), _package("duckdb")),
    "plan": Way("of that, reading and planning it", "sql", _sql("EXPLAIN "), _package("duckdb")),
}
"""Name -> how a form is run; the last is the share of DuckDB's time in which no row is looked at."""
assert {way.form for way in WAYS.values()} == {"", *FORMS}
