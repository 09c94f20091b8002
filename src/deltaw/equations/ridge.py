"""Ridge regression (Hoerl & Kennard 1970), whose penalty generalised cross-validation chooses (Golub, Heath & Wahba
1979)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

STRENGTHS = np.logspace(-3, 4, 15)  # of the penalty
LEAST, SMALLEST = 1e-9, 1e-12  # of the degrees of freedom, by rows; of an eigenvalue, by the largest


def ridge(X: Array, T: Array, weight: Array | None = None) -> tuple[Array, Array]:
    """W (k, n_in) and b (k,) of X Wᵀ + b, with one penalty for all outputs; its time grows with the smaller side of X.

    Args:
        X, T: (n, n_in), (n, k).
        weight: (n,), of rows; None: all 1.
    """
    weight = np.ones(len(T)) if weight is None else weight
    share = weight / weight.sum()
    A = np.array(X, np.float64, order="C")  # the only copy: it may be the largest array of all
    centre, mean = share @ A, share @ T
    root = np.sqrt(share * len(T))[:, None]
    A -= centre
    A *= root
    y = (T - mean) * root
    wide = A.shape[1] > A.shape[0]
    values, vectors = np.linalg.eigh(A @ A.T if wide else A.T @ A)
    values = np.maximum(values, 0.0)
    along = vectors.T @ (y if wide else A.T @ y)
    there = values > SMALLEST * values.max(initial=0.0)  # bins that are linear in others leave only rounding errors
    told = (along**2).sum(axis=1)
    told = told if wide else told / np.where(there, values, np.inf)
    beyond = 0.0 if wide else max(0.0, float((y**2).sum() - told.sum()))  # squared residual without a penalty

    def left(strength: float) -> float:
        """Generalised cross-validation: the squared residual over the squared share of degrees of freedom left.

        Computed from the small terms, not as a difference from 1: else, on a wide table, rounding would let the line
        through all rows win.
        """
        spared = strength / (values + strength)
        free = len(y) - 1 - len(values) + float(spared.sum())
        return float(beyond + spared**2 @ told) / max(free / len(y), LEAST) ** 2

    strength = min(STRENGTHS, key=left)
    W = vectors @ (along / (values + strength)[:, None])
    W = A.T @ W if wide else W
    return W.T, mean - centre @ W
