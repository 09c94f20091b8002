"""The recipe `accurate` by the clock: candidates are trained for as long as it lasts, and the best answer together.

After TabPack (ICML 2026, arXiv 2607.05380): many networks by sampled settings, of which an ensemble is selected
greedily. Here each candidate is a network for each part of the rows held out, so that all rows are learnt from, and
all answered by networks that had not seen them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from deltaw.exceptions import TrainingInterrupted
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.listeners import Listeners
from deltaw.models.fitting.trainings.one_training import diverged
from deltaw.models.model import Model
from deltaw.models.search.budget import Budget
from deltaw.models.search.ensemble import chosen, cross_scored, ensemble
from deltaw.models.search.pool import Snapshot, held_out_rows, start_candidates, train_candidates
from deltaw.models.search.ranges import drawable, drawn
from deltaw.training.epochs import Training

AT_ONCE = 2  # candidates after the first: a thread that is done with its networks waits for no other's for long


def searched_ensemble(plan: Plan, listeners: Listeners, rounds: int | None = None) -> Model:
    """Train candidates while the plan's seconds last, the recipe's own first; `rounds` at most.

    Raises:
        SettingError: there are no rows to choose by, or all diverge.
    """
    held_out, names = held_out_rows(plan), drawable(plan.recipe, plan.given)
    budget, found, number = Budget(plan.seconds, rounds, listeners), list[Snapshot](), 0
    while not number or budget.allows_another():
        numbers = range(number, number + (AT_ONCE if number else 1))
        candidates = start_candidates(
            plan, held_out, [(k, drawn(plan.recipe, names, plan.seed, k)) for k in numbers], budget
        )
        enough = partial(_enough, budget, () if number else candidates[0].trainings)
        interrupted = train_candidates(candidates, 1.0, plan.threads, enough)
        budget.interrupted |= interrupted
        kept = [each.snapshot() for each in candidates]
        if not number and kept[0] is None:
            raise TrainingInterrupted() if interrupted else diverged(candidates[0].runs()[0])
        found += [each for each in kept if each is not None]
        number, budget.round = numbers.stop, budget.round + 1
    members = chosen(held_out, found)
    model = ensemble(plan, held_out, members, budget.ended)
    return cross_scored(plan, held_out, model, found) if plan.scored_by_folds else model


def _enough(budget: Budget, trainings: Sequence[Training]) -> bool:
    """Whether the time is over, and each of these has made an epoch."""
    return budget.over() and all(each.epoch for each in trainings)
