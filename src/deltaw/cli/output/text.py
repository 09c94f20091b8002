"""Text output for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deltaw.cli.output.screen import Screen
from deltaw.equations.losses import titled
from deltaw.numbers import amount, number, of_bytes
from deltaw.pages.blocks import Column
from deltaw.plots.style import MAX_NAME, short
from deltaw.progress import left_out
from deltaw.speech import listed, say

if TYPE_CHECKING:
    from deltaw.models import Model, Plan, Recipe, Scores
    from deltaw.models.scoring.metrics import Metric

MAX_CONFUSION = 12  # classes whose confusion matrix fits a terminal
MAX_COLUMNS = 25  # columns that are listed one by one
ALIKE = 3  # columns that are not used for the same reason, and are
BESIDE = 24  # cells of a terminal that the numbers beside names of classes take
MAX_MISTAKES = 5  # pairs of classes listed where the matrix does not fit


def print_plan(screen: Screen, plan: Plan) -> None:
    """Print the plan: columns, target, rows, network."""
    from deltaw.models.scoring.threshold import stated

    screen.table(*_columns(plan.preparation.describe()))
    other = plan.target.other_task
    change = "" if other is None else say("; --task {other} to change", other=other)
    line = "target   {name}: {statement}{change}"
    screen.print(say(line, name=plan.target.name, statement=plan.target.statement, change=change))
    if rule := stated(plan.recipe.threshold, plan.target):
        screen.print(say("answers  {rule}", rule=rule))
    if plan.recipe.target_scale == "log":
        screen.print(say("answers  numbers, learnt on a log scale; to change: --target-scale none"))
    if counted := _counted(plan.recipe):
        screen.print(say("weights  {counted}", counted=counted))
    screen.print(say("rows     {rows}", rows=describe_rows(plan)))
    if plan.streamed is not None:
        screen.print(say("memory   {memory}", memory=describe_memory(plan)))
    for note in plan.table.notes:
        screen.print(f"         {say('{name}: {note}', name=plan.table.name, note=note)}")
    if plan.weightless:
        count = plan.weightless
        one, several = "{n:,} more has a weight of 0: left out", "{n:,} more have a weight of 0: left out"
        screen.print(f"         {say(one if count == 1 else several, n=count)}")
    if plan.left_out:
        screen.print(f"         {left_out(plan.left_out, plan.rows + plan.left_out, plan.target.name)}")
    for note in plan.idle:
        screen.print(f"         {note}")
    count = plan.recipe.ensemble_size
    one = plan.network.summary()
    several = "networks like {one} for {seconds} s" if plan.seconds else "{n} networks of {one}"
    seconds = number(plan.seconds or 0)
    networks = say(several, n=count, one=one, seconds=seconds) if count > 1 else one
    screen.print(say("network  {network}", network=networks))
    screen.print(say("training {training}", training=describe_training(plan.recipe)))
    screen.print()


def print_training(screen: Screen, model: Model, output: Path, report: Path | None) -> None:
    """Print the result of a training: scores with the baseline, and the written files."""
    from deltaw.models.contents import eliminated, rows_an_epoch

    history = model.history
    seconds = sum(history.seconds)
    speed = rows_an_epoch(model) * len(history) / seconds if seconds > 0 else 0
    best = "" if history.best_epoch is None else say(", weights of epoch {epoch} kept", epoch=history.best_epoch)
    best += say(", then {epochs} on all rows", epochs=amount(history.finish, "epoch")) if history.finish else ""
    line = "{n} in {seconds} s ({speed:,.0f} samples/s){best}"
    screen.print(say(line, n=amount(len(history), "epoch"), seconds=number(seconds, 3), speed=speed, best=best))
    if (lost := model.recipe.ensemble_size - len(model.members)) > 0:
        one, several = (
            "{n} of {all} networks diverged and is left out",
            "{n} of {all} networks diverged and are left out",
        )
        screen.print(say(one if lost == 1 else several, n=lost, all=model.recipe.ensemble_size))
    if gone := eliminated(model):
        line = "columns eliminated, since held-out rows are predicted better without: {names}"
        screen.print(say(line, names=listing(gone)))
    if model.target.rule:
        screen.print(_rule(model))
    if model.scores is None:
        screen.print(say("no rows were held out: no scores"))
    else:
        print_scores(
            screen, model.scores, model.origin.scored(model.scores.rows), model.scores.leading(model.recipe.metric)
        )
    screen.print(say("model saved in {output}", output=output))
    if report is not None:
        screen.print(say("report in {report}", report=report))


def print_scores(screen: Screen, scores: Scores, rows: str, shown: Sequence[Metric]) -> None:
    """Print scores with the baseline, and for classification the confusion matrix."""
    from deltaw.models import GUESS

    screen.print(rows + scores.counted)
    between = [scores.show_interval(metric) for metric in shown]
    screen.table(
        Column.words("", [metric.title for metric in shown]),
        Column.numbers(say("the network"), [metric.show(scores[metric.name]) for metric in shown]),
        *([Column.ranges(say("95% interval"), between)] if any(between) else []),
        Column.numbers(say(GUESS[scores.task]), [metric.show(scores.baseline[metric.name]) for metric in shown]),
    )
    if scores.confusion is not None:
        screen.table(*(_confusion if len(scores.classes) <= MAX_CONFUSION else _mistakes)(scores, screen.width))


def print_model(screen: Screen, model: Model, path: Path, columns: float | None = None) -> None:
    """`deltaw show`."""
    from deltaw.models.contents import described_networks
    from deltaw.models.settings import of_model

    origin = model.origin
    screen.print(say("{path}: {task} of {name}", path=path, task=say(model.task), name=model.target.name))
    line = "trained on {training_rows:,} rows of {source}, recipe {name}"
    screen.print(say(line, training_rows=origin.training_rows, source=origin.source, name=model.recipe.name))
    screen.print(described_networks(model) if model.others else model.network.summary())
    if model.classes:
        screen.print(say("classes: {classes}", classes=listing(model.classes)))
    if model.target.rule:
        screen.print(_rule(model))
    screen.table(*_columns(model.preparation.describe(), columns))
    settings = of_model(model)
    screen.table(Column.words(say("setting"), list(settings)), Column.words(say("value"), list(settings.values())))
    if model.ways:
        screen.table(*_ways(model))
    versions = listed(f"{name} {number}" for name, number in origin.versions.items())
    screen.print(
        say("seed {seed}, engine {engine}, {versions}", seed=origin.seed, engine=origin.engine, versions=versions)
    )
    if model.scores is not None:
        print_scores(
            screen, model.scores, model.origin.scored(model.scores.rows), model.scores.leading(model.recipe.metric)
        )


def _ways(model: Model) -> list[Column]:
    """How each network of an ensemble was trained: its layers and differing settings."""
    own = [listed(f"{name}={value}" for name, value in each.settings.items()) for each in model.ways]
    return [
        Column.numbers(say("network"), [f"{k}" for k in range(1, len(own) + 1)]),
        Column.words(say("layers"), [network.summary() for network in model.members]),
        Column.numbers(say("part held out"), [f"{each.part}" if each.part else "" for each in model.ways]),
        Column.numbers(say("epoch"), [f"{each.epoch}" for each in model.ways]),
        Column.words(say("its own settings"), own),
    ]


def _counted(recipe: Recipe) -> str:
    """The weights of rows and classes, in words."""
    rows = "" if recipe.weight is None else say("rows by {column}, in training and scores", column=recipe.weight)
    given = recipe.class_weight
    words = given if not isinstance(given, dict) else listed(f"{name} {number(w)}" for name, w in given.items())
    return say("; ").join(filter(None, [rows, say("classes {words}, in training only", words=words) if words else ""]))


def _rule(model: Model) -> str:
    """The decision threshold of a binary classifier, in words."""
    from deltaw.models.scoring.threshold import metric_to_be_best_in

    metric = metric_to_be_best_in(model.recipe.threshold)
    why = "" if metric is None else say(": there {score} is best on held-out rows", score=metric.title)
    return say("the answer is {rule}{why}", rule=model.target.rule, why=why)


def describe_rows(plan: Plan) -> str:
    """How the rows are divided: "150 in 5 folds, which score it and find the best epoch; then all (6 trainings)"."""
    parts = {say("to choose the best weights"): plan.validation, say("to score"): plan.test}
    shown = {say("to train on"): plan.learnt} | {what: len(part) for what, part in parts.items() if part is not None}
    rows = listed(say("{n:,} {purpose}", n=n, purpose=purpose) for purpose, n in shown.items())
    if not plan.folds:
        apart = "{rows}; each of the {n} networks holds out a different part"
        return say(apart, rows=rows, n=plan.recipe.ensemble_size) if plan.chooses_apart else rows
    scores, chooses, trainings = plan.scored_by_folds, plan.ended_by_folds, plan.trainings
    both = "score and find the best epoch"
    purposes = say(both if scores and chooses else "score" if scores else "find the best epoch")
    said = {"rows": rows, "purposes": purposes, "trainings": trainings}
    if plan.recipe.ensemble_size > 1:
        said = {"rows": rows, "purposes": purposes, "n": plan.recipe.ensemble_size}
        return say("{rows}: each of {n} networks holds out a different part to {purposes}", **said)
    if len(plan.folds) > 1:
        return say(
            "{rows}: first {n}-fold cross-validation, to {purposes} ({trainings} trainings)", n=len(plan.folds), **said
        )
    held_out = len(plan.folds[0].validation) + len(plan.folds[0].test)
    return say("{rows}: {n:,} of them first {purposes} ({trainings} trainings)", n=held_out, **said)


def describe_memory(plan: Plan) -> str:
    """How rows larger than memory are read, and how much memory they take."""
    from deltaw.models.fitting.trainings.prepared import bytes_of

    streamed = plan.streamed
    assert streamed is not None
    return say(
        "{needed} needed for all rows, {most} allowed (--memory): they are read in parts and prepared once, {size} "
        "in {folder} until the end",
        needed=of_bytes(streamed.stream.held), most=of_bytes(streamed.memory), size=of_bytes(bytes_of(plan)),
        folder=streamed.folder,
    )  # fmt: skip


def describe_training(recipe: Any) -> str:
    """The main settings, in words."""
    return say(
        "recipe {name}: {epochs}, batches of {batch_size}, {optimizer} at {learning_rate}, {loss}",
        name=recipe.name, epochs=amount(recipe.epochs, "epoch"), batch_size=recipe.batch_size,
        optimizer=recipe.optimizer.split("(")[0], learning_rate=number(recipe.learning_rate),
        loss=titled(recipe.loss),
    )  # fmt: skip


def listing(names: Iterable[Any], limit: int = 8) -> str:
    """ "a, b, c, … (20 in all)"."""
    known = list(map(str, names))
    more = [say("… ({n} in all)", n=f"{len(known):,}")] if len(known) > limit else []
    return listed(known[:limit] + more)


def _columns(described: Sequence[Any], most: float | None = None) -> list[Column]:
    """Lines about used columns, and left-out ones with the reason; at most `most`.

    By default MAX_COLUMNS, and as many more left-out columns; columns left out for the same reason share a line.
    """
    known = described if most else list(_together(described))
    shown = [row for i, row in enumerate(known) if i < (most or MAX_COLUMNS) or not (most or row[-1])]
    shown = shown if most else shown[: 2 * MAX_COLUMNS]
    rows = [(column, kind, treatment, f"{features:,}") for column, kind, treatment, features in shown]
    if len(shown) < len(known):
        more = say("… {n:,} of {all:,} columns", n=len(shown), all=len(described))
        rows.append((more, "", "deltaw show MODEL --columns all", ""))
    names, kinds, treatments, features = zip(*rows, strict=True)
    return [
        Column.words(say("column"), names),
        Column.words(say("kind"), kinds),
        Column.words(say("preparation"), treatments),
        Column.numbers(say("features"), features),
    ]


def _together(described: Sequence[Any]) -> Iterator[tuple[str, str, str, int]]:
    """The lines, with one for all columns left out for the same reason, if these are more than a few."""
    alike: dict[Any, list[str]] = {}
    for row in described:
        if not row.features:
            alike.setdefault(row[1:], []).append(row.column)
    many = {rest: names for rest, names in alike.items() if len(names) > ALIKE}
    for row in described:
        if row[1:] not in many:
            yield tuple(row)
        elif row.column == many[row[1:]][0]:
            yield listing(many[row[1:]], ALIKE), *row[1:]


def _confusion(scores: Scores, width: int) -> list[Column]:
    """The confusion matrix (row: true class, column: predicted), with recall and precision of each class."""
    assert scores.confusion is not None
    names = _names(scores, width, len(scores.classes) + 1)
    return [
        Column.words(say("truth"), names),
        *(
            Column.numbers(name, [f"{n}" if n else "·" for n in counts])
            for name, counts in zip(names, scores.confusion.T, strict=True)
        ),
        Column.numbers(say("recall"), list(map(_percent, scores.recall))),
        Column.numbers(say("prec."), list(map(_percent, scores.precision))),
    ]


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f"{number(100 * share, 3)}%"


def _names(scores: Scores, width: int, columns: int) -> list[str]:
    """Class names shortened in the middle so that `columns` of them fit `width`, unless two would become equal."""
    whole = list(map(str, scores.classes))
    cut = [short(name, max(MAX_NAME, (width - BESIDE) // columns)) for name in whole]
    return cut if len({*cut}) == len(whole) else whole


def _mistakes(scores: Scores, width: int) -> list[Column]:
    assert scores.confusion is not None
    names = _names(scores, width, 2)
    wrong = scores.confusion * (1 - np.eye(len(scores.confusion), dtype=np.int64))
    places = [divmod(int(place), len(wrong)) for place in np.argsort(-wrong, axis=None, kind="stable")[:MAX_MISTAKES]]
    most = [(t, o) for t, o in places if wrong[t, o]]
    return [
        Column.words(say("most often misclassified"), [names[t] for t, _ in most]),
        Column.words("", [say("for {name}", name=names[o]) for _, o in most]),
        Column.numbers(say("rows"), [f"{wrong[place]:,}" for place in most]),
    ]
