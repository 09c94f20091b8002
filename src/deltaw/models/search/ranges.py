"""The settings that a search draws, and their distributions: a row of RANGES for each.

They are drawn around the values that the recipe has decided for the table. A setting that the caller gives is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from deltaw.equations import optimizers
from deltaw.models.recipes import Recipe
from deltaw.numbers import number
from deltaw.speech import listed, say

KEPT = 0.5  # probability that a setting keeps the recipe's value, which is mostly near the best
SHARE = 0.5  # probability of 0, for a value that may be 0


class Distribution(Protocol):
    """A distribution of values; its `str` describes it."""

    def draw(self, own: Any, random: np.random.Generator) -> Any:
        """A value; `own` is the recipe's."""


@dataclass(frozen=True)
class LogUniform:
    """The recipe's value times a number from 1 / factor to factor, log-uniform."""

    factor: float

    def draw(self, own: float, random: np.random.Generator) -> float:
        return float(f"{own * self.factor ** random.uniform(-1.0, 1.0):.2g}")

    def __str__(self) -> str:
        return say("the recipe's × {low} to {high}", low=number(1 / self.factor, 2), high=number(self.factor))


@dataclass(frozen=True)
class Factors:
    """The recipe's value times one of these factors, as a whole number."""

    factors: tuple[float, ...]

    def draw(self, own: int, random: np.random.Generator) -> int:
        return max(1, round(own * self.factors[random.integers(len(self.factors))]))

    def __str__(self) -> str:
        return say("the recipe's × {factors}", factors=listed(map(number, self.factors)))


@dataclass(frozen=True)
class OneOf:
    """One of these values, uniformly."""

    values: tuple[Any, ...]

    def draw(self, own: Any, random: np.random.Generator) -> Any:
        return self.values[random.integers(len(self.values))]

    def __str__(self) -> str:
        return listed(map(str, self.values))


@dataclass(frozen=True)
class UpTo:
    """0, or in half of the draws uniform up to `most`."""

    most: float

    def draw(self, own: float, random: np.random.Generator) -> float:
        some, share = random.uniform(size=2)
        return 0.0 if some < SHARE else float(f"{share * self.most:.2g}")

    def __str__(self) -> str:
        return say("0, or up to {most}", most=number(self.most))


class Range(NamedTuple):
    """A setting that is drawn.

    Attributes:
        law: its distribution.
        field: the field of `Recipe` that it belongs to: if the caller has given it, it is not drawn.
        get, put: its value in a recipe, and the recipe with another value.
        of: whether a recipe has the setting.
    """

    law: Distribution
    field: str
    get: Callable[[Recipe], Any]
    put: Callable[[Recipe, Any], Recipe]
    of: Callable[[Recipe], bool] = lambda recipe: True


def _field(name: str, law: Distribution, of: Callable[[Recipe], bool] = lambda recipe: True) -> Range:
    """A setting that is a field of `Recipe`."""
    return Range(
        law, name, lambda recipe: getattr(recipe, name), lambda recipe, value: replace(recipe, **{name: value}), of
    )


def _sizes(recipe: Recipe) -> tuple[int, ...]:
    assert recipe.hidden is not None
    return recipe.hidden


def _of_layers(recipe: Recipe, count: int) -> Recipe:
    """The recipe with another number of hidden layers; additional ones are like its last."""
    own = _sizes(recipe)
    return replace(recipe, hidden=(own + own[-1:] * count)[:count])


def _of_width(recipe: Recipe, width: int) -> Recipe:
    """The recipe with a first layer of this width, the others in proportion."""
    own = _sizes(recipe)
    return replace(recipe, hidden=tuple(max(1, round(each * width / own[0])) for each in own))


def _decays(recipe: Recipe) -> bool:
    return optimizers.optimizer(recipe.optimizer or "sgd").weight_decay > 0


def _with_decay(recipe: Recipe, decay: float) -> Recipe:
    method: Any = optimizers.optimizer(recipe.optimizer or "sgd")
    return replace(recipe, optimizer=replace(method, weight_decay=decay).spec)


def _hidden(recipe: Recipe) -> bool:
    return bool(recipe.hidden)


# Activations are those that were best on some table of docs/accuracy.md. Only `tune` varies the scaling: the networks
# of an ensemble share their inputs.
RANGES: dict[str, Range] = {
    "scaling": _field("scaling", OneOf(("piecewise", "robust", "standard"))),
    "learning_rate": _field("learning_rate", LogUniform(3.0)),
    "layers": Range(OneOf((1, 2, 3)), "hidden", lambda recipe: len(_sizes(recipe)), _of_layers, _hidden),
    "width": Range(Factors((0.5, 1, 2)), "hidden", lambda recipe: _sizes(recipe)[0], _of_width, _hidden),
    "activation": _field("activation", OneOf(("selu", "mish", "relu", "gelu")), _hidden),
    "dropout": _field("dropout", UpTo(0.3), _hidden),
    "weight_decay": Range(
        LogUniform(10.0), "optimizer",
        lambda recipe: optimizers.optimizer(recipe.optimizer or "sgd").weight_decay, _with_decay, _decays,
    ),
    "batch_size": _field("batch_size", Factors((0.5, 1, 2))),
    "label_smoothing": _field("label_smoothing", UpTo(0.1), lambda recipe: recipe.loss == "cross_entropy"),
}  # fmt: skip
OF_INPUTS = "scaling"


def drawable(recipe: Recipe, given: Collection[str]) -> tuple[str, ...]:
    """The rows of RANGES that a recipe has and the caller has not given, without the scaling of the inputs.

    Args:
        given: names of the fields of `Recipe` that the caller gave.
    """
    return tuple(
        name for name, row in RANGES.items() if name != OF_INPUTS and row.field not in given and row.of(recipe)
    )


def values(recipe: Recipe) -> dict[str, Any]:
    """A recipe's values of the rows that it has."""
    return {name: row.get(recipe) for name, row in RANGES.items() if row.of(recipe)}


def drawn(recipe: Recipe, names: Collection[str], seed: int, number: int) -> Recipe:
    """The recipe of a candidate: number 0 is the recipe itself; any other number always gives the same draw.

    Args:
        recipe: with all fields decided.
        names: rows of RANGES.
    """
    if not number:
        return recipe
    random, found = np.random.default_rng([seed, 5, number]), recipe
    for name, row in RANGES.items():
        keeps, value = random.uniform() < KEPT, row.law.draw(row.get(recipe), random) if row.of(recipe) else None
        if name in names and not keeps:
            found = row.put(found, value)
    return found
