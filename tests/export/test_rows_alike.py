"""Rows that are known by heart are known in every form: the rows that were learnt from, and rows that are nearly so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from test_forms import agree

import deltaw
from deltaw.export import FORMS, proof
from deltaw.preparation.columns.alike import Alike


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    """Things with codes for words, truth values, dates and gaps, each of them twice or thrice with its own answer."""
    rng, n = np.random.default_rng(3), 150
    thing = np.repeat(np.arange(n), rng.integers(1, 4, n))
    size, plz, sign = rng.normal(size=n).round(3), rng.choice(["01067", "00069", "80331"], n), rng.random(n) < 0.5
    day, odd = rng.integers(18_000, 19_000, n), rng.choice(["it's", 'say "x"', "中文", "red"], n)
    frame = pl.DataFrame({
        "size": [None if t % 9 == 0 else float(size[t]) for t in thing], "plz": plz[thing],
        "odd": [None if t % 7 == 0 else str(odd[t]) for t in thing], "sign": np.where(sign[thing], "yes", "no"),
        "day": pl.Series(day[thing]).cast(pl.Int32).cast(pl.Date),
    })  # fmt: skip
    answer = np.array(["low", "middle", "high"])[rng.integers(0, 3, n)]
    return frame.with_columns(y=answer[thing])


@pytest.fixture(scope="module")
def model(frame: pl.DataFrame) -> deltaw.Model:
    made = deltaw.fit(frame, "y", epochs=20, hidden=8, folds=0, test_size=0, verbose=False)
    assert isinstance(made.preparation.steps[-1], Alike)
    return made


@pytest.mark.parametrize("form", FORMS)
def test_a_form_knows_them(
    form: str, frame: pl.DataFrame, model: deltaw.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = frame[:40].with_columns(pl.col("size") + 0.001)
    rows = pl.concat([frame, near, frame[:40].with_columns(odd=pl.lit("unheard")), frame[:9].with_columns(sign=None)])
    program = model.program()
    days = (rows["day"].cast(pl.Int32)).cast(pl.Float64).to_numpy()
    cells = {name: rows[name].to_list() for name in ("plz", "odd", "sign")}
    cells |= {"size": rows["size"].fill_null(float("nan")).to_numpy(), "day": days}
    monkeypatch.setattr(proof, "_cells", lambda *_: {name: cells[name] for name in program.inputs})
    check = proof.check_of(program, len(rows))
    expected = model.answers(rows, engine="reference").probabilities
    np.testing.assert_allclose(check["answers"], expected, rtol=1e-5, atol=2e-7)
    agree(form, program, check, tmp_path)


def test_a_module_knows_them(frame: pl.DataFrame) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    numbers = frame.select("size", "day", other=pl.col("odd").rank("dense").cast(pl.Float64), y="y")
    model = deltaw.fit(numbers, "y", epochs=20, hidden=8, folds=0, test_size=0, verbose=False)
    assert isinstance(model.preparation.steps[-1], Alike)
    near = numbers[:40].with_columns(pl.col("size") + 0.001)
    rows = pl.concat([numbers, near]).with_columns(pl.col("day").cast(pl.Int32).cast(pl.Float64))
    x = torch.from_numpy(rows.select(pl.col(*model.preparation.input_names).fill_null(float("nan"))).to_numpy())
    with torch.no_grad():
        found = model.to_torch()(x).numpy()
    expected = model.answers(pl.concat([numbers, near]), engine="reference").probabilities
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-7)
