"""One ES module without dependencies, for node and browsers. Sums are float32, in the order of the C form's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from deltaw.export import operations as o
from deltaw.export.forms.formulas import SOFTMAX, fold, infix
from deltaw.export.forms.text import date_pattern, lines, needed, remark, single
from deltaw.export.operations import Program

RUNTIME = {
    "cell": """
function cell(row, name) {
  if (!Object.prototype.hasOwnProperty.call(row, name)) {
    throw new Error(`expected a column ${JSON.stringify(name)}, found none`);
  }
  return row[name];
}
""",
    "missing": """
function missing(x) {
  return x === null || x === undefined || x !== x || (typeof x === "string" && MISSING.has(x.trim().toLowerCase()));
}
""",
    "number": """
function number(x) {
  if (missing(x)) return NaN;
  const y = typeof x === "string" ? Number(x.trim()) : Number(x);
  if (!Number.isFinite(y)) throw new Error(`expected a finite number, found ${String(x).slice(0, 60)}`);
  return ABSENT.has(y) ? NaN : y;
}
""",
    "word": """
function word(x) {
  if (missing(x)) return null;
  const text = String(x).trim();
  return MISSING.has(text.toLowerCase()) ? null : text;
}
""",
    "days": """
function days(x, patterns) {
  if (missing(x)) return NaN;
  if (typeof x === "number") return x;
  if (x instanceof Date) return x.getTime() / 864e5;
  for (const [pattern, letters] of patterns) {
    const found = pattern.exec(String(x).trim());
    if (!found) continue;
    const part = {};
    [...letters].forEach((letter, i) => { part[letter] = found[i + 1]; });
    const month = part.b === undefined ? Number(part.m) : MONTHS.indexOf(part.b.toLowerCase()) + 1;
    const time = ["H", "M", "S"].map((letter) => Number(part[letter] ?? 0));
    const year = Number(part.Y ?? (part.y < "70" ? "20" : "19") + part.y);
    const day = new Date(0).setUTCFullYear(year, month - 1, Number(part.d)); // Date.UTC takes the year 1 for 1901
    if (new Date(day).getUTCDate() !== Number(part.d) || month < 1 || month > 12) break;
    const east = (part.z ?? "Z").replace("Z", "+00").replace(":", ""); // hours and minutes ahead of UTC
    const minutes = Number(east[0] + "1") * (Number(east.slice(1, 3)) * 60 + Number(east.slice(3)));
    return day / 864e5 + (time[0] * 3600 + (time[1] - minutes) * 60 + time[2] + Number(part.f ?? 0)) / 86400;
  }
  throw new Error(`expected a date, found ${String(x).slice(0, 60)}`);
}
""",
    "look": """
function look(word, table, other, missing, fold) {
  return word === null ? missing : table.get(fold ? word.toLowerCase() : word) ?? other;
}
""",
    "scale": """
function scale(x, [centre, width, shift], bend) {
  const z = Math.min(Math.max((x / 2 - centre / 2) / (width / 2), -1e30), 1e30) + shift;
  return bend ? z / Math.sqrt(1 + (z / 3) * (z / 3)) : z;
}
""",
    "passed": """
function passed(x, low, high) {
  return Math.min(Math.max((x / 2 - low / 2) / (high / 2 - low / 2), 0), 1);
}
""",
    "swing": """
function swing(x, period) {
  const angle = 2 * Math.PI * (x / period - Math.floor(x / period));
  return [(1 + Math.sin(angle)) / 2, (1 + Math.cos(angle)) / 2];
}
""",
    "matrix": """
function matrix(a, W, b) {
  // Four units at once: each sum waits for its own last term alone.
  const n = b.length, count = a.length, z = new Float32Array(n), f = Math.fround;
  let j = 0;
  for (; j + 3 < n; j += 4) {
    const at = j * count;
    let p = b[j], q = b[j + 1], r = b[j + 2], s = b[j + 3];
    for (let i = 0; i < count; i++) {
      const x = a[i];
      p = f(p + f(W[at + i] * x));
      q = f(q + f(W[at + count + i] * x));
      r = f(r + f(W[at + 2 * count + i] * x));
      s = f(s + f(W[at + 3 * count + i] * x));
    }
    z[j] = p; z[j + 1] = q; z[j + 2] = r; z[j + 3] = s;
  }
  for (; j < n; j++) {
    let sum = b[j];
    for (let i = 0, at = j * count; i < count; i++, at++) sum = f(sum + f(W[at] * a[i]));
    z[j] = sum;
  }
  return z;
}
""",
    "softplus": """
function softplus(z) {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}
""",
    "erf": """
function erf(x) {
  // By its series, and from 2 on by the continued fraction of erfc: Abramowitz & Stegun 7.1.6 and 7.1.14.
  const y = Math.abs(x);
  let value = 0;
  if (y < 2) {
    let term = y;
    for (let n = 0; n < 60 && term > 1e-18; n++) { value += term; term *= 2 * y * y / (2 * n + 3); }
    value *= 2 / Math.sqrt(Math.PI) * Math.exp(-y * y);
  } else {
    let f = y;
    for (let n = 60; n > 0; n--) f = y + n / 2 / f;
    value = 1 - Math.exp(-y * y) / (Math.sqrt(Math.PI) * f);
  }
  return x < 0 ? -value : value;
}
""",
    "softmax": """
