"""Measurements before training, made once and shared by all rules: `before(setup)`.

They are of the data, the settings and the initial network. Means and extremes are over all rows (as many as
`MOST_CELLS` allows), read in chunks; costlier ones over an evenly spaced sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor.evidence.duplicates import Duplicates, chunks, dense, distinct, duplicates
from deltaw.doctor.evidence.outliers import Outliers, outliers
from deltaw.doctor.evidence.start import Start, start
from deltaw.doctor.evidence.targets import Targets, constant, targets
from deltaw.doctor.setup import Setup, matrix
from deltaw.engines.rows import spread
from deltaw.exceptions import InputError
from deltaw.speech import say

Array = NDArray[Any]

MOST_CELLS = 20_000_000  # numbers of X that are read, in about half a second
SAMPLE = 2_000  # rows


@dataclass(frozen=True)
class Columns:
    """Statistics of the inputs with `input_scale` applied; arrays are (n_in,).

    Attributes:
        low, high, mean, std: over the finite values of a column; NaN if there are none.
        bad: number of values that are NaN or infinite.
        bad_rows: indices of rows with such a value, ascending.
        distinct: number of distinct values in the sample.
        names: of the columns.
    """

    low: Array
    high: Array
    mean: Array
    std: Array
    bad: NDArray[np.int64]
    bad_rows: NDArray[np.int64]
    distinct: NDArray[np.int64]
    names: tuple[str, ...]

    @property
    def rms(self) -> Array:
        """Root mean square of each column: its contribution to z for a weight of 1."""
        return np.asarray(np.hypot(self.mean, self.std))

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Whether a column holds one value only, to the precision of float32."""
        return constant(self.low, self.high)


@dataclass(frozen=True)
class Before:
    """What is measured before training.

    Attributes:
        rows: number of training rows.
        index: (m,) indices of the sample's rows, ascending.
        x: (m, n_in) float64, the sample's inputs as the network takes them; NaN where the data have it.
        t: (m, n_out) float64, its targets; labels are one-hot.
        columns, targets, duplicates: statistics of all rows.
        outliers: columns with outliers, the worst first.
        scale: factor and offset applied to X.
        start: the initial network on the sample's finite rows; None if they do not fit.
    """

    rows: int
    index: NDArray[np.int64]
    x: Array
    t: Array
    columns: Columns
    targets: Targets
    duplicates: Duplicates
    start: Start | None
    outliers: tuple[Outliers, ...] = ()
    scale: tuple[float, float] = (1.0, 0.0)

    def scaled(self, rows: Any) -> Array:
        """Rows of X, (n, n_in), with `scale` applied."""
        return _scaled(dense(rows, slice(None)), self.scale)


def before(setup: Setup) -> Before:
    """Measure the data and the initial network. Raises InputError for X or T that are not tables of numbers."""
    X, T = matrix(setup.X, "X"), matrix(setup.T, "T")
    X = X[:, None] if X.ndim == 1 else X  # deltaw.train refuses it; the doctor examines it
    if X.shape[1] != setup.network.sizes[0] or X.shape[0] != T.shape[0] or not X.shape[0]:
        raise InputError(
            "X and T: expected rows of {size} inputs, and as many of targets",
            say("shapes {shape} and {t_shape}", shape=X.shape, t_shape=T.shape),
            "give one row of T for each of X",
            size=setup.network.sizes[0],
        )
    scale = _scale(setup.input_scale)
    n = X.shape[0]
    most = max(SAMPLE, MOST_CELLS // X.shape[1])
    read = np.arange(n) if n <= most else np.unique(np.linspace(0, n - 1, most).astype(np.int64))
    index = read[spread(len(read), SAMPLE)]
    x: Array = np.empty((len(index), X.shape[1]))
    for place, part in chunks(X, index):  # chunks, to save memory
        x[place : place + len(part)] = _scaled(part, scale)
    known = targets(T[read], setup)
    t, few = known.encoded(T[index]), setup.some(len(index))
    initial = start(setup, *((x, t) if len(few) == len(x) else (x[few], t[few])), drawn=True)
    columns, inputs = _columns(X, read, scale, x, setup), [column.inputs for column in setup.raw or ()]
    repeated = duplicates(X, T, read, setup.held_out, setup.target_encoded, _encoded_cells(setup), inputs)
    return Before(
        rows=n, index=index, x=x, t=t, columns=columns, targets=known, duplicates=repeated, start=initial,
        outliers=outliers(x, columns.low, columns.high, columns.std), scale=scale,
    )  # fmt: skip


def _encoded_cells(setup: Setup) -> Array | None:
    """(n, k) the cells that target statistics encode; None if there are none."""
    cells = [column.values for column in setup.raw or () if not set(setup.target_encoded).isdisjoint(column.inputs)]
    return np.column_stack(cells) if cells else None


def _scale(given: Any) -> tuple[float, float]:
    pair = given if isinstance(given, (tuple, list)) else (1.0 if given is None else given, 0.0)
    try:
        multiply, offset = map(float, pair)
    except (TypeError, ValueError):
        return 1.0, 0.0  # `refusal` says what is wrong with it
    return multiply, offset


def _scaled(rows: Array, scale: tuple[float, float]) -> Array:
    return rows if scale == (1.0, 0.0) else rows * scale[0] + scale[1]


def _columns(X: Any, read: Array, scale: tuple[float, float], x: Array, setup: Setup) -> Columns:
    k = X.shape[1]
    low, high = np.full(k, np.inf), np.full(k, -np.inf)
    count, total, squares = np.zeros(k), np.zeros(k), np.zeros(k)
    bad_rows: list[Array] = []
    shift: Array | None = None  # subtracted from each column against cancellation in the sums of squares
    for first, part in chunks(X, read):
        finite = np.isfinite(part)
        whole = finite.all()
        if shift is None:
            shift = np.where(finite[0], part[0], 0.0)
        low = np.minimum(low, (part if whole else np.where(finite, part, np.inf)).min(axis=0))
        high = np.maximum(high, (part if whole else np.where(finite, part, -np.inf)).max(axis=0))
        difference = part - shift if whole else np.where(finite, part - shift, 0.0)
        count += len(part) if whole else finite.sum(axis=0)
        bad_rows += [] if whole else [read[first : first + len(part)][~finite.all(axis=1)]]
        total += difference.sum(axis=0)
        squares += np.einsum("ij,ij->j", difference, difference)
    assert shift is not None
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean = total / count
        std = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
        low, high = np.where(count > 0, low, np.nan), np.where(count > 0, high, np.nan)
        std = np.where(np.isfinite(std), std, high / 2 - low / 2)  # squares beyond float64: at most this (Popoviciu)
        multiply, offset = scale
        ends = np.sort([low * multiply + offset, high * multiply + offset], axis=0)
    return Columns(
        low=ends[0], high=ends[1], mean=(mean + shift) * multiply + offset, std=std * abs(multiply),
        bad=(len(read) - count).astype(np.int64), bad_rows=np.concatenate([read[:0], *bad_rows]), distinct=distinct(x),
        names=setup.columns if setup.columns and len(setup.columns) == k else tuple(f"x{j}" for j in range(k)),
    )  # fmt: skip
