"""From a request to a plan: rows are read and divided, the recipe is decided, and inputs are made of the rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deltaw.exceptions import InputError, SettingError
from deltaw.models import recipes
from deltaw.models.by_data import ALONE, LARGE_ROWS, doubled
from deltaw.models.fitting.deciding.fitted import fitted
from deltaw.models.fitting.deciding.given import Given
from deltaw.models.fitting.deciding.plans import Plan, drawn_network
from deltaw.models.fitting.deciding.request import Request
from deltaw.models.fitting.trainings.elimination import eliminated
from deltaw.models.model import Model
from deltaw.models.rows import weights
from deltaw.models.rows.dividing import (
    FEWEST_CHOOSING,
    Layout,
    divided,
    held_out_parts,
)
from deltaw.models.rows.division import Constraints
from deltaw.models.rows.parts import (
    Glimpse,
    Part,
    counts_of,
    in_chunks,
    names_of_target_and_weight,
    none_if_all,
    part_of,
    target_and_weight,
    target_scale_of,
    with_known_target,
    with_out_of_fold,
)
from deltaw.models.rows.trends import notes_on_monotonic
from deltaw.models.scoring.metrics import metric_of
from deltaw.numbers import number
from deltaw.preparation import Preparation
from deltaw.preparation.fitting import ELIMINATED
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.tables import Table
from deltaw.tables.held import all_as_read

if TYPE_CHECKING:
    import polars as pl


def planned(request: Request) -> Plan:
    """Decide everything, for rows that fit into the memory. Nothing is trained that is kept.

    Raises:
        InputError: as `deltaw.fit`.
    """
    made = _planned(request)
    # A number that is a name is looked up by all of its digits: where they were rounded, the table is read again.
    names = set(made.preparation.columns_with_means).intersection(made.table.rounded)
    return _planned(replace(request, unrounded=tuple(names))) if names else made


def _planned(request: Request) -> Plan:
    given = Given.read(request)
    recipe, layout = _decided(given, request)
    if not _eliminates(recipe, layout, request):
        return _prepared(given, request, recipe, layout)
    whole = replace(given)  # which keeps its rows
    made = _prepared(given, request, recipe, layout)
    if not (found := eliminated(made)):
        return made
    # Prepared again, not cut: columns share a budget of bins, and what few rows say of one depends on the others.
    left_out = made.preparation.uninformative | dict.fromkeys(found, ELIMINATED)
    return _prepared(whole, replace(request, uninformative=left_out), recipe, layout)


def _eliminates(settled: recipes.Recipe, layout: Layout, request: Request) -> bool:
    """Whether short trainings may eliminate columns: with fewer rows they are too uncertain, with more they cost more
    than they gain.
    """
    unknown, rows = request.uninformative is None and request.start is None, len(layout.kept.training)
    held_out = bool(layout.folds) and all(len(division.test) for division in layout.folds)
    return unknown and held_out and settled.screening and ALONE <= rows < LARGE_ROWS


def _decided(given: Given, request: Request) -> tuple[recipes.Recipe, Layout]:
    """(the recipe with all that does not depend on the inputs, the division of the rows)."""
    whole, start = given.whole, request.start
    named = {} if request.metric is None else {"keep": metric_of(request.metric, whole.task).name}
    settled = recipes.choose(request.recipe, whole.task, request.settings | named)
    metric_of(settled.metric, whole.task, "keep")  # a name of the other task goes no further

    given_too = given.test is not None, given.validation is not None
    layout = divided(
        given.constraints, request.choices, settled.validation, request.seed, *given_too, settled.ensemble_size
    )
    if settled.ensemble_size > 1 and layout.folds:  # a part for each network: there may be fewer than asked for
        parts = len(layout.folds)
        named_none = request.seconds is None and start is None and "networks" not in request.settings
        free = named_none and not _is_image(given.table)
        count = doubled(settled.ensemble_size, len(layout.kept.training)) if free else settled.ensemble_size
        settled = replace(settled, networks=count if held_out_parts(count) == parts else parts)
    if given.validation is None:
        own = recipes.RECIPES[settled.name][whole.task] if start is None else start.model.recipe
        _check_share(layout, settled, own.validation)
        _check_chosen(layout, settled, request.metric, given.constraints.rows)
    beside = target_and_weight(given.table.frame, whole, settled, layout.kept.training)
    return replace(settled, target_scale=target_scale_of(settled, whole, beside)), layout


def _prepared(given: Given, request: Request, recipe: recipes.Recipe, layout: Layout) -> Plan:
    """What the training rows say of columns and target, and all rows as inputs and targets of the network.

    The table is taken out of `given`: of a large one, raw rows are freed part by part while inputs are made of them.
    """
    table, whole, start, rows = given.take_table(), given.whole, request.start, layout.kept.training
    preparation, target, targets, monotonic = fitted(
        table, given.columns, whole, recipe, rows, given.constraints, request.seed, start, request.streamed,
        request.uninformative,
    )  # fmt: skip
    table = replace(table, notes=(*table.notes, *notes_on_monotonic(preparation, monotonic)))
    streamed = None if request.streamed is None else replace(request.streamed, targets=targets)
    inputs, held_out = preparation.n_features, len(layout.kept.validation) > 0 and not layout.folds
    image, classes = _is_image(table), len(whole.classes)

    def part(frame: pl.DataFrame | None, source: str, group: Any = None) -> Part | None:
        if frame is None or not len(frame):
            return None
        return part_of(frame, preparation, target, recipe, source, group=group)

    # Copied before the table may be freed; their inputs are made after those of the training rows, which need most.
    apart = given.validation
    validation = (
        all_as_read(table.frame[layout.kept.validation]) if apart is None else with_known_target(apart, whole)[0].frame
    )
    test = all_as_read(table.frame[layout.kept.test]) if table.test is None else table.test
    constraints, frames, glimpse = given.constraints, None, None
    if request.lean is not None and _can_free_rows(table, preparation, layout, request):
        shown, names = request.lean // inputs, preparation.input_names
        glimpse = Glimpse.of(table.frame[names], rows, shown) if shown else None
        some, telling = none_if_all(table.frame, rows), preparation.columns_with_means
        targets = with_out_of_fold(preparation, table.frame, targets, some) if targets is not None and telling else None
        frames, table = in_chunks(table, [*names_of_target_and_weight(whole, recipe), *telling])
        constraints = Constraints(constraints.rows)  # only folds would need more
    group = constraints.groups_of(rows, layout.folds)
    training = part_of(table.frame, preparation, target, recipe, table.name, targets, rows, frames, group)
    del targets
    if frames is not None and preparation.means:  # `Plan.refitted` asks for them
        training = replace(training, source=table.frame, rows=none_if_all(table.frame, rows))
    else:
        training = replace(training, source=all_as_read(training.source))
    rarest = weights.rarest(training.truth, counts_of(training, training, target, recipe)) if classes else 1.0
    recipe = recipes.sized(recipe, len(streamed or rows), inputs, image, classes, held_out, rarest)
    group = given.constraints.groups_of(layout.kept.test) if table.test is None else None
    test_name, validation_name = (None if each is None else each.name for each in (given.test, given.validation))
    return Plan(
        table=replace(table, frame=training.source), columns=given.columns, preparation=preparation, target=target,
        recipe=recipe, network=drawn_network(recipe, target, preparation, request.seed, start),
        training=training, test=part(test, test_name or table.name, group),
        validation=part(validation, validation_name or table.name), seed=request.seed, engine=request.engine,
        threads=request.threads, constraints=constraints, choices=request.choices, folds=layout.folds,
        test_name=test_name, validation_name=validation_name, left_out=given.left_out, weightless=given.weightless,
        start=start, streamed=streamed, given=tuple(request.settings), seconds=request.seconds,
        looked=None if glimpse is None else glimpse.part(training), uninformative=request.uninformative,
    )  # fmt: skip


def _can_free_rows(table: Table, preparation: Preparation, layout: Layout, request: Request) -> bool:
    """Whether raw rows may be freed part by part: they are not needed again, and each part can be prepared alone."""
    needed = layout.folds or request.streamed is not None or not preparation.reads_alone(table.frame)
    shown = (request.lean or 0) // preparation.n_features
    known = set(table.frame.columns).issuperset(preparation.input_names)  # otherwise there will be an error
    return not needed and known and shown < len(layout.kept.training)


def _check_share(layout: Layout, settled: recipes.Recipe, usual: float) -> None:
    """Raise SettingError for a share of validation rows that was asked for, where parts choose for each other."""
    parts, share = len(layout.folds), settled.validation
    if parts > 1 and share not in (0, usual):
        expected = say("validation: expected no share, since {parts} parts are held out in turn", parts=parts)
        one, none = (given_as("folds", count) for count in (1, 0))
        remedy = say("leave it out, or give {one} or {none} with it", one=one, none=none)
        raise SettingError(expected, number(share), remedy)


def _check_chosen(layout: Layout, settled: recipes.Recipe, metric: str | None, rows: int) -> None:
    """Raise SettingError for a metric or a threshold that need held-out rows, if there are none."""
    share = number(settled.validation)
    if metric is not None and not (len(layout.kept.validation) or (settled.validation and layout.folds)):
        none = say("none (validation={share} of {rows:,} rows)", share=share, rows=rows)
        raise SettingError("metric: expected validation rows to choose the weights by", none, "leave it out")
    alone = layout.folds[0] if len(layout.folds) == 1 else layout.kept  # several folds can choose by each other's rows
    if isinstance(settled.threshold, str) and not (len(alone.validation) or len(layout.folds) > 1):
        few = say("fewer than {n}", n=FEWEST_CHOOSING) if settled.validation else say("none")
        these = say("{few} (validation={share} of {rows:,} rows)", few=few, share=share, rows=rows)
        raise SettingError(
            "threshold: expected validation rows to choose it by", these, "give a probability such as 0.3"
        )


def replan(model: Model, source: Any) -> Plan | None:
    """The plan that a model was trained by, if `source` has the rows that it was trained on; None for other rows.

    They are divided again, by the model's seed, with the columns and kinds of its preparation; that they are the same
    rows shows in the same preparation and target. Test or validation rows that were given beside them are not known.

    Raises:
        InputError: the source cannot be read, or has no column of the target's name.
    """
    table, origin, recipe = model.read(source), model.origin, model.recipe
    table.column(model.target.name)
    decided = {name: value for name, value in vars(recipe).items() if name != "name" and value is not None}
    decided["hidden"] = tuple(model.network.sizes[1:-1])  # with the units added for the linear model
    held_out: dict[str, Any] = {} if origin.folds else {"folds": 0}
    if table.test is None:
        size = origin.test_size if origin.test is None else 0.0
        held_out |= {"folds": origin.folds} if size is None else {"test_size": size}
    try:
        request = Request.of(
            table, model.target.name, recipe.name, seed=origin.seed, engine=origin.engine, task=model.task,
            columns=model.preparation.column_names, kinds=model.preparation.kinds, group=origin.group,
            time=origin.time, **held_out, **decided,
        )  # fmt: skip
        again = planned(replace(request, uninformative=model.preparation.uninformative))
    except InputError:
        return None
    asked = {each: value for each, value in model.target.document().items() if each in ("reason", "threshold")}
    # An interrupted training left the network of the first fold.
    for each in (state for one in (again, *map(again.of, again.folds[:1])) for state in (one.refitted, one)):
        same = (
            each.preparation == model.preparation
            and each.target.document() | asked == model.target.document()
            and each.network.sizes == model.network.sizes
        )
        if same:
            return replace(each, recipe=recipe)
    return None


def _is_image(table: Table) -> bool:
    return any(len(block.shape) >= 2 for block in table.blocks)
