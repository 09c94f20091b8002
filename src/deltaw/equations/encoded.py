"""Rows whose numbers stand for many inputs at once: the bins of a column, the slots of its words.

    kind     stored x                               the inputs that it stands for
    number   x                                      x
    bins     how many bins it has come through      x_k = x − k, held within 0 and 1
    slots    which slot is taken                    taken where k = x, else others
    scaled   a column's own number, NaN if missing  scaled, its bins, whether missing: `deltaw.equations.scaled`

A number beside its sixteen bins is two numbers instead of seventeen; and of a layer's sum over the bins, Σ w_k x_k, the
part of those that are passed is a running sum of the weights, the same for all rows: the native engine does no more.
What is scaled when it is needed takes one number instead of two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.scaled import Scaled, unfolded
from deltaw.exceptions import InputError
from deltaw.speech import say

KINDS = ("number", "bins", "slots", "scaled")
MOST_INPUTS = 2**24  # of a field: whole numbers that float32 holds
CHUNK = 2048  # rows expanded at a time, so that they stay in the cache
ABREAST = 32  # rows joined to one in `_within`: NumPy's min(axis=0) is slow over short rows


class Field(NamedTuple):
    """The inputs that a stored number encodes.

    Attributes:
        kind: "number", "bins", "slots" or "scaled".
        inputs: number of inputs.
        taken, others: of slots: the value of the taken one, and of the others.
        scaled: the scaling, and the edges of the bins.
    """

    kind: str = "number"
    inputs: int = 1
    taken: float = 1.0
    others: float = 0.0
    scaled: Scaled = Scaled()

    @property
    def is_sound(self) -> bool:
        """Whether it stands for as many inputs as it can."""
        edges = self.scaled.edges
        fixed = {"number": 1, "scaled": self.scaled.inputs}.get(self.kind)
        sound = self.kind in KINDS and 1 <= self.inputs <= MOST_INPUTS and self.inputs == (fixed or self.inputs)
        sound = sound and self.scaled.width > 0 and len(self.scaled.indicator) in (0, 2)
        return sound and all(a < b for a, b in pairwise(edges))

    def unfolded(self) -> tuple[Field, ...]:
        """The fields of its numbers in `Encoded.unfolded`."""
        if self.kind != "scaled":
            return (self,)
        bins, indicated = self.scaled.bins, bool(self.scaled.indicator)
        return (Field(), *[Field("bins", bins)] * (bins > 0), *[Field()] * indicated)


class Encoded:
    """Rows of network inputs in compact form, with one stored number for each field, which stands for several inputs.
    It behaves like the matrix (n, n_in) that it encodes.

    Args:
        stored: (n, len(fields)), C-ordered, float32.
        fields: what each stored number encodes; the inputs of the fields follow each other in this order.

    Raises:
        InputError: another number of fields than stored numbers, or one of an unknown kind or size.
    """

    ndim = 2
    dtype = np.dtype(np.float32)

    def __init__(self, stored: Any, fields: Sequence[Field]) -> None:
        self.stored: NDArray[np.float32] = np.require(stored, np.float32, ["C_CONTIGUOUS", "ALIGNED"])
        self.fields = tuple(Field(*field) for field in fields)
        self._inputs = sum(field.inputs for field in self.fields)
        if self.stored.ndim != 2 or self.stored.shape[1] != len(self.fields) or not self.fields:
            expected = "stored: expected shape (n, {n}), a number for each field"
            raise InputError(expected, say("shape {shape}", shape=self.stored.shape), "give both", n=len(self.fields))
        for field in self.fields:
            if not field.is_sound:
                expected = "fields: expected a number of one input, or bins or slots of 1 to 2²⁴"
                raise InputError(expected, say("{kind} of {n}", kind=field.kind, n=field.inputs), "correct it")

    def __len__(self) -> int:
        return len(self.stored)

    @property
    def shape(self) -> tuple[int, int]:
        """(n, n_in): rows and inputs, not stored numbers."""
        return len(self.stored), self._inputs

    @property
    def nbytes(self) -> int:
        """Bytes of the stored numbers, 4 each."""
        return self.stored.nbytes

    def __getitem__(self, rows: Any) -> Encoded:
        """These rows, by number, as a slice or as truth values."""
        stored = self.stored[rows]
        if stored.ndim != 2:
            return Encoded(stored, self.fields)  # raises
        some = object.__new__(Encoded)  # its fields are sound
        some.stored, some.fields, some._inputs = np.ascontiguousarray(stored), self.fields, self._inputs
        return some

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.toarray() if dtype is None else self.toarray().astype(dtype, copy=False)

    def toarray(self) -> NDArray[np.float32]:
        """All inputs, (n, n_in), float32, C-ordered; if all fields are plain numbers, `stored` itself, not a copy."""
        return expanded(self.stored, self.fields)

    def unfolded(self) -> Encoded:
        """The same inputs without "scaled" fields: the scaled number and its position in the bins instead.

        Raises InputError, as all that makes `Encoded` rows.
        """
        if all(field.kind != "scaled" for field in self.fields):
            return self
        fields = [field.unfolded() for field in self.fields]
        stored = np.empty((len(self), sum(map(len, fields))), np.float32)
        for start in range(0, len(self), CHUNK):
            part = self.stored[start : start + CHUNK]
            columns = (
                unfolded(x, field.scaled) if field.kind == "scaled" else [x]
                for x, field in zip(part.T, self.fields, strict=True)
            )
            for k, column in enumerate(chain.from_iterable(columns)):
                stored[start : start + CHUNK, k] = column
        return Encoded(stored, [*chain.from_iterable(fields)])

    def joined(self, other: Encoded) -> Encoded:
        """These rows followed by others. Raises InputError if those encode other inputs."""
        if self.fields != other.fields:
            self, other = self.unfolded(), other.unfolded()
        if self.fields != other.fields:
            raise InputError("other: expected rows of the same fields", say("others"), "encode both alike")
        return Encoded(np.concatenate([self.stored, other.stored]), self.fields)

    def check(self, what: str = "X") -> None:
        """Raise InputError, of `what`, for the first stored number in none of its field's inputs; NaN is in any."""
        any_number = (-np.inf, np.inf)
        limits = [LIMITS[f.kind](f.inputs) if f.kind in LIMITS else any_number for f in self.fields]
        least, most = np.array(limits, np.float32).T
        slots = np.flatnonzero([field.kind == "slots" for field in self.fields])
        limited = any(field.kind in LIMITS for field in self.fields)
        for start in range(0, len(self) if limited else 0, CHUNK):
            x = self.stored[start : start + CHUNK]
            if _within(x, least, most) and (x[:, slots] == np.floor(x[:, slots])).all():
                continue
            bad = (x < least) | (x > most)
            bad[:, slots] |= x[:, slots] != np.floor(x[:, slots])
            if not bad.any():
                continue
            row, column = np.argwhere(bad)[0].tolist()
            field, found = self.fields[column], x[row, column]
            raise InputError(
                "{what}: expected {kind} from 0 to {most:.0f} for {n} {fields}",
                say("{x} at row {row}, column {column} of what is stored", x=found, row=start + row, column=column),
                "correct it",
                what=what,
                kind=say("a whole number" if field.kind == "slots" else "a number"),
                most=most[column],
                n=field.inputs,
                fields=field.kind,
            )


