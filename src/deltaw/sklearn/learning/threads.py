"""How many threads an estimator may use."""

from __future__ import annotations

from sklearn.utils._openmp_helpers import _openmp_effective_n_threads


def threads(wanted: int | None) -> int:
    """`wanted`, or if None as many as scikit-learn's own OpenMP code would use.

    Those are the processors, within threadpoolctl's limits, and within what joblib leaves to each of its processes.
    """
    return wanted or int(_openmp_effective_n_threads())
