"""What a model does with a row, as a short list of operations on named values: rows of numbers or words.

A value is a vector; elementwise operations have a constant for each element. Numbers are float64 up to `Features`,
which rounds them to float32; networks are meant in float32, and what follows them in float64 again.
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
    """One step.

    Attributes:
        out: the name of the value that it makes; no other operation makes one of that name.
        of: the values that it is made of, which stand before it.
        size: how many elements it has.
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
    """A word's number in a table: its value, `other` for a word that is not in it, `missing` for none.

    `fold`: whether capitals count as small letters.
    """

    words: tuple[str, ...]
    values: tuple[float, ...]
    other: float
    missing: float
    fold: bool


@dataclass(frozen=True, eq=False)
class Impute(Operation):
    """NaN becomes the value of its place."""

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
    """What a table says of the number at `place`: its value; 0 for another number, and for NaN."""

    place: int
    numbers: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Swing(Operation):
    """(1 + sin φ)/2 and (1 + cos φ)/2 with φ = 2π x / period, for each (place of x, period)."""

    cycles: tuple[tuple[int, float], ...]


@dataclass(frozen=True, eq=False)
class Spread(Operation):
    """low + (high − low) x: what no and yes are."""

    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Slots(Operation):
    """`low` everywhere but at the place that x says, where it is `taken`."""

    low: float
    taken: float


@dataclass(frozen=True, eq=False)
class Features(Operation):
    """Values one after another, rounded to float32; `sizes`: how many elements each has."""

    sizes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Matrix(Operation):
    """z = W a + b; W: (size, n_in). With a `step`, (size,), a unit's weights are −127 … 127 times its step."""

    W: Array
    b: Array
    step: Array | None = None


@dataclass(frozen=True, eq=False)
class Activate(Operation):
    """o = f(z), f by its name in `deltaw.equations.activations`."""

    name: str


@dataclass(frozen=True, eq=False)
class Shares(Operation):
    """At least LEAST_SHARE each, divided by their sum."""


@dataclass(frozen=True, eq=False)
class Total(Operation):
    """The sum of several values of one element: whole numbers, which float64 adds up without an error."""


@dataclass(frozen=True, eq=False)
class Mean(Operation):
    """The mean of several values, element by element."""


@dataclass(frozen=True, eq=False)
class Unscale(Operation):
    """(z − shift) · width + centre; where there is an offset, e to that, − offset."""

    centre: float
    width: float
    shift: float
    offset: float | None


@dataclass(frozen=True, eq=False)
class Clamp(Operation):
    """Within low and high."""

    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Label(Operation):
    """The place of the largest share, the first of equals; of two the second from `threshold` on, if there is one.

    `classes`: how many shares there are.
    """

    classes: int
    threshold: float | None


Any_ = TypeVar("Any_", bound=Operation)


@dataclass(frozen=True, eq=False)
class Program:
    """The operations in order, and what is said of them. The last value is the answer: see `answer`.

    Attributes:
        operations: each is made of earlier ones.
        inputs: the raw columns, in the order of the table that was learnt from.
        target: what the answer is called.
        classes: the target's values; () for numbers.
        missing: the words, in small letters, that mean a missing value.
        made_by: name and version of the program that made it.
    """

    operations: tuple[Operation, ...]
    inputs: tuple[str, ...]
    target: str
    classes: tuple[Any, ...] = ()
    missing: tuple[str, ...] = ()
    made_by: str = ""

    def all(self, kind: type[Any_]) -> Iterator[Any_]:
        """The operations of the class `kind`, in their order."""
        return (each for each in self.operations if isinstance(each, kind))

    @property
    def kinds(self) -> dict[str, str]:
        """Column -> its kind, in the order of `inputs`."""
        kinds = {column: read.kind for read in self.all(Read) for column in read.columns}
        return {column: kinds[column] for column in self.inputs}

    @property
    def spellings(self) -> dict[str, str]:
        """Column of dates -> how text writes them, "" where it is not text."""
        dates = (read for read in self.all(Read) if read.kind == "date")
        return {column: text for read in dates for column, text in zip(read.columns, read.spelling, strict=True)}

    @property
    def blocks(self) -> dict[str, tuple[str, ...]]:
        """The columns that are one picture, or the features of a row: its name -> theirs."""
        return {read.block: read.columns for read in self.all(Read) if read.block}

    @property
    def answer(self) -> Operation:
        """What makes the probabilities (n, K), the number (n,), or the outputs (n, n_out) of a bare network."""
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
        """SHA-256 of all that it says, 64 hexadecimal digits: equal for programs that answer alike to the bit."""
        digest = hashlib.sha256(repr((self.inputs, self.target, self.classes, self.missing)).encode())
        for each in self.operations:
            values = ((field.name, getattr(each, field.name)) for field in fields(each))
            for name, value in ((type(each).__name__, each.out), *values):
                data = value.astype("<f4").tobytes() if isinstance(value, np.ndarray) else repr(value).encode()
                digest.update(name.encode() + b"\0" + data + b"\0")
        return digest.hexdigest()


def titles(inputs: Sequence[str], blocks: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """What a form is given, in order: a column by its name, the columns of a block together by the block's."""
    homes = {column: name for name, columns in blocks.items() for column in columns}
    found: dict[str, tuple[str, ...]] = {}
    for column in inputs:
        home = homes.get(column)
        title = column if home is None else home if home not in inputs else f"{home} (block)"
        found[title] = (*found.get(title, ()), column)
    return found
