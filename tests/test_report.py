"""The report: one file, nothing from outside, nothing of the data taken for markup."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import deltaw
from deltaw import report
from deltaw.exceptions import OutputError
from reader import Reader

QUICK = {"engine": "native", "hidden": 6, "epochs": 3}
VOID = {"meta", "br", "link", "img", "use", "path", "rect", "image"}


def nasty(n: int = 160) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=n)
    return pl.DataFrame(
        {
            "<b>x</b>": x,
            "$y$ & z": rng.choice(["<img src=http://evil>", "two"], n),
            "</table>": np.where(x + rng.normal(0, 0.5, n) > 0, "<script>alert(1)</script>", "no & $no$"),
        }
    )


MODELS = {
    "names like markup": lambda: deltaw.fit(nasty(), "</table>", **QUICK),
    "numbers": lambda: deltaw.fit("diabetes", **QUICK),
    "pictures": lambda: deltaw.fit("digits", recipe="notes", **QUICK),
    "no test rows": lambda: deltaw.fit(nasty(), "</table>", test_size=0, **QUICK),
    "no hidden layer": lambda: deltaw.fit("iris", engine="native", hidden=(), epochs=2, validation=0.0),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_page_that_stands_alone(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if name in ("numbers", "no test rows"):  # whose figures are of the others' kinds
        request.getfixturevalue("undrawn")
    model = MODELS[name]()
    report.write(tmp_path / "report.html", model)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Reader(text)
    assert not page.tags & {"script", "img", "link", "iframe", "metadata"}
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in page.links)
    assert "<b>x</b>" not in text
    assert "@import" not in text
    assert "url(http" not in text
    words = " ".join(page.words)
    assert model.target.name in words
    for column in model.preparation.describe():
        assert column.column in words
    if model.scores is not None:
        for metric in model.scores.defined:
            assert metric.show(model.scores[metric.name]) in words
            assert metric.show(model.scores.baseline[metric.name]) in words
    assert len(text) < 1_500_000


@pytest.mark.usefixtures("undrawn")
def test_a_loaded_model_has_a_report_too(tmp_path: Path) -> None:
    model = deltaw.fit("iris", **QUICK)
    model.save(tmp_path / "m.deltaw")
    assert "Confusion matrix" in report.html(deltaw.load(tmp_path / "m.deltaw"))


@pytest.mark.usefixtures("undrawn")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        report.write(tmp_path / "none" / "report.html", deltaw.fit("iris", **QUICK))


@pytest.mark.usefixtures("undrawn")
def test_many_classes_and_columns() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(70), 6)
    table = pl.DataFrame({f"x{i}": rng.normal(size=len(labels)) + labels for i in range(220)})
    model = deltaw.fit(table.with_columns(label=pl.Series([f"class {i}" for i in labels])), "label", **QUICK)
    text = report.html(model)
    assert "… and 20 more columns" in text
    assert sys.getsizeof(text) < 2_000_000
