"""Rows that no memory holds: prepared as in memory, divided by place and seed alone, trained on to the same bits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import models
from deltaw.cli import main
from deltaw.exceptions import InputError, OutputError, SettingError
from deltaw.models.fitting.trainings import prepared
from deltaw.models.rows import survey
from deltaw.models.rows.parts import part_of
from deltaw.preparation import Preparation
from deltaw.preparation.columns.means import PARTS, Answers
from deltaw.tables import kinds, slices
from deltaw.tables.reading import streams
from deltaw.tables.reading.formats import pieces
from deltaw.tables.table import cell_error
from deltaw.training.blocks import Piece

RNG = np.random.default_rng(0)
N = 3000
X = RNG.normal(size=(N, 3))
WORDS = RNG.choice([f"w{i}" for i in range(9)] + ["rare"], N, p=[0.1] * 8 + [0.1999, 0.0001])
WHOLE = pl.DataFrame({
    "a": X[:, 0], "b": np.exp(2 * X[:, 1]), "k": RNG.integers(0, 50, N), "w": WORDS,
    "when": pl.Series(RNG.integers(0, 1000, N)).cast(pl.Date), "yes": RNG.random(N) > 0.3, "c": X[:, 2],
    "y": np.where(X[:, 0] * X[:, 2] + 0.3 * RNG.normal(size=N) > 0, "p", "q"),
}).with_columns(
    pl.when(pl.int_range(N) == 1234).then(None).otherwise("c").alias("c"),
    pl.when(pl.int_range(N) % 50 == 7).then(None).otherwise("y").alias("y"),
)  # fmt: skip
HASTY: dict[str, Any] = {"hidden": 8, "epochs": 3, "batch_size": 32, "verbose": False}
LITTLE = 20_000  # bytes: windows of 2,500


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of a few rows goes through slices, a sample, runs and windows as one of many does."""
    monkeypatch.setattr(survey, "HELD_OUT", 700)
    monkeypatch.setattr(survey, "FEWEST", 800)
    monkeypatch.setattr(streams, "CELLS", 8 * 250)
    monkeypatch.setattr(streams, "pieces", lambda *given, size: pieces.pieces(*given, size=9000))
    monkeypatch.setattr(prepared, "BLOCK", 4000)
    for room in (survey, prepared):
        monkeypatch.setattr(room, "TOGETHER", 30_000)  # bytes: some slices
    monkeypatch.setattr("deltaw.models.fitting.deciding.streaming.MOST_TEST", 400)
    monkeypatch.setattr("deltaw.models.fitting.deciding.streaming.MOST_VALIDATION", 300)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    WHOLE.write_parquet(tmp_path / "d.parquet")
    return tmp_path / "d.parquet"


def planned(source: Any, folder: Path, **asked: Any) -> models.Plan:
    words = {name: value for name, value in HASTY.items() if name != "verbose"}
    plan = models.plan(str(source), "y", memory=LITTLE, cache=folder / "cache", **words | asked)
    assert plan.streamed is not None
    return plan


def fitted(source: Any, folder: Path, **asked: Any) -> deltaw.Model:
    found = deltaw.fit(str(source), "y", **{"memory": LITTLE, "cache": folder / "cache"} | HASTY | asked)
    assert not list((folder / "cache").iterdir())
    return found


def weights(model: deltaw.Model) -> bytes:
    return b"".join(array.tobytes() for array in (*model.network.weights, *model.network.biases))


def learnt(plan: models.Plan) -> pl.DataFrame:
    """The rows that a plan learns from."""
    assert plan.validation is not None
    assert plan.test is not None
    known = WHOLE.with_row_index("row").filter(pl.col("y").is_not_null())
    apart = pl.concat([plan.validation.frame, plan.test.frame]).select("a")
    return known.join(apart, on="a", how="anti")


