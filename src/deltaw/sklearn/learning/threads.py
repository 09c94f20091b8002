"""How many threads an estimator may use."""

from __future__ import annotations

from sklearn.utils._openmp_helpers import _openmp_effective_n_threads


def threads(asked: int | None) -> int:
    """As many as asked for, or as many as scikit-learn's own OpenMP code would use.

    Those are the processors, within threadpoolctl's limits, and within what joblib leaves to each of its processes.
    """
    return asked or int(_openmp_effective_n_threads())
