"""Writing a form with its check; both are tried in a temporary folder before any output is written."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from keyword import iskeyword
from pathlib import Path
from typing import Any, Protocol

from deltaw.exceptions import DeltaWError, InputError, MissingError, ModelFileError, SettingError, reason
from deltaw.export import proof
from deltaw.export.forms import Options
from deltaw.export.forms.table import FORMS, check_form, dialect_of, form_of
from deltaw.export.operations import Program
from deltaw.export.program import in_bytes, of_network
from deltaw.export.runners import RUNNERS, trial
from deltaw.files import check_outputs, check_writable, path_of, write_bytes
from deltaw.given import is_file, name_of
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.schema import check as hold
from deltaw.speech import say

CHECK = {
    "model": str, "made_by": str, "target": str, "classes": [str], "threshold": (float, None), "form": str,
    "dialect": str, "table": str, "tolerance": {"relative": float, "absolute": float}, "columns": [str], "kinds": [str],
    "blocks": {str: [str]}, "rows": [[(str, float, None)]], "answers": [([float], None)], "labels": ([int], None),
}  # fmt: skip


class Exportable(Protocol):
    """Objects that can be exported: a `deltaw.Model`."""

    def program(self, prepared: bool = False) -> Program:
        """The model as a list of operations."""


@dataclass(frozen=True)
class Exported:
    """The written files, and the result of their check.

    Attributes:
        form: a name in `FORMS`.
        files: the written files, the main file first.
        rows: number of rows it was run on; 0: it was not run.
        worst: the largest difference from the expected answers, in tolerances; None: it was not run.
        checked: the result of the check in words, or why it was not run.
        notes: remarks on the form.
    """

    form: str
    files: tuple[Path, ...]
    rows: int
    worst: float | None
    checked: str
    notes: tuple[str, ...] = ()


def export(
    what: Network | Exportable,
    path: Any,
    *,
    form: str | None = None,
    dialect: str | None = None,
    table: str = "data",
    prepared: bool = False,
    libm: bool = True,
    int8: bool = False,
    check: bool = True,
    remarks: Iterable[proof.Remark] = (),
    inputs: Iterable[Path] = (),
) -> Exported:
    """Write a model, from the raw row to the prediction, as a file that needs no DeltaW. See docs/export.md.

    Rows with the expected answers and a tolerance are written to NAME.check.json. If the language's runtime is
    installed, the form is run on them, and no files are written if its answers differ.

    Args:
        what: a `deltaw.Model`, or a `deltaw.Network` alone.
        path: the file; its ending chooses the form. Or a file object for bytes, which gets the form alone: its check is
            run, not written.
        form: a name in `FORMS`, in place of the ending's.
        dialect: of SQL: "duckdb" or "postgres".
        table: name of the table that SQL reads from.
        prepared: export the network without its preparation: rows are the network's inputs, (n, n_in).
        libm: whether C may call math.h.
        int8: round weights to one byte each in C. The check is of the rounded weights; the head of the file says how
            much they change the answers, and with `Model.export(test=…)` the score.
        check: whether to write and run the check.
        remarks: more sentences for the head of the C file, as functions that give them in the current language.
        inputs: files that must not be overwritten.

    Returns:
        The `Exported` files.

    Raises:
        DeltaWError: the form does not give the expected answers.
        SettingError: an unknown ending, form or dialect; a name that Python cannot import or that hides one of its
            modules; or a model that the form cannot express.
        OutputError: it cannot be written.
        MissingError: a library that writes the form is not installed.

    Examples:
        >>> import deltaw
        >>> net = deltaw.Network([4, 8, 3], ["tanh", "softmax"])
        >>> exported = deltaw.export(net, "network.py")            # of a model: model.export("flowers.py")
        >>> [path.name for path in exported.files]
        ['network.py', 'network.check.json']
    """
    file = path if is_file(path, "write") else None
    path = path_of(path, "export") if file is None else Path(name_of(file))
    name = form_of(path, form)
    check_name(path := path if file is None else Path(f"model{FORMS[name].endings[0]}"))
    if not isinstance(table, str) or not table:
        raise SettingError("table: expected the name of the table that SQL reads from", repr(table), "give one")
    options = Options(dialect_of(dialect, name), table, libm)
    for option, given, only in (("int8", int8, "c"), ("libm", not libm, "c"), ("table", table != Options.table, "sql")):
        if given:
            check_form(option, only, name)
    proof_path = path.with_suffix(".check.json")
    check_outputs({"export": path, "check": proof_path if check else None} if file is None else {}, inputs)
    made = of_network(what) if isinstance(what, Network) else what.program(prepared)
    if int8:
        whole, made = made, in_bytes(made)
        options = replace(options, remarks=(proof.loss(whole, made), *remarks))
    written = FORMS[name].write(made, path, options)
    files = {path.with_name(file): data for file, data in written.files.items()}
    if file is None:
        check_outputs({f"export ({each.suffix})": each for each in files}, inputs)
    elif len(files) > 1:
        expected, found = "export: expected a path, for {form} has several files", say("a file object")
        raise SettingError(expected, found, "give one", form=name)
    done = Exported(name, (*files,), 0, None, say("not checked"), written.notes)
    if check:
        facts = proof.check_of(made) | {"form": name, "dialect": options.dialect, "table": options.table}
        with trial() as folder:
            for each, data in files.items():
                (folder / each.name).write_bytes(data)
            done = replace(checked(folder / path.name, facts), files=(*files, proof_path), notes=done.notes)
        files[proof_path] = (json.dumps(facts, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")
    if file is not None:
        write_bytes(file, files[path])
        return replace(done, files=())
    check_writable(path, sum(map(len, files.values())))  # all of them or none
    for each, data in files.items():
        write_bytes(each, data)
    return done


def check_name(path: Path) -> None:
    """Raise SettingError for a Python file that cannot be imported, or that would hide a module of Python."""
    if path.suffix == ".py" and (not path.stem.isidentifier() or iskeyword(path.stem)):
        expected = "export {path}: expected a name that a module of Python can have"
        found = say("one that no program can import")
        raise SettingError(expected, found, "call it e.g. {name}", path=path, name=f"{_identifier(path.stem)}.py")
    if path.suffix == ".py" and path.stem in {*sys.stdlib_module_names, "deltaw"}:
        expected = "export {path}: expected a name that no module of Python has"
        found = say("one that programs beside it would import instead")
        raise SettingError(expected, found, "call it e.g. {name}", path=path, name=f"{path.stem}_model.py")


def _identifier(stem: str) -> str:
    """A similar name that is a valid identifier."""
    name = re.sub(r"\W+", "_", stem).strip("_") or "model"
    return f"model_{name}" if name[0].isdigit() else f"{name}_model" if iskeyword(name) else name


def recheck(path: str | Path, check: str | Path) -> Exported:
    """Run an exported form again on the rows of its check.

    Args:
        path: the exported file.
        check: the check written with it, NAME.check.json.

    Returns:
        The `Exported` file, with the result of the check.

    Raises:
        InputError: a file that cannot be read, or of another model.
        DeltaWError: the form does not give the expected answers.
        MissingError: the form's runtime is not installed.
    """
    path, facts = path_of(path, "export"), read(path_of(check, "check"))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError("{path}: expected an exported model", reason(error), "check the path", path=path) from None
    if facts["model"].encode() not in data:
        raise InputError(
            "{path}: expected the model that {check} is of", say("another"), "export it again", path=path, check=check
        )
    known = any(path.suffix.lower() in row.endings for row in FORMS.values())
    try:  # several forms of one model share a check
        done = checked(path, facts | {"form": form_of(path)} if known else facts)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, DeltaWError):
            raise
        raise _no_check(check) from None  # of rows that fit no form
    if done.worst is None:
        raise MissingError(done.checked)
    return done


def read(path: Path) -> Any:
    """Read a check. Raises InputError for an invalid file."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        json.dumps(facts, ensure_ascii=False).encode()  # half a pair of surrogates is no text
    except (OSError, ValueError, RecursionError) as error:
        found = reason(error) if isinstance(error, OSError) else say("no JSON")
        raise InputError("{path}: expected a check that was exported", found, "check the path", path=path) from None
    hold(facts, CHECK, str(path))
    width, counts = len(facts["columns"]), {len(facts[each]) for each in ("rows", "answers")}
    whole = {width} == {len(facts["kinds"]), *map(len, facts["rows"])}
    if facts["form"] not in FORMS or len(counts) > 1 or not whole:
        raise _no_check(path)
    return facts


