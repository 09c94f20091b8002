"""What the rows hold that a network may miss: similar rows with similar targets, targets in other rows, codes.

All of it without a training. Predictions from other rows are linear in the targets, so that rows are compared once,
whatever targets are tried.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.doctor import judge
from deltaw.doctor.evidence.outliers import scaling
from deltaw.doctor.evidence.targets import Targets, targets_of
from deltaw.doctor.setup import Setup, matrix
from deltaw.engines.rows import spread

Array = NDArray[Any]

NEIGHBOURS = 5
MOST_ROWS, MOST_INPUTS = 1_500, 500  # compared with each other
RIDGE = 1.0  # penalty of the linear predictions, in rows
STRICT = 20  # times as significant as usual, for an accusation that few tables deserve
OFFSETS = (-3, -2, -1, 1, 2, 3)  # rows by which targets may be off
MOST_OFF = max(OFFSETS)
# Codes: distinct values of a column, the fewest rows for each, and R² of the means of equal values beyond a curve's.
CODES, ROWS_A_CODE, MORE = (5, 200), 4, 0.05
DEGREE = 4  # of that curve


def comparable(setup: Setup) -> bool:
    """Whether the rows are dense and finite, and enough for `neighbours`."""
    X, T = matrix(setup.X, "X"), matrix(setup.T, "T")
    if hasattr(X, "tocsr") or X.ndim != 2 or len(X) <= 4 * NEIGHBOURS or X.shape[1] > MOST_INPUTS:
        return False
    return bool(np.isfinite(X).all() and np.isfinite(T).all())


def neighbours(setup: Setup, X: Any) -> Array:
    """(n, n_out) the mean targets of the training rows that are most similar to the rows of X (n, n_in)."""
    train, rows, T = _scaled(setup, setup.X), _scaled(setup, X), _encoded(setup)
    some = spread(len(T), MOST_ROWS)
    return np.asarray(T[some][_nearest(rows, train[some], False)].mean(axis=1))


def offset(setup: Setup) -> int:
    """The k for which inputs of row i predict the targets of row i + k, but not those of row i; 0 if there is none."""
    known = targets_of(setup)
    x, t = _scaled(setup, setup.X)[:MOST_ROWS], _encoded(setup)[:MOST_ROWS]
    if known.task == "labels":
        return 0
    near = _nearest(x, x, True)
    linear = np.column_stack([x, np.ones(len(x))])
    hat = linear @ np.linalg.solve(linear.T @ linear + RIDGE * np.eye(linear.shape[1]), linear.T)
    own = np.diag(hat)[:, None]

    def gain(k: int) -> float:
        """The gain of the better prediction, if it is significant; the ends, which wrap around, do not count."""
        moved, inner = np.roll(t, -k, axis=0), slice(MOST_OFF, -MOST_OFF)
        predictions = moved[near].mean(axis=1), (hat @ moved - own * moved) / (1 - own)
        made = [_gains(known, moved[inner], o[inner]) for o in predictions]
        tests = len(predictions) * len(OFFSETS) * (STRICT if k else 1)
        return max((gains[-1].mean for gains in made if gains and judge.learnt(gains, tests)), default=0.0)

    if gain(0) > 0:
        return 0
    best = max(OFFSETS, key=gain)
    return best if gain(best) > 0 else 0


def codes(setup: Setup) -> tuple[int, ...]:
    """Inputs of few values whose means of the targets follow no curve: numbers that stand for names."""
    x, t = _scaled(setup, setup.X), _encoded(setup)
    whole = {j for column in setup.raw or () if len(column.inputs) > 1 for j in column.inputs}
    found = []
    for j in range(x.shape[1]):
        values, which = np.unique(x[:, j], return_inverse=True)
        if j in whole or not CODES[0] <= len(values) <= min(CODES[1], len(x) // ROWS_A_CODE):
            continue
        if _of_values(which.reshape(-1), t) > _of_curve(x[:, j], t) + MORE:
            found.append(j)
    return tuple(found)


def _of_values(which: NDArray[np.int64], t: Array) -> float:
    """R² of the means of the other rows with the same value."""
    others = np.bincount(which)[which] - 1
    sums = np.stack([np.bincount(which, column)[which] for column in t.T], axis=1) - t
    guess = np.where(others[:, None] > 0, sums / np.maximum(others, 1)[:, None], t.mean(axis=0))
    return _r2(t, guess)


def _of_curve(x: Array, t: Array) -> float:
    """R² of a polynomial."""
    powers = np.polynomial.chebyshev.chebvander(2 * (x - x.min()) / np.ptp(x) - 1, DEGREE)
    return _r2(t, powers @ np.linalg.lstsq(powers, t, rcond=None)[0])


def _r2(t: Array, o: Array) -> float:
    spread = float(np.square(t - t.mean(axis=0)).sum())
    return 1 - float(np.square(t - o).sum()) / spread if spread > 0 else 0.0


def _gains(known: Targets, t: Array, o: Array) -> tuple[judge.Gain, ...]:
    if known.task == "regression":
        return judge.of_numbers(t, o, t.mean(axis=0))
    if t.shape[1] == 1:
        t, o = np.column_stack([-t, t]), np.column_stack([-o, o])
    label = t.argmax(axis=1)
    return judge.of_classes(label, o, np.bincount(label, minlength=t.shape[1]) / len(label))


def _encoded(setup: Setup) -> Array:
    return targets_of(setup).encoded(setup.T)


def _scaled(setup: Setup, X: Any) -> Array:
    """Rows of X with columns scaled by the training rows."""
    x, own = setup.scaled_inputs(X), setup.scaled_inputs(setup.X)
    lower, middle, upper = np.quantile(own, (0.25, 0.5, 0.75), axis=0)
    robust = scaling(setup) == "robust"
    width = np.where(robust & (upper > lower), upper - lower, own.std(axis=0))
    return np.asarray((x - middle) / np.where(width > 0, width, 1.0))


def _nearest(rows: Array, among: Array, themselves: bool) -> NDArray[np.int64]:
    """(n, NEIGHBOURS) the nearest of `among` for each row; if they are the rows themselves, without its own."""
    squares = np.square(among).sum(axis=1)[None, :] - 2 * rows @ among.T
    if themselves:
        np.fill_diagonal(squares, np.inf)
    return np.asarray(np.argpartition(squares, NEIGHBOURS, axis=1)[:, :NEIGHBOURS])
