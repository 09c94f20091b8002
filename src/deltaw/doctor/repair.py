"""Repairs that were tried: those that help are put together, on rows held out, and judged on others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from deltaw.doctor.confirm import ANEW, LAST_RESORT
from deltaw.doctor.evidence.during import ERRORS, doubt
from deltaw.doctor.evidence.evidence import refusal
from deltaw.doctor.evidence.watching import SEEDS
from deltaw.doctor.examine import Examined, examined
from deltaw.doctor.findings import Finding, Repair, programmable, repairs
from deltaw.doctor.judge import Gain, learnt
from deltaw.doctor.setup import Setup, matrix
from deltaw.doctor.trials.clock import Clock, left, within
from deltaw.doctor.trials.scores import gained, measure
from deltaw.doctor.trials.trial import (
    FEWEST_HELD_OUT,
    PLAIN_UNITS,
    Budget,
    Holdout,
    Trial,
    afforded,
    finished,
    hold_out,
    plain,
    trial,
)
from deltaw.equations.lookup import positive
from deltaw.exceptions import InputError
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.speech import listed, say
from deltaw.training import History, train

HELPS = 0.01  # of skill: a repair that brings less is left out
NEARLY = 0.97  # of what a plain network learns: repairs that bring so much are enough
TRIAL = 0.03  # share of the seconds for one trial
# Shares of the seconds of a repair: the search, and the examination of what was mended, if that is not enough.
SEARCHED, AGAIN = 0.6, 0.2
# By the wall, at most: the search and that examination, the last resort, and the verdict.
BEFORE, LAST, VERDICT = 1.0, 0.2, 0.4
# Once the causes are mended, the pace may no longer suit: these multiples of α and of the epochs are tried last.
PACES: tuple[tuple[float, float], ...] = ((0.1, 1), (0.3, 1), (3, 1), (10, 1), (1, 5), (1, 0.2), (1, 0.04))


@dataclass(frozen=True)
class Repaired:
    """What came of trying the repairs.

    Attributes:
        kept: findings whose repair helps; none where nothing did.
        dropped: findings whose repair was tried and left out.
        setup: the whole set-up with the kept repairs; the one given where nothing helped.
        before, after: scores of trainings on rows that no choice was made by, one for each seed: the share of right
            answers, AUC or R². Before a network that was saved is trained anew it has one score: its own.
        guess: the score of always giving the same answer.
        measure: "accuracy", "AUC" or "R²".
        short: why what is better all the same is not repaired, or "".
        refused: why nothing could be tried, or "".
    """

    kept: tuple[Finding, ...]
    dropped: tuple[Finding, ...]
    setup: Setup
    before: tuple[float, ...]
    after: tuple[float, ...]
    guess: float
    measure: str = "score"
    short: str = ""
    refused: str = ""

    @property
    def helped(self) -> bool:
        """Whether it scores better than before, and than the guess."""
        return bool(self.kept)

    @property
    def changes(self) -> dict[str, Any]:
        """All changes of settings, name -> new value, in the order in which they are made: what `Repair.changes` is."""
        return {name: value for f in self.kept if f.repair for name, value in f.repair.changes.items()}

    def train(self) -> tuple[Network, History]:
        """Train the repaired set-up on all its rows.

        Returns:
            The network, a copy of the set-up's own, and its `History`. Raises what `deltaw.train` does.
        """
        network = self.setup.network.copy()
        return network, train(network, self.setup.X, self.setup.T, **self.setup.arguments)

    def __str__(self) -> str:
        if self.refused:
            return say("Nothing could be tried: {refused}", refused=self.refused)
        measure = say(self.measure)
        shown = {"before": _scores(self.before), "after": _scores(self.after), "guess": number(self.guess, 4)}
        if not self.helped:
            none = "Nothing that was tried helps: {measure} {before} before, {after} at best, {guess} for the guess."
            return say(none, measure=measure, **shown)
        said = say(
            "{did}. {measure} over {seeds} seeds: {before} before, {after} after, {guess} for the guess.",
            did=say("; ").join(f.repair.words for f in self.kept if f.repair),
            measure=measure.capitalize() if measure.islower() else measure, seeds=len(self.after), **shown,
        )  # fmt: skip
        if self.short:
            return say("Better, not repaired: {said} {short}", said=said, short=self.short)
        return say("Repaired: {said}", said=said)


def _scores(scores: Sequence[float]) -> str:
    return say("{mean} ({each})", mean=number(np.mean(scores), 4), each=listed(number(score, 3) for score in scores))


def repair(diagnosis: Examined, seconds: float = 30.0, rows: int = 5000) -> Repaired:
    """Apply repairs in order of likelihood, keep what helps on rows held out, drop what does not.

    Greedy: each repair is added to those kept if the network then learns more; what stands idle at the end is taken
    out again; and once the causes are mended the pace is fitted. Where that is not enough the mended set-up is examined
    anew: one fault may hide another. Where it still learns less than a plain network does, that network is the last
    resort. The verdict is on other rows than those that the choice was made by, over three seeds: a set-up that does
    not score better there than before, and than the guess, is not mended; one that a plain network or a straight line
    beats there by more than chance is better, and not repaired.

    Args:
        diagnosis: what was found.
        seconds: for all trainings together, about.
        rows: trained on, at most.

    Raises:
        SettingError: rows or seconds that are no positive number.
    """
    setup, able = diagnosis.setup, [f for f in diagnosis.findings if programmable(f)]
    budget = Budget(int(positive(rows, "rows")), positive(seconds, "seconds") * TRIAL)
    if diagnosis.evidence.refusal is not None:
        return _from_refused(diagnosis, able, seconds, rows)
    seen = diagnosis.evidence.during
    saved = seen.given[0].network if seen is not None and seen.saved and not seen.scored_anew else None
    try:
        holdout, judged = _divided(setup, budget, saved is not None)
    except InputError as error:
        return Repaired((), tuple(able), setup, (), (), 0.0, refused=str(error))
    if seen is not None and seen.settings_teach:
        able = [f for f in able if f.rule == ANEW]  # nothing else needs to change
    search = _Search(holdout, SEARCHED * seconds, budget.seconds, saved)
    with within(BEFORE * seconds):
        kept = search.paced(search.thinned(search.greedy(_without_the_last(able))))
        known = list(diagnosis.findings)
        if left() > 0 and (seen is None or search.skill(kept) < NEARLY * seen.possible):
            again = examined(_mended(setup, kept), seconds=AGAIN * seconds, rows=rows)
            known += again.findings
            hidden = [f for f in again.findings if programmable(f)]
            search.allow(AGAIN * seconds)
            kept = search.thinned(search.greedy(_without_the_last(hidden), kept))
            able += [f for f in hidden if f.rule not in {g.rule for g in able}]
    chance = any(f.rule == "chance" for f in known)
    with within(LAST * seconds):  # however long the search took, the last resort is asked
        last = [f for f in able if f.rule == LAST_RESORT]
        if last and search.skill(kept) < min(NEARLY * search.skill(last), search.skill(last) - HELPS):
            kept = last
    with within(VERDICT * seconds):
        return _verdict(setup, able, kept, search, judged, chance)


def _without_the_last(findings: Iterable[Finding]) -> list[Finding]:
    return [f for f in findings if f.rule != LAST_RESORT]


def _divided(setup: Setup, budget: Budget, saved: bool) -> tuple[Holdout, Holdout]:
    """(rows on which repairs are tried, rows by which the result is judged): different ones, if there are enough.

    A network that was saved has met all training rows: half of the rows apart choose then, and half judge. Where none
    are apart it is itself at fault, and does not even know those that it has met.
    """
    saved = saved and setup.apart is not None
    holdout = hold_out(setup, budget, hold=not saved)
    if not saved:
        return holdout, hold_out(setup, budget, seed=1, aside=holdout.held)
    if len(setup.apart[1]) < 2 * FEWEST_HELD_OUT:
        return holdout, holdout
    order = np.random.default_rng(1).permutation(len(setup.apart[1]))
    X, T = matrix(setup.apart[0], "X"), np.asarray(setup.apart[1])
    halves = [np.sort(half) for half in np.array_split(order, 2)]
    holdout, judged = (hold_out(replace(setup, test=(X[half], T[half])), budget) for half in halves)
    return holdout, judged


def _from_refused(diagnosis: Examined, able: list[Finding], seconds: float, rows: int) -> Repaired:
    """What `deltaw.train` refuses gets the repairs without which it would; then it is examined and mended as others."""
    setup, needed = diagnosis.setup, [f for f in able if f.severity == "fault"]
    error = _refused(setup, needed)
    if error:
        return Repaired((), tuple(able), setup, (), (), 0.0, refused=error)
    for finding in reversed(needed):
        rest = [f for f in needed if f is not finding]
        needed = needed if _refused(setup, rest) else rest
    trainable = examined(_mended(setup, needed), seconds=AGAIN * seconds, rows=rows)
    then = repair(trainable, (1 - AGAIN) * seconds, rows)
    before = (trial(setup).score,) * SEEDS
    kept, short = [*needed, *then.kept], then.short
    if not then.helped and not np.mean(then.before) > then.guess + HELPS:
        short = say("It trains now, and learns no more than the guess knows.")
    return replace(
        then, kept=tuple(kept), dropped=tuple(f for f in able if f not in kept), setup=_mended(setup, kept),
        before=before, after=then.after if then.helped else then.before, short=short,
    )  # fmt: skip


def _refused(setup: Setup, findings: Sequence[Finding]) -> str:
    """What `deltaw.train` says to the set-up after these findings' repairs, or ""."""
    try:
        error = refusal(_mended(setup, findings))
    except (InputError, ValueError, TypeError, IndexError) as failed:
        return str(failed)
    return "" if error is None else str(error)


