"""Rows of training data, checked once before any engine sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw.engines.single import in_order
from deltaw.equations.encoded import Encoded
from deltaw.equations.lookup import NUMBER, finite
from deltaw.equations.losses import Loss, one_hot
from deltaw.exceptions import InputError, SettingError
from deltaw.network import Network, array, check_inputs, hides
from deltaw.numbers import typed
from deltaw.speech import say

Scale = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Rows:
    """Inputs and targets that fit a network and a loss. Compared by identity: engines keep what they made of them.

    Attributes:
        X: (n, n_in): C-ordered, aligned float32, float64 or uint8, a SciPy CSR array of floats, or Encoded.
        T: (n, n_out) floats, or integer labels (n,) in int32, or None for rows that are only predicted.
        scale: x becomes multiply · x + offset on its way into the network; (1, 0) leaves it.
        weight: (n,) with mean 1, or None where all rows weigh the same.
        prepared: what engines made of them. It stands here and not in a dictionary of weak keys: each row set that goes
            would call Python code for that, in which Python ignores Ctrl-C.
    """

    X: Any
    T: NDArray[Any] | None
    scale: Scale = (1.0, 0.0)
    weight: NDArray[np.float64] | None = None
    prepared: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return int(self.X.shape[0])

    @property
    def sparse(self) -> bool:
        return not isinstance(self.X, (np.ndarray, Encoded))

    def inputs(self, index: Any) -> NDArray[np.float64]:
        """The inputs of these rows as the network takes them, float64, (n, n_in)."""
        x = self.X[index]
        x = np.asarray(x if isinstance(x, np.ndarray) else x.toarray(), np.float64)
        multiply, offset = self.scale
        return x if self.scale == (1.0, 0.0) else x * multiply + offset

    def targets(self, index: Any, n_out: int) -> NDArray[np.float64]:
        """The targets of these rows, labels one-hot, float64, (n, n_out)."""
        assert self.T is not None
        t = self.T[index]
        return one_hot(t, n_out) if t.ndim == 1 else np.asarray(t, np.float64)

    def take(self, index: Any) -> Rows:
        """The rows with these numbers, or of a slice."""
        weight = None if self.weight is None else self.weight[index]
        return Rows(self.X[index], None if self.T is None else self.T[index], self.scale, weight)

    def some(self, most: int) -> Rows:
        """At most `most` of the rows, spread evenly."""
        return self.take(spread(len(self), most))

    @classmethod
    def of(
        cls,
        network: Network,
        X: ArrayLike,
        T: ArrayLike | None,
        loss: Loss | None = None,
        weight: ArrayLike | None = None,
        scale: float | Scale | None = None,
        whose: str = "",
        trained: bool = True,
    ) -> Rows:
        """Check X and T against the network and the loss. Without a loss there is no T.

        `whose` stands before their names in messages. Rows that are not `trained` on, only predicted, may be none at
        all, and may hold NaN and infinities: no other row comes to harm.

        Raises:
            InputError: a shape, a kind of number, a NaN or infinity (with its row and column), a label or
                target out of range.
        """
        x = _inputs(X, network.sizes[0], f"{whose}X")
        if trained:
            _usable(x, f"{whose}X")
        t = None if loss is None else _targets(T, x.shape[0], network.sizes[-1], loss, f"{whose}T")
        w = None if weight is None else mean_one(weight, x.shape[0], f"{whose}sample_weight")
        return cls(x, t, _scale(scale), w)


def _inputs(X: Any, n_in: int, what: str) -> Any:
    x = X if isinstance(X, Encoded) else X.tocsr() if hasattr(X, "tocsr") else array(X, what)
    check_inputs(x, n_in, what)
    if isinstance(x, Encoded):
        x.check(what)
    elif isinstance(x, np.ndarray):
        x = in_order(x, np.dtype(np.uint8) if x.dtype == np.uint8 else np.dtype(_float_type(x.dtype)))
    else:
        x = _well_formed(x, what)
        x = x.astype(_float_type(x.dtype), copy=False)
        if not x.has_canonical_format:
            x = x.copy()  # the caller's own matrix stays as it is
            x.sum_duplicates()
    return x


def _usable(x: Any, what: str) -> None:
    if x.shape[0] == 0:
        raise InputError("{what}: expected at least one row", say("none"), "give some data", what=what)
    _finite(x, what)


def spread(rows: int, most: int) -> NDArray[np.int64]:
    """Indices of at most `most` of n rows, evenly spaced, in order."""
    return np.unique(np.linspace(0, rows - 1, min(most, rows)).astype(np.int64))


def unmasked(values: Any) -> Any:
    """Values as they are; of a masked array a plain one: NaN stands for a number that is masked, None for a word."""
    if not hides(values):
        return values
    if values.dtype.kind in "iub":
        values = values.astype(np.float64)
    return values.filled(np.nan) if values.dtype.kind == "f" else values.astype(object).filled(None)


def _well_formed(x: Any, what: str) -> Any:
    """A CSR matrix whose columns and row starts lie within it, since SciPy's own code and the engines index by them."""
    starts, columns, n = np.asarray(x.indptr), np.asarray(x.indices), min(len(x.indices), len(x.data))
    if len(starts) != x.shape[0] + 1 or starts[0] != 0 or (np.diff(starts) < 0).any():
        wrong = say("indptr that does not rise from 0, or is not one longer than the rows")
    elif starts[-1] > n:
        wrong = say("indptr up to {start} for {n} numbers", start=starts[-1], n=n)
    elif len(stored := columns[: starts[-1]]) and not 0 <= stored.min() <= stored.max() < x.shape[1]:
        wrong = say(
            "columns (indices) from {min} to {max} of {shape}", min=stored.min(), max=stored.max(), shape=x.shape[1]
        )
    elif len(stored) == len(columns) == len(x.data):
        return x
    else:
        return type(x)(
            (x.data[: len(stored)], stored, starts), shape=x.shape
        )  # SciPy allows room behind the last number
    raise InputError(
        "{what}: expected a well-formed CSR matrix",
        wrong,
        "build it again, e.g. with scipy.sparse.csr_array",
        what=what,
    )


