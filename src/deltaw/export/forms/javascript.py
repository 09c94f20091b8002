"""An ES module without dependencies, for Node.js and browsers. Sums are float32, in the same order as in C."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from deltaw.export import operations as o
from deltaw.export.forms import Options, Written
from deltaw.export.forms.formulas import SOFTMAX, fold, infix
from deltaw.export.forms.text import date_pattern, functions_of, legible, lines, needed, on_months, remark, single
from deltaw.export.operations import Program
from deltaw.tables.cells import BLANKS, UNSEEN

RUNTIME = functions_of("javascript.mjs")
MOST_WHOLE = 2**53 - 1  # whole numbers up to it are JavaScript's numbers; larger ones are BigInt

FORMULAS = infix(
    where="({0} ? {1} : {2})", exp="Math.exp({})", log="Math.log({})", tanh="Math.tanh({})", sqrt="Math.sqrt({})",
    abs="Math.abs({})",
)  # fmt: skip

HEAD = """// {target}, by {made_by}.
// A row is an object of `columns`: numbers, words, dates (Date, or text as it was written in training); null,
// undefined, NaN or a word of MISSING is a missing value.
export const model = "{digest}";
export const target = {name};
export const columns = {columns};
export const classes = {classes};
const MISSING = new Set({missing});
const ABSENT = new Set({absent});
const MONTHS = "january february march april may june july august september october november december".split(" ");
const ISO = {iso};
const UNSEEN = {unseen};
const BLANKS = {blanks};
"""
ANSWER = """
/**
 * {what}
 * @param {{Record<string, number | string | boolean | Date | null | undefined>}} row
 * @returns {{number[]}}
 */
export function answer(row) {{
{body}
  return Array.from({answer});
}}
"""
PREDICT = """
/**
 * {what}
 * @param {{Record<string, number | string | boolean | Date | null | undefined>}} row
 * @returns {{{type}}}
 */
