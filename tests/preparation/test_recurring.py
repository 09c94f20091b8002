"""Numbers that are names: least squares and an analysis of variance tell them, and no row finds its own answer."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import LinearRegression

import deltaw
from deltaw.exceptions import ModelFileError
from deltaw.preparation import Preparation, Target
from deltaw.preparation.arithmetic import arithmetic
from deltaw.preparation.columns import recurring as rules
from deltaw.preparation.columns.means import FEWEST_ROWS, LEAST_SMOOTHING, MOST_OUTPUTS, PARTS, TrainingTargets
from deltaw.preparation.columns.numbers import Number
from deltaw.preparation.columns.recurring import Recurring
from deltaw.preparation.f_distribution import about
from deltaw.tables import Column

N, ROUTES = 1200, 300
COLUMNS = [Column("distance", "number", ""), Column("size", "number", "")]


def table(seed: int = 0) -> pl.DataFrame:
    """Distances, each of one route with a price of its own beside what the way costs; ten are missing."""
    rng = np.random.default_rng(seed)
    ways, own = np.sort(rng.uniform(100, 3000, ROUTES).round()), rng.normal(0, 40, ROUTES)
    route, size = rng.integers(0, ROUTES, N), rng.normal(size=N)
    price = 50 + np.sqrt(ways[route]) + own[route] + 10 * size + rng.normal(0, 10, N)
    distance = [None if i < 10 else float(x) for i, x in enumerate(ways[route])]
    grade = np.array(["a", "b", "c"])[np.digitize(price, np.quantile(price, [0.3, 0.7]))]
    yes = np.where(price > np.median(price), "yes", "no")
    return pl.DataFrame({"distance": distance, "size": size, "price": price, "grade": grade, "yes": yes})


def answers(frame: pl.DataFrame, target: str = "price", weight: Any = None) -> TrainingTargets:
    """Every PARTS-th row lies in one part."""
    names, values = Target.fit(frame[target], target).averaged(frame[target])
    return TrainingTargets.of(names, values, np.arange(len(frame)) % PARTS, weight)


def fitted(target: str = "price", frame: pl.DataFrame | None = None) -> Preparation:
    frame = table() if frame is None else frame
    return Preparation.fit(frame, COLUMNS, "piecewise", targets=answers(frame, target))


def number(prep: Preparation, place: int = 0) -> Number:
    step = prep.steps[place]
    assert isinstance(step, Number)
    return step


def means_of(prep: Preparation) -> Recurring:
    means = number(prep).means
    assert means is not None
    return means


def by_hand(x: Any, z: Any, edges: Any) -> tuple[dict[float, float], float]:
    """Each number's smoothed mean of what scikit-learn's line leaves, and how likely it is by chance; word by word."""
    hinges = np.stack([np.clip((x - a) / (b - a), 0, 1) for a, b in pairwise(edges)], axis=1)
    left = z - LinearRegression().fit(hinges, z).predict(hinges)
    groups = {each: left[x == each] for each in np.unique(x)}
    n, G, p = len(x), len(groups), len(edges)
    within = sum(((each - each.mean()) ** 2).sum() for each in groups.values())
    between = sum(len(each) * each.mean() ** 2 for each in groups.values())
    chance = stats.f.sf((between / (G - p)) / (within / (n - G)), G - p, n - G)
    sigma = within / (n - G)
    size = n - sum(len(each) ** 2 for each in groups.values()) / n
    tau = (between - n * left.mean() ** 2 - (G - 1) * sigma) / size
    m = max(sigma / tau, LEAST_SMOOTHING)
    return {name: each.sum() / (len(each) + m) for name, each in groups.items()}, float(chance)


@pytest.mark.parametrize("among", [1, 2, 5, 20, 100, 2_000])
@pytest.mark.parametrize("within", [8, 20, 100, 1_000, 20_000])
def test_a_quick_look_at_f_is_near_it_and_never_surer(among: int, within: int) -> None:
    """At the F that one column of noise in a million has; and it falls where F grows."""
    limit = stats.f.isf(rules.CHANCE, among, within)
    assert 0.9 * rules.CHANCE < about(among, within, limit) < 20 * rules.CHANCE
    ratios = np.linspace(1.01, 3 * limit, 50)
    looked = [about(among, within, ratio) for ratio in ratios]
    assert (np.diff(looked) <= 0).all()


def test_least_squares_and_an_analysis_of_variance_say_the_same() -> None:
    frame = table()
    prep, told = fitted(), answers(frame)
    means, edges = means_of(prep), number(prep).edges
    here = frame["distance"].is_not_null().to_numpy()
    x, z = frame["distance"].to_numpy()[here], means.scales[0].apply(told.values[:, 0])[here].astype(float)
    wanted, chance = by_hand(x, z, edges)
    assert chance < rules.CHANCE
    often = [each for each in wanted if (x == each).sum() >= FEWEST_ROWS]
    assert list(means.numbers) == often
    np.testing.assert_allclose(np.array(means.values)[:, 0], [wanted[each] for each in often], atol=5e-6)
    learnt = means.of_learnt("distance", frame["distance"].to_numpy(), edges, told)[:, 0]
    for part in range(PARTS):
        own = told.parts[here] == part
        others, _ = by_hand(x[~own], z[~own], edges)
        np.testing.assert_allclose(learnt[here][own], [others.get(each, 0.0) for each in x[own]], atol=5e-6)
    assert not learnt[~here].any()  # nothing is known of a row whose number is missing


@given(row=st.integers(0, N - 1), more=st.floats(-50, 50), seed=st.integers(0, 3))
@settings(max_examples=6, deadline=None)
def test_no_row_finds_its_own_answer(row: int, more: float, seed: int) -> None:
    """Whatever it is: nor do the rows of its part."""
    frame = table(seed)
    step = number(fitted(frame=frame))
    assert step.means is not None
    changed = frame.with_columns(pl.col("price") + pl.when(pl.int_range(N) == row).then(more).otherwise(0.0))
    x = frame["distance"].to_numpy()
    made = [step.means.of_learnt(step.column, x, step.edges, answers(each)) for each in (frame, changed)]
    own = np.arange(N) % PARTS == row % PARTS
    np.testing.assert_allclose(made[0][own], made[1][own], atol=1e-6)  # answers are float32


@given(seed=st.integers(0, 200), kind=st.sampled_from(["line", "step", "noise", "unique"]))
@settings(max_examples=12, deadline=None)
def test_numbers_that_are_more_and_less_are_no_names(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N) if kind == "unique" else rng.integers(0, 60, N).astype(float)
    y = {"line": 3 * x, "step": 5.0 * (x > np.quantile(x, 0.5)), "noise": 0 * x, "unique": x**2}[kind]
    frame = pl.DataFrame({"distance": x, "size": rng.normal(size=N), "price": y + rng.normal(0, 8, N)})
    assert number(fitted(frame=frame)).means is None


def test_numbers_that_one_group_alone_has_say_nothing_of_the_others() -> None:
    """Of a part's rows none has a number then, and a line through nothing is no error."""
    rng, n = np.random.default_rng(0), 1_000
    shop = np.arange(n) % 4
    size = np.where(shop == 0, 1.5 * rng.integers(0, 40, n), np.nan)
    frame = pl.DataFrame({"shop": shop, "size": size, "other": rng.normal(size=n), "price": rng.normal(size=n)})
    model = deltaw.fit(frame, "price", group="shop", folds=0, epochs=1, verbose=False)
    assert not model.preparation.means


