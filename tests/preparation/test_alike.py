"""Rows that are alike: what a row is known by, what such rows answer, and where that is worth an input."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deltaw
from deltaw.exceptions import ModelFileError
from deltaw.preparation import Preparation, Target
from deltaw.preparation import equal_rows as rules
from deltaw.preparation.arithmetic import arithmetic
from deltaw.preparation.columns.alike import Alike
from deltaw.preparation.columns.means import PARTS, TrainingTargets
from deltaw.preparation.equal_rows import EqualRows, with_alike
from deltaw.tables import Column

N, WINES = 600, 380
COLUMNS = [
    Column("acid", "number", ""), Column("sugar", "number", ""), Column("colour", "category", ""),
    Column("sweet", "boolean", ""), Column("day", "date", ""),
]  # fmt: skip
SCHEMA = {"acid": pl.Float64, "sugar": pl.Float64, "colour": pl.String, "sweet": pl.String, "day": pl.Date}


def table(seed: int = 0) -> pl.DataFrame:
    """Wines, of which most were tasted twice: by two with one taste, of which the columns say next to nothing."""
    rng = np.random.default_rng(seed)
    wine = rng.integers(0, WINES, N)
    acid, sugar = rng.normal(7, 1, WINES).round(2), rng.lognormal(1, 1, WINES).round(1)
    colour, sweet = rng.choice(["red", "white", "rosé"], WINES), np.where(rng.random(WINES) < 0.5, "yes", "no")
    days = [date(2020, 1, 1) + timedelta(int(d)) for d in rng.integers(0, 900, WINES)]
    quality = rng.normal(size=WINES)
    frame = pl.DataFrame({
        "acid": acid[wine], "sugar": [None if w % 11 == 0 else float(sugar[w]) for w in wine],
        "colour": [None if w % 13 == 0 else str(colour[w]) for w in wine], "sweet": sweet[wine],
        "day": [days[w] for w in wine],
    }, schema=SCHEMA)  # fmt: skip
    price = 10 + 3 * quality[wine] + acid[wine] + rng.normal(0, 0.3, N)
    grade = np.array(["bad", "fair", "good"])[np.digitize(quality[wine], [-0.5, 0.5])]
    return frame.with_columns(price=price, grade=grade)


def answers(frame: pl.DataFrame, target: str, seed: int = 0) -> TrainingTargets:
    names, values = Target.fit(frame[target], target).averaged(frame[target])
    return TrainingTargets.of(
        names, values, (np.random.default_rng(seed).permutation(len(frame)) % PARTS).astype(np.uint8)
    )


def plain(frame: pl.DataFrame, target: str) -> Preparation:
    return Preparation.fit(frame, COLUMNS, "piecewise", targets=answers(frame, target))


def fitted(target: str = "price", frame: pl.DataFrame | None = None) -> Preparation:
    frame = table() if frame is None else frame
    made = plain(frame, target)
    again = EqualRows.of(made, frame, None)
    return made if again is None else with_alike(made, again, answers(frame, target))


def alike(prep: Preparation) -> Alike:
    step = prep.steps[-1]
    assert isinstance(step, Alike)
    return step


def told(prep: Preparation, frame: pl.DataFrame, of: TrainingTargets | None = None) -> Any:
    """What rows alike say of each row."""
    return prep.transform(frame, targets=of)[:, -len(alike(prep).mean_names) :]


cells = st.fixed_dictionaries({
    "acid": st.none() | st.sampled_from([0.0, -0.0, 1.5, 1e300]), "sugar": st.none() | st.integers(-2, 2).map(float),
    "colour": st.none() | st.sampled_from(["red", "white", "007"]), "sweet": st.none() | st.sampled_from(["yes", "no"]),
    "day": st.none() | st.sampled_from([date(2020, 1, 1), date(2020, 1, 2)]),
})  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(cells, min_size=2, max_size=20))
def test_rows_have_one_sum_if_and_only_if_they_are_alike(rows: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA)
    values = np.arange(len(rows), dtype=float)[:, None]
    numbered = TrainingTargets.of(("mean y",), values, (np.arange(len(rows)) % PARTS).astype(np.uint8))
    step = Alike.fit(plain(table(), "price").steps, frame, numbered)
    sums = step.sums(frame, "data")
    keys = [tuple(row[name] for name in SCHEMA) for row in rows]  # None and None are one, and so are 0 and -0
    for i, key in enumerate(keys):
        assert [key == other for other in keys] == list(sums[i] == sums)
    assert (sums == np.round(sums)).all()
    assert sums.max() < 2**53


@pytest.mark.parametrize("target", ["price", "grade"])
def test_a_row_stands_for_the_smoothed_mean_of_those_alike(target: str) -> None:
    """As if there were m rows more that answer as all do, m = σ² / τ² or 1, whichever is more; here it is 1."""
    frame = table()
    prep, own = fitted(target), answers(frame, target)
    units = np.stack([s.apply(x.astype(float)) for s, x in zip(own.scales, own.values.T, strict=True)], axis=1)
    key = frame.select(pl.struct(*SCHEMA).rank("dense")).to_series().to_numpy()
    wanted = np.stack([units[key == each].sum(axis=0) / (1 + (key == each).sum()) for each in key])
    np.testing.assert_allclose(told(prep, frame), wanted, atol=2e-6)


@pytest.mark.parametrize("target", ["price", "grade"])
def test_a_row_that_is_learnt_from_does_not_find_its_own_answer(target: str) -> None:
    frame, prep = table(), fitted(target)
    own = answers(frame, target)
    before = told(prep, frame, own)
    for row in (3, 77, 200):
        values = own.values.astype(float)
        values[row] += 100
        after = told(prep, frame, own._replace(values=values))
        # All rows of other parts say the same, but for what the smoothing is told by.
        np.testing.assert_allclose(after[row], before[row], atol=1e-6)
    lone = frame.select(pl.struct(*SCHEMA).is_unique()).to_series().to_numpy()
    assert np.abs(before[lone]).max() < 0.1  # nothing is known of them but what all answer


def test_a_row_like_none_stands_for_nothing() -> None:
    frame, prep = table(), fitted()
    others = frame.with_columns(pl.col("acid") + 0.001)
    assert (told(prep, others) == 0).all()
    unheard = frame.with_columns(colour=pl.lit("blue"))
    assert (told(prep, unheard) == 0).all()
    missing = frame.filter(pl.col("sugar").is_null())
    assert (told(prep, missing) != 0).all()


def test_it_is_taken_where_it_tells_more_than_the_columns() -> None:
    rng, frame = np.random.default_rng(1), table()
    assert EqualRows.of(plain(frame, "price"), frame, None)
    noise = frame.with_columns(price=rng.normal(size=N), grade=rng.choice(["bad", "fair", "good"], N))
    asked = frame.with_columns(  # a few questions, whose answers recur: what they say is learnt without
        acid=pl.Series(rng.integers(0, 4, N) * 1.0), sugar=pl.Series(rng.integers(0, 3, N) * 1.0),
        day=pl.lit(date(2020, 1, 1)), sweet=pl.lit("yes"),
    )  # fmt: skip
    z = asked["acid"] * asked["sugar"] + 2.0 * (asked["colour"] == "red").fill_null(value=False).cast(pl.Float64)
    z = z + pl.Series(rng.normal(0, 2, N))
    asked = asked.with_columns(price=z, grade=(z > 3).cast(pl.String))
    for target in ("price", "grade"):
        assert alike(fitted(target)).inputs == tuple(SCHEMA)
        assert not any(isinstance(step, Alike) for step in fitted(target, noise).steps)
        assert not any(isinstance(step, Alike) for step in fitted(target, asked).steps)


def test_it_is_not_asked_where_rows_do_not_recur() -> None:
    frame = table().with_columns(acid=pl.Series(np.random.default_rng(0).normal(size=N)))
    assert not EqualRows.of(plain(frame, "price"), frame, None)
    some = np.arange(0, 50)
    assert not EqualRows.of(plain(table(), "price"), table().unique([*SCHEMA], maintain_order=True), some)


@pytest.mark.parametrize("target", ["price", "grade"])
def test_the_document_makes_the_same(target: str) -> None:
    frame, prep = table(), fitted(target)
    again = Preparation.from_document(json.loads(json.dumps(prep.document())))
    assert again == prep
    np.testing.assert_array_equal(again.transform(frame), prep.transform(frame))
    assert again.input_names == tuple(SCHEMA)
    assert set(again.inverse(again.transform(frame)).columns) == set(SCHEMA) == set(again.usual_row().columns)
    one = np.vstack([prep.transform(frame[i]) for i in range(9)])
    np.testing.assert_array_equal(one, prep.transform(frame)[:9])


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("columns"),
        lambda d: d.update(more=1),
        lambda d: d.update(columns=[]),
        lambda d: d.update(means=None),
        lambda d: d["columns"].append(d["columns"][0]),
        lambda d: d["columns"][0].update(column="another"),
        lambda d: d["columns"][0].update(kind="block"),
        lambda d: d["columns"][0]["codes"].pop(),
        lambda d: d["columns"][0]["codes"].__setitem__(0, 2**53),
        lambda d: d["columns"][0]["codes"].__setitem__(0, 0.5),
        lambda d: d["columns"][0]["cells"].reverse(),
        lambda d: d["columns"][0]["cells"].__setitem__(0, "low"),
        lambda d: d["columns"][2]["cells"].__setitem__(0, 1.0),
        lambda d: d["means"]["values"].pop(),
    ],
)
def test_what_is_no_step(change: Any) -> None:
    document = fitted().document()
    change(document["steps"][-1])
    with pytest.raises(ModelFileError, match=r"^preparation"):
        Preparation.from_document(document)


def test_the_arithmetic_says_whether_a_row_is_known() -> None:
    frame, prep = table(), fitted()
    for row, words in (
        (frame[:1], "of its exact duplicates, smoothed: "),
        (frame[:1].with_columns(acid=0.1), "no training row equals"),
    ):
        line = arithmetic(prep, row)[-1]
        assert line.feature == "(duplicate rows): mean price"
        assert words in line.arithmetic
        assert line.value == pytest.approx(told(prep, row)[0, 0])


def test_who_goes_on_from_a_model_does_not_find_the_answers_of_its_rows() -> None:
    """Else what it learns is to believe them, noise and all, and of rows that are like none it knows no more."""

    def noisy(seed: int) -> pl.DataFrame:
        noise = pl.Series(np.random.default_rng(seed).normal(0, 2.5, N))
        return table(seed).drop("grade").with_columns(
            pl.col("price") + 2 * pl.col("acid") + 3.0 * (pl.col("sweet") == "yes").cast(pl.Float64) + noise
        )  # fmt: skip

    frame, new, how = noisy(3), noisy(12), {"folds": 0, "test_size": 0.25, "epochs": 30, "seed": 3, "verbose": False}
    with patch.object(rules, "saved", lambda *_: (1.0, 9.0)):
        model = deltaw.fit(frame, "price", **how)
    on = deltaw.fit(frame, start=model, **how)
    before, after = (each.evaluate(new)["r2"] for each in (model, on))
    assert after > before - 0.1


def test_one_network_in_the_place_of_several_knows_rows_that_are_like_none() -> None:
    frame, new = table().drop("price"), table(seed=9)
    model = deltaw.fit(frame, "grade", "accurate", networks=2, folds=2, epochs=30, seed=1, verbose=False)
    single, _ = model.single(frame)
    assert single.evaluate(frame)["accuracy"] > model.evaluate(frame)["accuracy"] - 0.05
    assert single.evaluate(new)["log_loss"] < model.evaluate(new)["log_loss"] + 0.02


def test_a_model_knows_its_rows_by_heart(tmp_path: Any) -> None:
    """Those that chose the epoch, too; test rows have no say. Half of the variance is the wine, which its rows tell."""
    frame = table().drop("grade")
    model = deltaw.fit(frame, "price", folds=0, test_size=0.25, epochs=30, seed=1, verbose=False)
    assert model.scores is not None
    assert model.scores["r2"] > 0.3
    step = alike(model.preparation)
    assert len(step.means.numbers) > frame.drop("price").n_unique() / 2
    model.save(tmp_path / "m.deltaw")
    np.testing.assert_array_equal(deltaw.load(tmp_path / "m.deltaw").predict(frame), model.predict(frame))
    text = frame.with_columns(pl.all().cast(pl.String))
    np.testing.assert_allclose(model.predict(text), model.predict(frame), rtol=1e-6)
    page = str(deltaw.explain.prediction(model, frame, 3))
    assert "(duplicate rows)" in page
    assert "(duplicate rows)" in {each.column for each in model.importance(frame).columns}
    assert model.dependence(frame, "acid") is not None