def _mended(setup: Setup, findings: Iterable[Finding]) -> Setup:
    for each in repairs(findings):
        setup = each.apply(setup)
    return setup


def _verdict(
    setup: Setup, able: list[Finding], kept: list[Finding], search: _Search, judged: Holdout, chance: bool
) -> Repaired:
    """What was kept is kept only if it made the score better, and better than the guess."""
    before = search.trials(judged, [])
    after = search.trials(judged, kept) if kept else before
    scores = tuple(t.score for t in before), tuple(t.score for t in after)
    better = float(np.mean(scores[1])) > max(float(np.mean(scores[0])), judged.guess) + HELPS
    guess, name = judged.guess, measure(judged.setup)
    if not kept or not better or chance:
        return Repaired((), tuple(able), setup, *scores, guess, name)
    mended = judged.repaired(repairs(kept))
    gains = [gained(mended, t.network) for t in after]
    new = judged.setup.apart is not None and (len(judged.held) > 0 or judged is not search.holdout)
    if not new:
        what = say("trained on") if judged.setup.apart is None else say("that the repairs were chosen by")
        short = say("The scores are those of the rows {what}: there are too few to hold others back.", what=what)
    elif not any(map(learnt, gains)):
        short = say("On so few rows that is no more than a guess may score by chance.")
    else:
        short = _beaten(judged, gains, scores[1], search.seconds)
    dropped = tuple(f for f in able if f not in kept)
    return Repaired(tuple(kept), dropped, _mended(setup, kept), *scores, guess, name, short)


