"""Importance and partial dependence: what must be so whatever the network is, and models of known functions."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import partial_dependence, permutation_importance
from small import QUICK

import deltaw
from deltaw.exceptions import ColumnError, SettingError
from deltaw.models.scoring.dependence import Dependence
from deltaw.models.scoring.importance import column_importances, sampled
from deltaw.models.scoring.metrics import Outcome, metric_of


def logistic(X: np.ndarray, weights: list[float]) -> np.ndarray:
    """Probabilities of a network without hidden layers."""
    p = 1 / (1 + np.exp(-X @ np.asarray(weights)))
    return np.stack([1 - p, p], axis=1)


def worths(
    X: np.ndarray, truth: np.ndarray, weights: list[float], metric: str = "auc", repeats: int = 5, seed: int = 0
) -> dict[str, Any]:
    def answer(moved: np.ndarray) -> Outcome:
        p = logistic(moved, weights)
        return Outcome(truth, p.argmax(axis=1), p)

    places = [(f"x{i}", slice(i, i + 1)) for i in range(X.shape[1])]
    found = column_importances(X, places, answer, metric_of(metric, "classification"), repeats, seed)
    assert [each.drop for each in found] == sorted((each.drop for each in found), reverse=True)
    return {each.column: each for each in found}


def rows(seed: int, n: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Only the first column says something of the class."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, columns))
    return X, (X[:, 0] + rng.normal(0, 0.5, n) > 0).astype(int)


def covers(seeds: range, metric: str) -> float:
    """How often the interval of a column of noise, which the network uses, holds 0."""
    found = [worths(*rows(seed, 200, 2), [2.0, 1.0], metric, seed=seed)["x1"].interval for seed in seeds]
    return float(np.mean([ends is None or ends[0] <= 0 <= ends[1] for ends in found]))


def test_noise_is_worth_nothing() -> None:
    assert covers(range(12), "log_loss") >= 0.75  # of 95 % in the long run
    X, truth = rows(0, 200, 2)
    assert worths(X, truth, [2.0, 0.0])["x1"].drop == 0  # what the network does not use


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["auc", "log_loss", "accuracy"])
def test_noise_is_worth_nothing_95_times_in_100(metric: str) -> None:
    """Its interval misses 0 rarely: where it would be a network's fault alone, the worth of noise is 0 in the mean."""
    assert 0.89 <= covers(range(150), metric) <= 0.995


@pytest.mark.parametrize("metric", ["auc", "balanced_accuracy"])
def test_the_only_column_is_worth_all_there_is_above_a_guess(metric: str) -> None:
    X, truth = rows(1, 4000, 1)
    p = logistic(X, [2.0])
    reached = metric_of(metric, "classification").score(Outcome(truth, p.argmax(axis=1), p))
    found = worths(X, truth, [2.0], metric)["x0"]
    assert found.drop == pytest.approx(reached - 0.5, abs=0.01)
    assert found.interval[0] <= reached - 0.5 <= found.interval[1]


def test_two_columns_that_say_the_same_share_it() -> None:
    X, truth = rows(2, 2000, 1)
    alone, twice = worths(X, truth, [2.0])["x0"], worths(np.hstack([X, X]), truth, [1.0, 1.0])
    assert twice["x0"].drop == pytest.approx(twice["x1"].drop, abs=1e-12)  # the same permutations move both
    assert 0.1 < twice["x0"].drop < 0.7 * alone.drop


class Logistic(ClassifierMixin, BaseEstimator):
    def fit(self, X: np.ndarray, y: np.ndarray) -> Logistic:
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return logistic(X, [2.0, 1.0, 0.0])


def test_as_scikit_learn_has_it() -> None:
    X, truth = rows(3, 1500, 3)
    wanted = permutation_importance(Logistic().fit(X, truth), X, truth, scoring="roc_auc", n_repeats=20, random_state=0)
    found = worths(X, truth, [2.0, 1.0, 0.0], repeats=20)
    for i, (mean, deviation) in enumerate(zip(wanted.importances_mean, wanted.importances_std, strict=True)):
        assert found[f"x{i}"].drop == pytest.approx(mean, abs=1e-9 + 4 * deviation / np.sqrt(10))


def test_rows_that_are_drawn() -> None:
    assert sampled(5, 5, 0).tolist() == [0, 1, 2, 3, 4]
    drawn = sampled(1000, 10, 0)
    assert len(np.unique(drawn)) == 10
    assert drawn.tolist() == sorted(drawn.tolist()) == sampled(1000, 10, 0).tolist()


# --- models ---------------------------------------------------------------------------------------------------------


