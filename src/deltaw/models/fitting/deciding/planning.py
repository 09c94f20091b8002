"""How everything is decided before a training: `plan` reads a table and trains nothing, `run` then does as it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from deltaw import engines
from deltaw.exceptions import InputError, SettingError
from deltaw.models import recipes
from deltaw.models.by_data import doubled
from deltaw.models.fitting.deciding.asked import check_run, no_target
from deltaw.models.fitting.deciding.initial import drawn_network
from deltaw.models.fitting.deciding.lasting import check_seconds
from deltaw.models.fitting.deciding.plans import Plan, fitted
from deltaw.models.fitting.deciding.warm import Start
from deltaw.models.model import Model
from deltaw.models.rows import weights
from deltaw.models.rows.dividing import (
    FEWEST_CHOOSING,
    Choices,
    Layout,
    in_three,
    laid_out,
    other_rows,
    parts_of,
    ties_of,
    without_group,
)
from deltaw.models.rows.division import Ties
from deltaw.models.rows.parts import (
    Glimpse,
    Part,
    answered,
    answers_among,
    by_others,
    on_a_log,
    part_of,
    parted,
    some_of,
)
from deltaw.models.rows.survey import Streamed
from deltaw.models.scoring.metrics import metric_of
from deltaw.numbers import number
from deltaw.preparation import Target
from deltaw.preparation.columns.steps import Number
from deltaw.speech import say
from deltaw.tables import Reading, Table, read_as
from deltaw.tables import kinds as kinds_of
from deltaw.tables.choice import Names, as_name, chosen, inputs_asked, kinds_asked
from deltaw.tables.columns import notes_on
from deltaw.tables.held import all_as_read, are_words
from deltaw.tables.reading.answers import to_be_told, told_apart, with_classes
from deltaw.tables.reading.loading import STDIN

if TYPE_CHECKING:
    import polars as pl


def plan(source: Any, target: str | None = None, recipe: str = "default", **asked: Any) -> Plan:
    """Decide everything that `fit` decides, train nothing; see `fit` for the arguments and errors.

    `streamed`: the rows that are learnt from, where `source` is a sample of them. `lean`: nobody asks for raw rows once
    the plan is made, see `Plan.lean`, but for those of so many inputs, `Plan.looked`: those of a file are let go while
    the network's inputs are made of them. None: somebody may.
    """
    made = _decided(source, target, recipe, **asked)
    again = set(made.preparation.asked).intersection(
        made.table.rounded
    )  # a number that is a name is looked up by all of its digits
    return _decided(source, target, recipe, **asked, unrounded=tuple(again)) if again else made


def _decided(
    source: Any,
    target: str | None = None,
    recipe: str = "default",
    *,
    seed: int = 0,
    engine: str = "native",
    device: str | None = None,
    threads: int | None = None,
    test: Any = None,
    validation: Any = None,
    test_size: float | None = None,
    folds: int | None = None,
    group: str | None = None,
    time: str | None = None,
    task: str | None = None,
    metric: str | None = None,
    drop: Names = None,
    columns: Names = None,
    kinds: Mapping[str, str] | None = None,
    start: Any = None,
    streamed: Streamed | None = None,
    seconds: float | None = None,
    lean: int | None = None,
    unrounded: tuple[str, ...] = (),
    **settings: Any,
) -> Plan:
    """See `plan`. `unrounded`: columns whose numbers are to be those of the source."""
    how, settings = Reading.taken(settings)
    if validation is None or isinstance(validation, (int, float, np.number)):  # the recipe's share of that name
        settings |= {} if validation is None else {"validation": validation}
        validation = None
    target, group, time, weight = map(as_name, (target, group, time, settings.get("weight")))
    settings |= {} if weight is None else {"weight": weight}
    begun = Start.of(start)
    if begun is not None:
        fixed = {"task": task, "drop": drop, "columns": columns, "kinds": kinds}
        recipe, target, settings = begun.asked(recipe, target, settings, **fixed)
        how = begun.reading(how)
    recipes.check_names(recipe, settings)
    choices = Choices(test_size, folds, group, time)
    choices.check(test is not None)
    engine = engines.on(engine, device)
    check_run(seed, engine, threads)
    check_seconds(seconds, recipe, settings, {"start": start, "validation": validation})
    if target is not None and not isinstance(target, str):
        raise SettingError("target: expected the name of a column", repr(target), "give one name")
    seed = int(seed)
    if target is None:  # the source says which
        source = read_as(source, how)
    name = target if target is not None else source.target or no_target(source)
    if streamed is None and not (isinstance(source, str) and source == STDIN):  # rows that can be read anew
        how = replace(how, unrounded=(*_as_they_are((name, group, time, weight), kinds), *unrounded))
    read_in, how, said = (read_as(source, how), how, ()) if begun else _read(source, name, how)
    bare, everything, weightless = weights.aside(read_in, weight, name)
    series = bare.column(name)
    choices.check_columns(everything, name)
    drop, columns = inputs_asked((weight, choices.group), drop, columns, kinds)
    table = without_group(chosen(bare, name, drop, columns), choices)
    told = kinds_asked(table, name, kinds)
    table = weights.beside(table, everything, weight)
    reading_of = partial(other_rows, table=table, everything=everything, choices=choices, how=how)
    given, by = (weights.that_count(reading_of(*rows), weight) for rows in ((test, "test"), (validation, "validation")))
    if given is not None and by is not None and given.frame.equals(by.frame):
        raise SettingError("validation: expected other rows than those to be scored on", say("the same"), "give others")
    table = table if given is None else replace(table, test=given.frame)
    found = begun.columns if begun else weights.no_column(kinds_of(table, name, told), weight)
    # Looked at whole first: what kind of target it is, and which row is bad, does not depend on the split.
    whole = begun.model.target if begun else Target.fit(series, name, task=task, source=table.name)
    for some in (bare, given, by):
        if some is not None:
            whole.some_known(some.column(name), some.name)  # raises
    if weight is not None:
        weights.of_rows(read_in.column(weight), table.name, whole.known(read_in.column(name)))  # raises
    ties = ties_of(everything, whole, choices)
    table, without = answered(table, whole)
    if without and not begun:  # what a column is, the rows say that are learnt from
        found = weights.no_column(kinds_of(table, name, told), weight)
    table = replace(table, notes=(*table.notes, *said, *notes_on(found)))
    named = {} if metric is None else {"keep": metric_of(metric, whole.task).name}
    settled = recipes.choose(recipe, whole.task, settings | named)
    metric_of(settled.metric, whole.task, "keep")  # a name of the other task goes no further

    given_too = table.test is not None, by is not None
    layout = laid_out(ties, choices, settled.validation, seed, *given_too, settled.together)
    kept = layout.kept
    if settled.together > 1 and layout.folds:  # each has a part of its own, of which there may be fewer than asked for
        parts = len(layout.folds)
        free = seconds is None and begun is None and "networks" not in settings and not _is_image(table)
        count = doubled(settled.together, len(kept.training)) if free else settled.together
        settled = replace(settled, networks=count if parts_of(count) == parts else parts)
    if by is None:
        _check_chosen(layout, settled, metric, ties.rows)
    training = kept.training
    beside = answers_among(table.frame, whole, settled, training)
    settled = replace(settled, target_scale=on_a_log(settled, whole, beside))
    preparation, reading, answers = fitted(table, found, whole, settled, training, ties, seed, begun, streamed)
    streamed = None if streamed is None else replace(streamed, answers=answers)
    inputs, held_out = len(preparation.feature_names), len(kept.validation) > 0 and not layout.folds
    settled = recipes.sized(settled, len(streamed or training), inputs, _is_image(table), len(whole.classes), held_out)

    def part(rows: pl.DataFrame | None, source: str) -> Part | None:
        return None if rows is None or not len(rows) else part_of(rows, preparation, reading, settled, source)

    names = [None if other is None else other.name for other in (given, by)]
    validation_rows = all_as_read(table.frame[kept.validation]) if by is None else answered(by, whole)[0].frame
    test_rows = all_as_read(table.frame[kept.test]) if table.test is None else table.test
    frames, shown = None, 0 if lean is None else lean // len(preparation.feature_names)
    needed = layout.folds or streamed is not None or not preparation.reads_alone(table.frame)
    asked, there = preparation.input_names, set(table.frame.columns)
    if lean is not None and shown < len(training) and not needed and there.issuperset(asked):  # else there is an error
        glimpse = Glimpse.of(table.frame[asked], training, shown)
        rows, telling = (
            some_of(table.frame, training),
            preparation.asked,
        )
        answers = by_others(preparation, table.frame, answers, rows) if answers is not None and telling else None
        frames, table = parted(table, [name, *([] if weight is None else [weight]), *telling])
        del read_in, bare, everything, reading_of, series, beside
        ties = Ties(ties.rows)  # which only folds ask more
    learnt = part_of(table.frame, preparation, reading, settled, table.name, answers, training, frames)
    del answers
    if frames is not None and preparation.means:  # `Plan.over` asks for them
        learnt = replace(learnt, source=table.frame, rows=some_of(table.frame, training))
    else:
        learnt = replace(learnt, source=all_as_read(learnt.source))
    weights.of_classes(settled.class_weight, reading, learnt.truth)  # raises
    return Plan(
        replace(table, frame=learnt.source), found, preparation, reading, settled,
        drawn_network(settled, reading, learnt.X.shape[1], seed, begun), learnt,
        part(validation_rows, names[1] or table.name), part(test_rows, names[0] or table.name),
        seed, engine, threads, ties, choices, layout.folds, names[0], names[1], without,
        weightless, begun, streamed, tuple(settings), seconds,
        glimpse.part(learnt) if frames is not None and shown else None,
    )  # fmt: skip


def _read(source: Any, name: str, how: Reading) -> tuple[Table, Reading, tuple[str, ...]]:
    """The rows of a source, how others are to be read as they are, and what is said of words of the target `name` that
    usually mean a missing value.
    """
    how, said = to_be_told(how, name), tuple[str, ...]()
    table = read_as(source, how)
    answers = table.column(name)
    if not isinstance(source, Table):  # which was told what is missing when it was read
        answers, said = told_apart(answers, how)
        table = replace(table, frame=table.frame.with_columns(answers))
    return table, with_classes(how, name, answers.unique() if are_words(answers) else ()), said


def _check_chosen(layout: Layout, settled: recipes.Recipe, metric: str | None, rows: int) -> None:
    """Raise SettingError for a metric or a threshold that are to choose by rows of which none are held out."""
    share = number(settled.validation)
    if metric is not None and not (len(layout.kept.validation) or (settled.validation and layout.folds)):
        none = say("none (validation={share} of {rows:,} rows)", share=share, rows=rows)
        raise SettingError("metric: expected rows held out to choose the weights by", none, "leave it out")
    alone = layout.folds[0] if len(layout.folds) == 1 else layout.kept  # no other training answers for its rows
    if isinstance(settled.threshold, str) and not (len(alone.validation) or len(layout.folds) > 1):
        few = say("fewer than {n}", n=FEWEST_CHOOSING) if settled.validation else say("none")
        these = say("{few} (validation={share} of {rows:,} rows)", few=few, share=share, rows=rows)
        raise SettingError("threshold: expected rows held out to choose it by", these, "give a probability such as 0.3")


def _as_they_are(names: Iterable[Any], kinds: Any) -> Iterator[str]:
    """Columns that are more than inputs of numbers, and whose numbers stay what they are however large the table is."""
    yield from (name for name in names if isinstance(name, str))
    told = kinds.items() if isinstance(kinds, Mapping) else ()
    yield from (str(as_name(name)) for name, kind in told if kind != Number.kind)


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
    held_out = {"folds": origin.folds} if origin.test_size is None else {"test_size": origin.test_size}
    if origin.test is not None and table.test is None:
        held_out = {"test_size": 0.0}
    if table.test is not None:
        held_out = {}
    try:
        again = plan(table, model.target.name, recipe.name, seed=origin.seed, engine=origin.engine, task=model.task,
                     columns=model.preparation.column_names, kinds=model.preparation.kinds,
                     group=origin.group, time=origin.time, **held_out, **decided)  # fmt: skip
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
