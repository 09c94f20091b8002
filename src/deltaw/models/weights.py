"""How much rows count: by a column of the table, and in training by their class as well.

A row's weight is what the row says about itself: three of 1 are one of 3. It weighs in training, in the choice of the
best weights, and in scores. A class's weight says what a mistake costs: it weighs in training and in the loss that
chooses the best weights, and scores stay those of the rows as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.exceptions import ColumnError, SettingError
from deltaw.preparation.reading import as_numbers
from deltaw.tables.cells import as_words
from deltaw.tables.table import cell_error, listing, nearest

if TYPE_CHECKING:
    from deltaw.models.recipes import Recipe
    from deltaw.preparation import Target

Array = NDArray[Any]

BALANCED = "balanced"


def of_rows(series: pl.Series, source: str = "data", asked: NDArray[np.bool_] | None = None) -> Array:
    """The rows' weights, (n,) float64.

    Args:
        series: the column.
        source: what messages call the rows.
        asked: (n,) the rows whose weights matter; None: all. The others have a weight of 0.

    Raises:
        ColumnError: a weight that is missing, below 0, or no finite number; or none above 0.
    """
    asked = np.ones(len(series), bool) if asked is None else asked
    found = as_numbers(series, source)
    wrong = asked & ~(found >= 0)
    if wrong.any():
        row = int(wrong.argmax())
        value = "a missing one" if np.isnan(found[row]) else f"{found[row]:g}"
        raise cell_error(source, series.name, row, "a weight of 0 or more", value, "correct it, or remove the row")
    found = np.where(asked, found, 0.0)
    if len(found) and asked.any() and not found.any():
        expected = f'{source}: expected a weight above 0 in column "{series.name}"'
        raise ColumnError(expected, f"none in {int(asked.sum()):,} rows", "choose another column of weights")
    return found


def asked_of_classes(value: Any) -> str | dict[str, float] | None:
    """Classes' weights as a recipe keeps them: "balanced", or class in words -> weight.

    Args:
        value: None, "balanced", a mapping, or "no=1,yes=5".

    Raises:
        SettingError: what is none of these, a weight below 0 or not finite, or none above 0.
    """
    if value is None or (isinstance(value, str) and value == BALANCED):
        return value
    pairs = _pairs(value) if isinstance(value, str) else value.items() if isinstance(value, Mapping) else ()
    expected = 'class_weight: expected "balanced", or a number of 0 or more for each class'
    weights: dict[str, float] = {}
    for name, weight in pairs:
        try:
            number = np.nan if isinstance(weight, bool) else float(weight)
            weights[str(as_words(pl.Series([name]))[0])] = number
        except (TypeError, ValueError, ColumnError):
            number = np.nan
        if not 0 <= number < np.inf:
            raise SettingError(expected, f"{weight!r} for {name!r}", "give e.g. no=1,yes=5")
    if not any(weights.values()):
        raise SettingError(expected, repr(value), "give e.g. no=1,yes=5")
    return weights


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    """ "no=1,yes=5" -> ("no", "1"), ("yes", "5"); quotes keep a comma within a name."""
    import csv

    for part in next(csv.reader([text], skipinitialspace=True), []):
        name, _, weight = part.rpartition("=")
        yield name.strip(), weight.strip()


def of_classes(recipe: Recipe, target: Target, truth: Array, weight: Array | None = None) -> Array | None:
    """How much a row of each class counts in training, (K,); None where all count the same.

    Args:
        recipe: its `class_weight`. Balanced is n / (K · rows of the class), as scikit-learn has it.
        target: its K classes; a class of which the weights say nothing counts once.
        truth: (n,) class indices of the training rows.
        weight: (n,) how much these count.

    Raises:
        SettingError: weights of a class that there is not, or of numbers.
    """
    asked = recipe.class_weight
    if asked is None:
        return None
    if target.task == "regression":
        raise SettingError("class_weight: expected classes to be predicted", f"numbers ({target.name})", "leave it out")
    if isinstance(asked, str):
        counts = np.bincount(truth, weight, minlength=len(target.classes)).astype(np.float64)
        return np.asarray(counts.sum() / len(counts) / np.where(counts > 0, counts, np.inf))
    words = as_words(pl.Series(list(target.classes))).to_list()
    for name in asked:
        if name not in words:
            near = nearest(name, words)
            expected = f"class_weight: expected classes of {target.name} ({listing(words)})"
            raise SettingError(expected, repr(name), f"did you mean {near}?" if near else "choose among these")
    return np.array([asked.get(word, 1.0) for word in words])


def in_training(factors: Array | None, truth: Array, weight: Array | None) -> Array | None:
    """How much each row counts in training, (n,): its own weight times its class's; None where all count the same."""
    if factors is None:
        return weight
    return factors[truth] if weight is None else weight * factors[truth]
