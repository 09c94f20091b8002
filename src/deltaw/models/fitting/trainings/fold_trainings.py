"""The trainings of the folds: in parallel, a thread each, unless a callback wants each epoch of each in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.listeners import Listener, Listeners
from deltaw.models.fitting.trainings.one_training import Recorder, Trained, ended, started, trained
from deltaw.models.fitting.trainings.packed import Means
from deltaw.models.scoring.metrics import metric_of
from deltaw.training.checkpoints import Checkpoints
from deltaw.training.pack import complete_pack

MOST_HELD = 2**28  # bytes of the inputs of all folds: of larger ones one fold's are made after the other's


def fold_trainings(
    plans: Sequence[Plan], listeners: Listeners, checkpoints: Checkpoints | None = None
) -> Iterator[Trained]:
    """The trainings of the folds in their order, by one plan after the other, up to the first that is interrupted.

    Args:
        plans: with the same folds.
        listeners: get each epoch; of parallel trainings the means over them.
        checkpoints: of the run, whose first trainings they are.

    Raises:
        SettingError: one diverges.
    """
    for number, plan in enumerate(plans):
        for run in _trainings(plan, listeners, checkpoints, number * len(plan.folds)):
            yield run
            if run.broken_off:
                return


def _trainings(plan: Plan, listeners: Listeners, checkpoints: Checkpoints | None, first: int) -> Iterator[Trained]:
    count = len(plan.folds)
    if checkpoints is None and not listeners.of_each and count * plan.training.X.nbytes <= MOST_HELD:
        return _in_parallel(plan, listeners.of_epochs)
    return (
        trained(plan.of(division), listeners.of_epochs, (k + 1, count), keeps_epochs=plan.ended_by_folds,
                checkpoints=checkpoints, number=first + k)
        for k, division in enumerate(plan.folds)
    )  # fmt: skip


def _in_parallel(plan: Plan, listener: Listener) -> Iterator[Trained]:
    """The same results as one after another: a training has the same bits with any number of threads."""
    count = len(plan.folds)
    means = None if listener is None else Means(listener, count, metric_of(plan.recipe.metric, plan.target.task))
    pairs = [
        started(Recorder(plan.of(division), means, (k + 1, count), keeps_epochs=plan.ended_by_folds), threads=1)
        for k, division in enumerate(plan.folds)
    ]
    complete_pack([training for _, training in pairs], plan.threads)
    return (ended(*pair) for pair in pairs)
