"""scikit-learn's own checks of an estimator, over forty settings of each; none is expected to fail."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from deltaw.sklearn import MLPClassifier, MLPRegressor, TableClassifier, TableRegressor

# Checks look at a hundred epochs at most, and ask for answers that are mostly right: some settings take a larger α.
QUICK: list[dict[str, Any]] = [
    {},
]
# Others on one of the two, which share what these settings change; on both with `-m slow`.
QUICK_OF_CLASSES: list[dict[str, Any]] = [
    {"early_stopping": True, "class_weight": "balanced"},
]
QUICK_OF_NUMBERS: list[dict[str, Any]] = [
    {"solver": "lbfgs"},
]
ALL: list[dict[str, Any]] = [
    {"solver": "lbfgs"},
    {"solver": "sgd", "hidden_layer_sizes": (), "learning_rate_init": 0.05},
    {"early_stopping": True, "learning_rate_init": 0.01},
    {"warm_start": True, "tol": 1e-2, "max_iter": 2000},
    {"solver": "sgd"},
    {"hidden_layer_sizes": (), "learning_rate_init": 0.1},
    {"hidden_layer_sizes": (), "solver": "lbfgs"},
    {"hidden_layer_sizes": (20, 10), "learning_rate_init": 0.01},
    {"hidden_layer_sizes": (20, 10), "solver": "lbfgs"},
    {"hidden_layer_sizes": (20, 10, 10), "learning_rate_init": 0.01},
    {"hidden_layer_sizes": (20, 10, 10), "solver": "sgd", "learning_rate_init": 0.01},
    {"hidden_layer_sizes": 30, "activation": "tanh", "learning_rate_init": 0.01},
    {"hidden_layer_sizes": (20, 10), "activation": ["gelu", "silu"], "learning_rate_init": 0.01},
    {"activation": "logistic", "learning_rate_init": 0.01},
    {"activation": "identity"},
    {"activation": "selu"},
    {"alpha": 0.0},
    {"alpha": 0.1},
    {"batch_size": 200},
    {"shuffle": False},
    {"early_stopping": True, "solver": "sgd", "learning_rate_init": 0.05},
    {"early_stopping": True, "validation_fraction": 0.3, "learning_rate_init": 0.01},
    {"early_stopping": True, "n_iter_no_change": 50, "learning_rate_init": 0.01},
    {"warm_start": True, "tol": 1e-2, "max_iter": 2000, "solver": "lbfgs", "alpha": 0.1},
    {"warm_start": True, "tol": 1e-2, "max_iter": 2000, "early_stopping": True, "learning_rate_init": 0.01},
    {"warm_start": True, "tol": 1e-3, "max_iter": 2000, "solver": "sgd", "learning_rate_init": 0.02},
    {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.02},
    {"solver": "sgd", "nesterovs_momentum": False, "learning_rate_init": 0.02},
    {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.1},
    {"beta_1": 0.5, "beta_2": 0.9},
    {"epsilon": 1e-4},
    {"n_iter_no_change": 30},
    {"optimizer": "adamw(weight_decay=0.01)"},
    {"optimizer": "rmsprop"},
    {"optimizer": "adagrad", "learning_rate_init": 0.05},
    {"optimizer": "nesterov(0.8)", "learning_rate_init": 0.02},
    {"schedule": "cosine", "learning_rate_init": 0.01},
    {"schedule": "one_cycle", "learning_rate_init": 0.01},
    {"dropout": 0.1, "learning_rate_init": 0.01},
    {"max_grad_norm": 1.0, "learning_rate_init": 0.01},
    {"n_threads": 1},
    {"engine": "reference", "max_iter": 50, "learning_rate_init": 0.01},
]
OF_CLASSES: list[dict[str, Any]] = [
    {"class_weight": "balanced"},
    {"label_smoothing": 0.1},
    {"loss": "squared", "learning_rate_init": 0.01},
    {"loss": "hinge"},
    {"loss": "binary_cross_entropy"},
    {"early_stopping": True, "class_weight": "balanced", "learning_rate_init": 0.01},
]
OF_TABLES: list[dict[str, Any]] = [
    {},
    {"recipe": "notes", "epochs": 60},
    {"hidden": (16,), "activation": "relu", "learning_rate": 0.01},
    {"epochs": 20, "validation": 0.0},
    {"engine": "reference", "hidden": (16,), "epochs": 20},
]
OF_NUMBERS: list[dict[str, Any]] = [
    {"loss": "absolute_error"},
    {"loss": "huber(0.5)"},
    {"loss": "pinball(0.6)"},
]


def estimators(shared: list[dict[str, Any]], *own: list[dict[str, Any]]) -> list[Any]:
    classes, numbers = own or ([], [])
    return [
        *(MLPClassifier(**{"max_iter": 100, **settings}) for settings in [*shared, *classes]),
        *(MLPRegressor(**{"max_iter": 100, **settings}) for settings in [*shared, *numbers]),
    ]


@pytest.fixture(autouse=True)
def no_convergence_asked() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


@parametrize_with_checks(estimators(QUICK, QUICK_OF_CLASSES, QUICK_OF_NUMBERS), xfail_strict=True)
def test_quick(estimator: Any, check: Any) -> None:
    check(estimator)


# Which rows are held out, and how many a step takes, goes by the rows that there are, and not by what they count for.
NOT_OF_TABLES = {"check_sample_weight_equivalence_on_dense_data": "a row of weight 2 is not divided as two rows are"}


@parametrize_with_checks(
    [TableClassifier("quick", epochs=12), TableRegressor("quick", epochs=12)],
    expected_failed_checks=lambda _: NOT_OF_TABLES,
    xfail_strict=True,
)
def test_tables(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator", [made(**words) for words in OF_TABLES for made in (TableClassifier, TableRegressor)]
)
def test_all_tables(estimator: Any) -> None:
    found = check_estimator(estimator, expected_failed_checks=NOT_OF_TABLES, on_skip=None)
    assert {each["check_name"] for each in found if each["status"] == "xfail"} == set(NOT_OF_TABLES)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", estimators(ALL, OF_CLASSES, OF_NUMBERS))
def test_all(estimator: Any) -> None:
    """A test a setting: as many as there are checks are 6,000 tests, which take seconds to be counted."""
    check_estimator(estimator, on_skip=None)


def test_at_least_forty_settings() -> None:
    assert len(QUICK + ALL) >= 40
