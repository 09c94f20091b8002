"""A C99 file and its header, without allocation, and without libraries except math.h, or even that."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deltaw.exceptions import SettingError
from deltaw.export import operations as o
from deltaw.export.forms import Options, Written
from deltaw.export.forms.formulas import SOFTMAX, fold, infix
from deltaw.export.forms.text import functions_of, identifiers, lines, needed, remark, single, stem_of
from deltaw.export.operations import Program, titles
from deltaw.languages import language
from deltaw.speech import say

# Of C99 and of C++, which includes the header, too; and what the standard headers, compilers and Windows define.
RESERVED = frozenset(
    re.findall(
        r"\w+",
        """alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept const
        consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default delete do double
        dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace
        new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires
        restrict return short signed sizeof static static_assert static_cast struct switch template this thread_local
        throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq
        _Bool _Complex _Imaginary linux unix NULL NAN INFINITY I complex imaginary errno math_errhandling stdin stdout
        stderr EOF BUFSIZ RAND_MAX MB_CUR_MAX HUGE HUGE_VAL HUGE_VALF HUGE_VALL MAXFLOAT M_E M_LOG2E M_LOG10E M_LN2
        M_LN10 M_PI M_PI_2 M_PI_4 M_1_PI M_2_PI M_2_SQRTPI M_SQRT2 M_SQRT1_2 FP_NAN FP_INFINITE FP_ZERO FP_SUBNORMAL
        FP_NORMAL DOMAIN SING OVERFLOW UNDERFLOW TLOSS PLOSS near far small interface IN OUT OPTIONAL
        typeof typeof_unqual char8_t char16_t char32_t noreturn i386 EXIT_FAILURE EXIT_SUCCESS CHAR_BIT CHAR_MIN
        CHAR_MAX SHRT_MIN SHRT_MAX INT_MIN INT_MAX UINT_MAX LONG_MIN LONG_MAX ULONG_MAX SIZE_MAX FILENAME_MAX""",
    )
)
# The headers of C, which a file's own would hide.
HEADERS = frozenset(
    re.findall(
        r"\w+",
        """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
        stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype""",
    )
)
LONGEST = 4000  # bytes of a text: C99 promises no more than 4095

FORMULAS = infix(
    where="({0} ? {1} : {2})", exp="f_exp({})", log="f_log({})", tanh="f_tanh({})", erf="f_erf({})",
    sqrt="f_sqrt({})", abs="f_abs({})",
)  # fmt: skip

HEAD = """/* {target}: {what}, by {made_by}.
   {size:,} bytes of constants, {stack:,} bytes of stack.
   {stem}_predict gives the place of the row's class among {stem}_classes (0 for numbers) and writes {count} to out.
   Model {digest}.{remarks} */
