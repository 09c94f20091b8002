"""Columns that say nothing of the answer are left out where most are such; else none is."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl
import pytest
from scipy import special, stats

import deltaw
from deltaw import languages
from deltaw.models import plan
from deltaw.models.fitting.deciding.planning import replan
from deltaw.preparation import Preparation, screening
from deltaw.preparation.f_distribution import tail
from deltaw.preparation.fitting import UNINFORMATIVE
from deltaw.preparation.screening import CHANCE, FEWEST, _orthonormal, _p_values, better_together, informative
from deltaw.tables import kinds, read

Array = Any


def answers(y: Array) -> Array:
    """Numbers, or of words whether it is each."""
    y = np.asarray(y)
    return y[:, None] if y.dtype.kind == "f" else (y[:, None] == np.unique(y)) * 1.0


def singles(p: int) -> list[list[int]]:
    return [[i] for i in range(p)]


def signals(seed: int, n: int = 300, p: int = 60) -> tuple[Array, Array]:
    """Five columns of p say something: four along a line, one by its square."""
    X = np.random.default_rng(seed).normal(size=(n, p))
    return X, X[:, :4] @ [1.0, -1.0, 0.8, 0.6] + X[:, 4] ** 2


def test_one_answer_and_groups_are_the_analysis_of_variance() -> None:
    rng = np.random.default_rng(0)
    group, y = rng.integers(0, 4, size=90), rng.normal(size=90)
    y += 0.4 * (group == 2)
    slots = (group[:, None] == np.arange(4)) * 1.0  # of which three say all: the rank counts
    among = stats.f_oneway(*(y[group == each] for each in range(4))).pvalue
    alone = stats.f_oneway(y[group == 0], y[group != 0]).pvalue
    left = _orthonormal(answers(y) - y.mean())
    assert _p_values(slots, [[0, 1, 2, 3]], left)[0] == pytest.approx(min(1, 2 * min(among, alone)))
    x = y + rng.normal(size=90)
    assert _p_values(x[:, None], [[0]], left)[0] == pytest.approx(stats.linregress(x, y).pvalue)
    # And of classes it does not matter which of the two is asked for the other.
    classes = answers(np.array(["a", "b", "c", "d"])[group])
    turned = stats.f_oneway(*(x[group == each] for each in range(4))).pvalue
    assert _p_values(x[:, None], [[0]], _orthonormal(classes - classes.mean(axis=0)))[0] == pytest.approx(turned)


def test_the_tail_of_f_is_scipys() -> None:
    rng = np.random.default_rng(8)
    among, within = rng.integers(1, 40, 4_000), np.round(10 ** rng.uniform(0, 5, 4_000))
    ratio = np.concatenate([[0.0], 10 ** rng.uniform(-4, 3, 3_999)])
    np.testing.assert_allclose(tail(among, within, ratio), special.fdtrc(among, within, ratio), rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("classes", [1, 5])
@pytest.mark.parametrize("width", [1, 4])
def test_chance_is_even_where_there_is_nothing(classes: int, width: int) -> None:
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(60, 400 * width)), rng.integers(0, classes, 60) if classes > 1 else rng.normal(size=60)
    places = [list(range(width * i, width * (i + 1))) for i in range(400)]
    target = answers(np.array([f"c{each}" for each in y]) if classes > 1 else y)
    chances = _p_values(X, places, _orthonormal(target - target.mean(axis=0)))
    # The smaller of two, doubled, is a little too careful; never too bold.
    assert stats.kstest(chances, "uniform", alternative="greater").pvalue > 0.01
    if width == 1:
        assert stats.kstest(chances, "uniform").pvalue > 0.01


@pytest.mark.parametrize("kind", ["numbers", "two classes", "three classes"])
def test_noise_goes_and_what_tells_stays(kind: str) -> None:
    false, missed = [], []
    for seed in range(12):
        X, y = signals(seed)
        edges = {"numbers": (), "two classes": (0.5,), "three classes": (1 / 3, 2 / 3)}[kind]
        said = np.array(["a", "b", "c"])[np.searchsorted(np.quantile(y, edges), y)] if edges else y
        features = np.stack([X, X**2], axis=2).reshape(len(X), -1)
        says = informative(features, [[2 * i, 2 * i + 1] for i in range(60)], answers(said))
        false.append(says[5:].sum() / max(1, says.sum()))
        missed.append(5 - says[:5].sum())
    assert np.mean(false) <= 2 * CHANCE
    assert np.mean(missed) <= 0.5


def test_what_tells_only_beside_another_is_found() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(300, 50))
    X[:, 1] = X[:, 0] + 0.5 * X[:, 1]  # a rival's price goes with one's own, which takes off what the rival's puts on
    y = -2 * X[:, 0] + 1.6 * X[:, 1] + 0.3 * rng.normal(size=300)
    assert stats.pearsonr(X[:, 1], y).pvalue > 0.05
    assert stats.pearsonr(X[:, 0], y).pvalue < 1e-6
    assert informative(X, singles(50), answers(y))[:2].all()


def test_what_tells_only_by_a_product_is_found() -> None:
    """And long tails, whose products are now and then huge, are no reason to keep what says nothing."""
    for tails in (4, 1_000):
        false = []
        for seed in range(6):
            rng = np.random.default_rng(seed)
            X = rng.standard_t(tails, size=(1_500, 60))
            y = 2 * X[:, 0] + X[:, 1] + X[:, 2] * X[:, 3] + X[:, 1] * X[:, 4] + rng.normal(size=1_500)
            says = informative(X, [[], *singles(60)], answers(y))[1:]
            assert tails < 10 or says[:5].all()
            false.append(says[5:].sum())
        assert np.mean(false) <= 2  # one in ten of what is kept may be chance
    exact = informative(X, singles(60), answers(X[:, 0]))  # of which nothing is left
    assert exact[0]
    assert exact.sum() < 10


def test_of_thousands_of_columns_products_with_those_that_tell_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(800, 200))
    y = X[:, 7] + X[:, 7] * X[:, 3] + 0.2 * rng.normal(size=800)
    monkeypatch.setattr(screening, "MOST_PAIRS", 5 * 200)
    assert informative(X, singles(200), answers(y))[[3, 7]].all()


def test_all_stay_where_nothing_tells_alone_or_most_do() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(400, 40))
    assert informative(X, singles(40), answers(np.sign(X[:, 0] * X[:, 1]))).all()
    assert informative(X, singles(40), answers(X @ rng.normal(size=40) / 6 + 0.3 * rng.normal(size=400))).all()
    assert informative(X, singles(40), answers(np.zeros(400))).all()
    assert informative(np.zeros((400, 40)), singles(40), answers(rng.normal(size=400))).all()


def test_all_stay_where_many_say_a_little() -> None:
    """Of a sum of 200 columns some are found alone, and what they tell is little of it."""
    rng = np.random.default_rng(0)
    X, places = rng.normal(size=(300, 200)), singles(200)
    weak = X @ rng.normal(size=200) / 14 + 0.5 * rng.normal(size=300)
    for y in (weak, np.where(weak > 0, "yes", "no")):
        assert not informative(X, places, answers(y)).all()
        assert better_together(X, places, answers(y))
    assert not better_together(X, places, answers(2 * X[:, 0] - X[:, 1] + 0.5 * rng.normal(size=300)))
    made = plan(pl.DataFrame({f"x{i}": X[:, i] for i in range(200)} | {"y": weak}), "y")
    assert len(made.preparation.steps) == 200
    with patch.object(screening, "uninformative", side_effect=AssertionError):  # nor does a fold leave any out
        assert len(made.of(made.folds[0]).preparation.steps) == 200


def noisy(rows: int = 240, columns: int = 80, seed: int = 4) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, columns))
    word = rng.choice(["red", "green", "blue"], size=rows)
    y = 2 * X[:, 0] - X[:, 1] + (word == "red") + 0.3 * rng.normal(size=rows)
    return pl.DataFrame({f"x{i}": X[:, i] for i in range(columns)} | {"word": word, "y": y})


def test_a_model_leaves_them_out_and_says_so() -> None:
    rows = noisy()
    model = deltaw.fit(rows, "y", epochs=12)
    used = {step.title for step in model.preparation.steps}
    assert {"x0", "x1", "word"} <= used
    assert len(used) <= 8
    line = next(each for each in model.preparation.describe() if each.column not in used)
    assert (line.kind, line.features) == ("number", 0)
    assert line.treatment == "left out: carries no information about the target"
    with languages.language("zh"):
        assert "没有关于目标的信息" in model.preparation.describe()[-1].treatment
    assert Preparation.from_document(model.preparation.document()) == model.preparation
    other = noisy(seed=5)
    assert model.predict(other[["x0", "x1", "word", *(used - {"x0", "x1", "word"})]]).shape == (240,)
    whole = deltaw.fit(rows, "y", epochs=12, screening=False)
    assert len(whole.preparation.steps) == 81
    assert model.evaluate(other).r2 > whole.evaluate(other).r2 + 0.05
    known = replan(model, rows)
    assert known is not None
    assert known.preparation == model.preparation


def test_each_fold_asks_the_rows_that_it_learns_from() -> None:
    X, y = signals(7, n=120)
    table = pl.DataFrame({f"x{i}": X[:, i] for i in range(60)} | {"y": y})
    made = plan(table, "y")
    kept = [frozenset(step.title for step in made.of(fold).preparation.steps) for fold in made.folds]
    assert len(kept) == 5
    assert len(set(kept)) > 1  # what weak signals and noise come along is each fold's own
    alone = plan(table[made.folds[0].training], "y", folds=0, validation=0.0, test_size=0.0)
    assert {step.title for step in alone.preparation.steps} == kept[0]


def test_few_columns_and_told_recipes_keep_all() -> None:
    few = noisy(columns=FEWEST - 2)
    assert len(plan(few, "y").preparation.steps) == FEWEST - 1
    assert len(plan(noisy(), "y", recipe="notes").preparation.steps) == 81
    told = plan(noisy(), "y", kinds={"x70": "category"}).preparation
    assert told.kinds["x70"] == "category"


def test_words_that_tell_by_their_means_are_no_noise() -> None:
    rng = np.random.default_rng(6)
    town = rng.integers(0, 150, size=900)
    effect = rng.normal(size=150)
    frame = pl.DataFrame({f"x{i}": rng.normal(size=900) for i in range(60)})
    frame = frame.with_columns(pl.Series("town", [f"town {each}" for each in town]))
    frame = frame.with_columns(pl.Series("y", effect[town] + frame["x0"].to_numpy() + 0.2 * rng.normal(size=900)))
    used = {step.title for step in plan(frame, "y").preparation.steps}
    assert {"town", "x0"} <= used
    assert len(used) < 12
    table = read(frame)
    without = dict.fromkeys(("x3", "town"), UNINFORMATIVE)
    assert len(Preparation.fit(table.frame, kinds(table, "y"), "piecewise", uninformative=without).steps) == 59
