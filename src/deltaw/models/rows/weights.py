"""Row weights, from a column of the table, and class weights.

A row of weight 3 counts as three rows: in training, in the choice of the best epoch, and in scores. A class weight is
the cost of a mistake: it counts in training and in the validation loss, but not in scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deltaw.exceptions import ColumnError, SettingError
from deltaw.preparation.reading import as_numbers
from deltaw.speech import say
from deltaw.tables import Table
from deltaw.tables.cells import as_words
from deltaw.tables.table import cell_error, clip, listing, suggested, total_rows, with_frames

if TYPE_CHECKING:
    from deltaw.preparation import Target
    from deltaw.tables import Column

Array = NDArray[Any]

BALANCED = "balanced"
MOST = 1e30  # of a weight: sums of squares stay finite


def of_rows(series: pl.Series, source: str, asked: NDArray[np.bool_] | None = None) -> Array:
    """The rows' weights, (n,) float64.

    Args:
        series: the column.
        source: name of the rows in messages.
        asked: (n,) mask of the rows whose weights matter; None: all. The others get a weight of 0.

    Raises:
        ColumnError: a weight that is missing, below 0 or above MOST; or none above 0.
    """
    asked = np.ones(len(series), bool) if asked is None else asked
    found = _numbers(series, source)
    wrong = asked & ~((found >= 0) & (found <= MOST))
    if wrong.any():
        row = int(wrong.argmax())
        value = None if np.isnan(found[row]) else float(found[row])
        raise cell_error(source, series.name, row, "a weight from 0 to 1e30", value, "correct it, or remove the row")
    found = np.where(asked, found, 0.0)
    if len(found) and asked.any() and not found.any():
        expected = say('{source}: expected a weight above 0 in column "{name}"', source=source, name=series.name)
        raise ColumnError(
            expected, say("none in {sum:,} rows", sum=int(asked.sum())), "choose another column of weights"
        )
    return found


def among(frame: pl.DataFrame, name: str | None, source: str) -> Array | None:
    """`of_rows` of the column `name`; None if it is None."""
    return None if name is None else of_rows(frame.get_column(name), source)


def split_off(table: Table, name: str | None, target: str) -> tuple[Table, Table, int]:
    """(table without the column of weights, table with it, number of rows of weight 0), these rows left out of both.

    Raises:
        ColumnError: no such column.
        SettingError: it is the target, or part of an image.
    """
    if name is None:
        return table, table, 0
    table.column(name)
    if name == target or name in {column for block in table.blocks for column in (block.name, *block.columns)}:
        what = say("the target") if name == target else say("one of numbers on one scale")
        raise SettingError("weight: expected a column of its own", f'"{clip(name)}", {what}', "choose another")
    counting = above_zero(table, name)
    return with_frames(counting, lambda frame: frame.drop(name)), counting, total_rows(table) - total_rows(counting)


def above_zero(table: Table, name: str | None) -> Table:
    """The table without rows of weight 0, unless all are: then `of_rows` raises."""
    if name is None:
        return table

    def counting(frame: pl.DataFrame) -> pl.DataFrame:
        counts = _numbers(frame.get_column(name), table.name) != 0
        return frame.filter(counts) if counts.any() and not counts.all() else frame

    return with_frames(table, counting)


def _numbers(series: pl.Series, source: str) -> Array:
    """A column's numbers. Raises ColumnError for other types."""
    if series.dtype.is_temporal():
        expected = say('{source}: expected a weight above 0 in column "{name}"', source=source, name=series.name)
        raise ColumnError(expected, say("the type {dtype}", dtype=series.dtype), "choose another column of weights")
    return as_numbers(series, source)


def without_column(columns: Iterable[Column], name: str | None) -> tuple[Column, ...]:
    """The columns but the one called `name`."""
    return tuple(column for column in columns if column.name != name)


