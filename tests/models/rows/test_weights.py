"""Rows that count for more than others, and classes: in training, in the choice of the best weights, and in scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight
from small import QUICK

import deltaw
from deltaw import models
from deltaw.doctor import examine_model
from deltaw.exceptions import InputError
from deltaw.models.recipes import choose
from deltaw.models.rows import weights
from deltaw.preparation import Target
from deltaw.sklearn import TableClassifier, TableRegressor

HELD = {**QUICK, "validation": 0.2}


def rare(n: int = 400) -> pl.DataFrame:
    """One row in eight is a yes; a weight from 0.5 to 4."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(n, 2))
    yes = x[:, 0] + rng.normal(size=n) > 1.6
    return pl.DataFrame(
        {
            "a": x[:, 0],
            "b": x[:, 1],
            "w": rng.uniform(0.5, 4, n),
            "left": np.where(yes, "yes", "no"),
            "pay": x.sum(axis=1),
        }
    )


def plain(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != "engine"}


def test_how_rare_a_class_is_in_training_says_how_much_is_smoothed() -> None:
    rows = (
        rare().drop("pay").with_columns(left=pl.when(pl.int_range(400) < 8).then(pl.lit("yes")).otherwise(pl.lit("no")))
    )
    own = {"test_size": 0.0, "folds": 0, "validation": 0.0, "drop": "w"}
    assert models.plan(rows, "left", **own).recipe.label_smoothing == pytest.approx(2 * 8 / 400 / 8)
    assert models.plan(rows, "left", **own, class_weight="balanced").recipe.label_smoothing == 0.05
    assert models.plan(rows, "left", **own, class_weight={"yes": 3}).recipe.label_smoothing == pytest.approx(
        2 * 24 / 416 / 8, rel=0.05
    )


def test_the_column_is_no_input_and_weighs_scores(tmp_path: Path) -> None:
    rows = rare()
    model = deltaw.fit(rows.drop("pay"), "left", weight="w", **HELD)
    assert model.preparation.column_names == ("a", "b")
    assert model.scores is not None
    assert model.scores.outcome is not None
    o = model.scores.outcome
    assert model.held_out is not None
    w = model.held_out.get_column("w").to_numpy()
    np.testing.assert_array_equal(o.weight, w)
    assert model.scores["accuracy"] == pytest.approx(metrics.accuracy_score(o.truth, o.predicted, sample_weight=w))
    assert o.part is not None
    folds = [o.part == k for k in range(5)]
    areas = [metrics.roc_auc_score(o.truth[f], o.shares[f, 1], sample_weight=w[f]) for f in folds]
    pairs = [(w[f] @ o.truth[f]) * (w[f] @ (1 - o.truth[f])) for f in folds]
    assert model.scores["auc"] == pytest.approx(np.average(areas, weights=pairs))
    assert model.scores.weight == "w"
    assert "each by its w" in str(model.scores)
    model.save(tmp_path / "m.deltaw")
    loaded = deltaw.load(tmp_path / "m.deltaw")
    assert loaded.recipe.weight == "w"
    assert loaded.scores == model.scores
    p = loaded.predict_proba(rows.drop("w"))  # which answers do not need
    with_, without = loaded.evaluate(rows), loaded.evaluate(rows.drop("w"))
    truth = (rows.get_column("left") == "yes").to_numpy()
    weight = rows.get_column("w").to_numpy()
    assert with_["log_loss"] == pytest.approx(metrics.log_loss(truth, p, sample_weight=weight))
    assert without["log_loss"] == pytest.approx(metrics.log_loss(truth, p))
    assert (with_.weight, without.weight) == ("w", None)
    guess = loaded.baseline.statistic
    again = models.replan(loaded, rows)
    assert again is not None
    kept = again.training.frame
    share = kept.filter(pl.col("left") == "no").get_column("w").sum() / kept.get_column("w").sum()
    assert guess[0] == pytest.approx(share)
    assert examine_model(loaded, rows, seconds=0).setup.sample_weight is not None
    assert loaded.importance(rows)["a"].drop > 0


ONE: dict[str, Any] = {"networks": 1, "finish": 0, "calibrate": False}  # as its best epoch left it


