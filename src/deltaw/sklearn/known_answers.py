"""scikit-learn's y: the rows whose answer is known, where NaN, None or pandas' NA may be in it, and its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils._missing import is_pandas_na, is_scalar_nan

from deltaw.engines.rows import unmasked
from deltaw.exceptions import InputError
from deltaw.speech import say

Array = NDArray[Any]

NUMBER = (bool, int, float, np.bool_, np.number)


def known_answers(y: Any, rows: int, warn: bool = False) -> tuple[Array, NDArray[np.bool_]]:
    """The answers that are known, and which of the rows have one, (n,).

    Raises InputError where there are not as many answers as rows, several a row, or none is known.
    """
    y = unmasked(y)
    shape = np.asarray(y).shape
    if len(shape) == 2 and shape[1] > 1:
        remedy = "train an estimator for each: sklearn.multioutput has MultiOutputClassifier and MultiOutputRegressor"
        raise InputError("y: expected one answer a row", f"{shape[1]}", remedy)
    y = column_or_1d(y, warn=warn)
    if len(y) != rows:
        raise InputError(
            "X, y: expected as many rows", say("{rows} and {n}", rows=rows, n=len(y)), "give one answer a row"
        )
    known = ~_missing(y)
    if not known.any():
        raise InputError(
            "y: expected answers", say("none in {n:,} rows", n=len(y)), "give rows whose answers are known"
        )
    y = y[known]
    as_objects = y.dtype == object and all(isinstance(each, NUMBER) for each in y)
    return (np.asarray(y.tolist()) if as_objects else y), known


def numbers(y: Array) -> NDArray[np.float64]:
    """The answers of a regression. Raises InputError for dates, durations, text and what else is no number."""
    if y.dtype.kind in "mM":  # as float they would be nanoseconds of one library, microseconds of another
        since = "y" if y.dtype.kind == "m" else "(y - y.min())"
        remedy = "give them in a unit: {since} / np.timedelta64(1, 'h')"
        raise InputError("y: expected numbers", str(y.dtype), remedy, since=since)
    try:
        return np.asarray(y, np.float64)
    except (TypeError, ValueError):
        found = say("text") if isinstance(y.flat[0], str | bytes) else type(y.flat[0]).__name__
        raise InputError("y: expected numbers", found, "use a classifier for classes") from None


def _missing(y: Array) -> NDArray[np.bool_]:
    if y.dtype.kind == "f":
        return np.isnan(y)
    if y.dtype != object:
        return np.zeros(len(y), bool)
    return np.array([each is None or is_scalar_nan(each) or is_pandas_na(each) for each in y], bool)
