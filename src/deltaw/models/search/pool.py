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
from deltaw.models.fitting.trainings.beginning import with_line
from deltaw.models.fitting.trainings.crossing import lowest
from deltaw.models.fitting.trainings.following import Follower, Trained, of_plan
from deltaw.models.fitting.trainings.packed import of_fold
from deltaw.models.fitting.trainings.watching import Heard
from deltaw.models.recipes import Recipe
from deltaw.models.search.choosing import Jury
from deltaw.speech import say
from deltaw.training.epochs import Training
from deltaw.training.pack import begin_pack, complete_pack

Array = NDArray[Any]

FEWEST = 50  # rows that choose: what fewer say of a setting is chance


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A candidate after the epoch that was its best.

    Attributes:
        number: of the candidate; 0 is the recipe as it is.
        recipe: its own.
        epoch: counted from 0.
        runs: its networks, one a part, as they were then.
        outputs: what they answered for the rows held out from them, (n, k), part after part.
        badness: of these.
        honest: of each part, what all answered after the epoch that the other parts found best: that part has had no
            say in it. () where there is one part.
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
    """One drawing of settings in training.

    Attributes:
        number, recipe: see `Snapshot`.
        followers, trainings: of its networks, one a part.
        curve: how bad it was after each epoch that all its networks have made, over all parts.
    """

    number: int
    recipe: Recipe
    followers: tuple[Follower, ...]
    trainings: tuple[Training, ...]
    jury: Jury

    @property
    def curve(self) -> Array:
        runs = self.runs()
        length = min(len(each.badness) for each in runs)
        curves = np.array([each.badness[:length] for each in runs])
        return np.asarray(self.jury.shares @ curves)

    @property
    def best(self) -> float:
        """The lowest of its curve; infinite where there is none."""
        return float(np.nanmin(self.curve, initial=np.inf))

    def runs(self) -> tuple[Trained, ...]:
        """What its networks have left so far, one a part."""
        pairs = zip(self.followers, self.trainings, strict=True)
        return tuple(follower.trained(training.network, training.history) for follower, training in pairs)

    def snapshot(self) -> Snapshot | None:
        """What is kept of it; None where it has nothing, since all diverged or no epoch was made."""
        runs, shares = self.runs(), self.jury.shares
        known = sorted(set.intersection(*(set(each.earlier) for each in runs)))
        if not known:
            return None
        curves = np.array([[each.badness[e] for e in known] for each in runs]) * shares[:, None]
        total = curves.sum(axis=0)
        if np.isnan(total).all():
            return None
        found: dict[int, Array] = {}

        def answers(total: Array) -> Array:
            """The outputs of all networks after their best epoch, for the rows held out from each."""
            epoch = known[lowest(total)]
            if epoch not in found:
                each = [np.asarray(outputs(r.after(epoch), p.X, r.plan.engine, r.plan.threads), np.float32)
                        for r, p in zip(runs, self.jury.parts, strict=True)]  # fmt: skip
                found[epoch] = np.concatenate(each)
            return found[epoch]

        epoch, whole = known[lowest(total)], answers(total)
        honest = tuple(answers(total - own) for own in curves) if len(runs) > 1 else ()
        light = tuple(replace(each, network=each.after(epoch), earlier={}) for each in runs)
        return Snapshot(self.number, self.recipe, epoch, light, whole, self.jury.badness(whole), honest)


def jury(plan: Plan, fewest: int = 1) -> Jury:
    """The rows that choose among candidates. Raises SettingError where there are none, or fewer."""
    parts = [plan.validation] if not plan.folds else [of_fold(plan, fold)[0].test for fold in plan.folds]
    known = tuple(part for part in parts if part is not None)
    if not known or not all(map(len, known)) or sum(map(len, known)) < fewest:
        expected = say("expected {n} or more held-out rows, to choose settings by", n=FEWEST)
        if known and plan.folds:  # which hold out every row
            found = say("{n:,} of {rows:,} rows", n=sum(map(len, known)), rows=plan.rows)
            raise SettingError(expected, found, "give more rows")
        few = say("{share:.0%} of {rows:,} rows", share=plan.recipe.validation, rows=plan.rows)
        raise SettingError(expected, few, "give more rows, or a larger share: validation=0.4")
    return Jury(plan, known)


def begun(plan: Plan, judges: Jury, drawn: Sequence[tuple[int, Recipe]], told: Heard) -> list[Candidate]:
    """Candidates before their first epoch: networks for each part that share the plan's rows.

    Args:
        plan: of one preparation.
        judges: its rows that choose.
        drawn: number and recipe of each.
        told: of every epoch of every network, by the thread that trains it.
    """
    parts = len(judges.parts)
    places: list[tuple[Plan, dict[str, Any]]] = [of_fold(plan, fold) for fold in plan.folds] or [(plan, {})]
    followers, own, networks = [], [], []
    for number, recipe in drawn:
        for part, (part_plan, place) in enumerate(places):
            seed = (plan.seed + number * parts + part) % 2**63
            network = drawn_network(recipe, plan.target, plan.network.sizes[0], seed)
            asked = replace(part_plan, recipe=recipe, seed=seed, network=network)
            followers.append(
                Follower(asked, told, (part + 1, parts) if parts > 1 else (0, 0), follows=bool(place),
                         at_once=len(drawn) * parts)
            )  # fmt: skip
            own.append(followers[-1].settings | place | {"seed": seed})
            rows = plan.training.some(place["rows"]) if place else plan.training
            networks.append(with_line(asked, network.copy(), rows)[0])
    common = None if plan.folds else plan.validation
    trainings = begin_pack(networks, plan.training.X, plan.training.T, each=own, **of_plan(plan, common))
    return [
        Candidate(number, recipe, tuple(followers[i : i + parts]), tuple(trainings[i : i + parts]), judges)
        for i, (number, recipe) in zip(range(0, len(own), parts), drawn, strict=True)
    ]


def advanced(candidates: Sequence[Candidate], share: float, threads: int | None, enough: Callable[[], bool]) -> bool:
    """Train candidates up to a share of their epochs, or until it is `enough`; whether Ctrl-C ended it."""
    trainings = [training for each in candidates for training in each.trainings]
    for training in trainings:
        training.until = max(1, round(share * training.epochs))
    return complete_pack(trainings, threads, enough=enough)
