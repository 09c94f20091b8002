"""Rows that no memory holds: prepared as in memory, divided by place and seed alone, trained on to the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from streamed import HASTY, LITTLE, RNG, WHOLE, N, begun, fitted, in_small, learnt, planned, weights

import deltaw
from deltaw import models
from deltaw.cli import main
from deltaw.exceptions import InputError, SettingError
from deltaw.models.fitting.trainings import prepared
from deltaw.models.rows import survey
from deltaw.models.rows.parts import part_of
from deltaw.preparation import Preparation
from deltaw.preparation.columns.means import PARTS, TrainingTargets
from deltaw.tables import kinds
from deltaw.tables.reading import draws, streams
from deltaw.tables.table import cell_error
from deltaw.training.blocks import Piece


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
    for together in (1, 30_000):
        for room in (survey, prepared):
            monkeypatch.setattr(room, "CHUNK_BYTES", together)
        fitted(tmp_path / "d", tmp_path).save(tmp_path / "m.deltaw")
        found.append((tmp_path / "m.deltaw").read_bytes())
    assert found[0] == found[1]

    def refusing(frame: pl.DataFrame, *given: Any) -> Any:
        wrong = frame["a"].is_in(WHOLE["a"][1220:1260].implode()).arg_true()
        if len(wrong):
            raise cell_error(given[3], "a", wrong[0], "a number", None, "correct it")
        return part_of(frame, *given)

    monkeypatch.setattr(prepared, "part_of", refusing)
    for together in (1, 2**21):
        monkeypatch.setattr(prepared, "CHUNK_BYTES", together)
        with pytest.raises(InputError, match=r'1200\.parquet: expected a number in row 2\d of column "a"'):
            fitted(tmp_path / "d", tmp_path)


def test_what_the_least_is_is_told(path: Path, tmp_path: Path) -> None:
    (least,) = (note for note in planned(path, tmp_path).table.notes if "memory=" in note)
    assert least == "the rows held at a time take up to 64 MiB, even if memory= allows less"


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
    place = pl.Series(draws.drawn(0, 0, N))
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
        told = TrainingTargets.of(names, values, parts, None if weight is None else rows["weight"].to_numpy())
        table = deltaw.read(rows.drop("place", "w", *([] if weight is None else [weight])))
        exact = Preparation.fit(table.frame, kinds(table, target), "piecewise", targets=told)
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
        expected = np.asarray(exact.encode(rows, targets=told).stored)  # type: ignore[union-attr]
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


def test_commands(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(begun(tmp_path)) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "KiB needed for all rows, 19.5 KiB allowed (--memory): they are read in parts" in said
    assert f"in {tmp_path / 'cache'} until the end" in said
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
    in_small(monkeypatch)
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