export function predict(row) {{
  {body}
}}
"""


def write(program: Program, path: Path, options: Options) -> Written:
    """The JavaScript module; every program can be expressed."""
    tables, body = [], []
    for each in program.operations:
        if isinstance(each, o.Label):
            continue
        table, statement = EMIT[type(each)](each)
        tables += [table] if table else []
        body.append(f"  const {each.out} = {statement};")
    text = "\n".join(tables) + ANSWER.format(what=_what(program), body="\n".join(body), answer=program.answer.out)
    label = next(program.all(o.Label), None)
    if label is not None:
        rule = (
            "found.indexOf(Math.max(...found))"
            if label.threshold is None
            else f"Number(found[1] >= {label.threshold!r})"
        )
        choose = f"const found = answer(row);\n  return classes[{rule}];"
        text += PREDICT.format(what="The class of a row.", type="string | number | boolean | bigint", body=choose)
    elif program.answer.size == 1:
        text += PREDICT.format(what="The number for a row.", type="number", body="return answer(row)[0];")
    head = HEAD.format(
        target=remark(program.target), made_by=program.made_by, digest=program.digest, name=quoted(program.target),
        columns=_array(map(quoted, program.inputs)), classes=_array(map(_class, program.classes)),
        missing=_array(map(quoted, program.missing)), absent=_array(map(repr, program.absent)), iso=_pattern(""),
        unseen=f"new RegExp({quoted(f'[{UNSEEN}]')}, 'g')", blanks=f"new RegExp({quoted(f'[{BLANKS}]')}, 'g')",
    )  # fmt: skip
    whole = head + needed(RUNTIME, text) + "\n" + text
    return Written({path.name: whole.encode()}, on_months(program))


def _what(program: Program) -> str:
    if program.classes:
        return "The probabilities of a row, in the order of `classes`."
    return "The number for a row, in a list." if program.answer.size == 1 else "The outputs of the network."


def quoted(value: Any) -> str:
    """A string, number or boolean as a JavaScript literal, safe also within <script>."""
    signs = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return "".join(sign if legible(sign) else json.dumps(sign)[1:-1] for sign in signs)


def _class(value: Any) -> str:
    """A class as a JavaScript literal; BigInt for integers that its numbers cannot represent."""
    beyond = isinstance(value, int) and abs(value) > MOST_WHOLE
    return f"{value}n" if beyond else quoted(value)


def _array(parts: Iterable[str]) -> str:
    return f"[{', '.join(parts)}]"


def _pattern(spelling: str) -> str:
    """[regular expression, letters]."""
    pattern, letters = date_pattern(spelling)
    return f"[new RegExp({quoted(f'^{pattern}$')}), {quoted(letters)}]"


# --- each operation: its tables, and what makes its value -----------------------------------------------------------

Emitted = tuple[str, str]


def _table(name: str, parts: Iterable[str]) -> str:
    return f"const {name}Table = [\n{lines(parts)},\n];"


def _rows(values: Iterable[tuple[Any, ...]]) -> Iterable[str]:
    return (f"[{', '.join(map(repr, row))}]" for row in values)


def _read(read: o.Read) -> Emitted:
    if read.kind == "date":
        patterns = (f"[{_pattern(spelling)}, ISO]" for spelling in read.spelling)
        columns = (f"[{quoted(c)}, {p}]" for c, p in zip(read.columns, patterns, strict=True))
        table = f"const {read.out}Table = [\n  " + ",\n  ".join(columns) + ",\n];"
        return table, f"{read.out}Table.map(([name, patterns]) => days(cell(row, name), patterns))"
    function = {"number": "number", "word": "word", "feature": "Number"}[read.kind]
    table = f"const {read.out}Table = {_array(map(quoted, read.columns))};"
    return table, f"{read.out}Table.map((name) => {function}(cell(row, name)))"


def _look(look: o.Look) -> Emitted:
    pairs = (f"  [{quoted(w)}, {v!r}],\n" for w, v in zip(look.words, look.values, strict=True))
    other, missing = ("NaN" if x != x else repr(x) for x in (look.other, look.missing))
    table = f"const {look.out}Table = new Map([\n{''.join(pairs)}]);"
    return table, f"[look({look.of[0]}[0], {look.out}Table, {other}, {missing}, {str(look.fold).lower()})]"


def _contain(contain: o.Contain) -> Emitted:
    words = (_array(map(quoted, spellings)) for spellings in contain.words)
    return _table(contain.out, words), f"contained({contain.of[0]}[0], {contain.out}Table)"


def _recall(recall: o.Recall) -> Emitted:
    pairs = (f"  [{x!r}, {v!r}],\n" for x, v in zip(recall.numbers, recall.values, strict=True))
    table = f"const {recall.out}Table = new Map([\n{''.join(pairs)}]);"
    return table, f"[{recall.out}Table.get({recall.of[0]}[{recall.place}]) ?? 0]"


def _scale(scale: o.Scale) -> Emitted:
    rows = zip(scale.centre, scale.width, scale.shift, strict=True)
    bend = str(scale.bend).lower()
    return _table(scale.out, _rows(rows)), f"{scale.of[0]}.map((x, i) => scale(x, {scale.out}Table[i], {bend}))"


def _matrix(matrix: o.Matrix) -> Emitted:
    numbers = "\n".join(
        f"const {matrix.out}{part} = new Float32Array([\n{lines(single(values))},\n]);"
        for part, values in (("W", matrix.W), ("B", matrix.b))
    )
    return numbers, f"matrix({matrix.of[0]}, {matrix.out}W, {matrix.out}B)"


def _activate(activate: o.Activate) -> Emitted:
    if activate.name == SOFTMAX:
        return "", f"softmax({activate.of[0]})"
    return "", f"{activate.of[0]}.map((z) => {fold(activate.name, FORMULAS, 'z')})"


def _unscale(unscale: o.Unscale) -> Emitted:
    x = f"({unscale.of[0]}[0] - {unscale.shift!r}) * {unscale.width!r} + {unscale.centre!r}"
    return "", f"[{x}]" if unscale.offset is None else f"[Math.exp(Math.min({x}, {o.MOST_LOG})) - {unscale.offset!r}]"


EMIT: dict[type, Callable[[Any], Emitted]] = {
    o.Read: _read,
    o.Look: _look,
    o.Contain: _contain,
    o.Impute: lambda e: (
        _table(e.out, map(repr, e.values)),
        f"{e.of[0]}.map((x, i) => (Number.isNaN(x) ? {e.out}Table[i] : x))",
    ),
    o.Indicate: lambda e: (
        _table(e.out, map(repr, e.places)),
        f"{e.out}Table.map((i) => Number(Number.isNaN({e.of[0]}[i])))",
    ),
    o.Scale: _scale,
    o.Bins: lambda e: (
        _table(e.out, _rows(e.bins)),
        f"{e.out}Table.map(([i, low, high]) => passed({e.of[0]}[i], low, high))",
    ),
    o.Recall: _recall,
    o.Swing: lambda e: (
        _table(e.out, _rows(e.cycles)),
        f"{e.out}Table.flatMap(([i, period]) => swing({e.of[0]}[i], period))",
    ),
    o.Spread: lambda e: ("", f"{e.of[0]}.map((x) => {e.low!r} + {e.high - e.low!r} * x)"),
    o.Slots: lambda e: (
        "", f"Array.from({{ length: {e.size} }}, (_, i) => (i === {e.of[0]}[0] ? {e.taken!r} : {e.low!r}))",
    ),
    o.Features: lambda e: ("", f"new Float32Array([].concat({', '.join(e.of)}))"),
    o.Matrix: _matrix,
    o.Activate: _activate,
    o.Shares: lambda e: ("", f"shares({e.of[0]})"),
    o.Total: lambda e: ("", f"[{' + '.join(f'{x}[0]' for x in e.of)}]"),
    o.Mean: lambda e: ("", f"Array.from({e.of[0]}, (_, i) => ({' + '.join(f'{x}[i]' for x in e.of)}) / {len(e.of)})"),
    o.Unscale: _unscale,
    o.Clamp: lambda e: ("", f"{e.of[0]}.map((x) => Math.min(Math.max(x, {e.low!r}), {e.high!r}))"),
}  # fmt: skip
