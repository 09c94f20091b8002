"""What confirms a suspicion: the repair of each finding is tried by itself, in a training of the same budget.

What learns markedly more is a fault; what changes nothing is none, whatever the rule thought.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from deltaw.doctor.evidence.during import SHORT, During
from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import Finding, programmable, repairs
from deltaw.doctor.rules.table import BY_NAME
from deltaw.doctor.trials.clock import Clock, left
from deltaw.doctor.trials.trial import afforded
from deltaw.exceptions import InputError

# Of what is missing, up to what a plain network learns, a repair must bring at least so much to confirm a suspicion.
CLOSES = 0.25
# A likelihood from here on is that of a proof (softmax over one output is 1): no trial refutes it. If its repair brings
# nothing by itself, something else is wrong too.
PROVED = 0.85
LIKELY = 0.7  # and from here on that of a risk that one training without harm does not refute: it may be luck
ANEW = "saved_weights"  # the rule whose repair changes no setting
LAST_RESORT = "learns_less"  # the rule whose repair is another network altogether
CERTAIN = frozenset({"refused", "chance", ANEW})  # rules whose finding is a fault even where the network scores well
TRIAL = 0.06  # share of the seconds for one trial
CONFIRMED = 0.4  # and for all trials of single repairs, and again for those of all but one


def confirmed(evidence: Evidence, found: Sequence[Finding], *, seconds: float = 10.0) -> tuple[Finding, ...]:
    """The findings with the severity and likelihood that trials of their repairs give them.

    Where the network learns as well as a plain one, nothing harms it: what rules call a fault becomes a risk, and a
    risk to learning a note, but for rules that say that the score itself is not to be trusted. Where it does not, every
    repair is tried by itself; if none helps alone, all together, less one in turn.

    Args:
        evidence: with `during`.
        found: what the rules found.
        seconds: for all trials, about.
    """
    seen = evidence.watched
    if seen.settings_teach or not (seen.short or seen.broke):
        if not seen.learnable:
            return tuple(found)
        return tuple(_unharmed(f, seen) for f in found)
    if not (seen.marked or seen.broke):
        found = [_unharmed(f, seen) for f in found]
    gains = single_gains(seen, found, seconds)
    enough = _enough(seen)
    if not any(gain >= enough for name, gain in gains.items() if name != LAST_RESORT):
        gains |= joint_gains(seen, found, seconds)
    best = max([gain for name, gain in gains.items() if name != LAST_RESORT], default=0.0)
    return tuple(_judged(f, gains.get(f.rule), enough, best, seen) for f in found)


def _unharmed(finding: Finding, seen: During) -> Finding:
    """A finding about a network that learns: a fault is a risk, and a risk that would have shown a note."""
    if finding.rule in CERTAIN or finding.severity == "note":
        return finding
    if finding.severity == "risk" and (finding.likelihood or 0.0) >= LIKELY:
        return finding
    # and not only by the benefit of the doubt
    full = not (seen.short or seen.unfinished) and seen.skill >= SHORT * seen.possible
    would_show = full and LAST_RESORT in BY_NAME[finding.rule].explains
    return replace(finding, severity="note" if finding.severity == "risk" and would_show else "risk")


def _judged(finding: Finding, gain: float | None, enough: float, best: float, seen: During) -> Finding:
    """A finding after the trial of its repair; `gain` is None where there was none."""
    prior = finding.likelihood or 0.0
    if gain is None:
        return finding
    evidence = {**finding.evidence, "gain_of_repair": gain}
    if gain < enough:
        if seen.harmed and prior >= PROVED:
            return replace(finding, evidence=evidence)
        severity = "risk" if finding.severity == "fault" and finding.rule not in CERTAIN else finding.severity
        return replace(finding, severity=severity, likelihood=0.2 * prior, evidence=evidence, idle=True)
    severity = "fault" if seen.harmed or finding.severity == "fault" else finding.severity
    share = min(1.0, gain / best) if best > 0 else 1.0
    if finding.rule == LAST_RESORT:
        return replace(finding, severity=severity, evidence=evidence)
    return replace(finding, severity=severity, likelihood=0.6 * share + 0.4 * prior, evidence=evidence)


def _enough(seen: During) -> float:
    """The skill that a repair must bring to confirm a suspicion."""
    return max(CLOSES * (seen.possible - seen.skill), seen.noise if seen.marked or seen.broke else seen.doubt)


def single_gains(seen: During, found: Iterable[Finding], seconds: float) -> dict[str, float]:
    """By rule: the skill that its repair brings by itself."""
    gains = {}
    clock = Clock()
    for finding in found:
        if not programmable(finding) or clock.over(CONFIRMED * seconds):
            continue
        skill = _skill(seen, [finding], TRIAL * seconds)
        gains[finding.rule] = skill - seen.skill
    return gains


def joint_gains(seen: During, found: Iterable[Finding], seconds: float) -> dict[str, float]:
    """By rule: the skill that is lost when its repair is left out of all together; {} where these do not help."""
    able = [f for f in found if programmable(f) and f.rule != LAST_RESORT]
    if len(able) < 2 or left() <= 0:
        return {}
    whole = _skill(seen, able, TRIAL * seconds)
    if whole - seen.skill < _enough(seen):
        return {}
    clock = Clock()
    return {
        f.rule: whole - _skill(seen, [g for g in able if g is not f], TRIAL * seconds)
        for f in able
        if not clock.over(CONFIRMED * seconds)
    }


def _skill(seen: During, findings: Iterable[Finding], seconds: float) -> float:
    """The skill after these findings' repairs, one training; −1 where they cannot be applied.

    Where it loses its numbers, and without them none were lost, it is tried from other weights too: by the luck of one
    draw neither a repair is refuted, nor another confirmed that changes nothing but the draw.
    """
    try:
        setup = seen.holdout.repaired(repairs(findings))
    except (InputError, ValueError, TypeError, IndexError):
        return -1.0
    tried = [afforded(setup, None, seconds)]
    if tried[0].broke and not seen.broke:
        tried += [afforded(setup, setup.seed + 1, seconds)]
    return seen.holdout.skill(max(each.score for each in tried))
