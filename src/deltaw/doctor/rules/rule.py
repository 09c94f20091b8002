"""A row of the table of rules, and the order in which findings stand.

A rule looks at the evidence and returns a `Finding` or None; the row of the table puts its name to it. Rules that
explain one another are told apart by data: a row names what it `explains`, and `ordered` puts the cause first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from deltaw.doctor.evidence.evidence import Evidence
from deltaw.doctor.findings import SEVERITIES, Finding, Severity

# What must be known before a rule can look: the settings as given; the data read; a training watched.
Stage = Literal["given", "before", "during"]


@dataclass(frozen=True)
class Rule:
    """A row of the table of rules.

    Attributes:
        name: "unscaled_inputs".
        severity: what a finding of it is, unless `look` says otherwise.
        when: what must be known before it can look.
        look: evidence -> a Finding, or None where all is well. Pure.
        reason: one line: why this keeps a network from learning.
        source: where the threshold comes from: a derivation, a paper, or a measurement that can be repeated.
        likelihood: what a finding's is, unless `look` says otherwise.
        explains: names of rules whose findings this one causes.
    """

    name: str
    severity: Severity
    when: Stage
    look: Callable[[Evidence], Finding | None]
    reason: str
    source: str
    likelihood: float = 0.5
    explains: tuple[str, ...] = ()

    def __call__(self, evidence: Evidence) -> Finding | None:
        """What the rule finds, under its name."""
        found = self.look(evidence)
        if found is None:
            return None
        severity = found.severity or self.severity
        likelihood = self.likelihood if found.likelihood is None else found.likelihood
        return replace(found, rule=self.name, severity=severity, likelihood=likelihood)


def ordered(found: Iterable[Finding], rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """Findings with the cause first: the worst before the others, causes before what they explain, then the likeliest.

    A cause is as bad as the worst that it explains: an input that is not scaled is a risk; where it has saturated the
    network it is the fault, and the saturation its consequence.
    """
    by_name = {finding.rule: finding for finding in found}
    links = {rule.name: rule.explains for rule in rules}
    explained = {
        name: [other for other in _reach(name, links) if other in by_name and not finding.idle]
        for name, finding in by_name.items()
    }
    placed = [
        replace(
            finding,
            severity=SEVERITIES[min(_rank(by_name[name]) for name in (finding.rule, *explained[finding.rule]))],
            because_of=tuple(name for name in by_name if finding.rule in explained[name]),
        )
        for finding in by_name.values()
    ]
    return tuple(sorted(placed, key=lambda f: (_rank(f), bool(f.because_of), -(f.likelihood or 0.0))))


def _rank(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity or "note")


def _reach(name: str, explains: Mapping[str, tuple[str, ...]]) -> list[str]:
    """All that a rule explains, directly or through others; never itself."""
    reached: list[str] = []
    waiting = list(explains.get(name, ()))
    while waiting:
        next_ = waiting.pop()
        if next_ != name and next_ not in reached:
            reached.append(next_)
            waiting += explains.get(next_, ())
    return reached