def _no_check(path: str | Path) -> ModelFileError:
    return ModelFileError("{path}: expected a check of whole rows", say("another"), "export the model again", path=path)


def checked(path: Path, facts: proof.Check) -> Exported:
    """Run a form on all rows, if possible. Raises DeltaWError if its answers differ."""
    name, rows = facts["form"], len(facts["rows"])
    try:
        answers, labels = RUNNERS[name](path, facts)
    except MissingError as error:
        return Exported(name, (path,), 0, None, say("not checked: {fault}", fault=error))
    worst, wrong = proof.differences(facts, answers, labels)
    if worst > 1 or wrong:
        found = say("{wrong:,} other labels, and a difference of {worst:.3g} tolerances", wrong=wrong, worst=worst)
        remedy = say("keep the model, and report this")
        raise DeltaWError(
            say("{name}: expected the model's answers for {rows:,} rows", name=path.name, rows=rows), found, remedy
        )
    relative = number(facts["tolerance"]["relative"])
    same = say("; all labels are the same") if facts["labels"] is not None else ""
    said = say(
        "checked by {runs} on {rows:,} rows: off by at most {percent}% of the tolerance ({relative} relative){same}",
        rows=rows, runs=say(FORMS[name].runs), percent=number(100 * worst, 2), relative=relative, same=same,
    )  # fmt: skip
    return Exported(name, (path,), rows, worst, said)
