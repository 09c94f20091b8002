"""From chosen candidates to a model: the ensemble of their networks, scored on rows that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.models.contents import Member
from deltaw.models.fitting.assembling import model_of, scored
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.across_folds import mean_learning, pooled, rows_of_folds
from deltaw.models.fitting.trainings.one_training import Trained
from deltaw.models.fitting.trainings.selection import MOST
from deltaw.models.model import Model
from deltaw.models.scoring.metrics import Outcome
from deltaw.models.scoring.scores import score
from deltaw.models.scoring.threshold import best, metric_to_be_best_in
from deltaw.models.search.choosing import HeldOut
from deltaw.models.search.pool import Snapshot
from deltaw.training.history import Ending

Array = NDArray[Any]


def chosen(held_out: HeldOut, found: Sequence[Snapshot], most: int = MOST) -> list[Snapshot]:
    """The best ensemble of candidates, with all networks of each; `most` networks, but at least one candidate."""
    count = max(1, MOST // len(held_out.parts))
    return [found[k] for k in held_out.chosen([each.outputs for each in found], count)]


def ensemble(plan: Plan, held_out: HeldOut, members: Sequence[Snapshot], ended: Ending = "finished") -> Model:
    """The model of all networks of these candidates; scored by the plan's test rows, where there are some."""
    runs = [run for each in members for run in each.runs]
    first, alone = members[0], len(runs) == 1
    learning = replace(mean_learning(plan, runs), ended=ended, best_epoch=first.epoch + 1 if alone else None)
    networks = [run.network for run in runs]
    whole = replace(plan, recipe=replace(first.recipe, finish=0.0))  # they are as the search left them
    done = Trained(whole, networks[0], learning, [], {}, tuple(networks[1:]))
    at = None
    if (metric := metric_to_be_best_in(plan.recipe.threshold)) is not None:
        at = best(metric, held_out.outcome(held_out.mean([each.outputs for each in members])))
    model = scored(done, at)
    return replace(model, ways=_ways(members))


def cross_scored(plan: Plan, held_out: HeldOut, model: Model, found: Sequence[Snapshot]) -> Model:
    """The model with scores on held-out rows, by cross-validation of the choice itself.

    For each part, the epochs, the members of the ensemble and the threshold are chosen by the other parts, and it is
    predicted by the networks that did not learn from it: a score on rows that also chose would be too good.
    """
    count, answers = max(1, MOST // len(held_out.parts)), list[Outcome]()
    metric = metric_to_be_best_in(plan.recipe.threshold)
    for k, place in enumerate(held_out.places):
        others = [j for j in range(len(held_out.parts)) if j != k]
        rows = np.concatenate([np.arange(held_out.places[j].start, held_out.places[j].stop) for j in others])
        members = held_out.chosen([each.honest[k][rows] for each in found], count, others)
        mean = held_out.mean([found[m].honest[k] for m in members])
        answered = held_out.outcome(mean[place], [k])
        if metric is not None:
            target = plan.target.with_threshold(best(metric, held_out.outcome(mean[rows], others)))
            answered = replace(answered, predicted=target.labels(answered.shares))
        answers.append(answered)
    runs = found[0].runs
    witness = replace(model_of(runs[0]), held_out=rows_of_folds(runs[:1]))
    scores = score(pooled(answers), model.baseline, model.classes, plan.recipe.weight)
    return replace(model, scores=scores, held_out=rows_of_folds(runs), witness=witness)


def _ways(members: Sequence[Snapshot]) -> tuple[Member, ...]:
    base = members[0].recipe.document()
    return tuple(
        Member(
            {name: value for name, value in each.recipe.document().items() if base.get(name) != value},
            part if len(each.runs) > 1 else 0, each.epoch + 1, run.plan.seed,
        )
        for each in members for part, run in enumerate(each.runs, 1)
    )  # fmt: skip
