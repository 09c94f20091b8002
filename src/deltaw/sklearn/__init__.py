"""The estimators: change one import line.

    from deltaw.sklearn import MLPClassifier, MLPRegressor

in place of scikit-learn's own: the same parameters, attributes and behaviour on DeltaW's engine, and more of them.
docs/scikit-learn.md says what is new, what differs, and why.
"""

from __future__ import annotations

from deltaw.sklearn.classifier import MLPClassifier
from deltaw.sklearn.imports import from_sklearn, from_torch
from deltaw.sklearn.regressor import MLPRegressor
from deltaw.sklearn.tabular import TableClassifier, TableRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "TableClassifier", "TableRegressor", "from_sklearn", "from_torch"]


def __dir__() -> list[str]:
    return __all__
