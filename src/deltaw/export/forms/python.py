"""A Python file that needs only the standard library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from deltaw.export import operations as o
from deltaw.export.forms import Options, Written
from deltaw.export.forms.formulas import SOFTMAX, fold, infix
from deltaw.export.forms.text import date_pattern, functions_of, legible, lines, needed, on_months, remark, single
from deltaw.export.operations import Program
from deltaw.tables.cells import BLANKS, UNSEEN

RUNTIME = functions_of("python.py")
FORMULAS = infix(where="({1} if {0} else {2})", log="math.log({})", tanh="math.tanh({})", erf="math.erf({})",
                 sqrt="math.sqrt({})")  # fmt: skip

HEAD = '''"""{target}: {what}, by {made_by}.

{usage}

{cells}
"""

import datetime
import math
import operator
import re
from array import array

MODEL = "{digest}"
TARGET = {name}
COLUMNS = {columns}
CLASSES = {classes}
MISSING = frozenset({missing})
ABSENT = {absent}
ISO = {iso!r}
UNSEEN, BLANKS = {unseen}, {blanks}
MONTHS = "january february march april may june july august september october november december".split()
'''

CLASSES = """predict(row) is the class of a row, answer(row) the probabilities in the order of CLASSES."""
NUMBERS = """predict(row) is the number for a row, answer(row) a list with it."""
OUTPUTS = """answer(row) is a list of the network's outputs."""
CELLS = """A row is a dict of COLUMNS: numbers, words, dates (datetime, or text as it was written in training); None,
NaN or a word of MISSING is a missing value."""


def write(program: Program, path: Path, options: Options) -> Written:
    """The file; every program can be expressed."""
    tables, body = [], []
    for each in program.operations:
        table, statement = EMIT[type(each)](each)
        tables += [table] if table else []
        body.append(f"    {each.out} = {statement}")
    label = next(program.all(o.Label), None)
    if label is not None:
        body.pop()  # the answer is returned, the label made of it
    text = "\n".join([*tables, "", "", "def answer(row):", *body, f"    return {program.answer.out}", ""])
    threshold = None if label is None else label.threshold
    kind = "numbers" if label is None else "likeliest" if threshold is None else "threshold"
    text += PREDICT[kind].format(threshold=threshold)
    bare = not program.classes and program.answer.size > 1
    what = "probabilities of classes" if program.classes else "outputs of a network" if bare else "a number"
    head = HEAD.format(
        target=remark(program.target), what=what, made_by=program.made_by, digest=program.digest,
        name=literal(program.target), usage=CLASSES if program.classes else OUTPUTS if bare else NUMBERS, cells=CELLS,
        columns=_tuple(program.inputs), classes=_tuple(program.classes), missing=_tuple(program.missing),
        absent=_tuple(program.absent), iso=date_pattern(""), unseen=literal(f"[{UNSEEN}]"),
        blanks=literal(f"[{BLANKS}]"),
    )  # fmt: skip
    whole = head + needed(RUNTIME, text) + "\n\n" + text
    return Written({path.name: whole.encode()}, on_months(program))


PREDICT = {
    "numbers": """

def predict(row):
    return answer(row)[0]
""",
    "likeliest": """

def predict(row):
    found = answer(row)
    return CLASSES[found.index(max(found))]
""",
    "threshold": """

def predict(row):
    return CLASSES[answer(row)[1] >= {threshold!r}]
""",
}


# --- each operation: its tables, and what makes its value -----------------------------------------------------------

Emitted = tuple[str, str]


def literal(value: object) -> str:
    """A string, number or boolean as a Python literal."""
    return "".join(sign if legible(sign) else ascii(sign)[1:-1] for sign in repr(value))


def _tuple(values: Any) -> str:
    return f"({', '.join(map(literal, values))}{',' if len(values) == 1 else ''})"


def _table(name: str, values: Any) -> str:
    return f"{name.upper()} = (\n{lines(map(repr, values), '    ')},\n)"


def _read(read: o.Read) -> Emitted:
    if read.kind == "date":
        patterns = [date_pattern(spelling) for spelling in read.spelling]
        cells = ", ".join(f"days(row[{literal(c)}], {literal(p)})" for c, p in zip(read.columns, patterns, strict=True))
        return "", f"[{cells}]"
    name = read.out.upper()
    function = {"number": "number", "word": "word", "feature": "float"}[read.kind]
    return f"{name} = {_tuple(read.columns)}", f"[{function}(row[column]) for column in {name}]"


