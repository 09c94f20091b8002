"""A model: answers do not depend on the order of columns or on the process, and what does not fit is refused."""

from __future__ import annotations

import errno
import io
import json
import os
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn import metrics
from small import QUICK

import deltaw
from deltaw import files
from deltaw.exceptions import ColumnError, InputError, ModelFileError, OutputError, SettingError
from deltaw.models import document
from deltaw.models.contents import picture_of


def rows_for(model: deltaw.Model, table: pl.DataFrame) -> Any:
    return deltaw.read("digits") if picture_of(model) else table


def test_save_and_load_give_the_same_answers(model: deltaw.Model, table: pl.DataFrame, tmp_path: Path) -> None:
    model.save(tmp_path / "m.deltaw")
    loaded = deltaw.load(tmp_path / "m.deltaw")
    rows = rows_for(model, table)
    assert loaded.predict(rows).tolist() == model.predict(rows).tolist()
    if model.task == "classification":
        assert loaded.predict_proba(rows).tobytes() == model.predict_proba(rows).tobytes()
    for field in ("preparation", "target", "recipe", "baseline", "history", "scores", "origin"):
        assert getattr(loaded, field) == getattr(model, field), field
    assert document(loaded) == document(model)
    assert repr(loaded) == repr(model)


@pytest.mark.parametrize("source", ["x" * 5000, "a\0b", "secret/t.csv"])
def test_a_table_that_nobody_can_look_at_does_not_keep_a_model_from_being_saved(
    source: str, regressor: deltaw.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one in a folder of another user's."""
    looked, stat = "secret", os.stat

    def refused(path: Any, **choices: Any) -> os.stat_result:
        if looked in str(path):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return stat(path, **choices)

    monkeypatch.setattr(os, "stat", refused)
    replace(regressor, origin=replace(regressor.origin, source=source)).save(tmp_path / "m.deltaw")
    assert deltaw.load(tmp_path / "m.deltaw").origin.source == source


def test_an_engine_that_there_is_not_is_refused_with_the_file(regressor: deltaw.Model, tmp_path: Path) -> None:
    replace(regressor, origin=replace(regressor.origin, engine="abacus")).save(tmp_path / "m.deltaw")
    with pytest.raises(ModelFileError, match="abacus"):
        deltaw.load(tmp_path / "m.deltaw")


def test_a_new_process_gives_the_same_bits(model: deltaw.Model, table: pl.DataFrame, tmp_path: Path) -> None:
    model.save(tmp_path / "m.deltaw")
    rows = rows_for(model, table)
    source = "digits"
    if not picture_of(model):
        source = str(tmp_path / "rows.parquet")
        rows.write_parquet(source)
    code = (
        "import sys, deltaw; m = deltaw.load(sys.argv[1]);"
        "a = m.answers(sys.argv[2]); a = a.values if a.probabilities is None else a.probabilities;"
        "sys.stdout.buffer.write(a.tobytes())"
    )
    found = subprocess.run([sys.executable, "-c", code, tmp_path / "m.deltaw", source], capture_output=True, check=True)
    answers = model.answers(rows)
    expected = answers.values if answers.probabilities is None else answers.probabilities
    assert found.stdout == expected.tobytes()


def test_columns_may_come_in_any_order_and_number(classifier: deltaw.Model, table: pl.DataFrame) -> None:
    answers = classifier.predict(table)
    shuffled = table.select(reversed(table.columns)).with_columns(more=pl.lit(1))
    assert classifier.predict(shuffled).tolist() == answers.tolist()
    assert classifier.predict(table.drop("grade", "id")).tolist() == answers.tolist()


def test_what_to_know_of_rows_before_they_are_answered(tmp_path: Path) -> None:
    """The same as the command says."""
    table = pl.DataFrame({"kg": [i / 7 for i in range(60)], "town": ["Bonn", "Ulm"] * 30, "y": [1.0, 2.0, 3.0] * 20})
    model = deltaw.fit(table, target="y", **QUICK)
    assert model.notes(table) == ()
    rows = table.with_columns(pl.col("town").str.to_uppercase(), more=pl.lit(1))
    (path := tmp_path / "t.csv").write_bytes(b"A title,,,\n" + rows.write_csv().encode())
    title, extra, words = model.notes(path)
    assert title == "the column names are in row 2; the rows above are ignored"
    assert extra == "columns that the model does not use: more"
    assert 'though it knows "Bonn"' in words


@pytest.mark.parametrize(
    "words", [["1.0", "2.5", "x"], ["True", "False", "maybe"], ["007", "7a", "b"], ["1.10", "1.2", "x"]]
)
def test_a_number_or_truth_value_says_the_word_that_text_spells_so(words: list[str], tmp_path: Path) -> None:
    """One row of such a column is read as a number by other libraries: it was an unseen word, and nobody said so. In an
    exported file, too.
    """
    table = pl.DataFrame({"c": words * 20, "y": [1.0, 2.0, 3.0] * 20})
    model = deltaw.fit(table, target="y", **QUICK)
    row = pl.read_csv(io.StringIO(table.head(1).write_csv()))
    assert row["c"].dtype != pl.String
    np.testing.assert_array_equal(model.predict(row), model.predict(table.head(1)))
    model.export(tmp_path / "exported.py", check=False)
    answer = runpy.run_path(str(tmp_path / "exported.py"))["answer"]
    assert answer(row.row(0, named=True)) == answer({"c": words[0]}) != answer({"c": "unseen"})


@pytest.mark.parametrize("words", [["0", "1", "2"], ["1.0", "2.0", "x"], ["False", "True"], ["0.5", "1.0"]])
def test_classes_that_a_frame_has_as_text_are_answered_as_text(words: list[str], tmp_path: Path) -> None:
    """Predictions are compared with the frame's own answers; other sources may have them as numbers."""
    y = np.array(words, object)[np.arange(60) % len(words)]
    table = pl.DataFrame({"x": np.arange(60) % len(words), "y": y})
    deltaw.fit(table, target="y", **QUICK).save(tmp_path / "m.deltaw")
    model = deltaw.load(tmp_path / "m.deltaw")
    assert model.classes == tuple(words)
    assert {*model.predict(table)} <= {*words}
    table.write_csv(tmp_path / "t.csv")
    scores = [model.evaluate(rows).values for rows in (table, tmp_path / "t.csv", pl.read_csv(tmp_path / "t.csv"))]
    assert scores[0] == scores[1] == scores[2]


def test_probabilities(classifier: deltaw.Model, notes: deltaw.Model, table: pl.DataFrame) -> None:
    for model in (classifier, notes):
        p = model.predict_proba(rows_for(model, table))
        assert p.shape[1] == len(model.classes)
        assert (p > 0).all()
        np.testing.assert_allclose(p.sum(axis=1), 1)
        assert np.array_equal(np.asarray(model.classes)[p.argmax(axis=1)], model.predict(rows_for(model, table)))


def test_numbers_have_no_probabilities(regressor: deltaw.Model, table: pl.DataFrame) -> None:
    with pytest.raises(SettingError, match="use predict"):
        regressor.predict_proba(table)


def test_answers_stay_within_the_range_seen(regressor: deltaw.Model, table: pl.DataFrame) -> None:
    answers = regressor.predict(table.with_columns(pl.col("size") * 1e6))
    assert answers.min() >= regressor.target.low
    assert answers.max() <= regressor.target.high


def test_evaluate_is_what_sklearn_says(classifier: deltaw.Model, regressor: deltaw.Model, table: pl.DataFrame) -> None:
    scores = classifier.evaluate(table)
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(table["grade"], classifier.predict(table)))
    expected = metrics.log_loss(table["grade"], classifier.predict_proba(table), labels=list(classifier.classes))
    assert scores["log_loss"] == pytest.approx(expected)
    assert regressor.evaluate(table)["r2"] == pytest.approx(metrics.r2_score(table["price"], regressor.predict(table)))


