"""Means of words: scikit-learn's TargetEncoder says the same, and no row finds its own answer among its inputs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import TargetEncoder

from deltaw.exceptions import ModelFileError
from deltaw.preparation import Preparation, Target
from deltaw.preparation.arithmetic import arithmetic
from deltaw.preparation.columns.category import MANY, MOST_SLOTS
from deltaw.preparation.columns.means import (
    FEWEST_ROWS,
    LEAST_SMOOTHING,
    MOST_SMOOTHING,
    PARTS,
    Means,
    TrainingTargets,
    smoothing,
)
from deltaw.tables import Column

N, WORDS = 1200, 2 * MANY
CLOSE = {"rtol": 0, "atol": 2e-5}  # six digits of a deviation, of answers in float32


def table(seed: int = 0) -> pl.DataFrame:
    """Words, what is answered because of them, and two sorts of classes; ten cells are missing."""
    rng = np.random.default_rng(seed)
    place = rng.zipf(1.3, N) % WORDS
    effect = rng.normal(size=WORDS)
    price = 20 + 5 * effect[place] + rng.normal(0, 8, N)
    words = [None if i < 10 else f"w{k}" for i, k in enumerate(place)]
    grade = np.array(["a", "b", "c"])[np.digitize(price, [17, 22])]
    return pl.DataFrame({"word": words, "price": price, "yes": np.where(price > 20, "yes", "no"), "grade": grade})


def answers(frame: pl.DataFrame, target: str, weight: Any = None) -> TrainingTargets:
    """Every PARTS-th row lies in one part."""
    names, values = Target.fit(frame[target], target).averaged(frame[target])
    return TrainingTargets.of(names, values, np.arange(len(frame)) % PARTS, weight)


def undone(means: Means, made: Any) -> Any:
    """In the target's own units."""
    return np.stack([scale.undo(x) for scale, x in zip(means.scales, made.T, strict=True)], axis=1)


def anova(frame: pl.DataFrame, outputs: Any) -> list[float]:
    """m of each output, word by word: the variances of a random-effects model by the expectation of mean squares."""
    words = frame["word"].fill_null("(none)").to_numpy()
    groups = [np.flatnonzero(words == each) for each in set(words)]
    found = []
    for x in outputs.T:
        n, w = len(x), len(groups)
        within = sum(((x[each] - x[each].mean()) ** 2).sum() for each in groups) / (n - w)
        between = sum(len(each) * (x[each].mean() - x.mean()) ** 2 for each in groups) / (w - 1)
        size = (n - sum(len(each) ** 2 for each in groups) / n) / (w - 1)
        apart = (between - within) / size
        found.append(max(within / apart, LEAST_SMOOTHING) if apart > 0 else MOST_SMOOTHING)
    return found


def scikit_learns(frame: pl.DataFrame, target: str, rows: pl.DataFrame) -> Any:
    """What its encoder says of rows, learnt from others; a missing cell is a word to it."""
    outputs = Target.fit(frame[target], target).averaged(frame[target])[1].astype(float)
    words = [each.fill_null("(none)").to_numpy().reshape(-1, 1) for each in (frame["word"], rows["word"])]
    made = [
        TargetEncoder(smooth=m, target_type="continuous").fit(words[0], x).transform(words[1])
        for m, x in zip(anova(frame, outputs), outputs.T, strict=True)
    ]
    return np.concatenate(made, axis=1)


@pytest.mark.parametrize("target", ["price", "yes", "grade"])
def test_scikit_learns_encoder_says_the_same(target: str) -> None:
    """Of other rows by all that were learnt from; of these, by those of the other parts."""
    frame, told = table(), answers(table(), target)
    means = Means.fit(frame["word"], told)
    rows = frame["word"].value_counts()
    often = frame.join(rows.filter(pl.col("count") >= FEWEST_ROWS), on="word", nulls_equal=True)
    np.testing.assert_allclose(undone(means, means.of(often["word"])), scikit_learns(frame, target, often), **CLOSE)
    own = undone(means, means.of_learnt(frame["word"], told))
    for part in range(PARTS):
        here = told.parts == part
        others, these = frame.filter(~here), frame.filter(here)
        np.testing.assert_allclose(own[here], scikit_learns(others, target, these), **CLOSE)


