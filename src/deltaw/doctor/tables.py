"""The doctor for tables and models: from a plan of `deltaw.fit`, or a trained model, to a `Setup`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deltaw import models
from deltaw.doctor.diagnosis import Diagnosis, diagnose
from deltaw.doctor.examine import ROWS, SECONDS
from deltaw.doctor.setup import RawColumn, Setup
from deltaw.doctor.trials.trial import split_rows
from deltaw.engines.rows import spread
from deltaw.equations.dropout import Dropout
from deltaw.models import Model, Plan, Recipe
from deltaw.models.answers import truth
from deltaw.models.fitting.deciding.plans import with_larger_numbers
from deltaw.models.fitting.trainings.linear_start import starts_linear
from deltaw.models.fitting.trainings.packed import candidate_plan, member_plan
from deltaw.models.rows import weights
from deltaw.models.rows.parts import Part
from deltaw.network import Network
from deltaw.preparation import Preparation
from deltaw.preparation.reading import as_numbers
from deltaw.tables import Table
from deltaw.tables.units import unit_of

if TYPE_CHECKING:
    import polars as pl

MOST_CELLS = 2**26  # the most inputs (rows times columns) that are examined: 256 MiB
LOOKED_AT = 2**20  # the same without a training


def examine_table(
    source: Any,
    target: str | None = None,
    recipe: str = "default",
    *,
    rows: int = ROWS,
    seconds: float = SECONDS,
    **settings: Any,
) -> Diagnosis:
    """Examine what `deltaw.fit` would do with a table; nothing is saved.

    Args:
        source, target, recipe, settings: as for `deltaw.fit`.
        rows, seconds: as for `deltaw.doctor.examine`.

    Returns:
        The `Diagnosis`.

    Raises:
        InputError: the table or a setting cannot be used; one line says why.

    Examples:
        >>> import deltaw
        >>> diagnosis = deltaw.doctor.examine_table("iris", scaling="none", learning_rate=1e-6, seconds=0)
        >>> diagnosis.healthy
        True
    """
    return diagnose(planned(models.plan(source, target, recipe, **settings)), rows=rows, seconds=seconds)


def examine_model(
    model: Model | str | Path, data: Any, *, rows: int = ROWS, seconds: float = SECONDS, member: int = 1
) -> Diagnosis:
    """Examine a trained network: what it has learnt, and what kept it from learning more.

    If `data` is the table that it was trained on, its division into training and test rows is reproduced. If it was
    trained on all rows, a new training with its settings is scored on a held-out quarter instead, unless the saved
    network is worse even there; with fewer than 40 rows the training rows score, and the page says so. If `data` is
    another table, its rows are new to the network. Networks are trained at other learning rates only if it has learnt
    less than the baselines.

    Args:
        model: a `deltaw.Model`, or the path of a model file.
        data: a table with the model's columns and its target; of one with its own test rows, the training rows.
        rows, seconds: as for `deltaw.doctor.examine`.
        member: which network of an ensemble to examine, counted from 1.

    Raises:
        InputError: the file or the table cannot be used; one line says why.
    """
    whole = model if isinstance(model, Model) else models.load(model)
    model = whole.member(member)
    table = model.read(data)
    plan = models.replan(whole, table)
    if plan is not None and whole.ways:
        plan = candidate_plan(plan, whole.ways[member - 1], model.recipe)
    elif plan is not None and whole.recipe.ensemble_size > 1:  # each has the next seed
        plan = member_plan(plan, model.network.seed - plan.network.seed, finished=model.history.finish > 0)
    setup = _of_other_rows(model, table) if plan is None else _one_training(plan)
    if setup.early_stopping is None and len(model.history):  # its epochs were chosen by folds
        setup = replace(setup, epochs=len(model.history))
    return diagnose(setup, rows=rows, seconds=seconds, trained=(model.network, model.history))


def _of_other_rows(model: Model, table: Table) -> Setup:
    """The model's training on other rows, with weights as in training."""
    series, weight = table.column(model.target.name), None
    known = model.target.some_known(series, table.name)
    if model.recipe.weight in table.frame.columns:
        weight = weights.of_rows(table.frame.get_column(str(model.recipe.weight)), table.name, known)
        known = weight > 0
        weight = weight[known]
    answers = truth(model.target, series, table.name, gaps=True)[known]
    factors = weights.of_classes(model.recipe.class_weight, model.target, answers, weight)
    counts = weights.in_training(factors, answers, weight)
    X = model.preparation.transform(table.frame, source=table.name)[known]
    one_hot = model.recipe.targets == "one_hot" and model.task == "classification"
    ends = (model.recipe.target_low, model.recipe.target_high)
    encode = partial(model.target.one_hot, low=ends[0], high=ends[1]) if one_hot else model.target.encode
    T = encode(series, source=table.name, gaps=True)[known]
    net = model.network
    drawn = Network(net.sizes, net.activations, net.bias, net.init, net.seed)
    fresh = with_larger_numbers(drawn, model.recipe, model.target, model.preparation)
    setup = _setup(
        fresh, X, T, model.recipe, model.preparation, model.task, model.origin.seed, sample_weight=counts,
        from_line=model.recipe.from_line and model.recipe.init is None,
    )  # fmt: skip
    held, rest = split_rows(len(T), np.random.default_rng(0).permutation(len(T)))
    if len(held):
        counts = None if counts is None else counts[rest]
        setup = replace(setup, X=X[rest], T=T[rest], test=(X[held], T[held]), sample_weight=counts)
    frame = table.frame.filter(known)
    raw = raw_columns(model.preparation, frame[rest] if len(held) else frame)
    return replace(setup, raw=raw, target_column=model.target).initialised


