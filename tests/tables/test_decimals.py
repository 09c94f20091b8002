"""Rows that leave it open what a point is are read as those that the model learnt from, in whichever form they come."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deltaw
from deltaw.models.contents import reading_of
from deltaw.tables import Reading, read, read_as, stream

Text = list[dict[str, str]]


def english(x: float, digits: int) -> str:
    return f"{x:,.{digits}f}"


def german(x: float, digits: int) -> str:
    return english(x, digits).translate(str.maketrans(",.", ".,"))


def delimited(separator: str) -> Callable[[Text], bytes]:
    def made(rows: Text) -> bytes:
        file = io.StringIO(newline="")
        writer = csv.DictWriter(file, [*rows[0]], delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
        return file.getvalue().encode()

    return made


def parquet(rows: Text) -> bytes:
    pl.DataFrame(rows).write_parquet(file := io.BytesIO())
    return file.getvalue()


FORMS: dict[str, Callable[[Text], bytes]] = {
    "r.csv": delimited(";"),
    "r.tsv": delimited("\t"),
    "r.jsonl": lambda rows: "\n".join(map(json.dumps, rows)).encode(),
    "r.parquet": parquet,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_some_rows_have_the_numbers_that_they_have_among_all(folder: Path, data: st.DataObject) -> None:
    """Whatever they leave open, in any form; and read as a stream, too."""
    spelt = data.draw(st.sampled_from([english, german]))
    digits = data.draw(st.tuples(*[st.sampled_from([0, 2, 3])] * 2), label="digits")
    numbers = data.draw(st.lists(st.tuples(*[st.integers(1, 9_999_999)] * 2), min_size=3, max_size=8))
    sure = ("1234567.25", "0.5")  # all rows together say what a point is
    rows = [
        {name: spelt(float(x), n) + unit for name, x, n, unit in zip("ab", row, digits, ("", " kg"), strict=True)}
        for row in [[x / 1000 for x in row] for row in numbers]
    ]
    rows += [{name: spelt(float(each), 2) + unit for name, unit in (("a", ""), ("b", " kg"))} for each in sure]
    separator = data.draw(st.sampled_from(";\t"))
    (folder / "all.csv").write_bytes(delimited(separator)(rows))
    whole = read(folder / "all.csv")
    assert whole.decimals == dict.fromkeys("ab", "," if spelt is german else ".")
    some = sorted(data.draw(st.sets(st.integers(0, len(rows) - 1), min_size=1)))
    how = Reading(decimals=whole.decimals)
    for name, made in FORMS.items():
        (folder / name).write_bytes(made([rows[i] for i in some]))
        found = [read_as(folder / name, how)]
        if name != "r.jsonl":
            parts = stream(folder / name, how)
            assert parts is not None
            found += [part.table for part in parts.once(set(), ["a", "b"])]
        for table in found:
            for column in "ab":
                assert numbers_of(table.frame[column]) == numbers_of(whole.frame[column][some]), (name, column)


def numbers_of(column: pl.Series) -> list[float]:
    from deltaw.preparation.reading import as_numbers

    return [*map(float, as_numbers(column, "rows", "#kg" if column.name == "b" else None))]


@pytest.mark.parametrize("name", FORMS)
def test_rows_that_are_written_otherwise_for_sure_are_read_as_they_are(folder: Path, name: str) -> None:
    """One of the columns that a model knows tells for the others."""
    (folder / name).write_bytes(FORMS[name]([{"a": "1.500", "b": "2.25"}, {"a": "7", "b": "0.5"}]))
    assert read_as(folder / name, Reading(decimals={"a": ",", "b": ","})).frame["a"].to_list() == [1.5, 7]
    (folder / name).write_bytes(FORMS[name]([{"a": "1.500", "b": "2.500"}, {"a": "7", "b": "3"}]))
    found = read_as(folder / name, Reading(decimals={"a": ",", "b": "."})).frame  # as they were written in training
    assert found.rows() == [(1500, 2.5), (7, 3)]


def test_what_nothing_tells_is_told(folder: Path) -> None:
    line = '"a": points are read as decimal points; if they separate thousands, write the numbers without them'
    by_model = '"a": points are read as thousands separators, as in the training rows'

    def notes(decimals: dict[str, str] | None, *rows: str) -> tuple[str, ...]:
        (folder / "n.csv").write_text("\n".join(["a;b" if ";" in rows[0] else "a,b", *rows]))
        return read_as(folder / "n.csv", Reading(decimals=decimals)).notes

    assert notes({"a": ","}, "1.500;x", "3;y") == (by_model,)
    assert notes({}, "1.500;x") == notes({"a": ",", "b": ","}, "1.500;2.25") == notes({"a": ","}, "1.500,x") == (line,)
    assert notes(None, "1.500;x") == notes(None, "1.500;x", "468.421;y") == (line,)
    assert (
        notes(None, "1.500;x", "0.5;y")
        == notes(None, "1.500,x")
        == notes({"a": "."}, "1.500;x")
        == notes({"b": "."}, "1.500;2.25")
        == ()
    )
    assert notes({}, "1.50;x") == notes({}, "1.500,x") == ()


def test_a_model_keeps_what_its_rows_say(folder: Path) -> None:
    """Its answers and scores are those of the numbers, of whatever text says them; and test rows may leave it open."""
    rows = [{"a": german(1000 + 7.5 * i, 2), "w": german(1000 * (1 + i % 3), 0), "y": german(500.0 * i, 0)}
            for i in range(60)]  # fmt: skip
    (folder / "t.csv").write_bytes(delimited(";")(rows))
    some = [{"a": "1.500", "w": "2.000", "y": "3.000"}, {"a": "12", "w": "3.000", "y": "500"}]
    numbers = pl.DataFrame({"a": [1500, 12], "w": [2000, 3000], "y": [3000, 500]})
    (folder / "r.csv").write_bytes(delimited(";")(some))
    asked: dict[str, Any] = {"weight": "w", "test": folder / "r.csv", "epochs": 1, "folds": 0, "hidden": [4]}
    model = deltaw.fit(folder / "t.csv", target="y", **asked)
    model.save(folder / "m.deltaw")
    assert dict(deltaw.load(folder / "m.deltaw").decimals) == dict.fromkeys("awy", ",")
    model = deltaw.load(folder / "m.deltaw")
    scores = model.evaluate(numbers)
    assert model.scores is not None
    assert model.scores.values == scores.values
    for name, made in FORMS.items():
        (folder / name).write_bytes(made(some))
        assert model.evaluate(folder / name).values == scores.values
        np.testing.assert_array_equal(model.predict(folder / name), model.predict(numbers))
    np.testing.assert_array_equal(model.predict(pl.DataFrame(some)), model.predict(numbers))
    of_numbers = deltaw.fit(pl.DataFrame({"a": range(60), "y": range(60)}), target="y", epochs=1, hidden=[4])
    assert reading_of(of_numbers).decimals == {}
