"""From a table's cells to the answer: the numbers are the model's own, in every form; `deltaw explain` shows them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw.cli import main
from deltaw.equations import backprop, losses
from deltaw.exceptions import InputError, SettingError
from deltaw.explain import Prediction, prediction
from deltaw.numbers import number
from deltaw.pages import FORMATS

QUICK = {"engine": "reference", "hidden": 6, "epochs": 4}


def frame(n: int = 120) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    size, colour = rng.normal(20, 5, n).round(2), rng.choice(["red", "green", "<b>"], n)
    price = (3 * size + 10 * (colour == "red") + rng.normal(0, 1, n)).round(2)
    cells = pl.Series([None if i % 17 == 5 else value for i, value in enumerate(size)])
    return pl.DataFrame(
        {"size": cells, "colour": colour, "price": price, "kind": np.where(price > 63, "dear", "cheap")}
    )


@pytest.fixture(scope="module")
def models() -> dict[str, deltaw.Model]:
    table = frame()
    return {
        "classes": deltaw.fit(table.drop("price"), "kind", **QUICK),
        "numbers": deltaw.fit(table.drop("kind"), "price", **QUICK),
        "notes, classes": deltaw.fit(table.drop("price"), "kind", recipe="notes", **QUICK),
        "notes, numbers": deltaw.fit(table.drop("kind"), "price", recipe="notes", **QUICK),
        "no hidden layer": deltaw.fit(table.drop("price"), "kind", engine="reference", hidden=(), epochs=3),
        "bins": deltaw.fit(frame(400).drop("kind"), "price", scaling="piecewise", **QUICK),
        "pictures": deltaw.fit("digits", recipe="notes", engine="reference", hidden=(10,), epochs=1, folds=1),
    }


NAMES = ["classes", "numbers", "notes, classes", "notes, numbers", "no hidden layer", "bins", "pictures"]


def explained(models: dict[str, deltaw.Model], name: str, row: int = 6, **settings: object) -> Prediction:
    return prediction(models[name], "digits" if name == "pictures" else frame(), row, **settings)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_the_models_own(models: dict[str, deltaw.Model], name: str) -> None:
    model, found = models[name], explained(models, name)
    table = deltaw.read("digits").frame if name == "pictures" else frame()
    row = table[5]
    X = model.preparation.transform(row)
    assert found.answer == model.predict(row)[0]
    np.testing.assert_array_equal(found.signals.x, X[0])
    np.testing.assert_allclose(found.signals.o[-1], model.network.forward(X)[0], rtol=1e-14)
    assert found.truth == row[model.target.name][0]
    if model.task == "classification":
        np.testing.assert_array_equal(found.probabilities, model.predict_proba(row)[0])

    step = found.step
    assert step is not None
    assert step.rule == model.recipe.backward
    if model.recipe.targets == "one_hot":
        t = model.target.one_hot(row[model.target.name], 0.01, 0.99)
    elif model.task == "classification":
        t = losses.one_hot(model.target.encode(row[model.target.name]), len(model.classes))
    else:
        t = model.target.encode(row[model.target.name])
    s, W = model.network.signals(X), [np.asarray(w, float) for w in model.network.weights]
    row_loss = losses.loss(model.recipe.loss)
    g = backprop.backward(s, np.asarray(t, float), W, model.network.rows, row_loss, model.recipe.backward)
    for ours, theirs in zip(step.dW, g.dW, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_shares_make_up_the_difference(models: dict[str, deltaw.Model], name: str) -> None:
    model, found = models[name], explained(models, name)
    shares = found.attributions
    assert abs(shares.gap) < 1e-3
    assert shares.shares.sum() == pytest.approx(shares.value - shares.value_at_baseline, abs=1e-3)
    grouped = shares.grouped(found.columns)
    assert set(grouped) == set(model.preparation.input_names)
    assert sum(grouped.values()) == pytest.approx(shares.shares.sum())
    if model.task == "regression":
        raw = float(model.target.scale.undo(found.signals.o[-1])[0])
        assert shares.value == pytest.approx(raw, rel=1e-12)
    else:
        assert shares.value == pytest.approx(found.signals.z[-1].max())
    assert (shares.method == "exact") == (name == "no hidden layer")


def test_bins_stand_at_the_median_and_count_for_their_column(models: dict[str, deltaw.Model]) -> None:
    found, table = explained(models, "bins"), frame()
    preparation = models["bins"].preparation
    (size,) = (step for step in preparation.steps if step.title == "size")
    median = preparation.transform(table[:1].with_columns(pl.lit(size.fill).alias("size")))[0]  # type: ignore[union-attr]
    base = dict(zip(preparation.feature_names, found.attributions.baseline, strict=True))
    bins = [name for name in preparation.feature_names if name.startswith("size bin ")]
    assert len(bins) >= 2
    for name in ("size", *bins):
        assert base[name] == pytest.approx(median[preparation.feature_names.index(name)], abs=1e-6)
    assert set(found.attributions.grouped(found.columns)) == {"size", "colour"}
    assert "through bin" in found.page.text()


def test_against_another_row(models: dict[str, deltaw.Model]) -> None:
    found = explained(models, "numbers", 6, against=9)
    other = explained(models, "numbers", 9)
    assert found.attributions.value_at_baseline == pytest.approx(other.attributions.value)
    assert "row 9" in str(found)


@pytest.mark.parametrize("name", NAMES)
def test_every_form_carries_the_same_numbers(models: dict[str, deltaw.Model], name: str) -> None:
    found = explained(models, name)
    assert found.step is not None
    shown = {form: found.page.render(form) for form in FORMATS}
    data = json.loads(shown["json"])
    assert data["answer"] == found.answer
    np.testing.assert_array_equal(data["attributions"]["shares"], found.attributions.shares)
    largest = max(found.attributions.grouped(found.columns).values(), key=abs)
    values = [found.step.E, found.step.E_after, largest, float(found.signals.z[-1].max())]
    for form in ("text", "markdown", "html"):
        for value in values:
            assert number(float(value)) in shown[form], (form, value)
        assert len(shown[form]) < 250_000
    assert "<b>" not in shown["html"]
    assert len(found.page.text(80).splitlines()) < 330


def test_missing_cells_and_unknown_targets(models: dict[str, deltaw.Model]) -> None:
    text = str(explained(models, "classes", 6))
    assert "missing" in text
    assert "replaced by the median" in text
    alone = prediction(models["classes"], {"size": 20.5, "colour": "red"})
    assert alone.step is None
    assert alone.truth is None
    assert "without a target there is no error to learn from" in str(alone)
    assert prediction(models["classes"], frame().with_columns(kind=None), 2).step is None


BAD = {
    "row 0": ({"row": 0}, "expected a row from 1 to 120, found 0"),
    "row 121": ({"row": 121}, "expected a row from 1 to 120, found 121"),
    "row True": ({"row": True}, "expected a row from 1 to 120, found True"),
    "against": ({"against": 0}, "expected a row from 1 to 120, found 0"),
    "rate": ({"learning_rate": float("nan")}, "learning_rate: expected"),
    "rule": ({"backward": "up"}, "backward: expected one of"),
    "column": ({"rows": frame().drop("size")}, 'expected a column "size"'),
    "class": ({"rows": frame().with_columns(kind=pl.lit("free")), "row": 7}, 'in row 7 of column "kind", found "free"'),
    "cell": ({"rows": frame().with_columns(size=pl.lit("big")), "row": 7}, 'in row 7 of column "size", found "big"'),
    "infinite": ({"rows": {"size": float("inf"), "colour": "red"}}, 'row 1 of column "size", found inf'),
    "model": ({"model": "m.deltaw"}, "model: expected a deltaw.Model"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_get_one_line(models: dict[str, deltaw.Model], name: str) -> None:
    settings, message = BAD[name]
    with pytest.raises((InputError, SettingError)) as caught:
        prediction(**{"model": models["classes"], "rows": frame(), **settings})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, models: dict[str, deltaw.Model]) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    models["classes"].save(folder / "m.deltaw")
    frame().write_csv(folder / "rows.csv")
    frame().drop("kind").write_csv(folder / "new.csv")
    return folder


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str], models: dict[str, deltaw.Model]) -> None:
    args = ["explain", str(folder / "m.deltaw"), str(folder / "rows.csv"), "--row", "6"]
    expected = explained(models, "classes")
    assert main(args) == 0
    text = capsys.readouterr().out
    assert f"kind of row 6 of {folder / 'rows.csv'}" in text.replace("\n", "")
    assert number(float(expected.signals.z[-1].max())) in text
    assert main([*args, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["answer"] == expected.answer
    for ending, start in (
        (".html", "<!doctype html>"),
        (".md", "# kind of row 6"),
        (".json", "{"),
        (".txt", "kind of"),
    ):
        out = folder / f"page{ending}"
        assert main([*args, "-o", str(out)]) == 0
        assert out.read_text(encoding="utf-8").startswith(start)
        assert capsys.readouterr().out == ""
    assert main([*args, "--link", "1,0,bias", "--json", "--learning-rate", "0.3", "--backward", "notes"]) == 0
    link = json.loads(capsys.readouterr().out)["link"]
    assert link["change"] == pytest.approx(-0.3 * link["by_rule"])
    assert link["gradient"] == pytest.approx(link["central_difference"], rel=1e-5, abs=1e-8)


LINES = {
    "m.deltaw rows.csv --row 121": "expected a row from 1 to 120, found 121",
    "m.deltaw rows.csv --row x": "--row",
    "m.deltaw rows.csv --link 2,0": "--link: expected LAYER,TO,OF",
    "m.deltaw rows.csv --link 2,0,x": "--link: expected LAYER,TO,OF",
    "m.deltaw rows.csv --link 3,0,0": "link: expected a layer from 1 to 2, found 3",
    "m.deltaw rows.csv --link 1,6,0": "link: expected a unit of layer 1 from 0 to 5, found 6",
    "m.deltaw new.csv --link 1,0,0": 'a row of new.csv whose "kind" is known',
    "m.deltaw rows.csv --format pdf": "--format: expected one of text, markdown, html, json",
    "m.deltaw rows.csv --learning-rate nan": "learning_rate: expected a number",
    "m.deltaw rows.csv --backward up": "backward: expected one of gradient, notes",
    "m.deltaw rows.csv -o none/x.html": "none/x.html",
    "m.deltaw none.csv": "none.csv",
    "none.deltaw rows.csv": "none.deltaw",
    "m.deltaw": "DATA",
}


@pytest.mark.parametrize("line", LINES)
def test_bad_commands_get_one_line(
    folder: Path, line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert main(["explain", *line.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert LINES[line] in err
    assert len(err.splitlines()) == 1


def test_a_class_that_is_a_number_is_called_so_everywhere() -> None:
    x = np.random.default_rng(0).normal(size=80)
    table = pl.DataFrame({"x": x, "y": np.where(x > 0, 2.0, 1.0)})
    text = str(prediction(deltaw.fit(table, "y", epochs=3, hidden=4, folds=0, verbose=False), table))
    assert re.search(r"The answer is (1\.0|2\.0) \(.* the table says (1\.0|2\.0)\.", text), text
