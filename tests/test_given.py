"""Arrays and series where a word, a number or a list is expected: one line that says what is, and no truth value."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import deltaw
from deltaw import doctor, explain
from deltaw.equations.losses import Loss
from deltaw.given import among, is_whole, several

WRONG = [np.array(3), np.array(["x", "y"]), np.array([1.5, 2.5]), np.array([]), pd.Series([1, 2]), pl.Series([1, 2])]
X = np.random.default_rng(0).uniform(size=(40, 4))
T = (X[:, :1] > 0.5) * 1.0
FRAME = pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": T[:, 0].astype(int)})


def net() -> deltaw.Network:
    return deltaw.Network([4, 3, 1], activations="sigmoid")


def fit(**settings: Any) -> Any:
    return deltaw.fit(FRAME, "y", **{"epochs": 1, "folds": 0, "verbose": False} | settings)


@pytest.fixture(scope="module")
def model() -> deltaw.Model:
    return fit()  # type: ignore[no-any-return]


ASKED: dict[str, Callable[[Any, Any], object]] = {
    **{
        f"train {word}": lambda given, _, word=word: deltaw.train(net(), X, T, epochs=1, **{word: given})
        for word in ("backward", "checkpoint", "engine", "loss", "optimizer", "schedule", "device")
    },
    **{
        f"fit {word}": lambda given, _, word=word: fit(**{word: given})
        for word in ("recipe", "group", "time", "task", "cache", "checkpoint", "backward", "engine", "metric", "keep")
    },
    "crossval seed": lambda given, _: deltaw.crossval(FRAME, "y", epochs=1, folds=2, seed=given),
    "lab recipe": lambda given, _: deltaw.lab(FRAME, target="y", recipe=given),
    "language": lambda given, _: deltaw.language(given),
    "lesson lang": lambda given, _: deltaw.lessons.line(lang=given),  # type: ignore[attr-defined]
    "engine": lambda given, model: model.predict(FRAME, engine=given),
    "metric": lambda given, model: model.importance(FRAME, metric=given),
    "dependence": lambda given, model: model.dependence(FRAME, given),
    "export form": lambda given, model: deltaw.export(model, "x.c", form=given),
    "attributions of": lambda given, _: explain.attributions(net(), X[0], of=given),
    "step backward": lambda given, _: explain.step(net(), X[0], T[0], backward=given),
    "prediction backward": lambda given, model: explain.prediction(model, FRAME, backward=given),
    "link of": lambda given, _: explain.step(net(), X[0], T[0]).link(1, 0, given),
    "error_at w": lambda given, _: explain.step(net(), X[0], T[0]).error_at(1, 0, 0, given),
    "doctor reduction": lambda given, _: doctor.examine(net(), X, T, seconds=0.01, reduction=given),
    "doctor task": lambda given, _: doctor.examine(net(), X, T, seconds=0.01, task=given),
}


@pytest.mark.parametrize("asked", ASKED)
def test_an_array_is_no_word(asked: str, model: deltaw.Model) -> None:
    for given in WRONG:
        with pytest.raises(deltaw.InputError) as error:
            ASKED[asked](given, model)
        assert "\n" not in str(error.value)
        assert "truth value" not in str(error.value)


@pytest.mark.parametrize(
    "asked",
    [
        lambda given: fit(hidden=given),
        lambda given: fit(drop=given),
        lambda given: fit(columns=given),
        lambda given: fit(callbacks=given),
        lambda given: deltaw.read(FRAME, na=given),
        lambda given: deltaw.train(net(), X, T, epochs=1, callbacks=given),
        lambda given: deltaw.train(net(), X, T, epochs=1, dropout=given),
        lambda given: explain.signals(net(), X[0], inputs=given),
        lambda given: doctor.examine(net(), X, T, seconds=0.01, columns=given),
    ],
)
def test_an_array_without_dimensions_is_no_list(asked: Callable[[Any], object]) -> None:
    for given in (np.array("relu"), np.array(0.5)):
        with pytest.raises(deltaw.InputError, match="expected"):
            asked(given)


def test_lists_may_be_arrays_and_the_columns_of_a_frame() -> None:
    names = pd.DataFrame(X, columns=["a", "b", "c", "d"]).columns
    assert explain.signals(net(), X[0], inputs=names).inputs == ("a", "b", "c", "d")
    assert explain.step(net(), X[0], T[0], inputs=names.to_numpy()).unit(0, 1) == "b"
    assert doctor.Setup.of(net(), X, T, {"columns": names}).columns == ("a", "b", "c", "d")
    assert fit(hidden=np.array([3, 2])).recipe.hidden == (3, 2)


def test_among_and_several() -> None:
    assert among("a", ("a", None))
    assert among(np.str_("a"), {"a": 1})
    assert among(None, ("a", None))
    assert not among(None, ("a",))
    assert not among(3, (3,))
    assert several(np.array([1, 2])) == (1, 2)
    assert several(np.array(1)) is None


def test_a_loss_of_ones_own_is_derived() -> None:
    """No engine was asked for, and the native one knows the table's alone."""
    own = Loss("quartic", lambda o, t: ((o - t) ** 4).sum(-1), lambda o, t: 4 * (o - t) ** 3, "(o - t)**4")
    found = explain.derivation("tanh", own)
    assert not found.problems
    assert "the native engine has built-in errors only" in str(found)


def test_what_is_far_out_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for bias in (1000.0, -1000.0):
            assert str(deltaw.lessons.neuron(bias=bias))  # type: ignore[attr-defined]
        step = explain.step(deltaw.Network([2, 2, 1], ["relu", "identity"]), [1, 0], [0.0], learning_rate=1e200)
        assert str(step)


def test_whole_numbers_within_limits() -> None:
    for given in (1, 7, np.int8(7), np.uint64(1)):
        assert is_whole(given, 1, 7)
    for given in (0, 8, True, np.True_, 1.0, "1", None, np.array([1, 2]), [1]):
        assert not is_whole(given, 1, 7)
    assert is_whole(10**30, 0)
