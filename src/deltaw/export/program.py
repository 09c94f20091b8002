"""From a model to a `Program`: the operations of its preparation, networks and target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any
from unicodedata import normalize

import numpy as np

from deltaw import __version__
from deltaw.exceptions import SettingError
from deltaw.export import operations as o
from deltaw.export.operations import Operation, Program
from deltaw.network import Network
from deltaw.preparation import Preparation, Target
from deltaw.preparation.columns.alike import Alike, Coded
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.category import Category
from deltaw.preparation.columns.numbers import CYCLES, Day, Number
from deltaw.preparation.columns.text import Text
from deltaw.preparation.columns.truth import Truth
from deltaw.preparation.reading import SHARES, places_of
from deltaw.preparation.scales.bins import count
from deltaw.preparation.scales.logarithm import LogScale
from deltaw.preparation.scales.scaling import SCALINGS, Scaling
from deltaw.preparation.scales.scaling import Scale as Scaled
from deltaw.speech import say
from deltaw.tables.cells import spellings

NAN = float("nan")
MADE_BY = f"DeltaW {__version__}"
FEATURES = "x"  # name of the inputs of a bare network


@dataclass
class _Maker:
    """A program under construction."""

    operations: list[Operation] = field(default_factory=list)
    read: dict[str, tuple[str, int]] = field(default_factory=dict)  # column -> the value that has its cell, and where
    parts: list[tuple[str, list[int]]] = field(default_factory=list)  # value, and where its elements go

    def add(self, operation: type[Operation], size: int, *of: str, **constants: Any) -> str:
        out = f"{operation.__name__.lower()}{len(self.operations)}"
        self.operations.append(operation(out, of, size, **constants))
        if operation is o.Read:
            self.read |= {column: (out, place) for place, column in enumerate(constants["columns"])}
        return out

    def features(self, value: str, places: Sequence[int]) -> None:
        """Register which inputs of the network a value's elements are."""
        if places:
            self.parts.append((value, list(places)))

    def gathered(self) -> tuple[str, list[int]]:
        """All inputs of the network as one value, and their indices in order."""
        places = [place for _, each in self.parts for place in each]
        sizes = tuple(len(each) for _, each in self.parts)
        return self.add(o.Features, len(places), *(value for value, _ in self.parts), sizes=sizes), places


def of_model(
    preparation: Preparation,
    target: Target,
    networks: Sequence[Network],
    missing: Sequence[str] = (),
    prepared: bool = False,
) -> Program:
    """The program from the cells of a row to the answer in the target's own units, of an ensemble the mean.

    `prepared`: from the network's inputs instead.

    Raises:
        SettingError: the target's scale is not supported.
    """
    if prepared:
        return of_features(preparation.feature_names, target, networks)
    made, scaling = _Maker(), SCALINGS[preparation.scaling]
    groups: dict[Any, list[tuple[Any, int]]] = {}
    for step, place in preparation.places:
        groups.setdefault(_together(step), []).append((step, place.start))
    for steps in groups.values():
        MAKERS[type(steps[0][0])](made, steps, scaling)
    features, order = made.gathered()
    _answer(made, target, networks, features, order)
    return Program(
        tuple(made.operations), preparation.input_names, target.name, target.classes, tuple(missing), MADE_BY
    )


def of_features(names: Sequence[str], target: Target, networks: Sequence[Network]) -> Program:
    """The program from the network's inputs to the answer.

    Raises:
        SettingError: as `of_model`.
    """
    made = _Maker()
    _answer(made, target, networks, _given(made, names), range(len(names)))
    return Program(tuple(made.operations), tuple(names), target.name, target.classes, (), MADE_BY)


def of_network(network: Network) -> Program:
    """The program of a network alone."""
    network.check()
    made, names = _Maker(), tuple(f"{FEATURES}{i}" for i in range(network.sizes[0]))
    _forward(made, network, _given(made, names), range(len(names)))
    return Program(tuple(made.operations), names, "outputs", (), (), MADE_BY)


