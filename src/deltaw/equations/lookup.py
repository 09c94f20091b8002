"""Find a row of a table by the words a person types: "adam", "pinball(0.9)", "momentum(momentum=0.8)"."""

from __future__ import annotations

import ast
import copyreg
import difflib
import inspect
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from deltaw.exceptions import SettingError
from deltaw.speech import listed, say

Row = TypeVar("Row")

# How other libraries call rows of the tables, as `_bare` writes them, and parts of names.
ELSEWHERE = {
    "mse": "squared", "l2": "squared", "rmse": "squared", "meansquarederror": "squared",
    "mae": "absolute", "l1": "absolute", "meanabsoluteerror": "absolute", "smoothl1": "huber", "quantile": "pinball",
    "bce": "binary_cross_entropy", "bcewithlogits": "binary_cross_entropy", "logloss": "cross_entropy",
    "nll": "cross_entropy", "categoricalcrossentropy": "cross_entropy", "poissonnll": "poisson",
    "sparsecategoricalcrossentropy": "cross_entropy", "logistic": "sigmoid", "linear": "identity", "swish": "silu",
}  # fmt: skip
PARTS = {"glorot": "xavier", "kaiming": "he"}

NUMBER: tuple[type[Any], ...] = (int, float, np.integer, np.floating)  # what counts as a number in a setting


def lookup(table: Mapping[str, Callable[..., Row]], spec: str | Row, kind: type[Row], what: str) -> Row:
    """The row that `spec` names, its settings put in.

    Args:
        table: name -> a function (or class) that makes the row from its settings.
        spec: "name", "name(value, …)", "name(setting=value, …)", or a ready row, which is returned as it is.
        kind: the class of the rows.
        what: what the table holds, in the singular, for messages ("loss").

    Raises:
        SettingError: no such name, or settings that the row does not take.
    """
    if isinstance(spec, kind):
        return spec
    if not isinstance(spec, str):
        expected, remedy = "{what}: expected a name or a row of class {name}", "choose one of {names}"
        raise SettingError(expected, repr(spec), remedy, what=what, name=kind.__name__, names=names(table))
    name, args, settings = (spec, [], {}) if spec in table else _parse(spec, what)
    if name not in table:
        near = _near(name, table)
        hint = say("did you mean '{name}'? ", name=near) if near else ""
        expected = "{what}: expected one of {names}"
        raise SettingError(expected, f"'{name}'", "{hint}choose one of these", what=what, names=names(table), hint=hint)
    try:
        return table[name](*args, **settings)
    except TypeError:
        expected = "{what}: expected settings that '{name}' takes"
        takes = listed(inspect.signature(table[name]).parameters)
        remedy = "it takes {takes}" if takes else "it takes none"
        raise SettingError(expected, f"'{spec}'", remedy, what=what, name=name, takes=takes) from None


def reduced(row: Any, find: Callable[[str], Any]) -> tuple[Any, ...]:
    """The `__reduce__` of a row: its name, from which `find` makes it again; for a user's own row, all its fields.

    Functions that a table makes cannot be pickled by name.
    """
    try:
        twin: dict[str, Any] = vars(find(row.name))
    except (SettingError, AttributeError):
        twin = {}
    if twin.keys() == vars(row).keys() and all(_code(twin[key]) == _code(value) for key, value in vars(row).items()):
        return find, (row.name,)
    return copyreg.__newobj__, (type(row),), dict(vars(row))  # type: ignore[attr-defined]


def _code(value: Any) -> Any:
    """The code of a function, which is equal in each copy; any other value itself."""
    return getattr(value, "__code__", value)


def names(table: Mapping[str, Any]) -> str:
    """The names of a table in one line, for messages."""
    return listed(table)


def _near(name: str, table: Mapping[str, Any]) -> str | None:
    """The row of another library's name, of another spelling, or of a slip; None if no name is like it."""
    written = _bare(name)
    for theirs, ours in PARTS.items():
        written = written.replace(theirs, ours)
    if (known := ELSEWHERE.get(written)) in table:
        return known
    rows = {_bare(each): each for each in table}
    close = difflib.get_close_matches(written, rows, n=1)
    return rows[close[0]] if close else None


def _bare(name: str) -> str:
    """ "SmoothL1Loss" -> "smoothl1", "xavier_uniform_" -> "xavieruniform"."""
    return re.sub(r"[\W_]", "", name.removesuffix("Loss").lower())


def _parse(spec: str, what: str) -> tuple[str, list[Any], dict[str, Any]]:
    """'name(1, b=2)' -> ('name', [1], {'b': 2}); Python's own grammar, literals only."""
    if re.fullmatch(r"[\w -]+", spec):  # "cross-entropy": no name, but one that is near
        return spec.strip(), [], {}
    try:
        node = ast.parse(spec.strip(), mode="eval").body
        if isinstance(node, ast.Name):
            return node.id, [], {}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            settings = {str(word.arg): ast.literal_eval(word.value) for word in node.keywords}
            return node.func.id, [ast.literal_eval(value) for value in node.args], settings
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):  # all that Python's parser may raise
        pass
    raise SettingError(
        "{what}: expected a name, or a name with its settings like name(0.5)", f"'{spec}'", "correct it", what=what
    )


def finite(value: float, what: str) -> float:
    """`value` if it is a finite number, Python's or NumPy's, else SettingError."""
    if not _is_number(value):
        raise SettingError("{what}: expected a finite number", repr(value), "choose another value", what=what)
    return float(value)


def positive(value: float, what: str, *, or_zero: bool = False, below: float | None = None) -> float:
    """`value` if it is a finite number above zero (or zero, where allowed) and under `below`, else SettingError."""
    good = _is_number(value) and (value >= 0 if or_zero else value > 0) and (below is None or value < below)
    if not good:
        bound = say("0 or more" if or_zero else "more than 0")
        bound = bound if below is None else say("{bound} and less than {below:g}", bound=bound, below=below)
        raise SettingError(
            "{what}: expected a number, {bound}", repr(value), "choose another value", what=what, bound=bound
        )
    return float(value)


def _is_number(value: Any) -> bool:
    try:
        return isinstance(value, NUMBER) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number past what a float holds
        return False
