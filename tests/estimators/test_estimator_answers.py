"""The estimators' answers go by the engine: the same bits in any company, the weights as they are, X as it may come."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from deltaw.engines import predictor
from deltaw.sklearn import MLPClassifier, MLPRegressor, TableClassifier, TableRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_digits(return_X_y=True)
QUICK: dict[str, Any] = {"hidden_layer_sizes": (20,), "max_iter": 3, "random_state": 0}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    MADE: dict[str, Any] = {
        "classes": MLPClassifier(**QUICK).fit(X, Y),
        "two classes": MLPClassifier(**QUICK).fit(X, Y > 4),
        "labels": MLPClassifier(**QUICK).fit(X, np.c_[Y > 4, Y % 2]),
        "numbers": MLPRegressor(**QUICK).fit(X, Y),
        "quantiles": MLPRegressor(quantiles=(0.1, 0.9), **QUICK).fit(X, Y),
        "float32": MLPClassifier(**QUICK).fit(X.astype(np.float32), Y),
    }


def answers(estimator: Any, X: Any) -> Any:
    return estimator.predict_proba(X) if hasattr(estimator, "classes_") else estimator.predict(X)


def exact(estimator: Any, X: Any) -> Any:
    return answers(copy.copy(estimator).set_params(engine="reference"), X)


@pytest.fixture(params=MADE)
def made(request: pytest.FixtureRequest) -> Any:
    return copy.deepcopy(MADE[request.param])


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(MADE)), threads=st.integers(1, 3), data=st.data())
def test_a_row_has_the_same_answer_in_any_company(name: str, threads: int, data: st.DataObject) -> None:
    estimator = copy.copy(MADE[name]).set_params(n_threads=threads)
    some = data.draw(st.lists(st.integers(0, len(X) - 1), min_size=1, max_size=200), label="rows")
    whole = answers(MADE[name], X)
    assert answers(estimator, X[some]).tobytes() == whole[some].tobytes()
    assert answers(estimator, X[some[:1]]).tobytes() == whole[some[:1]].tobytes()


def test_the_equations_say_the_same(made: Any) -> None:
    found = answers(made, X)
    assert found.dtype == X.dtype
    np.testing.assert_allclose(found, exact(made, X), rtol=2e-5, atol=2e-6)
    assert answers(made, X.astype(np.float32)).dtype == np.float32


def test_however_x_comes(made: Any) -> None:
    wanted = answers(made, X[:50])
    columns = pd.DataFrame(X[:50]).to_numpy()
    forms = [np.asfortranarray(X[:50]), X[:100][::2][:0:-1][::-1], columns, X[:50].astype(int), X[:50].tolist()]
    forms[1] = np.repeat(X[:50], 2, axis=0)[::2]
    for given_ in (*forms, *(kind(X[:50]) for kind in (scipy.sparse.csr_array, scipy.sparse.csc_matrix))):
        np.testing.assert_array_equal(answers(made, given_), wanted)


def test_probabilities_sum_to_one_and_have_logarithms() -> None:
    sure = MLPClassifier(**QUICK | {"max_iter": 40, "learning_rate_init": 0.05}).fit(X, Y)
    for estimator in (sure, MADE["classes"], MADE["two classes"]):
        chances = estimator.predict_proba(X * 30)  # far out, where float32 knows only 0 and 1
        np.testing.assert_allclose(chances.sum(axis=1), 1.0, rtol=1e-14)
        assert np.isfinite(estimator.predict_log_proba(X * 30)).all()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            log_loss(estimator.classes_[chances.argmax(axis=1)], chances, labels=estimator.classes_)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_scikit_learn_refuses_is_refused_in_its_words(made: Any, dtype: Any) -> None:
    rows = X[:3].astype(dtype)
    for bad, words in ((np.nan, "Input X contains NaN"), (np.inf, "Input X contains infinity")):
        rows[1, 2] = bad
        with pytest.raises(ValueError, match=words):
            made.predict(rows)
    with pytest.raises(ValueError, match=r"X has 63 features, but MLP(Classifier|Regressor) is expecting 64"):
        made.predict(X[:3, 1:].astype(dtype))
    with pytest.raises(ValueError, match="Expected 2D array, got 1D"):
        made.predict(X[0].astype(dtype))
    with pytest.raises(ValueError, match="0 sample"):
        made.predict(X[:0].astype(dtype))


def test_numbers_that_float32_cannot_hold() -> None:
    rows = X[:3] * 1e40
    with pytest.raises(ValueError, match="numbers that float32 can hold"):
        MADE["numbers"].predict(rows)
    assert np.isfinite(exact(MADE["numbers"], rows)).all()


def test_a_sum_that_overflows_is_no_fault() -> None:
    rows = np.full((2, 64), 3e37)
    np.testing.assert_allclose(MADE["numbers"].predict(rows), exact(MADE["numbers"], rows), rtol=1e-5)


def test_names_of_columns_are_asked_for() -> None:
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(64)])
    named = MLPClassifier(**QUICK).fit(frame, Y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        named.predict(X)
    with pytest.raises(ValueError, match="feature names"):
        named.predict(frame.rename(columns={"pixel 3": "x"}))


# --- the weights as they are ------------------------------------------------------------------------------------------


def count_packings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    made: list[Any] = []
    real = predictor.Predictor
    monkeypatch.setattr(predictor, "Predictor", lambda network: made.append(network) or real(network))
    return made


@pytest.mark.parametrize("how", ["in place", "assigned", "bias", "activation", "partial_fit", "warm start", "fit"])
def test_weights_are_packed_once_and_anew_when_they_change(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    estimator, packed = copy.deepcopy(MADE["classes"]), count_packings(monkeypatch)
    before = estimator.predict_proba(X)
    estimator.predict(X[:1])
    assert len(packed) == 1
    if how == "in place":
        estimator.coefs_[0][3, 4] += 1.0
    elif how == "assigned":
        estimator.coefs_ = [0.5 * coef for coef in estimator.coefs_]
    elif how == "bias":
        estimator.intercepts_[1] = np.arange(10.0)
    elif how == "activation":
        estimator.set_params(activation="tanh")
    elif how == "partial_fit":
        estimator.partial_fit(X, Y)
    else:
        estimator.set_params(warm_start=how == "warm start", random_state=5).fit(X, Y)
    after = estimator.predict_proba(X)
    assert not np.array_equal(after, before)
    np.testing.assert_allclose(after, exact(estimator, X), rtol=2e-5, atol=2e-6)
    assert len(packed) == 2


def test_nothing_packed_is_in_the_estimator(made: Any) -> None:
    before, kept = pickle.dumps(made), dict(vars(made))
    wanted = answers(made, X)
    assert pickle.dumps(made) == before
    assert vars(made).keys() == kept.keys()
    again = pickle.loads(before)
    assert answers(again, X).tobytes() == wanted.tobytes()


@pytest.mark.parametrize("kind", [TableClassifier, TableRegressor])
def test_table_estimators_answer_by_their_engine_and_threads(kind: Any) -> None:
    estimator = kind(epochs=1, hidden=(8,), random_state=0).fit(X[:300], Y[:300])
    wanted = answers(estimator, X)
    assert answers(estimator.set_params(n_threads=3), X).tobytes() == wanted.tobytes()
    assert answers(estimator, X[7:8]).tobytes() == wanted[7:8].tobytes()
    inside = answers(estimator.set_params(engine="reference"), X)
    assert inside.tobytes() != wanted.tobytes()
    np.testing.assert_allclose(inside, wanted, rtol=1e-4, atol=1e-5)