def _given(made: _Maker, names: Sequence[str]) -> str:
    """The network's inputs as given."""
    read = made.add(o.Read, len(names), columns=tuple(names), kind="feature", block=FEATURES)
    return made.add(o.Features, len(names), read, sizes=(len(names),))


def in_bytes(program: Program) -> Program:
    """The program with weights rounded to int8: multiples of 1/127 of the unit's largest weight."""
    return replace(program, operations=tuple(_in_bytes(each) for each in program.operations))


def of_bytes(network: Network) -> Network:
    """The network with the rounded weights of `in_bytes`."""
    made = copy(network)
    made.weights = [_rounded(np.asarray(W, np.float32))[0] for W in network.weights]
    return made


def _in_bytes(each: Operation) -> Operation:
    if not isinstance(each, o.Matrix):
        return each
    W, step = _rounded(each.W)
    return replace(each, W=W, step=step)


def _rounded(W: o.Array) -> tuple[o.Array, o.Array]:
    """(weights as integers, the step of each unit)."""
    step = np.maximum(np.abs(W).max(axis=1) / np.float32(127), np.finfo(np.float32).tiny)
    return np.rint(W / step[:, None]) * step[:, None], step


# --- the preparation, a function a kind of step ---------------------------------------------------------------------


def _together(step: Any) -> Any:
    """The key of steps that share a vector: numbers or dates with the same `bend`."""
    return (type(step), step.scale.bend) if isinstance(step, (Number, Day)) else id(step)


def _scaled(made: _Maker, value: str, scales: Sequence[Scaled]) -> str:
    centre, width, shift = zip(*((s.centre, s.width, s.shift) for s in scales), strict=True)
    return made.add(o.Scale, len(scales), value, centre=centre, width=width, shift=shift, bend=scales[0].bend)


def _numbers(made: _Maker, steps: list[tuple[Number, int]], scaling: Scaling) -> None:
    read = made.add(o.Read, len(steps), columns=tuple(step.column for step, _ in steps), kind="number")
    _filled(made, read, steps, scaling)
    for i, (step, start) in enumerate(steps):
        if step.means is None:
            continue
        for k, values in enumerate(zip(*step.means.values, strict=True)):
            mean = made.add(o.Recall, 1, read, place=i, numbers=step.means.numbers, values=values)
            made.features(mean, [start + 1 + count(step.edges) + k])


def _days(made: _Maker, steps: list[tuple[Day, int]], scaling: Scaling) -> None:
    columns, spelling = zip(*((step.column, step.format) for step, _ in steps), strict=True)
    read = made.add(o.Read, len(steps), columns=columns, kind="date", spelling=spelling)
    filled = _filled(made, read, steps, scaling)
    cycles: list[tuple[int, float]] = []
    places: list[int] = []
    for i, (step, start) in enumerate(steps):
        cycles += [(i, CYCLES[cycle]) for cycle in step.cycles]
        first = start + 1 + max(len(step.edges) - 1, 0)
        places += range(first, first + 2 * len(step.cycles))
    swing = made.add(o.Swing, 2 * len(cycles), filled, cycles=tuple(cycles))
    made.features(made.add(o.Spread, 2 * len(cycles), swing, low=scaling.swing[0], high=scaling.swing[1]), places)


def _filled(made: _Maker, read: str, steps: Sequence[tuple[Number | Day, int]], scaling: Scaling) -> str:
    """Impute, scale, encode in bins, and indicate missing cells; return the imputed values."""
    filled = made.add(o.Impute, len(steps), read, values=tuple(step.fill for step, _ in steps))
    made.features(_scaled(made, filled, [step.scale for step, _ in steps]), [start for _, start in steps])
    bins = [(i, low, high) for i, (step, _) in enumerate(steps) for low, high in pairwise(step.edges)]
    if bins:
        places = [start + 1 + k for step, start in steps for k in range(len(step.edges) - 1)]
        made.features(made.add(o.Bins, len(bins), filled, bins=tuple(bins)), places)
    indicators = {i: start + len(step.features) - 1 for i, (step, start) in enumerate(steps) if step.indicator}
    _indicated(made, read, indicators, scaling)
    return filled


