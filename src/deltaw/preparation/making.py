"""From columns to stored rows: many columns of numbers at a time, in batches of rows that stay in the cache.

The arithmetic is that of `Scale.apply` and `bins.position`, operation by operation in float64, on a matrix with one
column of the table in each of its rows, so that one call of NumPy serves many columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.encoded import Encoded, Field, expand, is_plain
from deltaw.equations.scaled import Bins, Scales
from deltaw.exceptions import ColumnError
from deltaw.preparation.columns.alike import Alike
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.means import TrainingTargets
from deltaw.preparation.columns.numbers import Day, Number
from deltaw.preparation.columns.steps import Step
from deltaw.preparation.scales.scaling import Scaling
from deltaw.tables.held import are_words
from deltaw.tables.reading.places import NUMBERS
from deltaw.tables.taking import taken
from deltaw.threads import processors, side_by_side

Indices = NDArray[np.int64]

# Columns encoded together, and cells at a time; rows read from a frame at a time, by several threads, and the fewest
# that are worth a thread.
COLUMNS_AT_ONCE, CELLS, ROWS, FEWEST = 64, 2**16, 2**14, 2**13
# Types all of whose numbers float32 represents.
EXACT = (pl.Float32, pl.Int16, pl.Int8, pl.UInt16, pl.UInt8)


class Numbers:
    """Steps of c columns of numbers as arrays, one row per column.

    Args:
        steps: with the smooth clip (`bend`) in all or none.
        places: index of each one's first stored number.
        scaling: of the preparation.
    """

    def __init__(self, steps: Sequence[Number], places: Sequence[int], scaling: Scaling) -> None:
        self.steps, self.scaling = tuple(steps), scaling
        self.names = [step.column for step in steps]
        self.places = np.array(places)
        self.flagged = self.flags = np.empty(0, np.intp)
        self._prepare()

    def read(self, frame: pl.DataFrame) -> NDArray[Any]:
        """The numbers of these rows, (c, n), NaN where missing."""
        if len(frame) * len(self.names) <= CELLS:  # faster than threads
            return np.array([frame.get_column(name).to_numpy() for name in self.names], np.float64)
        return frame[self.names].to_numpy(order="fortran").T

    def write(self, cells: NDArray[Any], out: NDArray[Any]) -> None:
        """Write the stored numbers of `cells`, (c, n), into their rows of `out`, (stored, n).

        Raises:
            ColumnError: one is infinite; reading the column again names it.
        """
        missing = None if np.isfinite(cells).all() else np.isnan(cells)
        if missing is not None and np.isinf(cells).any():
            raise ColumnError("expected a finite number in every cell", "inf", "correct it")
        self._make(cells, missing, out)
        if len(self.flags):
            high = False if missing is None else missing[self.flagged]
            out[self.flags] = np.where(high, self.scaling.high, self.scaling.low)

    def _prepare(self) -> None:
        self.flagged = np.array([i for i, step in enumerate(self.steps) if step.indicator], np.intp)
        last = [place + len(step.fields(self.scaling)) - 1 for step, place in zip(self.steps, self.places, strict=True)]
        self.flags = np.array(last, np.intp)[self.flagged]
        scaled = [step.scaled for step in self.steps]
        self.scales = Scales(scaled)
        binned = [i for i, step in enumerate(self.steps) if step.edges]
        self.binned = slice(None) if len(binned) == len(self.steps) else np.array(binned, np.intp)
        self.bins = Bins([self.steps[i].edges for i in binned]) if binned else None
        self.positions = self.places[binned] + 1
        firsts = [place + 1 + bool(step.edges) for step, place in zip(self.steps, self.places, strict=True)]
        self.with_means = [(i, firsts[i], step.means) for i, step in enumerate(self.steps) if step.means]

    def _make(self, cells: NDArray[Any], missing: NDArray[np.bool_] | None, out: NDArray[Any]) -> None:
        x = np.array(cells, np.float64)
        for i, place, means in self.with_means:
            out[place : place + len(means.names)] = means.of(x[i]).T
        if missing is not None:
            self.scales.filled(x, missing)
        out[self.places] = self.scales.apply(x)
        if self.bins is not None:
            out[self.positions] = self.bins.positions(x[self.binned])


class Raw(Numbers):
    """`Numbers` that float32 represents: stored raw, missing cells as NaN, and scaled by the engine."""

    def _prepare(self) -> None:
        self.with_means = []

    def _make(self, cells: NDArray[Any], missing: NDArray[np.bool_] | None, out: NDArray[Any]) -> None:
        out[self.places] = cells


class Run(NamedTuple):
    """Adjacent steps that are encoded together.

    Attributes:
        steps: the steps.
        places: of each, its rows in the run's block of stored numbers.
        fields: the features that these stand for.
        stored: slice of the run among all stored numbers of a row.
        inputs: slice of its inputs among all inputs.
        numbers: steps of numbers that are encoded at once, in one or two groups.
        scaling: of the preparation.
    """

    steps: tuple[Step, ...]
    places: tuple[slice, ...]
    fields: tuple[Field, ...]
    stored: slice
    inputs: slice
    numbers: tuple[Numbers, ...]
    scaling: Scaling

    def write(
        self, frame: pl.DataFrame, chosen: Indices | None, source: str, targets: TrainingTargets | None,
        out: NDArray[np.float32], as_inputs: bool,
    ) -> None:  # fmt: skip
        """Write the stored numbers of the `chosen` rows into `out`, (n, stored), or all inputs, (n, inputs)."""
        frame = frame[list(dict.fromkeys(name for step in self.steps for name in step.inputs))]
        groups = [each for each in self.numbers if _at_once(each, frame, targets)]
        at_once = {step.column for group in groups for step in group.steps}
        rest = [each for each in zip(self.steps, self.places, strict=True) if each[0].title not in at_once]
        whole = {
            step.title: step.read(taken(frame[list(step.inputs)], chosen), source, targets)
            for step, _ in rest
            if _is_read_whole(step, frame, targets)
        }
        expands = as_inputs and not is_plain(self.fields)
        height = CELLS // len(self.steps) | 1  # odd, against conflicts in the cache

        each = min(ROWS, max(FEWEST, len(out) // processors() + 1))

        def make(start: int) -> None:
            piece = slice(start, start + each)
            some = frame[piece] if chosen is None else taken(frame, chosen[piece])
            cells = [group.read(some) for group in groups]
            read = [whole[step.title][piece] if step.title in whole else step.read(some, source) for step, _ in rest]
            for first in range(0, len(some), height):
                rows = slice(first, min(first + height, len(some)))
                # What is to be expanded stays as exact as it comes.
                block = np.empty((len(self.fields), rows.stop - first), np.float64 if expands else np.float32)
                for group, numbers in zip(groups, cells, strict=True):
                    group.write(numbers[:, rows], block)
                for (step, place), x in zip(rest, read, strict=True):
                    step.encode(x[rows], block[place].T, self.scaling)
                to = out[start + first : start + rows.stop]
                if expands:
                    expand(block.T, self.fields, to)
                else:
                    to[:] = block.T

        side_by_side(make, range(0, len(out), each))


class Picture(NamedTuple):
    """A block of numbers, encoded row by row."""

    step: BlockOfNumbers
    fields: tuple[Field, ...]
    stored: slice
    inputs: slice
    scaling: Scaling

    def write(
        self, frame: pl.DataFrame, chosen: Indices | None, source: str, targets: TrainingTargets | None,
        out: NDArray[np.float32], as_inputs: bool,
    ) -> None:  # fmt: skip
        """As `Run.write`."""
        x = self.step.read(taken(frame[list(self.step.columns)], chosen), source, targets)
        self.step.encode(x, out, self.scaling)


class Making(NamedTuple):
    """How rows are encoded: the runs, and whether as all inputs or as stored numbers."""

    runs: tuple[Run | Picture, ...]
    as_inputs: bool

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of a row's stored numbers."""
        return tuple(field for run in self.runs for field in run.fields)

    def room(self, rows: int) -> NDArray[np.float32]:
        """An empty array for the rows, in C order."""
        return np.empty((rows, self._place(self.runs[-1]).stop), np.float32)

    def write(
        self,
        frame: pl.DataFrame,
        rows: Indices | None,
        source: str,
        targets: TrainingTargets | None,
        out: NDArray[np.float32],
    ) -> None:
        """Encode these rows of a frame, or all, into `out`. Raises ColumnError."""
        for run in self.runs:
            run.write(frame, rows, source, targets, out[:, self._place(run)], self.as_inputs)

    def made(self, out: NDArray[np.float32]) -> Encoded | NDArray[np.float32]:
        """The written rows, as an engine takes them."""
        return out if self.as_inputs else Encoded(out, self.fields)

    def _place(self, run: Run | Picture) -> slice:
        return run.inputs if self.as_inputs else run.stored