function softmax(z) {
  const top = Math.max(...z), e = Array.from(z, (x) => Math.exp(x - top));
  const whole = e.reduce((a, b) => a + b, 0);
  return Float32Array.from(e, (x) => x / whole);
}
""",
    "shares": """
function shares(x) {
  const positive = Array.from(x, (p) => Math.max(p, 1e-12)), whole = positive.reduce((a, b) => a + b, 0);
  return positive.map((p) => p / whole);
}
""",
}

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
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const ISO = {iso};
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


def write(program: Program) -> str:
    """The module."""
    tables, body = [], []
    for each in program.operations:
        if isinstance(each, o.Label):
            continue
        table, statement = SAID[type(each)](each)
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
    )  # fmt: skip
    return head + needed(RUNTIME, text) + "\n" + text


def _what(program: Program) -> str:
    if program.classes:
        return "The probabilities of a row, in the order of `classes`."
    return "The number for a row, in a list." if program.answer.size == 1 else "The outputs of the network."


def quoted(value: Any) -> str:
    """Text, a number or a truth value as JavaScript writes it, also between <script> and </script>."""
    return json.dumps(value).replace("<", "\\u003c")


def _class(value: Any) -> str:
    """A class, also a whole number between which and the next JavaScript's numbers do not tell."""
    beyond = isinstance(value, int) and abs(value) > MOST_WHOLE
    return f"{value}n" if beyond else quoted(value)


def _array(parts: Iterable[str]) -> str:
    return f"[{', '.join(parts)}]"


def _pattern(spelling: str) -> str:
    """[regular expression, letters]."""
    pattern, letters = date_pattern(spelling)
    return f"[new RegExp({quoted(f'^{pattern}$')}), {quoted(letters)}]"


# --- each operation: its tables, and what makes its value -----------------------------------------------------------

Said = tuple[str, str]


def _table(name: str, parts: Iterable[str]) -> str:
    return f"const {name}Table = [\n{lines(parts)},\n];"


def _rows(values: Iterable[tuple[Any, ...]]) -> Iterable[str]:
    return (f"[{', '.join(map(repr, row))}]" for row in values)


def _read(read: o.Read) -> Said:
    if read.kind == "date":
        patterns = (f"[{_pattern(spelling)}, ISO]" for spelling in read.spelling)
        columns = (f"[{quoted(c)}, {p}]" for c, p in zip(read.columns, patterns, strict=True))
        table = f"const {read.out}Table = [\n  " + ",\n  ".join(columns) + ",\n];"
        return table, f"{read.out}Table.map(([name, patterns]) => days(cell(row, name), patterns))"
    function = {"number": "number", "word": "word", "feature": "Number"}[read.kind]
    table = f"const {read.out}Table = {_array(map(quoted, read.columns))};"
    return table, f"{read.out}Table.map((name) => {function}(cell(row, name)))"


def _look(look: o.Look) -> Said:
    pairs = (f"  [{quoted(w)}, {v!r}],\n" for w, v in zip(look.words, look.values, strict=True))
    other, missing = ("NaN" if x != x else repr(x) for x in (look.other, look.missing))
    table = f"const {look.out}Table = new Map([\n{''.join(pairs)}]);"
    return table, f"[look({look.of[0]}[0], {look.out}Table, {other}, {missing}, {str(look.fold).lower()})]"


def _recall(recall: o.Recall) -> Said:
    pairs = (f"  [{x!r}, {v!r}],\n" for x, v in zip(recall.numbers, recall.values, strict=True))
    table = f"const {recall.out}Table = new Map([\n{''.join(pairs)}]);"
    return table, f"[{recall.out}Table.get({recall.of[0]}[{recall.place}]) ?? 0]"


def _scale(scale: o.Scale) -> Said:
    rows = zip(scale.centre, scale.width, scale.shift, strict=True)
    bend = str(scale.bend).lower()
    return _table(scale.out, _rows(rows)), f"{scale.of[0]}.map((x, i) => scale(x, {scale.out}Table[i], {bend}))"


def _matrix(matrix: o.Matrix) -> Said:
    numbers = "\n".join(
        f"const {matrix.out}{part} = new Float32Array([\n{lines(single(values))},\n]);"
        for part, values in (("W", matrix.W), ("B", matrix.b))
    )
    return numbers, f"matrix({matrix.of[0]}, {matrix.out}W, {matrix.out}B)"


def _activate(activate: o.Activate) -> Said:
    if activate.name == SOFTMAX:
        return "", f"softmax({activate.of[0]})"
    return "", f"{activate.of[0]}.map((z) => {fold(activate.name, FORMULAS, 'z')})"


def _unscale(unscale: o.Unscale) -> Said:
    x = f"({unscale.of[0]}[0] - {unscale.shift!r}) * {unscale.width!r} + {unscale.centre!r}"
    return "", f"[{x}]" if unscale.offset is None else f"[Math.exp(Math.min({x}, {o.MOST_LOG})) - {unscale.offset!r}]"


SAID: dict[type, Callable[[Any], Said]] = {
    o.Read: _read,
    o.Look: _look,
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