def _indicated(made: _Maker, read: str, indicators: dict[int, int], scaling: Scaling) -> None:
    """Indicators of missing elements; `indicators`: index of the element -> index of the feature."""
    if indicators:
        missing = made.add(o.Indicate, len(indicators), read, places=tuple(indicators))
        made.features(_spread(made, missing, scaling), list(indicators.values()))


def _spread(made: _Maker, value: str, scaling: Scaling) -> str:
    return made.add(o.Spread, made.operations[-1].size, value, low=scaling.low, high=scaling.high)


def _truth(made: _Maker, steps: list[tuple[Truth, int]], scaling: Scaling) -> None:
    ((step, start),) = steps
    word = made.add(o.Read, 1, columns=step.inputs, kind="word")
    share = made.add(o.Look, 1, word, **_table(SHARES), other=NAN, missing=NAN, fold=True)
    made.features(_spread(made, made.add(o.Impute, 1, share, values=(0.5,)), scaling), [start])
    _indicated(made, share, {0: start + 1} if step.indicator else {}, scaling)


def _category(made: _Maker, steps: list[tuple[Category, int]], scaling: Scaling) -> None:
    ((step, start),) = steps
    other, slots = len(step.words), len(step.slots)
    table = _spelt(step.words, tuple(map(float, range(other))), step.width, step.known)
    word = made.add(o.Read, 1, columns=step.inputs, kind="word")
    place = made.add(o.Look, 1, word, **table, other=float(other), missing=float(slots - 1), fold=False)
    taken = made.add(o.Slots, slots, place, low=scaling.low, taken=step.taken(scaling))
    made.features(taken, range(start, start + slots))
    if step.means:
        for k in range(len(step.means.names)):
            made.features(_mean(made, word, step, k), [start + slots + k])


def _text(made: _Maker, steps: list[tuple[Text, int]], scaling: Scaling) -> None:
    ((step, start),) = steps
    text = made.add(o.Read, 1, columns=step.inputs, kind="word")
    words = tuple(tuple(dict.fromkeys(normalize(form, word) for form in ("NFC", "NFD"))) for word in step.words)
    there = made.add(o.Contain, len(words), text, words=words)
    made.features(_spread(made, there, scaling), range(start, start + len(words)))


def _spelt(words: Sequence[str], values: Sequence[float], width: int | None, known: tuple[Any, ...]) -> dict[str, Any]:
    """A table of words: each composed, as DeltaW reads it, and taken apart (ö as o and two points), as some systems
    write it; of codes (`width_of`) without their zeros in front, too, and as 1067.0: as what was read as a number is.
    Numbers and truth values stand as the `spellings` of all known words have them, too: 1.0 as 1, TRUE as true.
    """
    table = {word: values[place] for word, place in places_of(words).items() if normalize("NFC", word) == word}
    for word, value in list(table.items()):
        table.setdefault(normalize("NFD", word), value)
    for word, value in list(table.items()) if width else ():
        for start in range(1, len(word) - len(word.lstrip("0")) + 1):
            if word[start:]:
                table.setdefault(word[start:], value)
    for word, value in list(table.items()) if width else ():
        table.setdefault(f"{word}.0", value)
    for alone, word in spellings(known).items():
        if word in table:
            table.setdefault(alone, table[word])
    return _table(table)


def _table(table: Mapping[str, float]) -> dict[str, Any]:
    return {"words": tuple(table), "values": tuple(table.values())}


def _mean(made: _Maker, word: str, step: Category, k: int) -> str:
    """The k-th target mean of a word."""
    means = step.means
    assert means is not None
    table = _spelt(means.words, tuple(row[k] for row in means.values), step.width, step.known)
    return made.add(o.Look, 1, word, **table, other=means.other[k], missing=means.missing[k], fold=False)