def test_the_same_rows_say_the_same_again() -> None:
    """And other rows what they answer, in the units of the first, even where they alone would tell of no names."""
    frame = table()
    prep = fitted()
    assert prep.refitted(frame, answers(frame)) == prep
    other = table(1)[:90].with_columns(pl.col("distance").fill_null(500.0))
    again = means_of(prep.refitted(other, answers(other)))
    assert (again.scales, again.names) == (means_of(prep).scales, means_of(prep).names)
    assert again.numbers == tuple(sorted(other["distance"].filter(other["distance"].is_duplicated()).unique()))


def test_few_rows_other_scalings_and_many_classes_have_none() -> None:
    frame = table()
    assert number(fitted(frame=frame[:100])).means is None  # without bins there is no line
    robust = Preparation.fit(frame, COLUMNS, "robust", targets=answers(frame))
    assert robust.feature_names == ("distance", "distance (missing)", "size")
    assert number(Preparation.fit(frame, COLUMNS, "piecewise")).means is None
    assert number(fitted(), 1).means is None
    letters = pl.Series("letter", [chr(97 + each % (MOST_OUTPUTS + 1)) for each in range(N)])
    assert number(fitted("letter", frame.with_columns(letters))).means is None


def test_a_code_of_few_numbers_is_a_name() -> None:
    """A line with sixteen kinks tells not all of twenty plots' kinds; what it leaves is at those without an edge."""
    rng, kinds = np.random.default_rng(0), np.array(["a", "b", "c", "d"])
    code = rng.integers(1, 21, N)
    kind = kinds[rng.permutation(np.arange(20) % 4)][code - 1]
    frame = pl.DataFrame({"distance": code * 1.0, "size": rng.normal(size=N), "kind": kind})
    means = means_of(fitted("kind", frame))
    assert means.numbers == tuple(range(1, 21))
    most = np.abs(means.values).max(axis=1)
    inside = sorted(set(means.numbers) - set(number(fitted("kind", frame)).edges))
    assert inside
    assert most[[int(each) - 1 for each in inside]].min() > 0.5


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", [14, 35, 47, 49, 54])
def test_names_that_leave_nothing(seed: int) -> None:
    """Of what a number tells entirely, nothing is left to divide by."""
    rng = np.random.default_rng(seed)
    numbers = int(rng.integers(20, 60))
    code, yes = rng.integers(0, numbers, N), rng.choice(numbers, int(rng.integers(1, 5)), replace=False)
    frame = pl.DataFrame({"distance": code * 1.0, "size": np.zeros(N), "yes": np.where(np.isin(code, yes), "y", "n")})
    assert number(fitted("yes", frame)).means is not None


