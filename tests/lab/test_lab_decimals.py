"""Rows that leave it open what a point is are read in the lab as in Python: as those that the model learnt from."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from engine import ask
from test_lab_tables import choice, csv

import deltaw
from deltaw.preparation.reading import as_numbers
from deltaw.tables import Reading, read_as

RNG = np.random.default_rng(4)


def spelt(x: float, digits: int, german: bool) -> str:
    english = f"{x:,.{digits}f}"
    return english.translate(str.maketrans(",.", ".,")) if german else english


def rows() -> tuple[str, dict[str, str] | None]:
    """A few rows of two columns, each written in a way of its own, and what a model knows of them."""
    digits, german = RNG.integers(0, 4, 2), bool(RNG.random() < 0.6)
    ways = [german, german if RNG.random() < 0.8 else not german]
    columns = {
        name: [spelt(x / 1000, n, way) + unit for x in RNG.integers(1, 10 ** RNG.integers(3, 8), 4)]
        for name, n, way, unit in zip("ab", digits, ways, ("", RNG.choice(["", " kg"])), strict=True)
    }
    known = [None, {}, *({"a": a, "b": b} for a in ",." for b in ",."), {"a": ","}, {"b": "."}]
    separator = str(RNG.choice(list(";\t,")))
    return csv(columns | {"c": list("xyzx")}, separator), known[RNG.integers(len(known))]


def job(data: bytes, decimals: dict[str, str] | None, name: str = "t.csv") -> dict[str, Any]:
    known = {} if decimals is None else {"decimals": decimals}
    return {"do": "rows", "bytes": np.frombuffer(data, np.uint8), "name": name, **known}


def alike(found: dict[str, Any], path: Path, known: dict[str, str] | None) -> None:
    """The same numbers, marks and notes as Python's."""
    table, told = read_as(path, Reading(decimals=known)), (path.read_bytes(), known)
    assert sorted(found["notes"]) == sorted(table.notes), told
    for name in "ab":
        cells = table.frame[name]
        if cells.dtype.is_numeric() or len(found["numbers"][name]):
            unit = "#kg" if name == "b" and not cells.dtype.is_numeric() else None
            assert found["numbers"][name].tolist() == [*map(float, as_numbers(cells, "rows", unit))], told
            assert found["decimals"][name] == table.decimals.get(name), told


def test_rows_are_read_by_what_a_model_knows(tmp_path: Path) -> None:
    cases = [(text.encode(), known) for text, known in (rows() for _ in range(300))]
    for (data, known), found in zip(cases, ask([job(*case) for case in cases]), strict=True):
        (tmp_path / "t.csv").write_bytes(data)
        alike(found, tmp_path / "t.csv", known)


def test_text_among_cells_with_types_has_marks_too(tmp_path: Path) -> None:
    """JSON and workbooks whose numbers are text, and one column of numbers in them."""
    pytest.importorskip("xlsxwriter")
    cases = []
    for ending, n in (("json", 100), ("xlsx", 20)):
        for _ in range(n):
            text, known = rows()
            frame = pl.read_csv(text.encode(), separator=text[1], infer_schema=False).with_columns(n=pl.lit(1.5))
            buffer = io.BytesIO()
            (frame.write_json if ending == "json" else frame.write_excel)(buffer)
            cases.append((buffer.getvalue(), known, f"t.{ending}"))
    for (data, known, name), found in zip(cases, ask([job(*case) for case in cases]), strict=True):
        (tmp_path / name).write_bytes(data)
        alike(found, tmp_path / name, known)
        assert "n" not in found["decimals"]


def test_models_know_it_both_ways(tmp_path: Path) -> None:
    """Of German numbers, with rows to be answered that leave it open, and a point in a file of commas."""
    x, w = RNG.uniform(0, 9000, 80), RNG.normal(size=80)
    columns = {
        "a": [spelt(v, 2, True) for v in x],
        "w": [f"{v:.2f} m".replace(".", ",") for v in w],
        "n": [str(int(v)) for v in x],
        "y": [spelt(v, 1, True) for v in x + 900 * w],
    }
    text, others = csv(columns, ";"), "a;w;n\n1.500;1 m;7\n12;2 m;1.500\n"
    (tmp_path / "t.csv").write_text(text)
    (tmp_path / "o.csv").write_text(others)
    model = deltaw.fit(tmp_path / "t.csv", "y", epochs=2, folds=0, seed=5, target_scale="none")
    model.save(tmp_path / "m.deltaw")
    file, table, more = (np.frombuffer((tmp_path / n).read_bytes(), np.uint8) for n in ("m.deltaw", "t.csv", "o.csv"))
    answered, made = ask([
        {"do": "others", "file": file, "bytes": table, "name": "t.csv", "others": more},
        {"do": "model", "bytes": table, "name": "t.csv", "kind": "default", "own": {"epochs": 2},
         "choice": choice("y", "piecewise", False, 0.2, "regression")},
    ])  # fmt: skip
    expected = model.network.forward(model.preparation.transform(model.read(str(tmp_path / "o.csv")).frame))
    np.testing.assert_allclose(answered["outputs"].reshape(expected.shape), expected, atol=3e-6, rtol=3e-5)
    (tmp_path / "lab.deltaw").write_bytes(made["file"].tobytes())
    lab = deltaw.load(tmp_path / "lab.deltaw")
    assert dict(lab.decimals) == dict(model.decimals) == dict.fromkeys("awny", ",")
    numbers = pl.DataFrame({"a": [1500.0, 12.0], "w": ["1 m", "2 m"], "n": [7, 1500]})
    np.testing.assert_array_equal(lab.predict(tmp_path / "o.csv"), lab.predict(numbers))
