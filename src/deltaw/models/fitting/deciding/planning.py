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
    in_three,
    laid_out,
    parts_of,
)
from deltaw.models.rows.division import Ties
from deltaw.models.rows.parts import (
    Glimpse,
    Part,
    answered,
    answers_among,
    beside_inputs,
    by_others,
    on_a_log,
    part_of,
    parted,
    some_of,
)
from deltaw.models.rows.trends import notes_on_rising
from deltaw.models.scoring.metrics import metric_of
from deltaw.numbers import number
from deltaw.preparation import Preparation
from deltaw.preparation.fitting import ELIMINATED
from deltaw.speech import say
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
    recipe, layout = _settled(given, request)
    if not _eliminates(recipe, layout, request):
        return _learnt(given, request, recipe, layout)
    whole = replace(given)  # which keeps its rows
    made = _learnt(given, request, recipe, layout)
    if not (found := eliminated(made)):
        return made
    # Anew, since columns share what there is: the fewer numbers, the more bins each has.
    left_out = made.preparation.uninformative | dict.fromkeys(found, ELIMINATED)
    return _learnt(whole, replace(request, uninformative=left_out), recipe, layout)


def _eliminates(settled: recipes.Recipe, layout: Layout, request: Request) -> bool:
    """Whether short trainings are to eliminate columns: with fewer rows they are too uncertain, with more it costs more
    than it gains.
    """
    unknown, rows = request.uninformative is None and request.start is None, len(layout.kept.training)
    held_out = bool(layout.folds) and all(len(division.test) for division in layout.folds)
    return unknown and held_out and settled.screening and ALONE <= rows < LARGE_ROWS


def _settled(given: Given, request: Request) -> tuple[recipes.Recipe, Layout]:
    """The recipe as it is for these rows, but for what their inputs say; and how the rows are divided."""
    whole, start = given.whole, request.start
    named = {} if request.metric is None else {"keep": metric_of(request.metric, whole.task).name}
    settled = recipes.choose(request.recipe, whole.task, request.settings | named)
    metric_of(settled.metric, whole.task, "keep")  # a name of the other task goes no further

    given_too = given.test is not None, given.validation is not None
    layout = laid_out(given.ties, request.choices, settled.validation, request.seed, *given_too, settled.ensemble_size)
    if settled.ensemble_size > 1 and layout.folds:  # one part each: there may be fewer than asked for
        parts = len(layout.folds)
        named_none = request.seconds is None and start is None and "networks" not in request.settings
        free = named_none and not _is_image(given.table)
        count = doubled(settled.ensemble_size, len(layout.kept.training)) if free else settled.ensemble_size
        settled = replace(settled, networks=count if parts_of(count) == parts else parts)
    if given.validation is None:
        _check_chosen(layout, settled, request.metric, given.ties.rows)
    beside = answers_among(given.table.frame, whole, settled, layout.kept.training)
    return replace(settled, target_scale=on_a_log(settled, whole, beside)), layout


