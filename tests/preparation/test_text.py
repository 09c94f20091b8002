"""Words of text: those that tell the target are found, and few others; each row has the words that stand in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import deltaw
from deltaw.exceptions import ColumnError, ModelFileError
from deltaw.preparation import Preparation, Target
from deltaw.preparation.arithmetic import arithmetic
from deltaw.preparation.columns import text as rules
from deltaw.preparation.columns.means import PARTS, TrainingTargets
from deltaw.preparation.columns.text import Text, lowered, telling, words_in
from deltaw.preparation.scales.scaling import SCALINGS
from deltaw.tables import Column, kinds, read

OTHERS = [f"w{i}" for i in range(200)]


def answers(target: Iterable[Any]) -> TrainingTargets:
    series = pl.Series("y", list(target))
    names, values = Target.fit(series, "y").averaged(series)
    return TrainingTargets.of(names, values, (np.arange(len(series)) % PARTS).astype(np.uint8))


def texts(n: int, seed: int, words: dict[str, Any]) -> pl.Series:
    """Twenty words at random in each row, and each of `words` where its flags, (n,), say so."""
    rng = np.random.default_rng(seed)
    rows = [[*rng.choice(OTHERS, 20), *(word for word, there in words.items() if there[i])] for i in range(n)]
    return pl.Series("note", [" ".join(rng.permutation(row)) for row in rows])


def reviews(n: int = 600, seed: int = 0) -> pl.DataFrame:
    """Good reviews often have "Great", bad ones "坏了"; and a number that says nothing."""
    rng = np.random.default_rng(seed)
    good = rng.random(n) < 0.5
    words = {"Great": good & (rng.random(n) < 0.6), "坏了": ~good & (rng.random(n) < 0.6)}
    return pl.DataFrame({"note": texts(n, seed, words), "x": rng.normal(size=n), "good": np.where(good, "yes", "no")})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat, the CAT's 2nd 9 lives!", {"the", "cat", "2nd", "lives"}),
        ("Éva ÉCOLE naïve", {"Éva", "École".upper()[0] + "cole", "naïve"}),
        ("性价比 OK高", {"性", "价", "比", "性价", "价比", "ok", "高"}),
        ("snake_case x-ray", {"snake", "case", "ray"}),
        ("", set()),
    ],
)
def test_words_of_a_text(text: str, words: set[str]) -> None:
    assert words_in(text) == words


@given(st.text())
def test_lower_case_is_that_of_ascii(text: str) -> None:
    assert lowered(text) == "".join(sign.lower() if sign.isascii() else sign for sign in text)
    assert all(word in words_in(word) and word in lowered(text) for word in words_in(text))


@pytest.mark.parametrize("target", ["class", "number"])
def test_telling_words_are_found(target: str) -> None:
    rng, n = np.random.default_rng(1), 800
    there = {"sunny": rng.random(n) < 0.2, "dark": rng.random(n) < 0.1}
    number = 3.0 * there["sunny"] - 4 * there["dark"] + rng.normal(size=n)
    there["twice"] = number >= np.sort(number)[-2]
    cells, y = texts(n, 1, there), answers(number if target == "number" else np.where(number > 0.5, "a", "b")).values
    found = telling(cells, y)
    assert {"sunny", "dark"} <= set(found)
    assert len(found) <= 4
    assert "twice" not in telling(cells, y, len(OTHERS))  # two rows tell nothing of others


@pytest.mark.parametrize("target", ["two", "six", "number", "heavy"])
def test_words_that_tell_nothing_are_left(target: str) -> None:
    """At a false discovery rate of a tenth, at most a tenth of all columns without a telling word get one."""
    wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        y = {
            "two": rng.random(150) < 0.1,
            "six": rng.integers(0, 6, 150).astype(str),
            "number": rng.normal(size=150),
            "heavy": rng.standard_cauchy(150),
        }[target]
        wrong += bool(telling(texts(150, seed, {}), answers(y).values))
    assert stats.binomtest(wrong, 40, 0.1, "greater").pvalue > 0.01


def test_the_bound_of_chance_is_one() -> None:
    """What `_evidence` says is at least as likely by chance as the exact hypergeometric distribution says."""
    t = np.arange(100) < 30
    for having in range(1, 40):
        for right in range(having * 30 // 100 + 1, min(having, 30) + 1):
            rows = np.r_[np.arange(right), 30 + np.arange(having - right)]
            evidence = rules._evidence(t[rows], t, np.zeros(having, np.int64), np.array([having]))[0]
            assert np.exp(-evidence) >= stats.hypergeom.sf(right - 1, 100, 30, having) * (1 - 1e-9)


def test_the_evidence_of_numbers_is_that_of_the_sum_of_ranks() -> None:
    rng = np.random.default_rng(0)
    t = rng.integers(0, 9, 400).astype(float)
    for having in (3, 30, 300):
        rows = np.argsort(t + rng.normal(size=400, scale=9))[:having]
        evidence = rules._evidence(t[rows], t, np.zeros(having, np.int64), np.array([having]))[0]
        others = np.delete(t, rows)
        chance = stats.mannwhitneyu(t[rows], others, use_continuity=False, method="asymptotic").pvalue
        assert evidence == pytest.approx(stats.norm.isf(chance / 2) ** 2 / 2, rel=0.01)


def test_a_text_becomes_flags_and_words_again() -> None:
    table = reviews()
    columns = kinds(read(table), "good")
    assert [column.kind for column in columns] == ["text", "number"]
    made = Preparation.fit(table, columns, "piecewise", targets=answers(table["good"]))
    step = made.steps[0]
    assert isinstance(step, Text)
    assert {"great", "坏了"} <= set(step.words)
    rows = pl.DataFrame({"note": ["so GREAT", "greatest 坏了", None, "nothing"], "x": [0.0] * 4})
    X = made.transform(rows)[:, : len(step.words)]
    has = [[word in (text or "").lower() for word in step.words] for text in rows["note"]]
    scaling = SCALINGS["piecewise"]
    np.testing.assert_array_equal(X, np.where(has, scaling.high, scaling.low).astype(np.float32))
    many = made.transform(pl.concat([rows] * 20))  # of few rows another way finds the words
    np.testing.assert_array_equal(many[:4, : len(step.words)], X)
    back = step.decode(X, scaling)[0]
    np.testing.assert_array_equal(made.transform(rows.with_columns(back))[:, : len(step.words)], X)
    said = [line.arithmetic for line in arithmetic(made, rows[:1]) if line.column == "note"]
    assert said == ['has "great"']
    assert [line.value for line in arithmetic(made, rows[3:]) if line.column == "note"] == [scaling.low]


def test_a_model_learns_from_text(tmp_path: Any) -> None:
    """The table's other column says nothing; of two sorts of words only those that tell are kept."""
    table = reviews()
    model = deltaw.fit(table, "good", epochs=20)
    assert model.scores is not None
    assert model.scores["accuracy"] > 0.75
    model.save(tmp_path / "m.deltaw")
    later = reviews(200, 1)
    loaded = deltaw.load(tmp_path / "m.deltaw")
    np.testing.assert_array_equal(loaded.predict(later), model.predict(later))
    assert loaded.evaluate(later)["accuracy"] > 0.75
    assert {each.column for each in loaded.importance(later).columns} == {"note", "x"}


