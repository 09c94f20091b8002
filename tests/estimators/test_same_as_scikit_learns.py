"""Beside scikit-learn's own: the same initial weights, batches and steps, so the same path but for rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_multilabel_classification
from sklearn.preprocessing import scale

import deltaw.sklearn as ours

IRIS = load_iris(return_X_y=True)
DIGITS = load_digits(n_class=4, return_X_y=True)
DIGITS = (DIGITS[0] / 16, DIGITS[1])
LABELS = make_multilabel_classification(n_samples=90, random_state=0)
BODIES = load_diabetes(return_X_y=True)
BINARY = (IRIS[0][:100], np.array(["no", "yes"])[IRIS[1][:100]])

# scikit-learn's ε stands at another place in Adam's formula: it is made too small to be seen. And scikit-learn divides
# alpha by the rows of each batch: all batches here are of one size (720 digits, 442 diabetics).
ADAM = {"epsilon": 1e-12, "max_iter": 12}
HALVES = {**ADAM, "batch_size": 221}
SGD = {"solver": "sgd", "max_iter": 12, "learning_rate_init": 0.05}
OF_CLASSES: dict[str, tuple[Any, dict[str, Any]]] = {
    "adam": (IRIS, ADAM),
    "adam in batches": (DIGITS, {**ADAM, "batch_size": 72}),
    "adam, two layers of tanh": (
        DIGITS,
        {**ADAM, "hidden_layer_sizes": (30, 20), "activation": "tanh", "batch_size": 72},
    ),
    "logistic": (BINARY, {**ADAM, "activation": "logistic"}),
    "labels": (LABELS, {**ADAM, "activation": "identity"}),
    "a large alpha": (IRIS, {**ADAM, "alpha": 5.0}),
    "nesterov": (IRIS, SGD),
    "momentum": (DIGITS, {**SGD, "nesterovs_momentum": False, "batch_size": 60}),
    "no momentum": (IRIS, {**SGD, "momentum": 0.0}),
    "a momentum of 1": (IRIS, {**SGD, "momentum": 1.0, "learning_rate_init": 1e-4}),
    "invscaling": (
        DIGITS,
        {**SGD, "learning_rate": "invscaling", "power_t": 0.2, "learning_rate_init": 0.5, "batch_size": 72},
    ),
    "adaptive": (IRIS, {**SGD, "learning_rate": "adaptive", "n_iter_no_change": 1, "tol": 0.1, "max_iter": 40}),
    "in the order given": (DIGITS, {**SGD, "shuffle": False, "batch_size": 72}),
    "float32": ((IRIS[0].astype(np.float32), IRIS[1]), ADAM),
    "the reference engine": (IRIS, {**ADAM, "engine": "reference"}),
}
OF_NUMBERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "adam": ((BODIES[0], scale(BODIES[1])), HALVES),
    "sgd": ((BODIES[0], scale(BODIES[1])), SGD),
    "poisson": ((BODIES[0], BODIES[1] // 30), {**HALVES, "loss": "poisson"}),
    "two outputs": ((BODIES[0], np.c_[scale(BODIES[1]), -scale(BODIES[1])]), HALVES),
}


def pair(kind: str, data: Any, settings: dict[str, Any]) -> tuple[Any, Any]:
    theirs = {name: value for name, value in settings.items() if name != "engine"}
    one = getattr(neural_network, kind)(random_state=3, **theirs)
    other = getattr(ours, kind)(random_state=3, **settings)
    return one.fit(*data), other.fit(*data)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("kind", "data", "settings"),
    [pytest.param("MLPClassifier", *row, id=f"classes, {name}") for name, row in OF_CLASSES.items()]
    + [pytest.param("MLPRegressor", *row, id=f"numbers, {name}") for name, row in OF_NUMBERS.items()],
)
def test_the_same_path(kind: str, data: Any, settings: dict[str, Any]) -> None:
    one, other = pair(kind, data, settings)
    np.testing.assert_allclose(other.loss_curve_, one.loss_curve_, rtol=2e-3)
    answers = "predict" if kind == "MLPRegressor" else "predict_proba"
    mine, yours = (getattr(estimator, answers)(data[0]) for estimator in (other, one))
    assert mine.dtype == yours.dtype
    np.testing.assert_allclose(mine, yours, rtol=5e-3, atol=2e-3)
    for mine, yours in zip(other.coefs_ + other.intercepts_, one.coefs_ + one.intercepts_, strict=True):
        assert (mine.shape, mine.dtype) == (yours.shape, yours.dtype)
        np.testing.assert_allclose(mine, yours, atol=2e-3)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "_no_improvement_count"):
        assert getattr(other, name) == getattr(one, name), name
    assert other.best_loss_ == pytest.approx(one.best_loss_, rel=2e-3)
    if settings.get("solver") == "sgd":
        assert other._optimizer.learning_rate == pytest.approx(one._optimizer.learning_rate)


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_every_fitted_attribute_and_method_is_there(kind: str) -> None:
    for settings in ({"max_iter": 400, "tol": 1e-2}, {"solver": "lbfgs", "tol": 1e-1, "alpha": 1.0}):
        one, other = pair(kind, IRIS, settings)
        private = {"_label_binarizer", "_coef_indptr", "_intercept_indptr"}
        public = {name for name in vars(one) if name.endswith("_") or name in one.get_params()} - private
        assert public <= set(vars(other))
        methods = {name for name in dir(one) if not name.startswith("_")}
        assert methods - {"partial_fit"} <= set(dir(other))  # scikit-learn's regressor has one that L-BFGS cannot do
        theirs = one.get_params()
        assert {name: value for name, value in other.get_params().items() if name in theirs} == theirs


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_lbfgs_ends_as_low(kind: str) -> None:
    data = IRIS if kind == "MLPClassifier" else (BODIES[0], scale(BODIES[1]))
    settings = {
        "solver": "lbfgs",
        "alpha": 1.0,
        "tol": 1e-6,
        "max_iter": 3000,
        "hidden_layer_sizes": (5,),
        "activation": "tanh",
    }
    one, other = pair(kind, data, settings)
    assert other.loss_ == pytest.approx(one.loss_, rel=2e-2)
    assert abs(other.score(*data) - one.score(*data)) < 0.02


def test_lbfgs_goes_on_in_float64_where_float32_ends() -> None:
    X, y = BODIES[0], scale(BODIES[1])
    settings = {"solver": "lbfgs", "alpha": 0.5, "tol": 1e-9, "max_iter": 5000, "hidden_layer_sizes": ()}
    one, other = pair("MLPRegressor", (X, y), settings)
    # Ridge regression by its normal equations, the intercept not penalised; to where SciPy sees E fall no further.
    centred = X - X.mean(axis=0)
    exact = np.linalg.solve(centred.T @ centred + 0.5 * np.eye(10), centred.T @ y)
    np.testing.assert_allclose(other.coefs_[0].ravel(), exact, atol=5e-3)
    np.testing.assert_allclose(one.coefs_[0].ravel(), exact, atol=5e-3)
    assert other.loss_ == pytest.approx(one.loss_, rel=1e-6)


def test_the_loss_of_several_outputs_is_counted_as_scikit_learn_counts_it() -> None:
    X, y = BODIES[0], np.c_[scale(BODIES[1]), scale(BODIES[0][:, 2])]
    estimator = ours.MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=20.0).fit(X, y)
    penalty = 0.5 * 20.0 * float(np.sum(estimator.coefs_[0] ** 2)) / len(X)
    assert estimator.loss_ == pytest.approx(0.5 * np.mean((estimator.predict(X) - y) ** 2) + penalty, rel=1e-5)