def runs_of(steps: Sequence[Step], scaling: Scaling, raw: Set[str] = frozenset()) -> tuple[Run | Picture, ...]:
    """The steps in runs, in order; columns in `raw` are stored raw."""
    made: list[Run | Picture] = []
    stored = inputs = 0
    for some in _together(steps):
        fields = [
            step.raw(scaling) if isinstance(step, Number) and step.column in raw else step.fields(scaling)
            for step in some
        ]
        flat = tuple(field for each in fields for field in each)
        count = sum(field.inputs for field in flat)
        place = slice(stored, stored + len(flat)), slice(inputs, inputs + count)
        stored, inputs = place[0].stop, place[1].stop
        if isinstance(some[0], BlockOfNumbers):
            made.append(Picture(some[0], flat, *place, scaling))
            continue
        ends = np.cumsum([0, *map(len, fields)]).tolist()
        places = tuple(slice(*each) for each in pairwise(ends))
        numbers = [(step, place.start) for step, place in zip(some, places, strict=True) if isinstance(step, Number)]
        groups = {key: [each for each in numbers if _group(each[0], raw) == key] for key in (None, False, True)}
        made_at_once = tuple(
            (Raw if key is None else Numbers)([s for s, _ in group], [p for _, p in group], scaling)
            for key, group in groups.items()
            if group
        )
        made.append(Run(tuple(some), places, flat, *place, made_at_once, scaling))
    return tuple(made)