def test_training_and_the_loss_that_chooses_are_weighed() -> None:
    rows = rare().drop("pay")
    plan = models.plan(rows, "left", weight="w", class_weight={"yes": 5}, folds=0, **ONE, **HELD)
    assert plan.validation is not None
    for part in (plan.training, plan.validation):
        own = part.frame.get_column("w").to_numpy()
        np.testing.assert_allclose(plan.counts(part), own * np.where(part.truth == 1, 5.0, 1.0))
    heard: list[Any] = []
    model = models.run(plan, [heard.append])
    first = model.history.validation_loss[(model.history.best_epoch or 1) - 1]
    p = model.predict_proba(plan.validation.frame, engine="reference")
    # label smoothing is not for rows held out
    assert first == pytest.approx(
        metrics.log_loss(plan.validation.truth, p, sample_weight=plan.counts(plan.validation))
    )
    wanted = metrics.accuracy_score(
        plan.validation.truth, p.argmax(axis=1), sample_weight=plan.validation.frame.get_column("w")
    )
    assert model.history.score[(model.history.best_epoch or 1) - 1] == pytest.approx(wanted)


@pytest.mark.parametrize(("target", "recipe"), [("left", "default"), ("left", "notes"), ("pay", "default")])
def test_equal_weights_change_nothing(target: str, recipe: str) -> None:
    rows = rare().drop("left" if target == "pay" else "pay")
    usual = deltaw.fit(rows.drop("w"), target, recipe, **QUICK)
    same = deltaw.fit(rows.with_columns(w=pl.lit(0.5)), target, recipe, weight="w", **QUICK)
    np.testing.assert_allclose(
        [w for W in same.network.weights for w in W.ravel()], [w for W in usual.network.weights for w in W.ravel()],
        rtol=1e-6, atol=1e-9,
    )  # fmt: skip


def test_a_row_of_weight_0_is_not_there() -> None:
    rows = rare().drop("pay")
    silent = rows.with_columns(w=pl.when(pl.int_range(pl.len()) % 5 == 0).then(0.0).otherwise(1.0))
    plan = models.plan(silent, "left", weight="w", **QUICK)
    assert (plan.rows, plan.weightless) == (320, 80)
    less = silent.filter(pl.col("w") > 0)
    ours, theirs = (models.run(models.plan(each, "left", weight="w", **QUICK)) for each in (silent, less))
    assert models.document(ours) == models.document(theirs)
    assert ours.evaluate(silent).rows == 320


def test_classes_weigh_as_scikit_learn_has_it() -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 90, p=[0.7, 0.1, 0.2])
    target = Target("y", "classification", "", ("a", "b", "c"))
    for w in (None, rng.random(90)):
        for asked in ("balanced", {"a": 2, "c": 0.5}, "a=2,c=0.5"):
            chosen = choose("default", "classification", {"class_weight": asked}).class_weight
            found = weights.of_classes(chosen, target, truth, w)
            numbers = {0: 2.0, 1: 1.0, 2: 0.5} if asked != "balanced" else asked
            wanted = compute_class_weight(
                numbers, classes=np.arange(3), y=truth, **({} if w is None else {"sample_weight": w})
            )
            np.testing.assert_allclose(found, wanted)
    assert weights.of_classes(None, target, truth) is None


def test_classes_are_named_as_they_are_written() -> None:
    assert weights.parsed_class_weight({1: 2, 2.0: 3, False: 1, "x": 0}) == {"1": 2.0, "2": 3.0, "false": 1.0, "x": 0.0}
    assert weights.parsed_class_weight('no=1, "a,b"=2,x=y=3') == {"no": 1.0, "a,b": 2.0, "x=y": 3.0}


def test_a_rare_class_is_found_more_often_and_scores_stay_those_of_the_rows() -> None:
    rows = rare(1200).drop("pay", "w")
    settings = {**QUICK, "epochs": 30}
    usual, balanced = (deltaw.fit(rows, "left", class_weight=each, **settings) for each in (None, "balanced"))
    assert usual.scores is not None
    assert balanced.scores is not None
    assert balanced.scores.recall[1] > usual.scores.recall[1] + 0.2
    assert balanced.scores.weight is None
    assert balanced.baseline == usual.baseline
    o = balanced.scores.outcome
    assert o is not None
    assert balanced.scores["accuracy"] == metrics.accuracy_score(o.truth, o.predicted)


