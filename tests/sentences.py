"""What the package says, found in its source: the sentences that `say` and errors are given, and where they stand."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "deltaw"
ERRORS = {
    "DeltaWError", "InputError", "SettingError", "TableError", "ColumnError", "ModelFileError", "MissingError",
    "OutputError", "NoRowsError", "AnotherFormatError",
}  # fmt: skip
# Which arguments of a call are sentences. `found` of an error is anybody's data.
SAID = dict.fromkeys(ERRORS, (0, 2)) | {
    "say": (0,), "Kept": (0,), "finding": (0,), "left_out": (0,), "cell_error": (3, 5), "refuse_cell": (3, 4),
    "_refuse": (1, 2, 3),
}  # fmt: skip
AMOUNT = "amount"  # "epoch" is two sentences: "{count} epoch" and "{count} epochs"


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def sentences(node: ast.AST, names: dict[str, list[ast.expr]]) -> Iterator[str]:
    """The texts that an argument may be: itself, either branch, what a name was given."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from sentences(node.body, names)
        yield from sentences(node.orelse, names)
    elif isinstance(node, ast.Name):
        for value in names.get(node.id, []):
            yield from sentences(value, {name: each for name, each in names.items() if name != node.id})


def assigned(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """Name -> what it is given, anywhere in a file."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=False))
                for name, value in pairs:
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, []).append(value)
    return found


@cache
def calls() -> list[tuple[str, ast.Call, dict[str, list[ast.expr]]]]:
    """Every call of a function by its name, with its place, and what names are given in its file."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        nodes = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
        given, where = assigned(nodes), path.relative_to(PACKAGE)
        found += [
            (f"{where}:{node.lineno}", node, given) for node in nodes if isinstance(node, ast.Call) and called(node)
        ]
    return found


@cache
def said() -> dict[str, str]:
    """Sentence -> a place where it is said."""
    found: dict[str, str] = {}
    for where, call, names in calls():
        if called(call) == AMOUNT and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
            for plural in ("", "s"):
                found.setdefault(f"{{count}} {call.args[1].value}{plural}", where)
        for place in SAID.get(called(call), ()):
            for text in sentences(call.args[place], names) if place < len(call.args) else ():
                found.setdefault(text, where)
    return {text: where for text, where in found.items() if any(map(str.isalpha, text))}