@pytest.mark.parametrize("target", ["price", "grade", "yes"])
def test_names_are_worth_an_input_for_each_output(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of rows that did not say it routes tell the grade; numbers drawn by chance tell nothing, likely or not."""
    frame, rng = table(), np.random.default_rng(1)
    outputs = {"price": ["mean price"], "grade": ["share of a", "share of b", "share of c"], "yes": ["share of yes"]}
    told = [name for name in fitted(target).feature_names if "(residual)" in name]
    assert told == [f"distance: {name} (residual)" for name in outputs[target]]
    monkeypatch.setattr(rules, "CHANCE", 2.0)
    by_chance = frame.with_columns(distance=rng.integers(0, ROUTES, N).astype(float))
    assert number(fitted(target, by_chance)).means is None


@pytest.mark.parametrize("target", ["price", "yes"])
def test_the_document_makes_the_same(target: str) -> None:
    frame, prep = table(), fitted(target)
    told = [name for name in prep.feature_names if "(residual)" in name]
    assert told == [f"distance: {'mean price' if target == 'price' else 'share of yes'} (residual)"]
    assert [prep.feature_names[each] for each in prep.means] == told
    again = Preparation.from_document(json.loads(json.dumps(prep.document())))
    assert again == prep
    np.testing.assert_array_equal(again.transform(frame), prep.transform(frame))
    assert again.inverse(again.transform(frame))["distance"].null_count() == 10
    assert "means" not in prep.document()["steps"][1]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("names"),
        lambda d: d.update(more=1),
        lambda d: d.update(names=[]),
        lambda d: d["numbers"].pop(),
        lambda d: d["numbers"].__setitem__(0, d["numbers"][1]),
        lambda d: d["numbers"].__setitem__(0, "100"),
        lambda d: d["values"][0].append(0.5),
        lambda d: d["values"].__setitem__(0, 0.5),
        lambda d: d["scales"][0].update(width=0),
        lambda d: d.update(numbers=[], values=[]),
    ],
)
def test_means_that_are_none(change: Any) -> None:
    document = fitted().document()
    change(document["steps"][0]["means"])
    with pytest.raises(ModelFileError, match=r"^preparation, step 1"):
        Preparation.from_document(document)


def test_the_arithmetic_names_the_numbers_mean() -> None:
    prep = fitted()
    means, place = means_of(prep), prep.means[0]
    known = means.numbers[3]
    said = ((known, f"of rows with {known:g}, smoothed: "), (123.456, "no such number"), (None, "no such number"))
    for cell, words in said:
        row = pl.DataFrame({"distance": [cell], "size": [0.0]}, schema_overrides={"distance": float})
        lines = arithmetic(prep, row)
        line = next(each for each in lines if each.place == place)
        assert words in line.arithmetic
        assert line.value == pytest.approx(means.values[3][0] if cell == known else 0.0, abs=1e-6)
    assert f"{len(means.numbers)} values target-encoded, out of fold" in prep.describe()[0].treatment


def test_what_it_is_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third of the variance is a matter of which route it is, in rows that the network has not seen."""
    frame, words = table(), {"folds": 0, "test_size": 0.3, "epochs": 20, "seed": 1}
    model = deltaw.fit(frame.drop("grade", "yes"), "price", **words)
    page = " ".join(str(deltaw.explain.prediction(model, frame, 30)).split())
    assert "distance: mean price (residual)" in page
    monkeypatch.setattr(rules, "CHANCE", 0.0)
    plain = deltaw.fit(frame.drop("grade", "yes"), "price", **words)
    assert model.scores is not None
    assert plain.scores is not None
    assert model.scores["r2"] > plain.scores["r2"] + 0.2
