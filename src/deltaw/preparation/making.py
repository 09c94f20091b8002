"""From columns to what is stored of their rows: many columns of numbers at a time, and rows that stay in the cache.

A number's arithmetic is that of `Scale.apply` and `bins.position`, step for step in float64, on a matrix with a column
of numbers in each of its rows. One call of NumPy then does what fifty did, for a single row as for a million.
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
from deltaw.tables.cells import FEW
from deltaw.tables.held import are_words
from deltaw.tables.reading.places import NUMBERS
from deltaw.tables.taking import taken
from deltaw.threads import processors, side_by_side

Indices = NDArray[np.int64]

# So many columns are made together, of so many cells at a time; and rows are read from a frame in larger pieces, by
# several threads: of few rows each gets some, but no fewer than are worth a thread.
TOGETHER, CELLS, ROWS, FEWEST = 64, 2**16, 2**14, 2**13
# Of columns of these types float32 holds every number.
EXACT = (pl.Float32, pl.Int16, pl.Int8, pl.UInt16, pl.UInt8)


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
        self.places = np.array(places)
        self.flagged = self.flags = np.empty(0, np.intp)
        self._prepare()

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
    """The same of numbers that float32 holds: they are kept as they are, gaps as NaN, and scaled where needed."""

    def _prepare(self) -> None:
        self.with_means = []

    def _make(self, cells: NDArray[Any], missing: NDArray[np.bool_] | None, out: NDArray[Any]) -> None:
        out[self.places] = cells


class Run(NamedTuple):
    """Steps whose features stand side by side and that are made together.

    Attributes:
        steps: these.
        places: of each the rows of the run's block that hold what is stored of it.
        fields: what these stand for.
        stored: where that lies among all that is stored of a row.
        inputs: and where the inputs that it stands for lie among all inputs.
        numbers: those of the steps that are made at once, in one or two groups.
        scaling: of the recipe.
    """

    steps: tuple[Step, ...]
    places: tuple[slice, ...]
    fields: tuple[Field, ...]
    stored: slice
    inputs: slice
    numbers: tuple[Numbers, ...]
    scaling: Scaling

    def write(
        self, frame: pl.DataFrame, chosen: Indices | None, source: str, answers: TrainingTargets | None,
        out: NDArray[np.float32], as_inputs: bool,
    ) -> None:  # fmt: skip
        """Write what is stored of the `chosen` rows into `out`, (n, stored), or all inputs, (n, inputs)."""
        frame = frame[list(dict.fromkeys(name for step in self.steps for name in step.inputs))]
        groups = [each for each in self.numbers if _at_once(each, frame, answers)]
        at_once = {step.column for group in groups for step in group.steps}
        rest = [each for each in zip(self.steps, self.places, strict=True) if each[0].title not in at_once]
        whole = {
            step.title: step.read(taken(frame[list(step.inputs)], chosen), source, answers)
            for step, _ in rest
            if _is_read_whole(step, frame, answers)
        }
        expands = as_inputs and not is_plain(self.fields)
        height = CELLS // len(self.steps) | 1  # by a power of two a column's numbers would share lines of the cache

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
    """A block of numbers, whose rows are made as they lie."""

    step: BlockOfNumbers
    fields: tuple[Field, ...]
    stored: slice
    inputs: slice
    scaling: Scaling

    def write(
        self, frame: pl.DataFrame, chosen: Indices | None, source: str, answers: TrainingTargets | None,
        out: NDArray[np.float32], as_inputs: bool,
    ) -> None:  # fmt: skip
        """As `Run.write`."""
        x = self.step.read(taken(frame[list(self.step.columns)], chosen), source, answers)
        self.step.encode(x, out, self.scaling)


class Making(NamedTuple):
    """How rows are made: by which runs, one or more, and whether as all inputs or as what is stored of these."""

    runs: tuple[Run | Picture, ...]
    as_inputs: bool

    @property
    def fields(self) -> tuple[Field, ...]:
        """What is stored of a row."""
        return tuple(field for run in self.runs for field in run.fields)

    def room(self, rows: int) -> NDArray[np.float32]:
        """For so many rows, in C order."""
        return np.empty((rows, self._place(self.runs[-1]).stop), np.float32)

    def write(
        self,
        frame: pl.DataFrame,
        rows: Indices | None,
        source: str,
        answers: TrainingTargets | None,
        out: NDArray[np.float32],
    ) -> None:
        """Write these rows of a frame, or all, into their room. Raises ColumnError."""
        for run in self.runs:
            run.write(frame, rows, source, answers, out[:, self._place(run)], self.as_inputs)

    def made(self, out: NDArray[np.float32]) -> Encoded | NDArray[np.float32]:
        """What was written, as an engine takes it."""
        return out if self.as_inputs else Encoded(out, self.fields)

    def _place(self, run: Run | Picture) -> slice:
        return run.inputs if self.as_inputs else run.stored


def runs_of(steps: Sequence[Step], scaling: Scaling, raw: Set[str] = frozenset()) -> tuple[Run | Picture, ...]:
    """The steps in order, so many of them together; columns of these names are kept as they are."""
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
    """Steps of one group are made at once: whether they bend, or None for those that are kept as they are."""
    return None if step.column in raw else step.scale.bend


def raw_of(steps: Iterable[Step], frame: pl.DataFrame) -> frozenset[str]:
    """The columns of a frame's numbers that float32 holds exactly, and which need no more than each number itself."""
    numbers = (step for step in steps if isinstance(step, Number) and step.means is None)
    return frozenset(step.column for step in numbers if _float32_holds(frame.get_column(step.column)))


def _float32_holds(numbers: pl.Series) -> bool:
    if numbers.dtype in EXACT or numbers.dtype not in NUMBERS:
        return numbers.dtype in EXACT
    first = numbers.head(ROWS)
    return all(bool((each.cast(pl.Float32).cast(each.dtype) == each).all()) for each in (first, numbers))


def _together(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Pictures alone, others by so many."""
    for alone, group in groupby(steps, lambda step: isinstance(step, BlockOfNumbers)):
        some = list(group)
        each = 1 if alone else TOGETHER
        yield from (some[first : first + each] for first in range(0, len(some), each))


def _at_once(numbers: Numbers, frame: pl.DataFrame, answers: TrainingTargets | None) -> bool:
    """Whether these rows' columns are numbers already; and no means of numbers that all rows are needed for."""
    if answers is not None and numbers.with_means:
        return False
    return all(frame.get_column(name).dtype in NUMBERS for name in numbers.names)


def reads_alone(step: Step, frame: pl.DataFrame) -> bool:
    """Whether each cell says by itself what it is. How text writes numbers, or dates, all of its cells say together."""
    numbers: Sequence[str] = ()
    if isinstance(step, Alike):
        numbers = [each.column for each in step.columns if each.is_number]
    elif isinstance(step, (Number, BlockOfNumbers)) or (isinstance(step, Day) and not step.format):
        numbers = step.inputs
    return not any(are_words(frame.get_column(name)) for name in numbers)


def _is_read_whole(step: Step, frame: pl.DataFrame, answers: TrainingTargets | None) -> bool:
    """Whether what it says of a row is known by all rows."""
    learns = answers is not None and getattr(step, "means", None) is not None
    return learns or not reads_alone(step, frame)
