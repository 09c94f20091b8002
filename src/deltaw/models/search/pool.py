"""Candidates: networks by one drawing of settings, one for each part that is held out, trained beside others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.engines.predictor import outputs
from deltaw.exceptions import SettingError
from deltaw.models.fitting.deciding.plans import Plan, drawn_network
from deltaw.models.fitting.trainings.across_folds import lowest_epoch
from deltaw.models.fitting.trainings.linear_start import with_linear_start
from deltaw.models.fitting.trainings.listeners import Listener
from deltaw.models.fitting.trainings.one_training import Recorder, Trained, plan_settings
from deltaw.models.fitting.trainings.packed import fold_plan
from deltaw.models.recipes import Recipe
from deltaw.models.search.choosing import HeldOut
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.training.epochs import Training
from deltaw.training.pack import begin_pack, complete_pack

Array = NDArray[Any]

FEWEST = 50  # rows that choose: what fewer say of a setting is chance


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A candidate after its best epoch.

    Attributes:
        number: of the candidate; 0 is the recipe as it is.
        recipe: its own.
        epoch: counted from 0.
        runs: its networks, one for each part, as they were then.
        outputs: their predictions for their held-out rows, (n, k), part after part.
        badness: of the outputs.
        honest: for each part, the outputs after the epoch that is best on the other parts, so that the part can score
            them; () if there is one part.
    """

    number: int
    recipe: Recipe
    epoch: int
    runs: tuple[Trained, ...]
    outputs: Array
    badness: float
    honest: tuple[Array, ...] = ()


@dataclass(eq=False)
class Candidate:
    """Networks with drawn settings, in training.

    Attributes:
        number, recipe: see `Snapshot`.
        recorders, trainings: of its networks, one for each part.
        curve: its badness over all parts after each epoch that all its networks have finished.
    """

    number: int
    recipe: Recipe
    recorders: tuple[Recorder, ...]
    trainings: tuple[Training, ...]
    held_out: HeldOut

    @property
    def curve(self) -> Array:
        runs = self.runs()
        length = min(len(each.badness) for each in runs)
        curves = np.array([each.badness[:length] for each in runs])
        return np.asarray(self.held_out.shares @ curves)

    @property
    def best(self) -> float:
        """The lowest of its curve; infinite where there is none."""
        return float(np.nanmin(self.curve, initial=np.inf))

    def runs(self) -> tuple[Trained, ...]:
        """The results of its networks so far, one for each part."""
        pairs = zip(self.recorders, self.trainings, strict=True)
        return tuple(recorder.trained(training.network, training.history) for recorder, training in pairs)

    def snapshot(self) -> Snapshot | None:
        """The candidate after its best epoch; None if all networks diverged, or no epoch was finished."""
        runs, shares = self.runs(), self.held_out.shares
        known = sorted(set.intersection(*(set(each.earlier) for each in runs)))
        if not known:
            return None
        curves = np.array([[each.badness[e] for e in known] for each in runs]) * shares[:, None]
        total = curves.sum(axis=0)
        if np.isnan(total).all():
            return None
        found: dict[int, Array] = {}

        def answers(total: Array) -> Array:
            """The outputs of all networks for their held-out rows, after the epoch with the lowest total."""
            epoch = known[lowest_epoch(total)]
            if epoch not in found:
                each = [np.asarray(outputs(r.after(epoch), p.X, r.plan.engine, r.plan.threads), np.float32)
                        for r, p in zip(runs, self.held_out.parts, strict=True)]  # fmt: skip
                found[epoch] = np.concatenate(each)
            return found[epoch]

        epoch, whole = known[lowest_epoch(total)], answers(total)
        honest = tuple(answers(total - own) for own in curves) if len(runs) > 1 else ()
        light = tuple(replace(each, network=each.after(epoch), earlier={}) for each in runs)
        return Snapshot(self.number, self.recipe, epoch, light, whole, self.held_out.badness(whole), honest)


def held_out_rows(plan: Plan, fewest: int = 1) -> HeldOut:
    """The rows that choose among candidates. Raises SettingError where there are none, or fewer."""
    parts = [plan.validation] if not plan.folds else [fold_plan(plan, fold)[0].test for fold in plan.folds]
    known = tuple(part for part in parts if part is not None)
    if not known or not all(map(len, known)) or sum(map(len, known)) < fewest:
        expected = say("expected {n} or more held-out rows, to choose settings by", n=FEWEST)
        if known and plan.folds:  # which hold out every row
            found = say("{n:,} of {rows:,} rows", n=sum(map(len, known)), rows=plan.rows)
            raise SettingError(expected, found, "give more rows")
        few = say("{share:.0%} of {rows:,} rows", share=plan.recipe.validation, rows=plan.rows)
        remedy = say("give more rows, or a larger share: {share}", share=given_as("validation", 0.4))
        raise SettingError(expected, few, remedy)
    return HeldOut(plan, known)


def start_candidates(
    plan: Plan, held_out: HeldOut, drawn: Sequence[tuple[int, Recipe]], listener: Listener
) -> list[Candidate]:
    """Candidates before their first epoch: a network for each part, all on the plan's rows.

    Args:
        plan: of one preparation.
        held_out: the rows that choose.
        drawn: number and recipe of each candidate.
        listener: gets every epoch of every network, from the thread that trains it.
    """
    parts = len(held_out.parts)
    places: list[tuple[Plan, dict[str, Any]]] = [fold_plan(plan, fold) for fold in plan.folds] or [(plan, {})]
    recorders, own, networks = [], [], []
    for number, recipe in drawn:
        for part, (part_plan, place) in enumerate(places):
            seed = (plan.seed + number * parts + part) % 2**63
            network = drawn_network(recipe, plan.target, plan.preparation, seed)
            asked = replace(part_plan, recipe=recipe, seed=seed, network=network)
            recorders.append(
                Recorder(asked, listener, (part + 1, parts) if parts > 1 else (0, 0), keeps_epochs=bool(place),
                         at_once=len(drawn) * parts)
            )  # fmt: skip
            own.append(recorders[-1].settings | place | {"seed": seed})
            rows = plan.training.some(place["rows"]) if place else plan.training
            networks.append(with_linear_start(asked, network.copy(), rows)[0])
    common = None if plan.folds else plan.validation
    trainings = begin_pack(networks, plan.training.X, plan.training.T, each=own, **plan_settings(plan, common))
    return [
        Candidate(number, recipe, tuple(recorders[i : i + parts]), tuple(trainings[i : i + parts]), held_out)
        for i, (number, recipe) in zip(range(0, len(own), parts), drawn, strict=True)
    ]


def train_candidates(
    candidates: Sequence[Candidate], share: float, threads: int | None, enough: Callable[[], bool]
) -> bool:
    """Train candidates up to a share of their epochs, or until it is `enough`; whether Ctrl-C ended it."""
    trainings = [training for each in candidates for training in each.trainings]
    for training in trainings:
        training.until = max(1, round(share * training.epochs))
    return complete_pack(trainings, threads, enough=enough)
