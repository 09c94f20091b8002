"""Repair: a search for the set of repairs that helps on held-out rows, judged on other rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from deltaw.doctor.confirm import LAST_RESORT, RETRAIN
from deltaw.doctor.evidence.during import ERRORS, lead_margin
from deltaw.doctor.evidence.evidence import refusal
from deltaw.doctor.evidence.watching import SEEDS
from deltaw.doctor.examine import Examined, examined
from deltaw.doctor.findings import Finding, Repair, automatic, repairs
from deltaw.doctor.judge import Gain, learnt
from deltaw.doctor.setup import Setup, matrix
from deltaw.doctor.trials.clock import Clock, left, within
from deltaw.doctor.trials.scores import gains_over_guess, measure
from deltaw.doctor.trials.trial import (
    FEWEST_HELD_OUT,
    LINE,
    PLAIN,
    Budget,
    Holdout,
    Trial,
    hold_out,
    plain,
    trial,
    trial_of,
    trial_within,
)
from deltaw.equations.lookup import positive
from deltaw.exceptions import InputError
from deltaw.network import Network
from deltaw.numbers import number
from deltaw.speech import listed, say
from deltaw.training import History, train

HELPS = 0.01  # gain in skill from which a repair helps
ENOUGH = 0.97  # share of the best skill at which the search ends
TRIAL = 0.03  # share of the seconds for one trial
# Shares of the seconds: the search, and a second examination of the repaired set-up.
SEARCH, REEXAMINATION = 0.6, 0.2
# Limits by the clock: the search with that examination, the last resort, and the verdict.
BEFORE, LAST, VERDICT = 1.0, 0.2, 0.4
# Multiples of α and of the epochs, tried last, since other ones may suit the repaired network.
RATES_AND_EPOCHS: tuple[tuple[float, float], ...] = ((0.1, 1), (0.3, 1), (3, 1), (10, 1), (1, 5), (1, 0.2), (1, 0.04))
SET_AGAIN = {"learning_rate", "epochs"}  # settings that both findings and `tuned` change


@dataclass(frozen=True)
class Repaired:
    """The result of trying the repairs.

    Attributes:
        kept: findings whose repairs help; may be empty.
        dropped: findings whose repairs were tried and left out.
        setup: the set-up with the kept repairs.
        before, after: scores on rows that no choice was made by, one for each seed; of a saved network its own score.
        guess: the score of the constant guess.
        measure: "accuracy", "AUC" or "R²".
        short: why the set-up is better but not repaired, or "".
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
        """Whether it scores better than before and than the guess."""
        return bool(self.kept)

    @property
    def changes(self) -> dict[str, Any]:
        """All kept `Repair.changes`, in the order in which they are applied."""
        return {name: value for f in self.kept if f.repair for name, value in f.repair.changes.items()}

    def train(self) -> tuple[Network, History]:
        """Train the repaired set-up on all its rows.

        Returns:
            The trained network, a copy of the set-up's own, and its `History`. Raises as `deltaw.train`.
        """
        network = self.setup.network.copy()
        return network, train(network, self.setup.X, self.setup.T, **self.setup.arguments)

    def __str__(self) -> str:
        if self.refused:
            return say("Nothing could be tried: {refused}", refused=self.refused)
        measure = say(self.measure)
        shown = {"before": _scores(self.before), "after": _scores(self.after), "guess": number(self.guess, 4)}
        if not self.helped:
            none = "Nothing that was tried helps: {measure} {before} before, {after} at best, baseline {guess}."
            return say(none, measure=measure, **shown)
        said = say(
            "{did}. {measure} over {seeds} seeds: {before} before, {after} after, baseline {guess}.",
            did=say("; ").join(each.words for each in _standing(repairs(self.kept))),
            measure=measure.capitalize() if measure.islower() else measure, seeds=len(self.after), **shown,
        )  # fmt: skip
        if self.short:
            return say("Better, not repaired: {said} {short}", said=said, short=self.short)
        return say("Repaired: {said}", said=said)