"""
HEADER = """{head}
#ifndef {guard}
#define {guard}
#ifdef __cplusplus
extern "C" {{
#endif

enum {{ {upper}_OUTPUTS = {size} }}; /* no macro, for which a column's name would be taken */

/* A row. Numbers and dates (days since 1970-01-01) are NaN where they are missing, words are 0 or "". Words have no
   spaces around them. */
struct {stem}_row {{
{fields}
}};
{classes}
int {stem}_predict(const struct {stem}_row *row, float *out);
{days}
#ifdef __cplusplus
}}
#endif
#endif
"""

RUNTIME, MATHEMATICS = functions_of("c.c"), functions_of("mathematics.c")
LIBM = {f"f_{name}": name for name in ("floor", "exp", "log", "sqrt", "sin", "cos", "tanh", "erf")} | {"f_abs": "fabs"}

DAYS_DECLARED = "double {stem}_days(int year, int month, int day, int hour, int minute, double second);\n"
DAYS = """
double {stem}_days(int year, int month, int day, int hour, int minute, double second) {{
  /* Years begin in March: the days before a month are then (153 m + 2) / 5, and the leap day is the last. */
  const long y = (long)year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;
  const long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const long days = era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + of_year - 719468;
  return (double)days + (hour * 3600 + minute * 60 + second) / 86400;
}}
"""

LEAST, LARGEST, REACH = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max), 4


def write(program: Program, path: Path, options: Options) -> Written:
    """The C file and its header.

    Raises:
        SettingError: a word that is too long for C, or answers that are too large or too small for its float.
    """
    stem = prefix(path)
    with language("en"):
        remarks = [each() for each in options.remarks]
    for unscale in program.all(o.Unscale):
        _check_reach(unscale)
    places = _places(program)
    tables, declared, statements = [], [], []
    for each in program.operations:
        if isinstance(each, o.Label):
            continue
        table, statement = ("", _read(each, places)) if isinstance(each, o.Read) else EMIT[type(each)](each)
        tables += [table] if table else []
        declared.append(f"  {_type(each)}{each.out}[{each.size}];")
        statements.append(statement)
    answer = program.answer
    rule, variables, chosen = _answered_class(program)
    ends = f"  for (i = 0; i < {answer.size}; i++) out[i] = (float){answer.out}[i];\n  return {rule};\n}}\n"
    begins = f"int {stem}_predict(const struct {stem}_row *row, float *out) {{"
    function = "\n".join([begins, *declared, variables, *statements, *chosen, ends])
    size = sum(_bytes(each) for each in program.operations)
    stack = sum((4 if "float" in _type(each) else 8) * each.size for each in program.operations)
    what = "probabilities of classes" if program.classes else "a number" if answer.size == 1 else "outputs of a network"
    count = "their probabilities" if program.classes else "it" if answer.size == 1 else "the outputs"
    head = HEAD.format(
        target=remark(program.target), what=what, made_by=program.made_by, size=size, stack=stack, stem=stem,
        digest=program.digest, count=count, remarks="".join(f"\n   {remark(each)}." for each in remarks),
    )  # fmt: skip
    text = "\n".join([*tables, function])
    days = "date" in program.kinds.values()
    source = _source(program, head, stem, text + (DAYS.format(stem=stem) if days else ""), options.libm)
    header = HEADER.format(
        head=head, guard=f"{stem.upper()}_{program.digest[:8].upper()}_H",
        upper=stem.upper(), size=answer.size, stem=stem,
        fields="\n".join(_declared(program)),
        classes=f"\nextern const char *const {stem}_classes[{len(program.classes)}];\n" if program.classes else "",
        days=DAYS_DECLARED.format(stem=stem) if days else "",
    )  # fmt: skip
    takes = say("{size:,} bytes of constants, {stack:,} bytes of stack", size=size, stack=stack)
    return Written(
        {path.name: source.encode(), f"{stem}.h": header.encode()},
        (takes, *(each() for each in options.remarks)),
    )


def prefix(path: Path) -> str:
    """What all public identifiers begin with, and the header's name."""
    return stem_of(path.stem, RESERVED | HEADERS)


def _answered_class(program: Program) -> tuple[str, str, list[str]]:
    """(expression of the class's number, variables that it needs, statements that compute it)."""
    answer, label = program.answer, next(program.all(o.Label), None)
    if label is None:
        return "0", "  int i;", []
    if label.threshold is not None:
        return f"{answer.out}[1] >= {label.threshold!r}", "  int i;", []
    largest = f"  for (i = 1; i < {answer.size}; i++) label = {answer.out}[i] > {answer.out}[label] ? i : label;\n"
    return "label", "  int i, label = 0;", [largest]


def _check_reach(unscale: o.Unscale) -> None:
    """Raise SettingError if answers, up to REACH widths from the centre, could overflow float, or vary less than it."""
    reach = abs(unscale.centre) + REACH * abs(unscale.width)
    size = abs(unscale.width) if unscale.offset is None else math.exp(min(unscale.centre, 0.0))
    large = reach > (LARGEST if unscale.offset is None else math.log(LARGEST))
    if large or size < LEAST:
        expected = "C: expected answers from {least:.2g} to {most:.2g}, as its float holds"
        remedy = "export Python or JavaScript, or train on a target of other units"
        raise SettingError(expected, say("larger ones" if large else "smaller ones"), remedy, least=LEAST, most=LARGEST)


