"""The allowed values of each setting of a recipe, as data (`SCHEMA`, `LIMITS`), and the check of a given value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from deltaw.equations.activations import activation
from deltaw.equations.backprop import RULES
from deltaw.equations.initializers import initializer
from deltaw.equations.losses import loss
from deltaw.equations.optimizers import optimizer
from deltaw.equations.scaled import LIMIT
from deltaw.equations.schedules import schedule
from deltaw.exceptions import SettingError
from deltaw.given import several
from deltaw.models.by_data import WAVES
from deltaw.models.rows import weights
from deltaw.models.scoring import threshold
from deltaw.models.scoring.metrics import NAMES
from deltaw.numbers import number
from deltaw.preparation.scales.scaling import SCALINGS
from deltaw.schema import agrees, describe
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.tables.table import nearest


def checked(key: str, value: Any) -> Any:
    """A setting's value as plain data that a model file can hold. Raises SettingError if it is not allowed."""
    value = _NAMED[key](value) if key in _NAMED else _plain(value)
    if key == "hidden":
        return _sizes(value)
    if not agrees(value, SCHEMA[key]):
        words = [each for each in several(SCHEMA[key]) or () if isinstance(each, str)]
        near = nearest(value, words) if isinstance(value, str) else None
        remedy, wanted = "did you mean {near!r}?" if near else "correct it", describe(SCHEMA[key])
        raise SettingError("{key}: expected {schema}", repr(value), remedy, key=key, schema=wanted, near=near)
    low, high, example = LIMITS.get(key, (-math.inf, math.inf, 0))
    if key in LIMITS and isinstance(value, (int, float)) and not low <= value <= high:
        limits = say("from {low} to {high}" if high < math.inf else "{low} or more", low=number(low), high=number(high))
        raise SettingError(
            "{key}: expected a number, {limits}",
            repr(value),
            "give e.g. {example:g}",
            key=key,
            limits=limits,
            example=example,
        )
    return value


def _sizes(value: Any) -> tuple[int, ...]:
    sizes = (value,) if (found := several(value)) is None else tuple(map(_plain, found))
    if not all(type(size) is int and 0 < size <= MAX_UNITS for size in sizes):
        expected = say("hidden: expected units of each hidden layer, from 1 to {max_units:,}", max_units=MAX_UNITS)
        raise SettingError(expected, repr(value), say("give e.g. {example}", example=given_as("hidden", (64, 64))))
    return sizes


def _plain(value: Any) -> Any:
    """A NumPy scalar as a Python number, so that it can be written as JSON."""
    return value.item() if isinstance(value, np.generic) else value


def _as_typed(name: Callable[[Any], str]) -> Callable[[Any], str | None]:
    """A check that keeps a given name as it was typed, and replaces a given object by its name."""

    def kept(value: Any) -> str | None:
        found = None if value is None else name(value)
        return value if isinstance(value, str) else found

    return kept


_NAMED: dict[str, Callable[[Any], Any]] = {
    "activation": _as_typed(lambda value: activation(value).name),
    "output_activation": _as_typed(lambda value: activation(value, "output_activation").name),
    "loss": _as_typed(lambda value: loss(value).name),
    "optimizer": _as_typed(lambda value: optimizer(value).spec),
    "schedule": _as_typed(lambda value: schedule(value).name),
    "dropout_schedule": _as_typed(lambda value: schedule(value, "dropout_schedule").name),
    "init": _as_typed(lambda value: initializer(value).name),
    "threshold": threshold.checked,
    "class_weight": weights.parsed_class_weight,
}

MAX_UNITS = 100_000
MOST = 10**9  # of counts: a model file holds 64-bit integers

# name: (lowest, highest, an example)
LIMITS: dict[str, tuple[float, float, float]] = {
    "epochs": (1, MOST, 64),
    "batch_size": (1, MOST, 32),
    "patience": (1, MOST, 10),
    "finish": (0, 10, 0.2),
    "learning_rate": (0, math.inf, 0.01),
    "l2": (0, math.inf, 1e-4),
    "dropout": (0, 0.95, 0.15),
    "label_smoothing": (0, 0.95, 0.1),
    "target_low": (-LIMIT, LIMIT, 0.01),
    "target_high": (-LIMIT, LIMIT, 0.99),
    "max_grad_norm": (1e-30, math.inf, 1),
    "validation": (0, 0.9, 0.15),
    "networks": (1, 64, 4),
    "bin_rows": (1, MOST, 60),
}

SCHEMA: dict[str, Any] = {
    "name": str,
    "scaling": tuple(SCALINGS),
    "targets": ("labels", "one_hot", "range", "standard"),
    "activation": (str, None),
    "output_activation": str,
    "loss": str,
    "optimizer": (str, None),
    "learning_rate": (float, None),
    "target_low": float,
    "target_high": float,
    "clamp": bool,
    "hidden": ([int], None),
    "bias": bool,
    "init": (str, None),
    "from_line": bool,
    "screening": bool,
    "schedule": (str, None),
    "batch_size": (int, None),
    "epochs": (int, None),
    "backward": tuple(RULES),
    "l2": float,
    "dropout": (float, None),
    "dropout_schedule": str,
    "label_smoothing": (float, None),
    "max_grad_norm": (float, None),
    "validation": float,
    "keep": ("loss", "score", *NAMES),
    "patience": (WAVES, int, None),
    "finish": (WAVES, float, None),
    "calibrate": bool,
    "threshold": (float, str, None),
    "target_scale": ("auto", "log", "none"),
    "class_weight": (weights.BALANCED, {str: float}, None),
    "weight": (str, None),
    "networks": (int, None),
    "bin_rows": int,
}
