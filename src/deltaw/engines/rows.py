"""Rows of training data, checked once before any engine sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deltaw.equations.losses import Loss
from deltaw.exceptions import InputError, SettingError
from deltaw.network import Network

Scale = tuple[float, float]


@dataclass(frozen=True)
class Rows:
    """Inputs and targets that fit a network and a loss.

    Attributes:
        X: (n, n_in): C-ordered float32, float64 or uint8, or a SciPy CSR array of floats.
        T: (n, n_out) floats, or integer labels (n,) in int32, or None for rows that are only predicted.
        scale: x becomes multiply · x + offset on its way into the network; (1, 0) leaves it.
        weight: (n,) with mean 1, or None where all rows weigh the same.
    """

    X: Any
    T: NDArray[Any] | None
    scale: Scale = (1.0, 0.0)
    weight: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return int(self.X.shape[0])

    @property
    def sparse(self) -> bool:
        return not isinstance(self.X, np.ndarray)

    def inputs(self, index: Any) -> NDArray[np.float64]:
        """The inputs of these rows as the network takes them, float64, (n, n_in)."""
        x = self.X[index]
        x = np.asarray(x if isinstance(x, np.ndarray) else x.toarray(), np.float64)
        multiply, offset = self.scale
        return x if self.scale == (1.0, 0.0) else x * multiply + offset

    @classmethod
    def of(
        cls,
        network: Network,
        X: ArrayLike,
        T: ArrayLike | None,
        loss: Loss | None = None,
        weight: ArrayLike | None = None,
        scale: float | Scale | None = None,
    ) -> Rows:
        """Check X and T against the network and the loss.

        Raises:
            InputError: a shape, a kind of number, a NaN or infinity (with its row and column), a label or
                target out of range.
        """
        x = _inputs(X, network.sizes[0])
        t = None if T is None or loss is None else _targets(T, x.shape[0], network.sizes[-1], loss)
        w = None if weight is None else _weights(weight, x.shape[0])
        return cls(x, t, _scale(scale), w)


def _inputs(X: Any, n_in: int) -> Any:
    if hasattr(X, "tocsr"):
        x = X.tocsr()
        x.sum_duplicates()
        values = x.data
        if values.dtype not in (np.float32, np.float64):
            x = x.astype(np.float32)
    else:
        x = np.asarray(X)
        if x.dtype.kind == "O":
            raise InputError("X: expected numbers", "objects", "encode text first, or use deltaw.fit for tables")
        if x.dtype not in (np.float32, np.float64, np.uint8):
            if x.dtype.kind not in "fiub":
                raise InputError("X: expected numbers", f"dtype {x.dtype}", "convert it to float32")
            x = x.astype(np.float32 if x.dtype.kind == "b" or x.dtype.itemsize <= 2 else np.float64)
        x = np.ascontiguousarray(x)
        values = x
    if x.ndim != 2 or x.shape[1] != n_in:
        raise InputError(
            f"X: expected {n_in} columns, the network's inputs", f"shape {x.shape}", "give rows of that width"
        )
    if x.shape[0] == 0:
        raise InputError("X: expected at least one row", "none", "give some data")
    _finite(x, values, "X")
    return x


def _finite(array: Any, values: NDArray[Any], what: str) -> None:
    """Raise for the first NaN or infinity. The sum of many numbers is finite only if all are."""
    if values.dtype.kind == "f" and not np.isfinite(values.sum(dtype=np.float64)):
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            place = f"row {bad[0][0]}, column {bad[0][1]}" if values.ndim == 2 else f"entry {bad[0][0]}"
            value = values[tuple(bad[0])]
            raise InputError(f"{what}: expected finite numbers", f"{value} at {place}", "remove or replace it")


def _targets(T: Any, n: int, n_out: int, loss: Loss) -> NDArray[Any]:
    t = np.asarray(T)
    if t.dtype.kind not in "fiub":
        raise InputError("T: expected numbers", f"dtype {t.dtype}", "encode labels as 0, 1, 2, …")
    if t.ndim == 1 and len(t) == n and loss.kind == "cross_entropy" and t.dtype.kind in "iu" and n_out > 1:
        bad = np.flatnonzero((t < 0) | (t >= n_out))
        if len(bad):
            raise InputError(
                f"T: expected labels from 0 to {n_out - 1}, one for each output", f"{t[bad[0]]} in row {bad[0]}",
                "give the network as many outputs as there are classes, or number the classes from 0",
            )  # fmt: skip
        return t.astype(np.int32)
    if t.ndim == 1 and n_out == 1:
        t = t[:, None]
    if t.shape != (n, n_out):
        labels = " or integer labels (n,)" if loss.kind == "cross_entropy" else ""
        raise InputError(
            f"T: expected shape ({n}, {n_out}), a row for each of X and a column for each output{labels}",
            f"shape {t.shape}", "reshape it, or make it one-hot with deltaw.equations.losses.one_hot",
        )  # fmt: skip
    t = np.ascontiguousarray(t, dtype=t.dtype if t.dtype in (np.float32, np.float64) else np.float64)
    _finite(t, t, "T")
    if t.min() < loss.low or t.max() > loss.high:
        row, column = np.argwhere((t < loss.low) | (t > loss.high))[0]
        raise InputError(
            f"T: {loss.name} expects {loss.targets}", f"{t[row, column]:g} at row {row}, column {column}",
            "scale the targets into that range, or choose another loss",
        )  # fmt: skip
    return t


def _weights(weight: Any, n: int) -> NDArray[np.float64]:
    w = np.asarray(weight, dtype=np.float64)
    if w.shape != (n,):
        raise InputError(f"sample_weight: expected shape ({n},)", f"shape {w.shape}", "give one weight a row")
    if not np.isfinite(w).all() or (w < 0).any() or w.sum() == 0:
        raise InputError(
            "sample_weight: expected finite numbers, 0 or more, not all 0", "others", "correct the weights"
        )
    # Mean 1: whole-number weights then do what repeating rows would, and α keeps its meaning.
    return np.asarray(w * (n / w.sum()))


def _scale(scale: Any) -> Scale:
    if scale is None:
        return (1.0, 0.0)
    pair = (scale, 0.0) if isinstance(scale, (int, float)) else tuple(scale)
    if len(pair) != 2 or not all(isinstance(v, (int, float)) and np.isfinite(v) for v in pair):
        raise SettingError(
            "input_scale: expected a number, or a pair (multiply, offset)", repr(scale), "write (1/255, 0.0)"
        )
    return float(pair[0]), float(pair[1])
