"""Cross-validation of a recipe on a table, repeated if asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from deltaw import notebook
from deltaw.exceptions import SettingError, TrainingInterrupted
from deltaw.given import is_whole
from deltaw.models.fitting.deciding.planning import planned
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.deciding.request import Request, is_share
from deltaw.models.fitting.trainings.across_folds import answers_of, chosen, combined
from deltaw.models.fitting.trainings.fold_trainings import fold_trainings
from deltaw.models.fitting.trainings.listeners import Callback, Listener, Listeners
from deltaw.models.fitting.trainings.one_training import Trained
from deltaw.models.fitting.trainings.packed import chosen_pack
from deltaw.models.recipes import RECIPES
from deltaw.models.rows.dividing import FOLDS
from deltaw.models.rows.division import Division
from deltaw.models.scoring.metrics import Metric
from deltaw.models.scoring.scores import Baseline, Scores, score
from deltaw.network import generator
from deltaw.numbers import finite
from deltaw.speech import say
from deltaw.tables import Reading, read_as

MOST_REPEATS = 1000


@dataclass(frozen=True)
class Fold:
    """The scores of one fold.

    Attributes:
        repeat, fold: counted from 1.
        epoch: of the weights that predicted, from 1.
        scores: on the fold's rows, which the network was not trained on.
    """

    repeat: int
    fold: int
    epoch: int
    scores: Scores


@dataclass(frozen=True, repr=False)
class CrossValidation:
    """The scores of all folds.

    Attributes:
        source, target, task: name of the table, target column, "classification" or "regression".
        folds: a `Fold` each, in order.
        metric: the metric that was asked for, or None.
        rows, left_out: number of rows with a target value, and without.
        notes: remarks on how the table was read.
    """

    source: str
    target: str
    task: str
    folds: tuple[Fold, ...]
    metric: str | None = None
    rows: int = 0
    left_out: int = 0
    notes: tuple[str, ...] = ()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The main scores of the task, and the one that was asked for."""
        return self.folds[0].scores.leading(self.metric)

    def values(self, name: str) -> np.ndarray[Any, Any]:
        """The score `name` (see `METRICS`) of each fold, (n_folds,); NaN where it is not defined."""
        return np.array([each.scores[name] for each in self.folds])

    def mean(self, name: str) -> float:
        """Mean of the score `name` over the folds in which it is defined; NaN if there is none."""
        known = self.values(name)[~np.isnan(self.values(name))]
        return float(known.mean()) if len(known) else float("nan")

    def spread(self, name: str) -> float:
        """Sample standard deviation of the score `name` over the folds; NaN if fewer than two define it."""
        known = self.values(name)[~np.isnan(self.values(name))]
        return float(known.std(ddof=1)) if len(known) > 1 else float("nan")

    def show(self, metric: Metric) -> str:
        """Mean and spread of `metric`, a row of `metrics`: "96.00% ± 2.79%"."""
        return f"{metric.show(self.mean(metric.name))} ± {metric.show(self.spread(metric.name))}"

    def __repr__(self) -> str:
        said = ", ".join(f"{metric.title} {self.show(metric)}" for metric in self.metrics)
        return f"CrossValidation({self.task} of {self.target!r}, {len(self.folds)} folds: {said})"

    def _repr_html_(self) -> str:
        """A table for a notebook."""
        headings, rows = self.lines
        return notebook.fragment(
            notebook.heading(self.statement), notebook.table(headings, rows, range(1, len(headings)))
        )

    @property
    def statement(self) -> str:
        """One line: what was cross-validated."""
        by = say("each fold by a network that had not seen it{counted}", counted=self.folds[0].scores.counted)
        return say(
            "{source}: {task} of {target}, {by}", source=self.source, task=say(self.task), target=self.target, by=by
        )

    @property
    def lines(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Headings, and rows of text: the folds, the mean and the spread."""
        several, metrics = len({each.repeat for each in self.folds}) > 1, self.metrics
        rows = [
            (
                f"{each.repeat}.{each.fold}" if several else f"{each.fold}",
                f"{each.scores.rows:,}",
                f"{each.epoch}",
                *(metric.show(each.scores[metric.name]) for metric in metrics),
            )
            for each in self.folds
        ]
        rows.append((say("mean"), "", "", *(metric.show(self.mean(metric.name)) for metric in metrics)))
        rows.append((say("± spread"), "", "", *(metric.show(self.spread(metric.name)) for metric in metrics)))
        return (say("fold"), say("rows"), say("epoch"), *(metric.title for metric in metrics)), rows

    def document(self) -> dict[str, Any]:
        """Plain JSON data; NaN becomes null."""
        names = list(self.folds[0].scores.values)
        return {
            "source": self.source,
            "target": self.target,
            "task": self.task,
            "rows_left_out": self.left_out,
            "mean": {name: finite(self.mean(name)) for name in names},
            "spread": {name: finite(self.spread(name)) for name in names},
            "folds": [
                {"repeat": each.repeat, "fold": each.fold, "epoch": each.epoch, "rows": each.scores.rows,
                 "scores": {name: finite(each.scores[name]) for name in names}}
                for each in self.folds
            ],
        }  # fmt: skip


def crossval(
    source: Any,
    target: str | None = None,
    recipe: str = "default",
    *,
    folds: int = FOLDS,
    repeats: int = 1,
    seed: int = 0,
    callbacks: Iterable[Callback] = (),
    **choices: Any,
) -> CrossValidation:
    """Cross-validate a recipe on a table: train on all folds but one, score on that one; no model is kept.

    The networks are those that `deltaw.fit` scores: each predicts its fold after the number of epochs that the other
    folds chose.

    Args:
        source, target, recipe: as for `deltaw.fit`.
        folds: 2 or more.
        repeats: how often to repeat with another seed, for the division, the initial weights and the order of rows.
        seed: random seed of the first repeat.
        callbacks: called with a `ScoredEpoch` after each epoch.
        choices: other arguments of `deltaw.fit`.

    Returns:
        The `CrossValidation`.

    Raises:
        InputError: as `deltaw.fit`.
        TrainingInterrupted: on Ctrl-C.

    Examples:
        >>> import deltaw
        >>> folds = deltaw.crossval("iris", folds=3, epochs=5).folds
        >>> [fold.scores["accuracy"] > 0.5 for fold in folds]
        [True, True, True]
    """
    for name, value, least, most in (("folds", folds, 2, 10**9), ("repeats", repeats, 1, MOST_REPEATS)):
        if not is_whole(value, least, most):
            expected = say(
                "{name}: expected a whole number from {least} to {most:,}", name=name, least=least, most=most
            )
            raise SettingError(expected, repr(value), "give e.g. 5")
    generator(seed)
    for name in ("test", "test_size"):
        if choices.get(name) is not None:
            raise SettingError("crossval: expected a division in which every row is scored once", name, "leave it out")
    listeners, found = Listeners(callbacks), list[Fold]()
    how, _ = Reading.taken(choices)
    table, others = read_as(source, how), choices.get("validation")  # once: standard input has its rows only once
    if others is not None and not is_share(others):
        choices |= {"validation": read_as(others, how)}
    for repeat in range(repeats):
        asked = choices | {"folds": folds, "seed": seed + repeat, "networks": 1}
        decided = planned(Request.of(table, target, recipe, **asked))
        networks = choices.get("networks") or RECIPES[recipe][decided.target.task].ensemble_size
        if not decided.folds:
            raise SettingError("crossval: expected a table without test rows of its own", say("some"), "give one file")
        found += _folds(decided, networks, listeners, repeat + 1)
    return CrossValidation(decided.table.name, decided.target.name, decided.target.task, tuple(found),
                           decided.recipe.metric, decided.rows, decided.left_out, decided.table.notes)  # fmt: skip


def _folds(plan: Plan, networks: int, listeners: Listeners, repeat: int) -> Iterator[Fold]:
    """The scores of one division's folds."""
    plans, runs, one = plan.tried, list[Trained](), networks == 1
    for run in fold_trainings(plans, listeners) if one else _of_several(plan, networks, listeners.of_epochs):
        runs.append(run)
        if run.broken_off:
            raise TrainingInterrupted(run.learning)
    epochs: list[int | None] = [None] * len(runs)  # of several networks each has its own
    if one:
        *_, runs, epochs = chosen(plans, [runs[k : k + len(plan.folds)] for k in range(0, len(runs), len(plan.folds))])
    answers = answers_of(plan, runs, epochs)
    for number, (run, epoch, outcome) in enumerate(zip(runs, epochs, answers, strict=True), 1):
        reading, rows = run.plan.target, run.plan.training
        baseline = Baseline.of(reading.task, rows.truth, len(reading.classes), rows.weight)
        last = len(run.learning) if epoch is None else epoch + 1
        yield Fold(repeat, number, last, score(outcome, baseline, reading.classes, plan.recipe.weight))


def _of_several(plan: Plan, networks: int, listener: Listener) -> Iterator[Trained]:
    """The ensemble trained for each fold; each of its networks holds out another part of its training rows."""
    for division in plan.folds:
        own, constraints = plan.of(division), plan.constraints.of(division.training)
        parts: tuple[Division, ...] = ()
        if constraints.times is None and constraints.most_folds > 1:
            parts = plan.constraints.folds(division.training, min(networks, constraints.most_folds), plan.seed + 2)
        own = replace(own, recipe=replace(own.recipe, networks=len(parts) or networks), folds=parts)
        found = chosen_pack(own, listener)
        yield combined(found.plan, found.runs)