def _source(program: Program, head: str, stem: str, text: str, libm: bool) -> str:
    runtime = needed(RUNTIME, text)
    parts = [head, f'#include "{stem}.h"']
    if libm:
        calls = [f"#define {mine}(x) {theirs}(x)" for mine, theirs in LIBM.items() if f"{mine}(" in runtime + text]
        parts += ["#include <math.h>", "", *calls] if calls else []
    else:
        parts.append(needed(MATHEMATICS, runtime + text))
    parts += ["#ifdef __clang__", "#pragma STDC FP_CONTRACT OFF", "#endif", ""]
    if "known(" in runtime:
        parts.append(f"static const char *const missing[] = {{\n{lines([*map(literal, program.missing), '0'])}\n}};")
    if "number(" in runtime:
        parts.append(f"static const double absent[] = {{0{''.join(f', {x!r}' for x in program.absent)}}};")
    if program.classes:
        names = lines(literal(_spelt(each)) for each in program.classes)
        parts.append(f"const char *const {stem}_classes[{len(program.classes)}] = {{\n{names}\n}};")
    return "\n".join([*parts, runtime, text])


def literal(text: str) -> str:
    """A C string literal in ASCII, without trigraphs. Raises SettingError if it is too long."""
    data = text.encode()
    if len(data) > LONGEST:
        expected = "C: expected words of at most {longest:,} bytes"
        raise SettingError(expected, say("one of {n:,}", n=len(data)), "shorten it", longest=LONGEST)
    plain = (chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in data)
    return '"' + "".join(plain) + '"'


