"""Where the line between two classes is drawn: answers and their scores move, probabilities stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from small import QUICK

import deltaw
from deltaw import models
from deltaw.exceptions import InputError, SettingError
from deltaw.explain import prediction
from deltaw.models import storage
from deltaw.models.scoring.metrics import METRICS, Outcome, metric_of
from deltaw.models.scoring.threshold import best
from deltaw.report import html
from deltaw.sklearn import TableClassifier, TableRegressor

BY_ANSWERS = ("accuracy", "balanced_accuracy", "f1")
OF_PROBABILITIES = ("log_loss", "auc", "average_precision", "brier", "ece")


def churn(n: int = 400) -> pl.DataFrame:
    """One row in six is a yes."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, 2))
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "left": np.where(x[:, 0] + rng.normal(size=n) > 1.4, "yes", "no")})


@pytest.fixture(scope="module")
def model() -> deltaw.Model:
    return deltaw.fit(churn(), "left", **QUICK)


@pytest.mark.parametrize("threshold", [0.05, 0.3, 0.9])
def test_answers_move_and_probabilities_stay(model: deltaw.Model, threshold: float) -> None:
    rows = churn()
    moved = model.with_threshold(threshold)
    trained = deltaw.fit(rows, "left", threshold=threshold, **QUICK)
    p = model.predict_proba(rows)[:, 1]
    for other in (moved, trained):
        np.testing.assert_array_equal(other.predict_proba(rows)[:, 1], p)
        np.testing.assert_array_equal(other.predict(rows) == "yes", p >= threshold)
        assert other.scores is not None
        assert model.scores is not None
        assert other.scores == trained.scores
        for name in OF_PROBABILITIES:
            assert other.scores[name] == model.scores[name]
        truth, said = other.scores.outcome.truth, other.scores.outcome.predicted  # type: ignore[union-attr]
        assert other.scores["f1"] == pytest.approx(metrics.f1_score(truth, said))
        assert np.array_equal(other.scores.confusion, metrics.confusion_matrix(truth, said))
        known = rows.get_column("left").to_numpy() == "yes"
        assert other.evaluate(rows)["f1"] == pytest.approx(metrics.f1_score(known, p >= threshold))
    assert model.with_threshold(threshold).with_threshold(None).predict(rows).tolist() == model.predict(rows).tolist()


@given(st.integers(0, 500), st.integers(2, 60), st.sampled_from(BY_ANSWERS), st.integers(1, 9))
def test_no_other_threshold_is_better(seed: int, n: int, name: str, decimals: int) -> None:
    rng = np.random.default_rng(seed)
    truth = np.concatenate([[0, 1], rng.integers(2, size=n)])
    p = np.clip(rng.beta(2, 3, len(truth)) + 0.2 * truth, 0, 1).round(decimals)
    shares = np.stack([1 - p, p], axis=1)
    metric = metric_of(name, "classification")

    weight = None if seed % 2 else rng.gamma(2, 1, len(truth))

    def at(threshold: float) -> float:
        return metric.score(Outcome(truth, (p >= threshold).astype(np.int64), shares, weight))

    found = best(metric, Outcome(truth, shares.argmax(axis=1), shares, weight))
    assert 0 < found < 1
    assert at(found) >= max(map(at, [*np.unique(p[p > 0]), *np.linspace(0.01, 0.99, 99)])) - 1e-12


@pytest.mark.usefixtures("undrawn")
def test_the_best_is_chosen_on_rows_held_out_and_kept(tmp_path: Path) -> None:
    rows = churn()
    settings = {"threshold": "best:f1", **QUICK, "validation": 0.2, "finish": 0, "folds": 0}
    model, plan = deltaw.fit(rows, "left", **settings), models.plan(rows, "left", **settings)
    assert plan.validation is not None
    p = model.predict_proba(plan.validation.frame)[:, 1]
    threshold = model.target.threshold
    assert threshold is not None
    reached = metrics.f1_score(plan.validation.truth, p >= threshold)
    assert reached == max(metrics.f1_score(plan.validation.truth, p >= each) for each in p)
    assert models.run(plan).target == model.target
    model.save(tmp_path / "m.deltaw")
    loaded = deltaw.load(tmp_path / "m.deltaw")
    assert (loaded.target, loaded.recipe) == (model.target, model.recipe)
    assert loaded.predict(rows).tolist() == model.predict(rows).tolist()
    assert models.replan(loaded, rows) is not None
    assert models.replan(loaded.with_threshold(0.2), rows) is not None
    assert loaded.with_threshold(0.2).scores is None
    assert model.target.rule in html(model)
    assert model.target.rule in str(prediction(loaded, rows))


