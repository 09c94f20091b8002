"""An ensemble, trained at once: a different part of the rows is held out from each network, and their mean predicts.

The preparation and the scale of a numeric target are common to all, and fitted on all rows. The weights of a network
are learnt without its held-out rows, which choose its best epoch and which it predicts for the scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np

from deltaw.models.contents import Member
from deltaw.models.fitting.deciding.plans import Plan, drawn_network
from deltaw.models.fitting.trainings.across_folds import Chosen, chosen
from deltaw.models.fitting.trainings.epoch_scores import ScoredEpoch
from deltaw.models.fitting.trainings.linear_start import with_linear_start
from deltaw.models.fitting.trainings.listeners import Listener
from deltaw.models.fitting.trainings.one_training import Recorder, Trained, diverged, plan_settings
from deltaw.models.recipes import Recipe
from deltaw.models.rows.division import Division, split
from deltaw.models.rows.parts import joined_parts
from deltaw.models.scoring.metrics import Metric, metric_of
from deltaw.network import Network
from deltaw.training.checkpoints import Checkpoints
from deltaw.training.pack import begin_pack, complete_pack


def trained_pack(
    plan: Plan, listener: Listener, checkpoints: Checkpoints | None = None,
    given: Sequence[Network] = (), first: int = 0,
) -> list[Trained]:  # fmt: skip
    """The trainings of the recipe's networks; those that diverge are left out.

    Args:
        plan: of all of them.
        listener: gets each epoch as if of one network, by means over all.
        checkpoints: of the run, whose trainings they are, from the number `first` on.
        given: the networks to start from; none: those of the plan.

    Raises:
        SettingError: all diverge.
    """
    count, folds = len(given) or plan.recipe.ensemble_size, plan.folds
    plans: list[Plan] = [replace(plan, folds=())] * count
    places: list[dict[str, Any]] = [{}] * count
    apart = plan.chooses_apart and not given
    if folds:
        parts = [fold_plan(plan, fold) for fold in folds]
        plans, places = map(list, zip(*(parts[k % len(parts)] for k in range(count)), strict=True))
    elif apart:
        assert plan.validation is not None
        plans, places = map(list, zip(*(_with_own_validation(plan, k) for k in range(count)), strict=True))
        plan = replace(plan, training=joined_parts(plan.training, plan.validation), validation=None)
    means = None if listener is None else Means(listener, count, metric_of(plan.recipe.metric, plan.target.task))
    networks, lines = [network.copy() for network in given], list[Network | None]([None] * len(given))
    for k, place in enumerate(() if given else places):
        rows = plan.training.some(place["rows"]) if "rows" in place else plan.training
        network, line = with_linear_start(plan, _kth_network(plan, k), rows)
        networks.append(network)
        lines.append(line)
    recorders = [
        Recorder(each, means, (k + 1, count) if folds else (0, 0), keeps_epochs=plan.ended_by_folds)
        for k, each in enumerate(plans)
    ]
    for recorder, line in zip(recorders, lines, strict=True):
        recorder.line = line
    own = [recorder.settings | place for recorder, place in zip(recorders, places, strict=True)]
    common = plan.held_out[1] if not (folds or apart) or plan.validation is not None else None
    trainings = begin_pack(networks, plan.training.X, plan.training.T, each=own, **plan_settings(plan, common))
    if checkpoints is not None and means is not None:
        means.go_on([checkpoints.trainings.get(first + k, 0) for k in range(count)])
    complete_pack(trainings, plan.threads, checkpoints, first=first)
    runs = [
        recorder.trained(network, training.history)
        for recorder, network, training in zip(recorders, networks, trainings, strict=True)
    ]
    kept = [each for each in runs if not each.diverged]
    if not kept:
        raise diverged(runs[0])
    return kept


def chosen_pack(plan: Plan, listener: Listener, checkpoints: Checkpoints | None = None) -> Chosen:
    """The networks of an ensemble, by the recipe that their held-out rows choose; if interrupted, as they are."""
    plans, tried = plan.tried, list[list[Trained]]()
    for each in plans:
        tried.append(trained_pack(each, listener, checkpoints, first=len(tried) * plan.recipe.ensemble_size))
        if any(run.broken_off for run in tried[-1]):
            return Chosen(each, tried[-1], None, tried[-1], [None] * len(tried[-1]))
    return chosen(plans, tried)


def _with_own_validation(plan: Plan, k: int) -> tuple[Plan, dict[str, Any]]:
    """The plan of the k-th network, from 0, and the indices of its rows among all: to learn from, and to choose by."""
    assert plan.validation is not None
    whole, n, m = joined_parts(plan.training, plan.validation), len(plan.training), len(plan.validation)
    held_out = np.arange(n, n + m)
    if k:
        labels = plan.training.truth if plan.target.task == "classification" else None
        held_out = split(n, m / n, plan.seed + 1 + k, labels)[1]
    learnt = np.setdiff1d(np.arange(n + m), held_out, assume_unique=True)
    own = replace(plan, training=whole.some(learnt), validation=whole.some(held_out))
    return own, {"rows": learnt, "held_out": held_out}


def _kth_network(plan: Plan, k: int) -> Network:
    """The k-th network, from 0: with a seed of its own, or one of the model that training starts from."""
    if plan.start is not None:
        return plan.start.network(k)
    if not k:
        return plan.network.copy()
    return drawn_network(plan.recipe, plan.target, plan.preparation, (plan.network.seed + k) % 2**63)


def member_plan(plan: Plan, k: int, finished: bool = False) -> Plan:
    """The plan of the k-th network alone, from 0: with its rows to learn from, and its held-out part.

    Of a network that was `finished` on all rows, no row of the folds is held out any more.
    """
    network, seed = _kth_network(plan, k), plan.seed + k
    if plan.chooses_apart:
        plan, _ = _with_own_validation(plan, k)
    if not plan.folds or finished:
        return replace(plan, network=network, seed=seed, folds=())
    own, places = fold_plan(plan, plan.folds[k % len(plan.folds)])
    return replace(own, network=network, seed=seed, training=plan.training.some(places["rows"]))


def candidate_plan(plan: Plan, way: Member, recipe: Recipe) -> Plan:
    """The plan of a network with settings, a seed and a part of the rows of its own, as a search draws them."""
    network = drawn_network(recipe, plan.target, plan.preparation, way.seed)
    own = replace(plan, recipe=recipe, network=network, seed=way.seed)
    if not plan.folds:
        return own
    own, places = fold_plan(own, plan.folds[way.part - 1])
    return replace(own, training=plan.training.some(places["rows"]))


def fold_plan(plan: Plan, division: Division) -> tuple[Plan, dict[str, Any]]:
    """The plan of a network from which this fold's test rows are held out, and the indices of its rows among all."""
    rows = np.sort(np.concatenate([division.training, division.test]))  # of the table, as the plan trains on them
    learnt, answered = (np.searchsorted(rows, part) for part in (division.training, division.test))
    test = plan.training.some(answered)
    places = {"rows": learnt} | ({"held_out": answered} if plan.validation is None else {})
    return replace(plan, test=test, folds=()), places


