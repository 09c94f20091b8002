"""Scores against scikit-learn's metrics and dummy estimators."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor
from small import QUICK

import deltaw
from deltaw import files
from deltaw.exceptions import ModelFileError, SettingError
from deltaw.models.scoring.metrics import Outcome, in_percent, metric_of, to_four_places
from deltaw.models.scoring.scores import SCHEMA, Baseline, Scores, score, worst
from deltaw.schema import check


def classified(seed: int, n: int, k: int) -> tuple[np.ndarray, Outcome]:
    rng = np.random.default_rng(seed)
    training = np.concatenate([np.arange(k), rng.integers(k, size=30)])
    probabilities = rng.dirichlet(np.ones(k), n)
    return training, Outcome(rng.integers(k, size=n), probabilities.argmax(1), probabilities)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 40), st.integers(2, 5))
def test_classification_is_what_sklearn_says(seed: int, n: int, k: int) -> None:
    training, outcome = classified(seed, n, k)
    scores = score(outcome, Baseline.of("classification", training, k), range(k))
    labels = list(range(k))
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(outcome.truth, outcome.predicted))
    expected = metrics.log_loss(outcome.truth, outcome.probabilities, labels=labels)
    assert scores["log_loss"] == pytest.approx(expected, rel=1e-9)
    assert np.array_equal(scores.confusion, metrics.confusion_matrix(outcome.truth, outcome.predicted, labels=labels))
    for found, function in ((scores.precision, metrics.precision_score), (scores.recall, metrics.recall_score)):
        wanted = function(outcome.truth, outcome.predicted, labels=labels, average=None, zero_division=np.nan)
        np.testing.assert_allclose(found, wanted)

    X = np.zeros((len(training), 1))
    dummy = DummyClassifier(strategy="prior").fit(X, training)
    zeros = np.zeros((n, 1))
    assert scores.baseline["accuracy"] == pytest.approx(dummy.score(zeros, outcome.truth))
    wanted = metrics.log_loss(outcome.truth, dummy.predict_proba(zeros), labels=labels)
    assert scores.baseline["log_loss"] == pytest.approx(wanted)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 40))
def test_regression_is_what_sklearn_says(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    training, truth, predicted = rng.normal(5, 2, 30), rng.normal(5, 2, n), rng.normal(5, 2, n)
    scores = score(Outcome(truth, predicted), Baseline.of("regression", training))
    dummy = DummyRegressor().fit(np.zeros((30, 1)), training).predict(np.zeros((n, 1)))
    for values, answers in ((scores.values, predicted), (scores.baseline, dummy)):
        assert values["r2"] == pytest.approx(metrics.r2_score(truth, answers))
        assert values["rmse"] == pytest.approx(metrics.root_mean_squared_error(truth, answers))
        assert values["mae"] == pytest.approx(metrics.mean_absolute_error(truth, answers))


def test_the_document_is_json_and_comes_back() -> None:
    training, outcome = classified(0, 30, 3)
    scores = score(outcome, Baseline.of("classification", training, 3), "abc")
    document = json.loads(json.dumps(scores.document(), allow_nan=False))
    check(document, SCHEMA, "here")
    again = Scores.from_document(document, "abc")
    assert again == scores
    assert np.array_equal(again.confusion, scores.confusion)


def test_numbers_have_no_confusion() -> None:
    scores = score(Outcome(np.ones(3), np.ones(3)), Baseline.of("regression", np.arange(3.0)))
    for name in ("recall", "precision"):
        with pytest.raises(deltaw.DeltaWError, match=f"{name}: expected scores with a confusion"):
            getattr(scores, name)


def test_equal_targets_have_no_r2() -> None:
    scores = score(Outcome(np.ones(3), np.ones(3)), Baseline.of("regression", np.arange(3.0)))
    assert np.isnan(scores["r2"])
    assert "not defined" in str(scores)
    assert json.loads(json.dumps(scores.document(), allow_nan=False))["scores"]["r2"] is None


def test_certain_and_wrong_is_finite() -> None:
    outcome = Outcome(np.array([0]), np.array([1]), np.array([[0.0, 1.0]]))
    assert np.isfinite(score(outcome, Baseline.of("classification", np.array([0, 1]), 2), (0, 1))["log_loss"])


def test_worst_answers() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.99, 0.01]])
    outcome = Outcome(np.array([1, 1, 0, 1]), probabilities.argmax(1), probabilities)
    assert worst(outcome, 10).tolist() == [3, 0, 2]
    assert worst(outcome, 1).tolist() == [3]
    assert worst(Outcome(np.array([1.0, 5.0, 2.0]), np.array([1.0, 1.0, 3.0])), 10).tolist() == [1, 2]


def test_names_are_attributes_and_a_line_says_it(classifier: deltaw.Model) -> None:
    scores = classifier.scores
    assert scores is not None
    assert scores.accuracy == scores["accuracy"]
    assert dict(scores) == scores.values
    assert [*scores] == [metric.name for metric in scores.metrics]
    assert {"accuracy", "auc", "log_loss"} <= set(dir(scores))
    with pytest.raises(KeyError, match=r"Scores has no 'r2': its scores are accuracy"):
        classifier.scores["r2"]
    with pytest.raises(AttributeError, match=r"did you mean 'accuracy'\? its scores are accuracy"):
        _ = scores.acuracy
    assert copy.deepcopy(scores) == pickle.loads(pickle.dumps(scores)) == scores
    assert repr(scores) == f"Scores({scores})"
    assert "\n" not in repr(scores)
    low, high = scores.intervals["accuracy"]
    assert f"accuracy {scores.accuracy:.2%} [{low:.2%} – {high:.2%}]" in repr(scores)
    page = scores._repr_html_()
    assert all(metric.title in page for metric in scores.metrics)
    assert f"<td class=number>{low:.2%} – {high:.2%}</td>" in page


@pytest.mark.parametrize(
    "ends", [{"accuracy": [0.5]}, {"accuracy": [0.9, 0.1]}, {"luck": [0.0, 1.0]}, {"accuracy": [None, 1.0]}]
)
def test_intervals_that_cannot_be(classifier: deltaw.Model, tmp_path: Path, ends: dict[str, list[float]]) -> None:
    path = tmp_path / "forged.deltaw"
    classifier.save(path)
    arrays, document = files.read(path)
    files.write(path, arrays, document | {"scores": document["scores"] | {"intervals": ends}})
    with pytest.raises(ModelFileError):
        deltaw.load(path)


def test_a_metric_chooses_the_weights(table: pl.DataFrame) -> None:
    for target, dropped, metric in (
        ("grade", "price", "auc"),
        ("grade", "price", "log_loss"),
        ("price", "grade", "mae"),
    ):
        model = deltaw.fit(table.drop(dropped), target, metric=metric, **QUICK | {"epochs": 6})
        row, scores = metric_of(metric, model.task), model.history.score
        assert model.recipe.keep == metric
        best = max(scores) if row.higher_is_better else min(scores)
        # A draw goes to the later epoch.
        assert model.history.best_epoch == 1 + max(i for i, each in enumerate(scores) if each == best)


def test_a_metric_that_cannot_choose(table: pl.DataFrame) -> None:
    rows = table.drop("price")
    for given_settings, words in (
        ({"metric": "rmse"}, "metric: expected a score of classification .* which is for the other task"),
        ({"metric": "acuracy"}, "did you mean 'accuracy'"),
        ({"keep": "rmse"}, "keep: expected a score of classification"),
        ({"metric": "auc", "validation": 0.0}, "metric: expected validation rows"),
    ):
        with pytest.raises(SettingError, match=words):
            deltaw.fit(rows, "grade", **QUICK | given_settings)


def test_there_is_one_zero() -> None:
    for write, text in ((to_four_places, "0.0000"), (in_percent, "0.00%")):
        assert write(-1e-9) == write(0.0) == write(-0.0) == text
    assert (to_four_places(-0.00006), in_percent(-0.00006)) == ("−0.0001", "−0.01%")