def test_the_preparation_is_that_of_all_rows(path: Path, tmp_path: Path) -> None:
    """Words, counts, missing cells and extremes exactly; medians and quartiles within what is said."""
    plan = planned(path, tmp_path, scaling="piecewise")
    rows = learnt(plan).drop("row")
    assert (plan.learnt, plan.left_out, plan.rows) == (len(rows), 60, 2940)
    assert (len(plan.validation or ()), len(plan.test or ())) == (300, 400)
    table = deltaw.read(rows)
    exact = Preparation.fit(table.frame, kinds(table, "y"), "piecewise")
    steps = {step.title: step for step in plan.preparation.steps}
    assert list(steps) == [step.title for step in exact.steps]
    streamed = plan.streamed
    assert streamed is not None
    assert len(streamed.survey.sample) < 1000
    error = streamed.survey.error
    assert 0.01 < error < 0.1
    for step in exact.steps:
        mine: Any = steps[step.title]
        if step.kind in ("category", "boolean"):
            assert mine == step
            continue
        assert mine.indicator == step.indicator
        assert (mine.edges[0], mine.edges[-1]) == (step.edges[0], step.edges[-1])
        column = rows[step.title].to_physical() if step.kind == "date" else rows[step.title]
        present = np.sort(column.drop_nulls().to_numpy())
        low, high = (np.searchsorted(present, mine.fill, side) / len(present) for side in ("left", "right"))
        assert low - error <= 0.5 <= high + error


def test_words_and_classes_that_are_rare(path: Path, tmp_path: Path) -> None:
    """What a sample would miss: a word of two rows is a word, one row that is missing has its feature."""
    frame = WHOLE.with_columns(w=pl.when(pl.int_range(N).is_in([5, 2900])).then(pl.lit("twice")).otherwise("w"))
    frame = frame.with_columns(y=pl.when(pl.int_range(N).is_in([11, 2500, 2501])).then(pl.lit("r")).otherwise("y"))
    frame.write_parquet(path)
    plan = planned(path, tmp_path, validation=0.0, test_size=0.0)
    assert plan.target.classes == ("p", "q", "r")
    assert plan.streamed is not None
    counted = dict(plan.streamed.survey.words["w"].iter_rows())
    known = frame.filter(pl.col("y").is_not_null())["w"]
    assert counted == dict(known.value_counts().iter_rows())
    assert counted["twice"] == 2
    assert next(step for step in plan.preparation.steps if step.title == "c").indicator  # type: ignore[attr-defined]


