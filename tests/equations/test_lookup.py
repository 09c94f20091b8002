"""Names with settings, as people type them: what is understood, and what the message says where it is not."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltaw.equations.activations import activation
from deltaw.equations.initializers import initializer
from deltaw.equations.lookup import finite, lookup, positive
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import optimizer
from deltaw.exceptions import InputError, SettingError


@dataclass(frozen=True)
class Fruit:
    weight: object = 1
    colour: object = "green"


TABLE = {"apple": Fruit, "pear": lambda: Fruit(2), "fig": lambda weight: Fruit(weight)}


def find(spec: object) -> Fruit:
    return lookup(TABLE, spec, Fruit, "fruit")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spec", "row"),
    [
        ("apple", Fruit()),
        (" apple ", Fruit()),
        ("apple()", Fruit()),
        ("apple(0.5)", Fruit(0.5)),
        ("apple(colour='red')", Fruit(1, "red")),
        ("apple( -3, colour = None )", Fruit(-3, None)),
        ("apple((1, 2))", Fruit((1, 2))),
        ("fig(1e-3)", Fruit(1e-3)),
    ],
)
def test_understood(spec: str, row: Fruit) -> None:
    assert find(spec) == row


def test_a_ready_row_comes_back_as_it_is() -> None:
    row = Fruit(7)
    assert find(row) is row


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("aple", ["fruit: expected one of apple, pear, fig", "found 'aple'", "did you mean 'apple'?"]),
        ("ap-ple", ["fruit: expected one of apple, pear, fig", "did you mean 'apple'?"]),
        ("zzz", ["fruit: expected one of apple, pear, fig", "found 'zzz'"]),
        (3, ["fruit: expected a name or a row of class Fruit", "found 3", "apple, pear, fig"]),
        (None, ["found None"]),
        (Fruit, ["found <class"]),
        ("apple(size=3)", ["fruit: expected settings that 'apple' takes", "apple(size=3)", "size"]),
        ("apple(1, 2, 3)", ["fruit: expected settings that 'apple' takes", "it takes weight, colour"]),
        ("fig", ["fruit: expected settings that 'fig' takes", "weight"]),
        ("pear(1)", ["fruit: expected settings that 'pear' takes", "it takes none"]),
        ("", ["expected a name, or a name with its settings"]),
        ("apple(", ["expected a name, or a name with its settings", "'apple('"]),
        ("apple(colour=red)", ["expected a name, or a name with its settings"]),
        ("apple(*[1])", ["expected a name, or a name with its settings"]),
        ("apple(1 + x)", ["expected a name, or a name with its settings"]),
        ("apple({[]: 1})", ["expected a name, or a name with its settings"]),
        ("apple(__import__('os'))", ["expected a name, or a name with its settings"]),
        ("os.apple(1)", ["expected a name, or a name with its settings"]),
        ("apple\0", ["expected a name, or a name with its settings"]),
        ("(" * 500, ["expected a name, or a name with its settings"]),
    ],
)
def test_messages(spec: object, words: list[str]) -> None:
    with pytest.raises(SettingError) as caught:
        find(spec)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


@given(st.text(max_size=30) | st.text("apelrfigcou()=,.'1-*{}[] ", max_size=20) | st.integers() | st.none())
def test_anything_else_is_a_setting_error(spec: object) -> None:
    with contextlib.suppress(SettingError):
        assert isinstance(find(spec), Fruit)


@pytest.mark.parametrize("value", [1, 0.5, 1e300, np.float32(0.5), np.float64(2), np.int64(3), np.uint8(1)])
def test_positive_takes_every_kind_of_number(value: float) -> None:
    assert positive(value, "x") == float(value)
    assert type(positive(value, "x")) is float
    assert finite(value, "x") == float(value)


@pytest.mark.parametrize(
    "value", [0, -1, -0.0, float("nan"), float("inf"), True, "1", None, [1], 1j, 10**400, np.array([1.0])]
)
def test_positive_refuses(value: object) -> None:
    with pytest.raises(SettingError, match=r"^x: expected a number, more than 0, found "):
        positive(value, "x")  # type: ignore[arg-type]


def test_limits() -> None:
    assert finite(-2, "x") == -2
    assert positive(0, "x", or_zero=True) == 0
    assert positive(0.999, "x", below=1.0) == 0.999
    for value, words in {1.0: "more than 0 and less than 1", 2: "found 2"}.items():
        with pytest.raises(SettingError, match=words):
            positive(value, "x", below=1.0)
    for value in (float("nan"), float("-inf"), 10**400, "a", False):
        with pytest.raises(InputError, match=r"^x: expected a finite number, found "):
            finite(value, "x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("find", "theirs"),
    [
        (activation, {"ReLU": "relu", "LeakyReLU": "leaky_relu", "SiLU": "silu", "swish": "silu"}),
        (loss, {"MSELoss": "squared", "BCEWithLogitsLoss": "binary_cross_entropy", "HuberLoss": "huber",
                "mean_absolute_error": "absolute", "sparse_categorical_crossentropy": "cross_entropy"}),
        (optimizer, {"AdamW": "adamw", "SGD": "sgd", "RMSprop": "rmsprop"}),
        (initializer, {"kaiming_normal_": "he_normal", "GlorotUniform": "xavier_uniform"}),
    ],
)  # fmt: skip
def test_names_of_other_libraries_are_understood(find: Any, theirs: dict[str, str]) -> None:
    """And ours are names of rows, so that what is said can be done."""
    for name, ours in theirs.items():
        with pytest.raises(SettingError, match=f"did you mean '{ours}'"):
            find(name)
        assert find(ours)