def test_smoothing_by_how_far_words_lie_apart() -> None:
    rng = np.random.default_rng(0)

    def found(sigma: float, tau: float) -> float:
        place = rng.integers(0, 400, 8000)
        x = tau * rng.normal(size=400)[place] + sigma * rng.normal(size=8000)
        rows, sums = np.bincount(place).astype(float), np.bincount(place, x)
        return float(smoothing(rows, sums[None], np.array([x @ x]))[0])

    assert found(1.0, 0.5) == pytest.approx(4, rel=0.2)
    assert found(2.0, 0.4) == pytest.approx(25, rel=0.3)
    assert found(1.0, 0.0) > 100
    assert found(0.1, 1.0) == LEAST_SMOOTHING
    alone = smoothing(np.ones(3), np.array([[1.0, 2.0, 3.0]]), np.array([14.0]))
    assert LEAST_SMOOTHING <= alone[0] <= MOST_SMOOTHING


@given(row=st.integers(0, N - 1), more=st.floats(-50, 50), seed=st.integers(0, 3))
@settings(max_examples=20)
def test_no_row_finds_its_own_answer(row: int, more: float, seed: int) -> None:
    """Whatever it is: nor do the rows of its part."""
    frame = table(seed)
    changed = frame.with_columns(pl.col("price") + pl.when(pl.int_range(N) == row).then(more).otherwise(0.0))
    made = []
    for each in (frame, changed):
        told = answers(each, "price")
        means = Means.fit(each["word"], told)
        made.append(undone(means, means.of_learnt(each["word"], told))[told.parts == row % PARTS])
    np.testing.assert_allclose(*made, **CLOSE)


def test_what_a_word_answers_by_chance_is_not_learnt() -> None:
    """Means follow a target that is noise where a row is among those that made them; not where they are learnt from."""
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"word": [f"w{k}" for k in rng.integers(0, 300, N)], "price": rng.normal(size=N)})
    told = answers(frame, "price")
    means = Means.fit(frame["word"], told)

    def along(made: Any) -> float:
        return float(np.corrcoef(made[:, 0], frame["price"])[0, 1])

    assert along(means.of(frame["word"])) > 0.4
    assert abs(along(means.of_learnt(frame["word"], told))) < 0.1


def test_words_that_are_not_known_and_missing_ones() -> None:
    frame, told = table(), answers(table(), "price")
    means = Means.fit(frame["word"], told)
    once = next(iter(set(frame["word"].drop_nulls()) - set(means.words)))
    made = means.of(pl.Series(["never seen", once, None]))[:, 0]
    np.testing.assert_allclose(made[:2], 0.0, atol=1e-6)
    prices = frame["price"].to_numpy()
    (m,) = anova(frame, prices[:, None])
    wanted = (prices[:10].sum() + m * prices.mean()) / (10 + m)
    np.testing.assert_allclose(undone(means, made[2:, None])[0, 0], wanted, **CLOSE)
    known = Means.fit(frame["word"][10:], answers(frame[10:], "price"))  # no row without a word
    assert known.missing == known.other


def test_rows_that_count_more() -> None:
    frame = table()
    weight = np.random.default_rng(1).integers(1, 5, N).astype(float)
    means = Means.fit(frame["word"], answers(frame, "price", weight))
    w, x = weight / weight.mean(), frame["price"].to_numpy()
    mean, place = (w * x).sum() / w.sum(), frame["word"].fill_null("").rank("dense").to_numpy() - 1
    (m,) = smoothing(np.bincount(place, w), np.bincount(place, w * x)[None], np.array([(w * x) @ x]))
    here = (frame["word"] == means.words[0]).fill_null(False).to_numpy()
    wanted = ((w * x)[here].sum() + m * mean) / (w[here].sum() + m)
    found = undone(means, means.of(pl.Series([means.words[0], "never seen"])))[:, 0]
    np.testing.assert_allclose(found, [wanted, mean], **CLOSE)
    alike = [Means.fit(frame["word"], answers(frame, "price", each)) for each in (None, np.full(N, 7.0))]
    assert alike[0] == alike[1]