def test_of_long_words_only_so_many_are_held(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of remarks, each another: what is counted of it is forgotten in time, and none is kept as a witness."""
    monkeypatch.setattr(survey, "LEAST_ROOM", 5_000)
    frame = WHOLE.with_columns(note=pl.format('remark {},\nand "more" of it', pl.int_range(N)))
    for write, name in ((frame.write_csv, "d.csv"), (frame.write_parquet, "d.parquet")):
        write(tmp_path / name)
        plan = planned(tmp_path / name, tmp_path)
        assert plan.streamed is not None
        seen = plan.streamed.survey
        assert seen.words["note"]["word"].str.len_bytes().sum() <= 5_000
        assert dict(seen.words["w"].iter_rows()) == dict(learnt(plan).get_column("w").value_counts().iter_rows())
        assert len(seen.sample) < 1000
        kept = {column.name: column.kind for column in plan.columns}
        assert kept["note"] == next(column.kind for column in kinds(deltaw.read(frame), "y") if column.name == "note")


def test_long_texts_take_what_they_are(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample has fewer rows then, the same in whichever slices they come; and of none are its neighbours held."""
    frame = WHOLE.with_columns(note=pl.format("remark {}, and a good deal more of it", pl.int_range(N)))
    frame.write_parquet(tmp_path / "d.parquet")
    monkeypatch.setattr(survey, "FEWEST", 100)
    monkeypatch.setattr(survey, "SHARE", 1_000)  # of numbers there is room for all
    monkeypatch.setattr(survey, "LEAST_ROOM", 20_000)
    found = list[survey.Survey]()
    for cells in (9 * 200, 9 * 70):
        monkeypatch.setattr(streams, "CELLS", cells)
        plan = planned(tmp_path / "d.parquet", tmp_path)
        assert plan.streamed is not None
        found.append(plan.streamed.survey)
    assert found[0].sample.equals(found[1].sample)
    assert 200 < len(found[0].sample) < 800
    for rows in (found[0].sample, found[0].held_out, found[0].words["note"]):
        text = rows.get_column("note" if "note" in rows.columns else "word")
        held = text.rechunk().to_arrow(compat_level=pl.CompatLevel.newest()).get_total_buffer_size()
        assert held < 1.5 * text.str.len_bytes().sum() + 20 * len(text)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_whole_numbers_that_are_rounded_are_told(ending: str, path: Path, tmp_path: Path) -> None:
    """Above 2^53, beside fractions of the same slice of text or of another slice."""
    note = 'column "id" has whole numbers above 2^53 beside fractions: they are rounded, and two may become one'
    ids = 2**53 + 1 + 2 * pl.int_range(N)
    whole = WHOLE.with_columns(id=ids)
    shards = tmp_path / "shards"
    shards.mkdir()
    for name, id in (("0", pl.col("id")), ("1", pl.col("id").cast(pl.Float64) / 4)):
        getattr(whole.with_columns(id=id), f"write_{ending}")(shards / f"{name}.{ending}")
    assert note in planned(shards, tmp_path).table.notes
    getattr(whole, f"write_{ending}")(tmp_path / f"whole.{ending}")
    assert note not in planned(tmp_path / f"whole.{ending}", tmp_path).table.notes
    if ending == "csv":
        mixed = pl.when(pl.int_range(N) % 3 == 0).then(pl.lit("0.5")).otherwise(pl.col("id").cast(str))
        whole.with_columns(id=mixed).write_csv(tmp_path / "mixed.csv")
        assert note in planned(tmp_path / "mixed.csv", tmp_path).table.notes


def test_small_files_are_prepared_together(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their rows make the same model, and what is wrong with a cell is said of its file and its row there."""
    found = []
    (tmp_path / "d").mkdir()
    dated = WHOLE.with_columns(when=pl.col("when").cast(pl.String))
    for i in range(0, N, 60):
        part = dated[i : i + 60]
        part.with_columns(k=pl.col("k") / 1 if i % 180 else "k").write_parquet(tmp_path / f"d/{i:04}.parquet")
    for together in (1, 30_000, 2**21):
        for room in (survey, prepared):
            monkeypatch.setattr(room, "TOGETHER", together)
        fitted(tmp_path / "d", tmp_path).save(tmp_path / "m.deltaw")
        found.append((tmp_path / "m.deltaw").read_bytes())
    assert found[0] == found[1] == found[2]

    def refusing(frame: pl.DataFrame, *given: Any) -> Any:
        wrong = frame["a"].is_in(WHOLE["a"][1220:1260].implode()).arg_true()
        if len(wrong):
            raise cell_error(given[3], "a", wrong[0], "a number", None, "correct it")
        return part_of(frame, *given)

    monkeypatch.setattr(prepared, "part_of", refusing)
    for together in (1, 2**21):
        monkeypatch.setattr(prepared, "TOGETHER", together)
        with pytest.raises(InputError, match=r'1200\.parquet: expected a number in row 2\d of column "a"'):
            fitted(tmp_path / "d", tmp_path)


def test_what_the_least_is_is_told(path: Path, tmp_path: Path) -> None:
    (least,) = (note for note in planned(path, tmp_path).table.notes if "--memory" in note)
    assert least == "the rows that are held at a time take up to 64 MiB, however little --memory allows"


def test_means_of_answers_are_those_of_all_rows(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of words, exactly, whatever the sample is; of numbers that are names as well, where it has the same bins."""
    monkeypatch.setattr(survey, "FEWEST", 2500)
    rng = np.random.default_rng(5)
    words, shops, size = rng.integers(0, 150, N), rng.integers(0, 60, N), rng.normal(size=(2, 150))
    frame = WHOLE.with_columns(
        many=pl.Series([f"m{i}" for i in words]).replace("m7", None), shop=pl.Series(shops * 37.0),
        weight=pl.Series(1.0 + words % 3),
        b=pl.Series(size[0, words] + size[1, shops] + 0.3 * rng.normal(size=N)),
    )  # fmt: skip
    frame.write_parquet(path)
    place = pl.Series(streams.drawn(0, 0, N))
    for target, weight in (("y", None), ("b", "weight")):
        plan = models.plan(
            str(path), target, memory=LITTLE, cache=tmp_path / "cache", hidden=8, weight=weight, drop="w"
        )
        assert plan.streamed is not None
        assert plan.validation is not None
        assert plan.test is not None
        apart = pl.concat([plan.validation.frame, plan.test.frame]).select("a")
        rows = frame.with_columns(place=place).filter(pl.col(target).is_not_null()).join(apart, on="a", how="anti")
        names, values = plan.target.averaged(rows[target])
        parts = (rows["place"] % PARTS).to_numpy().astype(np.int64)
        told = Answers.of(names, values, parts, None if weight is None else rows["weight"].to_numpy())
        table = deltaw.read(rows.drop("place", "w", *([] if weight is None else [weight])))
        exact = Preparation.fit(table.frame, kinds(table, target), "piecewise", answers=told)
        mine, theirs = ({step.title: step for step in each.steps} for each in (plan.preparation, exact))
        assert plan.preparation.means, "no column tells"
        assert len(plan.preparation.means) == len(exact.means)
        assert target == "y" or mine["shop"].means is not None  # type: ignore[attr-defined]
        for name in ("many", "shop"):
            a: Any = mine[name].means  # type: ignore[attr-defined]
            b: Any = theirs[name].means  # type: ignore[attr-defined]
            assert (a is None) == (b is None)
            for field in () if a is None else ("values", "scales"):
                one, other = [vars(x)[field] for x in (a, b)]
                scaled = [[(s.centre, s.width) for s in x] if field == "scales" else x for x in (one, other)]
                np.testing.assert_allclose(*scaled, atol=2e-6)
        with prepared.prepared(plan) as blocks:
            stored, *_ = blocks.read(Piece(block, 0, blocks.size(block)) for block in range(blocks.count))
        expected = np.asarray(exact.encode(rows, answers=told).stored)  # type: ignore[union-attr]
        for column in range(expected.shape[1]):
            np.testing.assert_allclose(np.sort(stored[:, column]), np.sort(expected[:, column]), atol=1e-5)


def test_who_goes_where_depends_on_place_and_seed_alone(path: Path, tmp_path: Path) -> None:
    whole = fitted(path, tmp_path, threads=1)
    WHOLE.write_csv(tmp_path / "d.csv")
    (tmp_path / "d").mkdir()
    for i, (start, n) in enumerate([(0, 1), (1, 999), (1000, 1500), (2500, 500)]):
        WHOLE[start : start + n].write_parquet(tmp_path / "d" / f"{i}.parquet")
    for source in ("d", "d.csv"):
        again = fitted(tmp_path / source, tmp_path)
        assert again.preparation == whole.preparation or source == "d.csv"  # whose days have a way of writing
        assert weights(again) == weights(whole)
        assert again.scores is not None
        assert whole.scores is not None
        assert again.scores.values == whole.scores.values
    assert weights(fitted(path, tmp_path, threads=2)) == weights(whole)
    assert weights(fitted(path, tmp_path, seed=1)) != weights(whole)


def test_every_row_is_prepared_as_the_model_prepares_it(path: Path, tmp_path: Path) -> None:
    plan = planned(path, tmp_path)
    rows = learnt(plan)
    with prepared.prepared(plan) as blocks:
        assert blocks.count > 5
        stored, labels = blocks.read(Piece(block, 0, blocks.size(block)) for block in range(blocks.count))
        X = plan.preparation.transform(rows)
        encoded = plan.preparation.encode(rows)
        expected = np.sort(np.asarray(encoded.stored)[:, 0])  # type: ignore[union-attr]
        np.testing.assert_array_equal(np.sort(stored[:, 0]), expected)
        assert (len(labels), blocks.rows) == (len(X), len(X))
        assert np.bincount(labels).tolist() == [int((rows["y"] == name).sum()) for name in ("p", "q")]


def test_weights_of_rows_and_classes(path: Path, tmp_path: Path) -> None:
    frame = WHOLE.with_columns(weight=pl.Series(RNG.integers(0, 4, N)))
    frame.write_parquet(path)
    plan = planned(path, tmp_path, weight="weight", class_weight="p=3")
    kept = frame.filter(pl.col("y").is_not_null() & (pl.col("weight") > 0))
    assert plan.rows == len(kept)
    assert (plan.left_out, plan.weightless) == (60, 2940 - len(kept))
    with prepared.prepared(plan) as blocks:
        rows = blocks.rows_of(Piece(block, 0, blocks.size(block)) for block in range(blocks.count))
    assert rows.weight is not None
    assert rows.weight.mean() == pytest.approx(1.0, abs=1e-6)
    assert len(np.unique(rows.weight)) == 5  # 1, 2, 3, 6, 9
    assert fitted(path, tmp_path, weight="weight", class_weight="p=3").scores is not None


def test_numbers_to_be_estimated(path: Path, tmp_path: Path) -> None:
    model = deltaw.fit(str(path), "b", memory=LITTLE, cache=tmp_path / "cache", drop="y", **HASTY)
    assert model.task == "regression"
    assert (model.target.low, model.target.high) == (pytest.approx(WHOLE["b"].min(), rel=0.5), WHOLE["b"].max())
    assert model.scores is not None
    assert np.isfinite(model.scores["r2"])


def test_columns_of_text_that_look_like_numbers_at_first(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    code = [f"{i % 40:03}" for i in range(N // 2)] + [f"{i % 40:03}x" for i in range(N // 2)]
    frame = WHOLE.with_columns(code=pl.Series(code))
    frame.write_parquet(tmp_path / "d.parquet")
    frame.write_csv(tmp_path / "d.csv")
    for name in ("d.parquet", "d.csv"):
        plan = planned(tmp_path / name, tmp_path)
        step = next(step for step in plan.preparation.steps if step.title == "code")
        assert step.kind == "category"
        assert "000" in step.words  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["w", "a"])
def test_a_column_without_a_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    WHOLE.rename({name: ""}).write_parquet(tmp_path / "d.parquet")
    preparation = planned(tmp_path / "d.parquet", tmp_path).preparation
    usual = preparation.usual_row()
    assert "" in usual.columns
    assert "" in preparation.inverse(preparation.transform(usual)).columns


def test_in_memory_where_it_fits_or_must_be(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert models.plan(str(path), "y", memory=10**9, hidden=4).streamed is None
    assert models.plan(WHOLE, "y", memory=1, hidden=4).streamed is None
    monkeypatch.setattr("deltaw.models.fitting.deciding.streaming.free", lambda: 1000)
    assert models.plan(str(path), "y", hidden=4, cache=tmp_path).streamed is not None
    assert models.plan(str(path), "y", hidden=4, folds=3).streamed is None  # as it was before there were streams
    for asked, name in (({"folds": 3}, "folds"), ({"group": "w"}, "group"), ({"recipe": "accurate"}, "networks")):
        with pytest.raises(SettingError, match=f"{name}: expected none where rows do not fit into the memory"):
            models.plan(str(path), "y", memory=LITTLE, **asked)
    with pytest.raises(SettingError, match="memory: expected a number of bytes"):
        models.plan(str(path), "y", memory=0)


def test_a_model_of_several_networks_does_not_go_on_from_a_sample_alone(path: Path) -> None:
    """They learn from rows in memory: of rows in parts that would be those of the survey, and none said so."""
    several = deltaw.fit(WHOLE.head(400), "y", networks=2, folds=0, hidden=4, epochs=1)
    with pytest.raises(SettingError, match="networks: expected none where rows do not fit into the memory, found 2"):
        models.plan(str(path), start=several, memory=LITTLE)


def test_on_from_a_model(path: Path, tmp_path: Path) -> None:
    first = fitted(path, tmp_path)
    again = fitted(path, tmp_path, start=first, hidden=None)
    assert again.preparation == first.preparation
    assert weights(again) != weights(first)


def begun(folder: Path, *words: str) -> list[str]:
    return ["train", str(folder / "d.parquet"), "-t", "y", "-o", str(folder / "m.deltaw"), "--hidden", "8", "--epochs",
            "3", "--memory", "20000", "--cache", str(folder / "cache"), *words]  # fmt: skip


def test_commands(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(begun(tmp_path)) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "KiB for all rows, of 19.5 KiB: they are read in parts" in said
    assert f"in {tmp_path / 'cache'} until it is over" in said
    assert "rows 2,240 to train on, 300 to choose the best weights, 400 to score" in said
    assert not list((tmp_path / "cache").iterdir())
    assert main([{"20000": "lots"}.get(word, word) for word in begun(tmp_path)]) == 2
    assert "--memory: expected a number of bytes, found 'lots'" in capsys.readouterr().err


def test_goes_on_after_any_window(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint within an epoch, from a run that ends there."""
    whole = fitted(path, tmp_path)
    made = 0

    def stop(self: Any, *given: Any) -> Any:
        nonlocal made
        made += 1
        if made == 17:
            raise KeyboardInterrupt
        return advance(self, *given)

    advance = deltaw.training.windowed.WindowedTraining.advance
    monkeypatch.setattr("deltaw.training.windowed.WindowedTraining.advance", stop)
    with pytest.raises(deltaw.TrainingInterrupted):
        fitted(path, tmp_path, checkpoint=tmp_path / "run", every="1epochs")
    assert not list((tmp_path / "cache").iterdir())
    monkeypatch.undo()
    small.__wrapped__(monkeypatch)  # type: ignore[attr-defined]
    again = fitted(path, tmp_path, checkpoint=tmp_path / "run", resume=True)
    assert weights(again) == weights(whole)
    others = {"seed": ({"seed": 3}, "0 there, 3 now"), "test_size": ({"test_size": 0.1}, "none there, 0.1 now"),
              "memory": ({"memory": 2 * LITTLE}, f"{LITTLE} there, {2 * LITTLE} now")}  # fmt: skip
    for name, (asked, found) in others.items():
        with pytest.raises(SettingError, match=f"resume: expected {name} as in .*, found {found}"):
            fitted(path, tmp_path, checkpoint=tmp_path / "run", resume=True, **asked)
    WHOLE[::-1].write_parquet(path)
    with pytest.raises(SettingError, match="resume: expected the table as in"):
        fitted(path, tmp_path, checkpoint=tmp_path / "run", resume=True)


def test_what_is_free_is_another_number_each_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that goes on has the same rows in the same order all the same; of enough nothing depends."""
    found = set()
    for free in (33_001, 50_123, 65_000):
        monkeypatch.setattr("deltaw.models.fitting.deciding.streaming.free", lambda free=free: free)
        plan = models.plan(str(path), "y", hidden=8)
        assert plan.streamed is not None
        found.add(plan.streamed.memory)
    assert found == {2**14}
    assert max(prepared.RUN, prepared.WINDOW) <= prepared.SHARE * survey.ENOUGH
    assert survey.SHARE * survey.ENOUGH / 16 >= survey.CELLS


BAD: dict[str, tuple[Any, str]] = {
    "a column less": (lambda folder: WHOLE.drop("b").write_parquet(folder / "2.parquet"),
                      r'2\.parquet: expected a column "b"'),
    "another kind": (lambda folder: WHOLE.with_columns(a=pl.lit("x")).write_parquet(folder / "2.parquet"),
                     r'2\.parquet: expected numbers in column "a", as in the files before it, found words'),
    "cut off": (lambda folder: (folder / "2.parquet").write_bytes((folder / "1.parquet").read_bytes()[:5000]),
                r"2\.parquet: expected Parquet, found an unreadable file"),
    "no target": (lambda folder: WHOLE.drop("y").write_parquet(folder / "2.parquet"),
                  r'2\.parquet: expected a column "y"'),
    "infinite": (lambda folder: WHOLE.with_columns(a=pl.lit(np.inf)).write_parquet(folder / "2.parquet"),
                 r'2\.parquet: expected a finite number in row 1 of column "a", found inf'),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_shards(what: str, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "cache").mkdir()
    for i in range(3):
        WHOLE[1000 * i : 1000 * i + 1000].write_parquet(tmp_path / "d" / f"{i}.parquet")
    change, line = BAD[what]
    change(tmp_path / "d")
    with pytest.raises(InputError, match=line) as caught:
        fitted(tmp_path / "d", tmp_path)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize(("column", "cell"), [("v", "-1"), ("u", "abc"), ("c", "1.2.3"), ("c", "inf")])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_bad_cell_has_its_row(column: str, cell: str, ending: str, tmp_path: Path) -> None:
    """As in memory, whichever part it is met in, and whatever rows before it were left out."""
    frame = WHOLE.with_columns(v=pl.lit(0.5), u=pl.format("{} kg", pl.col("b").round(3)))
    words = frame.get_column(column).cast(pl.String).to_list()
    words[2345] = cell
    file = tmp_path / f"d.{ending}"
    kind = {"inf": pl.Float64, "-1": pl.Float64}.get(cell, pl.String)
    getattr(frame.with_columns(pl.Series(column, words).cast(kind)), f"write_{ending}")(file)
    (tmp_path / "cache").mkdir()
    lines = []
    for memory in (2**40, LITTLE):
        with pytest.raises(InputError) as caught:
            fitted(file, tmp_path, weight="v", memory=memory)
        lines.append(str(caught.value))
    assert lines[1] == lines[0]
    assert f"{file}: expected " in lines[0]
    assert f' in row 2,346 of column "{column}", found ' in lines[0]


def test_a_place_by_its_number_of_chance() -> None:
    for seed in (0, 1, 2**63 + 5):
        np.testing.assert_array_equal(streams.places(seed, streams.drawn(seed, 10**9, 500)), 10**9 + np.arange(500))


def test_a_shard_that_changes_or_vanishes(path: Path, tmp_path: Path) -> None:
    plan = planned(path, tmp_path)
    WHOLE[:100].write_parquet(path)
    with pytest.raises(InputError, match=r"d\.parquet: expected the file as it was at the beginning, found another"):
        prepared.prepared(plan)
    path.unlink()
    with pytest.raises(InputError, match=r"expected the file as it was at the beginning, found none any more"):
        models.run(plan)
    assert not list((tmp_path / "cache").iterdir())


def torn(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def other_columns(path: Path) -> None:
    path.with_suffix(".new").write_bytes(path.read_bytes().replace(b"yes", b"no"))
    path.with_suffix(".new").replace(path)


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
@pytest.mark.parametrize("change", [torn, other_columns, Path.unlink])
def test_a_shard_that_changes_while_it_is_read(change: Callable[[Path], object], ending: str, tmp_path: Path) -> None:
    """However it looks by then, what is said is that it changed."""
    path = tmp_path / f"d.{ending}"
    write = {"parquet": WHOLE.write_parquet, "arrow": WHOLE.write_ipc, "csv": WHOLE.write_csv}
    write[ending](path)
    found = streams.stream(str(path), deltaw.tables.Reading())
    assert found is not None
    rows = found.slices()
    next(rows)
    change(path)
    with pytest.raises(
        InputError, match=rf"d\.{ending}: expected the file as it was at the beginning, found (an|none)"
    ):
        list(rows)


def test_other_rows_that_no_time_tells(tmp_path: Path) -> None:
    """A file that was put in its place, of the same size and time."""
    path = tmp_path / "d.csv"
    (tmp_path / "cache").mkdir()
    WHOLE.write_csv(path)
    plan, known = planned(path, tmp_path), path.stat()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], *lines[:0:-1]]))
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))
    with pytest.raises(InputError, match=r"d\.csv: expected the file as it was at the beginning, found other rows"):
        models.run(plan)
    assert not list((tmp_path / "cache").iterdir())


def test_a_shard_that_may_not_be_read(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is asked how large all are; and where it is kept from us later."""
    plan, opened = planned(path, tmp_path), Path.open

    def kept(self: Path, *given: Any, **how: Any) -> Any:
        if self == path:
            raise PermissionError(13, "Permission denied")
        return opened(self, *given, **how)

    monkeypatch.setattr(Path, "open", kept)
    line = r"d\.parquet: expected a file that can be read, found no permission; check its path and permissions"
    with pytest.raises(InputError, match=line):
        models.plan(str(path), "y", memory=LITTLE, max_bytes=10)
    with pytest.raises(InputError, match=line):
        models.run(plan)


def test_what_means_nothing_or_has_no_room(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="expected files of tables, found none"):
        fitted(tmp_path / "*.none", tmp_path)
    with pytest.raises(InputError, match='expected a column "z"'):
        models.plan(str(path), "z", memory=LITTLE)
    plan = planned(path, tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: os.statvfs_result([0] * 10) and type("D", (), {"free": 9}))
    with pytest.raises(
        OutputError, match=r"expected room for .* KiB of prepared rows, found 9 B free, of which 64 MiB"
    ):
        models.run(plan)
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_leaves_nothing_behind(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deltaw", *begun(tmp_path, "--epochs", "100000", "--set", "patience=none")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("training"):
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait(30) == 130, rest
    assert (tmp_path / "m.deltaw").is_file()
    assert not list((tmp_path / "cache").iterdir())


def test_slices_know_their_rows(path: Path) -> None:
    assert slices(path) is not None
    found = streams.stream(str(path), deltaw.tables.Reading())
    assert found is not None
    parts = list(found.slices())
    assert [part.first for part in parts] == list(range(0, N, 250))
    assert parts[1].table.name == str(path)
    assert list(parts[1].table.name.places) == list(range(250, 500))
    assert streams.stream(WHOLE, deltaw.tables.Reading()) is None
    assert streams.stream("digits", deltaw.tables.Reading()) is None
    drawn = streams.drawn(3, 0, 1000)
    np.testing.assert_array_equal(np.concatenate([streams.drawn(3, 0, 10), streams.drawn(3, 10, 990)]), drawn)
    assert len(np.unique(drawn)) == 1000
    assert abs(drawn.astype(float).mean() / 2**64 - 0.5) < 0.05
