"""NumPy's masked arrays: a cell that is masked is missing, and refused in one line where nothing may be missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import deltaw
from deltaw import InputError, Network
from deltaw.doctor import examine
from deltaw.models import predict_batches
from deltaw.sklearn import MLPClassifier, MLPRegressor, TableClassifier, TableRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)
HIDDEN = RNG.random(X.shape) < 0.2
MASKED = np.ma.masked_array(np.where(HIDDEN, 1e6, X), HIDDEN)
MISSING = np.where(HIDDEN, np.nan, X)
QUICK: dict[str, Any] = {"recipe": "quick", "epochs": 2, "hidden": [4], "random_state": 0}


def test_missing_to_tables() -> None:
    first, second = (TableClassifier(**QUICK).fit(each, Y) for each in (MASKED, MISSING))
    np.testing.assert_array_equal(first.predict_proba(MASKED), second.predict_proba(MISSING))
    answers = np.ma.masked_array(X[:, 0], Y == 0)
    fitted = TableRegressor(**QUICK).fit(X, answers, sample_weight=np.arange(60))
    assert fitted.n_left_out_ == (Y[1:] == 0).sum()
    words = np.ma.masked_array([["a"], ["b"], ["c"]] * 20, [[False], [False], [True]] * 20, dtype=object)
    made = TableClassifier(**QUICK).fit(words, Y).model_.preparation.feature_names
    assert made == ("x0=a", "x0=b", "x0=(other)", "x0=(missing)")


def test_missing_in_batches() -> None:
    model = TableClassifier(**QUICK).fit(MASKED, Y).model_
    named = [{f"x{i}": each[:, i] for i in range(3)} for each in (MASKED, MISSING)]
    first, second = (predict_batches(model)(each)["probability_1"] for each in named)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_refused_by_estimators_that_want_all(estimator: Any) -> None:
    made = estimator(max_iter=2)
    with pytest.raises(ValueError, match="X contains NaN"):
        made.fit(MASKED, Y)
    with pytest.raises(ValueError, match="contains NaN"):
        made.fit(X, np.ma.masked_array(Y, HIDDEN[:, 0]))
    with pytest.raises(ValueError, match="contains NaN"):
        made.fit(X, Y).predict(MASKED)


def test_refused_by_train() -> None:
    net = Network([3, 1], "identity", seed=0)
    row, column = np.argwhere(HIDDEN)[0]
    with pytest.raises(InputError, match=f"^X: expected an array of numbers, found a masked cell at {row}, {column}"):
        deltaw.train(net, MASKED, Y)
    with pytest.raises(InputError, match=r"^T: expected an array of numbers, found a masked cell at"):
        deltaw.train(net, X, np.ma.masked_array(Y, HIDDEN[:, 0]))
    with pytest.raises(InputError, match=r"^sample_weight: expected an array of numbers, found a masked cell at"):
        deltaw.train(net, X, Y, sample_weight=np.ma.masked_array(Y, HIDDEN[:, 0]))
    deltaw.train(net, np.ma.masked_array(X, False), Y)  # nothing is masked


def test_told_by_the_doctor() -> None:
    first = examine(Network([3, 1], "identity"), MASKED, X[:, 0], loss="squared", seconds=0).findings[0]
    assert first.rule == "non_finite_values"