def _standing(made: Sequence[Repair]) -> list[Repair]:
    """Those that later ones leave something of: a second learning rate takes the place of the first."""
    later = ({name for other in made[i:] for name in other.changes} & SET_AGAIN for i in range(1, len(made) + 1))
    return [each for each, names in zip(made, later, strict=True) if each.changes.keys() - names]


def _scores(scores: Sequence[float]) -> str:
    return say("{mean} ({each})", mean=number(np.mean(scores), 4), each=listed(number(score, 3) for score in scores))


def repair(diagnosis: Examined, seconds: float = 30.0, rows: int = 5000) -> Repaired:
    """Search for the repairs that help on held-out rows.

    Forward selection in order of likelihood, then backward elimination, then other learning rates and epochs. If that
    is not enough, the repaired set-up is examined again, since one fault may hide another; if it still learns less than
    a baseline network, that network is the last resort. The verdict is on other rows, over three seeds: if the score is
    not better than before and than the guess, nothing is kept; if a baseline beats it significantly, `short` says so.

    Args:
        diagnosis: the findings.
        seconds: for all trainings together, approximately.
        rows: the most training rows.

    Raises:
        SettingError: `rows` or `seconds` that are not above 0.
    """
    setup, candidates = diagnosis.setup, [f for f in diagnosis.findings if automatic(f)]
    budget = Budget(int(positive(rows, "rows")), positive(seconds, "seconds") * TRIAL)
    if diagnosis.evidence.refusal is not None:
        return _from_refused(diagnosis, candidates, seconds, rows)
    seen = diagnosis.evidence.during
    saved = seen.trainings[0].network if seen is not None and seen.saved and not seen.scored_by_retrained else None
    try:
        holdout, judged = _holdouts(setup, budget, saved is not None)
    except InputError as error:
        return Repaired((), tuple(candidates), setup, (), (), 0.0, refused=str(error))
    if seen is not None and seen.settings_suffice:
        candidates = [f for f in candidates if f.rule == RETRAIN]  # training again is enough
    search = _Search(holdout, SEARCH * seconds, budget.seconds, saved)
    with within(BEFORE * seconds):
        kept = search.tuned(search.pruned(search.greedy(_without_last_resort(candidates))))
        known = list(diagnosis.findings)
        if left() > 0 and (seen is None or search.skill(kept) < ENOUGH * seen.possible):
            again = examined(_repaired(setup, kept), seconds=REEXAMINATION * seconds, rows=rows)
            known += again.findings
            hidden = [f for f in again.findings if automatic(f)]
            search.allow(REEXAMINATION * seconds)
            kept = search.pruned(search.greedy(_without_last_resort(hidden), kept))
            candidates += [f for f in hidden if f.rule not in {g.rule for g in candidates}]
    uninformative = any(f.rule == "uninformative_inputs" for f in known)
    with within(LAST * seconds):  # the last resort is always tried
        last = [f for f in candidates if f.rule == LAST_RESORT]
        if last and search.skill(kept) < min(ENOUGH * search.skill(last), search.skill(last) - HELPS):
            kept = last
    with within(VERDICT * seconds):
        return _verdict(setup, candidates, kept, search, judged, uninformative)


def _without_last_resort(findings: Iterable[Finding]) -> list[Finding]:
    return [f for f in findings if f.rule != LAST_RESORT]


def _holdouts(setup: Setup, budget: Budget, saved: bool) -> tuple[Holdout, Holdout]:
    """(rows on which repairs are tried, rows for the verdict), disjoint if there are enough.

    For a `saved` network, which was trained on all training rows, they are the two halves of the held-out rows, if any.
    """
    saved = saved and setup.held_out is not None
    holdout = hold_out(setup, budget, hold=not saved)
    if not saved:
        return holdout, hold_out(setup, budget, seed=1, excluded=holdout.held)
    if len(setup.held_out[1]) < 2 * FEWEST_HELD_OUT:
        return holdout, holdout
    order = np.random.default_rng(1).permutation(len(setup.held_out[1]))
    X, T = matrix(setup.held_out[0], "X"), np.asarray(setup.held_out[1])
    halves = [np.sort(half) for half in np.array_split(order, 2)]
    holdout, judged = (hold_out(replace(setup, test=(X[half], T[half])), budget) for half in halves)
    return holdout, judged