def attached(table: Table, counting: Table, name: str | None) -> Table:
    """The table with the column of weights of `counting` appended."""
    if name is None:
        return table
    test = None
    if table.test is not None and counting.test is not None:
        test = table.test.with_columns(counting.test.get_column(name))
    return replace(table, frame=table.frame.with_columns(counting.frame.get_column(name)), test=test)


def parsed_class_weight(value: Any) -> str | dict[str, float] | None:
    """Class weights as a recipe keeps them: "balanced", or class name -> weight.

    Args:
        value: None, "balanced", a mapping, or "no=1,yes=5".

    Raises:
        SettingError: anything else; a weight below 0 or above MOST; or none above 0.
    """
    if value is None or (isinstance(value, str) and value == BALANCED):
        return value
    expected = say('class_weight: expected "balanced", or a number from 0 to 1e30 for each class')
    if isinstance(value, str) and "=" not in value:
        raise SettingError(expected, repr(value), "give e.g. no=1,yes=5")
    pairs = _pairs(value) if isinstance(value, str) else value.items() if isinstance(value, Mapping) else ()
    weights: dict[str, float] = {}
    for name, weight in pairs:
        try:
            number = np.nan if isinstance(weight, bool) else float(weight)
            weights[str(as_words(pl.Series([name]))[0])] = number
        except (TypeError, ValueError, ColumnError):
            number = np.nan
        if not 0 <= number <= MOST:
            raise SettingError(
                expected, say("{weight!r} for {name!r}", weight=weight, name=name), "give e.g. no=1,yes=5"
            )
    if not any(weights.values()):
        raise SettingError(expected, repr(value), "give e.g. no=1,yes=5")
    return weights


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    """ "no=1,yes=5" -> ("no", "1"), ("yes", "5"); quotes keep a comma within a name."""
    import csv

    for part in next(csv.reader([text], skipinitialspace=True), []):
        name, _, weight = part.rpartition("=")
        yield name.strip(), weight.strip()


def of_names(asked: Mapping[str, float], classes: Iterable[Any]) -> Array:
    """(K,) class weights by name; 1 for classes that are not named. Raises SettingError for an unknown class."""
    words = as_words(pl.Series(list(classes))).to_list()
    for name in asked:
        if name not in words:
            expected = say("class_weight: expected classes ({words})", words=listing(words))
            raise SettingError(expected, repr(name), suggested(name, words, say("choose among these")))
    return np.array([asked.get(word, 1.0) for word in words])


def of_classes(
    asked: str | Mapping[str, float] | None, target: Target, truth: Array, weight: Array | None = None
) -> Array | None:
    """(K,) class weights in training; None if all are the same.

    Args:
        asked: from `parsed_class_weight`. "balanced" is n / (K · rows of the class), as in scikit-learn.
        target: its K classes.
        truth: (n,) class indices of the training rows.
        weight: (n,) row weights.

    Raises:
        SettingError: an unknown class, or a target of numbers.
    """
    if asked is None:
        return None
    if target.task == "regression":
        raise SettingError(
            "class_weight: expected classes to be predicted", say("numbers ({name})", name=target.name), "leave it out"
        )
    if isinstance(asked, str):
        counts = np.bincount(truth, weight, minlength=len(target.classes)).astype(np.float64)
        return np.asarray(counts.sum() / len(counts) / np.where(counts > 0, counts, np.inf))
    return of_names(asked, target.classes)


def in_training(factors: Array | None, truth: Array, weight: Array | None) -> Array | None:
    """(n,) weights in training: row weight times class weight; None if all are the same."""
    if factors is None:
        return weight
    return factors[truth] if weight is None else weight * factors[truth]


def rarest(truth: Array, counts: Array | None = None) -> float:
    """The share of the rarest class among the training rows: (n,) class indices, and their weights in training."""
    sums = np.bincount(truth, counts)
    return float(sums[sums > 0].min() / sums.sum())
