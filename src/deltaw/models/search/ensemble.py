"""From chosen candidates to a model: their networks answer together, and rows that they have not seen score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.models.answers import mean_of
from deltaw.models.contents import Member
from deltaw.models.fitting.assembling import model_of, scored
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.crossing import course, pooled, rows_of_folds
from deltaw.models.fitting.trainings.following import Trained
from deltaw.models.fitting.trainings.selection import MOST
from deltaw.models.model import Model
from deltaw.models.scoring.metrics import Outcome
from deltaw.models.scoring.scores import score
from deltaw.models.scoring.threshold import best, metric_to_be_best_in
from deltaw.models.search.choosing import Jury
from deltaw.models.search.pool import Snapshot
from deltaw.training.history import Ending

Array = NDArray[Any]


def chosen(judges: Jury, found: Sequence[Snapshot], most: int = MOST) -> list[Snapshot]:
    """The snapshots that answer together: `most` networks at most, but always all networks of a candidate."""
    count = max(1, most // len(judges.parts))
    return [found[k] for k in judges.chosen([each.outputs for each in found], count)]


def ensemble(plan: Plan, judges: Jury, members: Sequence[Snapshot], ended: Ending = "finished") -> Model:
    """The model of all networks of these candidates; scored by the plan's test rows, where there are some."""
    runs = [run for each in members for run in each.runs]
    first, alone = members[0], len(runs) == 1
    learning = replace(course(plan, runs), ended=ended, best_epoch=first.epoch + 1 if alone else None)
    networks = [run.network for run in runs]
    whole = replace(plan, recipe=replace(first.recipe, finish=0.0))  # they are as the search left them
    done = Trained(whole, networks[0], learning, [], {}, tuple(networks[1:]))
    at = None
    if (metric := metric_to_be_best_in(plan.recipe.threshold)) is not None:
        at = best(metric, judges.outcome(_mean(judges, [each.outputs for each in members])))
    model = scored(done, at)
    return replace(model, ways=_ways(members))


def by_the_others(plan: Plan, judges: Jury, model: Model, found: Sequence[Snapshot], most: int = MOST) -> Model:
    """The model with the scores that the rows held out give: a part is answered by whom the other parts chose.

    Networks that had not learnt from a part answer for it, after an epoch, and in the company, that the others found
    best; so is a threshold that is to be best. The part itself has had no say in it.
    """
    count, answers = max(1, most // len(judges.parts)), list[Outcome]()
    metric = metric_to_be_best_in(plan.recipe.threshold)
    for k, place in enumerate(judges.places):
        others = [j for j in range(len(judges.parts)) if j != k]
        rows = np.concatenate([np.arange(judges.places[j].start, judges.places[j].stop) for j in others])
        members = judges.chosen([each.honest[k][rows] for each in found], count, others)
        mean = _mean(judges, [found[m].honest[k] for m in members])
        answered = judges.outcome(mean[place], [k])
        if metric is not None:
            target = plan.target.with_threshold(best(metric, judges.outcome(mean[rows], others)))
            answered = replace(answered, predicted=target.labels(answered.shares))
        answers.append(answered)
    runs = found[0].runs
    witness = replace(model_of(runs[0]), held_out=rows_of_folds(runs[:1]))
    scores = score(pooled(answers), model.baseline, model.classes, plan.recipe.weight)
    return replace(model, scores=scores, held_out=rows_of_folds(runs), witness=witness)


def _mean(judges: Jury, outputs: Sequence[Array]) -> Array:
    return mean_of([np.asarray(each, np.float64) for each in outputs], judges.plan.target.task)


def _ways(members: Sequence[Snapshot]) -> tuple[Member, ...]:
    base = members[0].recipe.document()
    return tuple(
        Member(
            {name: value for name, value in each.recipe.document().items() if base.get(name) != value},
            part if len(each.runs) > 1 else 0, each.epoch + 1, run.plan.seed,
        )
        for each in members for part, run in enumerate(each.runs, 1)
    )  # fmt: skip