def _from_refused(diagnosis: Examined, candidates: list[Finding], seconds: float, rows: int) -> Repaired:
    """Repair a set-up that `deltaw.train` refuses: the least repairs with which it trains, then those of `repair`."""
    setup, needed = diagnosis.setup, [f for f in candidates if f.severity == "fault"]
    error = _refused(setup, needed)
    if error:
        return Repaired((), tuple(candidates), setup, (), (), 0.0, refused=error)
    for finding in reversed(needed):
        rest = [f for f in needed if f is not finding]
        needed = needed if _refused(setup, rest) else rest
    trainable = examined(_repaired(setup, needed), seconds=REEXAMINATION * seconds, rows=rows)
    then = repair(trainable, (1 - REEXAMINATION) * seconds, rows)
    before = (trial(setup).score,) * SEEDS
    kept, short = [*needed, *then.kept], then.short
    if not then.helped and not np.mean(then.before) > then.guess + HELPS:
        short = say("It trains now, but is no better than the baseline.")
    return replace(
        then, kept=tuple(kept), dropped=tuple(f for f in candidates if f not in kept), setup=_repaired(setup, kept),
        before=before, after=then.after if then.helped else then.before, short=short,
    )  # fmt: skip


def _refused(setup: Setup, findings: Sequence[Finding]) -> str:
    """The error of `deltaw.train` after these findings' repairs, or ""."""
    try:
        error = refusal(_repaired(setup, findings))
    except (InputError, ValueError, TypeError, IndexError) as failed:
        return str(failed)
    return "" if error is None else str(error)


def _repaired(setup: Setup, findings: Iterable[Finding]) -> Setup:
    for each in repairs(findings):
        setup = each.apply(setup)
    return setup


def _verdict(
    setup: Setup, candidates: list[Finding], kept: list[Finding], search: _Search, judged: Holdout, uninformative: bool
) -> Repaired:
    """Keep the repairs only if they make the score better than before and than the guess."""
    before = search.trials(judged, [])
    after = search.trials(judged, kept) if kept else before
    scores = tuple(t.score for t in before), tuple(t.score for t in after)
    better = float(np.mean(scores[1])) > max(float(np.mean(scores[0])), judged.guess) + HELPS
    guess, name = judged.guess, measure(judged.setup)
    if not kept or not better or uninformative:
        return Repaired((), tuple(candidates), setup, *scores, guess, name)
    repaired = judged.repaired(repairs(kept))
    gains = [gains_over_guess(repaired, t.network) for t in after]
    new = judged.setup.held_out is not None and (len(judged.held) > 0 or judged is not search.holdout)
    if not new:
        what = say("trained on") if judged.setup.held_out is None else say("that the repairs were chosen by")
        short = say("The scores are those of the rows {what}: there are too few rows to hold some out.", what=what)
    elif not any(map(learnt, gains)):
        short = say("On so few rows the baseline may reach that by chance.")
    else:
        short = _beaten(judged, gains, scores[1], search.seconds)
    dropped = tuple(f for f in candidates if f not in kept)
    return Repaired(tuple(kept), dropped, _repaired(setup, kept), *scores, guess, name, short)


def _beaten(judged: Holdout, gains: list[tuple[Gain, ...]], scores: Sequence[float], seconds: float) -> str:
    """A sentence if a baseline is significantly better than the repaired set-up, else ""."""
    for words, baseline in ((say("A linear model"), LINE), (say("A plain network"), PLAIN)):
        made = plain(judged.setup, seconds, baseline)
        other = trial(made, seconds=2 * seconds)
        lead = judged.skill(other.score) - float(np.mean([judged.skill(score) for score in scores]))
        left = 1.0 - judged.skill(other.score)
        if lead > lead_margin(judged, gains, gains_over_guess(made, other.network)) and left + lead > ERRORS * left:
            return say("{words} has {score} on the same rows.", words=words, score=number(other.score, 4))
    return ""


