"""An ONNX graph: raw columns in, a tensor each; the label and the probabilities, or the number, out.

Opset 21 is what ONNX Runtime knows since 1.19. The preparation and what follows the networks are float64, networks
float32.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from math import pi
from pathlib import Path
from typing import Any

import numpy as np

from deltaw.exceptions import MissingError, SettingError
from deltaw.export import operations as o
from deltaw.export.forms import Options, Written
from deltaw.export.forms.formulas import SOFTMAX, fold
from deltaw.export.operations import Program, titles
from deltaw.speech import say

OPSET, ML_OPSET, IR = 21, 3, 10
ML = "ai.onnx.ml"

# Activations that are an operator, which is quicker than their formula; attributes are the defaults, as ours.
NATIVE = {"sigmoid": "Sigmoid", "relu": "Relu", "leaky_relu": "LeakyRelu", "elu": "Elu", "selu": "Selu"}
BLANKS = r"[\t-\r \x{85}\p{Z}]*"  # what Python's strip takes away, as RE2 writes it
TYPES = {"number": "DOUBLE", "date": "DOUBLE", "word": "STRING", "feature": "FLOAT"}


class _Graph:
    """A graph under construction. A value is the name of a tensor (rows, size)."""

    def __init__(self, onnx: Any, taken: Sequence[str]) -> None:
        self.onnx, self.taken = onnx, set(taken)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def name(self, wish: str) -> str:
        """A unique name, since columns may have any name."""
        while wish in self.taken:
            wish += "_"
        self.taken.add(wish)
        return wish

    def node(self, kind: str, *of: str, out: str = "", **attributes: Any) -> str:
        out = out or self.name(f"{kind.lower()}{len(self.nodes)}")
        domain = {"domain": ML} if kind == "LabelEncoder" else {}
        self.nodes.append(self.onnx.helper.make_node(kind, of, [out], out, **attributes, **domain))
        return out

    def constant(self, values: Any, kind: Any = np.float64) -> str:
        name = self.name(f"constant{len(self.constants)}")
        array = np.asarray(values, object if kind is str else kind)
        if kind is str:
            made = self.onnx.helper.make_tensor(
                name, self.onnx.TensorProto.STRING, array.shape, [each.encode() for each in array.ravel()]
            )
        else:
            made = self.onnx.numpy_helper.from_array(array, name)
        self.constants.append(made)
        return name

    def cast(self, value: str, kind: str) -> str:
        return self.node("Cast", value, to=getattr(self.onnx.TensorProto, kind))

    def joined(self, values: Sequence[str]) -> str:
        return values[0] if len(values) == 1 else self.node("Concat", *values, axis=1)

    def taken_from(self, value: str, places: Sequence[int]) -> str:
        return self.node("Gather", value, self.constant(places, np.int64), axis=1)

    def plus(self, value: str, constant: Any) -> str:
        """By Sum: ONNX Runtime removes Add and Sub of a single constant that would be 0 in float32."""
        return self.node("Sum", value, self.constant(constant))

    def within(self, value: str, low: float, high: float) -> str:
        return self.node("Clip", value, self.constant(low), self.constant(high))


def write(program: Program, path: Path, options: Options) -> Written:
    """The file.

    Raises:
        MissingError: onnx is not installed.
        SettingError: a name or word with a NUL, which ends text there, or an empty name.
    """
    onnx = _onnx()
    given = titles(program.inputs, program.blocks)
    texts = [*given, *map(str, program.classes), *(word for look in program.all(o.Look) for word in look.words)]
    if odd := next((text for text in texts if "\0" in text), None):
        raise SettingError("ONNX: expected names and words without a NUL", repr(odd), "rename it")
    if "" in given:
        raise SettingError("ONNX: expected a name for every column", '""', "rename it")
    graph, kinds = _Graph(onnx, [*given]), program.kinds
    homes = {column: (title, i) for title, columns in given.items() for i, column in enumerate(columns)}
    values: dict[str, str] = {}
    for each in program.operations:
        if isinstance(each, o.Read):
            values[each.out] = _read(graph, each, homes, program)
        elif type(each) in OF_WORDS:
            values[each.out] = OF_WORDS[type(each)](graph, each, values[each.of[0]], program)
        else:
            values[each.out] = EMIT[type(each)](graph, each, *(values[name] for name in each.of))
    helper, proto = onnx.helper, onnx.TensorProto
    inputs = [
        helper.make_tensor_value_info(title, getattr(proto, TYPES[kinds[columns[0]]]), ["rows", len(columns)])
        for title, columns in given.items()
    ]
    made = helper.make_graph(
        graph.nodes, "deltaw", inputs, _outputs(graph, program, values), graph.constants, program.target
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=IR, producer_name="DeltaW")
    about = {
        "model": program.digest, "made_by": program.made_by, "target": program.target,
        "classes": program.classes, "columns": program.inputs, "kinds": [*kinds.values()],
    }  # fmt: skip
    helper.set_model_props(model, {k: v if isinstance(v, str) else json.dumps(v) for k, v in about.items()})
    onnx.checker.check_model(model, full_check=True)
    return Written({path.name: model.SerializeToString()})


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise MissingError("export: expected onnx, which writes ONNX files", say("none"), "pip install onnx") from error
    return onnx


def _outputs(graph: _Graph, program: Program, values: dict[str, str]) -> list[Any]:
    helper, proto, answer = graph.onnx.helper, graph.onnx.TensorProto, program.answer
    label = next(program.all(o.Label), None)
    found = values[answer.out]
    if label is None:
        bare = isinstance(answer, (o.Matrix, o.Activate))
        name = graph.node("Identity", found, out=graph.name("outputs" if bare else "number"))
        return [helper.make_tensor_value_info(name, proto.FLOAT if bare else proto.DOUBLE, ["rows", answer.size])]
    kind, numpy = {str: (proto.STRING, str), bool: (proto.BOOL, np.bool_), int: (proto.INT64, np.int64)}.get(
        type(program.classes[0]), (proto.DOUBLE, np.float64)
    )
    chosen = graph.node(
        "Gather", graph.constant(program.classes, numpy), values[label.out], out=graph.name("label"), axis=0
    )
    shares = graph.node("Cast", found, out=graph.name("probabilities"), to=proto.FLOAT)
    return [
        helper.make_tensor_value_info(chosen, kind, ["rows"]),
        helper.make_tensor_value_info(shares, proto.FLOAT, ["rows", answer.size]),
    ]


# --- each operation: its nodes --------------------------------------------------------------------------------------


def _read(g: _Graph, read: o.Read, homes: dict[str, tuple[str, int]], program: Program) -> str:
    found = g.joined(list(dict.fromkeys(homes[column][0] for column in read.columns)))
    for number in program.absent if read.kind == "number" else ():
        found = g.node("Where", g.node("Equal", found, g.constant(number)), g.constant(np.nan), found)
    return found


def _look(g: _Graph, look: o.Look, words: str, program: Program) -> str:
    """Indices of words: by a table if case matters, else by a regular expression per value."""
    if look.fold:
        found = g.constant(look.other)
        for value in dict.fromkeys(look.values):
            alike = [word for word, its in zip(look.words, look.values, strict=True) if its == value]
            found = g.node("Where", _is_one_of(g, words, alike), g.constant(value), found)
    else:
        # Its own values would be of float32, which does not hold every one.
        places: dict[str, Any] = {"values_int64s": [*range(len(look.words))] or [0], "default_int64": len(look.words)}
        place = g.node("LabelEncoder", words, keys_strings=[*look.words] or [""], **places)
        found = g.node("Gather", g.constant([*look.values, look.other]), place)
    return g.node("Where", _is_one_of(g, words, ["", *program.missing]), g.constant(look.missing), found)


def _contain(g: _Graph, contain: o.Contain, texts: str, program: Program) -> str:
    patterns = ("|".join("".join(map(_letter, spelt)) for spelt in spellings) for spellings in contain.words)
    there = [g.node("RegexFullMatch", texts, pattern=f"(?s).*(?:{pattern}).*") for pattern in patterns]
    found = g.cast(g.joined(there), "DOUBLE")
    return g.node("Where", _is_one_of(g, texts, ["", *program.missing]), g.constant(0.0), found)


def _letter(sign: str) -> str:
    """A regular expression for a letter, and for its capital of A–Z."""
    return _either({sign, sign.upper() if sign.isascii() else sign})


def _is_one_of(g: _Graph, cells: str, words: Iterable[str]) -> str:
    """Whether a cell is one of the words, ignoring case and surrounding blanks."""
    either = "|".join("".join(map(_sign, word)) for word in words)
    return g.node("RegexFullMatch", cells, pattern=f"{BLANKS}(?:{either}){BLANKS}")


def _sign(sign: str) -> str:
    """A regular expression for a character in either case."""
    return _either({way for way in (sign, sign.lower(), sign.upper()) if len(way) == 1})


def _either(signs: Iterable[str]) -> str:
    """A regular expression for one of some characters."""
    return "[" + "".join(rf"\x{{{ord(sign):x}}}" for sign in sorted(signs)) + "]"


def _scale(g: _Graph, scale: o.Scale, x: str) -> str:
    z = _along(g, x, scale.centre, scale.width)
    z = g.plus(g.within(z, -o.LIMIT, o.LIMIT), [scale.shift])
    if not scale.bend:
        return z
    third = g.node("Div", z, g.constant(3.0))
    return g.node("Div", z, g.node("Sqrt", g.node("Add", g.constant(1.0), g.node("Mul", third, third))))


def _along(g: _Graph, x: str, low: Sequence[float], width: Sequence[float]) -> str:
    """(x − low) / width without overflow of the difference."""
    half = g.plus(g.node("Mul", x, g.constant(0.5)), [-np.array(low) / 2])
    return g.node("Div", half, g.constant([np.array(width) / 2]))


def _bins(g: _Graph, bins: o.Bins, x: str) -> str:
    places, low, high = zip(*bins.bins, strict=True)
    half = g.plus(g.node("Mul", g.taken_from(x, places), g.constant(0.5)), [-np.array(low) / 2])
    width = np.array(high) / 2 - np.array(low) / 2
    return g.within(g.node("Div", half, g.constant([width])), 0.0, 1.0)


def _recall(g: _Graph, recall: o.Recall, x: str) -> str:
    same = g.node("Equal", g.taken_from(x, (recall.place,)), g.constant([recall.numbers]))
    return g.node("MatMul", g.cast(same, "DOUBLE"), g.constant([[value] for value in recall.values]))


def _swing(g: _Graph, swing: o.Swing, x: str) -> str:
    """sin and cos; the cosine as a shifted sine."""
    places, periods = zip(*(each for each in swing.cycles for _ in range(2)), strict=True)
    turns = g.node("Div", g.taken_from(x, places), g.constant([periods]))
    angle = g.node("Mul", g.node("Sub", turns, g.node("Floor", turns)), g.constant(2 * pi))
    later = g.node("Add", angle, g.constant([[0.0, pi / 2] * len(swing.cycles)]))
    return g.node("Mul", g.node("Add", g.node("Sin", later), g.constant(1.0)), g.constant(0.5))


def _slots(g: _Graph, slots: o.Slots, place: str) -> str:
    taken = g.node("Equal", place, g.constant([np.arange(slots.size, dtype=np.float64)]))
    return g.node("Where", taken, g.constant(slots.taken), g.constant(slots.low))


def _matrix(g: _Graph, matrix: o.Matrix, a: str) -> str:
    return g.node("Gemm", a, g.constant(matrix.W, np.float32), g.constant(matrix.b, np.float32), transB=1)


def _activate(g: _Graph, activate: o.Activate, z: str) -> str:
    if activate.name == SOFTMAX:
        return g.node("Softmax", z, axis=1)
    if activate.name in NATIVE:
        return g.node(NATIVE[activate.name], z)
    two = {"+": "Add", "-": "Sub", "*": "Mul", "/": "Div", ">": "Greater", "where": "Where"}
    one = {
        "exp": "Exp",
        "log": "Log",
        "tanh": "Tanh",
        "erf": "Erf",
        "sqrt": "Sqrt",
        "abs": "Abs",
        "softplus": "Softplus",
    }
    table: dict[str, Callable[..., str]] = {
        name: lambda *of, kind=kind: g.node(kind, *of) for name, kind in (two | one).items()
    }
    table["number"] = lambda value: g.constant(value, np.float32)
    return fold(activate.name, table, z)


def _shares(g: _Graph, shares: o.Shares, x: str) -> str:
    positive = g.node("Clip", g.cast(x, "DOUBLE"), g.constant(o.LEAST_SHARE))
    whole = g.node("ReduceSum", positive, g.constant([1], np.int64), keepdims=1)
    return g.node("Div", positive, whole)


def _unscale(g: _Graph, unscale: o.Unscale, z: str) -> str:
    x = g.plus(g.node("Mul", g.plus(g.cast(z, "DOUBLE"), -unscale.shift), g.constant(unscale.width)), unscale.centre)
    if unscale.offset is None:
        return x
    return g.plus(g.node("Exp", g.node("Min", x, g.constant(o.MOST_LOG))), -unscale.offset)


def _label(g: _Graph, label: o.Label, shares: str) -> str:
    if label.threshold is None:
        return g.node("ArgMax", shares, axis=1, keepdims=0)
    second = g.node("Gather", shares, g.constant(1, np.int64), axis=1)
    return g.cast(g.node("GreaterOrEqual", second, g.constant(label.threshold)), "INT64")


OF_WORDS: dict[type, Callable[..., str]] = {o.Look: _look, o.Contain: _contain}

EMIT: dict[type, Callable[..., str]] = {
    o.Impute: lambda g, e, x: g.node("Where", g.node("IsNaN", x), g.constant([e.values]), x),
    o.Indicate: lambda g, e, x: g.cast(g.node("IsNaN", g.taken_from(x, e.places)), "DOUBLE"),
    o.Scale: _scale,
    o.Bins: _bins,
    o.Recall: _recall,
    o.Swing: _swing,
    o.Spread: lambda g, e, x: g.node("Add", g.node("Mul", x, g.constant(e.high - e.low)), g.constant(e.low)),
    o.Slots: _slots,
    o.Features: lambda g, e, *parts: g.cast(g.joined(parts), "FLOAT"),
    o.Matrix: _matrix,
    o.Activate: _activate,
    o.Shares: _shares,
    o.Total: lambda g, e, *parts: g.node("Sum", *parts),
    o.Mean: lambda g, e, *parts: g.node("Mul", g.cast(g.node("Sum", *parts), "DOUBLE"), g.constant(1 / len(parts))),
    o.Unscale: _unscale,
    o.Clamp: lambda g, e, x: g.within(x, e.low, e.high),
    o.Label: _label,
}
