"""The operations of a `Program`: what a model does with a row, as a list of operations on named vectors.

Elementwise operations have a constant for each element. Numbers are float64 up to `Features`, which rounds them to
float32; networks are float32, and operations after them float64 again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

LIMIT = 1e30  # scaled values are kept within ±LIMIT: see `deltaw.preparation.scales.scaling`
LEAST_SHARE = 1e-12  # what a class has at least before shares are divided by their sum
MOST_LOG = 709.782712893384  # e to this is the largest float

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Operation:
    """An operation.

    Attributes:
        out: name of its result, unique.
        of: names of its operands, results of earlier operations.
        size: number of elements of the result.
    """

    out: str
    of: tuple[str, ...]
    size: int


@dataclass(frozen=True, eq=False)
class Read(Operation):
    """The cells of columns.

    Attributes:
        columns: their names.
        kind: "number": float64, NaN where missing; "date": days since 1970-01-01, NaN where missing; "word": one column
            of text or nothing; "feature": numbers that need no preparation.
        block: what they are together where they are one picture, or the features of a row; else "".
        spelling: how text writes each date, a strftime format; "" for others.
    """

    columns: tuple[str, ...]
    kind: str
    block: str = ""
    spelling: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Look(Operation):
    """The value of a word in a table; `other` for unknown words, `missing` for missing ones; `fold`: ignoring case."""

    words: tuple[str, ...]
    values: tuple[float, ...]
    other: float
    missing: float
    fold: bool


@dataclass(frozen=True, eq=False)
class Contain(Operation):
    """1 for each word that stands anywhere in the text, in one of its spellings, else 0; A–Z there count as a–z."""

    words: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class Impute(Operation):
    """Replace NaN by the element's constant."""

    values: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Indicate(Operation):
    """1 where the elements at `places` are NaN, else 0."""

    places: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Scale(Operation):
    """(x − centre) / width, within ±LIMIT, + shift; then, if `bend`, z / √(1 + (z/3)²)."""

    centre: tuple[float, ...]
    width: tuple[float, ...]
    shift: tuple[float, ...]
    bend: bool


@dataclass(frozen=True, eq=False)
class Bins(Operation):
    """(x − low) / (high − low) within 0 and 1, for the element at `place` of each bin: (place, low, high)."""

    bins: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True, eq=False)
class Recall(Operation):
    """The value of the number at `place` in a table; 0 for other numbers and NaN."""

    place: int
    numbers: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Swing(Operation):
    """(1 + sin φ)/2 and (1 + cos φ)/2 with φ = 2π x / period, for each (place of x, period)."""

    cycles: tuple[tuple[int, float], ...]


@dataclass(frozen=True, eq=False)
class Spread(Operation):
    """low + (high − low) x."""

    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Slots(Operation):
    """One-hot: `low`, except `taken` at index x."""

    low: float
    taken: float


@dataclass(frozen=True, eq=False)
class Features(Operation):
    """Concatenated values rounded to float32; `sizes`: of each."""

    sizes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Matrix(Operation):
    """z = W a + b; W: (size, n_in). With a `step`, (size,), weights are integers −127 … 127 times the unit's step."""

    W: Array
    b: Array
    step: Array | None = None


@dataclass(frozen=True, eq=False)
class Activate(Operation):
    """o = f(z), f by its name in `deltaw.equations.activations`."""

    name: str


@dataclass(frozen=True, eq=False)
class Shares(Operation):
    """Clipped to at least LEAST_SHARE, and normalised to sum to 1."""


@dataclass(frozen=True, eq=False)
class Total(Operation):
    """The sum of several values of one element; exact, since they are integers."""


@dataclass(frozen=True, eq=False)
class Mean(Operation):
    """The elementwise mean of several values."""


@dataclass(frozen=True, eq=False)
class Unscale(Operation):
    """(z − shift) · width + centre; with an offset, exp of that, − offset."""

    centre: float
    width: float
    shift: float
    offset: float | None


@dataclass(frozen=True, eq=False)
class Clamp(Operation):
    """Clip to low … high."""

    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Label(Operation):
    """The index of the largest of `classes` probabilities, the first of equal ones; with a `threshold`, the second of
    two classes from that probability on.
    """

    classes: int
    threshold: float | None


Any_ = TypeVar("Any_", bound=Operation)


@dataclass(frozen=True, eq=False)
class Program:
    """A list of operations; the last value is the answer: see `answer`.

    Attributes:
        operations: in order of evaluation.
        inputs: the raw columns, in the order of the training table.
        target: name of the answer.
        classes: the target's values; () for regression.
        missing: words, in lower case, that mean a missing value.
        made_by: name and version of the program that made it.
    """

    operations: tuple[Operation, ...]
    inputs: tuple[str, ...]
    target: str
    classes: tuple[Any, ...] = ()
    missing: tuple[str, ...] = ()
    made_by: str = ""

    def all(self, kind: type[Any_]) -> Iterator[Any_]:
        """The operations of the class `kind`, in order."""
        return (each for each in self.operations if isinstance(each, kind))

    @property
    def kinds(self) -> dict[str, str]:
        """Column -> its kind, in the order of `inputs`."""
        kinds = {column: read.kind for read in self.all(Read) for column in read.columns}
        return {column: kinds[column] for column in self.inputs}

    @property
    def spellings(self) -> dict[str, str]:
        """Column of dates -> their format in text; "" if they are not text."""
        dates = (read for read in self.all(Read) if read.kind == "date")
        return {column: text for read in dates for column, text in zip(read.columns, read.spelling, strict=True)}

    @property
    def blocks(self) -> dict[str, tuple[str, ...]]:
        """The columns that are one picture, or the features of a row: its name -> theirs."""
        return {read.block: read.columns for read in self.all(Read) if read.block}

    @property
    def answer(self) -> Operation:
        """The operation of the probabilities (n, K), the number (n,), or the outputs (n, n_out) of a bare network."""
        return next(each for each in reversed(self.operations) if not isinstance(each, Label))

    @property
    def absent(self) -> tuple[float, ...]:
        """The numbers that mean a missing value."""
        numbers = []
        for word in self.missing:
            try:
                numbers.append(float(word))
            except ValueError:
                continue
        return tuple(number for number in numbers if np.isfinite(number))

    @property
    def digest(self) -> str:
        """SHA-256 of the program, 64 hexadecimal digits; equal for programs with bit-identical answers."""
        digest = hashlib.sha256(repr((self.inputs, self.target, self.classes, self.missing)).encode())
        for each in self.operations:
            values = ((field.name, getattr(each, field.name)) for field in fields(each))
            for name, value in ((type(each).__name__, each.out), *values):
                data = value.astype("<f4").tobytes() if isinstance(value, np.ndarray) else repr(value).encode()
                digest.update(name.encode() + b"\0" + data + b"\0")
        return digest.hexdigest()


def titles(inputs: Sequence[str], blocks: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Names of a form's arguments in order: columns, and blocks by the block's name."""
    homes = {column: name for name, columns in blocks.items() for column in columns}
    found: dict[str, tuple[str, ...]] = {}
    for column in inputs:
        home = homes.get(column)
        title = column if home is None else home if home not in inputs else f"{home} (block)"
        found[title] = (*found.get(title, ()), column)
    return found
