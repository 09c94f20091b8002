"""What people read in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

if TYPE_CHECKING:
    from deltaw.models import Model, Plan, Scores

MAX_CONFUSION = 12  # classes whose confusion matrix fits a terminal
MAX_COLUMNS = 25  # columns that are listed one by one
MAX_MISTAKES = 5  # pairs of classes listed where the matrix does not fit


def print_plan(console: Console, plan: Plan) -> None:
    """What was decided before training: columns, target, rows, network."""
    console.print(_columns(plan.preparation.describe()))
    parts = {"to train on": plan.training, "to choose the best weights": plan.validation, "to score": plan.test}
    rows = ", ".join(f"{len(part):,} {purpose}" for purpose, part in parts.items() if part is not None)
    console.print(f"target   {plan.target.name}: {plan.target.reason}", soft_wrap=True)
    console.print(f"rows     {rows}", soft_wrap=True)
    console.print(f"network  {plan.network.summary()}", soft_wrap=True)
    console.print(f"training {describe_training(plan.recipe)}\n", soft_wrap=True)


def print_training(console: Console, model: Model, output: Path, report: Path | None) -> None:
    """How it ended: scores beside the baseline, and what was written."""
    history = model.history
    seconds = sum(history.seconds)
    speed = model.origin.training_rows * len(history) / seconds if seconds > 0 else 0
    best = "" if history.best_epoch is None else f", weights of epoch {history.best_epoch + 1} kept"
    console.print(f"{len(history)} epochs in {seconds:.3g} s ({speed:,.0f} samples/s){best}", soft_wrap=True)
    if model.scores is None:
        console.print("no rows were set apart: no scores")
    else:
        print_scores(console, model.scores, f"{model.scores.rows:,} rows that were never trained on")
    console.print(f"model saved in {output}", soft_wrap=True)
    if report is not None:
        console.print(f"report in {report}", soft_wrap=True)


def print_scores(console: Console, scores: Scores, rows: str) -> None:
    """Scores beside the baseline, and for classes which were taken for which."""
    from deltaw.models import GUESS

    console.print(rows, soft_wrap=True)
    grid = _grid("", "the network", GUESS[scores.task])
    for metric in scores.metrics:
        grid.add_row(metric.title, metric.show(scores[metric.name]), metric.show(scores.baseline[metric.name]))
    console.print(grid)
    if scores.confusion is not None:
        console.print(_confusion(scores) if len(scores.classes) <= MAX_CONFUSION else _mistakes(scores))


def print_model(console: Console, model: Model, path: Path) -> None:
    """`deltaw show`."""
    origin = model.origin
    console.print(f"{path}: {model.task} of {model.target.name}", soft_wrap=True)
    console.print(
        f"trained on {origin.training_rows:,} rows of {origin.source}, recipe {model.recipe.name}", soft_wrap=True
    )
    console.print(model.network.summary(), soft_wrap=True)
    if model.classes:
        console.print(f"classes: {listing(model.classes)}", soft_wrap=True)
    console.print(_columns(model.preparation.describe()))
    settings = _grid("setting", "value", words=2)
    for name, value in model.recipe.document().items():
        settings.add_row(name, str(value))
    console.print(settings)
    versions = ", ".join(f"{name} {number}" for name, number in origin.versions.items())
    console.print(f"seed {origin.seed}, engine {origin.engine}, {versions}", soft_wrap=True)
    if model.scores is not None:
        print_scores(console, model.scores, f"{model.scores.rows:,} rows that were never trained on")


def describe_training(recipe: Any) -> str:
    """The settings that one would ask for first."""
    return (
        f"recipe {recipe.name}: {recipe.epochs} epochs, batches of {recipe.batch_size}, "
        f"{recipe.optimizer.split('(')[0]} at {recipe.learning_rate:g}, {recipe.loss.replace('_', '-')}"
    )


def listing(names: Iterable[Any], limit: int = 8) -> str:
    """ "a, b, c, … (20 in all)"."""
    known = list(map(str, names))
    return ", ".join(known[:limit]) + (f", … ({len(known)} in all)" if len(known) > limit else "")


def _columns(described: Sequence[Any]) -> Grid:
    """The columns that are used, and those that are not with the reason; in long tables the first only."""
    grid = _grid("column", "kind", "what is done with it", "features", words=3)
    shown = [row for i, row in enumerate(described) if i < MAX_COLUMNS or not row.features][: 2 * MAX_COLUMNS]
    for column, kind, treatment, features in shown:
        grid.add_row(Text(column), kind, Text(treatment), f"{features:,}")
    if len(shown) < len(described):
        grid.add_row(f"… and {len(described) - len(shown):,} more", "", "", "")
    return grid


def _confusion(scores: Scores) -> Grid:
    """Row: the true class; column: the answer; then recall and precision of the row's class."""
    assert scores.confusion is not None
    grid = _grid("truth", *map(str, scores.classes), "recall", "prec.", padding=(0, 0, 0, 1))
    rows = zip(scores.classes, scores.confusion, scores.recall, scores.precision, strict=True)
    for name, counts, recall, precision in rows:
        grid.add_row(Text(str(name)), *(f"{n}" if n else "·" for n in counts), _percent(recall), _percent(precision))
    return grid


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f"{100 * share:.3g}%"


def _mistakes(scores: Scores) -> Grid:
    assert scores.confusion is not None
    wrong = scores.confusion * (1 - np.eye(len(scores.confusion), dtype=np.int64))
    grid = _grid("most often taken for another", "", "rows", words=2)
    for place in np.argsort(-wrong, axis=None, kind="stable")[:MAX_MISTAKES]:
        t, o = divmod(int(place), len(wrong))
        if wrong[t, o]:
            grid.add_row(Text(str(scores.classes[t])), Text(f"for {scores.classes[o]}"), f"{wrong[t, o]:,}")
    return grid


def _grid(*headings: str, words: int = 1, padding: tuple[int, int, int, int] = (0, 1, 0, 1)) -> Grid:
    """A grid whose first `words` columns are text and stand left; the others are numbers and stand right."""
    grid = Grid(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=padding)
    for i, heading in enumerate(headings):
        grid.add_column(Text(heading), justify="left" if i < words else "right", overflow="fold")
    return grid