def test_dependence_on_words() -> None:
    """Each word's answer is the mean of the predictions for rows that all have it."""
    table = reviews()
    model = deltaw.fit(table, "good", epochs=20, folds=0)
    found = model.dependence(table, "note")
    assert found is not None
    for word, answer, rows in zip(found.values, found.answers, found.rows, strict=True):
        there = table["note"].str.to_lowercase().str.contains(word, literal=True)
        assert rows == there.sum()
        some = table[np.linspace(0, len(table) - 1, 500).astype(np.int64)]
        every = model.predict_proba(some.with_columns(pl.col("note") + f" {word}"))
        np.testing.assert_allclose(answer, every.mean(axis=0), atol=1e-5)


def test_text_tells_many_classes() -> None:
    """More than have target means: each of 24 topics has words of its own."""
    rng = np.random.default_rng(2)
    topic = rng.integers(0, 24, 1500)
    note = [" ".join([*rng.choice(OTHERS, 10), *rng.choice([f"t{k}a", f"t{k}b"], 2)]) for k in topic]
    table = pl.DataFrame({"note": note, "topic": [f"topic {k}" for k in topic]})
    model = deltaw.fit(table[:1200], "topic", folds=0)
    assert model.evaluate(table[1200:])["accuracy"] > 0.9


def test_text_without_telling_words_is_left_out() -> None:
    table = reviews().with_columns(note=texts(600, 5, {}))
    model = deltaw.fit(table, "good", epochs=1, folds=0)
    assert [(each.column, each.kind) for each in model.preparation.left_out] == [("note", "text")]
    assert "no word" in model.preparation.left_out[0].reason
    alone = deltaw.fit(table.drop("x"), "good", epochs=1, folds=0)
    assert isinstance(alone.preparation.steps[0], Text)
    numbers = deltaw.fit(table, "good", recipe="notes", epochs=1)
    assert [each.column for each in numbers.preparation.left_out] == ["note"]


def test_a_column_can_be_read_as_text() -> None:
    tags = pl.Series("tags", ["garden;lift", "lift", "garden", "pool;garden"] * 100)
    table = pl.DataFrame({"tags": tags, "y": np.where(tags.str.contains("garden"), "a", "b")})
    model = deltaw.fit(table, "y", kinds={"tags": "text"}, epochs=5, folds=0)
    step = model.preparation.steps[0]
    assert isinstance(step, Text)
    assert set(step.words) == {"garden", "lift", "pool"}
    assert model.predict({"tags": ["a garden"]})[0] == "a"


@pytest.mark.parametrize("words", [[], ["Great"], ["two words"], ["a", "b"], ["ok", "ok"], ["%"], [1]])
def test_words_that_no_training_finds_are_refused(words: list[Any]) -> None:
    document = {"kind": "text", "column": "note", "words": words}
    with pytest.raises(ModelFileError, match="expected"):
        Preparation.from_document({"scaling": "piecewise", "steps": [document], "left_out": []})


def test_no_usable_column_is_an_error() -> None:
    table = pl.DataFrame({"note": ["one and the same sentence of words"] * 21, "y": ["a", "b", "c"] * 7})
    with pytest.raises(ColumnError, match="at least one column"):
        Preparation.fit(table, [Column("note", "text", "")], "piecewise", targets=answers(table["y"]))