def calendar(n: int = 300) -> pl.DataFrame:
    """Summers are warm, towns differ, and one thermometer is broken."""
    rng = np.random.default_rng(0)
    days = rng.integers(0, 1000, n)
    town = rng.choice(["Oslo", "Rome"], n)
    warm = 10 - 12 * np.cos(2 * np.pi * (days + 8035) / 365.2425) + 8 * (town == "Rome")
    return pl.DataFrame(
        {
            "day": [date(1992, 1, 1) + timedelta(int(each)) for each in days],
            "town": [None if rng.random() < 0.05 else each for each in town],
            "broken": [None if rng.random() < 0.3 else float(rng.normal()) for _ in range(n)],
            "warm": warm + rng.normal(0, 1, n),
        }
    )


@pytest.fixture(scope="module")
def thermometer() -> deltaw.Model:
    return deltaw.fit(calendar(), "warm", **QUICK | {"epochs": 40})


def test_dates_words_and_missing_cells(thermometer: deltaw.Model) -> None:
    found = thermometer.importance(thermometer.held_out)
    assert [*dict(found)] == ["day", "town", "broken"]
    assert all(found[each.column] == each for each in found.columns)
    assert found["day"].interval[0] > found["broken"].interval[1]
    assert found == thermometer.importance(thermometer.held_out)  # the same seed, the same numbers
    assert json.loads(json.dumps(found.document(), allow_nan=False)) == found.document()
    assert pickle.loads(pickle.dumps(found)) == copy.deepcopy(found) == found
    assert repr(found).startswith("Importance(R² 0.9")
    assert "\n" not in repr(found)
    assert found["town"].column in found._repr_html_()


def test_dependence_is_the_mean_of_answers(thermometer: deltaw.Model) -> None:
    frame = thermometer.held_out
    assert frame is not None
    by_town = thermometer.dependence(frame, "town")
    assert by_town is not None
    for town, answer in zip(by_town.values, by_town.answers, strict=True):
        cell = None if town == "(missing)" else town
        wanted = thermometer.predict(frame.with_columns(town=pl.lit(cell, pl.String))).mean()
        assert answer == pytest.approx(wanted, abs=1e-4)
    assert by_town.rows is not None
    assert by_town.rows.sum() == len(frame)
    by_day = thermometer.dependence(frame, "day")
    assert by_day is not None
    assert (np.diff(by_day.values) > 0).all()
    assert by_day.swing > 15 > 3 > thermometer.dependence(frame, "broken").swing  # type: ignore[union-attr]


def test_dependence_is_that_of_scikit_learn() -> None:
    from deltaw.models.scoring.dependence import of_column

    X, truth = rows(4, 300, 3)
    model = deltaw.fit(pl.DataFrame(X, ["a", "b", "c"]).with_columns(y=pl.Series(truth)), "y", **QUICK)
    [(step, _), *_] = model.preparation.places
    found = of_column(X, slice(0, 1), step, pl.Series(X[:, 0]), lambda moved: logistic(moved, [2.0, 1.0, 0.0]))
    assert found is not None
    wanted = partial_dependence(
        Logistic().fit(X, truth), X, [0], custom_values={0: found.values}, kind="average", method="brute"
    )
    np.testing.assert_allclose(found.answers[:, 1], wanted["average"][0], atol=1e-9)


def test_pictures_are_one_column(notes: deltaw.Model) -> None:
    found = notes.importance("digits", repeats=1)
    assert len(found.columns) == 1
    assert found.columns[0].drop > 0.2
    assert notes.dependence("digits", found.columns[0].column) is None


def test_what_cannot_be(classifier: deltaw.Model, table: pl.DataFrame) -> None:
    rows = table.drop("price")
    for settings, words in (
        ({"metric": "r2"}, "for the other task"),
        ({"repeats": 0}, "repeats: expected a whole number from 1"),
        ({"repeats": True}, "repeats"),
        ({"seed": -1}, "seed: expected"),
    ):
        with pytest.raises(SettingError, match=words):
            classifier.importance(rows, **settings)
    with pytest.raises(SettingError, match="define"):
        classifier.importance(rows.filter(pl.col("grade") == "low"))
    with pytest.raises(ColumnError, match='expected a column "grade"'):
        classifier.importance(rows.drop("grade"))
    with pytest.raises(ColumnError, match='did you mean "size"'):
        classifier.dependence(rows, "sizes")


def test_a_missing_word_is_said_where_it_is_read() -> None:
    found = Dependence("w", "category", np.array(["b", "(missing)"]), np.zeros(2), None)
    assert found.cells == ["b", "(missing)"]
    with deltaw.language("zh"):
        assert found.cells == ["b", "（缺失）"]
