"""What users hold can be pickled and copied, whatever it was asked before, and compared without an error."""

from __future__ import annotations

import copy
import importlib
import inspect
import io
import os
import pickle
import subprocess
import sys
from dataclasses import is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import explain
from deltaw.equations import initializers, losses, schedules
from deltaw.plain import Plain
from deltaw.sklearn import MLPClassifier, TableClassifier, TableRegressor

X = np.random.default_rng(0).uniform(size=(30, 2))
FRAME = pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": np.where(X[:, 0] > 0.5, "p", "q")})
TABLES = [
    *((losses.loss, name) for name in losses.LOSSES),
    *((schedules.schedule, name) for name in schedules.SCHEDULES),
    *((initializers.initializer, name) for name in initializers.INITIALIZERS if name != "constant"),
    (losses.loss, "huber(0.3)"),
    (losses.loss, "pinball(0.1, 0.9)"),
    (schedules.schedule, "step(0.3, 4)"),
    (initializers.initializer, "constant(0.2)"),
]


@pytest.mark.parametrize(("find", "name"), TABLES)
def test_rows_of_the_tables(find, name: str) -> None:  # type: ignore[no-untyped-def]
    row = find(name)
    for again in (pickle.loads(pickle.dumps(row)), copy.deepcopy(row)):
        assert (type(again), again.name) == (type(row), row.name)


def own(o: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.sum(o - t, axis=1)  # type: ignore[no-any-return]


def test_a_row_of_somebodys_own_stays_their_own() -> None:
    again = pickle.loads(pickle.dumps(losses.Loss("squared", own, own, "o - t")))
    assert (again.E, again.dE, again.formula) == (own, own, "o - t")


def test_explanations_that_were_looked_at() -> None:
    model = deltaw.fit(FRAME, "y", epochs=1, folds=0, hidden=3, verbose=False)
    step = explain.step(model.network, np.zeros(model.network.sizes[0]), 0, loss="cross_entropy")
    prediction = explain.prediction(model, FRAME)
    for each in (prediction, prediction.page, step, step.link(1, 0, 0)):
        said = str(each)
        for again in (pickle.loads(pickle.dumps(each)), copy.deepcopy(each)):
            assert str(again) == said
            assert again != each
    for each in (deltaw.read(FRAME), model.answers(FRAME), model.dependence(FRAME, "a")):
        assert each == each
        assert each != copy.deepcopy(each)


def table(n: int = 200) -> pl.DataFrame:
    """A column of each kind, with words and numbers that are averaged over."""
    random = np.random.default_rng(1)
    few = random.integers(0, 40, n)
    columns = {"a": random.normal(size=n), "word": [f"w{i}" for i in few], "often": few, "is": few > 20}
    return pl.DataFrame(columns).with_columns(day=pl.date(2024, 1, 1) + pl.duration(days=pl.col("often")))


def fitted(kind: str) -> Any:
    X = table()
    y = X["a"].to_numpy() + X["is"].to_numpy()
    if kind == "MLPClassifier":
        return MLPClassifier(max_iter=2, random_state=0).fit(X[["a", "often"]], y > 0.5)
    made = TableRegressor if kind == "TableRegressor" else TableClassifier
    recipe = "accurate" if kind == "several networks" else "default"
    return made(recipe, epochs=2, random_state=0).fit(X, y if made is TableRegressor else np.where(y > 0.5, "p", "q"))


class Named(pickle.Unpickler):
    """Notes what a pickle imports."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.found: list[Any] = []

    def find_class(self, module: str, name: str) -> Any:
        self.found.append(super().find_class(module, name))
        return self.found[-1]


@pytest.mark.parametrize("kind", ["TableClassifier", "TableRegressor", "several networks", "MLPClassifier"])
def test_an_estimator_that_was_used_is_the_same_bytes(kind: str) -> None:
    estimator, X = fitted(kind), table()
    X = X[["a", "often"]] if kind == "MLPClassifier" else X
    before, digest = pickle.dumps(estimator), joblib.hash(estimator)
    answers = estimator.predict(X)
    repr(estimator), estimator._repr_html_()
    assert pickle.dumps(estimator) == before
    for again in (pickle.loads(before), copy.deepcopy(estimator)):
        assert joblib.hash(again) == digest
        np.testing.assert_array_equal(again.predict(X), answers)
    reader = Named(before)
    reader.load()  # data and classes, as formats that run nothing (skops) hold: no functions but NumPy's for its arrays
    assert all(isinstance(each, type) or each.__module__.startswith("numpy") for each in reader.found)


FIT = """
import pickle
import polars as pl
from deltaw.sklearn import TableClassifier

X = pl.DataFrame({"a": range(60), "word": [f"w{i % 7}" for i in range(60)]})
made = pickle.dumps(TableClassifier(epochs=1, random_state=0).fit(X, ["p", "q", "q"] * 20))
"""


def test_a_pickle_is_the_same_in_another_process() -> None:
    here: dict[str, Any] = {}
    exec(FIT, here)
    way = {"PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}  # another order of sets
    program = [sys.executable, "-c", FIT + "import sys; sys.stdout.buffer.write(made)"]
    assert subprocess.run(program, env=os.environ | way, capture_output=True, check=True).stdout == here["made"]


def test_what_a_class_keeps_is_not_its_state() -> None:
    package = Path(deltaw.__file__).parent
    files = [path for path in package.rglob("*.py") if "@cached_property" in path.read_text("utf-8")]
    named = (".".join(path.relative_to(package.parent).with_suffix("").parts) for path in files)
    classes = {each for name in named for _, each in inspect.getmembers(importlib.import_module(name), inspect.isclass)}
    keeping = [each for each in classes if any(isinstance(value, cached_property) for value in vars(each).values())]
    data = [each for each in keeping if is_dataclass(each)]
    assert len(data) > 10
    assert [each for each in data if not issubclass(each, Plain)] == []