def fitted(target: str = "price", many: bool = True) -> Preparation:
    frame = table()
    told = answers(frame, target) if many else None
    return Preparation.fit(frame, [Column("word", "category", "")], "piecewise", targets=told)


def test_the_same_rows_say_the_same_again() -> None:
    frame = table()
    for target in ("price", "yes", "grade"):
        assert fitted(target).refitted(frame, answers(frame, target)) == fitted(target)


def test_columns_of_few_words_and_other_scalings_have_none() -> None:
    frame, columns = table(), [Column("word", "category", "")]
    slots = [f"word={slot}" for slot in fitted("grade").steps[0].slots]  # type: ignore[union-attr]
    assert len(slots) == MOST_SLOTS + 2
    assert fitted("grade").feature_names == (*slots, *(f"word: share of {each}" for each in "abc"))
    few = frame.with_columns(pl.col("word").str.slice(0, 3))
    for rows, scaling in ((few, "piecewise"), (frame, "robust")):
        made = Preparation.fit(rows, columns, scaling, targets=answers(rows, "price"))
        assert made.feature_names == Preparation.fit(rows, columns, scaling).feature_names


def test_the_document_makes_the_same() -> None:
    frame = table()
    for target in ("price", "yes", "grade"):
        prep = fitted(target)
        again = Preparation.from_document(json.loads(json.dumps(prep.document())))
        assert again == prep
        np.testing.assert_array_equal(again.transform(frame), prep.transform(frame))
        assert again.inverse(again.transform(frame))["word"].null_count() == 10
    assert "means" not in fitted(many=False).document()["steps"][0]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("names"),
        lambda d: d.update(more=1),
        lambda d: d.update(names=[]),
        lambda d: d.update(names=["mean price", "another"]),
        lambda d: d["words"].pop(),
        lambda d: d["words"].__setitem__(0, d["words"][1]),
        lambda d: d["values"][0].append(0.5),
        lambda d: d["values"][0].__setitem__(0, 1e300),
        lambda d: d["values"].__setitem__(0, 0.5),
        lambda d: d.update(other=[None]),
        lambda d: d.update(missing=[]),
        lambda d: d["scales"][0].update(width=0),
        lambda d: d.update(scales=[]),
    ],
)
def test_means_that_are_none(change: Any) -> None:
    document = fitted().document()
    change(document["steps"][0]["means"])
    with pytest.raises(ModelFileError, match=r"^preparation, step 1"):
        Preparation.from_document(document)


def test_the_arithmetic_names_the_words_mean() -> None:
    prep = fitted()
    (step,) = prep.steps
    word = step.means.words[3]  # type: ignore[union-attr]
    lines = arithmetic(prep, pl.DataFrame({"word": [word]}))
    assert [line.feature for line in lines][-1] == "word: mean price"
    mean = float(undone(step.means, step.means.of(pl.Series([word])))[0, 0])  # type: ignore[union-attr, arg-type]
    assert lines[-1].arithmetic.startswith(f"mean price of rows with {word}, smoothed: {mean:.5g}; ({mean:.5g} − ")
    assert lines[-1].value == pytest.approx(step.means.values[3][0], abs=1e-6)  # type: ignore[union-attr]
    assert "mean price" in prep.describe()[0].treatment


@pytest.mark.parametrize("target", ["price", "yes", "grade"])
def test_rows_are_summed_up_some_after_the_others(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the same bits, of words and of words that are held by their numbers, in whatever order these are."""
    frame, told = table(), answers(table(), target)
    at_once, words = Means.fit(frame["word"], told), frame["word"]
    own = at_once.of_learnt(words, told)
    held = words.cast(pl.Enum(words.drop_nulls().unique().sort(descending=True)))
    monkeypatch.setattr("deltaw.preparation.columns.means.AT_ONCE", 50)
    for cells in (words, held):
        assert Means.fit(cells, told) == at_once
        np.testing.assert_array_equal(at_once.out_of_fold(cells, told).of(words, told.parts), own)