def _block(made: _Maker, steps: list[tuple[BlockOfNumbers, int]], scaling: Scaling) -> None:
    ((step, start),) = steps
    count = len(step.columns)
    read = made.add(o.Read, count, columns=step.columns, kind="number", block=step.name)
    filled = made.add(o.Impute, count, read, values=(step.low,) * count)
    made.features(_scaled(made, filled, [step.scale] * count), range(start, start + count))


def _alike(made: _Maker, steps: list[tuple[Alike, int]], scaling: Scaling) -> None:
    """The target mean of equal rows, by the sum of the codes of their cells."""
    ((step, start),) = steps
    total = made.add(o.Total, 1, *(code for each in step.columns for code in _codes(made, each)))
    for k, values in enumerate(zip(*step.means.values, strict=True)):
        made.features(made.add(o.Recall, 1, total, place=0, numbers=step.means.numbers, values=values), [start + k])


def _codes(made: _Maker, each: Coded) -> list[str]:
    """The code of the column's cell, in one value or two."""
    (value, place), (*codes, none) = made.read[each.column], map(float, each.codes)
    if each.kind == Category.kind:
        table = _spelt(each.cells, codes, each.width, each.cells)
        return [made.add(o.Look, 1, value, **table, other=0.0, missing=none, fold=False)]
    if each.kind == Truth.kind:
        known = dict(zip(each.cells, codes, strict=True))
        table = _table({word: known.get(share, 0.0) for word, share in SHARES.items()})
        return [made.add(o.Look, 1, value, **table, other=none, missing=none, fold=True)]
    missing = made.add(o.Indicate, 1, value, places=(place,))
    return [
        made.add(o.Recall, 1, value, place=place, numbers=each.cells, values=tuple(codes)),
        made.add(o.Spread, 1, missing, low=0.0, high=none),
    ]


MAKERS: dict[type, Callable[[_Maker, Any, Scaling], None]] = {
    Number: _numbers,
    Truth: _truth,
    Category: _category,
    Text: _text,
    Day: _days,
    BlockOfNumbers: _block,
    Alike: _alike,
}


# --- networks and answers -------------------------------------------------------------------------------------------


def _forward(made: _Maker, network: Network, value: str, order: Sequence[int]) -> str:
    """The network's outputs; `order`: the input of the network that each element of the value is."""
    for l, (W, b, name) in enumerate(zip(network.weights, network.biases, network.activations, strict=True)):
        W = np.asarray(W)[:, order] if l == 0 else np.asarray(W)
        W, b = np.ascontiguousarray(W, np.float32), np.asarray(b, np.float32)
        value = made.add(o.Matrix, len(b), value, W=W, b=b)
        if name != "identity":
            value = made.add(o.Activate, len(b), value, name=name)
    return value


def _answer(made: _Maker, target: Target, networks: Sequence[Network], features: str, order: Sequence[int]) -> None:
    outputs = [_forward(made, network, features, order) for network in networks]
    count = networks[0].sizes[-1]
    if target.task == "classification":
        outputs = [made.add(o.Shares, count, each) for each in outputs]
    value = outputs[0] if len(outputs) == 1 else made.add(o.Mean, count, *outputs)
    if target.task == "classification":
        made.add(o.Label, 1, value, classes=count, threshold=target.threshold)
        return
    scale, offset = (target.scale.scale, target.scale.offset) if isinstance(target.scale, LogScale) else (
        target.scale, None,
    )  # fmt: skip
    if scale.bend:
        raise SettingError("export: expected a linearly scaled target", say("one with smooth clipping"), "train again")
    undone = {"centre": scale.centre, "width": scale.width, "shift": scale.shift, "offset": offset}
    value = made.add(o.Unscale, 1, value, **undone)
    if target.clamp:
        made.add(o.Clamp, 1, value, low=target.low, high=target.high)
