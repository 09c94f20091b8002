"""How a large table is held that is learnt from: the same model comes of it as of the table as it was read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import models
from deltaw.preparation.columns import category
from deltaw.tables import Reading, held, read_as, taking
from deltaw.tables.reading import halving, read
from deltaw.tables.reading.formats import columnar, pieces

ROWS = 3000
HELD = Reading(unrounded=("y",))


def table(rows: int = ROWS) -> pl.DataFrame:
    """Numbers with and without gaps; columns of a few words, of many, of truth values, and with gaps; and an answer."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3))
    words = [pl.Series([f"word {chr(97 + i % 26)}{i}" for i in range(n)]) for n in (4, 150)]
    few, many = (each.gather(rng.integers(0, len(each), rows)) for each in words)
    frame = pl.DataFrame({f"x{i}": x[:, i] for i in range(3)}).with_columns(
        few.alias("few"), many.alias("many"), colour=pl.Series(["red", "blue", None]).gather(rng.integers(0, 3, rows)),
        truth=pl.Series(["yes", "no"]).gather(rng.integers(0, 2, rows)), whole=pl.Series(rng.integers(0, 9, rows)),
        unit=pl.Series(["12 kg", "7 kg", "9 kg"]).gather(rng.integers(0, 3, rows)),
    )  # fmt: skip
    gaps = pl.when(pl.int_range(rows) % 7 != 0)
    frame = frame.with_columns(gaps.then("x1").alias("x1"), x2=pl.when(pl.int_range(rows) < 0).then("x2"))
    said = (x[:, 0] > 0).astype(int) + few.str.ends_with("a0").to_numpy()
    return frame.with_columns(y=pl.Series(["apple", "pear", "plum"]).gather(said))