def _spelt(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def field_names(inputs: Sequence[str], blocks: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Column, or block of columns -> its field in the struct."""
    names = titles(inputs, blocks)
    return dict(zip(names, identifiers(names, RESERVED), strict=True))


def _declared(program: Program) -> Iterable[str]:
    """The struct's fields."""
    names, kinds = field_names(program.inputs, program.blocks), program.kinds
    for title, columns in titles(program.inputs, program.blocks).items():
        kind, together = kinds[columns[0]], columns != (title,)
        size = f"[{len(columns)}]" if together else ""
        yield f"  {'const char *' if kind == 'word' else 'double '}{names[title]}{size}; /* {remark(title)}: {kind} */"


def _places(program: Program) -> dict[str, str]:
    """Column -> the expression of its cell in a row."""
    names = field_names(program.inputs, program.blocks)
    return {
        column: f"row->{names[title]}" + (f"[{i}]" if columns != (title,) else "")
        for title, columns in titles(program.inputs, program.blocks).items()
        for i, column in enumerate(columns)
    }


def _read(read: o.Read, places: Mapping[str, str]) -> str:
    wrap = {"number": "number({})", "word": "known({})"}.get(read.kind, "{}").format
    if read.block:
        first = places[read.columns[0]].removesuffix("[0]")
        return f"  for (i = 0; i < {read.size}; i++) {read.out}[i] = {wrap(f'{first}[i]')};\n"
    return "".join(f"  {read.out}[{i}] = {wrap(places[column])};\n" for i, column in enumerate(read.columns))


# --- each operation: its tables, and what makes its value -----------------------------------------------------------

Emitted = tuple[str, str]


def _type(each: o.Operation) -> str:
    if isinstance(each, o.Read) and each.kind == "word":
        return "const char *"
    return "float " if isinstance(each, (o.Features, o.Matrix, o.Activate)) else "double "


def _bytes(each: o.Operation) -> int:
    """Bytes of an operation's tables."""
    match each:
        case o.Matrix():
            return (4 * each.W.size if each.step is None else each.W.size + 4 * each.size) + 4 * each.size
        case o.Recall():
            return 16 * len(each.numbers)
        case o.Scale() | o.Bins():
            return 24 * each.size
        case o.Look():
            return sum(len(word.encode()) + 17 for word in each.words)
        case o.Contain():
            return sum(len(word.encode()) + 9 for spellings in each.words for word in spellings)
        case o.Impute() | o.Swing():
            return 8 * each.size
    return 0


def _all(each: o.Operation, value: str) -> str:
    return f"  for (i = 0; i < {each.size}; i++) {each.out}[i] = {value};\n"


def _table(name: str, values: Iterable[Any], kind: str = "double") -> str:
    parts = list(map(repr, values))
    return f"static const {kind} {name}_table[{len(parts)}] = {{\n{lines(parts)}\n}};"


def _rows(name: str, rows: Iterable[tuple[Any, ...]]) -> str:
    parts = [f"{{{', '.join(map(repr, row))}}}" for row in rows]
    width = parts[0].count(",") + 1
    return f"static const double {name}_table[{len(parts)}][{width}] = {{\n{lines(parts)}\n}};"


def _floats(matrix: o.Matrix, part: str, values: o.Array) -> str:
    numbers = lines(f"{x}f" for x in single(values))
    return f"static const float {matrix.out}_{part}[{values.size}] = {{\n{numbers}\n}};"


def _look(look: o.Look) -> Emitted:
    name, n = look.out, max(len(look.words), 1)
    words = ["0" if "\0" in word else literal(word) for word in look.words] or ["0"]  # no row can hold a NUL
    text = f"static const char *const {name}_words[{n}] = {{\n{lines(words)}\n}};"
    other, none = ("nan_of(0)" if x != x else repr(x) for x in (look.other, look.missing))
    call = f"look({look.of[0]}[0], {name}_words, {name}_table, {len(look.words)}, {other}, {none}, {look.fold:d})"
    return f"{text}\n{_table(name, look.values or (0.0,))}", f"  {name}[0] = {call};\n"


def _contain(contain: o.Contain) -> Emitted:
    name, most = contain.out, max(map(len, contain.words))
    rows = (", ".join(([*map(literal, word)] + ["0"] * most)[:most]) for word in contain.words)
    table = f"static const char *const {name}_words[{contain.size}][{most}]"
    words = f"{table} = {{\n{lines(f'{{{row}}}' for row in rows)}\n}};"
    return words, _all(contain, f"has({contain.of[0]}[0], {name}_words[i], {most})")


def _recall(recall: o.Recall) -> Emitted:
    name, pairs = recall.out, list(zip(recall.numbers, recall.values, strict=True))
    call = f"recall({recall.of[0]}[{recall.place}], {name}_table, {len(pairs)})"
    return _rows(name, pairs), f"  {name}[0] = {call};\n"


def _swing(swing: o.Swing) -> Emitted:
    half = f"turned({swing.of[0]}[(int){swing.out}_table[i][0]], {swing.out}_table[i][1])"
    loop = f"  for (i = 0; i < {swing.size // 2}; i++) {{\n"
    loop += "".join(f"    {swing.out}[2 * i + {k}] = (1 + f_{f}({half})) / 2;\n" for k, f in enumerate(("sin", "cos")))
    return _rows(swing.out, swing.cycles), loop + "  }\n"


def _features(features: o.Features) -> Emitted:
    copies, start = [], 0
    for value, size in zip(features.of, features.sizes, strict=True):
        copies.append(f"  for (i = 0; i < {size}; i++) {features.out}[{start} + i] = (float){value}[i];\n")
        start += size
    return "", "".join(copies)


def _matrix(matrix: o.Matrix) -> Emitted:
    n_in = matrix.W.shape[1]
    if matrix.step is not None:
        return _matrix_of_bytes(matrix, matrix.step)
    numbers = f"{_floats(matrix, 'W', matrix.W.T)}\n{_floats(matrix, 'b', matrix.b)}"
    call = f"matrix({matrix.out}_W, {matrix.out}_b, {matrix.of[0]}, {n_in}, {matrix.size}, {matrix.out})"
    return numbers, f"  {call};\n"


def _matrix_of_bytes(matrix: o.Matrix, step: Any) -> Emitted:
    levels = np.rint(matrix.W / step[:, None]).astype(int).T.ravel().tolist()
    weights = f"static const signed char {matrix.out}_W[{len(levels)}] = {{\n{lines(map(str, levels))}\n}};"
    name, n_in = matrix.out, matrix.W.shape[1]
    call = f"matrix_of_bytes({name}_W, {name}_s, {name}_b, {matrix.of[0]}, {n_in}, {matrix.size}, {name})"
    return f"{weights}\n{_floats(matrix, 's', step)}\n{_floats(matrix, 'b', matrix.b)}", f"  {call};\n"


def _activate(activate: o.Activate) -> Emitted:
    if activate.name == SOFTMAX:
        return "", f"  softmax({activate.of[0]}, {activate.size}, {activate.out});\n"
    formula = fold(activate.name, FORMULAS, "z")
    return "", (
        f"  for (i = 0; i < {activate.size}; i++) {{\n    const double z = {activate.of[0]}[i];\n"
        f"    {activate.out}[i] = (float)({formula});\n  }}\n"
    )


def _unscale(unscale: o.Unscale) -> Emitted:
    x = f"({unscale.of[0]}[0] - {unscale.shift!r}) * {unscale.width!r} + {unscale.centre!r}"
    log = f"f_exp(within({x}, -1e308, {o.MOST_LOG})) - {unscale.offset!r}"
    return "", f"  {unscale.out}[0] = {x if unscale.offset is None else log};\n"


EMIT: dict[type, Callable[..., Emitted]] = {
    o.Look: _look,
    o.Contain: _contain,
    o.Impute: lambda e: (
        _table(e.out, e.values), _all(e, f"{e.of[0]}[i] != {e.of[0]}[i] ? {e.out}_table[i] : {e.of[0]}[i]"),
    ),
    o.Indicate: lambda e: (
        _table(e.out, e.places, "int"),
        _all(e, f"{e.of[0]}[{e.out}_table[i]] != {e.of[0]}[{e.out}_table[i]]"),
    ),
    o.Scale: lambda e: (
        _rows(e.out, zip(e.centre, e.width, e.shift, strict=True)),
        _all(e, f"scale({e.of[0]}[i], {e.out}_table[i], {e.bend:d})"),
    ),
    o.Bins: lambda e: (
        _rows(e.out, e.bins),
        _all(e, f"passed({e.of[0]}[(int){e.out}_table[i][0]], {e.out}_table[i][1], {e.out}_table[i][2])"),
    ),
    o.Recall: _recall,
    o.Swing: _swing,
    o.Spread: lambda e: ("", _all(e, f"{e.low!r} + {e.high - e.low!r} * {e.of[0]}[i]")),
    o.Slots: lambda e: ("", _all(e, f"i == (int){e.of[0]}[0] ? {e.taken!r} : {e.low!r}")),
    o.Features: _features,
    o.Matrix: _matrix,
    o.Activate: _activate,
    o.Shares: lambda e: ("", f"  shares({e.of[0]}, {e.size}, {e.out});\n"),
    o.Total: lambda e: ("", f"  {e.out}[0] = {' + '.join(f'{x}[0]' for x in e.of)};\n"),
    o.Mean: lambda e: ("", _all(e, f"({' + '.join(f'{x}[i]' for x in e.of)}) / {float(len(e.of))!r}")),
    o.Unscale: _unscale,
    o.Clamp: lambda e: ("", _all(e, f"within({e.of[0]}[i], {e.low!r}, {e.high!r})")),
}  # fmt: skip