def test_the_estimators() -> None:
    rows = rare()
    X, y, w = rows.select("a", "b"), rows.get_column("left").to_numpy(), rows.get_column("w").to_numpy()
    settings: dict[str, Any] = {"settings": plain(HELD), "engine": "native", "random_state": 3}
    ours = TableClassifier(class_weight={"yes": 5}, **settings).fit(X, y, sample_weight=w)
    seed = 3
    model = deltaw.fit(
        rows.select("a", "b", "w", "left"), "left", weight="w", class_weight="yes=5", test_size=0.0, seed=seed, **HELD
    )
    np.testing.assert_allclose(ours.predict_proba(X), model.predict_proba(X), atol=1e-12)
    assert ours.model_.recipe.class_weight == {"yes": 5.0}
    assert ours.model_.predict(X).tolist() == ours.predict(X).tolist()
    gaps = np.where(np.arange(400) % 7 == 0, None, y)
    TableClassifier(class_weight="balanced", **settings).fit(X, gaps, sample_weight=w)
    numbers = TableRegressor(**settings).fit(X, rows.get_column("pay").to_numpy(), w)
    assert numbers.model_.recipe.weight == "sample_weight"
    for wrong, words in (
        ({"maybe": 1}, "classes"),
        ({"yes": -1}, "from 0 to 1e30"),
        ({"yes": 1e300}, "from 0 to 1e30"),
        ("even", "balanced"),
    ):
        with pytest.raises(InputError, match=f"class_weight: .*{words}"):
            TableClassifier(class_weight=wrong, **settings).fit(X, y)


def spoilt(cell: float | None, row: int = 6) -> pl.DataFrame:
    w = rare().get_column("w").to_list()
    w[row] = cell
    return rare().with_columns(w=pl.Series(w))


@pytest.mark.parametrize(
    ("rows", "settings", "message"),
    [
        (spoilt(-1.0), {"weight": "w"}, r'expected a weight from 0 to 1e30 in row 7 of column "w", found -1'),
        (spoilt(None), {"weight": "w"}, r'a weight from 0 to 1e30 in row 7 of column "w", found a missing one; '),
        (spoilt(float("nan")), {"weight": "w"}, r'in row 7 of column "w", found a missing one; '),
        (spoilt(1e300), {"weight": "w"}, r'a weight from 0 to 1e30 in row 7 of column "w", found 1e\+300; '),
        (spoilt(float("inf")), {"weight": "w"}, r'a finite number in row 7 of column "w", found '),
        (rare().with_columns(w=0.0), {"weight": "w"}, r'expected a weight above 0 in column "w", found none in'),
        (rare().with_columns(w=pl.lit("a")), {"weight": "w"}, r'a number in row 1 of column "w", found "a"'),
        (rare().with_columns(w=pl.date(2020, 1, 1)), {"weight": "w"}, r"found the type Date; "),
        (rare(), {"weight": "v"}, 'expected a column "v"'),
        (rare(), {"weight": "left"}, "weight: expected a column of its own, found \"left\", the target"),
        (rare(), {"weight": 3.5}, "weight: expected the name of a column, found 3.5"),
        (rare(), {"class_weight": {"no": 1, "maybe": 2}}, r"class_weight: expected classes \(no, yes\), found 'maybe'"),
        (rare(), {"class_weight": {"no": -1}}, "class_weight: .* 0 to 1e30 for each class, found -1 for 'no'"),
        (rare(), {"class_weight": {"no": 0, "yes": 0}}, "class_weight: expected"),
        (rare(), {"class_weight": {}}, "class_weight: expected"),
        (rare(), {"class_weight": "yes"}, "class_weight: expected"),
        (rare(), {"class_weight": "yes=many"}, "found 'many' for 'yes'"),
        (rare(), {"class_weight": 2}, "class_weight: expected"),
    ],
)  # fmt: skip
def test_what_is_no_weight(rows: pl.DataFrame, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        deltaw.fit(rows, "left", **settings, **QUICK)
    assert "\n" not in str(error.value)


def test_numbers_have_no_classes() -> None:
    with pytest.raises(InputError, match=r"class_weight: expected classes to be predicted, found numbers \(pay\)"):
        deltaw.fit(rare(), "pay", class_weight="balanced", **QUICK)


def test_a_weight_is_not_asked_of_a_row_without_an_answer() -> None:
    rows = spoilt(None).with_columns(left=pl.when(pl.int_range(pl.len()) == 6).then(None).otherwise("left"))
    model = deltaw.fit(rows, "left", weight="w", **QUICK)
    assert model.evaluate(rows).rows == 399
