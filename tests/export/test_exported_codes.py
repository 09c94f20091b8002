"""Codes that were read as numbers, 1067 for 01067, are the same codes in every form, as they are in DeltaW."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.export import interpreter

CODES = ("01067", "00069", "04109", "10115", "80331")


@pytest.fixture(scope="module")
def model() -> deltaw.Model:
    rng = np.random.default_rng(0)
    plz, other = rng.choice(CODES, 300), rng.choice([*"ab"], 300)
    frame = pl.DataFrame({"plz": plz, "other": other, "y": np.where(np.char.startswith(plz, "0"), "east", "west")})
    return deltaw.fit(frame, "y", epochs=5, folds=0, hidden=4, verbose=False)


def test_codes_without_their_zeros(model: deltaw.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pl.DataFrame({"plz": [1067, 69, 80331, 7], "other": ["a"] * 4})
    wanted = model.predict_proba(whole)
    assert np.array_equal(
        wanted[:3], model.predict_proba(whole.with_columns(plz=pl.Series([*CODES[:2], "80331", "7"])))[:3]
    )
    spelt = (["1067", "69", "80331", "7"], ["01067", "0069", "80331", "00007"], ["1067.0", "69.0", "80331.0", "7.0"])
    for cells in spelt:  # the last as pandas writes whole numbers beside a missing one
        assert np.array_equal(wanted, model.predict_proba(whole.with_columns(plz=pl.Series(cells))))
        found, _ = interpreter.run(model.program(), {"plz": cells, "other": ["a"] * 4})
        assert found == pytest.approx(wanted, abs=1e-6)
    model.export(tmp_path / "form.py")
    names: dict[str, Any] = {}
    exec((tmp_path / "form.py").read_text(encoding="utf-8"), names)
    for kind in (int, float, str):
        cells = [kind(cell) for cell in (1067, 69, 80331, 7)]
        assert [names["answer"]({"plz": cell, "other": "a"}) for cell in cells] == [
            pytest.approx(p, abs=1e-6) for p in wanted
        ]


@pytest.mark.parametrize("kind", ["VARCHAR", "INTEGER", "DOUBLE", "FLOAT"])
def test_columns_of_a_database(model: deltaw.Model, tmp_path: Path, kind: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    model.export(tmp_path / "form.sql")
    base = duckdb.connect()
    base.execute(f"CREATE TABLE data (plz {kind}, other VARCHAR)")
    base.execute("INSERT INTO data VALUES (1067, 'a'), (69, 'a'), (80331, 'a'), (7, 'a')")
    rows = base.execute((tmp_path / "form.sql").read_text(encoding="utf-8")).fetchall()
    wanted = model.predict_proba(pl.DataFrame({"plz": [1067, 69, 80331, 7], "other": ["a"] * 4}))
    assert [row[3:] for row in rows] == [pytest.approx(p, abs=1e-6) for p in wanted]