def _float_type(dtype: np.dtype[Any]) -> type[np.floating[Any]]:
    """float32 where it holds every number of this type, else float64."""
    return np.float32 if np.can_cast(dtype, np.float32) else np.float64


def _finite(array: Any, what: str) -> None:
    """Raise for the first NaN or infinity. The sum of many numbers is finite only if all are. It is made in their own
    type, which takes half of the time; where they are too large for that, they are looked at one by one.
    """
    values = array.stored if isinstance(array, Encoded) else array if isinstance(array, np.ndarray) else array.data
    with np.errstate(over="ignore", invalid="ignore"):
        if isinstance(array, Encoded):  # what is scaled may be missing
            scaled = np.array([field.kind == "scaled" for field in array.fields])
            total = np.where(scaled, 0.0, values.sum(axis=0)).sum()
        else:
            scaled, total = np.array(False), values.sum()
        if values.dtype.kind != "f" or np.isfinite(total):
            return
    bad = np.argwhere(~(np.isfinite(values) | scaled))
    if len(bad):
        value = values[tuple(bad[0])]
        if isinstance(array, (np.ndarray, Encoded)):
            row, column = bad[0]
        else:
            row, column = (indices[bad[0][0]] for indices in array.tocoo().coords)
        found = say("{value} at row {row}, column {column}", value=value, row=row, column=column)
        raise InputError("{what}: expected finite numbers", found, "remove or replace it", what=what)


def _targets(T: Any, n: int, n_out: int, loss: Loss, what: str) -> NDArray[Any]:
    if not loss.fits(n_out):
        expected, remedy = "loss: expected {name} on a network of {n} outputs", "give the network an output for each"
        raise SettingError(expected, f"{n_out}", remedy, name=loss.name, n=len(loss.parameters))
    t = array(T, what)
    if t.dtype.kind not in "fiub":
        raise InputError(
            "{what}: expected numbers", say("dtype {dtype}", dtype=t.dtype), "encode labels as 0, 1, 2, …", what=what
        )
    if t.ndim == 1 and len(t) == n and loss.kind == "cross_entropy" and t.dtype.kind in "iu" and n_out > 1:
        bad = np.flatnonzero((t < 0) | (t >= n_out))
        if len(bad):
            expected = "{what}: expected labels from 0 to {n_out}, one for each output"
            found = say("{t} in row {bad}", t=t[bad[0]], bad=bad[0])
            remedy = "give the network as many outputs as there are classes, or number the classes from 0"
            raise InputError(expected, found, remedy, what=what, n_out=n_out - 1)
        return t.astype(np.int32)
    if t.ndim == 1 and n_out == 1:
        t = t[:, None]
    if t.shape != (n, n_out):
        labels = say(" or integer labels (n,)") if loss.kind == "cross_entropy" else ""
        expected = "{what}: expected shape ({n}, {n_out}), a row for each of X and a column for each output{labels}"
        found = say("{dtype} of shape {shape}", dtype=t.dtype, shape=t.shape)
        remedy = "reshape it, or make it one-hot with deltaw.equations.losses.one_hot"
        raise InputError(expected, found, remedy, what=what, n=n, n_out=n_out, labels=labels)
    t = in_order(t, t.dtype if t.dtype in (np.float32, np.float64) else np.dtype(np.float64))
    _finite(t, what)
    if t.min() < loss.low or t.max() > loss.high:
        row, column = np.argwhere((t < loss.low) | (t > loss.high))[0]
        expected = "{what}: {name} expects {targets}"
        found = say("{t} at row {row}, column {column}", t=typed(t[row, column]), row=row, column=column)
        remedy = "scale the targets into that range, or choose another loss"
        raise InputError(expected, found, remedy, what=what, name=loss.name, targets=loss.targets)
    return t


def mean_one(weight: Any, n: int, what: str) -> NDArray[np.float64]:
    """Weights of n rows as `Rows` has them. Raises InputError for what cannot be."""
    w = array(weight, what)
    if w.shape != (n,) or w.dtype.kind not in "fiub":
        found = say("{dtype} of shape {shape}", dtype=w.dtype, shape=w.shape)
        raise InputError("{what}: expected {n} numbers, one a row", found, "give one weight a row", what=what, n=n)
    w = w.astype(np.float64)
    bad = np.flatnonzero(~(np.isfinite(w) & (w >= 0)))
    if len(bad) or w.sum() == 0:
        found = say("{w} in row {bad}", w=typed(w[bad[0]]), bad=bad[0]) if len(bad) else say("all 0")
        expected = "{what}: expected finite numbers, 0 or more, and one of them above 0"
        raise InputError(expected, found, "correct the weights", what=what)
    # Mean 1: whole-number weights then do what repeating rows would, and α keeps its meaning.
    share = w / w.max()
    return np.asarray(share * (n / share.sum()))


def _scale(scale: Any) -> Scale:
    if scale is None:
        return (1.0, 0.0)
    pair = (scale, 0.0) if isinstance(scale, NUMBER) else scale
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise SettingError(
            "input_scale: expected a number, or a pair (multiply, offset)", repr(scale), "write (1/255, 0.0)"
        )
    return finite(pair[0], say("input_scale's multiply")), finite(pair[1], say("input_scale's offset"))
