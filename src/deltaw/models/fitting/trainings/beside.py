"""The trainings of the folds: side by side, a thread each, where nobody has to hear of each epoch of each."""

from __future__ import annotations

from collections.abc import Iterator

from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.following import Trained, begun, left, trained
from deltaw.models.fitting.trainings.packed import Means
from deltaw.models.fitting.trainings.watching import Watchers
from deltaw.models.scoring.metrics import metric_of
from deltaw.training.checkpoints import Checkpoints
from deltaw.training.pack import complete_pack

MOST_HELD = 2**28  # bytes of the inputs of all folds: of larger ones one fold's are made after the other's


def of_folds(plan: Plan, told: Watchers, checkpoints: Checkpoints | None = None) -> Iterator[Trained]:
    """What the training of each of a plan's folds leaves, in their order, up to the first that is broken off.

    Args:
        plan: of all of them.
        told: of each epoch; of several trainings at once by the means of their numbers.
        checkpoints: of the run, whose first trainings they are.

    Raises:
        SettingError: one diverges.
    """
    count = len(plan.folds)
    if checkpoints is None and not told.of_each and count * plan.training.X.nbytes <= MOST_HELD:
        runs = _side_by_side(plan, told)
    else:
        runs = (
            trained(plan.of(fold), told.heard, (k + 1, count), None, plan.ended_by_folds, checkpoints, number=k)
            for k, fold in enumerate(plan.folds)
        )
    for run in runs:
        yield run
        if run.broken_off:
            return


def _side_by_side(plan: Plan, told: Watchers) -> Iterator[Trained]:
    """They learn the same, since a training has the same bits with any number of threads."""
    count, heard = len(plan.folds), told.heard
    means = None if heard is None else Means(heard, count, metric_of(plan.recipe.metric, plan.target.task))
    pairs = [
        begun(plan.of(fold), means, (k + 1, count), None, plan.ended_by_folds, threads=1)
        for k, fold in enumerate(plan.folds)
    ]
    complete_pack([training for _, training in pairs], plan.threads)
    return (left(*pair) for pair in pairs)
