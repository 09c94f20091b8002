"""What is no path, network, name or number where one is asked for: one line that says so, and no error of Python's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.exceptions import DeltaWError

X = np.random.default_rng(0).normal(size=(12, 3))
TABLE = pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": ["p", "q", "r"] * 4})
NETWORK = deltaw.Network([3, 2], ["identity"], seed=0)
QUICK: dict[str, Any] = {"epochs": 1, "folds": 0, "hidden": 2}


@pytest.fixture(scope="module")
def model() -> deltaw.Model:
    return deltaw.fit(TABLE, "y", **QUICK)


def fit(**settings: Any) -> Callable[[Any], Any]:
    return lambda _: deltaw.fit(TABLE, "y", **QUICK | settings)


def train(**settings: Any) -> Callable[[Any], Any]:
    return lambda _: deltaw.train(NETWORK.copy(), X, X[:, :2], **settings)


CALLS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a model for its path": (deltaw.load, "load: expected a path"),
    "bytes for their path": (lambda _: deltaw.load(bytes(9)), "load: expected a path or a file object, found bytes"),
    "a number for a path": (lambda model: model.save(3), "save: expected a path, found 3"),
    "none to export to": (lambda model: model.export(None), "export: expected a path, found None"),
    "a yes for a folder": (train(checkpoint=True), "checkpoint: expected the path of a folder, found True"),
    "a yes for a cache": (fit(cache=True), "cache: expected the path of a folder, found True"),
    "a model for a network": (deltaw.Predictor, r"network: expected a deltaw\.Network"),
    "no threads": (lambda model: model.predict(TABLE, threads=0), "threads: expected a whole number"),
    "a word for threads": (lambda _: deltaw.Predictor(NETWORK)(X, "x"), "threads: expected a whole number"),
    "a word for telemetry": (train(telemetry="no"), "telemetry: expected True or False, found 'no'"),
    "rows for a shuffle": (train(shuffle=X), "shuffle: expected True or False"),
    "a number for a recipe": (fit(recipe=3), "recipe: expected one of .* found 3; choose one of these"),
    "a list for a metric": (fit(metric=["auc"]), r"metric: expected a score of classification .* found \['auc'\]"),
    "a yes for kinds": (fit(kinds=True), "kinds: expected a kind for each column, found True"),
    "a number for a column": (lambda model: model.dependence(TABLE, 3), 'expected a column "3"'),
    "no table for SQL": (lambda model: model.export("m.sql", table=None), "table: expected the name of the table"),
    "a number between fields": (
        lambda _: deltaw.read("m.csv", delimiter=3),
        "delimiter: expected one character, found 3",
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_is_said_in_one_line(model: deltaw.Model, case: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.csv").write_text("a,y\n1,p\n", encoding="ascii")
    call, message = CALLS[case]
    with pytest.raises(DeltaWError, match=message) as caught:
        call(model)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]


@pytest.mark.parametrize("telemetry", [1, np.True_])
def test_what_is_as_good_as_true(telemetry: Any) -> None:
    history = deltaw.train(NETWORK.copy(), X, X[:, :2], telemetry=telemetry, epochs=2)
    assert len(history.looks) == 2


@pytest.mark.parametrize("where", ["start", "test", "validation", "memory"])
def test_rows_none_of_which_has_an_answer(where: str, model: deltaw.Model, tmp_path: Path) -> None:
    none = TABLE.with_columns(pl.lit(None, pl.String).alias("y"))
    none.write_parquet(tmp_path / "none.parquet")
    source = str(tmp_path / "none.parquet")
    calls: dict[str, Callable[[], Any]] = {
        "start": lambda: deltaw.fit(none, start=model, epochs=1),
        "test": lambda: deltaw.fit(TABLE, "y", test=source, epochs=1),
        "validation": lambda: deltaw.fit(TABLE, "y", validation=source, epochs=1),
        "memory": lambda: deltaw.fit(source, "y", memory=1, epochs=1),
    }
    line = r'expected values in target "y", found none in 12 rows; give rows whose answers are known'
    with pytest.raises(DeltaWError, match=line):
        calls[where]()
