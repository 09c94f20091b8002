"""Every argument of `train` with a value that cannot be: one line that names it, and nothing trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from deltaw import InputError, Network, train
from deltaw.equations import losses
from deltaw.equations.optimizers import SGD
from deltaw.exceptions import SettingError

X, T = np.arange(15.0).reshape(5, 3) / 15, np.full((5, 2), 0.5)
ODD = np.where(np.arange(15).reshape(5, 3) == 7, np.nan, X)  # NaN at row 2, column 1

# argument -> values, each with words that the message must hold.
SETTINGS: dict[str, list[tuple[Any, str]]] = {
    "loss": [("squard", "'squared'"), ("difference", "use 'squared'"), (None, "None"), ("huber(-1)", "-1")],
    "optimizer": [("sdg", "did you mean 'sgd'"), ("adam(beta1=2)", "adam's beta1"), (1, "1"), ("adam(rate=1)", "rate")],
    "learning_rate": [(-0.1, "-0.1"), (float("nan"), "nan"), (float("inf"), "inf"), ("0.1", "'0.1'"), (None, "None")],
    "batch_size": [(0, "0"), (-3, "-3"), (2.5, "2.5"), ("8", "'8'"), (None, "None"), (True, "True")],
    "epochs": [(0, "0"), (-1, "-1"), (1.5, "1.5"), (None, "None")],
    "seed": [(-1, "-1"), ("a", "'a'"), (1.5, "1.5"), (None, "None")],
    "backward": [("note", "gradient, notes"), (None, "None")],
    "schedule": [("cosin", "did you mean 'cosine'"), ("step(0)", "step's drop"), (3, "3")],
    "l2": [(-1e-3, "-0.001"), (float("nan"), "nan"), ("a", "'a'")],
    "dropout": [(1.0, "1.0"), (-0.1, "-0.1"), ([0.1, 0.2], "[0.1, 0.2]"), (None, "None"), ("half", "'half'")],
    "early_stopping": [(0, "0"), ("a", "'a'"), (True, "True"), (3, "validation")],
    "callbacks": [(print, "print"), ([None], "None"), (None, "None"), ("ab", "ab")],
    "engine": [("cuda", "native, reference"), (None, "None")],
    "threads": [(0, "0"), (1.5, "1.5"), ("all", "'all'")],
    "label_smoothing": [(1.0, "1.0"), (-0.1, "-0.1"), (None, "None")],
    "max_grad_norm": [(0, "0"), (-1, "-1"), ("a", "'a'")],
    "input_scale": [("a", "'a'"), ((1, 2, 3), "(1, 2, 3)"), ((1, None), "None"), (np.inf, "inf"), (object(), "object")],
    "validation": [(X, "(X, T)"), ((X,), "(X, T)"), ((X, T, T, T), "(X, T)"), (3, "(X, T)")],
}  # fmt: skip

DATA: dict[str, list[tuple[Any, str]]] = {
    "X": [
        (X[:, :2], "X: expected 3 columns, the network's inputs, found shape (5, 2)"),
        (X[0], "found shape (3,)"),
        (X[:0], "X: expected at least one row"),
        (X[:4], "T: expected shape (4, 2)"),
        (ODD, "X: expected finite numbers, found nan at row 2, column 1"),
        (np.where(np.isnan(ODD), -np.inf, X), "found -inf at row 2, column 1"),
        (np.where(np.isnan(ODD), np.inf, X).astype(np.float16), "found inf at row 2, column 1"),
        (sp.csr_array(ODD), "X: expected finite numbers, found nan at row 2, column 1"),
        (sp.csr_array(X[:, :2]), "found shape (5, 2)"),
        (sp.csr_array(X * 1j), "dtype complex128"),
        (X * 1j, "dtype complex128"),
        ([["a", "b", "c"]] * 5, "X: expected numbers"),
        ([[1, 2, 3], [1, 2]], "X: expected an array of numbers, found rows of different widths"),
        ([[1, 2, None]] * 5, "X: expected numbers, found dtype object"),
        (None, "X: expected numbers"),
        (X.astype("datetime64[s]"), "X: expected numbers"),
    ],
    "T": [
        (T[:, :1], "T: expected shape (5, 2)"),
        (T[:, 0], "found float64 of shape (5,)"),
        (np.array([0, 1, 0, 1, 1]), "found int64 of shape (5,)"),
        (T[:3], "found float64 of shape (3, 2)"),
        (np.where(T == T, np.nan, T), "T: expected finite numbers, found nan at row 0, column 0"),
        ([["yes", "no"]] * 5, "T: expected numbers"),
        ([[1, 2], [1]], "T: expected an array of numbers"),
        (None, "T: "),
    ],
    "sample_weight": [
        (np.ones(4), "sample_weight: expected 5 numbers, one a row, found float64 of shape (4,)"),
        ([1, 1, -1, 1, 1], "found -1 in row 2"),
        ([1, 1, 1, float("nan"), 1], "found nan in row 3"),
        ([1, float("inf"), 1, 1, 1], "found inf in row 1"),
        (np.zeros(5), "found all 0"),
        (["a"] * 5, "sample_weight: expected 5 numbers"),
        (3, "sample_weight: expected 5 numbers"),
    ],
}
TARGETS: list[tuple[str, Any, str]] = [
    (
        "cross_entropy",
        np.array([0, 1, 2, 0, 0]),
        "T: expected labels from 0 to 1, one for each output, found 2 in row 2",
    ),
    ("cross_entropy", np.array([0, 1, -1, 0, 0]), "found -1 in row 2"),
    ("cross_entropy", np.array([0.0, 1, 1, 0, 0]), "integer labels (n,), found float64 of shape (5,)"),
    (
        "cross_entropy",
        T * 3,
        "T: cross_entropy expects integer labels, or shares from 0 to 1, found 1.5 at row 0, column 0",
    ),
    ("binary_cross_entropy", -T, "found -0.5 at row 0, column 0"),
    ("poisson", -T, "T: poisson expects counts, 0 or more, found -0.5 at row 0, column 0"),
    ("hinge", T * 4, "T: hinge expects -1 or 1, found 2 at row 0, column 0"),
]


def refused(words: str, x: Any = X, t: Any = T, **settings: Any) -> InputError:
    network = Network([3, 4, 2], "sigmoid")
    before = [w.copy() for w in network.weights]
    with pytest.raises(InputError) as caught:
        train(network, x, t, **{"engine": "reference", **settings})
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert "expect" in message
    assert all((w == old).all() for w, old in zip(network.weights, before, strict=True))
    return caught.value


@pytest.mark.parametrize("argument", SETTINGS)
def test_settings(argument: str) -> None:
    for value, words in SETTINGS[argument]:
        assert isinstance(refused(words, **{argument: value}), SettingError), value


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("argument", DATA)
def test_data(argument: str) -> None:
    places = {"X": "x", "T": "t"}
    for value, words in DATA[argument]:
        refused(words, **{places.get(argument, argument): value})


@pytest.mark.parametrize(("loss", "t", "words"), TARGETS)
def test_targets_that_the_loss_cannot_have(loss: str, t: Any, words: str) -> None:
    refused(words, t=t, loss=loss)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_validation_rows_are_checked_and_named(part: int) -> None:
    bad = [ODD, T[:, :1], -np.ones(5)]
    rows = [X, T, np.ones(5)]
    rows[part] = bad[part]
    error = refused("validation ", validation=tuple(rows))
    assert str(error).startswith(f"validation {('X', 'T', 'sample_weight')[part]}: expected ")


@pytest.mark.parametrize("network", [None, "net", 3, Network])
def test_no_network(network: Any) -> None:
    with pytest.raises(SettingError, match=r"^network: expected a deltaw.Network, found "):
        train(network, X, T)


def test_spoilt_weights() -> None:
    network = Network([3, 2])
    network.weights[0] = np.full((2, 3), np.nan)
    with pytest.raises(SettingError, match=r"^weights\[0\]: expected finite numbers"):
        train(network, X, T)


def test_an_engine_that_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    from deltaw import engines
    from deltaw.exceptions import MissingError

    monkeypatch.setitem(engines.ENGINES, "native", ("deltaw.engines.not_built", "NativeEngine"))
    with pytest.raises(MissingError, match=r"pip install .*engine='reference'"):
        train(Network([3, 2]), X, T, engine="native")


def test_numbers_that_are_large_are_no_mistake() -> None:
    """The sum of X is infinite here, none of its numbers is."""
    big = np.full((5, 3), 1e308)
    history = train(Network([3, 2], "tanh", init="zeros"), big, T, engine="reference", epochs=1, learning_rate=0)
    assert np.isfinite(history.loss).all()


class Mine(SGD):
    """An optimiser that no table knows."""


SQUARED = losses.loss("squared")


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"loss": replace(SQUARED, name="mine")}, "one of your own (mine)"),
        ({"loss": replace(SQUARED, E=lambda o, t: 2 * SQUARED.E(o, t))}, "one of your own (squared)"),
        ({"optimizer": Mine()}, "one of your own (Mine)"),
    ],
)
def test_what_only_the_reference_engine_can_do(own: dict[str, Any], words: str) -> None:
    """A formula of one's own trains by the equations; the core, which has its own, says so, whatever its name."""
    settings: dict[str, Any] = {"loss": "squared", "epochs": 1} | own
    with pytest.raises(SettingError, match="expected a built-in one for the native engine") as caught:
        train(Network([3, 4, 2], "sigmoid"), X, T, **settings)
    assert words in str(caught.value)
    assert "engine='reference'" in str(caught.value)
    assert len(train(Network([3, 4, 2], "sigmoid"), X, T, **settings, engine="reference")) == 1


def test_numbers_that_numpy_keeps_as_objects_are_numbers() -> None:
    """Those of pandas' nullable types, and of columns of several kinds."""
    import pandas as pd

    expected = train(Network([3, 2], seed=1), X, T, epochs=1).loss
    frame = pd.DataFrame(X)
    for each in (frame.astype("Float64"), frame.astype(object), frame.astype("double[pyarrow]")):
        assert train(Network([3, 2], seed=1), each, T.astype(object), epochs=1).loss == expected
    with pytest.raises(InputError, match="X: expected numbers"):
        train(Network([3, 2], seed=1), frame.astype("Float64").mask(frame > 0.5), T, epochs=1)
