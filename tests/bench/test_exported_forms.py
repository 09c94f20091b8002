"""`deltaw bench --only export`: every form that can be run here is, and the others are named. No time is looked at."""

from __future__ import annotations

from functools import partial

import pytest

import deltaw
from deltaw.bench import EXPORT, Options, forms, run, text
from deltaw.export import FORMS


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "SETS", ("iris",))
    monkeypatch.setattr(forms, "EPOCHS", 1)
    monkeypatch.setattr(forms, "fit", partial(deltaw.fit, hidden=8))


def test_every_form_is_measured_or_named(small: None) -> None:
    assert {way.form for way in forms.WAYS.values()} == {"", *FORMS}
    heard: list[str] = []
    with deltaw.language("zh"):
        report = run(Options(only=(EXPORT,), quick=True), heard.append)
        shown = text.show(report)
    lacking = {name for name, way in forms.WAYS.items() if way.lacks()}
    assert {row.way for row in report.forms} == forms.WAYS.keys() - lacking
    assert len(report.remarks) >= len(lacking)
    for row in report.forms:
        assert row.size > 100
        assert len(row.alone or row.many) == 3
        assert min([*row.alone, *row.many]) > 0
    assert any("iris" in line for line in heard)
    assert "每行微秒数" in shown
    document = report.document()["export"]
    assert all(each["typical_alone"] or each["typical_many"] for each in document)


def test_a_form_that_nothing_runs_is_left_out(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "find_spec", lambda name: None)
    monkeypatch.setattr(forms, "which", lambda name: None)
    found, remarks = forms.measure(3, 0.001, lambda line: None)
    assert {row.way for row in found} == {"model", "predictor"}
    assert "ONNX Runtime left out: not installed; pip install onnx" in remarks
    assert "JavaScript, node left out: not installed: node" in remarks
