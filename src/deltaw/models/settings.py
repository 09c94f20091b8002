"""The settings of a recipe as a list: what each means, which values it may have, and what each recipe gives it.

Everything is read off `Recipe` and the tables that check it: nothing is said here twice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

from deltaw.equations.activations import ACTIVATIONS
from deltaw.equations.initializers import INITIALIZERS
from deltaw.equations.losses import LOSSES
from deltaw.equations.optimizers import OPTIMIZERS
from deltaw.equations.schedules import SCHEDULES
from deltaw.models.allowed import LIMITS, MOST, SCHEMA
from deltaw.models.by_data import BY_DATA
from deltaw.models.recipes import RECIPES, Recipe
from deltaw.numbers import number, typed
from deltaw.schema import describe
from deltaw.speech import listed, say

if TYPE_CHECKING:
    from deltaw.models.model import Model

# The tables that the names of a setting stand in.
NAMES: dict[str, Iterable[str]] = {
    "activation": ACTIVATIONS,
    "output_activation": ACTIVATIONS,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "dropout_schedule": SCHEDULES,
    "init": INITIALIZERS,
}
OF_DATA = "by the data"  # a sentence that is said where it is shown


@dataclass(frozen=True)
class Setting:
    """One of them.

    Attributes:
        meaning: a sentence.
        values: which it may have, in words.
        defaults: recipe -> what it gives the setting; of classes and of numbers, where these differ.
    """

    name: str
    meaning: str
    values: str
    defaults: Mapping[str, str]


def settings() -> tuple[Setting, ...]:
    """All of them, in the order of `Recipe`."""
    said = meanings()
    names = [field.name for field in fields(Recipe) if field.name != "name"]
    return tuple(Setting(name, say(said[name]), _values(name), _defaults(name)) for name in names)


def meanings() -> dict[str, str]:
    """Field of `Recipe` -> what its docstring says of it."""
    lines = cleandoc(Recipe.__doc__ or "").partition("Attributes:\n")[2]  # as Python 3.13 and later keep it
    items = re.findall(r"^ {4}(\w+(?:, \w+)*): (.*(?:\n {8}.*)*)", lines, re.M)
    return {name: " ".join(text.split()) for names, text in items for name in names.split(", ")}


def _values(name: str) -> str:
    if name in NAMES:
        return listed(NAMES[name])
    if name == "hidden":
        return say("units of each layer")
    kinds = SCHEMA[name] if isinstance(SCHEMA[name], tuple) else (SCHEMA[name],)
    words = [kind if isinstance(kind, str) else describe(kind) for kind in kinds if kind is not None]
    said = listed(words) + _limits(*LIMITS.get(name, (-math.inf, math.inf, 0)))
    return say("{values} or none", values=said) if None in kinds else said


def _limits(low: float, high: float, example: float) -> str:
    if low == -math.inf:
        return ""
    shown = {"low": number(low), "high": number(high)}
    return say(", {low} or more", low=shown["low"]) if high in (math.inf, MOST) else say(", {low} to {high}", **shown)


def _defaults(name: str) -> dict[str, str]:
    found = {}
    for recipe, tasks in RECIPES.items():
        of_data = BY_DATA[recipe](1000, 10, False, 2)
        values = [getattr(row, name) for row in tasks.values()]
        each = [say(OF_DATA) if value is None and name in of_data else written(value) for value in values]
        found[recipe] = " / ".join(dict.fromkeys(each))
    return found


def of_model(model: Model) -> dict[str, str]:
    """A model's settings as `--set` takes them; behind a threshold that was found stands what it is best for."""
    found = {name: written(value) for name, value in model.recipe.document().items() if name != "name"}
    if isinstance(by := model.recipe.threshold, str):
        found["threshold"] = f"{written(model.target.threshold)} ({by})"
    return found


def written(value: Any) -> str:
    """A value as `--set` takes it."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return typed(value) if isinstance(value, float) else str(value)
