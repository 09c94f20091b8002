"""Rows whose answer is known: scikit-learn's y with NaN, None or pandas' NA in it."""

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


def _missing(y: Array) -> NDArray[np.bool_]:
    if y.dtype.kind == "f":
        return np.isnan(y)
    if y.dtype != object:
        return np.zeros(len(y), bool)
    return np.array([each is None or is_scalar_nan(each) or is_pandas_na(each) for each in y], bool)
