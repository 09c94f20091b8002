"""Digits of one width with zeros in front are names: postal codes, offices, wares. They are so wherever they stand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.exceptions import ColumnError
from deltaw.models import plan
from deltaw.models.fitting.deciding.streaming import plan as streamed
from deltaw.preparation import Preparation
from deltaw.tables import kinds, read
from deltaw.tables.columns import notes_on
from deltaw.tables.reading.formats import pieces
from deltaw.tables.reading.formats.delimited import TYPING_RECORDS

PLACES = (80331, 20095, 50667, 99084, 10115, 1067, 4109)
RNG = np.random.default_rng(3)
CODES = [f"{PLACES[i]:05}" for i in RNG.integers(0, len(PLACES), 3 * TYPING_RECORDS)]
X = RNG.normal(size=len(CODES))
Y = [i > 4 or x > 1 for i, x in zip(map(PLACES.index, map(int, CODES)), X, strict=True)]
FRAME = pl.DataFrame({"plz": CODES, "x": X, "y": ["yes" if y else "no" for y in Y]})
ORDERS = {"mixed": FRAME, "zeros first": FRAME.sort("plz"), "zeros last": FRAME.sort("plz", descending=True)}


def written(frame: pl.DataFrame, path: Path) -> Path:
    {".csv": frame.write_csv, ".parquet": frame.write_parquet, ".jsonl": frame.write_ndjson}[path.suffix](path)
    return path


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_codes_are_names_in_every_file(order: str, ending: str, tmp_path: Path) -> None:
    frame = ORDERS[order]
    table = read(written(frame, tmp_path / f"d{ending}"))
    assert table.frame["plz"].to_list() == frame["plz"].to_list()
    (found, _) = columns = kinds(table, "y")
    assert found.kind == "category"
    assert "kinds={'plz': 'number'}" in notes_on(columns)[0]
    assert '("0' in notes_on(columns)[0]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_numbers_too_long_for_a_number_are_names(ending: str, tmp_path: Path) -> None:
    """Orders of shops were rounded, so that two became one."""
    orders = [f"{20240102220014000000000000001 + i % 40}" for i in range(120)]
    path = written(pl.DataFrame({"order": orders, "y": range(120)}), tmp_path / f"d{ending}")
    path.write_bytes(path.read_bytes().replace(b",", b"\t,") if ending == ".csv" else path.read_bytes())  # for Excel
    table = read(path)
    assert table.frame[:, 0].to_list() == orders
    (found, *_) = kinds(table)
    assert found.kind == "category"
    assert "29 digits" in found.note


@pytest.mark.parametrize("order", ORDERS)
def test_codes_in_large_text(order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(ORDERS[order], tmp_path / "d.csv")
    whole = read(path).frame
    monkeypatch.setattr(pieces, "LARGE", 100)
    monkeypatch.setattr(pieces, "SMALL", 9_000)
    assert read(path).frame.equals(whole)
    assert whole.schema["plz"] == pl.String


def test_codes_in_quotes_and_with_gaps(tmp_path: Path) -> None:
    cells = [f'"{code}"' if i % 2 else "NA" if i % 3 else code for i, code in enumerate(CODES)]
    (tmp_path / "d.csv").write_text("\n".join(["plz,y", *(f"{cell},{i % 2}" for i, cell in enumerate(cells))]))
    assert kinds(read(tmp_path / "d.csv"), "y")[0].kind == "category"


@pytest.mark.parametrize(
    "cells",
    [
        ["0", "1", "7"], ["0.5", "0.7", "1.2"], ["01067", "4109", "80331"], ["-01", "004", "005"], ["10", "20", "30"],
        ["0.12", "01.1", "99.9"], ["1e05", "0123", "1234"],
    ],
)  # fmt: skip
def test_numbers_stay_numbers(cells: list[str], tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": cells * 20, "y": ["a", "b", "c"] * 20})
    for table in (read(frame), read(written(frame, tmp_path / "d.csv"))):
        assert kinds(table, "y")[0].kind == "number"


def test_numbers_that_grow_narrower_stay_numbers(tmp_path: Path) -> None:
    """Of one width at first, and then of another."""
    frame = pl.DataFrame({"x": [*range(999, 99, -1), *range(99, 0, -1)], "y": 999 * ["a"]})
    assert read(written(frame, tmp_path / "d.csv")).frame["x"].dtype == pl.Int64


def test_codes_among_which_a_few_have_letters() -> None:
    offices = ["2A" if i % 40 == 7 else f"{1 + i % 19:02}" for i in range(400)]
    assert kinds(read(pl.DataFrame({"d": offices, "y": ["a", "b"] * 200})), "y")[0].kind == "category"
    numbers = [each.lstrip("0") for each in offices]
    with pytest.raises(ColumnError, match='found "2A"'):
        kinds(read(pl.DataFrame({"d": numbers, "y": ["a", "b"] * 200})), "y")


def test_as_number_takes_it_back(tmp_path: Path) -> None:
    found = plan(written(FRAME, tmp_path / "d.csv"), "y", kinds={"plz": "number"})
    assert found.preparation.kinds["plz"] == "number"
    assert not any("plz" in note for note in found.table.notes)


def test_files_of_which_one_has_no_zero(tmp_path: Path) -> None:
    parts = [FRAME.filter(pl.col("plz").str.starts_with("0") == zero) for zero in (False, True)]
    for way in (1, -1):
        folder = tmp_path / f"way{way}"
        folder.mkdir()
        for i, part in enumerate(parts[::way]):
            written(part, folder / f"{i}.csv")
        found = read(folder).frame["plz"]
        assert found.to_list() == pl.concat(parts[::way])["plz"].to_list()
    (tmp_path / "wider").mkdir()
    written(parts[1], tmp_path / "wider" / "0.csv")
    written(parts[0].with_columns(plz=pl.col("plz") + "9"), tmp_path / "wider" / "1.csv")
    assert read(tmp_path / "wider").frame["plz"].dtype == pl.Int64


@pytest.mark.parametrize("shards", [False, True])
def test_codes_in_a_stream(shards: bool, tmp_path: Path) -> None:
    """Slices of which some have no code with a zero."""
    frame, path = FRAME.sort("plz", descending=True), tmp_path / "d.csv"
    if shards:
        path = tmp_path / "d"
        path.mkdir()
        for i, part in enumerate(frame.iter_slices(1_000)):
            written(part.with_columns(pl.col("plz").cast(pl.Int64)) if i == 0 else part, path / f"{i}.parquet")
    else:
        written(frame, path)
    found = streamed(str(path), "y", memory=100_000)
    assert found.streamed is not None
    assert found.preparation.kinds["plz"] == "category"
    assert [*found.preparation.steps[0].words] == sorted({*CODES})  # type: ignore[union-attr]
    wider = [pl.DataFrame({"plz": ["1234567"], "x": [0.0], "y": ["no"]}), frame]
    written(pl.concat(wider), tmp_path / "wider.csv")
    assert streamed(str(tmp_path / "wider.csv"), "y", memory=100_000).preparation.kinds["plz"] == "number"


def test_a_model_knows_codes_that_were_read_as_numbers_and_numbers_that_are_codes() -> None:
    table = read(FRAME)
    of_codes = Preparation.fit(table.frame, kinds(table, "y"))
    whole = table.frame.with_columns(pl.col("plz").cast(pl.Int64))
    assert np.array_equal(of_codes.transform(whole), of_codes.transform(table.frame))
    numbers = read(whole)
    of_numbers = Preparation.fit(whole, kinds(numbers, "y", {"plz": "category"}))
    assert np.array_equal(of_numbers.transform(table.frame), of_numbers.transform(whole))


def test_codes_to_predict(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": X[:400], "y": [f"{5 * (i % 3):02}" for i in range(400)]})
    model = deltaw.fit(written(frame, tmp_path / "d.csv"), "y", recipe="quick", epochs=1)
    assert (model.classes, model.target.other_task) == (("00", "05", "10"), "regression")
    whole = frame.with_columns(pl.col("y").cast(pl.Int64))
    assert model.evaluate(whole)["log_loss"] == model.evaluate(frame)["log_loss"]
    asked = deltaw.fit(tmp_path / "d.csv", "y", task="regression", recipe="quick", epochs=1)
    assert (asked.target.low, asked.target.high) == (0, 10)


def test_codes_that_all_differ_are_identifiers_and_not_said_to_be_categories() -> None:
    frame = pl.DataFrame({"plz": [f"{i:05d}" for i in range(1, 60)], "y": range(59)})
    column = kinds(read(frame), "y")[0]
    assert (column.kind, column.note) == ("identifier", "")
