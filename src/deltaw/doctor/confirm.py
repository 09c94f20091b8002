"""Confirmation: the repair of each finding is tried by itself, in a training of the same budget.

If it improves the score markedly, the finding is a fault; if it changes nothing, it is not, whatever the rule said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from deltaw.doctor.evidence.during import SHORT, During
from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import Finding, automatic, repairs
from deltaw.doctor.rules.table import BY_NAME
from deltaw.doctor.trials.clock import Clock, left
from deltaw.doctor.trials.trial import trial_within
from deltaw.exceptions import InputError

# Share of the gap between the network's and the best skill that a repair must close to confirm a finding.
GAP_CLOSED = 0.25
# Likelihood of a finding that is proved (softmax over one output is 1) and that no trial refutes: if its repair alone
# does not help, something else is wrong, too.
PROVED = 0.85
LIKELY = 0.7  # likelihood of a risk that one harmless training does not refute
RETRAIN = "damaged_weights"  # whose repair is a new training
LAST_RESORT = "worse_than_simple_model"  # whose repair is another network
# Rules whose findings are faults even if the network scores well.
CERTAIN = frozenset({"invalid_arguments", "uninformative_inputs", RETRAIN})
TRIAL = 0.06  # share of the seconds for one trial
CONFIRMED = 0.4  # share of the seconds for all trials of single repairs, and again for those of all but one


def confirmed(evidence: Evidence, found: Sequence[Finding], *, seconds: float = 10.0) -> tuple[Finding, ...]:
    """The findings with severity and likelihood updated by trials of their repairs.

    If the network learns as well as the baselines, faults become risks and risks become notes, except for rules about
    the score itself. If it does not, every repair is tried alone; if none helps, all together and all but one.

    Args:
        evidence: with `during`.
        found: the rules' findings.
        seconds: for all trials, approximately.
    """
    seen = evidence.watched
    if seen.settings_suffice or not (seen.short or seen.divergence):
        if not seen.learnable:
            return tuple(found)
        return tuple(_unharmed(f, seen) for f in found)
    if not (seen.markedly_short or seen.divergence):
        found = [_unharmed(f, seen) for f in found]
    gains = single_gains(seen, found, seconds)
    enough = _enough(seen)
    if not any(gain >= enough for name, gain in gains.items() if name != LAST_RESORT):
        gains |= joint_gains(seen, found, seconds)
    best = max([gain for name, gain in gains.items() if name != LAST_RESORT], default=0.0)
    return tuple(_judged(f, gains.get(f.rule), enough, best, seen) for f in found)


def _unharmed(finding: Finding, seen: During) -> Finding:
    """A finding about a network that learns: a fault becomes a risk; a risk that would have shown becomes a note."""
    if finding.rule in CERTAIN or finding.severity == "note":
        return finding
    if finding.severity == "risk" and (finding.likelihood or 0.0) >= LIKELY:
        return finding
    learns_well = not (seen.short or seen.unfinished) and seen.skill >= SHORT * seen.possible
    would_show = learns_well and LAST_RESORT in BY_NAME[finding.rule].explains
    return replace(finding, severity="note" if finding.severity == "risk" and would_show else "risk")


def _judged(finding: Finding, gain: float | None, enough: float, best: float, seen: During) -> Finding:
    """A finding after the trial of its repair, which gained `gain` in skill; None: it was not tried."""
    prior = finding.likelihood or 0.0
    if gain is None:
        return finding
    evidence = {**finding.evidence, "gain_of_repair": gain}
    if gain < enough:
        if seen.harmed and prior >= PROVED:
            return replace(finding, evidence=evidence)
        severity = "risk" if finding.severity == "fault" and finding.rule not in CERTAIN else finding.severity
        return replace(finding, severity=severity, likelihood=0.2 * prior, evidence=evidence, ineffective=True)
    severity = "fault" if seen.harmed or finding.severity == "fault" else finding.severity
    share = min(1.0, gain / best) if best > 0 else 1.0
    if finding.rule == LAST_RESORT:
        return replace(finding, severity=severity, evidence=evidence)
    return replace(finding, severity=severity, likelihood=0.6 * share + 0.4 * prior, evidence=evidence)


def _enough(seen: During) -> float:
    """The gain in skill from which a repair confirms its finding."""
    margin = seen.noise if seen.markedly_short or seen.divergence else seen.lead_margin
    return max(GAP_CLOSED * (seen.possible - seen.skill), margin)


def single_gains(seen: During, found: Iterable[Finding], seconds: float) -> dict[str, float]:
    """Rule -> gain in skill by its repair alone."""
    gains = {}
    clock = Clock()
    for finding in found:
        if not automatic(finding) or clock.over(CONFIRMED * seconds):
            continue
        gains[finding.rule] = _skill(seen, [finding], TRIAL * seconds) - seen.skill
    return gains


def joint_gains(seen: During, found: Iterable[Finding], seconds: float) -> dict[str, float]:
    """Rule -> loss in skill if its repair is left out of all repairs; {} if all together do not help."""
    joint = [f for f in found if automatic(f) and f.rule != LAST_RESORT]
    if len(joint) < 2 or left() <= 0:
        return {}
    skill = _skill(seen, joint, TRIAL * seconds)
    if skill - seen.skill < _enough(seen):
        return {}
    clock = Clock()
    return {
        f.rule: skill - _skill(seen, [g for g in joint if g is not f], TRIAL * seconds)
        for f in joint
        if not clock.over(CONFIRMED * seconds)
    }


def _skill(seen: During, findings: Iterable[Finding], seconds: float) -> float:
    """The skill of one training with these findings' repairs; −1 if they cannot be applied.

    If it diverges and the original did not, a second seed is tried, so that one unlucky draw refutes no repair.
    """
    try:
        setup = seen.holdout.repaired(repairs(findings))
    except (InputError, ValueError, TypeError, IndexError):
        return -1.0
    tried = [trial_within(setup, None, seconds)]
    if tried[0].diverged and not seen.divergence:
        tried += [trial_within(setup, setup.seed + 1, seconds)]
    return seen.holdout.skill(max(each.score for each in tried))