class Means:
    """A listener for each of several networks: passes an epoch on, as means, when all networks have finished it.

    Args:
        listener: gets the means.
        count: number of networks.
        metric: of the score.
    """

    def __init__(self, listener: Callable[[ScoredEpoch], bool], count: int, metric: Metric) -> None:
        self._listener, self._count, self._metric, self._lock = listener, count, metric, Lock()
        self._epochs: dict[int, list[ScoredEpoch]] = {}
        self._over: list[int] = []  # the last epoch of each network that has ended
        self._begun = [0] * count  # epochs that each had made before the run was resumed
        self._next, self._stop = 1, False

    def go_on(self, begun: list[int]) -> None:
        """A run is resumed after these epochs of each network: they are not passed on again."""
        self._begun, self._next = begun, min(begun) + 1

    def __call__(self, epoch: ScoredEpoch) -> bool:
        with self._lock:
            self._epochs.setdefault(epoch.number, []).append(epoch)
            if epoch.last:
                self._over.append(epoch.number)
            while not self._stop and self._complete(self._next):
                self._stop = self._listener(_mean(self._epochs.pop(self._next), self._metric))
                self._next += 1
            return self._stop

    def _complete(self, number: int) -> bool:
        made = self._epochs.get(number, [])
        others = sum(last < number for last in self._over) + sum(number <= before for before in self._begun)
        return len(made) > 0 and len(made) + others == self._count


def _mean(epochs: Sequence[ScoredEpoch], metric: Metric) -> ScoredEpoch:
    """Means of the same epoch of several networks, summed in an order that does not depend on threads."""
    ordered = sorted(epochs, key=lambda each: (each.fold, each.loss))

    def mean(name: str) -> Any:
        values = [getattr(each, name) for each in ordered]
        return None if None in values else float(np.mean(values))

    score = mean("score")
    return replace(
        ordered[0], loss=mean("loss"), validation_loss=mean("validation_loss"), outputs=None, fold=0, folds=0,
        score=score, score_text="" if score is None else metric.show(score),
        rows=sum(each.rows for each in ordered), seconds=sum(each.seconds for each in ordered),
    )  # fmt: skip