def written(frame: pl.DataFrame, path: Path) -> str:
    (frame.write_csv if path.suffix == ".csv" else frame.write_parquet)(path)
    return str(path)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of these tests are large ones, which are read in several parts."""
    for module, name, value in ((held, "MANY", 100), (columnar, "AT_ONCE", 2000), (pieces, "SMALL", 12_000),
                                (pieces, "FEW_CELLS", 500), (pieces, "LARGE", 100)):  # fmt: skip
        monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize("ending", ["parquet", "csv", "frame"])
def test_words_are_numbers_of_words_and_gaps_none(tmp_path: Path, large: None, ending: str) -> None:
    frame = table()
    source = frame if ending == "frame" else written(frame, tmp_path / f"d.{ending}")
    as_it_is, found = deltaw.read(source).frame, read_as(source, HELD).frame
    kinds = dict(found.schema)
    assert found.columns == as_it_is.columns
    assert all(isinstance(kinds[name], pl.Enum) for name in ("few", "many", "colour", "truth", "unit", "y"))
    assert found["x1"].null_count() == 0
    assert found["x1"].is_nan().sum() == as_it_is["x1"].null_count() > 0
    assert found["x2"].null_count() == ROWS
    assert held.all_as_read(found).equals(as_it_is)
    assert deltaw.read(source).frame.schema == as_it_is.schema  # nobody else is given it so


@pytest.mark.parametrize("ending", ["parquet", "csv", "frame"])
@pytest.mark.parametrize(
    "asked", [{}, {"columns": ["x0", "x1", "few", "colour", "truth", "unit", "whole"], "folds": 0}, {"weight": "whole"},
              {"kinds": {"whole": "category", "truth": "category", "unit": "number"}, "target": "x0"},
              {"group": "colour", "folds": 2, "drop": "many"}],
)  # fmt: skip
def test_the_same_model_comes_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, asked: dict[str, Any]
) -> None:
    frame = table()
    source = frame if ending == "frame" else written(frame, tmp_path / f"d.{ending}")
    asked = {"target": "y", "epochs": 2, "hidden": (4,), "verbose": False} | asked
    if "folds" not in asked and "weight" not in asked:
        asked |= {"test_size": 0.2}
    made = []
    for n, many in enumerate((2**30, 100)):
        monkeypatch.setattr(held, "MANY", many)
        deltaw.fit(source, **asked).save(tmp_path / f"{n}.deltaw")
        made.append((tmp_path / f"{n}.deltaw").read_bytes())
    assert made[0] == made[1]


def test_a_plan_that_is_looked_at_has_the_rows_as_they_were_read(large: None) -> None:
    frame = table()
    plan = models.plan(frame, "y", epochs=1)
    assert plan.table.frame.equals(frame)
    assert plan.training.frame.dtypes == frame.dtypes
    looked = models.plan(frame, "y", epochs=1, lean=2000, columns=["x1", "colour"], folds=0).looked
    assert looked is not None
    assert looked.frame.schema == frame[["x1", "colour"]].schema
    assert looked.frame["x1"].null_count() > 0


def test_rows_that_are_given_are_compared_as_they_were_read(large: None) -> None:
    frame = table()
    with pytest.raises(deltaw.InputError, match="expected rows that are not among the training rows, found the same"):
        deltaw.fit(frame, "y", test=frame.clone(), verbose=False)
    assert deltaw.fit(frame, "y", test=frame.head(900), epochs=1, verbose=False).scores is not None


def test_one_of_the_classes_is_only_in_rows_without_weight(large: None) -> None:
    frame = table().with_columns(whole=pl.when(pl.col("y") == "plum").then(0).otherwise(1))
    assert deltaw.fit(frame, "y", weight="whole", epochs=1, verbose=False).classes == ("apple", "pear")


def test_more_words_than_are_worth_numbers_stay_words(monkeypatch: pytest.MonkeyPatch, large: None) -> None:
    monkeypatch.setattr(held, "MOST", 100)
    found = held.compacted(table())
    assert found.schema["many"] == pl.String
    assert isinstance(found.schema["few"], pl.Enum)


def test_parts_of_a_table_get_the_same_numbers() -> None:
    parts = [pl.DataFrame({"w": words}, schema={"w": pl.String}) for words in (["b", "a"], [None, None], ["c", "b"])]
    parts = [parts[0].with_columns(held.as_enum(parts[0]["w"])), parts[1], parts[2].with_columns(held.as_enum(parts[2]["w"]))]  # type: ignore[arg-type]  # fmt: skip  # noqa: E501
    parts[1] = parts[1].with_columns(pl.col("w").cast(pl.Null))
    found = held.with_common_enums(parts)
    assert [each["w"].cast(pl.String).to_list() for each in found] == [["b", "a"], [None, None], ["c", "b"]]
    assert len({each.schema["w"] for each in found}) == 1
    assert pl.concat(found)["w"].dtype.categories.to_list() == ["a", "b", "c"]  # type: ignore[attr-defined]


def test_words_of_a_csv_that_come_late(tmp_path: Path, large: None) -> None:
    frame = table().with_columns(late=pl.concat([pl.repeat("old", ROWS - 5, eager=True), pl.Series(["new"] * 5)]))
    found = read_as(written(frame, tmp_path / "d.csv"), HELD).frame
    assert isinstance(found.schema["late"], pl.Enum)
    assert found["late"].cast(pl.String).equals(frame["late"])


def test_the_slots_of_words_that_are_held_by_numbers() -> None:
    words = pl.Series("w", ["b", None, "z", "a", "b"])
    step = category.Category("w", ("a", "b"), True)
    found = step.read(words.cast(pl.Enum(["z", "b", "a"])).to_frame(), "t")
    assert found.tolist() == step.read(words.to_frame(), "t").tolist() == [1.0, 3.0, 2.0, 0.0, 1.0]


def test_what_is_tested_is_what_is_used() -> None:
    assert read.compacted is held.compacted
    assert columnar.compacted is pieces.compacted is held.compacted
    assert halving.CELLS  # numbers are rounded from so many cells on, whether or not words are held so


@pytest.mark.parametrize(("word", "alone"), [
    ("street 12", True), ("A12", True), ("7a", False), ("12 kg", False), ("3", False), ("1,5", False), ("nan", False),
    ("2024-01-02", False), ("03.04.2024 10:00", False), ("3-4", True),
])  # fmt: skip
def test_words_with_digits_are_words_alone_unless_one_is_a_number_or_a_day(word: str, alone: bool) -> None:
    column = pl.Series(["plum", word, None], dtype=pl.Enum(["plum", word]))
    assert held.are_plain(column) == alone


def test_many_rows_are_taken_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers lie apart then, whatever the parts that the table has."""
    frame = held.compacted(table())
    frame = pl.concat([frame[:300], frame[300:]], rechunk=False)
    for rows in (np.arange(len(frame)), np.delete(np.arange(20, 1100), [0, 5, 600])):
        few = taking.taken(frame, rows)
        with monkeypatch.context() as large:
            large.setattr(taking, "MAPPED_ROWS", 100)
            large.setattr(taking, "AT_ONCE", 256)
            assert taking.taken(frame, rows).equals(few)
