"""What users hold can be pickled and copied, whatever it was asked before, and compared without an error."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import explain
from deltaw.equations import initializers, losses, schedules

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
