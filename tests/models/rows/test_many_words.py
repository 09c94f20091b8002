"""Columns of more words than have slots: what rows with a word answer is learnt, wherever a model goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import models
from deltaw.doctor import examine_model
from deltaw.doctor.evidence.before import before
from deltaw.doctor.tables import planned
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.preparation.columns import category
from deltaw.preparation.columns.means import PARTS, Means
from deltaw.sklearn import TableClassifier, TableRegressor

N, WORDS = 800, 150
QUICK: dict[str, Any] = {"hidden": 12, "epochs": 10, "learning_rate": 0.03, "batch_size": 32}
EFFECT = np.random.default_rng(7).normal(size=WORDS)


def frame(seed: int = 0, target: str = "price") -> pl.DataFrame:
    """A word says most of the answer, a number the rest."""
    rng = np.random.default_rng(seed)
    place, size = rng.integers(0, WORDS, N), rng.normal(size=N)
    price = 3 * EFFECT[place] + size + rng.normal(0, 0.3, N)
    cells = {
        "film": [f"film {k}" for k in place],
        "size": size,
        "who": [f"p{k}" for k in rng.integers(0, 40, N)],
        "year": rng.integers(1990, 2020, N),
        "count": rng.uniform(0.5, 2, N),
        "price": price.round(3),
        "yes": np.where(price > 0, "yes", "no"),
        "grade": np.array(["low", "mid", "high"])[np.digitize(price, [-1, 1])],
    }
    return pl.DataFrame(cells).drop({"price", "yes", "grade"} - {target})


WAYS: dict[str, dict[str, Any]] = {
    "folds": {"folds": 2},
    "one part": {"folds": 0, "test_size": 0.2},
    "groups": {"group": "who", "folds": 2},
    "times": {"time": "year", "folds": 2},
    "weights": {"weight": "count", "folds": 2},
    "several": {"recipe": "accurate"},
    "several, groups": {"recipe": "accurate", "group": "who"},
}


def lead(model: deltaw.Model) -> float:
    assert model.scores is not None
    return float(model.scores["r2" if model.task == "regression" else "accuracy"])


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_divide_rows(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It pays in scores of rows that were not seen; the file says the same, and the rows make the same plan again."""
    table, settings = frame(), {**QUICK, **WAYS[way]}
    model = deltaw.fit(table, "price", **settings)
    model.save(tmp_path / "m.deltaw")
    loaded = deltaw.load(tmp_path / "m.deltaw")
    np.testing.assert_array_equal(loaded.predict(frame(1)), model.predict(frame(1)))
    again = models.replan(loaded, table)
    assert again is not None
    assert again.preparation == model.preparation
    monkeypatch.setattr(category, "MANY", 10**9)
    assert lead(model) > lead(deltaw.fit(table, "price", **settings)) + 0.05


def plan_of(**settings: Any) -> Plan:
    return models.plan(frame(), "price", **settings)


def test_rows_of_a_group_do_not_tell_each_other_their_answers() -> None:
    """Of a film that one person alone has seen, each row is told what all rows answer."""
    table = frame().with_columns(film=pl.when(pl.col("who") == "p3").then(pl.lit("film x")).otherwise("film"))
    for group, different in (("who", False), (None, True)):
        plan = models.plan(table, "price", group=group, folds=0, test_size=0, validation=0)
        place = plan.preparation.feature_names.index("film: mean price")
        rows = plan.training.frame["film"] == "film x"
        told = np.asarray(plan.training.X)[rows.to_numpy(), place]
        assert (len(np.unique(told)) == PARTS) == different


