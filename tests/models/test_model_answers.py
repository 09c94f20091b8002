"""A model's answers go by the engine: the same bits in any company, packed once, in float64 where that is asked for."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deltaw
from deltaw import engines
from deltaw.engines import predictor
from deltaw.engines.predictor import Predictor
from deltaw.exceptions import MissingError, SettingError
from deltaw.models import answers
from deltaw.models.contents import picture_of


@pytest.fixture(params=["classifier", "regressor", "notes"])
def asked(request: pytest.FixtureRequest, table: pl.DataFrame) -> tuple[deltaw.Model, Any, pl.DataFrame]:
    """A model trained by the reference engine, and rows: as they are given, and as columns."""
    model = request.getfixturevalue(request.param)
    rows = deltaw.read("digits") if picture_of(model) else table
    return model, rows, rows if rows is table else rows.frame


def numbers(answers: deltaw.models.Answers) -> Any:
    return answers.values if answers.probabilities is None else answers.probabilities


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_row_has_the_same_answer_in_any_company(asked: Any, data: st.DataObject) -> None:
    model, _, frame = asked
    some = data.draw(st.lists(st.integers(0, len(frame) - 1), min_size=1, max_size=200), label="rows")
    whole, part = (numbers(model.answers(rows, engine="native")) for rows in (frame, frame[some]))
    assert part.tobytes() == whole[some].tobytes()


@pytest.mark.parametrize("at_once", [1, 7, 100])
def test_some_rows_after_the_others_say_what_all_say(asked: Any, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many outputs are made at a time: of 20,000 rows of 10,000 classes all would take gigabytes."""
    model, rows, frame = asked
    whole, values = numbers(model.answers(rows)), model.predict(rows)
    made = []
    forward = deltaw.Model._forward
    monkeypatch.setattr(answers, "AT_ONCE", at_once)
    monkeypatch.setattr(deltaw.Model, "_forward", lambda *given: made.append(found := forward(*given)) or found)
    assert numbers(model.answers(rows)).tobytes() == whole.tobytes()
    assert (model.predict(rows) == values).all()
    assert max(each.size for each in made) <= max(at_once, model.network.sizes[-1])
    assert sum(map(len, made)) == 2 * len(frame)
    in_turn = list(model.answers_in_turn(rows))
    assert np.concatenate(list(map(numbers, in_turn))).tobytes() == whole.tobytes()
    assert len(in_turn[0].values) == max(1, at_once // model.network.sizes[-1])


def test_answers_are_the_predictors(classifier: deltaw.Model, table: pl.DataFrame) -> None:
    outputs = Predictor(classifier.network)(classifier.preparation.encode(table)).astype(float)
    shares = outputs / outputs.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(classifier.predict_proba(table, engine="native"), shares, rtol=1e-12)


def test_float64_is_asked_for_by_the_engines_name(asked: Any) -> None:
    model, rows, frame = asked
    exact, quick = (numbers(model.answers(rows, engine=engine)) for engine in ("reference", "native"))
    outputs = model.network.forward(np.asarray(model.preparation.encode(frame)))
    if model.task == "regression":
        wanted = model.target.decode(outputs).to_numpy()
    else:
        wanted = np.clip(outputs, 1e-12, None)
        wanted /= wanted.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(quick.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(exact, wanted, rtol=1e-12)
    np.testing.assert_allclose(quick, exact, rtol=1e-4, atol=1e-6)
    scores = [model.evaluate(rows, engine=engine).headline for engine in ("reference", "native")]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)


def test_an_engine_that_is_none(classifier: deltaw.Model, table: pl.DataFrame) -> None:
    for call in (classifier.predict, classifier.predict_proba, classifier.evaluate, classifier.answers):
        with pytest.raises(SettingError, match="engine: expected one of native, reference, torch, found 'float64'"):
            call(table, engine="float64")


def test_a_model_answers_by_the_engine_that_trained_it(
    classifier: deltaw.Model, table: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    native, reference = (
        replace(classifier, network=classifier.network.copy(), origin=replace(classifier.origin, engine=engine))
        for engine in ("native", "reference")
    )
    exact = native.predict_proba(table, engine="reference")
    assert reference.predict_proba(table).tobytes() == exact.tobytes()
    quick = native.predict_proba(table)
    assert quick.tobytes() == reference.predict_proba(table, engine="native").tobytes() != exact.tobytes()

    monkeypatch.setitem(engines.ENGINES, "native", ("deltaw.engines.not_there", "NativeEngine"))
    assert reference.predict_proba(table).tobytes() == exact.tobytes()
    native = replace(native, network=classifier.network.copy())
    with pytest.raises(MissingError, match="use engine='reference'"):
        native.predict(table)
    assert native.predict_proba(table, engine="reference").tobytes() == exact.tobytes()


def test_weights_are_packed_once_and_anew_when_they_change(
    regressor: deltaw.Model, table: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    monkeypatch.setattr(predictor, "Predictor", lambda network: made.append(network) or Predictor(network))
    model = replace(regressor, network=regressor.network.copy())
    first = model.predict(table, engine="native")
    model.predict(table[:3], engine="native")
    assert len(made) == 1
    model.network.weights[-1] *= 0.5
    second = model.predict(table, engine="native")
    np.testing.assert_allclose(second, model.predict(table), rtol=1e-4)
    assert not np.array_equal(first, second)
    assert len(made) == 2


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))], ids=["copy", "deep", "pickle"]
)
def test_copies_answer_alike_and_carry_nothing_that_was_packed(
    classifier: deltaw.Model, table: pl.DataFrame, twin: Any
) -> None:
    fresh = replace(classifier, network=classifier.network.copy(), scores=None)
    size = len(pickle.dumps(fresh))
    answers = fresh.predict_proba(table, engine="native")
    assert len(pickle.dumps(fresh)) == size
    assert twin(fresh).predict_proba(table, engine="native").tobytes() == answers.tobytes()
