"""From columns to what is stored of their rows: many columns of numbers at a time, and rows that stay in the cache.

A number's arithmetic is that of `Scale.apply` and `bins.position`, step for step in float64, on a matrix with a column
of numbers in each of its rows. One call of NumPy then does what fifty did, for a single row as for a million.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.encoded import Field, expand, is_plain
from deltaw.exceptions import ColumnError
from deltaw.preparation.block import BlockOfNumbers
from deltaw.preparation.means import Answers
from deltaw.preparation.scaling import BEND, LIMIT, Scaling
from deltaw.preparation.steps import Day, Number, Step
from deltaw.tables.cells import FEW

Values = NDArray[np.float64]
Indices = NDArray[np.int64]

# So many columns are made together, of so many cells at a time; and rows are read from a frame in larger pieces.
TOGETHER, CELLS, ROWS = 64, 2**14, 2**14
# Columns of these types are read as they are.
NUMBERS = (pl.Float64, pl.Float32, pl.Int64, pl.Int32, pl.Int16, pl.Int8, pl.UInt64, pl.UInt32, pl.UInt16, pl.UInt8)


class Numbers:
    """Steps of numbers as arrays: a row for each of c columns.

    Args:
        steps: of which all bend, or none.
        places: where each one's features begin in what is stored.
        scaling: of the recipe.
    """

    def __init__(self, steps: Sequence[Number], places: Sequence[int], scaling: Scaling) -> None:
        self.steps, self.scaling = tuple(steps), scaling
        self.names = [step.column for step in steps]
        self.fill = _column([step.fill for step in steps])
        self.half_centre = _column([step.scale.centre for step in steps]) / 2
        self.half_width = _column([step.scale.width for step in steps]) / 2
        self.shift = _column([step.scale.shift for step in steps])
        self.bend = steps[0].scale.bend
        self.places = np.array(places)
        binned = [i for i, step in enumerate(steps) if step.edges]
        self.binned = slice(None) if len(binned) == len(steps) else np.array(binned, np.intp)
        self.bins = _Bins([steps[i].edges for i in binned]) if binned else None
        self.positions = self.places[binned] + 1
        self.told = [(i, places[i] + 1 + bool(step.edges), step.means) for i, step in enumerate(steps) if step.means]
        flagged = [i for i, step in enumerate(steps) if step.indicator]
        self.flagged = np.array(flagged, np.intp)
        self.flags = np.array([places[i] + len(steps[i].fields(scaling)) - 1 for i in flagged], np.intp)

    def read(self, frame: pl.DataFrame) -> NDArray[Any]:
        """The numbers of these rows, (c, n), NaN where missing."""
        if len(frame) <= FEW:  # less time than to wait for threads
            return np.array(frame[self.names].rows(), np.float64).reshape(-1, len(self.names)).T
        return frame[self.names].to_numpy(order="fortran").T

    def write(self, cells: NDArray[Any], out: NDArray[Any]) -> None:
        """Write what is stored of the numbers `cells`, (c, n), into its rows of `out`, (stored, n).

        Raises:
            ColumnError: one is infinite; who reads the column says which.
        """
        x = np.array(cells, np.float64)
        missing = None if np.isfinite(x).all() else np.isnan(x)
        if missing is not None and np.isinf(x).any():
            raise ColumnError("expected a finite number in every cell", "inf", "correct it")
        for i, place, means in self.told:
            out[place : place + len(means.names)] = means.of(x[i]).T
        if missing is not None:
            np.copyto(x, self.fill, where=missing)
        out[self.places] = self._scaled(x)
        if self.bins is not None:
            out[self.positions] = self.bins.positions(x[self.binned])
        if len(self.flags):
            high = False if missing is None else missing[self.flagged]
            out[self.flags] = np.where(high, self.scaling.high, self.scaling.low)

    def _scaled(self, x: Values) -> NDArray[np.float32]:
        """`Scale.apply` of each column."""
        with np.errstate(over="ignore"):
            z = x / 2
            z -= self.half_centre
            z /= self.half_width
        np.clip(z, -LIMIT, LIMIT, out=z)
        z += self.shift
        if self.bend:
            square = z / BEND
            np.square(square, out=square)
            square += 1.0
            z /= np.sqrt(square, out=square)
        return z.astype(np.float32)


class _Bins:
    """The edges of c columns: those that have fewer are filled up with ones that no number passes."""

    def __init__(self, edges: Sequence[tuple[float, ...]]) -> None:
        most = max(map(len, edges))
        self.first, self.last = _column([each[0] for each in edges]), _column([each[-1] for each in edges])
        ends = np.array([[*each, *[np.inf] * (most - len(each))] for each in edges])
        self.ends = [ends[:, k : k + 1] for k in range(1, most)]
        halves, of_one = np.zeros(ends.shape), np.zeros(ends.shape)
        for i, each in enumerate(edges):
            half = np.array(each) / 2
            halves[i, : len(each)], of_one[i, : len(each) - 1] = half, 1 / (half[1:] - half[:-1])
        self.halves, self.of_one = halves.ravel(), of_one.ravel()
        self.begins = most * np.arange(len(edges))[:, None]

    def positions(self, x: Values) -> Values:
        """`bins.position` of each column."""
        passed, bin = np.empty(x.shape, np.bool_), np.zeros(x.shape, np.uint8)
        for end in self.ends:
            bin += np.greater_equal(x, end, out=passed).view(np.uint8)
        place = bin + self.begins
        within = np.minimum(np.maximum(x, self.first), self.last)
        within /= 2
        within -= self.halves.take(place)
        within *= self.of_one.take(place)
        within += bin
        return within


class Run(NamedTuple):
    """Steps whose features stand side by side and that are made together.

    Attributes:
        steps: these.
        places: of each the rows of the run's block that hold what is stored of it.
        fields: what these stand for.
        stored: where that lies among all that is stored of a row.
        inputs: and where the inputs that it stands for lie among all inputs.
        numbers: those of the steps that are made at once, in one or two groups.
    """

    steps: tuple[Step, ...]
    places: tuple[slice, ...]
    fields: tuple[Field, ...]
    stored: slice
    inputs: slice
    numbers: tuple[Numbers, ...]

    def write(
        self, frame: pl.DataFrame, source: str, answers: Answers | None, scaling: Scaling, out: NDArray[np.float32],
        as_inputs: bool, chosen: Indices | None = None,
    ) -> None:  # fmt: skip
        """Write what is stored of the rows into `out`, (n, stored), or all inputs, (n, inputs); `chosen`: of these."""
        frame = frame[[name for step in self.steps for name in step.inputs]]
        groups = [each for each in self.numbers if _at_once(each, frame, answers)]
        at_once = {step.column for group in groups for step in group.steps}
        rest = [each for each in zip(self.steps, self.places, strict=True) if each[0].title not in at_once]
        whole = {
            step.title: step.read(_some(frame[list(step.inputs)], chosen), source, answers)
            for step, _ in rest
            if _is_read_whole(step, frame, answers)
        }
        out = out[:, self.inputs if as_inputs else self.stored]
        expands = as_inputs and not is_plain(self.fields)
        height = CELLS // len(self.steps) | 1  # by a power of two a column's numbers would share lines of the cache
        for start in range(0, len(out), ROWS):
            piece = slice(start, start + ROWS)
            some = frame[piece] if chosen is None else frame[chosen[piece]]
            cells = [group.read(some) for group in groups]
            read = [whole[step.title][piece] if step.title in whole else step.read(some, source) for step, _ in rest]
            for first in range(0, len(some), height):
                rows = slice(first, min(first + height, len(some)))
                # What is to be expanded stays as exact as it comes.
                block = np.empty((len(self.fields), rows.stop - first), np.float64 if expands else np.float32)
                for group, numbers in zip(groups, cells, strict=True):
                    group.write(numbers[:, rows], block)
                for (step, place), x in zip(rest, read, strict=True):
                    step.encode(x[rows], block[place].T, scaling)
                to = out[start + first : start + rows.stop]
                if expands:
                    expand(block.T, self.fields, to)
                else:
                    to[:] = block.T


class Picture(NamedTuple):
    """A block of numbers, whose rows are made as they lie."""

    step: BlockOfNumbers
    fields: tuple[Field, ...]
    stored: slice
    inputs: slice

    def write(
        self, frame: pl.DataFrame, source: str, answers: Answers | None, scaling: Scaling, out: NDArray[np.float32],
        as_inputs: bool, chosen: Indices | None = None,
    ) -> None:  # fmt: skip
        """As `Run.write`."""
        x = self.step.read(_some(frame[list(self.step.columns)], chosen), source, answers)
        self.step.encode(x, out[:, self.inputs if as_inputs else self.stored], scaling)


def runs_of(steps: Sequence[Step], scaling: Scaling) -> tuple[Run | Picture, ...]:
    """The steps in order, so many of them together."""
    made: list[Run | Picture] = []
    stored = inputs = 0
    for some in _together(steps):
        fields = [step.fields(scaling) for step in some]
        flat = tuple(field for each in fields for field in each)
        count = sum(field.inputs for field in flat)
        place = slice(stored, stored + len(flat)), slice(inputs, inputs + count)
        stored, inputs = place[0].stop, place[1].stop
        if isinstance(some[0], BlockOfNumbers):
            made.append(Picture(some[0], flat, *place))
            continue
        ends = np.cumsum([0, *map(len, fields)]).tolist()
        places = tuple(slice(*each) for each in pairwise(ends))
        numbers = [(step, place.start) for step, place in zip(some, places, strict=True) if isinstance(step, Number)]
        groups = [[each for each in numbers if each[0].scale.bend is bend] for bend in (False, True)]
        made_at_once = tuple(
            Numbers([s for s, _ in group], [p for _, p in group], scaling) for group in groups if group
        )
        made.append(Run(tuple(some), places, flat, *place, made_at_once))
    return tuple(made)


def _together(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Pictures alone, others by so many."""
    for alone, group in groupby(steps, lambda step: isinstance(step, BlockOfNumbers)):
        some = list(group)
        each = 1 if alone else TOGETHER
        yield from (some[first : first + each] for first in range(0, len(some), each))


def _some(frame: pl.DataFrame, rows: Indices | None) -> pl.DataFrame:
    return frame if rows is None else frame[rows]


def _at_once(numbers: Numbers, frame: pl.DataFrame, answers: Answers | None) -> bool:
    """Whether these rows' columns are numbers already; and no means of numbers that all rows are needed for."""
    if answers is not None and numbers.told:
        return False
    return all(frame.get_column(name).dtype in NUMBERS for name in numbers.names)


def reads_alone(step: Step, frame: pl.DataFrame) -> bool:
    """Whether each cell says by itself what it is. How text writes numbers, or dates, all of its cells say together."""
    if isinstance(step, (Number, BlockOfNumbers)) or (isinstance(step, Day) and not step.format):
        return all(frame.get_column(name).dtype != pl.String for name in step.inputs)
    return True


def _is_read_whole(step: Step, frame: pl.DataFrame, answers: Answers | None) -> bool:
    """Whether what it says of a row is known by all rows."""
    learns = answers is not None and getattr(step, "means", None) is not None
    return learns or not reads_alone(step, frame)


def _column(values: Sequence[float]) -> Values:
    return np.array(values, np.float64)[:, None]
