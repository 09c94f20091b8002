"""How a row's cells became the network's inputs, as readable arithmetic: "(5.1 − 5.843) / 0.828"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from deltaw.equations.scaled import BEND
from deltaw.numbers import DIGITS, number
from deltaw.preparation.columns.alike import Alike
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.category import Category
from deltaw.preparation.columns.means import Means
from deltaw.preparation.columns.numbers import CYCLES, Day, Number
from deltaw.preparation.columns.recurring import Recurring
from deltaw.preparation.columns.steps import MISSING, middle
from deltaw.preparation.columns.text import Text
from deltaw.preparation.columns.truth import Truth
from deltaw.preparation.reading import as_days, as_numbers
from deltaw.preparation.recipe import Preparation
from deltaw.preparation.scales.bins import count, position
from deltaw.preparation.scales.scaling import SCALINGS, Scale, Scaling
from deltaw.speech import listed, retold, say
from deltaw.tables.cells import as_words
from deltaw.tables.table import clip

DAY_DIGITS = 10  # a minute is 0.0007 of 20,000 days


class Line(NamedTuple):
    """One input of the network.

    Attributes:
        column: the raw column (or block) that it comes from.
        cell: the raw value; None if it is missing.
        feature: the input's name.
        place: its index among the inputs.
        arithmetic: how it was computed, in words and numbers.
        value: the input.
    """

    column: str
    cell: Any
    feature: str
    place: int
    arithmetic: str
    value: float


def arithmetic(preparation: Preparation, frame: pl.DataFrame, source: str = "data") -> list[Line]:
    """The inputs of one row, in order; of one-hot inputs only the one that is set.

    Args:
        preparation: the recipe.
        frame: one row, with the columns that the preparation needs.
        source: its name in messages.

    Raises:
        ColumnError: as `Preparation.transform`.
    """
    row, scaling = frame.head(1), SCALINGS[preparation.scaling]
    values = preparation.transform(row, source)[0]
    lines, start = [], 0
    for step in preparation.steps:
        features = step.features
        for i, cell, words in EXPLAIN[type(step)](step, row, scaling, source, values[start : start + len(features)]):
            lines.append(Line(step.title, cell, features[i], start + i, words, float(values[start + i])))
        start += len(features)
    return lines


# Each returns (index among the step's features, raw cell, words) for features that have an explanation.
Explained = list[tuple[int, Any, str]]


def _number(step: Number, row: pl.DataFrame, scaling: Scaling, source: str, values: Any) -> Explained:
    column = row.get_column(step.column)
    x = float(as_numbers(column, source)[0])
    missing = bool(np.isnan(x))
    before = say("missing, replaced by the median {fill}; ", fill=number(step.fill)) if missing else ""
    x = step.fill if missing else x
    lines: Explained = [(0, column[0], before + _scaled(step.scale, x))]
    lines += _bins(step.edges, column[0], x)
    lines += _recurring(step, column[0], np.nan if missing else x, values)
    return lines + _indicator(len(step.features) - 1, step.indicator, missing, scaling)


def _recurring(step: Number, cell: Any, x: float, values: Any) -> Explained:
    """The mean target of rows with exactly this number, minus the piecewise-linear fit over its bins."""
    if step.means is None:
        return []
    known, unknown = (
        "{name}, of rows with {cell}, smoothed: {x}; {scaled}",
        ("{name}: 0, since training has no such number"),
    )
    line = known if x in step.means.numbers else unknown
    return _means(step.means, step.first_mean, cell, values, line, cell=number(x))


def _truth(step: Truth, row: pl.DataFrame, scaling: Scaling, source: str, values: Any) -> Explained:
    cell = row.get_column(step.column)[0]
    names = {scaling.low: say("no"), scaling.high: say("yes")}
    lines: Explained = [
        (0, cell, names.get(round(float(values[0]), 6), say("missing, or another word: halfway between")))
    ]
    return lines + _indicator(1, step.indicator, cell is None, scaling)


def _text(step: Text, row: pl.DataFrame, scaling: Scaling, source: str, values: Any) -> Explained:
    cell, there = as_words(row.get_column(step.column))[0], np.flatnonzero(values > middle(scaling)).tolist()
    cell = cell and clip(cell, 40)
    none = say("has none of the {n} words", n=len(step.words))
    return [(i, cell, say('has "{word}"', word=step.words[i])) for i in there] or [(0, cell, none)]


def _category(step: Category, row: pl.DataFrame, scaling: Scaling, source: str, values: Any) -> Explained:
    taken, others = int(np.argmax(values[: len(step.slots)])), len(step.slots) - 1
    size = say(", {x} instead of 1 for {n} words", x=number(step.taken(scaling)), n=len(step.words))
    shown = {"size": size if step.weight != 1.0 else "", "low": number(scaling.low)}
    one, several = "one-hot{size}; the other input gets {low}", "one-hot{size}; the other {n} inputs get {low}"
    words = say(several, n=others, **shown) if others > 1 else say(one, **shown)
    series = row.get_column(step.column)
    lines: Explained = [(taken, series[0], words)]
    if step.means is None:
        return lines
    word = step.words_of(series)[0]
    known, unknown = "{name} of rows with {word}, smoothed: {x}; {scaled}", "{name} of all rows: {x}; {scaled}"
    line = known if word in (None, *step.means.words) else unknown
    return lines + _means(step.means, step.first_mean, series[0], values, line, word=clip(word or say(MISSING)))


def _means(means: Means | Recurring, first: int, raw: Any, values: Any, line: str, **more: str) -> Explained:
    """A line for each mean; their features start at index `first`."""
    lines: Explained = []
    for place, (name, scale) in enumerate(zip(map(retold, means.names), means.scales, strict=True), first):
        x = float(scale.undo(values[place]))
        lines.append((place, raw, say(line, name=name, x=number(x), scaled=_scaled(scale, x), **more)))
    return lines


def _day(step: Day, row: pl.DataFrame, scaling: Scaling, source: str, values: Any) -> Explained:
    column = row.get_column(step.column)
    days = float(as_days(column, source, step.format)[0])
    missing = bool(np.isnan(days))
    days = step.fill if missing else days
    before = say("missing, replaced by the median; ") if missing else ""
    day = number(days, DAY_DIGITS)
    since = say("day {day} from 1970-01-01 on; {scaled}", day=day, scaled=_scaled(step.scale, days, DAY_DIGITS))
    lines: Explained = [(0, column[0], before + since)]
    lines += _bins(step.edges, column[0], days, DAY_DIGITS)
    low, high = scaling.swing
    for i, cycle in enumerate(step.cycles):
        for j, swing in enumerate(("sin", "cos")):
            wave = f"{swing}(2π · {day} / {number(CYCLES[cycle], DAY_DIGITS)})"
            words = wave if (low, high) == (-1, 1) else f"{number(low)} + {number(high - low)} · (1 + {wave}) / 2"
            lines.append((1 + count(step.edges) + 2 * i + j, column[0], words))
    return lines + _indicator(len(step.features) - 1, step.indicator, missing, scaling)


def _block(step: BlockOfNumbers, row: pl.DataFrame, scaling: Scaling, source: str, values: Any) -> Explained:
    lines: Explained = []
    for place, name in enumerate(step.columns):
        x = float(as_numbers(row.get_column(name), source)[0])
        missing = bool(np.isnan(x))
        before = say("missing, replaced by the lowest value {low}; ", low=number(step.low)) if missing else ""
        lines.append((place, None if missing else x, before + _scaled(step.scale, step.low if missing else x)))
    return lines


def _alike(step: Alike, row: pl.DataFrame, scaling: Scaling, source: str, values: Any) -> Explained:
    known = step.sums(row, source)[0] in step.means.numbers
    of_row, of_others = (
        "{name} of its exact duplicates, smoothed: {x}; {scaled}",
        ("{name}: 0, since no training row equals this one"),
    )
    line = of_row if known else of_others
    return _means(
        step.means, step.first_mean, say("seen in training" if known else "not seen in training"), values, line
    )


EXPLAIN: dict[type, Callable[..., Explained]] = {
    Number: _number,
    Truth: _truth,
    Category: _category,
    Text: _text,
    Day: _day,
    BlockOfNumbers: _block,
    Alike: _alike,
}


def _bins(edges: tuple[float, ...], cell: Any, x: float, digits: int = DIGITS) -> Explained:
    """The bin of x, or the outermost one if x is beyond all."""
    if not edges:
        return []
    bins, passed = count(edges), float(position(np.array([x]), edges)[0])
    k, shown = min(int(passed), bins - 1), number(x, digits)
    if not edges[0] <= x <= edges[-1]:
        below, above = (
            "{x} is below all {bins} bins, which all get 0",
            "{x} is above all {bins} bins, which all get 1",
        )
        return [(1 + k, cell, say(below if x < edges[0] else above, x=shown, bins=bins))]
    others = [say("earlier bins are 1")] * (k > 0) + [say("later bins are 0")] * (k < bins - 1)
    words = say(
        "{x} is {share}% of the way through bin {k} of {bins}, {others}: {scaled}",
        x=shown, share=number(100 * (passed - k), 3), k=k + 1, bins=bins, others=listed(others),
        scaled=_scaled(Scale(edges[k], edges[k + 1] - edges[k]), x, digits),
    )  # fmt: skip
    return [(1 + k, cell, words)]


def _indicator(place: int, there: bool, missing: bool, scaling: Scaling) -> Explained:
    value = number(scaling.high if missing else scaling.low)
    words = say("missing: {value}" if missing else "not missing: {value}", value=value)
    return [(place, say(MISSING) if missing else say("present"), words)] if there else []


def _scaled(scale: Scale, x: float, digits: int = DIGITS) -> str:
    """(x − centre) / width + shift without the parts that change nothing; then the smooth clip of the result."""
    text = number(x, digits)
    if scale.centre:
        text = f"({text} {'−' if scale.centre > 0 else '+'} {number(abs(scale.centre), digits)})"
    if scale.width != 1.0:
        text = f"{text} / {number(scale.width)}"
    if scale.shift:
        text = f"{text} {'+' if scale.shift > 0 else '−'} {number(abs(scale.shift))}"
    if not scale.bend:
        return text
    z = number((x / 2 - scale.centre / 2) / (scale.width / 2) + scale.shift)
    return say("{text} = {z}; smoothly clipped: {z} / √(1 + ({z} / {bend})²)", text=text, z=z, bend=number(BEND))
