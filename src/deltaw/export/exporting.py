"""Writing a form with its proof: both are made and run in a folder of their own before anything is left behind."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from keyword import iskeyword
from pathlib import Path
from typing import Any, Protocol

from deltaw.exceptions import DeltaWError, InputError, MissingError, ModelFileError, SettingError, reason
from deltaw.export import proof
from deltaw.export.forms.table import FORMS, Options, dialect_of, form_of
from deltaw.export.operations import Program
from deltaw.export.program import in_bytes, of_network
from deltaw.export.runners import RUNNERS
from deltaw.files import check_outputs, path_of, write_bytes
from deltaw.files.schema import check as hold
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.speech import say

CHECK = {
    "model": str, "made_by": str, "target": str, "classes": [str], "threshold": (float, None), "form": str,
    "dialect": str, "table": str, "tolerance": {"relative": float, "absolute": float}, "columns": [str], "kinds": [str],
    "blocks": {str: [str]}, "rows": [[(str, float, None)]], "answers": [([float], None)], "labels": ([int], None),
}  # fmt: skip


class Exportable(Protocol):
    """What has a program: a model."""

    def program(self, prepared: bool = False) -> Program:
        """The model as a list of operations."""


@dataclass(frozen=True)
class Exported:
    """What was written, and whether it says the same.

    Attributes:
        form: a name in `FORMS`.
        files: what was written, the main file first.
        rows: how many rows it was run on; 0: it was not.
        worst: the largest difference from the expected answers, in tolerances.
        checked: the same in words, or why it was not run.
        notes: what is worth saying of the form.
    """

    form: str
    files: tuple[Path, ...]
    rows: int
    worst: float | None
    checked: str
    notes: tuple[str, ...] = ()


def export(
    what: Network | Exportable,
    path: str | Path,
    *,
    form: str | None = None,
    dialect: str | None = None,
    table: str = "data",
    prepared: bool = False,
    libm: bool = True,
    int8: bool = False,
    check: bool = True,
    told: Iterable[proof.Told] = (),
    inputs: Iterable[Path] = (),
) -> Exported:
    """Write a model, from the raw row to the answer, as a file that needs no DeltaW. See docs/export.md.

    Beside it, in NAME.check.json, stand rows, the answers that are expected and a tolerance; the form is run on them
    where what runs it is installed, and nothing is left behind where it says something else.

    Args:
        what: a `deltaw.Model`, or a `deltaw.Network` alone.
        path: the file; its ending chooses the form.
        form: a name in `FORMS`, whatever the ending.
        dialect: of SQL: duckdb or postgres.
        table: what SQL reads from.
        prepared: the network alone, for features that are prepared elsewhere.
        libm: whether C may call math.h.
        int8: whether C has a byte for each weight; what that changes on rows as those of the proof stands in its head.
            The proof is of these weights. What it costs in score stands there, too, where `Model.export` is given a
            `test`.
        check: whether the proof is written and run.
        told: what else C says in its head: sentences, in the language that is chosen when they are asked for.
        inputs: files that must not be written over.

    Raises:
        DeltaWError: the form does not give the answers that are expected.
        SettingError: an ending, form or dialect that there is not, a name that no module of Python can have or one
            that one has, or what the form
            cannot say.
        OutputError: it cannot be written there.
        MissingError: what writes the form is not installed.

    Examples:
        >>> import deltaw
        >>> net = deltaw.Network([4, 8, 3], ["tanh", "softmax"])
        >>> [path.name for path in deltaw.export(net, "network.py").files]     # of a model: model.export("flowers.py")
        ['network.py', 'network.check.json']
    """
    path = path_of(path, "export")
    name = form_of(path, form)
    check_name(path)
    if not isinstance(table, str) or not table:
        raise SettingError("table: expected the name of the table that SQL reads from", repr(table), "give one")
    options = Options(dialect_of(dialect, name), table, libm)
    if int8 and name != "c":
        raise SettingError("int8: expected C to be written", name, "leave it out")
    proof_path = path.with_suffix(".check.json")
    check_outputs({"export": path, "check": proof_path if check else None}, inputs)
    made = of_network(what) if isinstance(what, Network) else what.program(prepared)
    if int8:
        whole, made = made, in_bytes(made)
        options = replace(options, remarks=(proof.loss(whole, made), *told))
    written = FORMS[name].write(made, path, options)
    files = {path.with_name(file): data for file, data in written.files.items()}
    check_outputs({f"export ({file.suffix})": file for file in files}, inputs)
    done = Exported(name, (*files,), 0, None, say("not checked"), written.notes)
    if check:
        facts = proof.check_of(made) | {"form": name, "dialect": options.dialect, "table": options.table}
        with tempfile.TemporaryDirectory() as folder:
            for file, data in files.items():
                Path(folder, file.name).write_bytes(data)
            done = replace(checked(Path(folder, path.name), facts), files=(*files, proof_path), notes=done.notes)
        files[proof_path] = (json.dumps(facts, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")
    for file, data in files.items():
        write_bytes(file, data)
    return done


def check_name(path: Path) -> None:
    """Raise SettingError for a file of Python that no program could import, and for one that programs beside it would
    import instead of a module of Python's own.
    """
    if path.suffix == ".py" and (not path.stem.isidentifier() or iskeyword(path.stem)):
        raise SettingError(
            "export {path}: expected a name that a module of Python can have",
            say("one that no program can import"),
            "call it e.g. {name}",
            path=path,
            name=f"{_identifier(path.stem)}.py",
        )
    if path.suffix == ".py" and path.stem in {*sys.stdlib_module_names, "deltaw"}:
        raise SettingError(
            "export {path}: expected a name that no module of Python has",
            say("one that programs beside it would import instead"),
            "call it e.g. {name}",
            path=path,
            name=f"{path.stem}_model.py",
        )


def _identifier(stem: str) -> str:
    """A name of letters, digits and _ that is like another one."""
    name = re.sub(r"\W+", "_", stem).strip("_") or "model"
    return f"model_{name}" if name[0].isdigit() else f"{name}_model" if iskeyword(name) else name


def recheck(path: str | Path, check: str | Path) -> Exported:
    """Run a form that was exported once more on the rows that it was checked by.

    Args:
        path: of the form.
        check: of the rows and answers that were left beside it, NAME.check.json.

    Raises:
        InputError: a file that cannot be read, or of another model.
        DeltaWError: the form does not give the answers that are expected.
        MissingError: what runs the form is not installed.
    """
    path, told = path_of(path, "export"), read(path_of(check, "check"))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError("{path}: expected an exported model", reason(error), "check the path", path=path) from None
    if told["model"].encode() not in data:
        raise InputError(
            "{path}: expected the model that {check} is of", say("another"), "export it again", path=path, check=check
        )
    known = any(path.suffix.lower() in row.endings for row in FORMS.values())
    # Several forms of one model, side by side, have one proof.
    done = checked(path, told | {"form": form_of(path)} if known else told)
    if done.worst is None:
        raise MissingError(done.checked)
    return done


def read(path: Path) -> Any:
    """The proof in a file. Raises InputError for what is none."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        found = reason(error) if isinstance(error, OSError) else say("no JSON")
        raise InputError("{path}: expected a check that was exported", found, "check the path", path=path) from None
    hold(told, CHECK, str(path))
    width, counts = len(told["columns"]), {len(told[each]) for each in ("rows", "answers")}
    if told["form"] not in FORMS or len(counts) > 1 or any(len(row) != width for row in told["rows"]):
        raise ModelFileError(
            "{path}: expected a check of whole rows", say("another"), "export the model again", path=path
        )
    return told


def checked(path: Path, told: proof.Check) -> Exported:
    """A form that was run on all rows, or why it was not. Raises DeltaWError where it says something else."""
    name, rows = told["form"], len(told["rows"])
    try:
        answers, labels = RUNNERS[name](path, told)
    except MissingError as error:
        lacking = error.expected.split(say(": "))[-1]
        return Exported(name, (path,), 0, None, say("not checked: {lacking}, found none", lacking=lacking))
    worst, wrong = proof.differences(told, answers, labels)
    if worst > 1 or wrong:
        found = say("{wrong:,} other labels, and a difference of {worst:.3g} tolerances", wrong=wrong, worst=worst)
        remedy = say("keep the model, and report this")
        raise DeltaWError(
            say("{name}: expected the model's answers for {rows:,} rows", name=path.name, rows=rows), found, remedy
        )
    relative = number(told["tolerance"]["relative"])
    same = say("; every label is the same") if told["labels"] is not None else ""
    said = say(
        "{rows:,} rows by {runs}: within {percent} % of the tolerance, {relative} relative{same}",
        rows=rows, runs=say(FORMS[name].runs), percent=number(100 * worst, 2), relative=relative, same=same,
    )  # fmt: skip
    return Exported(name, (path,), rows, worst, said)
