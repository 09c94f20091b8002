"""Who is measured beside others: a function each from (data, training rows, test rows) to answers.

All of them with their default settings, on one thread, and with the table as suits them: the trees get categories as
categories and missing numbers as missing, the linear model and scikit-learn's MLP numbers standardised, categories
one-hot, missing values imputed, and the target standardised. All statistics come from the training rows.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor

import deltaw
from benchmarks.accuracy.answering import estimator
from benchmarks.tables.divided import SEED, Data
from deltaw.preparation import Preparation
from deltaw.preparation.reading import as_days, as_numbers
from deltaw.tables import Table
from deltaw.tables.cells import as_words

Array = Any
Answers = Array  # (n,) numbers in the target's units, or (n, K) probabilities
Rival = Callable[[Data, pl.DataFrame, pl.DataFrame], Answers]

MOST_WORDS = 250  # of a category: scikit-learn's trees take 255 at most


def network(recipe: str, seed: int = SEED, **settings: Any) -> Rival:
    """DeltaW by a recipe."""

    def run(data: Data, train: pl.DataFrame, test: pl.DataFrame) -> Answers:
        table = Table(frame=train, name=data.table.name, target=data.target.name, blocks=data.table.blocks)
        model = deltaw.fit(
            table, data.target.name, recipe, seed=seed, test_size=0.0, threads=1, verbose=False, **settings
        )
        found = model.answers(test.drop(data.target.name), threads=1)
        if found.probabilities is None:
            return np.asarray(found.values, float)
        return _spread(found.probabilities, data, [data.target.classes.index(each) for each in model.classes])

    return run


def dense(classifier: Callable[[], Any], regressor: Callable[[], Any]) -> Rival:
    """An estimator that takes standardised numbers."""

    def run(data: Data, train: pl.DataFrame, test: pl.DataFrame) -> Answers:
        preparation = Preparation.fit(train, data.columns, scaling="standard", blocks=data.table.blocks)
        return _fitted(data, classifier, regressor, preparation.transform(train), train, preparation.transform(test))

    return run


def trees(classifier: Callable[[], Any], regressor: Callable[[], Any], words_as: str = "category") -> Rival:
    """An estimator that takes a frame of pandas with numbers and categories."""

    def run(data: Data, train: pl.DataFrame, test: pl.DataFrame) -> Answers:
        (X, names), (Xt, _) = (_for_trees(data, train, part, words_as) for part in (train, test))
        more = {"cat_features": names} if words_as == "str" and names else {}
        return _fitted(data, classifier, regressor, X, train, Xt, **more)

    return run


def networks_of_pytabkit(make: Callable[[str], Any]) -> Rival:
    """A network of pytabkit with its own preparation; missing numbers, which it does not take, get the median.

    `make` gives one that is a "Classifier" or a "Regressor".
    """

    def run(data: Data, train: pl.DataFrame, test: pl.DataFrame) -> Answers:
        (X, names), (Xt, _) = (_for_trees(data, train, part, "str") for part in (train, test))
        X, Xt = (part.astype(dict.fromkeys(names, "category")).fillna(X.median(numeric_only=True)) for part in (X, Xt))
        classifier, regressor = (partial(make, task) for task in ("Classifier", "Regressor"))
        return _fitted(data, classifier, regressor, X, train, Xt, cat_col_names=names)

    return run


def _for_trees(data: Data, train: pl.DataFrame, part: pl.DataFrame, words_as: str) -> tuple[Any, list[str]]:
    """Columns as numbers with NaN where missing, or as categories; and which are categories."""
    import pandas as pd

    blocks = {block.name: block.columns for block in data.table.blocks}
    columns: dict[str, Any] = {}
    categories = []
    for column in data.columns:
        for name in blocks.get(column.name, (column.name,)):
            if column.kind == "category":
                words = as_words(train[name]).drop_nulls().value_counts(sort=True)[name].head(MOST_WORDS)
                cells = as_words(part[name]).to_pandas()
                known = pd.Categorical(cells, categories=sorted(words))
                columns[name] = known if words_as == "category" else pd.Series(cells.fillna("missing"))
                categories.append(name)
            elif column.kind == "boolean":
                columns[name] = (
                    as_words(part[name]).str.to_lowercase().is_in(["true", "yes", "y", "t"]).to_numpy() * 1.0
                )
            elif column.kind in ("number", "date"):
                read = as_numbers if column.kind == "number" else as_days
                columns[name] = read(part[name], "data")
    return pd.DataFrame(columns), categories


def _fitted(
    data: Data, classifier: Callable[[], Any], regressor: Callable[[], Any], X: Any, train: pl.DataFrame, Xt: Any,
    **more: Any,
) -> Answers:  # fmt: skip
    y = train[data.target.name]
    if data.target.task == "classification":
        model = classifier().fit(X, data.target.encode(y), **more)
        return _spread(model.predict_proba(Xt), data, model.classes_)
    numbers = y.to_numpy().astype(float)
    mean, deviation = numbers.mean(), numbers.std()
    return np.ravel(regressor().fit(X, (numbers - mean) / deviation, **more).predict(Xt)) * deviation + mean


def _spread(probabilities: Array, data: Data, known: Any) -> Array:
    """Probabilities of the classes that training knew, as (n, K) of all."""
    whole = np.zeros((len(probabilities), len(data.target.classes)))
    whole[:, np.asarray(known, int)] = probabilities
    return whole


def _lightgbm(kind: str) -> Callable[[], Any]:
    def make() -> Any:
        import lightgbm

        return getattr(lightgbm, kind)(n_jobs=1, verbose=-1, random_state=SEED)

    return make


def _catboost(kind: str) -> Callable[[], Any]:
    def make() -> Any:
        import catboost

        return getattr(catboost, kind)(thread_count=1, verbose=0, random_seed=SEED, allow_writing_files=False)

    return make


# One training whose epoch a fifth of the rows chooses; and as `deltaw.fit` trains: folds first, and then on all rows.
NETWORKS: dict[str, dict[str, Any]] = {
    "default": {"recipe": "default", "folds": 0},
    "quick": {"recipe": "quick", "folds": 0},
    "every row": {"recipe": "default"},
    "accurate": {"recipe": "accurate"},
}
OF_PYTABKIT = {"RealMLP": "RealMLP_TD", "TabM": "TabM_D"}  # by the names of its classes
REFERENCE = "HGB"  # scikit-learn's HistGradientBoosting, whose CPU seconds are 1
RIVALS: dict[str, Rival] = {
    REFERENCE: trees(
        lambda: HistGradientBoostingClassifier(random_state=SEED, categorical_features="from_dtype"),
        lambda: HistGradientBoostingRegressor(random_state=SEED, categorical_features="from_dtype"),
    ),
    "LightGBM": trees(_lightgbm("LGBMClassifier"), _lightgbm("LGBMRegressor")),
    "CatBoost": trees(_catboost("CatBoostClassifier"), _catboost("CatBoostRegressor"), words_as="str"),
    "linear": dense(lambda: LogisticRegression(max_iter=1000), lambda: RidgeCV(np.logspace(-3, 4, 15))),
    "MLP": dense(lambda: MLPClassifier(random_state=SEED), lambda: MLPRegressor(random_state=SEED)),
    **{
        who: networks_of_pytabkit(partial(estimator, kind, seed=SEED, device="cpu"))
        for who, kind in OF_PYTABKIT.items()
    },
}
PACKAGES = {"LightGBM": "lightgbm", "CatBoost": "catboost"} | dict.fromkeys(OF_PYTABKIT, "pytabkit")


def installed() -> dict[str, Rival]:
    """Those of RIVALS that can be run here."""
    return {
        name: run
        for name, run in RIVALS.items()
        if name not in PACKAGES or importlib.util.find_spec(PACKAGES[name]) is not None
    }
