"""What is fitted on the training rows alone: the preparation of a network's inputs, and the scale of its targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import NDArray

from deltaw.exceptions import ColumnError
from deltaw.models.fitting.deciding.warm import Start
from deltaw.models.recipes import Recipe
from deltaw.models.rows.division import Constraints, Indices
from deltaw.models.rows.extremes import DRAW
from deltaw.models.rows.parts import none_if_all, scaled_target, target_and_weight, training_targets
from deltaw.models.rows.survey import Streamed
from deltaw.models.rows.target_sums import of_all_rows
from deltaw.models.rows.trends import extrapolates, monotonic_columns
from deltaw.preparation import Preparation, Target, screening
from deltaw.preparation.columns.category import MANY, Category
from deltaw.preparation.columns.context import Counted
from deltaw.preparation.columns.means import TrainingTargets
from deltaw.preparation.columns.numbers import Number
from deltaw.preparation.columns.text import Text
from deltaw.preparation.equal_rows import EqualRows, with_alike
from deltaw.preparation.finer_bins import with_finer_bins
from deltaw.preparation.fitting import UNINFORMATIVE
from deltaw.preparation.scales.scaling import SCALINGS
from deltaw.speech import say
from deltaw.tables import Table

if TYPE_CHECKING:
    from deltaw.tables import Column

Array = NDArray[Any]


class Fitted(NamedTuple):
    """Preparation and target, fitted on training rows.

    Attributes:
        preparation, target: fitted, or those of the model that training starts from.
        targets: of the training rows, for target statistics of columns; None if no column uses any.
        monotonic: columns that are monotonic in the time of the rows.
    """

    preparation: Preparation
    target: Target
    targets: TrainingTargets | None = None
    monotonic: tuple[str, ...] = ()


def fitted(
    table: Table, columns: tuple[Column, ...], whole: Target, recipe: Recipe, training: Indices,
    constraints: Constraints, seed: int, start: Start | None, streamed: Streamed | None = None,
    uninformative: Mapping[str, str] | None = None,
) -> Fitted:  # fmt: skip
    """Fit preparation and target on the training rows; with `start`, take those of the model.

    Args:
        whole: the target of all rows, whose classes do not depend on the division.
        training: indices of the training rows in the table.
        uninformative: columns to leave out, with the reasons; None: screening decides.

    Raises:
        ColumnError: a column, or the target, on which nothing can be fitted.
    """
    if start is not None:
        return _of_model(start, table, recipe, training, constraints, seed, streamed)
    rows, tied = none_if_all(table.frame, training), constraints.of(training)
    beside = target_and_weight(table.frame, whole, recipe, training)
    target = scaled_target(whole, beside, recipe, table.name)
    truth = beside.get_column(target.name)

    def values(some: Indices) -> Array:
        return target.averaged(truth[some])[1]

    counted = None if streamed is None else Counted(len(streamed), streamed.survey.words)
    targets = training_targets(beside, target, recipe, tied, seed) if _use_targets(columns, counted) else None
    if streamed is not None and targets is not None:
        targets = targets._replace(parts=streamed.survey.parts(streamed.survey.sample.get_column(DRAW).to_numpy()))
    fit = partial(Preparation.fit, table.frame, columns, recipe.scaling, table.blocks, counted=counted, rows=rows,
                  uninformative=uninformative, bin_rows=recipe.bin_rows)  # fmt: skip
    some_classes = len(target.classes) <= screening.MOST_CLASSES
    if targets is None and some_classes and any(column.kind == Text.kind for column in columns):
        fit = partial(fit, answers=target.averaged(truth)[1])
    monotonic: tuple[str, ...] = ()
    with _named(table):
        made = fit(targets=targets)
        if tied.times is not None:
            monotonic = monotonic_columns(table, columns, tied.times, rows)
            if extrapolates(made, monotonic, table.frame, values, tied.times, rows):
                fit = partial(fit, linear=monotonic)
                made, target = fit(targets=targets), target.with_wider_range()
        screened = recipe.screening and uninformative is None and some_classes
        if screened and (without := screening.uninformative(made, table.frame, values, len(truth), rows)):
            fit = partial(fit, uninformative=dict.fromkeys(without, UNINFORMATIVE))
            made = fit(targets=targets)
        asks = streamed is None and SCALINGS[recipe.scaling].means
        if asks and targets is not None:
            made = with_finer_bins(made, lambda: fit(targets=targets, finer=True), table.frame, rows, targets)
        if asks and (again := EqualRows.of(made, table.frame, rows)) is not None:
            targets = targets or training_targets(beside, target, recipe, tied, seed)
            made = made if targets is None else with_alike(made, again, targets)
        if streamed is not None and targets is not None:
            targets = of_all_rows(targets, made, streamed, target, recipe)
            made = fit(targets=targets) if targets.whole else made
    return Fitted(made, target, targets, monotonic)


def _of_model(
    start: Start,
    table: Table,
    recipe: Recipe,
    training: Indices,
    constraints: Constraints,
    seed: int,
    streamed: Streamed | None,
) -> Fitted:
    """Those of the model, with the targets of these rows for columns that it looks up among rows with equal cells: were
    they among the rows of the model's training, they would find their own targets there.
    """
    preparation, target = start.learnt(recipe)
    if not preparation.alike_inputs or streamed is not None:
        return Fitted(preparation, target)
    beside = target_and_weight(table.frame, target, recipe, training)
    return Fitted(preparation, target, training_targets(beside, target, recipe, constraints.of(training), seed))


def _use_targets(columns: tuple[Column, ...], counted: Counted | None) -> bool:
    """Whether any column may get target statistics: numbers, text, and categories of many words."""
    words = {each.name: each.n_distinct for each in columns if each.kind == Category.kind}
    words |= {} if counted is None else {name: len(counted.words[name]) for name in words}
    return any(n > MANY for n in words.values()) or any(each.kind in (Number.kind, Text.kind) for each in columns)


@contextmanager
def _named(table: Table) -> Iterator[None]:
    """Adds the name of the table to an error about a column."""
    try:
        yield
    except ColumnError as error:
        expected = say("{name}: {expected}", name=table.name, expected=error.expected)
        raise ColumnError(expected, error.found, error.remedy) from None
