"""The trainings of the folds: in parallel, a thread each, unless a callback wants each epoch of each in turn."""

from __future__ import annotations

from collections.abc import Iterator

from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.trainings.listeners import Listener, Listeners
from deltaw.models.fitting.trainings.one_training import Recorder, Trained, ended, started, trained
from deltaw.models.fitting.trainings.packed import Means
from deltaw.models.scoring.metrics import metric_of
from deltaw.training.checkpoints import Checkpoints
from deltaw.training.pack import complete_pack

MOST_HELD = 2**28  # bytes of the inputs of all folds: of larger ones one fold's are made after the other's


def fold_trainings(plan: Plan, listeners: Listeners, checkpoints: Checkpoints | None = None) -> Iterator[Trained]:
    """The trainings of a plan's folds in their order, up to the first that is interrupted.

    Args:
        plan: of all of them.
        listeners: get each epoch; of parallel trainings the means over them.
        checkpoints: of the run, whose first trainings they are.

    Raises:
        SettingError: one diverges.
    """
    count = len(plan.folds)
    if checkpoints is None and not listeners.of_each and count * plan.training.X.nbytes <= MOST_HELD:
        runs = _in_parallel(plan, listeners.of_epochs)
    else:
        runs = (
            trained(plan.of(division), listeners.of_epochs, (k + 1, count), keeps_epochs=plan.ended_by_folds,
                    checkpoints=checkpoints, number=k)
            for k, division in enumerate(plan.folds)
        )  # fmt: skip
    for run in runs:
        yield run
        if run.broken_off:
            return


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
