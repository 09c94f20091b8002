"""From a table to a trained model: `fit` in one call, or `plan` (everything decided, nothing trained) and `run`."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from deltaw import __version__, engines
from deltaw.engines.protocol import thread_count
from deltaw.equations.dropout import Dropout
from deltaw.exceptions import ColumnError, InputError, SettingError, TrainingInterrupted
from deltaw.models import recipes
from deltaw.models.contents import Learning, Origin
from deltaw.models.judge import Judge
from deltaw.models.metrics import metric_of
from deltaw.models.model import Model, outcome
from deltaw.models.parts import Part, answered, as_learnt, on_a_log, part_of, set_apart, to_choose_by
from deltaw.models.recipes import Recipe
from deltaw.models.scores import Baseline
from deltaw.models.threshold import best, metric_to_be_best_in
from deltaw.models.watching import Callback, Watchers
from deltaw.network import Network
from deltaw.preparation import Preparation, Target
from deltaw.progress import left_out, watching
from deltaw.tables import Reading, Table, read_as
from deltaw.tables import kinds as kinds_of
from deltaw.tables.choice import Names, chosen, kinds_asked
from deltaw.training import EarlyStopping, Epoch, train

if TYPE_CHECKING:
    import polars as pl

    from deltaw.tables import Column

Array = NDArray[Any]


@dataclass(frozen=True)
class Plan:
    """All that is decided before training, for `run`; what a caller may want to show first.

    Attributes:
        table: the rows as they were read, without those that have no answer.
        left_out: how many rows have none.
        columns: the kind of each column, and why.
        preparation, target, recipe, network: what the model will have; the network has its initial weights.
        training, validation, test: the rows, divided; None where there are none of a sort.
    """

    table: Table
    columns: tuple[Column, ...]
    preparation: Preparation
    target: Target
    recipe: Recipe
    network: Network
    training: Part
    validation: Part | None
    test: Part | None
    seed: int
    test_size: float
    engine: str
    threads: int | None
    left_out: int = 0

    @property
    def rows(self) -> int:
        """How many have an answer."""
        return sum(len(part) for part in (self.training, self.validation, self.test) if part is not None)

    @property
    def held_out(self) -> tuple[str, Part | None]:
        """The rows that are looked at after each epoch: to choose by, or where nothing is chosen, only to show."""
        if self.validation is not None:
            return "validation", self.validation
        return ("", None) if self.test is None else ("test", self.test)


def fit(
    source: Any,
    target: str | None = None,
    recipe: str = "default",
    *,
    hidden: int | Iterable[int] | None = None,
    epochs: int | None = None,
    seed: int = 0,
    engine: str = "native",
    threads: int | None = None,
    test_size: float = 0.2,
    task: str | None = None,
    metric: str | None = None,
    drop: Names = None,
    columns: Names = None,
    kinds: Mapping[str, str] | None = None,
    callbacks: Iterable[Callback] = (),
    verbose: bool | None = None,
    **settings: Any,
) -> Model:
    """Train a network on a table.

    Args:
        source: a path (CSV, Parquet, Arrow, NPZ, IDX, …), a data frame, a Table, or a bundled set ("digits", …).
        target: the column to be predicted; not needed where the source says which. Rows without one are left out:
            whoever watches is told how many, and a `Plan` says so.
        recipe: "default" or "notes"; see `deltaw.models.recipes`.
        hidden: units of each hidden layer; None: by the data.
        epochs: passes over the training rows; None: by the recipe.
        seed: of the split, the initial weights and the order of rows.
        engine: "native" or "reference".
        threads: at most so many; the result does not depend on it.
        test_size: share of the rows to set apart for the scores, in proportion of the classes. A source that brings
            its own test rows (MNIST) keeps those.
        task: "classification" or "regression"; None: by the target's values.
        metric: the score that chooses the best weights ("auc", "mae", …; see `METRICS`); None: the recipe's `keep`.
        drop: columns to leave out, by names and patterns ("sub_*"): the model does not know them.
        columns: the only ones to use, beside the target; None: all.
        kinds: what columns are, where that shall not be found out: {"userId": "category", "year": "number"}; a kind
            is number, category, boolean or date.
        callbacks: called with a `ScoredEpoch` after each epoch; one that returns True ends training. For runs that are
            to be kept see `deltaw.callbacks`.
        verbose: None: a progress bar, in a terminal or a notebook, when training takes longer than a second. False:
            nothing. True: a line an epoch on stderr.
        settings: any field of `deltaw.models.recipes.Recipe`: learning_rate=0.3, scaling="standard", …; and how the
            source is read, as `deltaw.read` has it: delimiter, encoding, na, not_na, sheet, max_bytes. The model
            remembers which words mean a missing value.

    Returns:
        The `Model`, with scores on the rows set apart.

    Raises:
        InputError: the table or a setting cannot be used; one line says why. So it is in a process that was forked
            after a table had been read (`multiprocessing`'s default on Linux before Python 3.14): Polars' threads do
            not come along. Start such processes by `multiprocessing.get_context("spawn")` or joblib's loky.
        TrainingInterrupted: on Ctrl-C; its `model` is what was learnt until then.
    """
    named = {"hidden": hidden, "epochs": epochs}
    settings |= {name: value for name, value in named.items() if value is not None}
    show, told = watching(verbose), Watchers(callbacks)
    decided = plan(source, target, recipe, seed=seed, engine=engine, threads=threads, test_size=test_size,
                   task=task, metric=metric, drop=drop, columns=columns, kinds=kinds, **settings)  # fmt: skip
    with show:
        for note in decided.table.notes:
            show.say(f"{decided.table.name}: {note}")
        if decided.left_out:
            show.say(left_out(decided.left_out, decided.rows + decided.left_out, decided.target.name))
        return run(decided, (*told, show))


def plan(
    source: Any,
    target: str | None = None,
    recipe: str = "default",
    *,
    seed: int = 0,
    engine: str = "native",
    threads: int | None = None,
    test_size: float = 0.2,
    task: str | None = None,
    metric: str | None = None,
    drop: Names = None,
    columns: Names = None,
    kinds: Mapping[str, str] | None = None,
    **settings: Any,
) -> Plan:
    """Decide everything that `fit` decides, train nothing; see `fit` for the arguments and errors."""
    how, settings = Reading.taken(settings)
    recipes.check_names(recipe, settings)
    _check_choices(seed, engine, threads, test_size)
    seed = int(seed)
    table = read_as(source, how)
    name = target or table.target or _no_target(table)
    series = table.column(name)
    table = chosen(table, name, drop, columns)
    told = kinds_asked(table, name, kinds)
    found = kinds_of(table, name, told)
    # Looked at whole first: what kind of target it is, and which row is bad, does not depend on the split.
    whole = Target.fit(series, name, task=task, source=table.name)
    table, without = answered(table, whole)
    if without:  # what a column is, the rows say that are learnt from
        found = kinds_of(table, name, told)
    named = {} if metric is None else {"keep": metric_of(metric, whole.task).name}
    settled = recipes.choose(recipe, whole.task, settings | named)
    metric_of(settled.metric, whole.task, "keep")  # a name of the other task goes no further

    frame, test = set_apart(table.frame, table.test, whole, test_size, seed)
    rest, validation = to_choose_by(frame, whole, settled.validation, seed + 1)
    if metric is not None and validation is None:
        none = f"none (validation={settled.validation:g} of {len(frame):,} rows)"
        raise SettingError("metric: expected rows held out to choose the weights by", none, "leave it out")
    settled = replace(settled, target_scale=on_a_log(settled, whole, rest))
    reading = as_learnt(whole, rest, settled, table.name)
    if isinstance(settled.threshold, str) and validation is None:
        none = f"none (validation={settled.validation:g} of {len(frame):,} rows)"
        raise SettingError("threshold: expected rows held out to choose it by", none, "give a probability such as 0.3")
    try:
        preparation = Preparation.fit(rest, found, scaling=settled.scaling, blocks=table.blocks)
    except ColumnError as error:
        raise ColumnError(f"{table.name}: {error.expected}", error.found, error.remedy) from None
    settled = recipes.sized(settled, len(rest), len(preparation.feature_names), _is_image(table))

    def part(rows: pl.DataFrame | None) -> Part | None:
        return None if rows is None or not len(rows) else part_of(rows, preparation, reading, settled, table.name)

    training = part(rest)
    assert training is not None
    assert settled.hidden is not None
    network = Network(
        [training.X.shape[1], *settled.hidden, len(reading.classes or (reading.name,))],
        activations=[*[settled.activation] * len(settled.hidden), settled.output_activation],
        bias=settled.bias,
        init=settled.init,
        seed=seed,
    )
    return Plan(table, found, preparation, reading, settled, network, training, part(validation), part(test),
                seed, test_size, engine, threads, without)  # fmt: skip


def replan(model: Model, source: Any) -> Plan | None:
    """The plan that a model was trained by, where `source` holds the rows that it was trained on; None for others.

    The rows are divided anew by the model's seed; they are the same where they give the same preparation and target.
    Which columns it knows, and as what, its preparation says.

    Raises:
        InputError: the source cannot be read, or has no column of the target's name.
    """
    table, origin, recipe = model.read(source), model.origin, model.recipe
    table.column(model.target.name)
    decided = {name: value for name, value in vars(recipe).items() if name != "name" and value is not None}
    try:
        again = plan(table, model.target.name, recipe.name, seed=origin.seed, engine=origin.engine,
                     test_size=origin.test_size, task=model.task, columns=model.preparation.column_names,
                     kinds=model.preparation.kinds, **decided)  # fmt: skip
    except InputError:
        return None
    asked = {each: value for each, value in model.target.document().items() if each in ("reason", "threshold")}
    same = (
        again.preparation.document() == model.preparation.document()
        and again.target.document() | asked == model.target.document()
        and again.network.sizes == model.network.sizes
    )
    return replace(again, recipe=recipe) if same else None


def run(plan: Plan, callbacks: Iterable[Callback] = ()) -> Model:
    """Train as planned; see `fit`."""
    told = Watchers(callbacks)
    told.started(plan)
    try:
        model = _trained(plan, told)
    except TrainingInterrupted as stopped:
        told.ended(stopped.model)
        raise
    except BaseException as error:
        told.failed(error)
        raise
    told.ended(model)
    return model


def _trained(plan: Plan, told: Watchers) -> Model:
    recipe, network, rows = plan.recipe, plan.network.copy(), plan.held_out[1]
    judge = Judge(plan.target, recipe, None if rows is None else rows.truth)
    assert recipe.epochs is not None
    assert recipe.batch_size is not None
    assert recipe.optimizer is not None
    assert recipe.learning_rate is not None

    def after_epoch(epoch: Epoch) -> bool:
        return told(judge.record(epoch))

    stopping = None
    if plan.validation is not None:
        stopping = EarlyStopping(recipe.patience, score=None if recipe.keep == "loss" else judge.badness)
    try:
        history = train(
            network,
            plan.training.X,
            plan.training.T,
            loss=recipe.loss,
            optimizer=recipe.optimizer,
            learning_rate=recipe.learning_rate,
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            seed=plan.seed,
            backward=recipe.backward,
            schedule=recipe.schedule,
            l2=recipe.l2,
            dropout=Dropout(recipe.dropout, recipe.dropout_schedule),
            validation=None if rows is None else (rows.X, rows.T),
            early_stopping=stopping,
            callbacks=(after_epoch,),
            engine=plan.engine,
            threads=plan.threads,
            label_smoothing=recipe.label_smoothing,
            max_grad_norm=recipe.max_grad_norm,
        )
    except TrainingInterrupted as stopped:
        learning = Learning(**vars(stopped.history), score=judge.scores, held_out=plan.held_out[0])
        raise TrainingInterrupted(learning, _scored(_model(plan, network, learning), plan)) from None
    learning = Learning(**vars(history), score=judge.scores, held_out=plan.held_out[0])
    if not all(np.isfinite(w).all() for w in [*network.weights, *network.biases]):
        raise SettingError(
            f"learning_rate: expected one with which the loss stays finite, found {recipe.learning_rate:g}, with which "
            f"training diverged in epoch {len(history)}; give one such as {recipe.learning_rate / 10:g}"
        )
    return _scored(_model(plan, network, learning), plan)


def _model(plan: Plan, network: Network, learning: Learning) -> Model:
    classes = plan.target.classes
    origin = Origin(
        plan.table.name,
        len(plan.training),
        0 if plan.validation is None else len(plan.validation),
        0 if plan.test is None else len(plan.test),
        plan.seed,
        plan.test_size,
        plan.engine,
        {"deltaw": __version__, "python": platform.python_version(), "numpy": np.__version__},
    )
    baseline = Baseline.of(plan.target.task, plan.training.truth, len(classes))
    return Model(
        network, plan.preparation, plan.target, plan.recipe, baseline, learning, None, origin, plan.table.missing
    )


def _scored(model: Model, plan: Plan) -> Model:
    """The model with the threshold that was asked for and its scores on the test rows."""
    metric = metric_to_be_best_in(plan.recipe.threshold)
    if metric is not None:
        assert plan.validation is not None
        held_out = outcome(model.target, model._forward(plan.validation.X, threads=plan.threads), plan.validation.truth)
        model = replace(model.with_threshold(best(metric, held_out)), recipe=plan.recipe)
    if plan.test is None:
        return model
    scores = model._score(plan.test.X, plan.test.truth, threads=plan.threads)
    return replace(model, scores=scores, held_out=plan.test.frame)


def _is_image(table: Table) -> bool:
    return any(len(block.shape) >= 2 for block in table.blocks)


# --- what the caller gave -------------------------------------------------------------------------------------------


def _no_target(table: Table) -> NoReturn:
    names = table.frame.columns
    shown = ", ".join(names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")
    raise ColumnError(
        f"{table.name}: expected the name of the column to be predicted",
        f"none given; the columns are {shown}",
        f"add a target such as {names[-1]!r}",
    )


def _check_choices(seed: Any, engine: Any, threads: Any, test_size: Any) -> None:
    """Refuse before a table is read what would be refused after it."""
    if isinstance(test_size, bool) or not isinstance(test_size, (int, float)) or not 0 <= test_size <= 0.9:
        raise SettingError("test_size: expected a share of the rows from 0 to 0.9", repr(test_size), "give 0.2")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**63:
        raise SettingError("seed: expected a whole number from 0 to 2⁶³ − 1", repr(seed), "give 0")
    engines.known(engine)
    thread_count(threads)
