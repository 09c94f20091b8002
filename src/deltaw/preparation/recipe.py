"""`Preparation`: the steps that turn raw columns into a network's inputs, fitted on training rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.equations.encoded import Encoded, Field
from deltaw.exceptions import ColumnError, ModelFileError
from deltaw.plain import Plain
from deltaw.preparation.columns.alike import Alike
from deltaw.preparation.columns.block import BlockOfNumbers
from deltaw.preparation.columns.category import Category
from deltaw.preparation.columns.context import Counted
from deltaw.preparation.columns.documents import FITTED, LeftOut, document_of, left_out_of, step_of
from deltaw.preparation.columns.means import TrainingTargets
from deltaw.preparation.columns.numbers import Day, Number
from deltaw.preparation.columns.steps import Step
from deltaw.preparation.document import fields
from deltaw.preparation.fitting import Learnt, steps_of
from deltaw.preparation.making import Indices, Making, Picture, Run, raw_of, reads_alone, runs_of
from deltaw.preparation.scales.bins import FEWEST_ROWS, count
from deltaw.preparation.scales.scaling import SCALINGS, scaling_called
from deltaw.speech import reads, retold, say
from deltaw.tables import Block, Column
from deltaw.tables.table import missing_column

# From so many inputs a stored number on the engines are given what is stored; below, fields gain nothing. Measured:
# benchmarks/notes/core.md.
WORTH_FIELDS = 2
LARGE = 2**26  # stored numbers, 256 MiB
AT_ONCE = 2**15  # rows per batch of `pieces`

OfColumn = Number | Category  # steps that may have means
WithMeans = OfColumn | Alike


class Treatment(NamedTuple):
    """A line of `Preparation.describe`: how a column is prepared."""

    column: str
    kind: str
    treatment: str
    features: int


@dataclass(frozen=True)
class Preparation(Plain):
    """A fitted preparation, plain data: `transform` depends on its fields and the given rows alone.

    Attributes:
        scaling: a name in SCALINGS.
        steps: one per used column (or block), in the order of the features.
        left_out: the columns that are not used.
    """

    scaling: str
    steps: tuple[Step, ...]
    left_out: tuple[LeftOut, ...] = ()

    @classmethod
    def fit(
        cls,
        frame: pl.DataFrame,
        columns: Iterable[Column],
        scaling: str = "robust",
        blocks: Iterable[Block] = (),
        targets: TrainingTargets | None = None,
        counted: Counted | None = None,
        rows: Indices | None = None,
        uninformative: Mapping[str, str] | None = None,
        linear: Collection[str] = (),
        bin_rows: int = FEWEST_ROWS,
        answers: NDArray[Any] | None = None,
        finer: bool = False,
    ) -> Preparation:
        """Fit on training rows.

        Args:
            frame: the training rows, or a frame of which they are `rows`.
            columns: kinds of the columns (`deltaw.tables.kinds`), without the target.
            scaling: unit (0.01…0.99), symmetric (-1…1), standard, robust, piecewise or none; see SCALINGS. A block uses
                its own range for the first two and is standardised for the next three.
            blocks: the table's blocks; a column with a block's name stands for all its columns.
            targets: those of the training rows, for target means; None: none are made.
            counted: counts over all training rows, if `frame` is a sample of them.
            rows: indices in `frame`; None: all.
            uninformative: columns to leave out: names and reasons (`deltaw.preparation.fitting`).
            linear: names of columns of numbers or days without bins and means, for extrapolation in time.
            bin_rows: the fewest training rows per bin of a number.
            answers: (n, k) of the training rows, by which words of text are judged: numbers, or one-hot; None: those of
                `targets`.
            finer: whether numbers get finer bins.

        Raises:
            ColumnError: no column can be used, or an invalid cell.
            SettingError: an unknown scaling.
        """
        by = Learnt(targets, counted, rows, uninformative or {}, linear, bin_rows, answers, finer)
        return cls(scaling, *steps_of(frame, columns, scaling_called(scaling), blocks, by))

    def refitted(self, frame: pl.DataFrame, targets: TrainingTargets) -> Preparation:
        """The same preparation with target means refitted on other rows.

        Args:
            frame: rows with the columns `input_names`.
            targets: those of these rows.
        """
        steps = (
            step.refitted(frame, targets) if isinstance(step, WithMeans) and step.mean_names else step
            for step in self.steps
        )
        return replace(self, steps=tuple(steps))

    def without(self, gone: Collection[str], reason: str) -> Preparation:
        """The same preparation without the steps of some columns, which are left out from now on.

        Args:
            gone: titles of steps.
            reason: why, in English.
        """
        left_out = [LeftOut(step.title, step.kind, reason) for step in self.steps if step.title in gone]
        steps = tuple(step for step in self.steps if step.title not in gone)
        return replace(self, steps=steps, left_out=(*self.left_out, *left_out))

    @property
    def input_names(self) -> tuple[str, ...]:
        """Raw columns that `transform` needs."""
        return tuple(name for step in self.of_columns for name in step.inputs)

    @property
    def of_columns(self) -> tuple[Step, ...]:
        """The steps of a single column or block."""
        return tuple(step for step in self.steps if not isinstance(step, Alike))

    @property
    def column_names(self) -> tuple[str, ...]:
        """Raw columns that it knows: `input_names`, and uninformative ones."""
        return (*self.input_names, *(each.column for each in self.left_out))

    @property
    def uninformative(self) -> dict[str, str]:
        """Columns of a usable kind that are left out, with the reasons."""
        return {each.column: each.reason for each in self.left_out if each.kind in FITTED}

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each column, except for blocks."""
        of_silent = {each.column: each.kind for each in self.left_out if each.kind in FITTED}
        return {step.title: step.kind for step in self.steps if step.kind in FITTED} | of_silent

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns of X."""
        return tuple(name for step in self.steps for name in step.features)

    @property
    def n_features(self) -> int:
        """The number of columns of X, faster than len(feature_names)."""
        return sum(self._widths)

    @cached_property
    def _widths(self) -> tuple[int, ...]:
        """Number of features of each step."""
        scaling = SCALINGS[self.scaling]
        return tuple(sum(field.inputs for field in step.fields(scaling)) for step in self.steps)

    def transform(
        self, frame: pl.DataFrame, source: str = "data", targets: TrainingTargets | None = None
    ) -> NDArray[np.float32]:
        """The network's inputs: shape (n, len(feature_names)), C-contiguous, all finite.

        Columns are found by name, in any order; others are ignored. Values beyond those of the training rows are
        scaled like the rest, not clipped (save that |x| ≤ 1e30, so that float32 sums stay finite).

        Args:
            frame: n rows with the columns `input_names`.
            source: their name in messages.
            targets: those given to `fit`, if these are the training rows: target means are then out of fold.

        Raises:
            ColumnError: a column is missing or of another kind, or a cell is infinite or not a number.
        """
        return self._written(self._making(as_inputs=True), frame, source, targets)

    def encode(
        self,
        frame: pl.DataFrame,
        source: str = "data",
        targets: TrainingTargets | None = None,
        rows: Indices | None = None,
    ) -> Encoded | NDArray[np.float32]:
        """`transform` in the form that engines take fastest: bins and one-hot inputs encoded, if there are many.

        `rows`: indices of some rows of the frame, which is not copied; None: all.
        """
        making, count = self._making(not self.is_encoded), len(frame) if rows is None else len(rows)
        if self.is_encoded and self._is_large(count):
            self._find(frame, source)
            making = self._making(raw=raw_of(self.steps, frame))
        return making.made(self._written(making, frame, source, targets, rows))

    @property
    def steps_with_means(self) -> tuple[WithMeans, ...]:
        """The steps with target means."""
        return tuple(step for step in self.steps if isinstance(step, WithMeans) and step.mean_names)

    @property
    def alike_inputs(self) -> list[int]:
        """Indices of the columns of X that are target means of equal rows."""
        return [i for step, place in self.places if isinstance(step, Alike) for i in range(place.start, place.stop)]

    @property
    def columns_with_means(self) -> tuple[str, ...]:
        """The raw columns of `steps_with_means`."""
        return tuple(dict.fromkeys(name for step in self.steps_with_means for name in step.inputs))

    def encode_and_free(
        self, frames: list[pl.DataFrame], source: str, rows: Indices | None, targets: TrainingTargets | None = None
    ) -> Encoded | NDArray[np.float32]:
        """`encode`, freeing the raw columns piece by piece to save memory.

        Args:
            frames: the table's pieces in order; the list is empty afterwards.
            source: name of the rows in messages.
            rows: indices of rows in the whole table, ascending; None: all.
            targets: those of these rows, with out-of-fold means.
        """
        self._find(frames[0], source)
        heights = [len(frame) for frame in frames]
        ends = np.cumsum(heights) if rows is None else np.searchsorted(rows, np.cumsum(heights))
        making = self._making(not self.is_encoded)
        if self.is_encoded and self._is_large(int(ends[-1])):
            making = self._making(raw=frozenset.intersection(*(raw_of(self.steps, frame) for frame in frames)))
        out = making.room(int(ends[-1]))
        first = begin = 0
        for height, end in zip(heights, ends.tolist(), strict=True):
            some = None if rows is None else rows[begin:end] - first
            own = None if targets is None else targets.some(slice(begin, end))
            self._write(making, frames.pop(0), some, source, own, out[begin:end])
            first, begin = first + height, end
        return making.made(out)

    def pieces(self, frame: pl.DataFrame, source: str) -> Iterator[Encoded | NDArray[np.float32]]:
        """`encode` in batches of rows; in one batch if the format of numbers or dates in text has to be detected."""
        each = AT_ONCE if self.reads_alone(frame) else max(len(frame), 1)
        for start in range(0, max(len(frame), 1), each):
            try:
                yield self.encode(frame[start : start + each], source)
            except ColumnError:
                self.read(frame, source)
                raise

    def reads_alone(self, frame: pl.DataFrame) -> bool:
        """Whether the rows can be read in batches."""
        there = set(frame.columns)  # Polars makes a new list at each access
        return all(reads_alone(step, frame) for step in self.steps if there.issuperset(step.inputs))

    @cached_property
    def is_encoded(self) -> bool:
        """Whether `encode` gives rows in encoded form."""
        pictures = any(isinstance(step, BlockOfNumbers) for step in self.steps)
        return not pictures and self.n_features >= WORTH_FIELDS * len(self._fields)

    def _is_large(self, rows: int) -> bool:
        """Whether the rows take so much memory that half of it is worth a slightly longer epoch."""
        return rows * len(self._fields) >= LARGE

    @cached_property
    def _fields(self) -> tuple[Field, ...]:
        """The fields of a row's stored numbers."""
        return self._making().fields

    def _making(self, as_inputs: bool = False, raw: frozenset[str] = frozenset()) -> Making:
        """How rows are encoded, with columns in `raw` stored raw."""
        known: dict[frozenset[str], tuple[Run | Picture, ...]] = self.__dict__.setdefault("_known_runs", {})
        if raw not in known:
            known[raw] = runs_of(self.steps, SCALINGS[self.scaling], raw)
        return Making(known[raw], as_inputs)

    def _written(
        self,
        making: Making,
        frame: pl.DataFrame,
        source: str,
        targets: TrainingTargets | None,
        rows: Indices | None = None,
    ) -> NDArray[np.float32]:
        """These rows of a frame, or all, encoded."""
        self._find(frame, source)
        out = making.room(len(frame) if rows is None else len(rows))
        self._write(making, frame, rows, source, targets, out)
        return out

    def _write(
        self, making: Making, frame: pl.DataFrame, rows: Indices | None, source: str, targets: TrainingTargets | None,
        out: NDArray[np.float32],
    ) -> None:  # fmt: skip
        try:
            making.write(frame, rows, source, targets, out)
        except ColumnError:  # of a piece of the rows, or of many columns
            self.read(frame, source)
            raise

    def read(self, frame: pl.DataFrame, source: str) -> None:
        """Check all cells, column by column. Raises ColumnError for the first invalid one."""
        self._find(frame, source)
        for step in self.steps:
            step.read(frame, source)

    def _find(self, frame: pl.DataFrame, source: str) -> None:
        """Raise ColumnError for a missing column."""
        there = set(frame.columns)
        for name in self.input_names:
            if name not in there:
                raise missing_column(name, frame.columns, source, needed="input")

    def inverse(self, X: NDArray[np.float32]) -> pl.DataFrame:
        """Raw columns from inputs of shape (n, len(feature_names)).

        Numbers are exact to float32 rounding (far outliers less so with `robust`), words are those of the largest
        one-hot input, and missing cells are null if the training rows had missing cells.
        """
        row = SCALINGS[self.scaling]
        return pl.DataFrame({each.name: each for step, part in self._parts(X) for each in step.decode(part, row)})

    def usual_row(self) -> pl.DataFrame:
        """A typical row: medians of numbers and dates, the most frequent words and booleans, the lowest value of blocks
        (blank images).
        """
        return pl.DataFrame({each.name: each for step in self.steps for each in step.usual_cells()})

    @property
    def places(self) -> list[tuple[Step, slice]]:
        """Each step, and the slice of its features among the columns of X."""
        edges = np.cumsum([0, *self._widths]).tolist()
        return [(step, slice(a, b)) for step, (a, b) in zip(self.steps, pairwise(edges), strict=True)]

    @property
    def bins(self) -> list[tuple[Number | Day, slice]]:
        """Each step of numbers or days, and the slice of its bins among the columns of X."""
        binned = [(step, place.start + 1) for step, place in self.places if isinstance(step, (Number, Day))]
        return [(step, slice(first, first + count(step.edges))) for step, first in binned]

    @property
    def means(self) -> list[int]:
        """Indices of the columns of X that are target means."""
        telling = [(step, place.start + step.first_mean) for step, place in self.places if isinstance(step, WithMeans)]
        return [first + k for step, first in telling for k in range(len(step.mean_names))]

    def _parts(self, X: NDArray[np.float32]) -> list[tuple[Step, NDArray[np.float32]]]:
        """Each step with its columns of X."""
        return [(step, X[:, place]) for step, place in self.places]

    def extra(self, frame: pl.DataFrame) -> tuple[str, ...]:
        """Columns of `frame` that were not in training."""
        known = set(self.column_names)
        return tuple(name for name in frame.columns if name not in known)

    def describe(self) -> list[Treatment]:
        """How each column is prepared, left-out columns last."""
        scaling = SCALINGS[self.scaling]
        used = [
            Treatment(reads(step.title), say(step.kind), step.treatment(scaling), width)
            for step, width in zip(self.steps, self._widths, strict=True)
        ]
        return used + [
            Treatment(c.column, say(c.kind), say("left out: {reason}", reason=retold(c.reason)), 0)
            for c in self.left_out
        ]

    def document(self) -> dict[str, Any]:
        """Plain JSON data; `from_document` of it transforms bit-identically."""
        data = {
            "scaling": self.scaling,
            "steps": [document_of(step) for step in self.steps],
            "left_out": [asdict(each) for each in self.left_out],
        }
        return json.loads(json.dumps(data))  # type: ignore[no-any-return]  # tuples become lists

    @classmethod
    def from_document(cls, document: Any) -> Preparation:
        """The inverse of `document`. Raises ModelFileError for an invalid document."""
        top = fields(document, CHECKS, "preparation")
        steps = tuple(step_of(each, say("preparation, step {i}", i=i + 1)) for i, each in enumerate(top["steps"]))
        left_out = tuple(left_out_of(each, i) for i, each in enumerate(top["left_out"], 1))
        made = cls(top["scaling"], steps, left_out)
        inputs, others = made.input_names, {name for step in steps for name in step.inputs}
        if not inputs or len(set(inputs)) < len(inputs) or others.difference(inputs):
            found = say("a column twice") if inputs else say("none")
            raise ModelFileError("preparation: expected steps for different columns", found, "save the model again")
        return made


CHECKS = {"scaling": tuple(SCALINGS), "steps": [{str: object}], "left_out": [{str: object}]}
