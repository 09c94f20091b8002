"""Data frames of every library, as scikit-learn can read them."""

from __future__ import annotations

from typing import Any

import numpy as np

from deltaw.engines.rows import unmasked
from deltaw.forks import refuse_after_fork


def readable(X: Any) -> Any:
    """X in a form that scikit-learn reads: unchanged, out of narwhals, or from its Arrow stream as a Polars frame.

    Names are kept; masked values are missing.

    Raises InputError for what needs Polars in a process that was forked; see `deltaw.forks`.
    """
    if isinstance(X, np.ndarray) or not hasattr(X, "__arrow_c_stream__"):
        return unmasked(X)
    import narwhals as nw

    X = nw.to_native(X, pass_through=True)
    if nw.dependencies.is_polars_dataframe(X):
        refuse_after_fork()
    if nw.dependencies.is_into_dataframe(X):
        return X
    if hasattr(X, "ndim"):  # an array with names, as xarray's, whose stream is a row a number
        return np.asarray(X)
    import polars as pl

    refuse_after_fork()
    return pl.DataFrame(X)