def test_the_scores_are_of_the_rows_held_out(table: pl.DataFrame) -> None:
    for target in ("grade", "price"):
        model = deltaw.fit(table, target, test_size=0.2, **QUICK)
        assert model.evaluate(model.held_out) == model.scores


def test_rows_that_do_not_fit(classifier: deltaw.Model, table: pl.DataFrame, tmp_path: Path) -> None:
    refused = {
        'expected a column "size"': table.drop("size"),
        'rename "Size"': table.rename({"size": "Size"}),
        'row 1 of column "size"': table.with_columns(size=pl.lit("big")),
        "expected columns with rows": table[:0],
    }
    for message, rows in refused.items():
        with pytest.raises(InputError, match=message):
            classifier.predict(rows)
    for rows in (np.zeros((3, 2)), 5, None, [[1, 2]], str(tmp_path / "none.csv")):
        with pytest.raises(InputError):
            classifier.predict(rows)


def test_evaluating_needs_the_target(classifier: deltaw.Model, table: pl.DataFrame) -> None:
    with pytest.raises(ColumnError, match='expected a column "grade"'):
        classifier.evaluate(table.drop("grade"))
    with pytest.raises(ColumnError, match=r"row 1 .*top"):
        classifier.evaluate(table.with_columns(grade=pl.lit("top")))
    with pytest.raises(ColumnError, match="none in 240 rows"):
        classifier.evaluate(table.with_columns(grade=pl.lit(None, pl.String)))


def test_a_folder_that_cannot_be_written(classifier: deltaw.Model, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist"):
        classifier.save(tmp_path / "none" / "m.deltaw")


# --- model files that somebody changed, with a digest that is right -------------------------------------------------


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a JSON document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, part in inner for place in places(part, (*at, key)))]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_document_is_refused_or_used(model: deltaw.Model, tmp_path: Path, data: st.DataObject) -> None:
    model.save(tmp_path / "m.deltaw")
    arrays, content = files.read(tmp_path / "m.deltaw")
    *path, last = data.draw(st.sampled_from([place for place in places(content) if place]))
    holder = content
    for key in path:
        holder = holder[key]
    change = data.draw(st.sampled_from([None, "", "x", -1, 0, 1, 10**9, 0.5, True, [], {}, [1], "remove", "twice"]))
    if change == "remove":
        del holder[last]
    elif change == "twice" and isinstance(holder, list):
        holder.append(holder[last])
    else:
        holder[last] = change
    files.write(tmp_path / "changed.deltaw", arrays, json.loads(json.dumps(content)))
    try:
        changed = deltaw.load(tmp_path / "changed.deltaw")
    except ModelFileError as error:
        message = str(error)
    else:
        message = str(tmp_path)
        assert changed.network.sizes == model.network.sizes
    assert str(tmp_path) in message
    assert "\n" not in message


def test_weights_of_another_network_are_refused(classifier: deltaw.Model, tmp_path: Path) -> None:
    classifier.save(tmp_path / "m.deltaw")
    arrays, content = files.read(tmp_path / "m.deltaw")
    for change in ({"W0": arrays["W0"][:, 1:]}, {"W0": arrays["W0"].astype(np.int64)}, {"W9": arrays["W0"]}):
        files.write(tmp_path / "other.deltaw", arrays | change, content)
        with pytest.raises(ModelFileError, match="weights of a network"):
            deltaw.load(tmp_path / "other.deltaw")
