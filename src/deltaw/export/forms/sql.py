"""One SELECT that adds prediction columns to a table, to be run by a database.

Every stage is a common table expression with a column for each element of a value; the row itself is passed along as a
whole, and values only as long as later stages need them. Missing values are NULL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from deltaw.exceptions import SettingError
from deltaw.export import operations as o
from deltaw.export.forms import Options, Written
from deltaw.export.forms.formulas import SOFTMAX, fold, infix
from deltaw.export.forms.text import remark, single
from deltaw.export.operations import Program
from deltaw.speech import say
from deltaw.tables.table import clip

ROW = "deltaw row"  # the name of the passed-along row, if it is `free`
MOST_WEIGHTS, MOST_COLUMNS = 100_000, 1_500  # PostgreSQL knows 1,664 columns; a statement of more is slow to read
# What Unicode calls White_Space, which the model takes away around words; TRIM alone takes only the space.
BLANKS = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
SHORT = 40  # terms of a sum in one pair of brackets: a tree of thousands is too deep for parsers


@dataclass(frozen=True)
class Dialect:
    """The differences between databases.

    Attributes:
        columns: expression of the columns of the passed-along row.
        known: how names are compared.
        text: a cell as text; integers of any type without a fraction.
        fence: keyword that keeps a stage from being inlined.
    """

    columns: str
    known: Callable[[str], str | bytes]
    text: str
    fence: str = ""


# PostgreSQL cuts names.
DIALECTS = {
    "duckdb": Dialect(
        'UNNEST({row})', str.lower,
        "CASE WHEN TYPEOF({0}) IN ('DOUBLE', 'FLOAT') THEN REGEXP_REPLACE(CAST({0} AS VARCHAR), '\\.0$', '') "
        "ELSE CAST({0} AS VARCHAR) END",
    ),
    "postgres": Dialect("({row}).*", lambda name: name.encode()[:63], "CAST({0} AS VARCHAR)", " OFFSET 0"),
}  # fmt: skip

# An exponent beyond ±700, and products of tiny numbers, are errors in PostgreSQL.
EXP = "EXP(GREATEST(-700e0, LEAST(700e0, {})))"
# Press et al., Numerical Recipes, section 6.2: erfc with an error below 1.2e-7 of it.
ERFC = "t * EXP(GREATEST(-700e0, -x * x - 1.26551223e0 + t * (1.00002368e0 + t * (0.37409196e0 + t * (0.09678418e0 + \
t * (-0.18628806e0 + t * (0.27886807e0 + t * (-1.13520398e0 + t * (1.48851587e0 + t * (-0.82215223e0 + t * \
0.17087277e0))))))))))"


def _erf(x: str) -> str:
    size = f"LEAST(GREATEST(ABS({x}), 1e-100), 1e100)"
    names = {"x": size, "t": f"(1e0 / (1e0 + 0.5e0 * {size}))"}
    rest = re.sub(r"\b[xt]\b", lambda found: names[found[0]], ERFC)
    return f"(SIGN({x}) * (1e0 - {rest}))"


FORMULAS: dict[str, Callable[..., str]] = {**infix(
    where="(CASE WHEN {0} THEN {1} ELSE {2} END)", exp=EXP, log="LN({})", sqrt="SQRT({})", abs="ABS({})",
    tanh=f"(1e0 - 2e0 / ({EXP.format('2e0 * {0}')} + 1e0))",
    softplus="(GREATEST({0}, 0e0) + LN(1e0 + EXP(GREATEST(-700e0, -ABS({0})))))",
), "erf": _erf, "number": lambda x: number(x)}  # fmt: skip

Stage = dict[str, str]  # column -> expression


def write(program: Program, path: Path, options: Options) -> Written:
    """The statement.

    Raises:
        SettingError: more weights or columns than a statement bears; a text with a NUL, which databases do not have;
            names that the database takes for one.
    """
    _bearable(program)
    dial = DIALECTS[options.dialect]
    row = name_of(free(ROW, program.inputs))
    stages: list[Stage] = []
    for each in program.operations:
        stages += [_read(each, row, program, dial)] if isinstance(each, o.Read) else EMIT[type(each)](each)
    answers = _answers(program)
    _told_apart(program.inputs, tuple(answers), dial)
    text: list[str] = []
    kept = _tokens(answers.values())
    for i in reversed(range(len(stages))):
        made = [f"{expression} AS {name}" for name, expression in stages[i].items() if name in kept]
        later = kept - set(stages[i])
        kept = later | _tokens(stages[i][name] for name in stages[i] if name in kept)
        earlier = {name for stage in stages[:i] for name in stage}
        columns = ",\n    ".join([row, *sorted(later & earlier), *made])
        text.insert(0, f"s{i + 1} AS (\n  SELECT\n    {columns}\n  FROM s{i}{dial.fence}\n)")
        if len(later) + len(made) > MOST_COLUMNS:
            _refuse(say("{n:,} numbers at once", n=MOST_COLUMNS), f"{len(later) + len(made):,}")
    # A column of the name that the table has here would be taken for the row.
    text.insert(0, f"s0 AS (\n  SELECT {row} FROM {name_of(options.table)} AS {row}\n)")
    chosen = ",\n  ".join(
        [dial.columns.format(row=row), *(f"{expression} AS {name_of(name)}" for name, expression in answers.items())]
    )
    head = f"-- {remark(program.target)}, by {program.made_by}, for {options.dialect}. Model {program.digest}.\n"
    statement = head + "WITH " + ",\n".join(text) + f"\nSELECT\n  {chosen}\nFROM s{len(stages)};\n"
    return Written({path.name: statement.encode()})


def _bearable(program: Program) -> None:
    weights = sum(matrix.W.size for matrix in program.all(o.Matrix))
    if weights > MOST_WEIGHTS:
        _refuse(say("a network of at most {n:,} weights", n=MOST_WEIGHTS), f"{weights:,}")


def free(name: str, columns: Iterable[str]) -> str:
    """A name in small letters, with a _ behind it for as long as a column is called so."""
    taken = {each.lower() for each in columns}
    while name in taken:
        name += "_"
    return name


def _told_apart(columns: Sequence[str], answers: Sequence[str], dialect: Dialect) -> None:
    first: dict[str | bytes, str] = {}
    for i, name in enumerate((*columns, *answers)):
        if (other := first.get(dialect.known(name))) is not None:
            found = say('"{one}" and "{other}"', one=clip(other), other=clip(name))
            if i >= len(columns) and other in columns:
                found = say('the column "{one}", as the answer "{other}" is called', one=clip(other), other=clip(name))
            raise SettingError("SQL: expected names that the database tells apart", found, "rename one")
        first[dialect.known(name)] = name


def _refuse(expected: str, found: str) -> None:
    raise SettingError("SQL: expected {expected}", found, "give another form", expected=expected)


def number(x: Any) -> str:
    """A double literal."""
    text = x if isinstance(x, str) else repr(float(x))
    return text if "e" in text else f"{text}e0"


def quoted(text: str) -> str:
    """A string literal, in which line ends are no signs that a reader or an editor may change.

    Raises SettingError for a NUL.
    """
    literal = "'" + _without_nul(text).replace("'", "''") + "'"
    parts = re.sub(r"[\r\n]", lambda found: f"' || CHR({ord(found[0])}) || '", literal)
    return literal if parts == literal else f"({parts})"


def name_of(text: str) -> str:
    """A quoted identifier. Raises SettingError for an empty one, and as `quoted`."""
    if not text:
        raise SettingError("SQL: expected a name for every column", '""', "rename it")
    return '"' + _without_nul(text).replace('"', '""') + '"'


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise SettingError("SQL: expected names and words without a NUL", repr(text), "rename it")
    return text


def _columns(name: str, size: int) -> list[str]:
    return [f"{name}_{i}" for i in range(size)]


def _tokens(expressions: Iterable[str]) -> set[str]:
    """The columns of stages that expressions use."""
    return {token for expression in expressions for token in re.findall(r"\b[a-z]+\d+_\w+", expression)}


def _sum(terms: Sequence[str]) -> str:
    if len(terms) <= SHORT:
        return " + ".join(terms) or "0e0"
    parts = [terms[i : i + SHORT] for i in range(0, len(terms), SHORT)]
    return _sum([f"({_sum(part)})" for part in parts])


def _answers(program: Program) -> Stage:
    """The added columns, with the names of `deltaw predict`."""
    answer = program.answer
    columns = _columns(answer.out, answer.size)
    label = next(program.all(o.Label), None)
    if label is None:
        return {"prediction": columns[0]} if answer.size == 1 else {f"output_{i}": c for i, c in enumerate(columns)}
    values = [_value(each) for each in program.classes]
    chosen = f"CASE {label.out}_0 " + " ".join(f"WHEN {i} THEN {value}" for i, value in enumerate(values)) + " END"
    shares = {f"probability_{each}": column for each, column in zip(program.classes, columns, strict=True)}
    return {"prediction": chosen} | shares


def _value(value: Any) -> str:
    return quoted(value) if isinstance(value, str) else str(value).upper() if isinstance(value, bool) else repr(value)


# --- each operation: its stages -------------------------------------------------------------------------------------


def _each(operation: o.Operation, expressions: Iterable[str]) -> list[Stage]:
    return [dict(zip(_columns(operation.out, operation.size), expressions, strict=True))]


def _read(read: o.Read, row: str, program: Program, dialect: Dialect) -> Stage:
    def cell(column: str) -> str:
        raw = f"({row}).{name_of(column)}"
        if read.kind == "date":
            return f"CAST(EXTRACT(EPOCH FROM CAST({raw} AS TIMESTAMP)) AS DOUBLE PRECISION) / 86400e0"
        if read.kind == "word":
            text = f"TRIM({dialect.text.format(raw)}, {quoted(BLANKS)})"
            missing = ", ".join(quoted(word) for word in ("", *program.missing))
            return f"CASE WHEN LOWER({text}) IN ({missing}) THEN NULL ELSE {text} END"
        made = f"NULLIF(CAST({raw} AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION))"
        for absent in program.absent if read.kind == "number" else ():
            made = f"NULLIF({made}, {number(absent)})"
        return made

    return dict(zip(_columns(read.out, read.size), map(cell, read.columns), strict=True))


def _look(look: o.Look) -> list[Stage]:
    word = f"LOWER({look.of[0]}_0)" if look.fold else f"{look.of[0]}_0"
    other, missing = ("NULL" if x != x else number(x) for x in (look.other, look.missing))
    pairs = zip(look.words, look.values, strict=True)
    whens = " ".join(f"WHEN {word} = {quoted(text)} THEN {number(value)}" for text, value in pairs)
    return _each(look, [f"CASE WHEN {word} IS NULL THEN {missing} {whens} ELSE {other} END"])


def _contain(contain: o.Contain) -> list[Stage]:
    letters, lower = ascii_uppercase, f"{contain.out}_lower"
    there = (" OR ".join(f"{lower} LIKE {quoted(f'%{each}%')}" for each in word) for word in contain.words)
    flags = _each(contain, (f"CASE WHEN {each} THEN 1e0 ELSE 0e0 END" for each in there))
    return [{lower: f"TRANSLATE({contain.of[0]}_0, '{letters}', '{letters.lower()}')"}, *flags]


def _within(x: str, low: float, high: float) -> str:
    return f"LEAST(GREATEST({x}, {number(low)}), {number(high)})"


def _scale(scale: o.Scale) -> list[Stage]:
    rows = zip(_columns(scale.of[0], scale.size), scale.centre, scale.width, scale.shift, strict=True)
    z = _each(scale, (
        f"{_within(f'({x} / 2e0 - {number(c / 2)}) / {number(w / 2)}', -o.LIMIT, o.LIMIT)} + {number(s)}"
        for x, c, w, s in rows
    ))  # fmt: skip
    if not scale.bend:
        return z
    unbent = {f"{scale.out}_z{i}": expression for i, expression in enumerate(z[0].values())}
    third = "(GREATEST(ABS({0}), 1e-100) / 3e0)"  # the square of a tiny number is an error
    bent = (f"{x} / SQRT(1e0 + {third.format(x)} * {third.format(x)})" for x in unbent)
    return [unbent, *_each(scale, bent)]


def _bins(bins: o.Bins) -> list[Stage]:
    return _each(bins, (
        _within(f"({bins.of[0]}_{i} / 2e0 - {number(low / 2)}) / {number(high / 2 - low / 2)}", 0.0, 1.0)
        for i, low, high in bins.bins
    ))  # fmt: skip


def _recall(recall: o.Recall) -> list[Stage]:
    pairs = zip(recall.numbers, recall.values, strict=True)
    whens = " ".join(f"WHEN {number(x)} THEN {number(value)}" for x, value in pairs)
    return _each(recall, [f"CASE {recall.of[0]}_{recall.place} {whens} ELSE 0e0 END"])


def _swing(swing: o.Swing) -> list[Stage]:
    turns = [f"({swing.of[0]}_{i} / {number(period)})" for i, period in swing.cycles]
    angles = [f"(6.283185307179586e0 * ({t} - FLOOR({t})))" for t in turns]
    return _each(swing, (f"(1e0 + {f}({angle})) / 2e0" for angle in angles for f in ("SIN", "COS")))


def _features(features: o.Features) -> list[Stage]:
    parts = [c for name, size in zip(features.of, features.sizes, strict=True) for c in _columns(name, size)]
    # What float32 takes for zero; a product with it would be an error.
    return _each(features, (f"CASE WHEN ABS({x}) < 1e-37 THEN 0e0 ELSE {x} END" for x in parts))


def _matrix(matrix: o.Matrix) -> list[Stage]:
    inputs = _columns(matrix.of[0], matrix.W.shape[1])

    def z(row: Any, b: str) -> str:
        weights = zip(inputs, single(row), strict=True)
        return _sum([number(b), *(f"{x} * {number(w)}" for x, w in weights if float(w) != 0)])

    return _each(matrix, map(z, matrix.W, single(matrix.b)))


def _activate(activate: o.Activate) -> list[Stage]:
    inputs = _columns(activate.of[0], activate.size)
    if activate.name != SOFTMAX:
        return _each(activate, (fold(activate.name, FORMULAS, z) for z in inputs))
    top, whole, e = f"{activate.out}_top", f"{activate.out}_whole", _columns(f"{activate.out}_e", activate.size)
    exponentials = {name: EXP.format(f"{z} - {top}") for name, z in zip(e, inputs, strict=True)}
    shares = _each(activate, (f"{x} / {whole}" for x in e))
    return [{top: _greatest(inputs)}, exponentials, {whole: _sum(e)}, *shares]


def _greatest(columns: Sequence[str]) -> str:
    return f"GREATEST({', '.join(columns)})" if len(columns) > 1 else columns[0]


def _shares(shares: o.Shares) -> list[Stage]:
    whole, positive = f"{shares.out}_whole", _columns(f"{shares.out}_p", shares.size)
    inputs = _columns(shares.of[0], shares.size)
    first = {p: f"GREATEST({x}, {number(o.LEAST_SHARE)})" for p, x in zip(positive, inputs, strict=True)}
    return [first, {whole: _sum(positive)}, *_each(shares, (f"{p} / {whole}" for p in positive))]


def _mean(mean: o.Mean) -> list[Stage]:
    parts = zip(*(_columns(name, mean.size) for name in mean.of), strict=True)
    return _each(mean, (f"({' + '.join(each)}) / {number(len(mean.of))}" for each in parts))


def _unscale(unscale: o.Unscale) -> list[Stage]:
    x = f"({unscale.of[0]}_0 - {number(unscale.shift)}) * {number(unscale.width)} + {number(unscale.centre)}"
    return _each(unscale, [x if unscale.offset is None else f"{EXP.format(x)} - {number(unscale.offset)}"])


def _label(label: o.Label) -> list[Stage]:
    shares = label.of[0]
    if label.threshold is not None:
        return _each(label, [f"CASE WHEN {shares}_1 >= {number(label.threshold)} THEN 1 ELSE 0 END"])
    columns = _columns(shares, label.classes)
    top = f"{label.out}_top"
    whens = " ".join(f"WHEN {column} = {top} THEN {i}" for i, column in enumerate(columns))
    return [{top: _greatest(columns)}, *_each(label, [f"CASE {whens} END"])]


EMIT: dict[type, Callable[[Any], list[Stage]]] = {
    o.Look: _look,
    o.Contain: _contain,
    o.Impute: lambda e: _each(e, (
        f"COALESCE({x}, {number(v)})" for x, v in zip(_columns(e.of[0], e.size), e.values, strict=True)
    )),
    o.Indicate: lambda e: _each(e, (f"CASE WHEN {e.of[0]}_{i} IS NULL THEN 1e0 ELSE 0e0 END" for i in e.places)),
    o.Scale: _scale,
    o.Bins: _bins,
    o.Recall: _recall,
    o.Swing: _swing,
    o.Spread: lambda e: _each(e, (
        f"{number(e.low)} + {number(e.high - e.low)} * {x}" for x in _columns(e.of[0], e.size)
    )),
    o.Slots: lambda e: _each(e, (
        f"CASE WHEN {e.of[0]}_0 = {i} THEN {number(e.taken)} ELSE {number(e.low)} END" for i in range(e.size)
    )),
    o.Features: _features,
    o.Matrix: _matrix,
    o.Activate: _activate,
    o.Shares: _shares,
    o.Total: lambda e: _each(e, [_sum([f"{x}_0" for x in e.of])]),
    o.Mean: _mean,
    o.Unscale: _unscale,
    o.Clamp: lambda e: _each(e, (_within(x, e.low, e.high) for x in _columns(e.of[0], e.size))),
    o.Label: _label,
}  # fmt: skip
