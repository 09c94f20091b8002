"""`deltaw.tune`: successive halving over a recipe's ranges, and the best network or ensemble at its end.

Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization", algorithm 1: many
candidates get a little training each, the better half of them goes on, and so on. The rungs lie where the coslog
schedule, which the recipes have, brings the rate down to zero: there, networks can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from deltaw.equations.lookup import positive
from deltaw.exceptions import SettingError, TrainingInterrupted
from deltaw.given import is_whole
from deltaw.models.fitting.deciding.planning import planned
from deltaw.models.fitting.deciding.plans import Plan
from deltaw.models.fitting.deciding.request import MOST_SECONDS, Request, is_share
from deltaw.models.fitting.trainings.listeners import Callback, Listeners
from deltaw.models.fitting.trainings.one_training import diverged
from deltaw.models.fitting.trainings.selection import MOST
from deltaw.models.model import Model
from deltaw.models.recipes import Recipe
from deltaw.models.rows.dividing import MOST_TEST, REFIT_ROWS, TEST
from deltaw.models.search.budget import Budget
from deltaw.models.search.choosing import HeldOut
from deltaw.models.search.ensemble import chosen, ensemble
from deltaw.models.search.pool import FEWEST, Candidate, Snapshot, held_out_rows, start_candidates, train_candidates
from deltaw.models.search.ranges import OF_INPUTS, RANGES, OneOf, drawable, drawn, values
from deltaw.models.search.tuning import End, Trial, Tuning
from deltaw.progress import watching
from deltaw.speech import say
from deltaw.tables import Reading, read_as

RUNGS = (3 / 15, 7 / 15, 1.0)  # shares of the epochs: where the rate of coslog falls to zero
WIDTH = 8  # candidates of a round
PARTS = 4  # held out in turn, below REFIT_ROWS rows; of more rows one validation part is enough
SECONDS, MOST_ROUNDS = 60.0, 10_000
BY_DATA = ("hidden", "epochs")  # arguments of which None means: not given
DECIDED_BY_SEARCH = ("folds", "networks", "start")  # arguments of `fit` that a search decides itself, or cannot use


def tune(
    source: Any,
    target: str | None = None,
    recipe: str = "default",
    *,
    seconds: float | None = None,
    rounds: int | None = None,
    members: int = MOST,
    test: Any = None,
    test_size: float | None = None,
    seed: int = 0,
    callbacks: Iterable[Callback] = (),
    verbose: bool | None = None,
    **choices: Any,
) -> Model:
    """Search for settings that suit a table by successive halving, and train with them.

    Source: Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization".

    Candidates are compared on validation rows; the result is scored on test rows that were used neither for training
    nor for choosing. Below 50,000 rows each candidate is an ensemble of four networks, each with a different quarter
    of the rows held out; above, or with `validation`, it is one network, and one validation part serves all. The
    unchanged recipe is one of the candidates, so the result is never worse on the validation rows.

    Args:
        source, target, recipe: as for `deltaw.fit`.
        seconds: how long to search, by the clock; 60 if neither this nor `rounds` is given.
        rounds: number of rounds of eight candidates; the same number gives the same model, with any number of threads.
        members: maximum number of networks to average, up to 16; 1: a single network, whose settings are chosen on one
            validation part.
        test: test rows, in any form that `source` may have.
        test_size: share of the rows to score on; by default a fifth, at most 10,000 rows; 0: no scores.
        seed: random seed of the split, the candidates, the initial weights and the row orders.
        callbacks: called from time to time with a `ScoredEpoch` of some network; one that returns True ends the
            search.
        verbose: as for `deltaw.fit`.
        choices: other arguments of `deltaw.fit`; a setting that is given is not tuned.

    Returns:
        The `Model`; its `tuning` has the candidates that were tried, and how much each setting mattered.

    Raises:
        InputError: as `deltaw.fit`; too few rows to choose by.
        TrainingInterrupted: on Ctrl-C; its `model` is the best until then.

    Examples:
        >>> import deltaw
        >>> model = deltaw.tune("iris", rounds=1, hidden=4, epochs=3)      # a given setting is not tuned
        >>> len(model.tuning.trials) > 8, len(model.members) <= 16
        (True, True)
    """
    show, listeners = watching(verbose), Listeners(callbacks)
    setup = Search.of(source, target, recipe, seconds=seconds, rounds=rounds, members=members, test=test,
                      test_size=test_size, seed=seed, **choices)  # fmt: skip
    with show:
        for line in setup.plan.remarks:
            show.say(line)
        return setup.run((*listeners, show))


@dataclass(frozen=True)
class Search:
    """Everything that is decided before a search.

    Attributes:
        plan: of the unchanged recipe.
        variants: from a scaling of the inputs to its plan.
        scalings: that are tried beside the recipe's own.
        seconds, rounds, members: see `tune`.
    """

    plan: Plan
    variants: Callable[[str], Plan]
    scalings: tuple[str, ...]
    seconds: float | None
    rounds: int | None
    members: int

    @classmethod
    def of(
        cls, source: Any, target: str | None, recipe: str, *, seconds: float | None = None, rounds: int | None = None,
        members: int = MOST, test: Any = None, test_size: float | None = None, **choices: Any,
    ) -> Search:  # fmt: skip
        """Read a table and decide; see `tune` for the arguments and errors."""
        _check(seconds, rounds, members, choices)
        choices = {name: value for name, value in choices.items() if value is not None or name not in BY_DATA}
        how, _ = Reading.taken(choices)
        table = read_as(source, how)  # once: standard input has its rows only once
        given, by = test, choices.get("validation")
        given = None if given is None else read_as(given, how)
        choices |= {} if by is None or is_share(by) else {"validation": read_as(by, how)}

        def of_parts(parts: int, share: float | None, **more: Any) -> Plan:
            divided: dict[str, Any] = {"networks": parts} if parts > 1 else {"networks": 1, "folds": 0}
            scored: dict[str, Any] = {"test_size": share} if given is None else {"test": given}
            return planned(Request.of(table, target, recipe, **divided, **scored, **choices | more))

        parts, share, base = 1, test_size, of_parts(1, test_size)
        if members >= PARTS and base.rows < REFIT_ROWS and by is None:
            own = table.test is not None or given is not None
            share = min(TEST, MOST_TEST / base.rows) if share is None and not own else share
            several = of_parts(PARTS, share)
            parts, base = (len(several.folds), several) if several.folds else (1, base)
        held_out_rows(base, FEWEST)  # raises
        law = RANGES[OF_INPUTS].law
        tried = law.values if isinstance(law, OneOf) and OF_INPUTS not in choices else ()
        others = tuple(name for name in tried if name != base.recipe.scaling)
        seconds = SECONDS if seconds is None and rounds is None else seconds
        return cls(base, lambda name: of_parts(parts, share, scaling=name), others, seconds, rounds, members)

    def run(self, callbacks: Iterable[Callback] = ()) -> Model:
        """Train; see `tune`."""
        listeners = Listeners(callbacks)
        model = listeners.followed(self.plan, lambda: self._found(listeners))
        if model.history.ended == "interrupted":
            raise TrainingInterrupted(model.history, model)
        return model

    def _found(self, listeners: Listeners) -> Model:
        budget = Budget(self.seconds, self.rounds, listeners)
        pools = [Pool(each, held_out_rows(each)) for each in (self.plan, *map(self.variants, self.scalings))]
        first = [each.begun([(k, each.plan.recipe)], budget)[0] for k, each in enumerate(pools)]
        untuned = first[0]

        def begun_all() -> bool:
            return budget.over() and all(training.epoch for training in untuned.trainings)

        halved(pools, first, budget, begun_all)
        own = next((each for each in pools[0].found if not each.number), None)
        if own is None:
            raise TrainingInterrupted() if budget.interrupted else diverged(untuned.runs()[0])
        best = min(pools, key=lambda each: each.badness)
        names, number = drawable(best.plan.recipe, self.plan.given), len(first)
        while names and budget.allows_another():
            numbers = range(number, number + WIDTH)
            drawings = [(k, drawn(best.plan.recipe, names, self.plan.seed, k)) for k in numbers]
            halved([best], best.begun(drawings, budget), budget, budget.over)
            number, budget.round = numbers.stop, budget.round + 1
        winners = {id(each): chosen(each.held_out, each.found, self.members) for each in pools if each.found}
        winner = min((each for each in pools if each.found), key=lambda each: each.judged(winners[id(each)]))
        return self._with_tuning(pools, winner, winners[id(winner)], own, budget)

    def _with_tuning(
        self, pools: Sequence[Pool], winner: Pool, members: Sequence[Snapshot], own: Snapshot, budget: Budget
    ) -> Model:
        """The model of the chosen members, with a record of all that was tried."""
        model = ensemble(winner.plan, winner.held_out, members, budget.ended)
        untuned = ensemble(pools[0].plan, pools[0].held_out, [own])
        numbers = {each.number for each in members}
        trials = sorted((each for pool in pools for each in pool.trials), key=lambda each: each.number)
        ended: End = "interrupted" if budget.interrupted else "callback" if budget.stopped else "rounds"
        clock: End = "seconds" if ended == "rounds" and budget.over() else ended
        recipe = self.plan.recipe
        tuning = Tuning(
            tuple(replace(each, chosen=each.number in numbers) for each in trials), recipe.keep, self.plan.target.task,
            sum(map(len, winner.held_out.parts)), own.badness, winner.judged(members), model.scores, untuned.scores,
            len(model.members), budget.round, budget.spent, clock,
        )  # fmt: skip
        return replace(model, tuning=tuning)


@dataclass
class Pool:
    """The candidates with one preparation of the inputs.

    Attributes:
        plan, held_out: theirs.
        found: those that finished the last rung, or were still in training when the time was up.
        trials: all.
    """

    plan: Plan
    held_out: HeldOut
    found: list[Snapshot] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)

    @property
    def badness(self) -> float:
        """The badness of the best candidate so far; infinite without any."""
        return min((each.badness for each in self.found), default=float("inf"))

    def begun(self, drawings: Sequence[tuple[int, Recipe]], budget: Budget) -> list[Candidate]:
        """Candidates before their first epoch."""
        return start_candidates(self.plan, self.held_out, drawings, budget)

    def judged(self, members: Sequence[Snapshot]) -> float:
        """The badness of the mean of these."""
        return self.held_out.badness(self.held_out.mean(each.outputs for each in members))

    def over(self, candidate: Candidate, reached: bool) -> None:
        """Record a candidate that is not trained further; `reached`: whether it may be in the result."""
        curve = candidate.curve
        first = max(1, round(RUNGS[0] * candidate.trainings[0].epochs))
        some = np.nanmin(curve[:first], initial=np.inf) if len(curve) >= first else np.nan
        self.trials.append(
            Trial(candidate.number, values(candidate.recipe), float(some), candidate.best, len(curve), False)
        )
        snapshot = candidate.snapshot() if reached else None
        self.found += [] if snapshot is None else [snapshot]


def halved(pools: Sequence[Pool], candidates: Sequence[Candidate], budget: Budget, enough: Callable[[], bool]) -> None:
    """Successive halving: the better half of the candidates goes on at each rung, the unchanged recipe always."""
    pool_of = {id(each.held_out): each for each in pools}
    left = list(candidates)
    for share in RUNGS:
        budget.interrupted |= train_candidates(left, share, pools[0].plan.threads, enough)
        if enough() or share == RUNGS[-1]:
            break
        better = sorted(left, key=lambda each: (each.number > 0, each.best))[: max(1, -(-len(left) // 2))]
        for each in left:
            if each not in better:
                pool_of[id(each.held_out)].over(each, False)
        left = [each for each in left if each in better]
    for each in left:
        pool_of[id(each.held_out)].over(each, True)


def _check(seconds: Any, rounds: Any, members: Any, choices: dict[str, Any]) -> None:
    """Refuse before a table is read what would be refused after it. Raises SettingError."""
    for name in DECIDED_BY_SEARCH:
        if choices.get(name) is not None:
            raise SettingError("{name}: expected none, since a search decides it", "", "leave it out", name=name)
    for name, value, most in (("rounds", rounds, MOST_ROUNDS), ("members", members, MOST)):
        if not is_whole(value, 1, most) and not (name == "rounds" and value is None):
            expected = say("{name}: expected a whole number from {least} to {most:,}", name=name, least=1, most=most)
            raise SettingError(expected, repr(value), "give e.g. 5")
    if seconds is not None:
        positive(seconds, "seconds", below=MOST_SECONDS)