@dataclass
class _Search:
    """Trials of sets of repairs on one holdout, within a time limit; each set is tried once."""

    holdout: Holdout
    allowed: float  # seconds for all trials
    seconds: float  # for one trial
    saved: Network | None  # the trained network without repairs, if it is known

    def __post_init__(self) -> None:
        self.known: dict[tuple[int, ...], float] = {}
        self.allow(self.allowed)

    def allow(self, seconds: float) -> None:
        """Allow `seconds` from now on."""
        self.allowed, self.clock = seconds, Clock()

    def skill(self, findings: Sequence[Finding]) -> float:
        """The skill with these findings' repairs: of the mean score over seeds minus its standard error."""
        key = tuple(id(f.repair) for f in findings)
        if key not in self.known:
            scores = [t.score for t in self.trials(self.holdout, findings)]
            self.known[key] = self.holdout.skill(float(np.mean(scores) - np.std(scores) / np.sqrt(len(scores))))
        return self.known[key]

    def trials(self, holdout: Holdout, findings: Sequence[Finding]) -> list[Trial]:
        """Trainings with these findings' repairs, one for each seed."""
        if not findings and self.saved is not None:
            return [trial_of(holdout.setup, self.saved, History())]
        try:
            setup = holdout.repaired(repairs(findings))
        except (InputError, ValueError, TypeError, IndexError):
            return [Trial(-1.0, -1.0, History(), holdout.setup.network, 0.0)] * SEEDS
        return [trial_within(setup, setup.seed + i, self.seconds) for i in range(SEEDS)]

    @property
    def late(self) -> bool:
        return self.clock.over(self.allowed)

    def greedy(self, findings: Sequence[Finding], kept: Sequence[Finding] = ()) -> list[Finding]:
        """Forward selection, starting from `kept`; also all repairs at once, in case none helps alone."""
        base, kept = list(kept), list(kept)
        for finding in findings:
            if not self.late and self.skill([*kept, finding]) > self.skill(kept) + HELPS:
                kept.append(finding)
        for joint in (base + [f for f in findings if f.severity != "note"], base + list(findings)):
            if not self.late and len(joint) > len(kept) and self.skill(joint) > self.skill(kept) + HELPS:
                kept = joint
        return kept

    def pruned(self, kept: list[Finding]) -> list[Finding]:
        """Backward elimination, the least likely first; the repair of a cause goes only if it harms."""
        for finding in reversed(list(kept)):
            rest = [f for f in kept if f is not finding]
            cause = finding.severity != "note" and not (finding.because_of or finding.ineffective)
            if not self.late and rest and self.skill(rest) >= self.skill(kept) + (HELPS if cause else -HELPS):
                kept = rest
        return kept

    def tuned(self, kept: list[Finding]) -> list[Finding]:
        """With another learning rate or number of epochs, if that helps."""
        base = self.holdout.repaired(repairs(kept)) if self.skill(kept) > -1.0 else self.holdout.setup
        epochs = round(base.epochs / self.holdout.stretch) or 1
        best = kept
        for factor, longer in RATES_AND_EPOCHS:
            if self.late or self.skill(best) > 1.0 - HELPS:
                break
            rate = base.learning_rate * factor
            other = max(1, round(epochs * longer))
            words = f"α = {number(rate)}" if longer == 1 else say("{other} epochs", other=other)
            changes: dict[str, Any] = {"learning_rate": rate} if longer == 1 else {"epochs": other}
            found = Finding(
                say("A learning rate and number of epochs for the repaired network."),
                {},
                repair=Repair(words, changes),
                rule="learning_rate_and_epochs",
            )
            if self.skill([*kept, found]) > self.skill(best) + HELPS:
                best = [*kept, found]
        return best