def planned(plan: Plan, cells: int = MOST_CELLS) -> Setup:
    """The `Setup` of a `plan`: X (n, n_in) as the plan prepares it, T (n, n_out).

    Args:
        plan: of several trainings, one on a part of the rows is taken.
        cells: the most inputs (rows times columns).
    """
    return _one_training(sampled(plan.observed, cells))


def sampled(plan: Plan, cells: int = MOST_CELLS) -> Plan:
    """The plan with at most `cells` inputs in each part, of evenly spaced rows; an eighth of that for validation."""

    def some(part: Part | None, cells: int = cells) -> Part | None:
        most = max(1, cells // max(plan.preparation.n_features, 1))
        return part if part is None or len(part) <= most else part.some(spread(len(part), most))

    training = plan.looked or some(plan.training)
    assert training is not None
    return replace(plan, training=training, validation=some(plan.validation, cells // 8), test=some(plan.test))


def _one_training(plan: Plan) -> Setup:
    validation, test = (None if part is None else (np.asarray(part.X), part.T) for part in (plan.validation, plan.test))
    if plan.validation is not None and (counts := plan.counts(plan.validation)) is not None:
        validation = (*validation, counts)  # type: ignore[misc]
    stopping = None if validation is None else plan.recipe.stopping()
    X = np.asarray(plan.training.X)
    apart = plan.test if plan.test is not None or stopping is not None else plan.validation
    raw = raw_columns(plan.preparation, plan.training.frame, None if apart is None else apart.frame)
    return _setup(
        plan.network, X, plan.training.T, plan.recipe, plan.preparation, plan.target.task, plan.seed,
        validation=validation, test=test, early_stopping=stopping, engine=plan.engine, threads=plan.threads,
        raw=raw, target_column=plan.target,
        sample_weight=plan.counts(plan.training), from_line=starts_linear(plan),
    ).initialised  # fmt: skip


def names(preparation: Preparation) -> tuple[str, ...]:
    """The name of each input: that of its column."""
    made = list(preparation.feature_names)
    for step, place in preparation.bins:
        made[place] = [step.title] * len(made[place])
    return tuple(made)


def raw_columns(
    preparation: Preparation, frame: pl.DataFrame, held_out: pl.DataFrame | None = None
) -> tuple[RawColumn, ...]:
    """The columns of a table that inputs are made of, blocks column by column."""

    def column(name: str, inputs: tuple[int, ...]) -> RawColumn:
        series = frame.get_column(name)
        other = None if held_out is None or not series.dtype.is_numeric() else _numbers(held_out.get_column(name))
        return RawColumn(name, _numbers(series), inputs, other)

    columns, first = [], 0
    for step in preparation.of_columns:
        made = tuple(range(first, first + len(step.features)))
        each = len(made) == len(step.inputs)  # a block: one input a column
        columns += [column(name, made[i : i + 1] if each else made) for i, name in enumerate(step.inputs)]
        first += len(made)
    return tuple(columns)


def _numbers(column: pl.Series) -> NDArray[np.float64]:
    """Numbers and days as they are, words as ranks; NaN for missing cells."""
    import polars as pl

    if column.dtype == pl.String and unit_of(column):
        return as_numbers(column, column.name)
    if column.dtype.is_temporal():
        column = column.to_physical()
    elif not column.dtype.is_numeric() and column.dtype != pl.Boolean:
        column = column.cast(pl.String).rank("dense")
    return np.asarray(column.cast(pl.Float64).fill_null(float("nan")).to_numpy())


def _setup(
    network: Network, X: NDArray[Any], T: NDArray[Any], recipe: Recipe, preparation: Preparation, task: str,
    seed: int, **more: Any,
) -> Setup:  # fmt: skip
    """A decided recipe as the settings of a `Setup`."""
    shared = ("loss", "optimizer", "learning_rate", "batch_size", "epochs", "backward", "schedule", "l2",
            "label_smoothing", "max_grad_norm")  # fmt: skip
    words = {word: getattr(recipe, word) for word in shared}
    dropout = Dropout(recipe.dropout or 0.0, recipe.dropout_schedule)
    more |= {"columns": names(preparation), "target_encoded": tuple(preparation.means)}
    return Setup(network, X, T, task=task, seed=seed, dropout=dropout, **words, **more)