def _beaten(judged: Holdout, gains: list[tuple[Gain, ...]], scores: Sequence[float], seconds: float) -> str:
    """What a plain network or a straight line does better than all trainings together, by more than chance, or ""."""
    for words, units in ((say("A straight line"), 0), (say("A plain network"), PLAIN_UNITS)):
        made = plain(judged.setup, seconds, units)
        other = trial(made, seconds=2 * seconds)
        lead = judged.skill(other.score) - float(np.mean([judged.skill(score) for score in scores]))
        left = 1.0 - judged.skill(other.score)
        if lead > doubt(judged, gains, gained(made, other.network)) and left + lead > ERRORS * left:
            return say("{words} has {score} on the same rows.", words=words, score=number(other.score, 4))
    return ""


@dataclass
class _Search:
    """Trials of sets of repairs on one holdout, until the time is over; each set is tried once."""

    holdout: Holdout
    allowed: float  # seconds, for all of them
    seconds: float  # for one
    saved: Network | None  # what the set-up has come to without a repair, where that is known

    def __post_init__(self) -> None:
        self.known: dict[tuple[int, ...], float] = {}
        self.allow(self.allowed)

    def allow(self, seconds: float) -> None:
        """So many seconds from now on."""
        self.allowed, self.clock = seconds, Clock()

    def skill(self, findings: Sequence[Finding]) -> float:
        """The skill after these findings' repairs: of the mean over the seeds less its standard error.

        What works from every seed is worth more than what works from some.
        """
        key = tuple(id(f.repair) for f in findings)
        if key not in self.known:
            scores = [t.score for t in self.trials(self.holdout, findings)]
            self.known[key] = self.holdout.skill(float(np.mean(scores) - np.std(scores) / np.sqrt(len(scores))))
        return self.known[key]

    def trials(self, holdout: Holdout, findings: Sequence[Finding]) -> list[Trial]:
        """Trainings after these findings' repairs on a holdout, one for each seed."""
        if not findings and self.saved is not None:
            return [finished(holdout.setup, self.saved, History())]
        try:
            setup = holdout.repaired(repairs(findings))
        except (InputError, ValueError, TypeError, IndexError):
            return [Trial(-1.0, -1.0, History(), holdout.setup.network, 0.0)] * SEEDS
        return [afforded(setup, setup.seed + i, self.seconds) for i in range(SEEDS)]

    @property
    def late(self) -> bool:
        return self.clock.over(self.allowed)

    def greedy(self, findings: Sequence[Finding], kept: Sequence[Finding] = ()) -> list[Finding]:
        """Repairs added to those kept, one by one where they help; where none does alone, all at once."""
        base, kept = list(kept), list(kept)
        for finding in findings:
            if not self.late and self.skill([*kept, finding]) > self.skill(kept) + HELPS:
                kept.append(finding)
        for whole in (base + [f for f in findings if f.severity != "note"], base + list(findings)):
            if not self.late and len(whole) > len(kept) and self.skill(whole) > self.skill(kept) + HELPS:
                kept = whole
        return kept

    def thinned(self, kept: list[Finding]) -> list[Finding]:
        """Without those that do not matter, the least likely first; a cause goes only where its repair harms.

        Where ten times the epochs make up for what is wrong, what is wrong is mended all the same.
        """
        for finding in reversed(list(kept)):
            rest = [f for f in kept if f is not finding]
            cause = finding.severity != "note" and not (finding.because_of or finding.idle)
            if not self.late and rest and self.skill(rest) >= self.skill(kept) + (HELPS if cause else -HELPS):
                kept = rest
        return kept

    def paced(self, kept: list[Finding]) -> list[Finding]:
        """With another rate, more epochs or fewer, where that helps."""
        base = self.holdout.repaired(repairs(kept)) if self.skill(kept) > -1.0 else self.holdout.setup
        epochs = round(base.epochs / self.holdout.stretch) or 1
        best = kept
        for factor, longer in PACES:
            if self.late or self.skill(best) > 1.0 - HELPS:
                break
            rate = base.learning_rate * factor
            other = max(1, round(epochs * longer))
            words = f"α = {number(rate)}" if longer == 1 else say("{other} epochs", other=other)
            changes: dict[str, Any] = {"learning_rate": rate} if longer == 1 else {"epochs": other}
            found = Finding(
                say("The pace that suits the repaired network."), {}, repair=Repair(words, changes), rule="pace"
            )
            if self.skill([*kept, found]) > self.skill(best) + HELPS:
                best = [*kept, found]
        return best