# Limits of a stored number, by kind and number of inputs; other kinds have none.
LIMITS: dict[str, Callable[[int], tuple[float, float]]] = {
    "bins": lambda inputs: (0, inputs),
    "slots": lambda inputs: (0, inputs - 1),
}


def _within(x: NDArray[Any], least: NDArray[Any], most: NDArray[Any]) -> bool:
    """Whether all stored numbers of some rows are within the limits; False if one is NaN."""
    abreast = 1 if len(x) % ABREAST else ABREAST
    lines = x.reshape(-1, abreast * x.shape[1])
    within = (lines.min(axis=0) >= np.tile(least, abreast)) & (lines.max(axis=0) <= np.tile(most, abreast))
    return bool(within.all())


def is_plain(fields: Sequence[Field]) -> bool:
    """Whether each stored number is an input itself."""
    return all(field.kind == "number" for field in fields)


def expanded(stored: NDArray[Any], fields: Sequence[Field]) -> NDArray[np.float32]:
    """All inputs (n, n_in), C-ordered, of stored numbers (n, len(fields)); `stored` itself if all fields are plain."""
    if is_plain(fields):
        return stored
    out = np.empty((len(stored), sum(field.inputs for field in fields)), np.float32)
    for start in range(0, len(out), CHUNK):
        expand(stored[start : start + CHUNK], fields, out[start : start + CHUNK])
    return out


def expand(stored: NDArray[Any], fields: Sequence[Field], out: NDArray[np.float32]) -> None:
    """Write all inputs of some rows' stored numbers into `out`, (n, n_in)."""
    ends = accumulate(field.inputs for field in fields)
    for x, field, end in zip(stored.T, fields, ends, strict=True):
        EXPANDED[field.kind](x, field, out[:, end - field.inputs : end])


Column = NDArray[Any]


def _number(x: Column, field: Field, out: NDArray[np.float32]) -> None:
    out[:, 0] = x


def _bins(x: Column, field: Field, out: NDArray[np.float32]) -> None:
    np.subtract(x[:, None], np.arange(field.inputs, dtype=np.float32), out=out)
    np.clip(out, 0.0, 1.0, out=out)


def _slots(x: Column, field: Field, out: NDArray[np.float32]) -> None:
    out[:] = field.others
    place = np.nan_to_num(np.clip(x, 0, field.inputs - 1)).astype(np.intp)
    out[np.arange(len(x)), place] = np.where(np.isnan(x), np.nan, field.taken)


def _scaled(x: Column, field: Field, out: NDArray[np.float32]) -> None:
    fields = field.unfolded()
    ends = accumulate(each.inputs for each in fields)
    for column, each, end in zip(unfolded(x, field.scaled), fields, ends, strict=True):
        EXPANDED[each.kind](column, each, out[:, end - each.inputs : end])


EXPANDED = {"number": _number, "bins": _bins, "slots": _slots, "scaled": _scaled}