def test_the_same_rows_and_seed_give_the_same_inputs() -> None:
    one, same, other = (plan_of(seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.training.X, same.training.X)
    assert one.preparation == same.preparation
    assert not np.array_equal(one.training.X, other.training.X)  # the parts are drawn by the seed


def test_rows_that_chose_the_epoch_say_what_words_answer_too() -> None:
    """Of all rows but those of the score, by one m, and in the units that the network knows."""
    table, settings = frame(), {**QUICK, "folds": 0, "test_size": 0.2}
    plan, model = models.plan(table, "price", **settings), deltaw.fit(table, "price", **settings)
    assert plan.validation is not None
    assert plan.test is not None
    assert model.scores is not None
    before, after = (each.steps[0].means for each in (plan.preparation, model.preparation))  # type: ignore[union-attr]
    assert isinstance(before, Means)
    assert isinstance(after, Means)
    assert after.scales == before.scales
    rows = pl.concat([plan.training.frame, plan.validation.frame])
    z = pl.Series("z", after.scales[0].apply(rows["price"].to_numpy()).astype(float))
    of_word = rows.with_columns(z).group_by("film").agg(pl.len(), pl.sum("z").alias("S")).filter(pl.col("len") > 1)
    assert set(after.words) == set(of_word["film"])
    said = of_word["film"].replace_strict(dict(zip(after.words, after.values, strict=True))).list.first().to_numpy()
    n, S, mean = of_word["len"].to_numpy(), of_word["S"].to_numpy(), float(z.mean())  # type: ignore[arg-type]
    clear = abs(said - mean) > 0.3
    m = (S - n * said)[clear] / (said - mean)[clear]
    np.testing.assert_allclose(m, np.median(m), rtol=1e-3)
    assert model.evaluate(plan.test.frame)["r2"] == pytest.approx(model.scores["r2"], rel=1e-5)


def test_rows_that_score_have_no_say() -> None:
    """Nor have rows that were given to choose by, or those that a model goes on with."""
    table, settings = frame(), {**QUICK, "folds": 0, "test_size": 0.2}
    plan, model = models.plan(table, "price", **settings), deltaw.fit(table, "price", **settings)
    assert plan.test is not None
    others = table.join(plan.test.frame, on=table.columns, how="semi", maintain_order="left")
    assert len(others) == len(plan.test)
    wild = pl.concat([table.join(others, on=table.columns, how="anti"), others.with_columns(pl.col("price") + 5)])
    wild = table.drop("price").join(wild, on=table.drop("price").columns, how="left", maintain_order="left")
    assert deltaw.fit(wild, "price", **settings).preparation == model.preparation
    given = {**QUICK, "validation": frame(1), "folds": 0, "test_size": 0}
    assert deltaw.fit(table, "price", **given).preparation == models.plan(table, "price", **given).preparation
    assert deltaw.fit(frame(1), start=model, epochs=1, folds=0, test_size=0.2).preparation == model.preparation


@pytest.mark.parametrize("target", ["yes", "grade"])
def test_classes(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = frame(target=target)
    model = deltaw.fit(table, target, folds=0, test_size=0.3, **QUICK)
    told = [name for name in model.preparation.feature_names if name.startswith("film: ")]
    wanted = {"yes": ["yes"], "grade": ["high", "low", "mid"]}[target]
    assert told == [f"film: share of {each}" for each in wanted]
    monkeypatch.setattr(category, "MANY", 10**9)
    assert lead(model) > lead(deltaw.fit(table, target, folds=0, test_size=0.3, **QUICK)) + 0.02


def test_more_classes_than_are_told_of() -> None:
    table = frame().with_columns(kind=pl.Series([f"k{i % 11}" for i in range(N)])).drop("price")
    assert not [each for each in models.plan(table, "kind").preparation.feature_names if "share" in each]


def test_answers_on_a_log_scale() -> None:
    table = frame().with_columns(price=pl.col("price").exp())
    plan = models.plan(table, "price", target_scale="log")
    assert "film: mean price on a log scale" in plan.preparation.feature_names


def test_explain_importance_the_doctor_and_crossval() -> None:
    table = frame()
    model = deltaw.fit(table, "price", folds=0, test_size=0.2, **QUICK)
    page = str(deltaw.explain.prediction(model, table, 3))
    assert "film: mean price" in page
    assert f"mean price of rows with {table['film'][2]}" in " ".join(page.split())
    assert next(iter(model.importance(table).columns)).column == "film"
    assert model.dependence(table, "film") is not None
    assert examine_model(model, table, seconds=2.0).findings is not None
    assert deltaw.crossval(table, "price", folds=2, **QUICK) is not None


def test_the_estimators() -> None:
    table, words = frame(), {name: value for name, value in QUICK.items() if name not in ("batch_size",)}
    X, new = table.drop("price"), frame(1)
    regressor = TableRegressor(**words).fit(X, table["price"])
    assert regressor.score(new.drop("price"), new["price"]) > 0.6
    classes = frame(target="yes")
    classifier = TableClassifier(**words).fit(classes.drop("yes"), classes["yes"])
    assert classifier.score(frame(1, "yes").drop("yes"), frame(1, "yes")["yes"]) > 0.75


def test_the_doctor_knows_a_row_that_stands_on_both_sides() -> None:
    """What its word answers differs, where it is learnt from: rows are compared without that."""
    table = frame()
    setup = planned(models.plan(table, "price", test=table[:200], folds=0, validation=0))
    assert [setup.columns[each] for each in setup.target_encoded] == ["film: mean price"]  # type: ignore[index]
    assert before(setup).duplicates.shared == 1.0
    assert before(replace(setup, target_encoded=())).duplicates.shared < 0.5


@pytest.mark.parametrize("target", ["price", "grade"])
def test_rows_are_let_go_beside_means(tmp_path: Path, target: str) -> None:
    """Of the raw rows only what the means are made of stays; the same model comes of it, to the bit."""
    path = tmp_path / "rows.parquet"
    frame(target=target).write_parquet(path, row_group_size=100)
    how: dict[str, Any] = {"folds": 0, "test_size": 0.2, "validation": 0.3, **QUICK}
    whole, lean = (models.plan(path, target, lean=each, **how) for each in (None, 0))
    assert whole.preparation.means
    np.testing.assert_array_equal(np.asarray(lean.training.X), np.asarray(whole.training.X))
    assert lean.training.frame.equals(whole.training.frame[[target, "film"]])
    assert set(lean.lean.training.source.columns) == {target, "film"}
    made = []
    for callbacks in ([], [lambda epoch: False]):  # which may look at the rows
        deltaw.fit(path, target, callbacks=callbacks, verbose=False, **how).save(tmp_path / "m.deltaw")
        made.append((tmp_path / "m.deltaw").read_bytes())
    assert made[0] == made[1]
