"""What people read in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deltaw.cli.output.screen import Screen
from deltaw.numbers import amount, number
from deltaw.pages.blocks import Column
from deltaw.progress import left_out

if TYPE_CHECKING:
    from deltaw.models import Model, Plan, Recipe, Scores
    from deltaw.models.metrics import Metric

MAX_CONFUSION = 12  # classes whose confusion matrix fits a terminal
MAX_COLUMNS = 25  # columns that are listed one by one
MAX_MISTAKES = 5  # pairs of classes listed where the matrix does not fit


def print_plan(screen: Screen, plan: Plan) -> None:
    """What was decided before training: columns, target, rows, network."""
    from deltaw.models.threshold import stated

    screen.table(*_columns(plan.preparation.describe()))
    other = plan.target.other_task
    change = "" if other is None else f"; --task {other} to change"
    screen.print(f"target   {plan.target.name}: {plan.target.statement}{change}")
    if rule := stated(plan.recipe.threshold, plan.target):
        screen.print(f"answers  {rule}")
    if plan.recipe.target_scale == "log":
        screen.print("answers  numbers, learnt on a log scale; --target-scale none to change")
    if counted := _counted(plan.recipe):
        screen.print(f"weights  {counted}")
    screen.print(f"rows     {describe_rows(plan)}")
    for note in plan.table.notes:
        screen.print(f"         {plan.table.name}: {note}")
    if plan.weightless:
        count = plan.weightless
        screen.print(f"         {count:,} more {'has' if count == 1 else 'have'} a weight of 0: left out")
    if plan.left_out:
        screen.print(f"         {left_out(plan.left_out, plan.rows + plan.left_out, plan.target.name)}")
    count = plan.recipe.networks
    screen.print(f"network  {f'{count} networks of ' if count > 1 else ''}{plan.network.summary()}")
    screen.print(f"training {describe_training(plan.recipe)}")
    screen.print()


def print_training(screen: Screen, model: Model, output: Path, report: Path | None) -> None:
    """How it ended: scores beside the baseline, and what was written."""
    history = model.history
    seconds = sum(history.seconds)
    speed = model.rows_an_epoch * len(history) / seconds if seconds > 0 else 0
    best = "" if history.best_epoch is None else f", weights of epoch {history.best_epoch} kept"
    screen.print(f"{amount(len(history), 'epoch')} in {number(seconds, 3)} s ({speed:,.0f} samples/s){best}")
    if (lost := model.recipe.networks - len(model.members)) > 0:
        screen.print(f"{lost} of {model.recipe.networks} networks diverged and {'is' if lost == 1 else 'are'} left out")
    if model.target.rule:
        screen.print(_rule(model))
    if model.scores is None:
        screen.print("no rows were set apart: no scores")
    else:
        print_scores(
            screen, model.scores, model.origin.scored(model.scores.rows), model.scores.leading(model.recipe.metric)
        )
    screen.print(f"model saved in {output}")
    if report is not None:
        screen.print(f"report in {report}")


def print_scores(screen: Screen, scores: Scores, rows: str, shown: Sequence[Metric]) -> None:
    """Scores beside the baseline, and for classes which were taken for which."""
    from deltaw.models import GUESS

    screen.print(rows + scores.counted)
    between = [scores.show_interval(metric) for metric in shown]
    screen.table(
        Column.words("", [metric.title for metric in shown]),
        Column.numbers("the network", [metric.show(scores[metric.name]) for metric in shown]),
        *([Column.ranges("95% interval", between)] if any(between) else []),
        Column.numbers(GUESS[scores.task], [metric.show(scores.baseline[metric.name]) for metric in shown]),
    )
    if scores.confusion is not None:
        screen.table(*(_confusion(scores) if len(scores.classes) <= MAX_CONFUSION else _mistakes(scores)))


def print_model(screen: Screen, model: Model, path: Path, columns: float | None = None) -> None:
    """`deltaw show`."""
    origin = model.origin
    screen.print(f"{path}: {model.task} of {model.target.name}")
    screen.print(f"trained on {origin.training_rows:,} rows of {origin.source}, recipe {model.recipe.name}")
    screen.print(model.described_networks if model.others else model.network.summary())
    if model.classes:
        screen.print(f"classes: {listing(model.classes)}")
    if model.target.rule:
        screen.print(_rule(model))
    screen.table(*_columns(model.preparation.describe(), columns))
    settings = model.recipe.document()
    screen.table(Column.words("setting", list(settings)), Column.words("value", list(map(str, settings.values()))))
    versions = ", ".join(f"{name} {number}" for name, number in origin.versions.items())
    screen.print(f"seed {origin.seed}, engine {origin.engine}, {versions}")
    if model.scores is not None:
        print_scores(
            screen, model.scores, model.origin.scored(model.scores.rows), model.scores.leading(model.recipe.metric)
        )


def _counted(recipe: Recipe) -> str:
    """How much rows count, where they do not count alike."""
    rows = "" if recipe.weight is None else f"rows by {recipe.weight}, in training and scores"
    given = recipe.class_weight
    words = given if not isinstance(given, dict) else ", ".join(f"{name} {number(w)}" for name, w in given.items())
    return "; ".join(filter(None, [rows, f"classes {words}, in training only" if words else ""]))


def _rule(model: Model) -> str:
    """Which of two classes is the answer where, and why there."""
    from deltaw.models.threshold import metric_to_be_best_in

    metric = metric_to_be_best_in(model.recipe.threshold)
    why = "" if metric is None else f": {metric.title} is best there on rows held out"
    return f"the answer is {model.target.rule}{why}"


def describe_rows(plan: Plan) -> str:
    """Who learns from what: "150 in 5 folds, which score it and find the best epoch; then all (6 trainings)"."""
    parts = {"to train on": plan.training, "to choose the best weights": plan.validation, "to score": plan.test}
    said = ", ".join(f"{len(part):,} {purpose}" for purpose, part in parts.items() if part is not None)
    if not plan.folds:
        return said
    scores, chooses = plan.scored_by_folds, plan.ended_by_folds
    purposes = " and ".join(["score"] * scores + ["find the best epoch"] * chooses)
    if plan.recipe.networks > 1:
        return f"{said}: of {plan.recipe.networks} networks each leaves out a part, to {purposes} by"
    if len(plan.folds) > 1:
        return f"{said}: {len(plan.folds)} folds {purposes} first ({plan.trainings} trainings)"
    held_out = len(plan.folds[0].validation) + len(plan.folds[0].test)
    return f"{said}: {held_out:,} of them {purposes} first ({plan.trainings} trainings)"


def describe_training(recipe: Any) -> str:
    """The settings that one would ask for first."""
    return (
        f"recipe {recipe.name}: {amount(recipe.epochs, 'epoch')}, batches of {recipe.batch_size}, "
        f"{recipe.optimizer.split('(')[0]} at {number(recipe.learning_rate)}, {recipe.loss.replace('_', '-')}"
    )


def listing(names: Iterable[Any], limit: int = 8) -> str:
    """ "a, b, c, … (20 in all)"."""
    known = list(map(str, names))
    return ", ".join(known[:limit]) + (f", … ({len(known)} in all)" if len(known) > limit else "")


def _columns(described: Sequence[Any], most: float | None = None) -> list[Column]:
    """The columns that are used, and those that are not with the reason; of long tables the first `most`.

    If it is not given, MAX_COLUMNS, and as many of those beyond them that are not used.
    """
    shown = [row for i, row in enumerate(described) if i < (most or MAX_COLUMNS) or not (most or row.features)]
    shown = shown if most else shown[: 2 * MAX_COLUMNS]
    rows = [(column, kind, treatment, f"{features:,}") for column, kind, treatment, features in shown]
    if len(shown) < len(described):
        rows.append((f"… {len(shown):,} of {len(described):,} columns", "", "deltaw show MODEL --columns all", ""))
    names, kinds, treatments, features = zip(*rows, strict=True)
    return [
        Column.words("column", names),
        Column.words("kind", kinds),
        Column.words("what is done with it", treatments),
        Column.numbers("features", features),
    ]


def _confusion(scores: Scores) -> list[Column]:
    """Row: the true class; column: the answer; then recall and precision of the row's class."""
    assert scores.confusion is not None
    names = list(map(str, scores.classes))
    return [
        Column.words("truth", names),
        *(
            Column.numbers(name, [f"{n}" if n else "·" for n in counts])
            for name, counts in zip(names, scores.confusion.T, strict=True)
        ),
        Column.numbers("recall", list(map(_percent, scores.recall))),
        Column.numbers("prec.", list(map(_percent, scores.precision))),
    ]


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f"{number(100 * share, 3)}%"


def _mistakes(scores: Scores) -> list[Column]:
    assert scores.confusion is not None
    wrong = scores.confusion * (1 - np.eye(len(scores.confusion), dtype=np.int64))
    places = [divmod(int(place), len(wrong)) for place in np.argsort(-wrong, axis=None, kind="stable")[:MAX_MISTAKES]]
    most = [(t, o) for t, o in places if wrong[t, o]]
    return [
        Column.words("most often taken for another", [str(scores.classes[t]) for t, _ in most]),
        Column.words("", [f"for {scores.classes[o]}" for _, o in most]),
        Column.numbers("rows", [f"{wrong[place]:,}" for place in most]),
    ]
