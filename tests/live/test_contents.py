"""What a page of the lab is given, read back as the page reads it: base64, gzip, safetensors, JSON."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load as tensors_of

import deltaw
from deltaw import models
from deltaw.exceptions import ColumnError, SettingError
from deltaw.live import contents as made
from deltaw.live.page import _few, packed
from deltaw.live.write import contents

Arrays = dict[str, np.ndarray[Any, Any]]


def read(found: made.Contents) -> tuple[Arrays, dict[str, Any]]:
    data = gzip.decompress(base64.b64decode(packed(found), validate=True))
    length = int.from_bytes(data[:8], "little")
    arrays = tensors_of(data)
    if "inputs.place" in arrays:
        arrays["inputs"] = arrays["inputs.value"][arrays["inputs.place"]]
    return arrays, json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["lab"])


def frame(rows: int = 60, seed: int = 0) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=rows).round(3)
    words = np.where(x > 0, "</script><b>", "中文 \\ \"'")
    gaps = [None if i % 7 == 0 else float(v) for i, v in enumerate(draw.normal(size=rows))]
    return pl.DataFrame(
        {"x": x, "word": words, "gap": gaps, "y": np.where(x + draw.normal(size=rows) > 0, "yes", "no")}
    )


def test_rows_are_those_of_a_training() -> None:
    table = frame()
    arrays, document = read(contents(table, None, "y", "default", {"seed": 3}))
    plan = models.plan(table, "y", seed=3, folds=0, test_size=0.2, validation=0.0)
    learnt = len(plan.training)
    assert plan.test is not None
    assert np.array_equal(arrays["inputs"], np.concatenate([plan.training.X, plan.test.X]))
    assert np.array_equal(arrays["heldOut"], np.arange(learnt, len(table)))
    assert np.array_equal(arrays["labels"], np.concatenate([plan.training.truth, plan.test.truth]))
    assert np.array_equal(arrays["targets"].argmax(1), arrays["labels"])
    assert (arrays["targets"].sum(1) == 1).all()
    data, settings = document["data"], document["settings"]
    assert data["nIn"] == arrays["inputs"].shape[1] == 6
    assert [layer["units"] for layer in settings["layers"]] == [*(plan.recipe.hidden or ()), 2]
    assert (settings["rate"], settings["batch"], settings["seed"]) == (
        plan.recipe.learning_rate,
        plan.recipe.batch_size,
        3,
    )


def test_cells_come_back() -> None:
    table = frame()
    arrays, document = read(contents(table, None, "y", None, {}))
    whole = models.plan(table, "y", folds=0, test_size=0.2, validation=0.0)
    assert whole.test is not None
    rows = whole.training.frame.vstack(whole.test.frame)
    for place, column in enumerate(document["data"]["columns"]):
        cells, words = arrays[f"column.{place}"], column["words"]
        if words is None:
            assert np.array_equal(
                cells, rows[column["name"]].cast(pl.Float64).fill_null(np.nan).to_numpy(), equal_nan=True
            )
        else:
            assert [None if cell < 0 else words[cell] for cell in cells] == rows[column["name"]].to_list()
        assert column["missing"] == table[column["name"]].null_count()


def test_a_file_is_read_as_a_training_reads_it(tmp_path: Path) -> None:
    path = str(tmp_path / "rows.csv")
    frame().write_csv(path, null_value="unknown", separator="|")
    data = read(contents(path, None, "y", None, {"delimiter": "|"}))[1]["data"]
    assert data["name"] == "rows.csv"  # where it lay stays home
    kinds = {column.name: column.kind for column in models.plan(path, "y", delimiter="|").columns}
    assert {column["name"]: column["kind"] for column in data["columns"]} == {**kinds, "y": "category"}
    assert kinds["gap"] == "number"
    assert data["gaps"] == ["unknown"]


def test_numbers_and_their_scale() -> None:
    arrays, document = read(contents("diabetes", None, None, "notes", {}))
    target = document["data"]["target"]
    y = (arrays["targets"][:, 0] - target["shift"]) * target["width"] + target["centre"]
    place = [column["name"] for column in document["data"]["columns"]].index(target["name"])
    assert np.allclose(y, arrays[f"column.{place}"], rtol=1e-5)
    assert document["settings"]["backward"] == "notes"
    for recipe in ("notes", "default"):
        target = read(contents("diabetes", None, None, recipe, {}))[1]["data"]["target"]
        assert [target["low"], target["high"], target["clamp"]] == [25, 346, recipe == "default"]


def test_pictures_are_inputs_and_no_columns() -> None:
    arrays, document = read(contents("digits", None, None, None, {}))
    assert document["data"]["image"] == {"width": 8, "height": 8}
    assert [column["name"] for column in document["data"]["columns"]] == ["label"]
    assert arrays["inputs"].shape == (1797, 64)
    assert arrays["inputs.place"].dtype == np.uint8  # seventeen greys


def test_too_many_rows_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "MOST_BYTES", 20 * 4 * 4)
    arrays, document = read(contents("iris", None, None, None, {}))
    assert len(arrays["inputs"]) == 20 == len(arrays["labels"]) == len(arrays["column.0"])
    assert len(arrays["heldOut"]) == 4
    assert document["data"]["notes"] == ["20 of 150 rows, drawn by seed 0"]
    again, _ = read(contents("iris", None, None, None, {}))
    assert np.array_equal(arrays["inputs"], again["inputs"])


@pytest.fixture(scope="module")
def model() -> deltaw.Model:
    return deltaw.fit(frame(), "y", epochs=2, folds=0, verbose=False)


def test_a_model_brings_its_weights_and_knows_its_rows(model: deltaw.Model) -> None:
    arrays, document = read(contents(model, frame(), None, None, {}))
    for l, (W, b) in enumerate(zip(model.network.weights, model.network.biases, strict=True)):
        assert np.array_equal(arrays[f"W.{l}"], np.asarray(W, np.float32))
        assert np.array_equal(arrays[f"b.{l}"], np.asarray(b, np.float32))
    assert len(arrays["inputs"]) == model.origin.training_rows + model.origin.test_rows
    assert len(arrays["heldOut"]) == model.origin.test_rows
    assert document["settings"]["heldOut"] == model.origin.test_rows / len(arrays["inputs"])
    arrays, document = read(contents(model, frame(40, seed=1), None, None, {}))  # rows that it has not seen
    assert len(arrays["inputs"]) == 40
    assert "heldOut" not in arrays
    assert document["settings"]["heldOut"] > 0


def test_what_cannot_be(model: deltaw.Model) -> None:
    with pytest.raises(SettingError, match="expected DATA, or a model and DATA"):
        contents("iris", "wine", None, None, {})
    with pytest.raises(SettingError, match="expected rows to train on"):
        contents(model, None, None, None, {})
    with pytest.raises(SettingError, match="expected its own settings, found epochs, target"):
        contents(model, frame(), "y", None, {"epochs": 3})
    with pytest.raises(ColumnError, match="expected a column"):
        contents(model, frame().drop("y"), None, None, {})
    with pytest.raises(SettingError, match="straight scale"):
        contents("diabetes", None, None, None, {"target_scale": "log"})


def test_the_page_speaks_as_its_maker_does() -> None:
    def asked() -> object:
        return contents("iris", None, None, None, {}).document["language"]

    assert asked() is None  # the reader's own
    with deltaw.language("zh"):
        assert asked() == "zh"


@pytest.mark.parametrize("different", [1, 2, 256, 257])
def test_few_numbers_come_as_places_with_all_their_bits(different: int) -> None:
    values = np.linspace(-1, 1, different).astype(np.float32)
    values[0] = -0.0
    X = (
        np.random.default_rng(0)
        .permutation(np.resize(np.append(values, np.float32(0.0))[-different:], 3000))
        .reshape(-1, 3)
    )
    found = _few(X)
    assert ("inputs" in found) == (len(np.unique(X.view(np.uint32))) > 256)
    again = found["inputs"] if "inputs" in found else found["inputs.value"][found["inputs.place"]]
    assert again.view(np.uint32).tolist() == X.view(np.uint32).tolist()


def test_a_table_of_text_alone_is_learnt_from() -> None:
    word = np.resize(["good", "bad", "bad"], 300)
    table = pl.DataFrame({"note": [f"row {i} is {each} here" for i, each in enumerate(word)], "y": word == "good"})
    preparation = contents(table, None, "y", None, {}).document["data"]["preparation"]
    assert [step["kind"] for step in preparation["steps"]] == ["text"]