def _group(step: Number, raw: Set[str]) -> bool | None:
    """The key of steps that are encoded at once: their `bend`, or None if they are stored raw."""
    return None if step.column in raw else step.scale.bend


def raw_of(steps: Iterable[Step], frame: pl.DataFrame) -> frozenset[str]:
    """Columns whose numbers float32 represents exactly, so that raw numbers can be stored."""
    numbers = (step for step in steps if isinstance(step, Number) and step.means is None)
    return frozenset(step.column for step in numbers if _float32_holds(frame.get_column(step.column)))


def _float32_holds(numbers: pl.Series) -> bool:
    if numbers.dtype in EXACT or numbers.dtype not in NUMBERS:
        return numbers.dtype in EXACT
    first = numbers.head(ROWS)
    return all(bool((each.cast(pl.Float32).cast(each.dtype) == each).all()) for each in (first, numbers))


def _together(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Steps in runs: pictures alone, others in groups of limited size."""
    for alone, group in groupby(steps, lambda step: isinstance(step, BlockOfNumbers)):
        some = list(group)
        each = 1 if alone else COLUMNS_AT_ONCE
        yield from (some[first : first + each] for first in range(0, len(some), each))


def _at_once(numbers: Numbers, frame: pl.DataFrame, targets: TrainingTargets | None) -> bool:
    """Whether the columns are numeric already, without target means that need all rows at once."""
    if targets is not None and numbers.with_means:
        return False
    return all(frame.get_column(name).dtype in NUMBERS for name in numbers.names)


def reads_alone(step: Step, frame: pl.DataFrame) -> bool:
    """Whether cells can be read in batches; the format of numbers or dates in text needs all cells of a column."""
    numbers: Sequence[str] = ()
    if isinstance(step, Alike):
        numbers = [each.column for each in step.columns if each.is_number]
    elif isinstance(step, (Number, BlockOfNumbers)) or (isinstance(step, Day) and not step.format):
        numbers = step.inputs
    return not any(are_words(frame.get_column(name)) for name in numbers)


def _is_read_whole(step: Step, frame: pl.DataFrame, targets: TrainingTargets | None) -> bool:
    """Whether it has to be read for all rows at once."""
    learns = targets is not None and getattr(step, "means", None) is not None
    return learns or not reads_alone(step, frame)