def _learnt(given: Given, request: Request, settled: recipes.Recipe, layout: Layout) -> Plan:
    """What the rows to learn from say, and all rows as the network is given them.

    `given` has its table no longer then: parts of it are let go while inputs are made of them.
    """
    table, whole, start, training = given.let_go(), given.whole, request.start, layout.kept.training
    preparation, reading, answers, going = fitted(
        table, given.columns, whole, settled, training, given.ties, request.seed, start, request.streamed,
        request.uninformative,
    )  # fmt: skip
    table = replace(table, notes=(*table.notes, *notes_on_rising(preparation, going)))
    streamed = None if request.streamed is None else replace(request.streamed, answers=answers)
    inputs, held_out = preparation.n_features, len(layout.kept.validation) > 0 and not layout.folds
    settled = recipes.sized(settled, len(streamed or training), inputs, _is_image(table), len(whole.classes), held_out)

    def part(rows: pl.DataFrame | None, source: str, group: Any = None) -> Part | None:
        if rows is None or not len(rows):
            return None
        return part_of(rows, preparation, reading, settled, source, group=group)

    named = [None if other is None else other.name for other in (given.test, given.validation)]
    by = given.validation
    validation_rows = all_as_read(table.frame[layout.kept.validation]) if by is None else answered(by, whole)[0].frame
    test_rows = all_as_read(table.frame[layout.kept.test]) if table.test is None else table.test
    frames, glimpse = None, None
    if request.lean is not None and _parts_suffice(table, preparation, layout, request):
        shown, names = request.lean // inputs, preparation.input_names
        glimpse = Glimpse.of(table.frame[names], training, shown) if shown else None
        rows, telling = some_of(table.frame, training), preparation.columns_with_means
        answers = by_others(preparation, table.frame, answers, rows) if answers is not None and telling else None
        frames, table = parted(table, [*beside_inputs(whole, settled), *telling])
    ties = given.ties if frames is None else Ties(given.ties.rows)  # which only folds ask more
    group = ties.groups_of(training)
    learnt = part_of(table.frame, preparation, reading, settled, table.name, answers, training, frames, group)
    del answers
    if frames is not None and preparation.means:  # `Plan.over` asks for them
        learnt = replace(learnt, source=table.frame, rows=some_of(table.frame, training))
    else:
        learnt = replace(learnt, source=all_as_read(learnt.source))
    weights.of_classes(settled.class_weight, reading, learnt.truth)  # raises
    group = given.ties.groups_of(layout.kept.test) if table.test is None else None
    test = part(test_rows, named[0] or table.name, group)
    return Plan(
        table=replace(table, frame=learnt.source), columns=given.columns, preparation=preparation, target=reading,
        recipe=settled, network=drawn_network(settled, reading, learnt.X.shape[1], request.seed, start),
        training=learnt, validation=part(validation_rows, named[1] or table.name),
        test=test, seed=request.seed, engine=request.engine, threads=request.threads,
        ties=ties, choices=request.choices, folds=layout.folds, test_name=named[0], validation_name=named[1],
        left_out=given.left_out, weightless=given.weightless, start=start, streamed=streamed,
        given=tuple(request.settings), seconds=request.seconds,
        looked=None if glimpse is None else glimpse.part(learnt), uninformative=request.uninformative,
    )  # fmt: skip


def _parts_suffice(table: Table, preparation: Preparation, layout: Layout, request: Request) -> bool:
    """Whether raw rows may be let go part by part: nobody asks for them again, and each part can be read alone."""
    needed = layout.folds or request.streamed is not None or not preparation.reads_alone(table.frame)
    shown = (request.lean or 0) // preparation.n_features
    known = set(table.frame.columns).issuperset(preparation.input_names)  # else there is an error
    return not needed and known and shown < len(layout.kept.training)


def _check_chosen(layout: Layout, settled: recipes.Recipe, metric: str | None, rows: int) -> None:
    """Raise SettingError for a metric or a threshold that are to choose by rows of which none are held out."""
    share = number(settled.validation)
    if metric is not None and not (len(layout.kept.validation) or (settled.validation and layout.folds)):
        none = say("none (validation={share} of {rows:,} rows)", share=share, rows=rows)
        raise SettingError("metric: expected validation rows to choose the weights by", none, "leave it out")
    alone = layout.folds[0] if len(layout.folds) == 1 else layout.kept  # no other training answers for its rows
    if isinstance(settled.threshold, str) and not (len(alone.validation) or len(layout.folds) > 1):
        few = say("fewer than {n}", n=FEWEST_CHOOSING) if settled.validation else say("none")
        these = say("{few} (validation={share} of {rows:,} rows)", few=few, share=share, rows=rows)
        raise SettingError(
            "threshold: expected validation rows to choose it by", these, "give a probability such as 0.3"
        )


def replan(model: Model, source: Any) -> Plan | None:
    """The plan that a model was trained by, where `source` holds the rows that it was trained on; None for others.

    The rows are divided anew by the model's seed; they are the same where they give the same preparation and target.
    Which columns it knows, and as what, its preparation says. Rows that were given beside the table it does not have.

    Raises:
        InputError: the source cannot be read, or has no column of the target's name.
    """
    table, origin, recipe = model.read(source), model.origin, model.recipe
    table.column(model.target.name)
    decided = {name: value for name, value in vars(recipe).items() if name != "name" and value is not None}
    decided["hidden"] = tuple(model.network.sizes[1:-1])  # with the units that carry the line in the end
    held_out = {"folds": origin.folds} if origin.test_size is None else {"test_size": origin.test_size}
    if origin.test is not None and table.test is None:
        held_out = {"test_size": 0.0}
    if table.test is not None:
        held_out = {}
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
    # An interrupted training left the network of the first fold; earlier versions kept one that learnt from a part.
    divisions = list(again.folds[:1])
    if again.folds and not origin.folds and origin.test_size is not None:
        scored = 0.0 if table.test is not None else origin.test_size
        divisions.append(in_three(again.ties, scored, recipe.validation, origin.seed))
    for each in (state for one in (again, *map(again.of, divisions)) for state in (one.over, one)):
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
