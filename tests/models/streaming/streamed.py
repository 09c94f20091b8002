"""A table of a few rows that is streamed as one of many is, and models of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import models
from deltaw.models.fitting.trainings import prepared
from deltaw.models.rows import survey
from deltaw.tables.reading import streams
from deltaw.tables.reading.formats import pieces

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


def begun(folder: Path, *words: str) -> list[str]:
    return ["train", str(folder / "d.parquet"), "-t", "y", "-o", str(folder / "m.deltaw"), "--hidden", "8", "--epochs",
            "3", "--memory", "20000", "--cache", str(folder / "cache"), *words]  # fmt: skip


def in_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of a few rows goes through slices, a sample, runs and windows as one of many does."""
    monkeypatch.setattr(survey, "HELD_OUT", 700)
    monkeypatch.setattr(survey, "FEWEST", 800)
    monkeypatch.setattr(streams, "CELLS", 8 * 250)
    monkeypatch.setattr(streams, "pieces", lambda *given, size: pieces.pieces(*given, size=9000))
    monkeypatch.setattr(prepared, "BLOCK", 4000)
    for room in (survey, prepared):
        monkeypatch.setattr(room, "CHUNK_BYTES", 30_000)  # bytes: some slices
    monkeypatch.setattr("deltaw.models.fitting.deciding.streaming.MOST_TEST", 400)
    monkeypatch.setattr("deltaw.models.fitting.deciding.streaming.MOST_VALIDATION", 300)
