"""Columns of numbers, and of dates as numbers of days: scaled, and piecewise-linearly encoded in bins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import tau
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.encoded import Field
from deltaw.equations.scaled import Scaled
from deltaw.numbers import number
from deltaw.preparation.columns.context import FitContext
from deltaw.preparation.columns.curves import finer
from deltaw.preparation.columns.lines import ByNumber
from deltaw.preparation.columns.means import OutOfFold, TrainingTargets
from deltaw.preparation.columns.recurring import Recurring
from deltaw.preparation.columns.steps import (
    TRAINING,
    Features,
    OneColumn,
    Stored,
    Values,
    missing_feature,
    without,
    yes_or_no,
)
from deltaw.preparation.reading import DAY, as_days, as_floats, as_numbers
from deltaw.preparation.scales.bins import are_edges, asks_for_all, count, cuts, fields, fit_edges, positions
from deltaw.preparation.scales.quantiles import median, partial_sort
from deltaw.preparation.scales.scaling import QUARTERS, Scale, Scaling, fit_scale
from deltaw.speech import Kept, listed, reads, say
from deltaw.tables import Column
from deltaw.tables.dates import DATE_FORMATS
from deltaw.tables.reading.places import in_pages
from deltaw.tables.table import listing
from deltaw.tables.taking import AT_ONCE, MAPPED_ROWS
from deltaw.tables.units import is_unit, plain_unit

Floats = NDArray[np.floating]

# Cycles of the calendar -> days.
CYCLES = {"year": 365.2425, "week": 7.0, "day": 1.0}

OF_NUMBERS: dict[str, Any] = {  # what fields of numbers, and of days, are to be
    "column": str, "scale": Scale.CHECKS, "fill": float, "indicator": bool, "edges": are_edges,
}  # fmt: skip


@dataclass(frozen=True)
class Number(OneColumn):
    """A number, scaled, and its position in bins; missing cells get the median, and an indicator if there were any.

    `edges`: of the bins, () for none. `means`: target means of recurring numbers. `unit`: of numbers in text.
    """

    scale: Scale
    fill: float
    indicator: bool
    edges: tuple[float, ...] = ()
    means: Recurring | None = None
    unit: str = ""

    kind: ClassVar = "number"
    MEANS: ClassVar = Recurring
    CHECKS: ClassVar = {
        **OF_NUMBERS,
        "means": (None, Recurring.accepts),
        "unit": ("", is_unit),
    }

    @classmethod
    def fit(cls, frame: pl.DataFrame, column: Column, scaling: Scaling, context: FitContext) -> Number:
        x = as_floats(frame.get_column(column.name), TRAINING, column.format)
        if context.targets is None or context.sample is None:
            return cls(column.name, *_learnt(x, scaling, context), None, column.format)
        by_number = ByNumber(context.sample.cells(x), context.sample)
        ascending = by_number.ascending if len(by_number.sample.targets.values) == len(x) else None
        scale, fill, indicator, edges = _learnt(x, scaling, context, ascending)
        edges = finer(by_number, edges, context.finest)
        means = Recurring.fit(column.name, x, edges, context.targets, by_number)
        return cls(column.name, scale, fill, indicator, edges, means, column.format)

    def refitted(self, frame: pl.DataFrame, targets: TrainingTargets) -> Number:
        """The same with the target means of other rows."""
        x = as_numbers(frame.get_column(self.column), TRAINING, self.unit)
        return replace(self, means=self.means and self.means.known(self.column, x, self.edges, targets))

    def out_of_fold(self, frame: pl.DataFrame, targets: TrainingTargets) -> OutOfFold:
        """Out-of-fold target means of the training rows, for a column that has means."""
        assert self.means is not None
        x = as_numbers(frame.get_column(self.column), TRAINING, self.unit)
        return self.means.out_of_fold(self.column, x, self.edges, targets)

    @property
    def mean_names(self) -> tuple[str, ...]:
        """Names of its target means."""
        return tuple(map(Kept, self.means.names)) if self.means else ()

    @property
    def first_mean(self) -> int:
        """Index of the first of these among its features."""
        return 1 + count(self.edges)

    @property
    def features(self) -> tuple[str, ...]:
        means = (Kept("{column}: {name}", column=self.column, name=name) for name in self.mean_names)
        bins, missing = _bin_features(self.column, self.edges), missing_feature(self.column, self.indicator)
        return (self.column, *bins, *means, *missing)

    def treatment(self, scaling: Scaling) -> str:
        said = "{how}; missing: {fill}, plus an indicator" if self.indicator else "{how}; missing: {fill}"
        text = say(said, how=say(scaling.summary) + _beside(self.edges), fill=number(self.fill))
        text = say("in {unit}: {what}", unit=plain_unit(self.unit), what=text) if self.unit else text
        known, names = 0 if self.means is None else len(self.means.numbers), listing([*map(reads, self.mean_names)], 3)
        encoded = "; {n:,} values target-encoded, out of fold: {names}"
        return text + (say(encoded, names=names, n=known) if known else "")

    def fields(self, scaling: Scaling) -> tuple[Field, ...]:
        return (Field(), *fields(self.edges), *[Field()] * (len(self.mean_names) + self.indicator))

    @property
    def scaled(self) -> Scaled:
        """The scaling, for engines that store raw numbers."""
        scale = self.scale
        return Scaled(scale.centre, scale.width, scale.shift, scale.bend, self.fill, self.edges)

    def raw(self, scaling: Scaling) -> tuple[Field, ...]:
        """The field of a row that stores the raw number; None if there are target means."""
        scaled = self.scaled._replace(indicator=(scaling.low, scaling.high) if self.indicator else ())
        return (Field("scaled", scaled.inputs, scaled=scaled),)

    def read(self, frame: pl.DataFrame, source: str, targets: TrainingTargets | None = None) -> Values:
        """The numbers, and their target means; for training rows (`targets`) out of fold."""
        x = as_numbers(frame.get_column(self.column), source, self.unit)
        if self.means is None:
            return x
        means = self.means.of(x) if targets is None else self.means.of_learnt(self.column, x, self.edges, targets)
        return np.column_stack([x, means])

    def encode(self, x: Values, out: Stored, scaling: Scaling) -> None:
        x, *means = (x,) if x.ndim == 1 else x.T
        missing = np.isnan(x)
        x = np.where(missing, self.fill, x)
        _write(out, self.scale.apply(x), *positions(x, self.edges), *means)
        if self.indicator:
            out[:, -1] = yes_or_no(missing, scaling)

    def decode(self, features: Features, scaling: Scaling) -> list[pl.Series]:
        x = pl.Series(self.column, self.scale.undo(features[:, 0]))
        return [without(x, features[:, -1], scaling) if self.indicator else x]

    def usual_cells(self) -> list[pl.Series]:
        return [pl.Series(self.column, [self.fill])]


@dataclass(frozen=True)
class Day(OneColumn):
    """A date or time as a scaled number of days, and its position in the year, the week and (for times) the day.

    A position in a cycle is the pair (sin, cos) of its angle, so that 31 December is next to 1 January. `edges`: of the
    bins of the days, () for none.
    """

    format: str
    time: bool
    scale: Scale
    fill: float
    indicator: bool
    edges: tuple[float, ...] = ()

    kind: ClassVar = "date"
    CHECKS: ClassVar = {"format": ("", *DATE_FORMATS), "time": bool, **OF_NUMBERS}

    @classmethod
    def fit(cls, frame: pl.DataFrame, column: Column, scaling: Scaling, context: FitContext) -> Day:
        days = as_days(frame.get_column(column.name), TRAINING, column.format)
        time = bool((days != np.round(days))[~np.isnan(days)].any())
        return cls(column.name, column.format, time, *_learnt(days, scaling, context))

    @property
    def cycles(self) -> tuple[str, ...]:
        return tuple(name for name in CYCLES if self.time or name != "day")

    @property
    def features(self) -> tuple[str, ...]:
        pairs = ((Kept(cycle), swing) for cycle in self.cycles for swing in ("sin", "cos"))
        swings = (Kept("{column} {cycle} {swing}", column=self.column, cycle=each, swing=wave) for each, wave in pairs)
        days = Kept("{column} days", column=self.column)
        return (days, *_bin_features(days, self.edges), *swings, *missing_feature(self.column, self.indicator))

    def treatment(self, scaling: Scaling) -> str:
        how, cycles = say(scaling.summary) + _beside(self.edges), listed(map(say, self.cycles))
        swings = say("days {how}; sin and cos of the {cycles}", how=how, cycles=cycles)
        return swings + say("; missing: an indicator") * self.indicator

    def fields(self, scaling: Scaling) -> tuple[Field, ...]:
        rest = 2 * len(self.cycles) + self.indicator
        return (Field(), *fields(self.edges), *[Field()] * rest)

    def read(self, frame: pl.DataFrame, source: str, targets: TrainingTargets | None = None) -> Values:
        return as_days(frame.get_column(self.column), source, self.format)

    def encode(self, days: Values, out: Stored, scaling: Scaling) -> None:
        missing = np.isnan(days)
        days = np.where(missing, self.fill, days)
        low, high = scaling.swing
        angles = (tau * np.mod(days / CYCLES[cycle], 1.0) for cycle in self.cycles)
        swings = (low + (high - low) * (1 + swing(angle)) / 2 for angle in angles for swing in (np.sin, np.cos))
        _write(out, self.scale.apply(days), *positions(days, self.edges), *swings)
        if self.indicator:
            out[:, -1] = yes_or_no(missing, scaling)

    def decode(self, features: Features, scaling: Scaling) -> list[pl.Series]:
        dates = self._dates(self.scale.undo(features[:, 0]))
        return [without(dates, features[:, -1], scaling) if self.indicator else dates]

    def usual_cells(self) -> list[pl.Series]:
        return [self._dates(np.array([self.fill]))]

    def _dates(self, days: Values) -> pl.Series:
        within = np.clip(days, -700_000, 2_900_000)  # the years 54 to 9909
        stamps = pl.Series(self.column, np.round(within * DAY).astype(np.int64)).cast(pl.Datetime("us"))
        return stamps.dt.round("1s") if self.time else stamps.dt.round("1d").cast(pl.Date)


BINNED = (Number.kind, Day.kind)


def _learnt(
    x: Floats, scaling: Scaling, context: FitContext, ascending: Floats | None = None
) -> tuple[Scale, float, bool, tuple[float, ...]]:
    """(scale, median, whether any is missing, edges) of the training rows' numbers, NaN where missing.

    `ascending`: the numbers without NaN, if they are sorted already.
    """
    if ascending is None:
        ascending = _present(x)  # a copy, which is put in order where it lies, in the size that the numbers have
        if asks_for_all(context.bins, context.bins_of_few):
            ascending.sort()
        else:
            partial_sort(ascending, QUARTERS, cuts(context.bins))
    scale = fit_scale(scaling.fit, ascending if scaling.sorts else _present(x).astype(np.float64), scaling.bend)
    return scale, median(ascending), len(ascending) < len(x), fit_edges(ascending, context.bins, context.bins_of_few)


def _present(x: Floats) -> Floats:
    """A copy of the numbers without NaN; for many rows in memory that is returned to the system at once."""
    if len(x) < MAPPED_ROWS:
        return x[~np.isnan(x)]
    pieces = (x[i : i + AT_ONCE] for i in range(0, len(x), AT_ONCE))
    return in_pages((some[~np.isnan(some)] for some in pieces), x.dtype, len(x))


def _bin_features(number: str, edges: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(Kept("{number} bin {k}", number=number, k=k + 1) for k in range(count(edges)))


def _beside(edges: tuple[float, ...]) -> str:
    return say(", plus piecewise-linear over {n} bins", n=count(edges)) if edges else ""


def _write(out: Stored, *columns: NDArray[Any]) -> None:
    for place, column in enumerate(columns):
        out[:, place] = column
