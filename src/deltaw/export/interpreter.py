"""A program run by NumPy in float64: the reference that every form is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.activations import ACTIVATIONS
from deltaw.export import operations as o
from deltaw.export.operations import Program
from deltaw.preparation.columns.text import lowered
from deltaw.preparation.reading import as_days, as_numbers
from deltaw.tables.cells import as_words

Values = NDArray[Any]
Cells = Mapping[str, Values]  # column -> (n,) numbers, days, or words (None where missing)


def cells(program: Program, frame: pl.DataFrame) -> dict[str, Values]:
    """A table's cells as the program takes them. Raises ColumnError for an invalid one."""
    read: dict[str, Callable[[pl.Series], Values]] = {
        "number": lambda series: as_numbers(series, "data"),
        "feature": lambda series: as_numbers(series, "data"),
        "date": lambda series: as_days(series, "data", program.spellings[series.name]),
        "word": lambda series: np.array(as_words(series).to_list(), dtype=object),
    }
    return {name: read[kind](frame.get_column(name)) for name, kind in program.kinds.items()}


def run(program: Program, given: Cells, single: bool = False) -> tuple[Values, Values | None]:
    """The answers (n, k) float64, and the indices of the classes (n,), or None for regression.

    `single`: networks in float32, with sums term by term.
    """
    values: dict[str, Values] = {}
    table = RUN | SINGLE if single else RUN
    for each in program.operations:
        if isinstance(each, o.Read):
            values[each.out] = _read(each, given, program)
        else:
            values[each.out] = table[type(each)](each, *(values[name] for name in each.of))
    labels = next(program.all(o.Label), None)
    return values[program.answer.out], None if labels is None else values[labels.out]


def _read(read: o.Read, given: Cells, program: Program) -> Values:
    x = np.stack([given[column] for column in read.columns], axis=1)
    if read.kind == "word":
        missing = {"", *program.missing}
        return np.array([[None if word is None or word.lower() in missing else word] for (word,) in x], dtype=object)
    return np.where(np.isin(x, program.absent), np.nan, x) if read.kind == "number" else x


def _look(look: o.Look, words: Values) -> Values:
    table: dict[Any, float] = dict(zip(look.words, look.values, strict=True)) | {None: look.missing}
    folded = [[word.lower() if look.fold and word is not None else word] for (word,) in words]
    return np.array([[table.get(word, look.other)] for (word,) in folded]).reshape(-1, 1)


def _contain(contain: o.Contain, texts: Values) -> Values:
    known = [lowered(text or "") for (text,) in texts]
    there = [[any(each in text for each in spellings) for spellings in contain.words] for text in known]
    return np.array(there, np.float64).reshape(-1, contain.size)


def _scale(scale: o.Scale, x: Values) -> Values:
    centre, width = np.array(scale.centre), np.array(scale.width)
    with np.errstate(over="ignore"):  # halves: the difference of two huge numbers would overflow
        z = np.clip((x / 2 - centre / 2) / (width / 2), -o.LIMIT, o.LIMIT) + scale.shift
    return np.asarray(z / np.sqrt(1.0 + np.square(z / 3)) if scale.bend else z)


def _bins(bins: o.Bins, x: Values) -> Values:
    places, low, high = (np.array(each) for each in zip(*bins.bins, strict=True))
    with np.errstate(over="ignore"):
        return np.clip((x[:, places] / 2 - low / 2) / (high / 2 - low / 2), 0.0, 1.0)


def _recall(recall: o.Recall, x: Values) -> Values:
    table = dict(zip(recall.numbers, recall.values, strict=True))
    return np.array([[table.get(each, 0.0)] for each in x[:, recall.place].tolist()]).reshape(-1, 1)


def _swing(swing: o.Swing, x: Values) -> Values:
    angles = [2 * np.pi * np.mod(x[:, place] / period, 1.0) for place, period in swing.cycles]
    return np.stack([(1 + f(angle)) / 2 for angle in angles for f in (np.sin, np.cos)], axis=1)


def _slots(slots: o.Slots, place: Values) -> Values:
    return np.where(np.arange(slots.size) == place, slots.taken, slots.low)


def _shares(shares: o.Shares, x: Values) -> Values:
    positive = np.clip(x, o.LEAST_SHARE, None)
    return np.asarray(positive / positive.sum(axis=1, keepdims=True))


def _unscale(unscale: o.Unscale, z: Values) -> Values:
    with np.errstate(over="ignore"):
        x = np.nan_to_num((z - unscale.shift) * unscale.width + unscale.centre)
    return x if unscale.offset is None else np.exp(np.minimum(x, o.MOST_LOG)) - unscale.offset


def _label(label: o.Label, shares: Values) -> Values:
    return shares.argmax(axis=1) if label.threshold is None else (shares[:, 1] >= label.threshold).astype(np.intp)


RUN: dict[type, Callable[..., Values]] = {
    o.Look: _look,
    o.Contain: _contain,
    o.Impute: lambda impute, x: np.where(np.isnan(x), impute.values, x),
    o.Indicate: lambda indicate, x: np.isnan(x[:, indicate.places]).astype(np.float64),
    o.Scale: _scale,
    o.Bins: _bins,
    o.Recall: _recall,
    o.Swing: _swing,
    o.Spread: lambda spread, x: spread.low + (spread.high - spread.low) * x,
    o.Slots: _slots,
    o.Features: lambda features, *parts: np.concatenate(parts, axis=1).astype(np.float32).astype(np.float64),
    o.Matrix: lambda matrix, a: a @ matrix.W.T.astype(np.float64) + matrix.b,
    o.Activate: lambda activate, z: ACTIVATIONS[activate.name].f(z),
    o.Shares: _shares,
    o.Total: lambda total, *parts: np.sum(parts, axis=0),
    o.Mean: lambda mean, *parts: np.mean(parts, axis=0),
    o.Unscale: _unscale,
    o.Clamp: lambda clamp, x: np.clip(x, clamp.low, clamp.high),
    o.Label: _label,
}


def _matrix_in_order(matrix: o.Matrix, a: Values) -> Values:
    z, a = np.tile(matrix.b, (len(a), 1)), a.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for column, weights in zip(a.T, matrix.W.T, strict=True):
            z += column[:, None] * weights
    return z.astype(np.float64)


SINGLE: dict[type, Callable[..., Values]] = {
    o.Matrix: _matrix_in_order,
    o.Activate: lambda activate, z: ACTIVATIONS[activate.name].f(z).astype(np.float32).astype(np.float64),
}