def test_folds_choose_it_by_all_rows_and_are_scored_by_that_of_the_others() -> None:
    model = deltaw.fit(churn(), "left", threshold="best:f1", **QUICK)
    assert model.scores is not None
    known = model.scores.outcome
    assert known is not None
    assert model.target.threshold == best(metric_of("f1", "classification"), known)
    ours = model.with_threshold(model.target.threshold).scores
    assert ours is not None
    assert model.scores["f1"] <= ours["f1"]


def test_explain_is_about_the_class_that_is_answered(model: deltaw.Model) -> None:
    row = int(np.argmin(np.abs(model.predict_proba(churn())[:, 1] - 0.3))) + 1
    for threshold, answer in ((0.1, "yes"), (0.9, "no")):
        found = prediction(model.with_threshold(threshold), churn(), row)
        assert found.answer == answer
        assert found.attributions.outputs[found.attributions.output] == answer


def test_the_usual_one_is_left_out_of_a_file(model: deltaw.Model) -> None:
    document = storage.document(model)
    assert "threshold" not in document["target"]
    assert "threshold" not in document["recipe"]


def test_the_estimators_answer_by_it() -> None:
    rows = churn()
    X, y = rows.drop("left"), rows.get_column("left").to_numpy()
    settings: dict[str, Any] = {"settings": QUICK | {"engine": None}, "engine": "native", "random_state": 0}
    settings["settings"] = {name: value for name, value in QUICK.items() if name != "engine"}
    usual = TableClassifier(**settings).fit(X, y)
    moved = TableClassifier(threshold=0.2, **settings).fit(X, y)
    p = usual.predict_proba(X)[:, 1]
    np.testing.assert_array_equal(moved.predict_proba(X)[:, 1], p)
    np.testing.assert_array_equal(moved.predict(X) == "yes", p >= 0.2)
    assert moved.score(X, y) == metrics.accuracy_score(y == "yes", p >= 0.2)
    with pytest.raises(SettingError, match="two classes, found numbers"):
        TableRegressor(**settings | {"settings": {"threshold": 0.2}}).fit(X, rows.get_column("a").to_numpy())


@pytest.mark.parametrize(
    "wrong", [0, 1, -0.1, 2, True, "half", "best:", "best:auc", "best:f2", "best:r2", float("nan")]
)
def test_what_is_no_threshold(wrong: Any) -> None:
    with pytest.raises(InputError, match=r"^threshold: expected .*, found .*; give e\.g\. ") as error:
        deltaw.fit(churn(), "left", threshold=wrong, **QUICK)
    assert "\n" not in str(error.value)


def test_where_there_is_none(table: pl.DataFrame) -> None:
    for target, found in (("grade", "3 classes"), ("price", "numbers")):
        with pytest.raises(SettingError, match=f"threshold: expected a target of two classes, found {found}"):
            deltaw.fit(table, target, threshold="best:f1", **QUICK)
    with pytest.raises(SettingError, match="threshold: expected validation rows to choose it by"):
        deltaw.fit(churn(), "left", threshold="best:f1", validation=0.0, folds=0, **QUICK)
    priced = deltaw.fit(table, "price", **QUICK)
    with pytest.raises(SettingError, match="two classes"):
        priced.with_threshold(0.3)


def test_which_scores_go_by_answers() -> None:
    assert tuple(each.name for each in METRICS["classification"] if each.by_answers) == BY_ANSWERS


def test_a_threshold_by_one_part_needs_rows_that_chose_and_did_not_score() -> None:
    rows = churn()
    with pytest.raises(SettingError, match=r"found fewer than 20 .validation=0.2 of 90 rows."):
        models.plan(rows[:90], "left", threshold="best:f1", folds=1, **QUICK)
    with pytest.raises(SettingError, match=r"found none .validation=0 of 400 rows."):
        models.plan(rows, "left", threshold="best:f1", folds=1, validation=0.0, **QUICK)
    one = deltaw.fit(rows, "left", threshold="best:f1", folds=1, **QUICK)
    assert one.target.threshold is not None
    beside = deltaw.fit(rows[:200], "left", threshold="best:f1", folds=1, validation=rows[200:], **QUICK)
    assert beside.target.threshold is not None