def _look(look: o.Look) -> Emitted:
    pairs = (f"{literal(word)}: {value!r}" for word, value in zip(look.words, look.values, strict=True))
    values = (_number(look.other), _number(look.missing), look.fold)
    table = f"{look.out.upper()} = {{\n" + "".join(f"    {pair},\n" for pair in pairs) + "}"
    return table, f"[look({look.of[0]}[0], {look.out.upper()}, {values[0]}, {values[1]}, {values[2]})]"


def _contain(contain: o.Contain) -> Emitted:
    rows = (f"({', '.join(map(literal, spellings))},)" for spellings in contain.words)
    table = f"{contain.out.upper()} = (\n" + "".join(f"    {row},\n" for row in rows) + ")"
    return table, f"contained({contain.of[0]}[0], {contain.out.upper()})"


def _number(x: float) -> str:
    return "math.nan" if x != x else repr(x)


def _impute(impute: o.Impute) -> Emitted:
    name = impute.out.upper()
    return _table(impute.out, impute.values), f"[m if x != x else x for x, m in zip({impute.of[0]}, {name})]"


def _scale(scale: o.Scale) -> Emitted:
    rows = list(zip(scale.centre, scale.width, scale.shift, strict=True))
    made = f"[scale(x, *each, {scale.bend}) for x, each in zip({scale.of[0]}, {scale.out.upper()})]"
    return _table(scale.out, rows), made


def _bins(bins: o.Bins) -> Emitted:
    made = f"[passed({bins.of[0]}[i], low, high) for i, low, high in {bins.out.upper()}]"
    return _table(bins.out, bins.bins), made


def _recall(recall: o.Recall) -> Emitted:
    pairs = (f"    {number!r}: {value!r},\n" for number, value in zip(recall.numbers, recall.values, strict=True))
    name = recall.out.upper()
    return f"{name} = {{\n{''.join(pairs)}}}", f"[{name}.get({recall.of[0]}[{recall.place}], 0.0)]"


def _swing(swing: o.Swing) -> Emitted:
    name = swing.out.upper()
    return _table(swing.out, swing.cycles), f"[y for i, period in {name} for y in swing({swing.of[0]}[i], period)]"


def _matrix(matrix: o.Matrix) -> Emitted:
    name = matrix.out.upper()
    W, b = (f'array("f", [\n{lines(single(values), "    ")},\n])' for values in (matrix.W, matrix.b))
    numbers = f"{name}_W = rows({matrix.W.shape[1]}, {W})\n{name}_B = {b}.tolist()"
    return numbers, f"matrix({matrix.of[0]}, {name}_W, {name}_B)"


def _activate(activate: o.Activate) -> Emitted:
    if activate.name == SOFTMAX:
        return "", f"softmax({activate.of[0]})"
    return "", f"[{fold(activate.name, FORMULAS, 'z')} for z in {activate.of[0]}]"


def _unscale(unscale: o.Unscale) -> Emitted:
    x = f"({unscale.of[0]}[0] - {unscale.shift!r}) * {unscale.width!r} + {unscale.centre!r}"
    return "", f"[{x}]" if unscale.offset is None else f"[math.exp(min({x}, {o.MOST_LOG})) - {unscale.offset!r}]"


EMIT: dict[type, Callable[[Any], Emitted]] = {
    o.Read: _read,
    o.Look: _look,
    o.Contain: _contain,
    o.Impute: _impute,
    o.Indicate: lambda e: (_table(e.out, e.places), f"[float({e.of[0]}[i] != {e.of[0]}[i]) for i in {e.out.upper()}]"),
    o.Scale: _scale,
    o.Bins: _bins,
    o.Recall: _recall,
    o.Swing: _swing,
    o.Spread: lambda e: ("", f"[{e.low!r} + {e.high - e.low!r} * x for x in {e.of[0]}]"),
    o.Slots: lambda e: ("", f"[{e.taken!r} if i == {e.of[0]}[0] else {e.low!r} for i in range({e.size})]"),
    o.Features: lambda e: ("", f'array("f", {" + ".join(e.of)})'),
    o.Matrix: _matrix,
    o.Activate: _activate,
    o.Shares: lambda e: ("", f"shares({e.of[0]})"),
    o.Total: lambda e: ("", f"[{' + '.join(f'{x}[0]' for x in e.of)}]"),
    o.Mean: lambda e: ("", f"[sum(x) / {len(e.of)} for x in zip({', '.join(e.of)})]"),
    o.Unscale: _unscale,
    o.Clamp: lambda e: ("", f"[min(max(x, {e.low!r}), {e.high!r}) for x in {e.of[0]}]"),
    o.Label: lambda e: ("", ""),
}
